/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include <openssl/decoder.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "base/error_int.h"
#include "base/mem.h"
#include "codec/ecdsa.h"
#include "codec/json.h"
#include "codec/openssl_error.h"
#include "codec/pem.h"
#include "codec/private_key.h"
#include "keyfile/tpm_names.h"
#include "policy/policy_signer_int.h"

#define SIGNATURE_MAX 600

static int put_ecdsa(const tpmc__policy_signer *signer, const uint8_t *der, size_t len,
                     tpmc__buf *out, tpmc_error *err)
{
    const tpmc__curve *curve = tpmc__curve_find(signer->public_area.curve);
    uint8_t pair[2 * TPMC__EC_MAX_BYTES];
    int status = 0;

    if (curve == NULL || curve->size > TPMC__EC_MAX_BYTES)
        return tpmc__fail(err, TPMC_ERR_UNSUPPORTED, "the signing key's curve is not known");
    status = tpmc__ecdsa_der_to_jose(der, len, curve->size, pair, err);
    if (status != 0)
        return status;
    for (size_t i = 0; i < 2; i++) {
        tpmc__buf_append_be16(out, (uint16_t)curve->size);
        tpmc__buf_append(out, pair + i * curve->size, curve->size);
    }
    return tpmc__buf_check(out, "the signature", err);
}

/* TPMT_HA for a MAC: no size. */
static int put_mac(const tpmc__scheme *scheme, const uint8_t *mac, size_t len, tpmc__buf *out,
                   tpmc_error *err)
{
    if (len != tpmc__hash_size(scheme->hash))
        return tpmc__fail(err, TPMC_ERR_FORMAT, "the MAC has %zu bytes, and its hash has %zu", len,
                          tpmc__hash_size(scheme->hash));
    tpmc__buf_append(out, mac, len);
    return tpmc__buf_check(out, "the signature", err);
}

int tpmc__signer_marshal_as(const tpmc__policy_signer *signer, const tpmc__scheme *scheme,
                            const tpmc__span *signature, tpmc__buf *out, tpmc_error *err)
{
    tpmc__buf_append_be16(out, scheme->algorithm);
    tpmc__buf_append_be16(out, scheme->hash);
    if (scheme->algorithm == TPMC__ALG_ECDSA)
        return put_ecdsa(signer, signature->data, signature->len, out, err);
    if (scheme->algorithm == TPMC__ALG_HMAC)
        return put_mac(scheme, signature->data, signature->len, out, err);
    if (signature->len != signer->public_area.unique_len)
        return tpmc__fail(err, TPMC_ERR_FORMAT,
                          "the signature has %zu bytes, and its RSA key makes ones of %zu",
                          signature->len, signer->public_area.unique_len);
    tpmc__buf_append_be16(out, (uint16_t)signature->len);
    tpmc__buf_append(out, signature->data, signature->len);
    return tpmc__buf_check(out, "the signature", err);
}

int tpmc__signer_marshal(const tpmc__policy_signer *signer, const uint8_t *signature, size_t len,
                         tpmc__buf *out, tpmc_error *err)
{
    const tpmc__scheme scheme = tpmc__signer_scheme(signer);
    const tpmc__span bytes = { signature, len };

    return tpmc__signer_marshal_as(signer, &scheme, &bytes, out, err);
}

static EVP_PKEY *decode_one(tpmc_env *env, const uint8_t *data, size_t len)
{
    EVP_PKEY *key = NULL;
    OSSL_DECODER_CTX *decoder =
        OSSL_DECODER_CTX_new_for_pkey(&key, "DER", NULL, NULL, EVP_PKEY_KEYPAIR, env->ossl, NULL);

    if (decoder != NULL && OSSL_DECODER_from_data(decoder, &data, &len) != 1) {
        EVP_PKEY_free(key);
        key = NULL;
    }
    OSSL_DECODER_CTX_free(decoder);
    return key;
}

/* Parameters of a curve may stand before the key. 0 also when there is none. */
static int decode_pem(tpmc_env *env, const char *text, size_t len, EVP_PKEY **out, tpmc_error *err)
{
    tpmc__pem_block block;
    size_t offset = 0;
    int status = 0;

    while (*out == NULL) {
        status = tpmc__pem_next(text, len, &offset, &block, err);
        if (status != 1)
            return status;
        *out = decode_one(env, block.der.data, block.der.len);
        tpmc__pem_block_free(&block);
    }
    return 0;
}

static int decode_json(tpmc_env *env, const tpmc__span *text, EVP_PKEY **out, tpmc_error *err)
{
    tpmc__json *json = NULL;
    const char *pem = NULL;
    int status = tpmc__json_parse(text->data, text->len, TPMC__PRIVATE_KEY_MAX, "the private key",
                                  &json, err);

    if (status != 0)
        return status;
    pem = tpmc__json_text(tpmc__json_member(json, "private_key"));
    if (pem != NULL)
        status = decode_pem(env, pem, strlen(pem), out, err);
    tpmc__json_free(json);
    return status;
}

/* What has passed tpmc__private_key_parse(). */
static int decode(tpmc_env *env, const tpmc__span *data, EVP_PKEY **out, tpmc_error *err)
{
    if (tpmc__json_looks_like_object(data->data, data->len))
        return decode_json(env, data, out, err);
    if (tpmc__pem_looks_like(data->data, data->len))
        return decode_pem(env, data->data, data->len, out, err);
    *out = decode_one(env, data->data, data->len);
    return 0;
}

static int sign_with(tpmc_env *env, EVP_PKEY *key, const tpmc__scheme *scheme,
                     const tpmc__policy_bytes *digest, uint8_t *out, size_t *len)
{
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_pkey(env->ossl, key, NULL);
    EVP_MD *md = EVP_MD_fetch(env->ossl, tpmc__hash_openssl_name(scheme->hash), NULL);
    int ok = context != NULL && md != NULL && EVP_PKEY_sign_init(context) > 0 &&
             tpmc__signer_set_scheme(context, md, scheme->algorithm, RSA_PSS_SALTLEN_DIGEST) &&
             EVP_PKEY_sign(context, out, len, digest->data, digest->len) == 1;

    EVP_MD_free(md);
    EVP_PKEY_CTX_free(context);
    return ok;
}

/* What is to be signed, and how. */
struct signing {
    tpmc__scheme scheme;
    tpmc__span private_key;
    const tpmc__policy_bytes *digest;
};

static int decode_and_sign(tpmc_env *env, const struct signing *signing, uint8_t *out, size_t *len,
                           tpmc_error *err)
{
    EVP_PKEY *key = NULL;
    int status = 0;

    tpmc__openssl_begin();
    status = decode(env, &signing->private_key, &key, err);
    if (status == 0 &&
        (key == NULL || !sign_with(env, key, &signing->scheme, signing->digest, out, len)))
        status = tpmc__openssl_fail(err, "signing the policy");
    EVP_PKEY_free(key);
    tpmc__openssl_end();
    return status;
}

static void take_public(const tpmc__private_key *key, tpmc__public *out)
{
    memset(out, 0, sizeof(*out));
    if (key->kind == TPMC__PRIVATE_RSA) {
        out->type = TPMC__ALG_RSA;
        out->exponent = key->exponent;
        out->unique_len = key->modulus_len;
        memcpy(out->unique, key->modulus, key->modulus_len);
        return;
    }
    out->type = TPMC__ALG_ECC;
    out->unique_len = key->coordinate_len;
    out->unique_y_len = key->coordinate_len;
    memcpy(out->unique, key->x, key->coordinate_len);
    memcpy(out->unique_y, key->y, key->coordinate_len);
}

static int check_key(tpmc_env *env, const tpmc__policy_signer *signer,
                     const tpmc__span *private_key, tpmc_error *err)
{
    tpmc__private_key key;
    tpmc__public public_area;
    int same = 0;
    int status = tpmc__private_key_parse(env, private_key->data, private_key->len, &key, err);

    if (status != 0)
        return status;
    take_public(&key, &public_area);
    /* Coordinates of one length belong to one curve here. */
    public_area.curve = signer->public_area.curve;
    same = tpmc__signer_same_key(&public_area, &signer->public_area);
    tpmc__private_key_free(&key);
    if (same)
        return 0;
    return tpmc__fail(err, TPMC_ERR_MISMATCH,
                      "the private key is not the one whose signatures the policy accepts "
                      "(PolicyAuthorize)");
}

int tpmc__signer_sign(tpmc_env *env, const tpmc__policy_signer *signer, const void *private_key,
                      size_t private_key_len, const tpmc__policy_bytes *digest, tpmc__buf *out,
                      tpmc_error *err)
{
    const struct signing signing = { .scheme = tpmc__signer_approving_scheme(signer),
                                     .private_key = { private_key, private_key_len },
                                     .digest = digest };
    uint8_t signature[SIGNATURE_MAX];
    tpmc__span bytes = { signature, sizeof(signature) };
    int status = check_key(env, signer, &signing.private_key, err);

    if (status != 0)
        return status;
    if (tpmc__hash_size(signing.scheme.hash) != digest->len)
        return tpmc__fail(err, TPMC_ERR_UNSUPPORTED,
                          "what is to be signed is no digest by the nameAlg of the signing key");
    status = decode_and_sign(env, &signing, signature, &bytes.len, err);
    if (status == 0)
        status = tpmc__signer_marshal_as(signer, &signing.scheme, &bytes, out, err);
    return status;
}
