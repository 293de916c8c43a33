/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/ec_numbers.h"

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/obj_mac.h>
#include <string.h>

#include "base/error_int.h"
#include "base/mem.h"
#include "codec/openssl_error.h"

#define OID_TEXT_SIZE 128

typedef struct curve_row {
    const char *oid;
    const char *name;
    unsigned bits; /* 0 for a curve that is known by name only */
    int nid;
} curve_row;

static const curve_row curves[] = {
    { "1.2.840.10045.3.1.7", "P-256", 256, NID_X9_62_prime256v1 },
    { "1.3.132.0.34", "P-384", 384, NID_secp384r1 },
    { "1.3.132.0.35", "P-521", 521, NID_secp521r1 },
    { "1.2.840.10045.3.1.1", "P-192", 0, 0 },
    { "1.3.132.0.33", "P-224", 0, 0 },
    { "1.3.132.0.10", "secp256k1", 0, 0 },
    { "1.3.36.3.3.2.8.1.1.7", "brainpoolP256r1", 0, 0 },
    { "1.3.36.3.3.2.8.1.1.8", "brainpoolP256t1", 0, 0 },
    { "1.3.36.3.3.2.8.1.1.11", "brainpoolP384r1", 0, 0 },
    { "1.3.36.3.3.2.8.1.1.12", "brainpoolP384t1", 0, 0 },
    { "1.3.36.3.3.2.8.1.1.13", "brainpoolP512r1", 0, 0 },
    { "1.3.36.3.3.2.8.1.1.14", "brainpoolP512t1", 0, 0 },
    { "1.2.156.10197.1.301", "SM2", 0, 0 },
};

/* The parts of an ECPrivateKey. Borrowed. */
typedef struct ec_parts {
    const curve_row *curve;
    tpmc__der scalar; /* without leading zeros */
    tpmc__der point;  /* empty when the key does not hold it */
} ec_parts;

/* What the arithmetic needs; all NULL at first. */
typedef struct ec_work {
    BN_CTX *bn;
    EC_GROUP *group;
    EC_POINT *own;
    EC_POINT *given;
    BIGNUM *scalar;
    BIGNUM *x;
    BIGNUM *y;
} ec_work;

static int find_curve(const tpmc__der *oid, const curve_row **out, tpmc_error *err)
{
    char text[OID_TEXT_SIZE];
    const char *name = text;

    (void)tpmc__der_oid_text(oid, text, sizeof(text));
    for (size_t i = 0; i < sizeof(curves) / sizeof(curves[0]); i++) {
        if (!tpmc__der_oid_is(oid, curves[i].oid))
            continue;
        *out = &curves[i];
        if (curves[i].bits != 0)
            return 0;
        name = curves[i].name;
    }
    return tpmc__fail(err, TPMC_ERR_UNSUPPORTED,
                      "the EC key is on the curve %s; keys on P-256, P-384 and P-521 can be "
                      "imported",
                      name);
}

/* Takes the parameters, if they are there, into `curve`. */
static int read_parameters(tpmc__der *body, tpmc__der *curve, tpmc_error *err)
{
    tpmc__der parameters = { NULL, 0 };
    int status = 0;

    if (tpmc__der_peek(body) != TPMC__DER_CONTEXT(0))
        return 0;
    if (tpmc__der_expect(body, TPMC__DER_CONTEXT(0), &parameters) != 0)
        return tpmc__private_key_fail_damaged(err);
    status = tpmc__private_key_take_curve(&parameters, curve, err);
    if (status == 0 && parameters.len > 0)
        status = tpmc__private_key_fail_damaged(err);
    return status;
}

/* Takes the public key, if it is there, into `point`. */
static int read_point(tpmc__der *body, tpmc__der *point, tpmc_error *err)
{
    tpmc__der tagged = { NULL, 0 };
    tpmc__der bits = { NULL, 0 };

    if (tpmc__der_peek(body) != TPMC__DER_CONTEXT(1))
        return 0;
    /* Whole octets: the first one counts the unused bits of the last. */
    if (tpmc__der_expect(body, TPMC__DER_CONTEXT(1), &tagged) != 0 ||
        tpmc__der_expect(&tagged, TPMC__DER_BIT_STRING, &bits) != 0 || tagged.len > 0 ||
        bits.len < 2 || bits.data[0] != 0)
        return tpmc__private_key_fail_damaged(err);
    *point = (tpmc__der){ bits.data + 1, bits.len - 1 };
    return 0;
}

static int settle_curve(const tpmc__der *outer, const tpmc__der *inner, ec_parts *parts,
                        tpmc_error *err)
{
    const tpmc__der *oid = outer->len > 0 ? outer : inner;

    if (oid->len == 0)
        return tpmc__fail(err, TPMC_ERR_FORMAT, "the EC key does not name its curve");
    if (inner->len > 0 && (inner->len != oid->len || memcmp(inner->data, oid->data, oid->len) != 0))
        return tpmc__fail(err, TPMC_ERR_FORMAT,
                          "the EC key names two different curves; it is damaged");
    return find_curve(oid, &parts->curve, err);
}

static int read_parts(const tpmc__private_key_der *der, ec_parts *parts, tpmc_error *err)
{
    tpmc__der body = der->key;
    tpmc__der version = { NULL, 0 };
    tpmc__der curve = { NULL, 0 };
    int status = 0;

    if (tpmc__der_expect_unsigned(&body, &version) != 0)
        return tpmc__private_key_fail_damaged(err);
    if (version.len != 1 || version.data[0] != 1)
        return tpmc__fail(err, TPMC_ERR_FORMAT, "the EC key has an unknown version");
    if (tpmc__der_expect(&body, TPMC__DER_OCTET_STRING, &parts->scalar) != 0)
        return tpmc__private_key_fail_damaged(err);
    status = read_parameters(&body, &curve, err);
    if (status == 0)
        status = read_point(&body, &parts->point, err);
    if (status == 0 && body.len > 0)
        status = tpmc__private_key_fail_trailing(err);
    if (status == 0)
        status = settle_curve(&der->curve, &curve, parts, err);
    if (status != 0)
        return status;
    while (parts->scalar.len > 0 && parts->scalar.data[0] == 0) {
        parts->scalar.data++;
        parts->scalar.len--;
    }
    return 0;
}

/* 1 when OpenSSL had what all of it needs. */
static int prepare(tpmc_env *env, const ec_parts *parts, ec_work *work)
{
    work->bn = BN_CTX_secure_new_ex(env->ossl);
    work->group = EC_GROUP_new_by_curve_name_ex(env->ossl, NULL, parts->curve->nid);
    if (work->bn == NULL || work->group == NULL)
        return 0;
    work->own = EC_POINT_new(work->group);
    work->given = EC_POINT_new(work->group);
    work->scalar = BN_secure_new();
    work->x = BN_new();
    work->y = BN_new();
    if (work->own == NULL || work->given == NULL || work->scalar == NULL || work->x == NULL ||
        work->y == NULL)
        return 0;
    BN_set_flags(work->scalar, BN_FLG_CONSTTIME);
    return BN_bin2bn(parts->scalar.data, (int)parts->scalar.len, work->scalar) != NULL;
}

static void clean(ec_work *work)
{
    BN_free(work->y);
    BN_free(work->x);
    BN_clear_free(work->scalar);
    EC_POINT_free(work->given);
    EC_POINT_clear_free(work->own);
    EC_GROUP_free(work->group);
    BN_CTX_free(work->bn);
}

/* SEC 1 section 3.2.1: from 1 to the order less one. */
static int in_range(const ec_work *work)
{
    return !BN_is_zero(work->scalar) && BN_cmp(work->scalar, EC_GROUP_get0_order(work->group)) < 0;
}

/* 1 when `out` holds the point that the scalar makes. */
static int compute_point(ec_work *work, tpmc__private_key *out)
{
    int len = (int)out->coordinate_len;

    return EC_POINT_mul(work->group, work->own, work->scalar, NULL, NULL, work->bn) == 1 &&
           EC_POINT_get_affine_coordinates(work->group, work->own, work->x, work->y, work->bn) ==
               1 &&
           BN_bn2binpad(work->x, out->x, len) == len && BN_bn2binpad(work->y, out->y, len) == len;
}

static int check_point(ec_work *work, const tpmc__der *point, tpmc_error *err)
{
    if (point->len == 0)
        return 0;
    if (EC_POINT_oct2point(work->group, work->given, point->data, point->len, work->bn) == 1 &&
        EC_POINT_cmp(work->group, work->own, work->given, work->bn) == 0)
        return 0;
    if (tpmc__openssl_out_of_memory())
        return tpmc__fail_nomem(err);
    return tpmc__fail(err, TPMC_ERR_FORMAT,
                      "the public point of the EC key does not belong to its private number; the "
                      "key is damaged");
}

static int keep_scalar(const ec_work *work, tpmc__private_key *out, tpmc_error *err)
{
    uint8_t padded[TPMC__EC_MAX_BYTES];
    int len = (int)out->coordinate_len;
    int status = 0;

    if (BN_bn2binpad(work->scalar, padded, len) != len)
        return tpmc__openssl_fail(err, "reading the EC key's number");
    status = tpmc__secret_set(&out->secret, padded, out->coordinate_len, err);
    tpmc__mem_wipe(padded, sizeof(padded));
    return status;
}

static int fill(ec_work *work, const ec_parts *parts, tpmc__private_key *out, tpmc_error *err)
{
    int status = 0;

    if (!in_range(work))
        return tpmc__fail(err, TPMC_ERR_FORMAT,
                          "the private number of the EC key is zero or too large for the curve %s",
                          parts->curve->name);
    if (!compute_point(work, out))
        return tpmc__openssl_fail(err, "computing the EC key's point");
    status = check_point(work, &parts->point, err);
    return status == 0 ? keep_scalar(work, out, err) : status;
}

int tpmc__ec_numbers_read(tpmc_env *env, const tpmc__private_key_der *der, tpmc__private_key *out,
                          tpmc_error *err)
{
    ec_parts parts = { NULL, { NULL, 0 }, { NULL, 0 } };
    ec_work work = { NULL, NULL, NULL, NULL, NULL, NULL, NULL };
    int status = read_parts(der, &parts, err);

    if (status != 0)
        return status;
    out->curve_bits = parts.curve->bits;
    out->coordinate_len = (parts.curve->bits + 7) / 8;
    tpmc__openssl_begin();
    if (prepare(env, &parts, &work))
        status = fill(&work, &parts, out, err);
    else
        status = tpmc__openssl_fail(err, "preparing an EC key in OpenSSL");
    clean(&work);
    tpmc__openssl_end();
    return status;
}
