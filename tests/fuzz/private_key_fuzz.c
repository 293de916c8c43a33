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

/* What every key that was taken is like. */
static int is_sound(const tpmc__private_key *key)
{
    if (key->kind == TPMC__PRIVATE_RSA)
        return key->secret.len * 2 == key->modulus_len && key->exponent % 2 == 1;
    return key->secret.len == key->coordinate_len &&
           key->coordinate_len == (key->curve_bits + 7) / 8;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    tpmc__private_key key;
    int status = tpmc__private_key_parse(shared_env(), data, size, &key, NULL);

    if (status == 0) {
        if (!is_sound(&key))
            abort();
        tpmc__private_key_free(&key);
    } else if ((status != TPMC_ERR_FORMAT && status != TPMC_ERR_UNSUPPORTED) ||
               key.secret.data != NULL) {
        abort();
    }
    return 0;
}
