/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_UNIT_SOFTWARE_SIGNER_H
#define TESTS_UNIT_SOFTWARE_SIGNER_H

#include <stdatomic.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "support/check.h"
#include "tpmcloud/tpmkey.h"

/* Signs for a callback key with a key of OpenSSL's. */
typedef struct software_signer {
    EVP_PKEY *key;
    atomic_int calls;
    atomic_int status; /* what the callback returns */
} software_signer;

static inline int software_sign(void *user, const char *algorithm, const uint8_t *data, size_t len,
                                uint8_t *out, size_t capacity, size_t *out_len)
{
    software_signer *self = user;
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, self->key, NULL);

    atomic_fetch_add(&self->calls, 1);
    check(strcmp(algorithm, "RS256") == 0);
    check(ctx != NULL);
    check(EVP_PKEY_sign_init(ctx) == 1);
    check(EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) == 1);
    check(EVP_PKEY_CTX_set_signature_md(ctx, EVP_sha256()) == 1);
    *out_len = capacity;
    check(EVP_PKEY_sign(ctx, out, out_len, data, len) == 1);
    EVP_PKEY_CTX_free(ctx);
    return atomic_load(&self->status);
}

/* A callback key over `signer`, which must outlive it. */
static inline tpmc_key *software_signer_key(software_signer *signer, tpmc_env *env)
{
    unsigned char *spki = NULL;
    tpmc_key *key = NULL;
    int len = i2d_PUBKEY(signer->key, &spki);

    check(len > 0);
    check(tpmc_key_new_callback(env, spki, (size_t)len, software_sign, signer, NULL, &key, NULL) ==
          0);
    OPENSSL_free(spki);
    return key;
}

#endif
