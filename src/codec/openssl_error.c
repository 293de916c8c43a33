/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/openssl_error.h"

#include <openssl/err.h>

#include "base/error_int.h"

void tpmc__openssl_begin(void)
{
    ERR_set_mark();
}

void tpmc__openssl_end(void)
{
    ERR_pop_to_mark();
}

int tpmc__openssl_out_of_memory(void)
{
    return ERR_GET_REASON(ERR_peek_last_error()) == ERR_R_MALLOC_FAILURE;
}

int tpmc__openssl_fail(tpmc_error *err, const char *what)
{
    const char *reason = ERR_reason_error_string(ERR_peek_last_error());

    if (tpmc__openssl_out_of_memory())
        return tpmc__fail_nomem(err);
    return tpmc__fail(err, TPMC_ERR_UNSUPPORTED, "%s failed: %s", what,
                      reason == NULL ? "OpenSSL gives no reason" : reason);
}
