/* SPDX-License-Identifier: Apache-2.0 */
#include "tpmkey/algorithm.h"

#include <stdio.h>
#include <string.h>

#include "base/error_int.h"
#include "keyfile/tpm_names.h"

#define NAME_MAX_LEN 32
#define LIST_MAX 256
#define KIND_MAX 64

/* The first that fits a key exactly is the one that the key implies. */
static const tpmc__algorithm algorithms[] = {
    { "RS256", TPMC__ALG_RSA, TPMC__ALG_RSASSA, TPMC__HASH_SHA256, 0 },
    { "RS384", TPMC__ALG_RSA, TPMC__ALG_RSASSA, TPMC__HASH_SHA384, 0 },
    { "RS512", TPMC__ALG_RSA, TPMC__ALG_RSASSA, TPMC__HASH_SHA512, 0 },
    { "PS256", TPMC__ALG_RSA, TPMC__ALG_RSAPSS, TPMC__HASH_SHA256, 0 },
    { "PS384", TPMC__ALG_RSA, TPMC__ALG_RSAPSS, TPMC__HASH_SHA384, 0 },
    { "PS512", TPMC__ALG_RSA, TPMC__ALG_RSAPSS, TPMC__HASH_SHA512, 0 },
    { "ES256", TPMC__ALG_ECC, TPMC__ALG_ECDSA, TPMC__HASH_SHA256, TPMC__CURVE_P256 },
    { "ES384", TPMC__ALG_ECC, TPMC__ALG_ECDSA, TPMC__HASH_SHA384, TPMC__CURVE_P384 },
    { "ES512", TPMC__ALG_ECC, TPMC__ALG_ECDSA, TPMC__HASH_SHA512, TPMC__CURVE_P521 },
    { "ECDSA-SHA256", TPMC__ALG_ECC, TPMC__ALG_ECDSA, TPMC__HASH_SHA256, 0 },
    { "ECDSA-SHA384", TPMC__ALG_ECC, TPMC__ALG_ECDSA, TPMC__HASH_SHA384, 0 },
    { "ECDSA-SHA512", TPMC__ALG_ECC, TPMC__ALG_ECDSA, TPMC__HASH_SHA512, 0 },
    { "HS256", TPMC__ALG_KEYEDHASH, TPMC__ALG_HMAC, TPMC__HASH_SHA256, 0 },
    { "HS384", TPMC__ALG_KEYEDHASH, TPMC__ALG_HMAC, TPMC__HASH_SHA384, 0 },
    { "HS512", TPMC__ALG_KEYEDHASH, TPMC__ALG_HMAC, TPMC__HASH_SHA512, 0 },
};

#define ALGORITHM_COUNT (sizeof(algorithms) / sizeof(algorithms[0]))

/* What a key does not sign with that is fixed to one of these. */
static const struct scheme_text {
    uint16_t scheme;
    const char *text;
} unfit_schemes[] = {
    { TPMC__ALG_RSAES, "this RSA key is fixed to decryption (RSAES); it cannot sign" },
    { TPMC__ALG_OAEP, "this RSA key is fixed to decryption (OAEP); it cannot sign" },
    { TPMC__ALG_ECDH, "this EC key is fixed to key agreement (ECDH); it cannot sign" },
    { TPMC__ALG_ECMQV, "this EC key is fixed to key agreement (ECMQV); it cannot sign" },
    { TPMC__ALG_ECDAA, "this EC key is fixed to ECDAA; only ECDSA is supported" },
    { TPMC__ALG_ECSCHNORR, "this EC key is fixed to EC-Schnorr; only ECDSA is supported" },
    { TPMC__ALG_SM2, "this EC key is fixed to SM2; only ECDSA is supported" },
    { TPMC__ALG_XOR, "this keyed-hash key is fixed to XOR obfuscation; it makes no HMAC" },
};

static const char *type_text(uint16_t type)
{
    switch (type) {
    case TPMC__ALG_RSA:
        return "an RSA key";
    case TPMC__ALG_ECC:
        return "an EC key";
    case TPMC__ALG_KEYEDHASH:
        return "an HMAC key";
    default:
        return "a key of another kind";
    }
}

static const char *product_text(uint16_t type)
{
    return type == TPMC__ALG_KEYEDHASH ? "MACs" : "signatures";
}

void tpmc__key_kind_of(const tpmc__public *public_area, tpmc__key_kind *out)
{
    memset(out, 0, sizeof(*out));
    out->type = public_area->type;
    out->scheme = public_area->scheme.algorithm;
    out->hash = public_area->scheme.hash;
    if (public_area->type == TPMC__ALG_ECC)
        out->curve = public_area->curve;
    out->attributes = public_area->attributes;
}

static int curve_is_known(uint16_t curve)
{
    return curve == TPMC__CURVE_P256 || curve == TPMC__CURVE_P384 || curve == TPMC__CURVE_P521;
}

static int fits_curve(const tpmc__key_kind *kind, const tpmc__algorithm *algorithm)
{
    if (kind->type != TPMC__ALG_ECC)
        return 1;
    return algorithm->curve == 0 ? curve_is_known(kind->curve) : kind->curve == algorithm->curve;
}

/* An HMAC key of any scheme is used with SHA-256. */
static uint16_t fixed_hash(const tpmc__key_kind *kind)
{
    if (kind->type == TPMC__ALG_KEYEDHASH && kind->scheme == TPMC__ALG_NULL)
        return TPMC__HASH_SHA256;
    return kind->hash;
}

static int fits_exactly(const tpmc__key_kind *kind, const tpmc__algorithm *algorithm)
{
    uint16_t hash = fixed_hash(kind);

    if (kind->type != algorithm->type || !fits_curve(kind, algorithm))
        return 0;
    if (kind->scheme != TPMC__ALG_NULL && kind->scheme != algorithm->scheme)
        return 0;
    return hash == 0 || hash == algorithm->hash;
}

/* ECDSA takes only the digest's leftmost bits, so that a key fixed to a longer hash can sign a
 * shorter one's digest; unless the TPM itself hashes, as it does for restricted keys. */
static int fits(const tpmc__key_kind *kind, const tpmc__algorithm *algorithm)
{
    tpmc__key_kind any_hash = *kind;

    if (kind->type != TPMC__ALG_ECC || (kind->attributes & TPMC__OBJECT_RESTRICTED) ||
        tpmc__hash_size(kind->hash) < tpmc__hash_size(algorithm->hash))
        return fits_exactly(kind, algorithm);
    any_hash.hash = 0;
    return fits_exactly(&any_hash, algorithm);
}

static const tpmc__algorithm *find(const char *name)
{
    for (size_t i = 0; i < ALGORITHM_COUNT; i++) {
        if (strcmp(algorithms[i].name, name) == 0)
            return &algorithms[i];
    }
    return NULL;
}

static const tpmc__algorithm *implied(const tpmc__key_kind *kind)
{
    for (size_t i = 0; i < ALGORITHM_COUNT; i++) {
        if (fits_exactly(kind, &algorithms[i]))
            return &algorithms[i];
    }
    return NULL;
}

static int refuse_unknown(const char *name, tpmc_error *err)
{
    char list[LIST_MAX] = "";
    size_t used = 0;

    for (size_t i = 0; i < ALGORITHM_COUNT && used < sizeof(list); i++) {
        int written = snprintf(list + used, sizeof(list) - used, "%s%s", i == 0 ? "" : ", ",
                               algorithms[i].name);

        used += written > 0 ? (size_t)written : 0;
    }
    return tpmc__fail(err, TPMC_ERR_ARGUMENT, "unknown algorithm '%.*s'; known are %s",
                      NAME_MAX_LEN, name, list);
}

/* "ecdsa with sha384": what the key is fixed to. */
static void write_scheme(const tpmc__key_kind *kind, char *out, size_t capacity)
{
    const char *scheme = tpmc__alg_name(kind->scheme);
    const char *hash = kind->hash == 0 ? NULL : tpmc__alg_name(kind->hash);

    (void)snprintf(out, capacity, "%s%s%s", scheme != NULL ? scheme : "another kind",
                   hash != NULL ? " with " : "", hash != NULL ? hash : "");
}

static int refuse_curve(const tpmc__key_kind *kind, const tpmc__algorithm *wanted, tpmc_error *err)
{
    const tpmc__curve *curve = tpmc__curve_find(kind->curve);
    const tpmc__curve *other = wanted == NULL ? NULL : tpmc__curve_find(wanted->curve);
    const char *name = curve != NULL ? curve->name : "an unknown curve";

    if (!curve_is_known(kind->curve))
        return tpmc__fail(err, TPMC_ERR_UNSUPPORTED,
                          "this EC key is on %s; keys on P-256, P-384 and P-521 can sign", name);
    return tpmc__fail(err, TPMC_ERR_UNSUPPORTED, "%s is for keys on %s, and this EC key is on %s",
                      wanted->name, other->name, name);
}

static int refuse_scheme(const tpmc__key_kind *kind, const tpmc__algorithm *wanted, tpmc_error *err)
{
    const char *product = product_text(kind->type);
    char scheme[KIND_MAX];

    write_scheme(kind, scheme, sizeof(scheme));
    if (wanted == NULL)
        return tpmc__fail(err, TPMC_ERR_UNSUPPORTED,
                          "this key is fixed to %s, with which no %s are made here", scheme,
                          product);
    if (kind->type == TPMC__ALG_KEYEDHASH && kind->scheme == TPMC__ALG_NULL)
        return tpmc__fail(err, TPMC_ERR_UNSUPPORTED,
                          "this HMAC key has no scheme, so it is used with SHA-256 (HS256)");
    return tpmc__fail(err, TPMC_ERR_UNSUPPORTED,
                      "this key is fixed to the scheme %s, so it cannot make %s %s%s", scheme,
                      wanted->name, product,
                      kind->type == TPMC__ALG_KEYEDHASH ? "" : "; a key with the scheme null can");
}

/* Why none, or not the wanted one, fits. `wanted` is NULL for what the key implies. */
static int refuse(const tpmc__key_kind *kind, const tpmc__algorithm *wanted, tpmc_error *err)
{
    uint16_t wanted_type = wanted == NULL ? kind->type : wanted->type;

    if (kind->type == TPMC__ALG_KEYEDHASH && wanted_type != kind->type)
        return tpmc__fail(err, TPMC_ERR_UNSUPPORTED,
                          "this is an HMAC key, which cannot make %s signatures; it makes MACs, "
                          "see tpmc_key_hmac()",
                          wanted->name);
    if (wanted == NULL && kind->type != TPMC__ALG_RSA && kind->type != TPMC__ALG_ECC &&
        kind->type != TPMC__ALG_KEYEDHASH)
        return tpmc__fail(err, TPMC_ERR_UNSUPPORTED, "this is %s, which cannot sign",
                          type_text(kind->type));
    if (wanted_type != kind->type)
        return tpmc__fail(err, TPMC_ERR_UNSUPPORTED, "this is %s, which cannot make %s %s",
                          type_text(kind->type), wanted->name, product_text(wanted_type));
    for (size_t i = 0; i < sizeof(unfit_schemes) / sizeof(unfit_schemes[0]); i++) {
        if (unfit_schemes[i].scheme == kind->scheme)
            return tpmc__fail(err, TPMC_ERR_UNSUPPORTED, "%s", unfit_schemes[i].text);
    }
    if (kind->type == TPMC__ALG_ECC &&
        (!curve_is_known(kind->curve) || (wanted != NULL && !fits_curve(kind, wanted))))
        return refuse_curve(kind, wanted, err);
    return refuse_scheme(kind, wanted, err);
}

int tpmc__algorithm_for(const tpmc__key_kind *kind, const char *name, const tpmc__algorithm **out,
                        tpmc_error *err)
{
    const tpmc__algorithm *found = NULL;

    *out = NULL;
    if (name == NULL) {
        found = implied(kind);
        if (found == NULL)
            return refuse(kind, NULL, err);
        *out = found;
        return 0;
    }
    found = find(name);
    if (found == NULL)
        return refuse_unknown(name, err);
    if (!fits(kind, found))
        return refuse(kind, found, err);
    *out = found;
    return 0;
}
