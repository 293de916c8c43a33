/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_CODEC_DIGEST_H
#define TPMC_CODEC_DIGEST_H

#include "base/env_int.h"

#define TPMC__DIGEST_MAX 64

/* Hash algorithms, numbered as TPM_ALG_ID (TCG Algorithm Registry) so that one number serves
 * everywhere. */
#define TPMC__HASH_SHA1 0x0004
#define TPMC__HASH_SHA256 0x000b
#define TPMC__HASH_SHA384 0x000c
#define TPMC__HASH_SHA512 0x000d

/* One run of bytes among several that are hashed one after the other. */
typedef struct tpmc__span {
    const void *data;
    size_t len;
} tpmc__span;

size_t tpmc__hash_size(uint16_t hash);              /* bytes of the digest; 0 for an unknown hash */
const char *tpmc__hash_name(uint16_t hash);         /* "sha256"; NULL for an unknown one */
const char *tpmc__hash_openssl_name(uint16_t hash); /* "SHA256"; NULL for an unknown one */
uint16_t tpmc__hash_by_name(const char *name);      /* 0 for an unknown one */

/* `out` has room for tpmc__hash_size(). Uses the environment's private OpenSSL context. */
int tpmc__digest(tpmc_env *env, uint16_t hash, const tpmc__span *spans, size_t count, uint8_t *out,
                 tpmc_error *err);
int tpmc__hmac(tpmc_env *env, uint16_t hash, const void *key, size_t key_len,
               const tpmc__span *spans, size_t count, uint8_t *out, tpmc_error *err);
/* A chain: the HMAC of the first span under `key` is the key for the second one, and so on; `out`
 * is the last one. `count` is at least 1. */
int tpmc__hmac_chain(tpmc_env *env, uint16_t hash, const void *key, size_t key_len,
                     const tpmc__span *spans, size_t count, uint8_t *out, tpmc_error *err);

#endif
