/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_PROTO_SIGV4_KEY_H
#define TPMC_PROTO_SIGV4_KEY_H

#include "proto/sigv4.h"

#define TPMC__SIGV4_KEY_SIZE 32

/* Makes the signing key of a scope, which is wiped here after use. */
typedef int (*tpmc__sigv4_key_fn)(void *context, const tpmc__sigv4_scope *scope,
                                  uint8_t key[TPMC__SIGV4_KEY_SIZE], tpmc_error *err);

/* The `sign_context` of tpmc__sigv4_hmac(). */
typedef struct tpmc__sigv4_hmac_signer {
    tpmc_env *env;
    tpmc__sigv4_key_fn make_key;
    void *key_context;
} tpmc__sigv4_hmac_signer;

/* A tpmc__sigv4_sign_fn for AWS4-HMAC-SHA256; `context` is a tpmc__sigv4_hmac_signer. */
int tpmc__sigv4_hmac(void *context, const tpmc__sigv4_scope *scope, const void *string_to_sign,
                     size_t len, tpmc__buf *hex, tpmc_error *err);

/* The signing key of a scope from kDate = HMAC-SHA256("AWS4" + secret, date), which is good for
 * every region and service of that day. */
int tpmc__sigv4_key_from_kdate(tpmc_env *env, const uint8_t kdate[TPMC__SIGV4_KEY_SIZE],
                               const tpmc__sigv4_scope *scope, uint8_t key[TPMC__SIGV4_KEY_SIZE],
                               tpmc_error *err);

/* The `key_context` of tpmc__sigv4_key_from_secret(). */
typedef struct tpmc__sigv4_secret {
    tpmc_env *env;
    const char *secret_access_key; /* without "AWS4" */
} tpmc__sigv4_secret;

/* A tpmc__sigv4_key_fn for a secret access key in memory. */
int tpmc__sigv4_key_from_secret(void *context, const tpmc__sigv4_scope *scope,
                                uint8_t key[TPMC__SIGV4_KEY_SIZE], tpmc_error *err);

#endif
