/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/policy_maker.h"

#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "base/error_int.h"
#include "unit/codec_env.h"
#include "unit/each_allocation.h"

#define DER_MAX 1024

static tpmc_error *err;
static tpmc__policy_signer signer;

static int setup(void **state)
{
    (void)state;
    memset(&signer, 0, sizeof(signer));
    return tpmc_error_new(&err);
}

static int teardown(void **state)
{
    (void)state;
    tpmc_error_free(err);
    return 0;
}

static EVP_PKEY *rsa_key(unsigned bits)
{
    EVP_PKEY *key = EVP_RSA_gen(bits);

    assert_non_null(key);
    return key;
}

static size_t spki_of(EVP_PKEY *key, uint8_t *out)
{
    uint8_t *at = out;
    int len = i2d_PUBKEY(key, NULL);

    assert_in_range(len, 1, DER_MAX);
    assert_int_equal(i2d_PUBKEY(key, &at), len);
    return (size_t)len;
}

static int read_key(tpmc_env *env, const void *data, size_t len, const tpmc__signer_form *form)
{
    tpmc__error_clear(err);
    return tpmc__signer_read(env, data, len, form, "the key", &signer, err);
}

static void a_default_form(void **state)
{
    (void)state;
    assert_int_equal(tpmc__signer_default.name_alg, TPMC__HASH_SHA256);
    assert_int_equal(tpmc__signer_default.rsa_scheme, TPMC__ALG_RSAPSS);
}

static void rsa_keys(void **state)
{
    static const tpmc__signer_form form = { TPMC__HASH_SHA384, TPMC__ALG_RSASSA };
    static const unsigned bits[] = { 1024, 2048, 4096 };
    uint8_t der[DER_MAX];

    for (size_t i = 0; i < sizeof(bits) / sizeof(bits[0]); i++) {
        EVP_PKEY *key = rsa_key(bits[i]);

        expect_success(read_key(*state, der, spki_of(key, der), &form), err);
        assert_int_equal(signer.has_public, 1);
        assert_int_equal(signer.public_area.type, TPMC__ALG_RSA);
        assert_int_equal(signer.public_area.name_alg, TPMC__HASH_SHA384);
        assert_int_equal(signer.public_area.attributes, TPMC__OBJECT_SIGN);
        assert_int_equal(signer.public_area.auth_policy_len, 0);
        assert_int_equal(signer.public_area.symmetric.algorithm, TPMC__ALG_NULL);
        assert_int_equal(signer.public_area.scheme.algorithm, TPMC__ALG_RSASSA);
        assert_int_equal(signer.public_area.scheme.hash, TPMC__HASH_SHA384);
        assert_int_equal(signer.public_area.key_bits, bits[i]);
        assert_int_equal(signer.public_area.exponent, 65537);
        assert_int_equal(signer.public_area.unique_len, bits[i] / 8);
        assert_int_equal(signer.name.len, 50);
        EVP_PKEY_free(key);
    }
}

static void ec_keys(void **state)
{
    static const struct row {
        const char *name;
        uint16_t curve;
        size_t size;
    } rows[] = { { "P-256", TPMC__CURVE_P256, 32 },
                 { "P-384", TPMC__CURVE_P384, 48 },
                 { "P-521", TPMC__CURVE_P521, 66 } };
    uint8_t der[DER_MAX];

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        EVP_PKEY *key = EVP_EC_gen(rows[i].name);

        assert_non_null(key);
        expect_success(read_key(*state, der, spki_of(key, der), &tpmc__signer_default), err);
        assert_int_equal(signer.public_area.type, TPMC__ALG_ECC);
        assert_int_equal(signer.public_area.attributes, TPMC__OBJECT_SIGN);
        assert_int_equal(signer.public_area.scheme.algorithm, TPMC__ALG_ECDSA);
        assert_int_equal(signer.public_area.scheme.hash, TPMC__HASH_SHA256);
        assert_int_equal(signer.public_area.kdf.algorithm, TPMC__ALG_NULL);
        assert_int_equal(signer.public_area.curve, rows[i].curve);
        assert_int_equal(signer.public_area.unique_len, rows[i].size);
        assert_int_equal(signer.public_area.unique_y_len, rows[i].size);
        assert_int_equal(signer.name.len, 34);
        EVP_PKEY_free(key);
    }
}

static void pem_der_and_tpm2b_are_alike(void **state)
{
    static const tpmc__signer_form other_form = { TPMC__HASH_SHA512, TPMC__ALG_RSASSA };
    uint8_t der[DER_MAX];
    tpmc__policy_bytes name;
    tpmc__buf marshalled;
    maker_key key;

    maker_key_begin(&key);
    maker_signer(*state, &key, &signer);
    name = signer.name;
    expect_success(read_key(*state, der, spki_of(key.key, der), &tpmc__signer_default), err);
    assert_true(tpmc__policy_bytes_equal(&signer.name, &name));
    tpmc__buf_init(&marshalled, TPMC__PUBLIC_MAX);
    assert_int_equal(tpmc__public_write(&signer.public_area, &marshalled), 0);
    expect_success(read_key(*state, marshalled.data, marshalled.len, &tpmc__signer_default), err);
    assert_true(tpmc__policy_bytes_equal(&signer.name, &name));
    /* What it says of itself counts. */
    expect_success(read_key(*state, marshalled.data, marshalled.len, &other_form), err);
    assert_true(tpmc__policy_bytes_equal(&signer.name, &name));
    tpmc__buf_free(&marshalled);
    maker_key_end(&key);
}

static void keys_that_are_none(void **state)
{
    static const char certificate[] =
        "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n";
    static const char broken[] = "-----BEGIN PUBLIC KEY-----\nMAA=\n-----END PUBLIC KEY-----\n";
    static const char endless[] = "-----BEGIN PUBLIC KEY-----\nMAA=\n";
    static const uint8_t tpm2b[] = { 0, 2, 0, 1 };
    uint8_t der[DER_MAX + 1];
    EVP_PKEY *key = EVP_EC_gen("P-256");
    size_t len = spki_of(key, der);

    expect_failure(read_key(*state, "", 0, &tpmc__signer_default), err, TPMC_ERR_FORMAT,
                   "the key is neither a TPM2B_PUBLIC nor a SubjectPublicKeyInfo");
    expect_failure(read_key(*state, "x", 1, &tpmc__signer_default), err, TPMC_ERR_FORMAT,
                   "the key is neither");
    expect_failure(read_key(*state, der, len - 1, &tpmc__signer_default), err, TPMC_ERR_FORMAT,
                   "the key is neither");
    der[len] = 0;
    expect_failure(read_key(*state, der, len + 1, &tpmc__signer_default), err, TPMC_ERR_FORMAT,
                   "the key is neither");
    expect_failure(read_key(*state, tpm2b, sizeof(tpm2b), &tpmc__signer_default), err,
                   TPMC_ERR_FORMAT, "the key");
    expect_failure(read_key(*state, certificate, strlen(certificate), &tpmc__signer_default), err,
                   TPMC_ERR_FORMAT,
                   "the key is a PEM block 'CERTIFICATE', and a 'PUBLIC KEY' is needed");
    expect_failure(read_key(*state, broken, strlen(broken), &tpmc__signer_default), err,
                   TPMC_ERR_FORMAT, "the key is neither");
    expect_failure(read_key(*state, endless, strlen(endless), &tpmc__signer_default), err,
                   TPMC_ERR_FORMAT, "the key");
    EVP_PKEY_free(key);
}

static void keys_of_other_kinds(void **state)
{
    EVP_PKEY *keys[] = { EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"), EVP_EC_gen("secp256k1"),
                         EVP_EC_gen("P-224"), rsa_key(512), rsa_key(4104) };
    uint8_t der[DER_MAX];

    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        assert_non_null(keys[i]);
        expect_failure(read_key(*state, der, spki_of(keys[i], der), &tpmc__signer_default), err,
                       TPMC_ERR_UNSUPPORTED,
                       "the key is of a kind that a TPM does not verify with");
        EVP_PKEY_free(keys[i]);
    }
}

static void set_numbers(tpmc__public *key, uint16_t type, const char *x, size_t x_len,
                        const char *y, size_t y_len)
{
    memset(key, 0, sizeof(*key));
    key->type = type;
    memcpy(key->unique, x, x_len);
    key->unique_len = x_len;
    memcpy(key->unique_y, y, y_len);
    key->unique_y_len = y_len;
}

static void same_keys(void **state)
{
    tpmc__public a;
    tpmc__public b;

    (void)state;
    set_numbers(&a, TPMC__ALG_ECC, "\1\2", 2, "\3\4", 2);
    a.curve = TPMC__CURVE_P256;
    b = a;
    b.attributes = TPMC__OBJECT_DECRYPT;
    b.scheme.algorithm = TPMC__ALG_ECDSA;
    b.name_alg = TPMC__HASH_SHA512;
    assert_true(tpmc__signer_same_key(&a, &b));
    b.curve = TPMC__CURVE_P384;
    assert_false(tpmc__signer_same_key(&a, &b));
    /* Zeros before a coordinate may have been stripped. */
    set_numbers(&b, TPMC__ALG_ECC, "\0\0\1\2", 4, "\0\3\4", 3);
    b.curve = TPMC__CURVE_P256;
    assert_true(tpmc__signer_same_key(&a, &b));
    assert_true(tpmc__signer_same_key(&b, &a));
    set_numbers(&b, TPMC__ALG_ECC, "\1\2", 2, "\3\5", 2);
    b.curve = TPMC__CURVE_P256;
    assert_false(tpmc__signer_same_key(&a, &b));
    set_numbers(&b, TPMC__ALG_ECC, "\1\2", 2, "\3", 1);
    b.curve = TPMC__CURVE_P256;
    assert_false(tpmc__signer_same_key(&a, &b));
    set_numbers(&b, TPMC__ALG_ECC, "\1", 1, "\3\4", 2);
    b.curve = TPMC__CURVE_P256;
    assert_false(tpmc__signer_same_key(&a, &b));
    set_numbers(&b, TPMC__ALG_RSA, "\1\2", 2, "\3\4", 2);
    assert_false(tpmc__signer_same_key(&a, &b));
    a.type = TPMC__ALG_RSA;
    assert_true(tpmc__signer_same_key(&a, &b));
    b.exponent = 65537;
    assert_true(tpmc__signer_same_key(&a, &b));
    b.exponent = 3;
    assert_false(tpmc__signer_same_key(&a, &b));
    set_numbers(&a, TPMC__ALG_KEYEDHASH, "\0\1", 2, "", 0);
    set_numbers(&b, TPMC__ALG_KEYEDHASH, "\0\1", 2, "", 0);
    assert_true(tpmc__signer_same_key(&a, &b));
    set_numbers(&b, TPMC__ALG_KEYEDHASH, "\1", 1, "", 0);
    assert_false(tpmc__signer_same_key(&a, &b));
}

static void names_of_algorithms(void **state)
{
    static const struct row {
        uint16_t type;
        uint16_t scheme;
        uint16_t hash;
        uint16_t curve;
        const char *name;
    } rows[] = {
        { TPMC__ALG_RSA, TPMC__ALG_RSASSA, TPMC__HASH_SHA256, 0, "RS256" },
        { TPMC__ALG_RSA, TPMC__ALG_RSASSA, TPMC__HASH_SHA384, 0, "RS384" },
        { TPMC__ALG_RSA, TPMC__ALG_RSASSA, TPMC__HASH_SHA512, 0, "RS512" },
        { TPMC__ALG_RSA, TPMC__ALG_RSAPSS, TPMC__HASH_SHA256, 0, "PS256" },
        { TPMC__ALG_RSA, TPMC__ALG_RSAPSS, TPMC__HASH_SHA384, 0, "PS384" },
        { TPMC__ALG_RSA, TPMC__ALG_RSAPSS, TPMC__HASH_SHA512, 0, "PS512" },
        { TPMC__ALG_RSA, TPMC__ALG_RSAPSS, TPMC__HASH_SHA1, 0, NULL },
        { TPMC__ALG_RSA, TPMC__ALG_NULL, 0, 0, "RS256" },
        { TPMC__ALG_ECC, TPMC__ALG_ECDSA, TPMC__HASH_SHA256, TPMC__CURVE_P256, "ES256" },
        { TPMC__ALG_ECC, TPMC__ALG_ECDSA, TPMC__HASH_SHA256, TPMC__CURVE_P384, "ECDSA-SHA256" },
        { TPMC__ALG_ECC, TPMC__ALG_ECDSA, TPMC__HASH_SHA384, TPMC__CURVE_P384, "ECDSA-SHA384" },
        { TPMC__ALG_ECC, TPMC__ALG_ECDSA, TPMC__HASH_SHA512, TPMC__CURVE_P256, "ECDSA-SHA512" },
        { TPMC__ALG_ECC, TPMC__ALG_NULL, 0, TPMC__CURVE_P256, "ES256" },
        { TPMC__ALG_ECC, TPMC__ALG_SM2, TPMC__HASH_SHA256, TPMC__CURVE_P256, NULL },
        { TPMC__ALG_KEYEDHASH, TPMC__ALG_HMAC, TPMC__HASH_SHA512, 0, "HS512" },
        { TPMC__ALG_KEYEDHASH, TPMC__ALG_NULL, 0, 0, "HS256" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        memset(&signer, 0, sizeof(signer));
        signer.public_area.type = rows[i].type;
        signer.public_area.name_alg = TPMC__HASH_SHA256;
        signer.public_area.scheme.algorithm = rows[i].scheme;
        signer.public_area.scheme.hash = rows[i].hash;
        signer.public_area.curve = rows[i].curve;
        if (rows[i].name == NULL)
            assert_null(tpmc__signer_algorithm(&signer));
        else
            assert_string_equal(tpmc__signer_algorithm(&signer), rows[i].name);
    }
}

struct reading {
    tpmc_env *env;
    maker_key key;
};

static int read_once(void *context)
{
    const struct reading *reading = context;

    return read_key(reading->env, reading->key.public_pem, strlen(reading->key.public_pem),
                    &tpmc__signer_default);
}

static void without_memory(void **state)
{
    struct reading reading = { .env = *state };

    maker_key_begin(&reading.key);
    assert_true(each_allocation(read_once, &reading, TPMC_ERR_NOMEM) > 0);
    maker_key_end(&reading.key);
}

#define WITH_SIGNER(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_SIGNER(a_default_form),
        WITH_SIGNER(rsa_keys),
        WITH_SIGNER(ec_keys),
        WITH_SIGNER(pem_der_and_tpm2b_are_alike),
        WITH_SIGNER(keys_that_are_none),
        WITH_SIGNER(keys_of_other_kinds),
        WITH_SIGNER(same_keys),
        WITH_SIGNER(names_of_algorithms),
        WITH_SIGNER(without_memory),
    };

    return cmocka_run_group_tests(tests, setup_env, teardown_env);
}
