/* SPDX-License-Identifier: Apache-2.0 */
#include "support/signature.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "support/check.h"

static int set_padding(EVP_PKEY_CTX *context, const char *algorithm, int salt_len)
{
    if (algorithm[0] == 'E')
        return 1;
    if (algorithm[0] == 'R')
        return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING) == 1;
    check(algorithm[0] == 'P');
    return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING) == 1 &&
           EVP_PKEY_CTX_set_rsa_pss_saltlen(context, salt_len) == 1;
}

int verify_signature(const tpmc_bytes *spki, const char *algorithm, const void *message, size_t len,
                     const tpmc_bytes *signature)
{
    const unsigned char *at = tpmc_bytes_data(spki);
    EVP_PKEY *key = d2i_PUBKEY(NULL, &at, (long)tpmc_bytes_len(spki));
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    EVP_PKEY_CTX *parameters = NULL;
    const char *bits = algorithm + strlen(algorithm) - 3;
    char hash[8];
    int holds = 0;

    check(strlen(algorithm) >= 5);
    (void)snprintf(hash, sizeof(hash), "SHA%s", bits);
    check(key != NULL && context != NULL && signature != NULL);
    check(at == tpmc_bytes_data(spki) + tpmc_bytes_len(spki));
    check(EVP_DigestVerifyInit_ex(context, &parameters, hash, NULL, NULL, key, NULL) == 1);
    check(set_padding(parameters, algorithm, atoi(bits) / 8));
    holds = EVP_DigestVerify(context, tpmc_bytes_data(signature), tpmc_bytes_len(signature),
                             message, len) == 1;
    EVP_MD_CTX_free(context);
    EVP_PKEY_free(key);
    return holds;
}
