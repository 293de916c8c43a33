/* SPDX-License-Identifier: Apache-2.0 */
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdlib.h>

#include "codec/der.h"
#include "codec/pem.h"
#include "codec/private_key.h"
#include "unit/codec_env.h"
#include "unit/each_allocation.h"
#include "unit/expect.h"

#define ROOM 20000
#define OID_EC "1.2.840.10045.2.1"

typedef struct curve_row {
    const char *name;
    const char *oid;
    unsigned bits;
    size_t len;
} curve_row;

static const curve_row curves[] = {
    { "P-256", "1.2.840.10045.3.1.7", 256, 32 },
    { "P-384", "1.3.132.0.34", 384, 48 },
    { "P-521", "1.3.132.0.35", 521, 66 },
};

#define CURVES (sizeof(curves) / sizeof(curves[0]))

static tpmc_env *env;

/* The parts of an ECPrivateKey that a test puts together; NULL leaves one out. */
typedef struct ec_key {
    unsigned version;
    const uint8_t *scalar;
    size_t scalar_len;
    const char *curve;
    const uint8_t *point;
    size_t point_len;
} ec_key;

static void write_point(const ec_key *key, tpmc__buf *out)
{
    tpmc__buf tagged;
    tpmc__buf bits;

    tpmc__buf_init(&tagged, ROOM);
    tpmc__buf_init(&bits, ROOM);
    tpmc__buf_append_byte(&bits, 0);
    tpmc__buf_append(&bits, key->point, key->point_len);
    tpmc__der_wrap(&tagged, TPMC__DER_BIT_STRING, &bits);
    tpmc__der_wrap(out, TPMC__DER_CONTEXT(1), &tagged);
}

static void write_sec1(const ec_key *key, tpmc__buf *out)
{
    tpmc__buf parameters;
    tpmc__buf body;

    tpmc__buf_init(&parameters, ROOM);
    tpmc__buf_init(&body, ROOM);
    tpmc__buf_init(out, ROOM);
    tpmc__der_write_uint32(&body, key->version);
    tpmc__der_write(&body, TPMC__DER_OCTET_STRING, key->scalar, key->scalar_len);
    if (key->curve != NULL) {
        tpmc__der_write_oid(&parameters, key->curve);
        tpmc__der_wrap(&body, TPMC__DER_CONTEXT(0), &parameters);
    }
    if (key->point != NULL)
        write_point(key, &body);
    assert_int_equal(tpmc__der_wrap(out, TPMC__DER_SEQUENCE, &body), 0);
}

/* PKCS#8 around `key`, with these bytes as the algorithm's parameters; frees `key`. */
static void write_pkcs8(const void *parameters, size_t len, tpmc__buf *key, tpmc__buf *out)
{
    tpmc__buf algorithm;
    tpmc__buf body;

    tpmc__buf_init(&algorithm, ROOM);
    tpmc__buf_init(&body, ROOM);
    tpmc__buf_init(out, ROOM);
    tpmc__der_write_uint32(&body, 0);
    tpmc__der_write_oid(&algorithm, OID_EC);
    tpmc__buf_append(&algorithm, parameters, len);
    tpmc__der_wrap(&body, TPMC__DER_SEQUENCE, &algorithm);
    tpmc__der_wrap(&body, TPMC__DER_OCTET_STRING, key);
    assert_int_equal(tpmc__der_wrap(out, TPMC__DER_SEQUENCE, &body), 0);
}

static void take_bio(BIO *bio, tpmc__buf *out)
{
    char *data = NULL;
    long len = BIO_get_mem_data(bio, &data);

    tpmc__buf_init(out, ROOM);
    assert_true(len > 0);
    assert_int_equal(tpmc__buf_append(out, data, (size_t)len), 0);
    BIO_free(bio);
}

static void number_of(EVP_PKEY *key, const char *name, uint8_t *out, size_t len)
{
    BIGNUM *number = NULL;

    assert_int_equal(EVP_PKEY_get_bn_param(key, name, &number), 1);
    assert_int_equal(BN_bn2binpad(number, out, (int)len), len);
    BN_clear_free(number);
}

static void check_key(const curve_row *curve, EVP_PKEY *key, const tpmc__private_key *out)
{
    uint8_t bytes[TPMC__EC_MAX_BYTES];

    assert_int_equal(out->kind, TPMC__PRIVATE_EC);
    assert_int_equal(out->curve_bits, curve->bits);
    assert_int_equal(out->coordinate_len, curve->len);
    assert_int_equal(out->secret.len, curve->len);
    number_of(key, OSSL_PKEY_PARAM_PRIV_KEY, bytes, curve->len);
    assert_memory_equal(out->secret.data, bytes, curve->len);
    number_of(key, OSSL_PKEY_PARAM_EC_PUB_X, bytes, curve->len);
    assert_memory_equal(out->x, bytes, curve->len);
    number_of(key, OSSL_PKEY_PARAM_EC_PUB_Y, bytes, curve->len);
    assert_memory_equal(out->y, bytes, curve->len);
}

/* Frees `data`. */
static void check_taken(const curve_row *curve, EVP_PKEY *key, tpmc__buf *data)
{
    tpmc_error *err = NULL;
    tpmc__private_key out;

    assert_int_equal(tpmc_error_new(&err), 0);
    memset(&out, 0x5a, sizeof(out));
    expect_success(tpmc__private_key_parse(env, data->data, data->len, &out, err), err);
    check_key(curve, key, &out);
    tpmc__private_key_free(&out);
    assert_null(out.secret.data);
    tpmc_error_free(err);
    tpmc__buf_free(data);
}

static void check_refused_bytes(const void *data, size_t len, int code, const char *words)
{
    tpmc_error *err = NULL;
    tpmc__private_key out;

    assert_int_equal(tpmc_error_new(&err), 0);
    memset(&out, 0x5a, sizeof(out));
    ERR_clear_error();
    ERR_raise(ERR_LIB_USER, 42);
    expect_failure(tpmc__private_key_parse(env, data, len, &out, err), err, code, words);
    assert_int_equal(ERR_GET_REASON(ERR_get_error()), 42);
    assert_int_equal(ERR_get_error(), 0);
    assert_null(out.secret.data);
    assert_int_equal(out.coordinate_len, 0);
    tpmc_error_free(err);
}

/* Frees `data`. */
static void check_refused(tpmc__buf *data, int code, const char *words)
{
    check_refused_bytes(data->data, data->len, code, words);
    tpmc__buf_free(data);
}

static void pkcs8_of(EVP_PKEY *key, tpmc__buf *out)
{
    PKCS8_PRIV_KEY_INFO *info = EVP_PKEY2PKCS8(key);
    BIO *bio = BIO_new(BIO_s_mem());

    assert_int_equal(i2d_PKCS8_PRIV_KEY_INFO_bio(bio, info), 1);
    PKCS8_PRIV_KEY_INFO_free(info);
    take_bio(bio, out);
}

static void sec1_of(EVP_PKEY *key, tpmc__buf *out)
{
    unsigned char *data = NULL;
    int len = i2d_PrivateKey(key, &data);

    assert_true(len > 0);
    tpmc__buf_init(out, ROOM);
    assert_int_equal(tpmc__buf_append(out, data, (size_t)len), 0);
    OPENSSL_free(data);
}

static void check_all_forms(const curve_row *curve, EVP_PKEY *key)
{
    BIO *bio = BIO_new(BIO_s_mem());
    tpmc__buf data;
    tpmc__buf der;

    pkcs8_of(key, &data);
    check_taken(curve, key, &data);
    sec1_of(key, &der);
    assert_int_equal(PEM_write_bio_PKCS8PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL), 1);
    take_bio(bio, &data);
    check_taken(curve, key, &data);
    /* As "openssl ecparam -genkey" writes it. */
    tpmc__buf_init(&data, ROOM);
    tpmc__buf_append_text(&data, "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n"
                                 "-----END EC PARAMETERS-----\n");
    tpmc__pem_write("EC PRIVATE KEY", der.data, der.len, &data);
    check_taken(curve, key, &data);
    check_taken(curve, key, &der);
}

static void keys_of_every_curve_and_form_are_taken(void **state)
{
    (void)state;
    for (size_t i = 0; i < CURVES; i++) {
        for (int round = 0; round < 20; round++) {
            EVP_PKEY *key = EVP_EC_gen(curves[i].name);

            check_all_forms(&curves[i], key);
            EVP_PKEY_free(key);
        }
    }
}

/* One key of each curve, in parts. */
typedef struct fixture {
    EVP_PKEY *key;
    uint8_t scalar[TPMC__EC_MAX_BYTES + 2]; /* behind two zeros */
    uint8_t point[1 + 2 * TPMC__EC_MAX_BYTES];
    ec_key parts;
} fixture;

static void make_fixture(const curve_row *curve, fixture *out)
{
    memset(out, 0, sizeof(*out));
    out->key = EVP_EC_gen(curve->name);
    number_of(out->key, OSSL_PKEY_PARAM_PRIV_KEY, out->scalar + 2, curve->len);
    out->point[0] = POINT_CONVERSION_UNCOMPRESSED;
    number_of(out->key, OSSL_PKEY_PARAM_EC_PUB_X, out->point + 1, curve->len);
    number_of(out->key, OSSL_PKEY_PARAM_EC_PUB_Y, out->point + 1 + curve->len, curve->len);
    out->parts =
        (ec_key){ 1, out->scalar + 2, curve->len, curve->oid, out->point, 1 + 2 * curve->len };
}

static void the_point_may_be_missing_or_in_any_form(void **state)
{
    (void)state;
    for (size_t i = 0; i < CURVES; i++) {
        size_t len = curves[i].len;
        ec_key key;
        fixture f;
        tpmc__buf data;

        make_fixture(&curves[i], &f);
        key = f.parts;
        key.point = NULL;
        write_sec1(&key, &data);
        check_taken(&curves[i], f.key, &data);
        key = f.parts;
        key.point_len = 1 + len;
        f.point[0] = (uint8_t)(2 | (f.point[2 * len] & 1));
        write_sec1(&key, &data);
        check_taken(&curves[i], f.key, &data);
        f.point[0] ^= 1;
        write_sec1(&key, &data);
        check_refused(&data, TPMC_ERR_FORMAT, "does not belong to its private number");
        f.point[0] = (uint8_t)(6 | (f.point[2 * len] & 1));
        key.point_len = 1 + 2 * len;
        write_sec1(&key, &data);
        check_taken(&curves[i], f.key, &data);
        EVP_PKEY_free(f.key);
    }
}

static void a_wrong_point_is_noticed(void **state)
{
    static const uint8_t infinity[] = { 0 };

    (void)state;
    for (size_t i = 0; i < CURVES; i++) {
        fixture f;
        fixture other;
        tpmc__buf data;

        make_fixture(&curves[i], &f);
        make_fixture(&curves[i], &other);
        other.parts.scalar = f.parts.scalar;
        write_sec1(&other.parts, &data); /* another key's point */
        check_refused(&data, TPMC_ERR_FORMAT, "does not belong to its private number");
        f.point[curves[i].len] ^= 1; /* not on the curve */
        write_sec1(&f.parts, &data);
        check_refused(&data, TPMC_ERR_FORMAT, "does not belong to its private number");
        f.parts.point_len--;
        write_sec1(&f.parts, &data);
        check_refused(&data, TPMC_ERR_FORMAT, "does not belong to its private number");
        f.parts.point = infinity;
        f.parts.point_len = 1;
        write_sec1(&f.parts, &data);
        check_refused(&data, TPMC_ERR_FORMAT, "does not belong to its private number");
        EVP_PKEY_free(f.key);
        EVP_PKEY_free(other.key);
    }
}

/* The order of the curve, less one when `less` is set. */
static void order_of(EVP_PKEY *key, int less, uint8_t *out, size_t len)
{
    BIGNUM *order = NULL;

    assert_int_equal(EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_EC_ORDER, &order), 1);
    if (less)
        assert_int_equal(BN_sub_word(order, 1), 1);
    assert_int_equal(BN_bn2binpad(order, out, (int)len), len);
    BN_free(order);
}

static void the_scalar_is_from_1_to_the_order_less_1(void **state)
{
    uint8_t number[TPMC__EC_MAX_BYTES + 1] = { 0 };
    tpmc__private_key out;
    tpmc__buf data;

    (void)state;
    for (size_t i = 0; i < CURVES; i++) {
        EVP_PKEY *key = EVP_EC_gen(curves[i].name);
        size_t len = curves[i].len;
        ec_key parts = { 1, number, len, curves[i].oid, NULL, 0 };

        memset(number, 0, sizeof(number));
        write_sec1(&parts, &data);
        check_refused(&data, TPMC_ERR_FORMAT, "zero or too large for the curve P-");
        number[len - 1] = 1;
        write_sec1(&parts, &data);
        assert_int_equal(tpmc__private_key_parse(env, data.data, data.len, &out, NULL), 0);
        assert_int_equal(out.secret.data[len - 1], 1);
        tpmc__private_key_free(&out);
        tpmc__buf_free(&data);
        order_of(key, 1, number, len);
        write_sec1(&parts, &data);
        assert_int_equal(tpmc__private_key_parse(env, data.data, data.len, &out, NULL), 0);
        tpmc__private_key_free(&out);
        tpmc__buf_free(&data);
        order_of(key, 0, number, len);
        write_sec1(&parts, &data);
        check_refused(&data, TPMC_ERR_FORMAT, "too large for the curve");
        memset(number, 0xff, sizeof(number));
        parts.scalar_len = len + 1;
        write_sec1(&parts, &data);
        check_refused(&data, TPMC_ERR_FORMAT, "too large for the curve");
        parts.scalar_len = 0;
        write_sec1(&parts, &data);
        check_refused(&data, TPMC_ERR_FORMAT, "zero or too large");
        EVP_PKEY_free(key);
    }
}

/* Writers differ in whether they pad the number. */
static void leading_zeros_of_the_scalar_do_not_count(void **state)
{
    static const uint8_t small[] = { 0x12, 0x34 };
    tpmc__private_key out;
    tpmc__buf data;
    fixture f;

    (void)state;
    make_fixture(&curves[0], &f);
    f.parts.scalar = f.scalar;
    f.parts.scalar_len += 2;
    write_sec1(&f.parts, &data);
    check_taken(&curves[0], f.key, &data);
    f.parts.scalar = small;
    f.parts.scalar_len = sizeof(small);
    f.parts.point = NULL;
    write_sec1(&f.parts, &data);
    assert_int_equal(tpmc__private_key_parse(env, data.data, data.len, &out, NULL), 0);
    assert_int_equal(out.secret.len, 32);
    assert_int_equal(out.secret.data[29], 0);
    assert_memory_equal(out.secret.data + 30, small, 2);
    tpmc__private_key_free(&out);
    tpmc__buf_free(&data);
    EVP_PKEY_free(f.key);
}

static void other_curves_are_named(void **state)
{
    static const char *const rows[][2] = {
        { "secp256k1", "secp256k1" },
        { "P-224", "P-224" },
        { "P-192", "P-192" },
        { "brainpoolP256r1", "brainpoolP256r1" },
        { "brainpoolP384r1", "brainpoolP384r1" },
        { "brainpoolP512r1", "brainpoolP512r1" },
        { "brainpoolP256t1", "brainpoolP256t1" },
        { "brainpoolP384t1", "brainpoolP384t1" },
        { "brainpoolP512t1", "brainpoolP512t1" },
        { "sect233k1", "1.3.132.0.26" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        EVP_PKEY *key = EVP_EC_gen(rows[i][0]);
        tpmc__buf data;

        assert_non_null(key);
        pkcs8_of(key, &data);
        check_refused(&data, TPMC_ERR_UNSUPPORTED, rows[i][1]);
        sec1_of(key, &data);
        check_refused(&data, TPMC_ERR_UNSUPPORTED, "keys on P-256, P-384 and P-521");
        EVP_PKEY_free(key);
    }
}

static void curves_that_are_spelled_out_are_refused(void **state)
{
    char encoding[] = OSSL_PKEY_EC_ENCODING_EXPLICIT;
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_EC_ENCODING, encoding, 0),
        OSSL_PARAM_construct_end(),
    };
    EVP_PKEY *key = EVP_EC_gen("P-256");
    tpmc__buf data;

    (void)state;
    assert_int_equal(EVP_PKEY_set_params(key, params), 1);
    pkcs8_of(key, &data);
    check_refused(&data, TPMC_ERR_UNSUPPORTED, "openssl ec -in FILE -param_enc named_curve");
    sec1_of(key, &data);
    check_refused(&data, TPMC_ERR_UNSUPPORTED, "spells out its curve");
    EVP_PKEY_free(key);
}

static void the_curve_is_named_once_or_twice_alike(void **state)
{
    static const uint8_t p256[] = { 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07 };
    static const uint8_t p384[] = { 0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x22 };
    tpmc__buf key;
    tpmc__buf data;
    fixture f;

    (void)state;
    make_fixture(&curves[0], &f);
    write_sec1(&f.parts, &key);
    write_pkcs8(p256, sizeof(p256), &key, &data);
    check_taken(&curves[0], f.key, &data);
    write_sec1(&f.parts, &key);
    write_pkcs8(p384, sizeof(p384), &key, &data);
    check_refused(&data, TPMC_ERR_FORMAT, "two different curves");
    write_sec1(&f.parts, &key);
    write_pkcs8("", 0, &key, &data);
    check_taken(&curves[0], f.key, &data);
    write_sec1(&f.parts, &key);
    write_pkcs8("\x05\x00", 2, &key, &data);
    check_refused(&data, TPMC_ERR_UNSUPPORTED, "does not name its curve");
    write_sec1(&f.parts, &key);
    write_pkcs8("\x06\x00", 2, &key, &data);
    check_refused(&data, TPMC_ERR_FORMAT, "damaged");
    f.parts.curve = NULL;
    write_sec1(&f.parts, &key);
    write_pkcs8(p256, sizeof(p256), &key, &data);
    check_taken(&curves[0], f.key, &data);
    write_sec1(&f.parts, &key);
    write_pkcs8("", 0, &key, &data);
    check_refused(&data, TPMC_ERR_FORMAT, "does not name its curve");
    write_sec1(&f.parts, &data);
    check_refused(&data, TPMC_ERR_FORMAT, "does not name its curve");
    EVP_PKEY_free(f.key);
}

static void the_structure_is_read_strictly(void **state)
{
    tpmc__buf data;
    fixture f;

    (void)state;
    make_fixture(&curves[1], &f);
    f.parts.version = 0;
    write_sec1(&f.parts, &data);
    check_refused(&data, TPMC_ERR_FORMAT, "EC key has an unknown version");
    f.parts.version = 2;
    write_sec1(&f.parts, &data);
    check_refused(&data, TPMC_ERR_FORMAT, "EC key has an unknown version");
    f.parts.version = 1;
    write_sec1(&f.parts, &data);
    for (size_t len = 1; len < data.len; len++)
        check_refused_bytes(data.data, len, TPMC_ERR_FORMAT, "damaged or cut short");
    tpmc__buf_append_byte(&data, 0);
    check_refused(&data, TPMC_ERR_FORMAT, "something follows");
    pkcs8_of(f.key, &data);
    for (size_t len = 1; len < data.len; len++)
        check_refused_bytes(data.data, len, TPMC_ERR_FORMAT, "damaged or cut short");
    tpmc__buf_free(&data);
    /* Empty parameters, an empty point, and one with unused bits. */
    check_refused_bytes("\x30\x08\x02\x01\x01\x04\x01\x01\xa0\x00", 10, TPMC_ERR_FORMAT, "damaged");
    check_refused_bytes("\x30\x0b\x02\x01\x01\x04\x01\x01\xa1\x03\x03\x01\x00", 13, TPMC_ERR_FORMAT,
                        "damaged");
    check_refused_bytes("\x30\x0c\x02\x01\x01\x04\x01\x01\xa1\x04\x03\x02\x01\x04", 14,
                        TPMC_ERR_FORMAT, "damaged");
    check_refused_bytes("\x30\x08\x02\x01\x01\x04\x01\x01\x05\x00", 10, TPMC_ERR_FORMAT,
                        "something follows");
    EVP_PKEY_free(f.key);
}

static void mutations_never_crash(void **state)
{
    tpmc__private_key out;
    tpmc__buf data;
    uint32_t seed = 1;
    fixture f;

    (void)state;
    make_fixture(&curves[0], &f);
    pkcs8_of(f.key, &data);
    for (int round = 0; round < 3000; round++) {
        uint8_t *copy = malloc(data.len);

        assert_non_null(copy);
        memcpy(copy, data.data, data.len);
        seed = seed * 1664525u + 1013904223u;
        copy[(seed >> 8) % data.len] = (uint8_t)(seed >> 24);
        if (tpmc__private_key_parse(env, copy, data.len, &out, NULL) == 0)
            tpmc__private_key_free(&out);
        free(copy);
    }
    tpmc__buf_free(&data);
    EVP_PKEY_free(f.key);
}

static int parse_pem(void *context)
{
    tpmc__buf *data = context;
    tpmc__private_key out;
    int status = tpmc__private_key_parse(env, data->data, data->len, &out, NULL);

    assert_true(status == 0 || out.secret.data == NULL);
    tpmc__private_key_free(&out);
    return status;
}

static void lack_of_memory_is_told(void **state)
{
    tpmc__buf der;
    tpmc__buf pem;
    fixture f;

    (void)state;
    make_fixture(&curves[2], &f);
    write_sec1(&f.parts, &der);
    tpmc__buf_init(&pem, ROOM);
    assert_int_equal(tpmc__pem_write("EC PRIVATE KEY", der.data, der.len, &pem), 0);
    assert_true(each_allocation(parse_pem, &pem, TPMC_ERR_NOMEM) >= 2);
    tpmc__buf_free(&pem);
    tpmc__buf_free(&der);
    EVP_PKEY_free(f.key);
}

static int set_up(void **state)
{
    int status = setup_env(state);

    env = *state;
    return status;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_of_every_curve_and_form_are_taken),
        cmocka_unit_test(the_point_may_be_missing_or_in_any_form),
        cmocka_unit_test(a_wrong_point_is_noticed),
        cmocka_unit_test(the_scalar_is_from_1_to_the_order_less_1),
        cmocka_unit_test(leading_zeros_of_the_scalar_do_not_count),
        cmocka_unit_test(other_curves_are_named),
        cmocka_unit_test(curves_that_are_spelled_out_are_refused),
        cmocka_unit_test(the_curve_is_named_once_or_twice_alike),
        cmocka_unit_test(the_structure_is_read_strictly),
        cmocka_unit_test(mutations_never_crash),
        cmocka_unit_test(lack_of_memory_is_told),
    };

    return cmocka_run_group_tests(tests, set_up, teardown_env);
}
