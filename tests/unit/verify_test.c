/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/expect.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "base/error_int.h"
#include "tpmkey/verify.h"

static const char message[] = "what is signed";

/* Software keys of all kinds. */
static const struct {
    const char *type; /* "RSA", or a group */
    tpmc__key_kind kind;
} kinds[] = {
    { "RSA", { TPMC__ALG_RSA, TPMC__ALG_NULL, 0, 0, 0 } },
    { "P-256", { TPMC__ALG_ECC, TPMC__ALG_NULL, 0, TPMC__CURVE_P256, 0 } },
    { "P-384", { TPMC__ALG_ECC, TPMC__ALG_NULL, 0, TPMC__CURVE_P384, 0 } },
    { "P-521", { TPMC__ALG_ECC, TPMC__ALG_NULL, 0, TPMC__CURVE_P521, 0 } },
    { "P-224", { TPMC__ALG_ECC, TPMC__ALG_NULL, 0, 0, 0 } },
    { "secp256k1", { TPMC__ALG_ECC, TPMC__ALG_NULL, 0, 0, 0 } },
};

#define KIND_COUNT (sizeof(kinds) / sizeof(kinds[0]))

struct bench {
    tpmc_env *env;
    tpmc_error *err;
    EVP_PKEY *keys[KIND_COUNT];
};

static struct bench bench;

static int setup(void **state)
{
    memset(&bench, 0, sizeof(bench));
    assert_int_equal(tpmc_error_new(&bench.err), 0);
    assert_int_equal(tpmc_env_new(&bench.env, bench.err), 0);
    for (size_t i = 0; i < KIND_COUNT; i++) {
        bench.keys[i] = i == 0 ? EVP_RSA_gen(2048) : EVP_EC_gen(kinds[i].type);
        assert_non_null(bench.keys[i]);
    }
    *state = &bench;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    for (size_t i = 0; i < KIND_COUNT; i++)
        EVP_PKEY_free(bench.keys[i]);
    tpmc_env_free(bench.env);
    tpmc_error_free(bench.err);
    return 0;
}

/* Reads a public key back; `*public_key` is freed by the caller. */
static tpmc__key_kind read_key(EVP_PKEY *key, EVP_PKEY **public_key)
{
    unsigned char *spki = NULL;
    int len = i2d_PUBKEY(key, &spki);
    tpmc__key_kind kind;

    memset(&kind, 0xff, sizeof(kind));
    expect_success(tpmc__verify_key_new(bench.env, spki, (size_t)len, public_key, &kind, bench.err),
                   bench.err);
    OPENSSL_free(spki);
    return kind;
}

static void tells_the_kind_of_a_key(void **state)
{
    (void)state;
    for (size_t i = 0; i < KIND_COUNT; i++) {
        EVP_PKEY *public_key = NULL;
        tpmc__key_kind kind = read_key(bench.keys[i], &public_key);

        assert_int_equal(kind.type, kinds[i].kind.type);
        assert_int_equal(kind.scheme, TPMC__ALG_NULL);
        assert_int_equal(kind.hash, 0);
        assert_int_equal(kind.curve, kinds[i].kind.curve);
        assert_int_equal(kind.attributes, 0);
        EVP_PKEY_free(public_key);
    }
    assert_int_equal(ERR_peek_error(), 0);
}

/* Its parameters may bind an RSA-PSS key to one hash. */
static void tells_the_hash_of_a_pss_key(void **state)
{
    static const struct {
        const char *hash;
        uint16_t expected;
        const char *implied;
    } rows[] = { { NULL, 0, "PS256" },
                 { "SHA256", TPMC__HASH_SHA256, "PS256" },
                 { "SHA384", TPMC__HASH_SHA384, "PS384" },
                 { "SHA512", TPMC__HASH_SHA512, "PS512" },
                 { "SHA1", TPMC__HASH_SHA1, NULL } };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA-PSS", NULL);
        EVP_PKEY *key = NULL;
        EVP_PKEY *public_key = NULL;
        const tpmc__algorithm *algorithm = NULL;
        tpmc__key_kind kind;

        assert_int_equal(EVP_PKEY_keygen_init(ctx), 1);
        assert_int_equal(EVP_PKEY_CTX_set_rsa_keygen_bits(ctx, 2048), 1);
        if (rows[i].hash != NULL)
            assert_int_equal(EVP_PKEY_CTX_set_rsa_pss_keygen_md_name(ctx, rows[i].hash, NULL), 1);
        assert_int_equal(EVP_PKEY_generate(ctx, &key), 1);
        kind = read_key(key, &public_key);
        assert_int_equal(kind.scheme, TPMC__ALG_RSAPSS);
        assert_int_equal(kind.hash, rows[i].expected);
        assert_int_equal(tpmc__algorithm_for(&kind, NULL, &algorithm, NULL) == 0,
                         rows[i].implied != NULL);
        if (algorithm != NULL)
            assert_string_equal(algorithm->name, rows[i].implied);
        EVP_PKEY_free(public_key);
        EVP_PKEY_free(key);
        EVP_PKEY_CTX_free(ctx);
    }
    assert_int_equal(ERR_peek_error(), 0);
}

static void refuses_what_is_no_such_key(void **state)
{
    static const uint8_t garbage[] = { 0x30, 0x03, 0x02, 0x01, 0x00 };
    EVP_PKEY *ed = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    unsigned char *spki = NULL;
    int len = i2d_PUBKEY(ed, &spki);
    EVP_PKEY *public_key = NULL;
    tpmc__key_kind kind;

    (void)state;
    expect_failure(
        tpmc__verify_key_new(bench.env, spki, (size_t)len, &public_key, &kind, bench.err),
        bench.err, TPMC_ERR_UNSUPPORTED, "RSA and EC");
    assert_null(public_key);
    expect_failure(
        tpmc__verify_key_new(bench.env, garbage, sizeof(garbage), &public_key, &kind, bench.err),
        bench.err, TPMC_ERR_FORMAT, "SubjectPublicKeyInfo");
    assert_null(public_key);
    assert_int_equal(ERR_peek_error(), 0);
    tpmc__error_clear(bench.err);
    OPENSSL_free(spki);
    EVP_PKEY_free(ed);
}

/* A signature by OpenSSL, with a salt of `salt_len` bytes where there is one. */
static void sign(EVP_PKEY *key, const tpmc__algorithm *algorithm, int salt_len, uint8_t *out,
                 size_t *len)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    EVP_PKEY_CTX *parameters = NULL;

    assert_int_equal(EVP_DigestSignInit_ex(ctx, &parameters,
                                           tpmc__hash_openssl_name(algorithm->hash), NULL, NULL,
                                           key, NULL),
                     1);
    if (algorithm->scheme == TPMC__ALG_RSAPSS) {
        assert_int_equal(EVP_PKEY_CTX_set_rsa_padding(parameters, RSA_PKCS1_PSS_PADDING), 1);
        assert_int_equal(EVP_PKEY_CTX_set_rsa_pss_saltlen(parameters, salt_len), 1);
    }
    assert_int_equal(EVP_DigestSign(ctx, out, len, (const unsigned char *)message, sizeof(message)),
                     1);
    EVP_MD_CTX_free(ctx);
}

static tpmc__verdict verify(EVP_PKEY *key, const tpmc__algorithm *algorithm, const uint8_t *data,
                            size_t len)
{
    const tpmc__span whole = { message, sizeof(message) };
    const tpmc__span signature = { data, len };
    uint8_t digest[TPMC__DIGEST_MAX];
    tpmc__verdict verdict = TPMC__VERDICT_BAD;

    expect_success(tpmc__digest(bench.env, algorithm->hash, &whole, 1, digest, bench.err),
                   bench.err);
    expect_success(tpmc__verify(bench.env, key, algorithm, digest, &signature, &verdict, bench.err),
                   bench.err);
    assert_int_equal(ERR_peek_error(), 0);
    return verdict;
}

static const char *const names[] = {
    "RS256", "RS384", "RS512", "PS256",        "PS384",        "PS512",
    "ES256", "ES384", "ES512", "ECDSA-SHA256", "ECDSA-SHA384", "ECDSA-SHA512",
};

/* Every algorithm on every key that it is for; one changed bit anywhere and it is bad. */
static void verifies_every_algorithm(void **state)
{
    size_t checked = 0;

    (void)state;
    for (size_t i = 0; i < KIND_COUNT; i++) {
        for (size_t k = 0; k < sizeof(names) / sizeof(names[0]); k++) {
            const tpmc__algorithm *algorithm = NULL;
            uint8_t signature[512];
            size_t len = sizeof(signature);

            if (tpmc__algorithm_for(&kinds[i].kind, names[k], &algorithm, NULL) != 0)
                continue;
            sign(bench.keys[i], algorithm, RSA_PSS_SALTLEN_DIGEST, signature, &len);
            assert_int_equal(verify(bench.keys[i], algorithm, signature, len), TPMC__VERDICT_GOOD);
            signature[len - 1] ^= 1;
            assert_int_equal(verify(bench.keys[i], algorithm, signature, len), TPMC__VERDICT_BAD);
            signature[len - 1] ^= 1;
            assert_int_equal(verify(bench.keys[i], algorithm, signature, len - 1),
                             TPMC__VERDICT_BAD);
            assert_int_equal(verify(bench.keys[i], algorithm, signature, 0), TPMC__VERDICT_BAD);
            checked++;
        }
    }
    assert_int_equal(checked, 6 + 3 * 4);
}

static void tells_another_salt(void **state)
{
    static const int salts[] = { 0, 20, 31, 33, RSA_PSS_SALTLEN_MAX };
    static const char *const pss[] = { "PS256", "PS384", "PS512" };

    (void)state;
    for (size_t k = 0; k < sizeof(pss) / sizeof(pss[0]); k++) {
        const tpmc__algorithm *algorithm = NULL;

        assert_int_equal(tpmc__algorithm_for(&kinds[0].kind, pss[k], &algorithm, NULL), 0);
        for (size_t i = 0; i < sizeof(salts) / sizeof(salts[0]); i++) {
            uint8_t signature[512];
            size_t len = sizeof(signature);

            sign(bench.keys[0], algorithm, salts[i], signature, &len);
            assert_int_equal(verify(bench.keys[0], algorithm, signature, len),
                             TPMC__VERDICT_OTHER_SALT);
            signature[7] ^= 4;
            assert_int_equal(verify(bench.keys[0], algorithm, signature, len), TPMC__VERDICT_BAD);
        }
    }
}

/* A signature of another hash, padding or key is bad, whatever is well formed about it. */
static void tells_other_signatures_apart(void **state)
{
    const tpmc__algorithm *rs256 = NULL;
    const tpmc__algorithm *rs384 = NULL;
    const tpmc__algorithm *ps256 = NULL;
    const tpmc__algorithm *es = NULL;
    EVP_PKEY *stranger = EVP_RSA_gen(2048);
    EVP_PKEY *other = EVP_EC_gen("P-256");
    uint8_t signature[512];
    size_t len = sizeof(signature);

    (void)state;
    assert_int_equal(tpmc__algorithm_for(&kinds[0].kind, "RS256", &rs256, NULL), 0);
    assert_int_equal(tpmc__algorithm_for(&kinds[0].kind, "RS384", &rs384, NULL), 0);
    assert_int_equal(tpmc__algorithm_for(&kinds[0].kind, "PS256", &ps256, NULL), 0);
    assert_int_equal(tpmc__algorithm_for(&kinds[1].kind, "ES256", &es, NULL), 0);
    sign(bench.keys[0], rs256, 0, signature, &len);
    assert_int_equal(verify(bench.keys[0], rs384, signature, len), TPMC__VERDICT_BAD);
    assert_int_equal(verify(bench.keys[0], ps256, signature, len), TPMC__VERDICT_BAD);
    assert_int_equal(verify(stranger, rs256, signature, len), TPMC__VERDICT_BAD);
    len = sizeof(signature);
    sign(bench.keys[1], es, 0, signature, &len);
    assert_int_equal(verify(other, es, signature, len), TPMC__VERDICT_BAD);
    EVP_PKEY_free(stranger);
    EVP_PKEY_free(other);
}

static void writes_the_public_key_again(void **state)
{
    (void)state;
    for (size_t i = 0; i < KIND_COUNT; i++) {
        unsigned char *spki = NULL;
        int len = i2d_PUBKEY(bench.keys[i], &spki);
        EVP_PKEY *public_key = NULL;
        tpmc__buf out;

        read_key(bench.keys[i], &public_key);
        tpmc__buf_init(&out, 1024);
        expect_success(tpmc__verify_key_spki(public_key, &out, bench.err), bench.err);
        assert_int_equal(out.len, len);
        assert_memory_equal(out.data, spki, out.len);
        tpmc__buf_free(&out);
        tpmc__buf_init(&out, 10);
        assert_int_equal(tpmc__verify_key_spki(public_key, &out, NULL), TPMC_ERR_ARGUMENT);
        tpmc__buf_free(&out);
        EVP_PKEY_free(public_key);
        OPENSSL_free(spki);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tells_the_kind_of_a_key),
        cmocka_unit_test(tells_the_hash_of_a_pss_key),
        cmocka_unit_test(refuses_what_is_no_such_key),
        cmocka_unit_test(verifies_every_algorithm),
        cmocka_unit_test(tells_another_salt),
        cmocka_unit_test(tells_other_signatures_apart),
        cmocka_unit_test(writes_the_public_key_again),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
