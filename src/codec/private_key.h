/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_CODEC_PRIVATE_KEY_H
#define TPMC_CODEC_PRIVATE_KEY_H

#include "base/env_int.h"
#include "base/secret.h"

#define TPMC__PRIVATE_KEY_MAX 65536
#define TPMC__RSA_MAX_BYTES 512

/* Bytes of a coordinate of the largest curve, P-521. */
#define TPMC__EC_MAX_BYTES 66

typedef enum tpmc__private_kind { TPMC__PRIVATE_RSA, TPMC__PRIVATE_EC } tpmc__private_kind;

/* A software private key, as much of it as a TPM takes. Numbers are unsigned big-endian; those of
 * an RSA key without leading zeros, those of an EC key as long as a coordinate of the curve. */
typedef struct tpmc__private_key {
    tpmc__private_kind kind;
    uint8_t modulus[TPMC__RSA_MAX_BYTES]; /* RSA */
    size_t modulus_len;
    uint32_t exponent;
    unsigned curve_bits; /* EC: 256, 384 or 521, of the NIST curves */
    uint8_t x[TPMC__EC_MAX_BYTES];
    uint8_t y[TPMC__EC_MAX_BYTES];
    size_t coordinate_len;
    tpmc__secret secret; /* RSA: one of the two primes; EC: the private scalar */
} tpmc__private_key;

/*
 * Reads an unencrypted PKCS#8, PKCS#1 (RSA) or SEC 1 (EC, RFC 5915) key in PEM or DER, or a JSON
 * object whose member `private_key` is such a PEM. An EC PARAMETERS block before the key is passed
 * over; the curve must be named. The key is checked: both primes, their product, the exponents; the
 * scalar's range and that the point is its own. TPMC_ERR_FORMAT, TPMC_ERR_UNSUPPORTED (another kind
 * of key or curve, more than two primes) or TPMC_ERR_NOMEM; the text names what the input is
 * instead: an encrypted key, a certificate, a public key, a key that is already in a TPM. Free
 * after success.
 */
int tpmc__private_key_parse(tpmc_env *env, const void *data, size_t len, tpmc__private_key *out,
                            tpmc_error *err);
void tpmc__private_key_free(tpmc__private_key *key);

#endif
