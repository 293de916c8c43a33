/* SPDX-License-Identifier: Apache-2.0 */
#include "support/signature.h"

#include <string.h>

#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "support/check.h"

static int set_padding(EVP_PKEY_CTX *context, const char *algorithm)
{
    if (strcmp(algorithm, "RS256") == 0)
        return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING) == 1;
    check(strcmp(algorithm, "PS256") == 0);
    return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING) == 1 &&
           EVP_PKEY_CTX_set_rsa_pss_saltlen(context, 32) == 1;
}

int verify_signature(const tpmc_bytes *spki, const char *algorithm, const void *message, size_t len,
                     const tpmc_bytes *signature)
{
    const unsigned char *at = tpmc_bytes_data(spki);
    EVP_PKEY *key = d2i_PUBKEY(NULL, &at, (long)tpmc_bytes_len(spki));
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    EVP_PKEY_CTX *parameters = NULL;
    int holds = 0;

    check(key != NULL && context != NULL && signature != NULL);
    check(at == tpmc_bytes_data(spki) + tpmc_bytes_len(spki));
    check(EVP_DigestVerifyInit_ex(context, &parameters, "SHA256", NULL, NULL, key, NULL) == 1);
    check(set_padding(parameters, algorithm));
    holds = EVP_DigestVerify(context, tpmc_bytes_data(signature), tpmc_bytes_len(signature),
                             message, len) == 1;
    EVP_MD_CTX_free(context);
    EVP_PKEY_free(key);
    return holds;
}
