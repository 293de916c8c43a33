/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "codec/private_key.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static tpmc_env *shared_env(void)
{
    static const tpmc__env_defaults no_services;
    static tpmc_env *env;

    if (env == NULL && tpmc__env_create(&no_services, &env, NULL) != 0)
        abort();
    return env;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    tpmc__rsa_private key;
    int status = tpmc__rsa_private_parse(shared_env(), data, size, &key, NULL);

    if (status == 0) {
        if (key.prime.len * 2 != key.modulus_len || key.exponent % 2 == 0)
            abort();
        tpmc__rsa_private_free(&key);
    } else if ((status != TPMC_ERR_FORMAT && status != TPMC_ERR_UNSUPPORTED) ||
               key.prime.data != NULL) {
        abort();
    }
    return 0;
}
