/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_TPMKEY_VERIFY_H
#define TPMC_TPMKEY_VERIFY_H

#include <openssl/evp.h>

#include "base/env_int.h"
#include "tpmkey/algorithm.h"

/* How a signature stands to the public key it should verify under. */
typedef enum tpmc__verdict {
    TPMC__VERDICT_GOOD,
    TPMC__VERDICT_OTHER_SALT, /* RSASSA-PSS, but not with a salt as long as the hash (RFC 7518
                                 section 3.5) */
    TPMC__VERDICT_BAD
} tpmc__verdict;

/* Reads a DER SubjectPublicKeyInfo, of which nothing may be left over, and says what kind of key it
 * is. */
int tpmc__verify_key_new(tpmc_env *env, const uint8_t *spki, size_t len, EVP_PKEY **out,
                         tpmc__key_kind *kind, tpmc_error *err);
/* The DER SubjectPublicKeyInfo again. */
int tpmc__verify_key_spki(EVP_PKEY *key, tpmc__buf *out, tpmc_error *err);
int tpmc__verify(tpmc_env *env, EVP_PKEY *key, const tpmc__algorithm *algorithm,
                 const uint8_t *digest, const tpmc__span *signature, tpmc__verdict *verdict,
                 tpmc_error *err);

#endif
