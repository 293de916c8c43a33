/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/expect.h"

#include "tpmkey/algorithm.h"

#define RSA(scheme, hash)                                                                          \
    {                                                                                              \
        TPMC__ALG_RSA, TPMC__ALG_##scheme, hash, 0, 0                                              \
    }
#define ECC(scheme, hash, curve)                                                                   \
    {                                                                                              \
        TPMC__ALG_ECC, TPMC__ALG_##scheme, hash, curve, 0                                          \
    }
#define MAC(scheme, hash)                                                                          \
    {                                                                                              \
        TPMC__ALG_KEYEDHASH, TPMC__ALG_##scheme, hash, 0, 0                                        \
    }
#define SHA1 TPMC__HASH_SHA1
#define SHA256 TPMC__HASH_SHA256
#define SHA384 TPMC__HASH_SHA384
#define SHA512 TPMC__HASH_SHA512
#define SHA3_256 0x0027
#define P224 0x0002
#define P256 TPMC__CURVE_P256
#define P384 TPMC__CURVE_P384
#define P521 TPMC__CURVE_P521

static void picks_what_the_key_implies(void **state)
{
    static const struct {
        tpmc__key_kind kind;
        const char *name;
    } rows[] = {
        { RSA(NULL, 0), "RS256" },
        { RSA(RSASSA, SHA256), "RS256" },
        { RSA(RSASSA, SHA384), "RS384" },
        { RSA(RSASSA, SHA512), "RS512" },
        { RSA(RSAPSS, SHA256), "PS256" },
        { RSA(RSAPSS, SHA384), "PS384" },
        { RSA(RSAPSS, SHA512), "PS512" },
        { RSA(RSAPSS, 0), "PS256" },
        { ECC(NULL, 0, P256), "ES256" },
        { ECC(NULL, 0, P384), "ES384" },
        { ECC(NULL, 0, P521), "ES512" },
        { ECC(ECDSA, SHA256, P256), "ES256" },
        { ECC(ECDSA, SHA384, P384), "ES384" },
        { ECC(ECDSA, SHA512, P521), "ES512" },
        { ECC(ECDSA, SHA384, P256), "ECDSA-SHA384" },
        { ECC(ECDSA, SHA512, P256), "ECDSA-SHA512" },
        { ECC(ECDSA, SHA256, P521), "ECDSA-SHA256" },
        { MAC(HMAC, SHA256), "HS256" },
        { MAC(HMAC, SHA384), "HS384" },
        { MAC(HMAC, SHA512), "HS512" },
        { MAC(NULL, 0), "HS256" },
    };
    tpmc_error *err = *state;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const tpmc__algorithm *found = NULL;

        expect_success(tpmc__algorithm_for(&rows[i].kind, NULL, &found, err), err);
        assert_string_equal(found->name, rows[i].name);
    }
}

static const char *const all_names[] = {
    "RS256", "RS384", "RS512", "PS256", "PS384",        "PS512",        "ES256",        "ES384",
    "ES512", "HS256", "HS384", "HS512", "ECDSA-SHA256", "ECDSA-SHA384", "ECDSA-SHA512",
};

/* For each kind exactly these names, separated by spaces, and no other of them all. */
static void allows_what_fits_and_nothing_else(void **state)
{
    static const struct {
        tpmc__key_kind kind;
        const char *names;
    } rows[] = {
        { RSA(NULL, 0), " RS256 RS384 RS512 PS256 PS384 PS512 " },
        { RSA(RSASSA, SHA256), " RS256 " },
        { RSA(RSAPSS, SHA512), " PS512 " },
        { RSA(RSASSA, SHA1), " " },
        { RSA(OAEP, SHA256), " " },
        { RSA(RSAES, 0), " " },
        { ECC(NULL, 0, P256), " ES256 ECDSA-SHA256 ECDSA-SHA384 ECDSA-SHA512 " },
        { ECC(NULL, 0, P384), " ES384 ECDSA-SHA256 ECDSA-SHA384 ECDSA-SHA512 " },
        { ECC(NULL, 0, P521), " ES512 ECDSA-SHA256 ECDSA-SHA384 ECDSA-SHA512 " },
        { ECC(NULL, 0, P224), " " },
        { ECC(NULL, 0, 0), " " },
        { ECC(ECDSA, SHA256, P256), " ES256 ECDSA-SHA256 " },
        { ECC(ECDSA, SHA384, P256), " ES256 ECDSA-SHA256 ECDSA-SHA384 " },
        { ECC(ECDSA, SHA512, P256), " ES256 ECDSA-SHA256 ECDSA-SHA384 ECDSA-SHA512 " },
        { ECC(ECDSA, SHA256, P384), " ECDSA-SHA256 " },
        { ECC(ECDSA, SHA512, P384), " ES384 ECDSA-SHA256 ECDSA-SHA384 ECDSA-SHA512 " },
        { ECC(ECDSA, SHA1, P256), " " },
        { ECC(ECDSA, SHA3_256, P256), " " },
        { { TPMC__ALG_ECC, TPMC__ALG_ECDSA, SHA384, P256, TPMC__OBJECT_RESTRICTED },
          " ECDSA-SHA384 " },
        { ECC(ECDAA, SHA256, P256), " " },
        { ECC(SM2, SHA256, P256), " " },
        { MAC(HMAC, SHA384), " HS384 " },
        { MAC(NULL, 0), " HS256 " },
        { MAC(XOR, SHA256), " " },
        { { TPMC__ALG_SYMCIPHER, 0, 0, 0, 0 }, " " },
    };
    tpmc_error *err = *state;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        for (size_t k = 0; k < sizeof(all_names) / sizeof(all_names[0]); k++) {
            const tpmc__algorithm *found = NULL;
            char word[32] = " ";
            int status = tpmc__algorithm_for(&rows[i].kind, all_names[k], &found, err);

            strcat(strcat(word, all_names[k]), " ");
            if (strstr(rows[i].names, word) != NULL) {
                assert_int_equal(status, 0);
                assert_string_equal(found->name, all_names[k]);
            } else {
                assert_int_equal(status, TPMC_ERR_UNSUPPORTED);
                assert_null(found);
                assert_true(strlen(tpmc_error_text(err)) > 0);
            }
        }
    }
}

static void refuses_with_the_reason(void **state)
{
    static const struct {
        tpmc__key_kind kind;
        const char *name;
        int code;
        const char *words;
    } rows[] = {
        { RSA(RSASSA, SHA256), "PS256", TPMC_ERR_UNSUPPORTED, "rsassa with sha256" },
        { RSA(RSAPSS, SHA256), "RS256", TPMC_ERR_UNSUPPORTED, "rsapss" },
        { RSA(RSASSA, SHA384), "RS256", TPMC_ERR_UNSUPPORTED, "the scheme null can" },
        { RSA(RSASSA, SHA1), NULL, TPMC_ERR_UNSUPPORTED, "sha1" },
        { RSA(RSAES, 0), "RS256", TPMC_ERR_UNSUPPORTED, "fixed to decryption" },
        { RSA(OAEP, SHA256), NULL, TPMC_ERR_UNSUPPORTED, "fixed to decryption" },
        { ECC(NULL, 0, P256), "RS256", TPMC_ERR_UNSUPPORTED, "an EC key" },
        { ECC(NULL, 0, P256), "ES384", TPMC_ERR_UNSUPPORTED, "ES384 is for keys on P-384" },
        { ECC(NULL, 0, P224), NULL, TPMC_ERR_UNSUPPORTED, "P-224" },
        { ECC(NULL, 0, P224), "ES256", TPMC_ERR_UNSUPPORTED, "P-224" },
        { ECC(NULL, 0, 0), "ECDSA-SHA256", TPMC_ERR_UNSUPPORTED, "an unknown curve" },
        { ECC(ECDSA, SHA256, P384), "ES384", TPMC_ERR_UNSUPPORTED, "ecdsa with sha256" },
        { ECC(ECDAA, SHA256, P256), NULL, TPMC_ERR_UNSUPPORTED, "ECDAA" },
        { ECC(ECSCHNORR, SHA256, P256), "ES256", TPMC_ERR_UNSUPPORTED, "Schnorr" },
        { ECC(SM2, SHA256, P256), "ES256", TPMC_ERR_UNSUPPORTED, "SM2" },
        { ECC(ECDH, SHA256, P256), "ES256", TPMC_ERR_UNSUPPORTED, "key agreement" },
        { MAC(HMAC, SHA256), "RS256", TPMC_ERR_UNSUPPORTED, "HMAC key" },
        { MAC(HMAC, SHA256), "RS256", TPMC_ERR_UNSUPPORTED, "tpmc_key_hmac" },
        { MAC(HMAC, SHA256), "HS512", TPMC_ERR_UNSUPPORTED, "hmac with sha256" },
        { MAC(NULL, 0), "HS512", TPMC_ERR_UNSUPPORTED, "SHA-256" },
        { MAC(XOR, SHA256), NULL, TPMC_ERR_UNSUPPORTED, "XOR" },
        { RSA(NULL, 0), "HS256", TPMC_ERR_UNSUPPORTED, "HS256 MACs" },
        { { 0, 0, 0, 0, 0 }, NULL, TPMC_ERR_UNSUPPORTED, "another kind" },
        { { 0, 0, 0, 0, 0 }, "RS256", TPMC_ERR_UNSUPPORTED, "another kind" },
        { RSA(NULL, 0), "rs256", TPMC_ERR_ARGUMENT, "unknown algorithm 'rs256'" },
        { RSA(NULL, 0), "", TPMC_ERR_ARGUMENT, "unknown algorithm" },
        { RSA(NULL, 0), "none", TPMC_ERR_ARGUMENT, "RS256, RS384" },
        { RSA(NULL, 0), "RS1", TPMC_ERR_ARGUMENT, "HS512" },
    };
    tpmc_error *err = *state;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const tpmc__algorithm *found = NULL;

        expect_failure(tpmc__algorithm_for(&rows[i].kind, rows[i].name, &found, err), err,
                       rows[i].code, rows[i].words);
        assert_null(found);
    }
}

/* An overlong name is cut in the text. */
static void cuts_a_long_name(void **state)
{
    static const tpmc__key_kind any = RSA(NULL, 0);
    const tpmc__algorithm *found = NULL;
    tpmc_error *err = *state;
    char name[4096];

    memset(name, 'x', sizeof(name) - 1);
    name[sizeof(name) - 1] = '\0';
    expect_failure(tpmc__algorithm_for(&any, name, &found, err), err, TPMC_ERR_ARGUMENT,
                   "known are");
}

static void reads_the_kind_of_a_public_area(void **state)
{
    tpmc__public area;
    tpmc__key_kind kind;

    (void)state;
    memset(&area, 0, sizeof(area));
    area.type = TPMC__ALG_ECC;
    area.attributes = TPMC__OBJECT_SIGN | TPMC__OBJECT_RESTRICTED;
    area.scheme.algorithm = TPMC__ALG_ECDSA;
    area.scheme.hash = SHA384;
    area.curve = P384;
    tpmc__key_kind_of(&area, &kind);
    assert_int_equal(kind.type, TPMC__ALG_ECC);
    assert_int_equal(kind.scheme, TPMC__ALG_ECDSA);
    assert_int_equal(kind.hash, SHA384);
    assert_int_equal(kind.curve, P384);
    assert_int_equal(kind.attributes, area.attributes);
    area.type = TPMC__ALG_RSA;
    tpmc__key_kind_of(&area, &kind);
    assert_int_equal(kind.curve, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ERROR(picks_what_the_key_implies),
        WITH_ERROR(allows_what_fits_and_nothing_else),
        WITH_ERROR(refuses_with_the_reason),
        WITH_ERROR(cuts_a_long_name),
        cmocka_unit_test(reads_the_kind_of_a_public_area),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
