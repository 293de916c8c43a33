/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_CODEC_PRIVATE_KEY_H
#define TPMC_CODEC_PRIVATE_KEY_H

#include "base/env_int.h"
#include "base/secret.h"

#define TPMC__PRIVATE_KEY_MAX 65536
#define TPMC__RSA_MAX_BYTES 512

/* A software RSA key, as much of it as a TPM takes. Numbers are unsigned big-endian without leading
 * zeros. */
typedef struct tpmc__rsa_private {
    uint8_t modulus[TPMC__RSA_MAX_BYTES];
    size_t modulus_len;
    uint32_t exponent;
    tpmc__secret prime; /* one of the two primes */
} tpmc__rsa_private;

/*
 * Reads an unencrypted PKCS#8 or PKCS#1 RSA key in PEM or DER, or a JSON object whose member
 * `private_key` is such a PEM. The key is checked (both primes, their product, the exponents).
 * TPMC_ERR_FORMAT, TPMC_ERR_UNSUPPORTED (another kind of key, more than two primes) or
 * TPMC_ERR_NOMEM; the text names what the input is instead: an encrypted key, a certificate, a
 * public key, a key that is already in a TPM. Free after success.
 */
int tpmc__rsa_private_parse(tpmc_env *env, const void *data, size_t len, tpmc__rsa_private *out,
                            tpmc_error *err);
void tpmc__rsa_private_free(tpmc__rsa_private *key);

#endif
