/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/policy_signer.h"

#include <string.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/x509.h>

#include "base/error_int.h"
#include "codec/openssl_error.h"
#include "codec/pem.h"
#include "keyfile/tpm_names.h"
#include "policy/policy_signer_int.h"

#define GROUP_NAME_MAX 64
#define DEFAULT_EXPONENT 65537u

const tpmc__signer_form tpmc__signer_default = { TPMC__HASH_SHA256, TPMC__ALG_RSAPSS };

/* As OpenSSL names the groups of keys that it has read. */
static const struct group_row {
    const char *name;
    uint16_t curve;
} groups[] = {
    { "prime256v1", TPMC__CURVE_P256 },
    { "secp384r1", TPMC__CURVE_P384 },
    { "secp521r1", TPMC__CURVE_P521 },
};

int tpmc__signer_set(tpmc_env *env, const tpmc__public *public_area, tpmc__policy_signer *out,
                     tpmc_error *err)
{
    out->has_public = 1;
    out->public_area = *public_area;
    return tpmc__public_name(env, public_area, out->name.data, &out->name.len, err);
}

static size_t zeros_before(const uint8_t *number, size_t len)
{
    size_t count = 0;

    while (count < len && number[count] == 0)
        count++;
    return count;
}

/* Some writers strip the zeros before a coordinate. */
static int same_number(const uint8_t *a, size_t a_len, const uint8_t *b, size_t b_len)
{
    size_t a_zeros = zeros_before(a, a_len);
    size_t b_zeros = zeros_before(b, b_len);

    return a_len - a_zeros == b_len - b_zeros &&
           memcmp(a + a_zeros, b + b_zeros, a_len - a_zeros) == 0;
}

static uint32_t exponent_of(const tpmc__public *key)
{
    return key->exponent == 0 ? DEFAULT_EXPONENT : key->exponent;
}

int tpmc__signer_same_key(const tpmc__public *a, const tpmc__public *b)
{
    int same =
        a->type == b->type && same_number(a->unique, a->unique_len, b->unique, b->unique_len);

    if (same && a->type == TPMC__ALG_RSA)
        return exponent_of(a) == exponent_of(b);
    if (same && a->type == TPMC__ALG_ECC)
        return a->curve == b->curve &&
               same_number(a->unique_y, a->unique_y_len, b->unique_y, b->unique_y_len);
    return same && a->unique_len == b->unique_len;
}

static int get_number(const EVP_PKEY *key, const char *name, uint8_t *out, size_t len)
{
    BIGNUM *number = NULL;
    int ok = EVP_PKEY_get_bn_param(key, name, &number) == 1 &&
             BN_bn2binpad(number, out, (int)len) == (int)len;

    BN_free(number);
    return ok;
}

static int take_rsa(const EVP_PKEY *key, tpmc__public *out)
{
    int bits = EVP_PKEY_get_bits(key);
    uint8_t exponent[4];

    if (bits < 1024 || bits > 4096 || bits % 8 != 0 ||
        !get_number(key, OSSL_PKEY_PARAM_RSA_E, exponent, sizeof(exponent)))
        return 0;
    out->key_bits = (uint16_t)bits;
    out->unique_len = (size_t)bits / 8;
    out->exponent = (uint32_t)exponent[0] << 24 | (uint32_t)exponent[1] << 16 |
                    (uint32_t)exponent[2] << 8 | exponent[3];
    return get_number(key, OSSL_PKEY_PARAM_RSA_N, out->unique, out->unique_len);
}

static const tpmc__curve *curve_of(EVP_PKEY *key)
{
    char name[GROUP_NAME_MAX];
    size_t len = 0;

    if (EVP_PKEY_get_group_name(key, name, sizeof(name), &len) != 1)
        return NULL;
    for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++) {
        if (strcmp(groups[i].name, name) == 0)
            return tpmc__curve_find(groups[i].curve);
    }
    return NULL;
}

static int take_ec(EVP_PKEY *key, tpmc__public *out)
{
    const tpmc__curve *curve = curve_of(key);

    if (curve == NULL)
        return 0;
    out->curve = curve->number;
    out->unique_len = curve->size;
    out->unique_y_len = curve->size;
    return get_number(key, OSSL_PKEY_PARAM_EC_PUB_X, out->unique, curve->size) &&
           get_number(key, OSSL_PKEY_PARAM_EC_PUB_Y, out->unique_y, curve->size);
}

/* What tpm2-tss makes of a key that is given as PEM; the Name depends on all of it. */
static int make_public(EVP_PKEY *key, const tpmc__signer_form *form, tpmc__public *out)
{
    memset(out, 0, sizeof(*out));
    out->name_alg = form->name_alg;
    out->attributes = TPMC__OBJECT_SIGN;
    out->symmetric.algorithm = TPMC__ALG_NULL;
    if (EVP_PKEY_is_a(key, "RSA")) {
        out->type = TPMC__ALG_RSA;
        out->scheme.algorithm = form->rsa_scheme;
        out->scheme.hash = form->name_alg;
        return take_rsa(key, out);
    }
    if (!EVP_PKEY_is_a(key, "EC"))
        return 0;
    out->type = TPMC__ALG_ECC;
    out->scheme.algorithm = TPMC__ALG_ECDSA;
    out->scheme.hash = TPMC__HASH_SHA256;
    out->kdf.algorithm = TPMC__ALG_NULL;
    return take_ec(key, out);
}

static int read_spki(tpmc_env *env, const uint8_t *der, size_t len, const tpmc__signer_form *form,
                     const char *what, tpmc__public *out, tpmc_error *err)
{
    const unsigned char *at = der;
    EVP_PKEY *key = NULL;
    int is_whole = 0;
    int is_known = 0;

    tpmc__openssl_begin();
    key = d2i_PUBKEY_ex(NULL, &at, (long)len, env->ossl, NULL);
    is_whole = key != NULL && at == der + len;
    if (is_whole)
        is_known = make_public(key, form, out);
    EVP_PKEY_free(key);
    tpmc__openssl_end();
    if (!is_whole)
        return tpmc__fail(err, TPMC_ERR_FORMAT,
                          "%s is neither a TPM2B_PUBLIC nor a SubjectPublicKeyInfo in PEM or DER",
                          what);
    if (!is_known)
        return tpmc__fail(err, TPMC_ERR_UNSUPPORTED,
                          "%s is of a kind that a TPM does not verify with: RSA of 1024 to 4096 "
                          "bits it does, and EC on P-256, P-384 and P-521",
                          what);
    return 0;
}

static int read_pem(tpmc_env *env, const char *text, size_t len, const tpmc__signer_form *form,
                    const char *what, tpmc__public *out, tpmc_error *err)
{
    tpmc__pem_block block;
    size_t offset = 0;
    int status = tpmc__pem_next(text, len, &offset, &block, err);

    if (status == 0)
        return tpmc__fail(err, TPMC_ERR_FORMAT, "%s holds no PEM block", what);
    if (status < 0) {
        tpmc__error_prefix(err, "%s", what);
        return status;
    }
    if (strcmp(block.label, "PUBLIC KEY") != 0)
        status = tpmc__fail(err, TPMC_ERR_FORMAT,
                            "%s is a PEM block '%.64s', and a 'PUBLIC KEY' is needed", what,
                            block.label);
    else
        status = read_spki(env, block.der.data, block.der.len, form, what, out, err);
    tpmc__pem_block_free(&block);
    return status;
}

int tpmc__signer_read(tpmc_env *env, const void *data, size_t len, const tpmc__signer_form *form,
                      const char *what, tpmc__policy_signer *out, tpmc_error *err)
{
    const uint8_t *bytes = data;
    tpmc__public public_area;
    int is_tpm2b = len > 2 && (size_t)(bytes[0] << 8 | bytes[1]) == len - 2;
    int status = 0;

    if (tpmc__pem_looks_like(data, len)) {
        status = read_pem(env, data, len, form, what, &public_area, err);
    } else if (is_tpm2b) {
        status = tpmc__public_parse(data, len, &public_area, err);
        if (status != 0)
            tpmc__error_prefix(err, "%s", what);
    } else {
        status = read_spki(env, bytes, len, form, what, &public_area, err);
    }
    return status == 0 ? tpmc__signer_set(env, &public_area, out, err) : status;
}

/* Names by type, scheme and hash. */
static const struct algorithm_row {
    uint16_t scheme;
    uint16_t hash;
    const char *name;
} algorithms[] = {
    { TPMC__ALG_RSASSA, TPMC__HASH_SHA256, "RS256" },
    { TPMC__ALG_RSASSA, TPMC__HASH_SHA384, "RS384" },
    { TPMC__ALG_RSASSA, TPMC__HASH_SHA512, "RS512" },
    { TPMC__ALG_RSAPSS, TPMC__HASH_SHA256, "PS256" },
    { TPMC__ALG_RSAPSS, TPMC__HASH_SHA384, "PS384" },
    { TPMC__ALG_RSAPSS, TPMC__HASH_SHA512, "PS512" },
    { TPMC__ALG_ECDSA, TPMC__HASH_SHA256, "ECDSA-SHA256" },
    { TPMC__ALG_ECDSA, TPMC__HASH_SHA384, "ECDSA-SHA384" },
    { TPMC__ALG_ECDSA, TPMC__HASH_SHA512, "ECDSA-SHA512" },
    { TPMC__ALG_HMAC, TPMC__HASH_SHA256, "HS256" },
    { TPMC__ALG_HMAC, TPMC__HASH_SHA384, "HS384" },
    { TPMC__ALG_HMAC, TPMC__HASH_SHA512, "HS512" },
};

tpmc__scheme tpmc__signer_scheme(const tpmc__policy_signer *signer)
{
    tpmc__scheme scheme = signer->public_area.scheme;

    if (scheme.algorithm != TPMC__ALG_NULL)
        return scheme;
    scheme.hash = signer->public_area.name_alg;
    if (signer->public_area.type == TPMC__ALG_RSA)
        scheme.algorithm = TPMC__ALG_RSASSA;
    else if (signer->public_area.type == TPMC__ALG_ECC)
        scheme.algorithm = TPMC__ALG_ECDSA;
    else
        scheme.algorithm = TPMC__ALG_HMAC;
    return scheme;
}

tpmc__scheme tpmc__signer_approving_scheme(const tpmc__policy_signer *signer)
{
    tpmc__scheme scheme = tpmc__signer_scheme(signer);

    scheme.hash = signer->public_area.name_alg;
    return scheme;
}

const char *tpmc__signer_algorithm(const tpmc__policy_signer *signer)
{
    tpmc__scheme scheme = tpmc__signer_scheme(signer);

    /* The curve that the hash goes with has a shorter name. */
    if (scheme.algorithm == TPMC__ALG_ECDSA && scheme.hash == TPMC__HASH_SHA256 &&
        signer->public_area.curve == TPMC__CURVE_P256)
        return "ES256";
    for (size_t i = 0; i < sizeof(algorithms) / sizeof(algorithms[0]); i++) {
        if (algorithms[i].scheme == scheme.algorithm && algorithms[i].hash == scheme.hash)
            return algorithms[i].name;
    }
    return NULL;
}
