/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_CODEC_RSA_NUMBERS_H
#define TPMC_CODEC_RSA_NUMBERS_H

#include "codec/private_key_der.h"

/* The numbers of an RSA private key in the order of RSAPrivateKey (RFC 8017, A.1.2). */
enum {
    TPMC__RSA_N,
    TPMC__RSA_E,
    TPMC__RSA_D,
    TPMC__RSA_P,
    TPMC__RSA_Q,
    TPMC__RSA_DP,
    TPMC__RSA_DQ,
    TPMC__RSA_QINV,
    TPMC__RSA_NUMBER_COUNT
};

/* Borrowed from the DER that they were read from. */
typedef struct tpmc__rsa_numbers {
    tpmc__der number[TPMC__RSA_NUMBER_COUNT];
} tpmc__rsa_numbers;

/* Reads an RSAPrivateKey. */
int tpmc__rsa_numbers_read(const tpmc__private_key_der *der, tpmc__rsa_numbers *out,
                           tpmc_error *err);
/* Checks what a TPM asks of a key, and with OpenSSL that the numbers belong together. */
int tpmc__rsa_numbers_check(tpmc_env *env, const tpmc__rsa_numbers *numbers, tpmc_error *err);

#endif
