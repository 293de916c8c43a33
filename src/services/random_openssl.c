/* SPDX-License-Identifier: Apache-2.0 */
#include "services/default_service.h"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/rand.h>

int tpmc__openssl_random(void *user, uint8_t *out, size_t len)
{
    int done;

    (void)ERR_set_mark();
    done = RAND_bytes_ex(user, out, len, 0);
    /* OpenSSL keeps a generator of this context for each thread and frees it when the thread ends,
     * which may be after the context is gone: OPENSSL_thread_stop_ex(3). */
    OPENSSL_thread_stop_ex(user);
    (void)ERR_pop_to_mark();
    return done == 1 ? 0 : TPMC_ERR_IO;
}
