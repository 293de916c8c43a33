/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/error_int.h"
#include "codec/digest.h"
#include "codec/spki.h"
#include "keyfile/tpm_names.h"
#include "keyfile/tpm_public.h"

#define DEFAULT_EXPONENT 65537u
#define COORDINATE_MAX 80

static uint32_t exponent_of(const tpmc__public *key)
{
    return key->exponent ? key->exponent : DEFAULT_EXPONENT;
}

/* Some writers strip the zeros before a coordinate; SubjectPublicKeyInfo wants them. */
static void pad_coordinate(uint8_t *out, size_t size, const uint8_t *data, size_t len)
{
    memset(out, 0, size);
    memcpy(out + size - len, data, len);
}

static int write_ec(const tpmc__public *key, tpmc__buf *out, tpmc_error *err)
{
    const tpmc__curve *curve = tpmc__curve_find(key->curve);
    uint8_t x[COORDINATE_MAX];
    uint8_t y[COORDINATE_MAX];

    if (!curve || !curve->oid)
        return tpmc__fail(err, TPMC_ERR_UNSUPPORTED,
                          "a public key on the curve %s (0x%04x) cannot be written; the NIST "
                          "curves P-192 to P-521 can",
                          curve ? curve->name : "unknown", key->curve);
    if (key->unique_len > curve->size || key->unique_y_len > curve->size)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT, "a coordinate is longer than %s allows",
                          curve->name);
    pad_coordinate(x, curve->size, key->unique, key->unique_len);
    pad_coordinate(y, curve->size, key->unique_y, key->unique_y_len);
    return tpmc__spki_write_ec(curve->oid, x, y, curve->size, out);
}

int tpmc__public_spki(const tpmc__public *key, tpmc__buf *out, tpmc_error *err)
{
    const char *flaw = tpmc__public_unique_flaw(key);
    int status;

    if (key->type != TPMC__ALG_RSA && key->type != TPMC__ALG_ECC)
        return tpmc__fail(err, TPMC_ERR_UNSUPPORTED,
                          "only RSA and ECC keys have a public key; this is a %s object",
                          key->type == TPMC__ALG_KEYEDHASH ? "keyed-hash" : "symmetric");
    if (flaw)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT, "the public area is not that of a key: %s", flaw);
    if (key->type == TPMC__ALG_ECC)
        status = write_ec(key, out, err);
    else
        status = tpmc__spki_write_rsa(key->unique, key->unique_len, exponent_of(key), out);
    if (tpmc__buf_status(out))
        return tpmc__buf_check(out, "the public key", err);
    return status;
}

static int same_symmetric(const tpmc__sym_def *a, const tpmc__sym_def *b)
{
    return a->algorithm == b->algorithm && a->key_bits == b->key_bits && a->mode == b->mode;
}

static int same_scheme(const tpmc__scheme *a, const tpmc__scheme *b)
{
    return a->algorithm == b->algorithm && a->hash == b->hash && a->kdf == b->kdf &&
           a->count == b->count;
}

static int same_policy(const tpmc__public *a, const tpmc__public *b)
{
    return a->auth_policy_len == b->auth_policy_len &&
           memcmp(a->auth_policy, b->auth_policy, a->auth_policy_len) == 0;
}

static int same_parameters(const tpmc__public *a, const tpmc__public *b)
{
    switch (a->type) {
    case TPMC__ALG_RSA:
        return same_symmetric(&a->symmetric, &b->symmetric) &&
               same_scheme(&a->scheme, &b->scheme) && a->key_bits == b->key_bits &&
               exponent_of(a) == exponent_of(b);
    case TPMC__ALG_ECC:
        return same_symmetric(&a->symmetric, &b->symmetric) &&
               same_scheme(&a->scheme, &b->scheme) && a->curve == b->curve &&
               same_scheme(&a->kdf, &b->kdf);
    case TPMC__ALG_KEYEDHASH:
        return same_scheme(&a->scheme, &b->scheme);
    case TPMC__ALG_SYMCIPHER:
        return same_symmetric(&a->symmetric, &b->symmetric);
    default:
        return 0;
    }
}

int tpmc__public_matches_template(const tpmc__public *key, const tpmc__public *key_template)
{
    return key->type == key_template->type && key->name_alg == key_template->name_alg &&
           key->attributes == key_template->attributes && same_policy(key, key_template) &&
           same_parameters(key, key_template);
}

int tpmc__public_is_storage(const tpmc__public *key)
{
    const uint32_t needed = TPMC__OBJECT_RESTRICTED | TPMC__OBJECT_DECRYPT;

    if (key->type != TPMC__ALG_RSA && key->type != TPMC__ALG_ECC)
        return 0;
    return (key->attributes & needed) == needed && !(key->attributes & TPMC__OBJECT_SIGN) &&
           key->symmetric.algorithm != TPMC__ALG_NULL;
}

static const char *keyed_hash_kind(const tpmc__public *key)
{
    if (key->scheme.algorithm == TPMC__ALG_HMAC)
        return "HMAC";
    if (key->scheme.algorithm == TPMC__ALG_XOR)
        return "XOR";
    return key->attributes & TPMC__OBJECT_SIGN ? "HMAC" : "sealed data";
}

int tpmc__public_kind_text(const tpmc__public *key, char *out, size_t capacity)
{
    const tpmc__curve *curve = NULL;
    const char *cipher = NULL;
    int length = -1;

    switch (key->type) {
    case TPMC__ALG_RSA:
        length = snprintf(out, capacity, "RSA %u", key->key_bits);
        break;
    case TPMC__ALG_ECC:
        curve = tpmc__curve_find(key->curve);
        length = snprintf(out, capacity, "ECC %s", curve ? curve->name : "on an unknown curve");
        break;
    case TPMC__ALG_KEYEDHASH:
        length = snprintf(out, capacity, "%s", keyed_hash_kind(key));
        break;
    case TPMC__ALG_SYMCIPHER:
        cipher = tpmc__alg_name(key->symmetric.algorithm);
        length = snprintf(out, capacity, "%s %u", cipher ? cipher : "symmetric",
                          key->symmetric.key_bits);
        break;
    default:
        length = snprintf(out, capacity, "object of type 0x%04x", key->type);
        break;
    }
    return length < 0 || (size_t)length >= capacity ? TPMC_ERR_ARGUMENT : 0;
}

const char *tpmc__public_unique_flaw(const tpmc__public *key)
{
    switch (key->type) {
    case TPMC__ALG_RSA:
        if (key->unique_len == 0 || key->unique_len != key->key_bits / 8u)
            return "its RSA modulus is missing or has another length than it states";
        if (!(key->unique[0] & 0x80) || !(key->unique[key->unique_len - 1] & 1))
            return "its RSA modulus is no product of two primes of the stated size";
        return NULL;
    case TPMC__ALG_ECC:
        return key->unique_len && key->unique_y_len ? NULL : "its point is missing";
    case TPMC__ALG_KEYEDHASH:
    case TPMC__ALG_SYMCIPHER:
        return key->unique_len && key->unique_len == tpmc__hash_size(key->name_alg)
                   ? NULL
                   : "its 'unique' field is no digest of nameAlg";
    default:
        return "its type is unknown";
    }
}
