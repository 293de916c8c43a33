/* SPDX-License-Identifier: Apache-2.0 */
#include "tpmkey/new_public.h"

#include <string.h>

#include "keyfile/tpm_names.h"
#include "tpmkey/new_policy.h"

#define KIND_MAX 64
#define DEFAULT_EXPONENT 65537u

/* What the words of the option `algorithm` mean. */
static const struct algorithm {
    uint16_t type;
    uint16_t key_bits; /* RSA */
    uint16_t curve;    /* ECC */
    uint16_t hash;     /* KEYEDHASH */
} algorithms[] = {
    [TPMC__NEW_RSA2048] = { TPMC__ALG_RSA, 2048, 0, 0 },
    [TPMC__NEW_RSA3072] = { TPMC__ALG_RSA, 3072, 0, 0 },
    [TPMC__NEW_RSA4096] = { TPMC__ALG_RSA, 4096, 0, 0 },
    [TPMC__NEW_ECC256] = { TPMC__ALG_ECC, 0, TPMC__CURVE_P256, 0 },
    [TPMC__NEW_ECC384] = { TPMC__ALG_ECC, 0, TPMC__CURVE_P384, 0 },
    [TPMC__NEW_ECC521] = { TPMC__ALG_ECC, 0, TPMC__CURVE_P521, 0 },
    [TPMC__NEW_HMAC_SHA256] = { TPMC__ALG_KEYEDHASH, 0, 0, TPMC__HASH_SHA256 },
    [TPMC__NEW_HMAC_SHA384] = { TPMC__ALG_KEYEDHASH, 0, 0, TPMC__HASH_SHA384 },
    [TPMC__NEW_HMAC_SHA512] = { TPMC__ALG_KEYEDHASH, 0, 0, TPMC__HASH_SHA512 },
};

static const struct scheme {
    uint16_t scheme;
    uint16_t type; /* of the keys that it is for; 0: any */
} schemes[] = {
    [TPMC__SCHEME_NULL] = { TPMC__ALG_NULL, 0 },
    [TPMC__SCHEME_RSASSA] = { TPMC__ALG_RSASSA, TPMC__ALG_RSA },
    [TPMC__SCHEME_RSAPSS] = { TPMC__ALG_RSAPSS, TPMC__ALG_RSA },
    [TPMC__SCHEME_ECDSA] = { TPMC__ALG_ECDSA, TPMC__ALG_ECC },
};

static const uint16_t hashes[] = {
    [TPMC__NEW_HASH_SHA256] = TPMC__HASH_SHA256,
    [TPMC__NEW_HASH_SHA384] = TPMC__HASH_SHA384,
    [TPMC__NEW_HASH_SHA512] = TPMC__HASH_SHA512,
};

/* The curves, and the hash that each goes with (RFC 7518 section 3.4). */
static const struct curve {
    unsigned bits;
    uint16_t number;
    uint16_t hash;
} curves[] = {
    { 256, TPMC__CURVE_P256, TPMC__HASH_SHA256 },
    { 384, TPMC__CURVE_P384, TPMC__HASH_SHA384 },
    { 521, TPMC__CURVE_P521, TPMC__HASH_SHA512 },
};

static const struct algorithm *algorithm_of(const tpmc_key_template *key_template)
{
    return &algorithms[tpmc__options_number(&key_template->options, TPMC__KEY_TEMPLATE_ALGORITHM)];
}

static const struct scheme *scheme_of(const tpmc_key_template *key_template)
{
    return &schemes[tpmc__options_number(&key_template->options, TPMC__KEY_TEMPLATE_SCHEME)];
}

static int is_restricted(const tpmc_key_template *key_template)
{
    return tpmc__options_number(&key_template->options, TPMC__KEY_TEMPLATE_RESTRICTED) != 0;
}

int tpmc__new_public_is_hmac(const tpmc_key_template *key_template)
{
    return algorithm_of(key_template)->type == TPMC__ALG_KEYEDHASH;
}

static uint16_t curve_hash(uint16_t number)
{
    for (size_t i = 0; i < sizeof(curves) / sizeof(curves[0]); i++) {
        if (curves[i].number == number)
            return curves[i].hash;
    }
    return TPMC__HASH_SHA256;
}

static uint16_t curve_number(unsigned bits)
{
    for (size_t i = 0; i < sizeof(curves) / sizeof(curves[0]); i++) {
        if (curves[i].bits == bits)
            return curves[i].number;
    }
    return 0;
}

/* The hash of the key's scheme. */
static uint16_t hash_of(const tpmc_key_template *key_template, const tpmc__public *key)
{
    const tpmc__options *options = &key_template->options;

    if (tpmc__options_is_set(options, TPMC__KEY_TEMPLATE_HASH))
        return hashes[tpmc__options_number(options, TPMC__KEY_TEMPLATE_HASH)];
    return key->type == TPMC__ALG_ECC ? curve_hash(key->curve) : TPMC__HASH_SHA256;
}

/* `key` says what the key is; the options must fit it and each other. */
static int check_scheme(const tpmc_key_template *key_template, const tpmc__public *key,
                        tpmc_error *err)
{
    const struct scheme *scheme = scheme_of(key_template);
    const char *word = tpmc__template_word(key_template, TPMC__KEY_TEMPLATE_SCHEME);
    char kind[KIND_MAX] = "";

    (void)tpmc__public_kind_text(key, kind, sizeof(kind));
    if (scheme->type != 0 && scheme->type != key->type)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT,
                          "the option 'scheme' is %s, which is for %s keys, and the new key is "
                          "%s (the option 'algorithm', or what is imported)",
                          word, scheme->type == TPMC__ALG_RSA ? "RSA" : "EC", kind);
    if (scheme->type == 0 && tpmc__options_is_set(&key_template->options, TPMC__KEY_TEMPLATE_HASH))
        return tpmc__fail(err, TPMC_ERR_ARGUMENT,
                          "the option 'hash' goes with a 'scheme' that is not null%s",
                          key->type == TPMC__ALG_KEYEDHASH
                              ? "; the hash of an HMAC key is part of its 'algorithm'"
                              : "");
    if (is_restricted(key_template) && key->type == TPMC__ALG_KEYEDHASH)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT,
                          "the option 'restricted' does not go with an HMAC 'algorithm': a TPM "
                          "makes no HMACs of data with such a key");
    if (is_restricted(key_template) && scheme->type == 0)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT,
                          "the option 'restricted' needs a 'scheme': rsassa, rsapss or ecdsa");
    return 0;
}

/* Where a policy is bound the password alone must not do, unless that is asked for. */
static int is_user_with_auth(const tpmc_key_template *key_template)
{
    switch (tpmc__options_number(&key_template->options, TPMC__KEY_TEMPLATE_USER_WITH_AUTH)) {
    case TPMC__USER_WITH_AUTH_YES:
        return 1;
    case TPMC__USER_WITH_AUTH_NO:
        return 0;
    default:
        return !tpmc__new_policy_is_wanted(key_template);
    }
}

static uint32_t attributes_of(const tpmc_key_template *key_template, const tpmc__public *key)
{
    uint32_t attributes = TPMC__OBJECT_SIGN;

    if (is_user_with_auth(key_template))
        attributes |= TPMC__OBJECT_USER_WITH_AUTH;
    /* A TPM whose PSS salt is wrong can still sign by decrypting, if the key may. */
    if (key->type == TPMC__ALG_RSA && scheme_of(key_template)->type == 0)
        attributes |= TPMC__OBJECT_DECRYPT;
    if (is_restricted(key_template))
        attributes |= TPMC__OBJECT_RESTRICTED;
    if (!tpmc__options_number(&key_template->options, TPMC__KEY_TEMPLATE_DICTIONARY_ATTACK))
        attributes |= TPMC__OBJECT_NO_DA;
    return attributes;
}

/* Completes what is known of a key: type and size. */
static int fill(const tpmc_key_template *key_template, tpmc__public *key, tpmc_error *err)
{
    const struct scheme *scheme = scheme_of(key_template);
    int status = check_scheme(key_template, key, err);

    if (status != 0)
        return status;
    key->name_alg = TPMC__HASH_SHA256;
    key->attributes = attributes_of(key_template, key);
    if (key->type == TPMC__ALG_KEYEDHASH) {
        key->scheme.algorithm = TPMC__ALG_HMAC;
        key->scheme.hash = algorithm_of(key_template)->hash;
        return 0;
    }
    key->symmetric.algorithm = TPMC__ALG_NULL;
    key->scheme.algorithm = scheme->scheme;
    if (scheme->type != 0)
        key->scheme.hash = hash_of(key_template, key);
    if (key->type == TPMC__ALG_ECC)
        key->kdf.algorithm = TPMC__ALG_NULL;
    return 0;
}

/* Type and size by the option `algorithm`. */
static void start(const tpmc_key_template *key_template, tpmc__public *out)
{
    const struct algorithm *algorithm = algorithm_of(key_template);

    memset(out, 0, sizeof(*out));
    out->type = algorithm->type;
    out->key_bits = algorithm->key_bits;
    out->curve = algorithm->curve;
}

int tpmc__new_public_created(const tpmc_key_template *key_template, tpmc__public *out,
                             tpmc_error *err)
{
    int status = 0;

    start(key_template, out);
    /* So that texts call it what it will be. */
    if (out->type == TPMC__ALG_KEYEDHASH)
        out->scheme.algorithm = TPMC__ALG_HMAC;
    status = fill(key_template, out, err);
    out->attributes |=
        TPMC__OBJECT_FIXED_TPM | TPMC__OBJECT_FIXED_PARENT | TPMC__OBJECT_SENSITIVE_DATA_ORIGIN;
    return status;
}

int tpmc__new_public_imported_hmac(const tpmc_key_template *key_template, tpmc__public *out,
                                   tpmc_error *err)
{
    start(key_template, out);
    out->scheme.algorithm = TPMC__ALG_HMAC;
    return fill(key_template, out, err);
}

static void take_rsa(const tpmc__private_key *software, tpmc__public *out)
{
    out->type = TPMC__ALG_RSA;
    out->key_bits = (uint16_t)(software->modulus_len * 8);
    out->exponent = software->exponent == DEFAULT_EXPONENT ? 0 : software->exponent;
    memcpy(out->unique, software->modulus, software->modulus_len);
    out->unique_len = software->modulus_len;
}

static void take_ec(const tpmc__private_key *software, tpmc__public *out)
{
    out->type = TPMC__ALG_ECC;
    out->curve = curve_number(software->curve_bits);
    memcpy(out->unique, software->x, software->coordinate_len);
    memcpy(out->unique_y, software->y, software->coordinate_len);
    out->unique_len = software->coordinate_len;
    out->unique_y_len = software->coordinate_len;
}

static int check_algorithm(const tpmc_key_template *key_template, const tpmc__public *key,
                           tpmc_error *err)
{
    const struct algorithm *wanted = algorithm_of(key_template);
    char kind[KIND_MAX] = "";

    if (!tpmc__options_is_set(&key_template->options, TPMC__KEY_TEMPLATE_ALGORITHM))
        return 0;
    if (wanted->type == key->type && wanted->key_bits == key->key_bits &&
        wanted->curve == key->curve)
        return 0;
    (void)tpmc__public_kind_text(key, kind, sizeof(kind));
    return tpmc__fail(err, TPMC_ERR_ARGUMENT,
                      "the option 'algorithm' is %s, and the key that was given is %s; leave the "
                      "option unset to take the key as it is",
                      tpmc__template_word(key_template, TPMC__KEY_TEMPLATE_ALGORITHM), kind);
}

int tpmc__new_public_imported(const tpmc_key_template *key_template,
                              const tpmc__private_key *software, tpmc__public *out, tpmc_error *err)
{
    int status = 0;

    memset(out, 0, sizeof(*out));
    if (software->kind == TPMC__PRIVATE_RSA)
        take_rsa(software, out);
    else
        take_ec(software, out);
    status = check_algorithm(key_template, out, err);
    if (status != 0)
        return status;
    return fill(key_template, out, err);
}

void tpmc__new_public_fit_parent(tpmc__public *key, const tpmc__public *parent)
{
    if (parent->attributes & TPMC__OBJECT_FIXED_TPM)
        return;
    key->attributes &= ~TPMC__OBJECT_FIXED_TPM;
    key->attributes |= parent->attributes & TPMC__OBJECT_ENCRYPTED_DUPLICATION;
}
