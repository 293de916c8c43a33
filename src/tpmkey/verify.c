/* SPDX-License-Identifier: Apache-2.0 */
#include "tpmkey/verify.h"

#include <string.h>

#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "base/buf.h"
#include "base/error_int.h"
#include "codec/openssl_error.h"

#define GROUP_NAME_MAX 64
#define DIGEST_NAME_MAX 64
#define DIGEST_IS_MANDATORY 2 /* EVP_PKEY_get_default_digest_name(3) */

static const struct kind_row {
    const char *openssl_name;
    tpmc__key_kind kind;
} kinds[] = {
    { "RSA", { TPMC__ALG_RSA, TPMC__ALG_NULL, 0, 0, 0 } },
    { "RSA-PSS", { TPMC__ALG_RSA, TPMC__ALG_RSAPSS, 0, 0, 0 } },
    { "EC", { TPMC__ALG_ECC, TPMC__ALG_NULL, 0, 0, 0 } },
};

/* As OpenSSL names them. */
static const struct group_row {
    const char *name;
    uint16_t curve;
} groups[] = {
    { "prime256v1", TPMC__CURVE_P256 },
    { "secp384r1", TPMC__CURVE_P384 },
    { "secp521r1", TPMC__CURVE_P521 },
};

static int find_kind(const EVP_PKEY *key, tpmc__key_kind *out)
{
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (EVP_PKEY_is_a(key, kinds[i].openssl_name)) {
            *out = kinds[i].kind;
            return 1;
        }
    }
    return 0;
}

/* 0 for a curve that is none of those here. */
static uint16_t find_curve(EVP_PKEY *key)
{
    char name[GROUP_NAME_MAX];
    size_t len = 0;

    if (EVP_PKEY_get_group_name(key, name, sizeof(name), &len) != 1)
        return 0;
    for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++) {
        if (strcmp(groups[i].name, name) == 0)
            return groups[i].curve;
    }
    return 0;
}

/* The hash that an RSA-PSS key is bound to by its parameters (RFC 4055 section 3.1); 0 for none, or
 * one that is none of those here. */
static uint16_t find_hash(tpmc_env *env, EVP_PKEY *key)
{
    static const uint16_t hashes[] = { TPMC__HASH_SHA1, TPMC__HASH_SHA256, TPMC__HASH_SHA384,
                                       TPMC__HASH_SHA512 };
    char name[DIGEST_NAME_MAX];
    EVP_MD *md = NULL;
    uint16_t found = 0;

    if (EVP_PKEY_get_default_digest_name(key, name, sizeof(name)) != DIGEST_IS_MANDATORY)
        return 0;
    md = EVP_MD_fetch(env->ossl, name, NULL);
    for (size_t i = 0; md != NULL && i < sizeof(hashes) / sizeof(hashes[0]); i++) {
        if (EVP_MD_is_a(md, tpmc__hash_openssl_name(hashes[i])))
            found = hashes[i];
    }
    EVP_MD_free(md);
    return found;
}

int tpmc__verify_key_new(tpmc_env *env, const uint8_t *spki, size_t len, EVP_PKEY **out,
                         tpmc__key_kind *kind, tpmc_error *err)
{
    const unsigned char *at = spki;
    EVP_PKEY *key = NULL;
    uint16_t curve = 0;
    uint16_t hash = 0;

    *out = NULL;
    tpmc__openssl_begin();
    key = d2i_PUBKEY_ex(NULL, &at, (long)len, env->ossl, NULL);
    if (key != NULL && EVP_PKEY_is_a(key, "EC"))
        curve = find_curve(key);
    if (key != NULL && EVP_PKEY_is_a(key, "RSA-PSS"))
        hash = find_hash(env, key);
    tpmc__openssl_end();
    if (key == NULL || at != spki + len) {
        EVP_PKEY_free(key);
        return tpmc__fail(err, TPMC_ERR_FORMAT,
                          "the public key is not a well-formed SubjectPublicKeyInfo in DER");
    }
    if (!find_kind(key, kind)) {
        EVP_PKEY_free(key);
        return tpmc__fail(
            err, TPMC_ERR_UNSUPPORTED,
            "the public key is of a kind that this library does not know; RSA and EC it "
            "does");
    }
    kind->curve = curve;
    kind->hash = hash;
    *out = key;
    return 0;
}

int tpmc__verify_key_spki(EVP_PKEY *key, tpmc__buf *out, tpmc_error *err)
{
    unsigned char *der = NULL;
    int len = 0;
    int status = 0;

    tpmc__openssl_begin();
    len = i2d_PUBKEY(key, &der);
    if (len > 0)
        tpmc__buf_append(out, der, (size_t)len);
    else
        status = tpmc__openssl_fail(err, "writing the public key");
    OPENSSL_free(der);
    tpmc__openssl_end();
    return status == 0 ? tpmc__buf_check(out, "the public key", err) : status;
}

/* Verifies with one salt length, which only RSASSA-PSS looks at. 1 good, 0 bad, negative for a
 * failure of OpenSSL. */
static int verify_once(EVP_PKEY_CTX *ctx, const EVP_MD *md, const tpmc__algorithm *algorithm,
                       int salt_len, const uint8_t *digest, const tpmc__span *signature)
{
    int is_pss = algorithm->scheme == TPMC__ALG_RSAPSS;
    int padding = is_pss ? RSA_PKCS1_PSS_PADDING : RSA_PKCS1_PADDING;

    if (EVP_PKEY_verify_init(ctx) <= 0)
        return -1;
    if (algorithm->type == TPMC__ALG_RSA && EVP_PKEY_CTX_set_rsa_padding(ctx, padding) <= 0)
        return -1;
    if (EVP_PKEY_CTX_set_signature_md(ctx, md) <= 0)
        return -1;
    if (is_pss && EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, salt_len) <= 0)
        return -1;
    return EVP_PKEY_verify(ctx, signature->data, signature->len, digest,
                           tpmc__hash_size(algorithm->hash)) == 1;
}

int tpmc__verify(tpmc_env *env, EVP_PKEY *key, const tpmc__algorithm *algorithm,
                 const uint8_t *digest, const tpmc__span *signature, tpmc__verdict *verdict,
                 tpmc_error *err)
{
    EVP_PKEY_CTX *ctx = NULL;
    EVP_MD *md = NULL;
    int salt_len = (int)tpmc__hash_size(algorithm->hash);
    int good = -1;
    int status = 0;

    *verdict = TPMC__VERDICT_BAD;
    tpmc__openssl_begin();
    ctx = EVP_PKEY_CTX_new_from_pkey(env->ossl, key, NULL);
    md = EVP_MD_fetch(env->ossl, tpmc__hash_openssl_name(algorithm->hash), NULL);
    if (ctx != NULL && md != NULL)
        good = verify_once(ctx, md, algorithm, salt_len, digest, signature);
    if (good == 1) {
        *verdict = TPMC__VERDICT_GOOD;
    } else if (good == 0 && algorithm->scheme == TPMC__ALG_RSAPSS) {
        good = verify_once(ctx, md, algorithm, RSA_PSS_SALTLEN_AUTO, digest, signature);
        if (good == 1)
            *verdict = TPMC__VERDICT_OTHER_SALT;
    }
    if (good < 0)
        status = tpmc__openssl_fail(err, "verifying the signature");
    EVP_MD_free(md);
    EVP_PKEY_CTX_free(ctx);
    tpmc__openssl_end();
    return status;
}
