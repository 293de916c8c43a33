/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_KEYFILE_WRAP_SEED_H
#define TPMC_KEYFILE_WRAP_SEED_H

#include "codec/digest.h"
#include "keyfile/tpm_public.h"

/* A seed or a key made from one; `hash` is that of the key derivation. */
typedef struct tpmc__wrap_key {
    uint16_t hash;
    uint8_t bytes[TPMC__DIGEST_MAX];
    size_t len;
} tpmc__wrap_key;

/* Appends a TPM2B. */
void tpmc__wrap_append_sized(tpmc__buf *out, const void *data, size_t len);
/* Fills `out->len` bytes from OpenSSL's generator for private values. */
int tpmc__wrap_random(tpmc_env *env, tpmc__wrap_key *out, tpmc_error *err);
/*
 * Makes a seed that only the parent's TPM finds out, and appends the TPM2B_ENCRYPTED_SECRET for it
 * (Part 1, B.10.3 for RSA, C.6.4 for ECC). The parent is known to be an RSA or ECC key; its point
 * is checked here. To be called between tpmc__openssl_begin() and tpmc__openssl_end().
 */
int tpmc__wrap_share_seed(tpmc_env *env, const tpmc__public *parent, tpmc__wrap_key *seed,
                          tpmc__buf *out, tpmc_error *err);

#endif
