/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_PROTO_SIGV4_KEY_H
#define TPMC_PROTO_SIGV4_KEY_H

#include "base/secret.h"
#include "proto/sigv4.h"

#define TPMC__SIGV4_KEY_SIZE 32
#define TPMC__SIGV4_DATE_SIZE 9

/* Makes kDate = HMAC-SHA256("AWS4" + secret, date), which is good for that day, and wiped here. */
typedef int (*tpmc__sigv4_kdate_fn)(void *context, const char *date,
                                    uint8_t kdate[TPMC__SIGV4_KEY_SIZE], tpmc_error *err);

/* A signing key that a caller keeps, and what it is for. A zeroed one holds none. */
typedef struct tpmc__sigv4_signing_key {
    tpmc__secret key;
    char date[TPMC__SIGV4_DATE_SIZE];
    char region[TPMC__SIGV4_NAME_MAX + 1];
    char service[TPMC__SIGV4_NAME_MAX + 1];
} tpmc__sigv4_signing_key;

void tpmc__sigv4_signing_key_clear(tpmc__sigv4_signing_key *key);

/* The `sign_context` of tpmc__sigv4_hmac(). */
typedef struct tpmc__sigv4_hmac_signer {
    tpmc_env *env;
    tpmc__sigv4_kdate_fn kdate;
    void *kdate_context;
    /* NULL, or a key that is used if it is for the scope, and replaced if not. One thread at a time
     * may use it: the caller sees to that. It stays as it was on failure. */
    tpmc__sigv4_signing_key *kept;
} tpmc__sigv4_hmac_signer;

/* A tpmc__sigv4_sign_fn for AWS4-HMAC-SHA256; `context` is a tpmc__sigv4_hmac_signer. */
int tpmc__sigv4_hmac(void *context, const tpmc__sigv4_scope *scope, const void *string_to_sign,
                     size_t len, tpmc__buf *hex, tpmc_error *err);

#endif
