/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "base/error_int.h"
#include "codec/ecdsa.h"
#include "codec/openssl_error.h"
#include "policy/policy_signer_int.h"

#define SIGNATURE_MAX 1024
#define SPKI_MAX 1024

/* A TPMT_SIGNATURE taken apart. */
struct parts {
    uint16_t scheme;
    uint16_t hash;
    tpmc__span first;  /* the RSA signature, or r */
    tpmc__span second; /* s */
};

static int take_tpm2b(const uint8_t **at, size_t *left, tpmc__span *out)
{
    size_t size = *left >= 2 ? (size_t)((*at)[0] << 8 | (*at)[1]) : 0;

    if (size == 0 || size > *left - 2)
        return -1;
    out->data = *at + 2;
    out->len = size;
    *at += 2 + size;
    *left -= 2 + size;
    return 0;
}

static int take_apart(const uint8_t *data, size_t len, struct parts *out)
{
    memset(out, 0, sizeof(*out));
    if (len < 4)
        return -1;
    out->scheme = (uint16_t)(data[0] << 8 | data[1]);
    out->hash = (uint16_t)(data[2] << 8 | data[3]);
    data += 4;
    len -= 4;
    if (tpmc__hash_size(out->hash) == 0 || take_tpm2b(&data, &len, &out->first) != 0)
        return -1;
    if (out->scheme == TPMC__ALG_ECDSA && take_tpm2b(&data, &len, &out->second) != 0)
        return -1;
    return len == 0 ? 0 : -1;
}

int tpmc__signer_set_scheme(EVP_PKEY_CTX *context, const EVP_MD *md, uint16_t scheme, int salt_len)
{
    if (EVP_PKEY_CTX_set_signature_md(context, md) <= 0)
        return 0;
    if (scheme == TPMC__ALG_RSASSA)
        return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING) > 0;
    if (scheme != TPMC__ALG_RSAPSS)
        return 1;
    return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING) > 0 &&
           EVP_PKEY_CTX_set_rsa_pss_saltlen(context, salt_len) > 0;
}

/* 1 good, 0 bad, -1 when OpenSSL could not do it. */
static int verify_with(tpmc_env *env, EVP_PKEY *key, const struct parts *parts,
                       const tpmc__span *signature, const tpmc__policy_bytes *digest)
{
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_pkey(env->ossl, key, NULL);
    EVP_MD *md = EVP_MD_fetch(env->ossl, tpmc__hash_openssl_name(parts->hash), NULL);
    int good = -1;

    if (context != NULL && md != NULL && EVP_PKEY_verify_init(context) > 0 &&
        tpmc__signer_set_scheme(context, md, parts->scheme, RSA_PSS_SALTLEN_AUTO))
        good = EVP_PKEY_verify(context, signature->data, signature->len, digest->data,
                               digest->len) == 1;
    EVP_MD_free(md);
    EVP_PKEY_CTX_free(context);
    return good;
}

static int load_and_verify(tpmc_env *env, const tpmc__buf *spki, const struct parts *parts,
                           const tpmc__span *signature, const tpmc__policy_bytes *digest,
                           tpmc_error *err)
{
    const unsigned char *at = spki->data;
    EVP_PKEY *key = NULL;
    int good = -1;
    int status = 0;

    tpmc__openssl_begin();
    key = d2i_PUBKEY_ex(NULL, &at, (long)spki->len, env->ossl, NULL);
    if (key != NULL)
        good = verify_with(env, key, parts, signature, digest);
    if (good < 0)
        status = tpmc__openssl_fail(err, "verifying the signature of a policy");
    EVP_PKEY_free(key);
    tpmc__openssl_end();
    if (status != 0)
        return status;
    return good ? 0
                : tpmc__fail(err, TPMC_ERR_POLICY,
                             "the signature of the policy does not verify: the policy has been "
                             "changed since, or another key has signed it");
}

static int fits_key(const tpmc__public *key, uint16_t scheme)
{
    if (scheme == TPMC__ALG_ECDSA)
        return key->type == TPMC__ALG_ECC;
    return (scheme == TPMC__ALG_RSASSA || scheme == TPMC__ALG_RSAPSS) && key->type == TPMC__ALG_RSA;
}

static int check_parts(const tpmc__policy_signer *signer, const struct parts *parts,
                       const tpmc__policy_bytes *digest, tpmc_error *err)
{
    if (!signer->has_public)
        return tpmc__fail(err, TPMC_ERR_UNSUPPORTED,
                          "of the key that signs policies only the Name is known, so that nothing "
                          "can be verified");
    if (!fits_key(&signer->public_area, parts->scheme))
        return tpmc__fail(err, TPMC_ERR_UNSUPPORTED,
                          "the signature of the policy is not RSASSA, RSAPSS or ECDSA by a key of "
                          "that type");
    if (tpmc__hash_size(parts->hash) != digest->len)
        return tpmc__fail(err, TPMC_ERR_POLICY,
                          "the signature of the policy is by a hash of another length than the "
                          "nameAlg of its key");
    return 0;
}

int tpmc__signer_verify(tpmc_env *env, const tpmc__policy_signer *signer,
                        const tpmc__policy_bytes *digest, const uint8_t *signature, size_t len,
                        tpmc_error *err)
{
    struct parts parts;
    tpmc__span bytes;
    tpmc__buf der;
    tpmc__buf spki;
    int status = 0;

    if (signature == NULL || take_apart(signature, len, &parts) != 0)
        return tpmc__fail(err, TPMC_ERR_FORMAT, "the signature of the policy is no TPMT_SIGNATURE");
    status = check_parts(signer, &parts, digest, err);
    if (status != 0)
        return status;
    tpmc__buf_init(&der, SIGNATURE_MAX);
    tpmc__buf_init(&spki, SPKI_MAX);
    bytes = parts.first;
    status = tpmc__public_spki(&signer->public_area, &spki, err);
    if (status == 0 && parts.scheme == TPMC__ALG_ECDSA) {
        tpmc__ecdsa_write_der(parts.first.data, parts.first.len, parts.second.data,
                              parts.second.len, &der);
        status = tpmc__buf_check(&der, "the signature", err);
        bytes.data = der.data;
        bytes.len = der.len;
    }
    if (status == 0)
        status = load_and_verify(env, &spki, &parts, &bytes, digest, err);
    tpmc__buf_free(&spki);
    tpmc__buf_free(&der);
    return status;
}
