/* SPDX-License-Identifier: Apache-2.0 */

/* Every algorithm with every kind of key that tools make. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/sha.h>

#include "support/signature.h"
#include "support/tcti_libtpms.h"
#include "support/tpm_fixture.h"
#include "tpm/forger.h"
#include "tpm/made_key.h"

#define CC_RSA_DECRYPT 0x159u
#define RC_HASH_OF_SECOND 0x2c3u
#define RC_SCHEME_OF_SECOND 0x2d2u
#define RC_VALUE_OF_SECOND 0x2c4u

static const char *const all_names[] = {
    "RS256", "RS384", "RS512", "PS256",        "PS384",        "PS512",
    "ES256", "ES384", "ES512", "ECDSA-SHA256", "ECDSA-SHA384", "ECDSA-SHA512",
};

#define NAME_COUNT (sizeof(all_names) / sizeof(all_names[0]))

#define ALL_RSA " RS256 RS384 RS512 PS256 PS384 PS512 "
#define ALL_ECDSA " ECDSA-SHA256 ECDSA-SHA384 ECDSA-SHA512 "

static void open_key(fixture *f, const made_key *shape, const char *password, tpmc_key **key)
{
    char pem[TSS2_FILE_TEXT_MAX];

    assert_int_equal(made_key_write(shape, pem), 0);
    assert_int_equal(fixture_key_text(f, pem, password, key), 0);
}

static void teardown(fixture *f)
{
    tpmc_tpm_free(f->tpm);
    f->tpm = NULL;
    assert_true(fixture_holds_only_others(f));
    fixture_close(f);
}

static int is_listed(const char *names, const char *name)
{
    char word[32];

    (void)snprintf(word, sizeof(word), " %s ", name);
    return strstr(names, word) != NULL;
}

/* What is listed works, with one command each; all else is refused without any. */
static void try_names(fixture *f, tpmc_key *key, const char *names, uint32_t code)
{
    size_t i;

    for (i = 0; i < NAME_COUNT; i++) {
        tap_clear(f->tap);
        if (is_listed(names, all_names[i])) {
            assert_int_equal(tpmc_key_supports(key, all_names[i], f->err), 0);
            assert_int_equal(fixture_sign(f, key, all_names[i]), 0);
            assert_int_equal(tap_count(f->tap), 1);
            assert_int_equal(tap_code(f->tap, 0), code);
        } else {
            assert_int_equal(tpmc_key_supports(key, all_names[i], f->err), TPMC_ERR_UNSUPPORTED);
            assert_int_equal(fixture_sign(f, key, all_names[i]), TPMC_ERR_UNSUPPORTED);
            assert_int_equal(tap_count(f->tap), 0);
        }
    }
}

static const struct {
    made_key key;
    const char *names;
    const char *implied;
    uint32_t code;
} kinds[] = {
    { { TPM2_ALG_RSA, MADE_SIGN_DECRYPT, TPM2_ALG_NULL, 0, 2048, NULL, NULL, 0 },
      ALL_RSA,
      "RS256",
      TAP_CC_SIGN },
    { { TPM2_ALG_RSA, MADE_SIGN, TPM2_ALG_NULL, 0, 2048, NULL, NULL, 0 },
      ALL_RSA,
      "RS256",
      TAP_CC_SIGN },
    { { TPM2_ALG_RSA, MADE_DECRYPT, TPM2_ALG_NULL, 0, 2048, NULL, NULL, 0 },
      ALL_RSA,
      "RS256",
      CC_RSA_DECRYPT },
    { { TPM2_ALG_RSA, MADE_SIGN, TPM2_ALG_RSASSA, TPM2_ALG_SHA384, 2048, NULL, NULL, 0 },
      " RS384 ",
      "RS384",
      TAP_CC_SIGN },
    { { TPM2_ALG_RSA, MADE_SIGN, TPM2_ALG_RSAPSS, TPM2_ALG_SHA512, 2048, NULL, NULL, 0 },
      " PS512 ",
      "PS512",
      TAP_CC_SIGN },
    { { TPM2_ALG_ECC, MADE_SIGN_DECRYPT, TPM2_ALG_NULL, 0, TPM2_ECC_NIST_P256, NULL, NULL, 0 },
      " ES256 " ALL_ECDSA,
      "ES256",
      TAP_CC_SIGN },
    { { TPM2_ALG_ECC, MADE_SIGN, TPM2_ALG_NULL, 0, TPM2_ECC_NIST_P384, NULL, NULL, 0 },
      " ES384 " ALL_ECDSA,
      "ES384",
      TAP_CC_SIGN },
    { { TPM2_ALG_ECC, MADE_SIGN, TPM2_ALG_NULL, 0, TPM2_ECC_NIST_P521, NULL, NULL, 0 },
      " ES512 " ALL_ECDSA,
      "ES512",
      TAP_CC_SIGN },
    { { TPM2_ALG_ECC, MADE_SIGN, TPM2_ALG_ECDSA, TPM2_ALG_SHA256, TPM2_ECC_NIST_P256, NULL, NULL,
        0 },
      " ES256 ECDSA-SHA256 ",
      "ES256",
      TAP_CC_SIGN },
    { { TPM2_ALG_ECC, MADE_SIGN, TPM2_ALG_ECDSA, TPM2_ALG_SHA384, TPM2_ECC_NIST_P256, NULL, NULL,
        0 },
      " ES256 ECDSA-SHA256 ECDSA-SHA384 ",
      "ECDSA-SHA384",
      TAP_CC_SIGN },
    { { TPM2_ALG_ECC, MADE_SIGN, TPM2_ALG_ECDSA, TPM2_ALG_SHA512, TPM2_ECC_NIST_P256, NULL, NULL,
        0 },
      " ES256 " ALL_ECDSA,
      "ECDSA-SHA512",
      TAP_CC_SIGN },
    { { TPM2_ALG_ECC, MADE_SIGN, TPM2_ALG_ECDSA, TPM2_ALG_SHA512, TPM2_ECC_NIST_P384, NULL, NULL,
        0 },
      " ES384 " ALL_ECDSA,
      "ECDSA-SHA512",
      TAP_CC_SIGN },
    { { TPM2_ALG_ECC, MADE_SIGN, TPM2_ALG_ECDSA, TPM2_ALG_SHA512, TPM2_ECC_NIST_P521, NULL, NULL,
        0 },
      " ES512 " ALL_ECDSA,
      "ES512",
      TAP_CC_SIGN },
    { { TPM2_ALG_ECC, MADE_SIGN, TPM2_ALG_ECDSA, TPM2_ALG_SHA256, TPM2_ECC_NIST_P521, NULL, NULL,
        0 },
      " ECDSA-SHA256 ",
      "ECDSA-SHA256",
      TAP_CC_SIGN },
};

static void every_kind_of_key(void **state)
{
    fixture f;
    size_t i;

    (void)state;
    fixture_open(&f, 0);
    for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        tpmc_key *key = NULL;
        tpmc_bytes *spki = NULL;
        tpmc_bytes *signature = NULL;

        open_key(&f, &kinds[i].key, NULL, &key);
        assert_int_equal(tpmc_key_sign(key, NULL, "", 0, &signature, f.err), 0);
        assert_int_equal(tpmc_key_public(key, &spki, f.err), 0);
        assert_true(verify_signature(spki, kinds[i].implied, "", 0, signature));
        try_names(&f, key, kinds[i].names, kinds[i].code);
        tpmc_bytes_free(signature);
        tpmc_bytes_free(spki);
        tpmc_key_free(key);
        assert_true(fixture_holds_only_others(&f));
    }
    teardown(&f);
}

/* A digest that the caller made gives the same as the message. */
static void digests_of_every_length(void **state)
{
    static const made_key shape = { TPM2_ALG_ECC,       MADE_SIGN, TPM2_ALG_ECDSA, TPM2_ALG_SHA512,
                                    TPM2_ECC_NIST_P521, NULL,      NULL,           0 };
    static const struct {
        const char *name;
        size_t len;
    } rows[] = { { "ECDSA-SHA256", 32 }, { "ECDSA-SHA384", 48 }, { "ES512", 64 } };
    fixture f;
    tpmc_key *key = NULL;
    tpmc_bytes *spki = NULL;
    unsigned char digest[64];
    size_t i;

    (void)state;
    fixture_open(&f, 0);
    open_key(&f, &shape, NULL, &key);
    assert_int_equal(tpmc_key_public(key, &spki, f.err), 0);
    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        tpmc_bytes *signature = NULL;

        if (rows[i].len == 32)
            SHA256((const unsigned char *)"abc", 3, digest);
        else if (rows[i].len == 48)
            SHA384((const unsigned char *)"abc", 3, digest);
        else
            SHA512((const unsigned char *)"abc", 3, digest);
        assert_int_equal(
            tpmc_key_sign_digest(key, rows[i].name, digest, rows[i].len, &signature, f.err), 0);
        assert_true(verify_signature(spki, rows[i].name, "abc", 3, signature));
        tpmc_bytes_free(signature);
        assert_int_equal(
            tpmc_key_sign_digest(key, rows[i].name, digest, rows[i].len - 1, &signature, f.err),
            TPMC_ERR_ARGUMENT);
        assert_null(signature);
    }
    tpmc_bytes_free(spki);
    tpmc_key_free(key);
    teardown(&f);
}

/* Longer than the key's hash; with a zero at the end, which the TPM drops. */
static void passwords_of_other_tools(void **state)
{
    static const char longer[] = "forty characters, as a manager makes us.";
    static const struct {
        const char *made;
        size_t made_len;
        const char *given;
        size_t given_len;
    } rows[] = {
        { longer, 40, longer, 40 },
        { "ab\0", 3, "ab", 2 },
        { "ab\0", 3, "ab\0", 3 },
        { "a\0b", 3, "a\0b", 3 },
    };
    static const uint32_t attributes[] = { MADE_SIGN_DECRYPT,
                                           MADE_SIGN_DECRYPT | TPMA_OBJECT_NODA };
    fixture f;
    size_t i;
    size_t k;

    (void)state;
    fixture_open(&f, 0);
    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        for (k = 0; k < 2; k++) {
            made_key shape = { TPM2_ALG_ECC,       attributes[k], TPM2_ALG_NULL, 0,
                               TPM2_ECC_NIST_P256, NULL,          rows[i].made,  rows[i].made_len };
            tpmc_key *key = NULL;

            open_key(&f, &shape, NULL, &key);
            assert_int_equal(tpmc_key_set_password(key, rows[i].given, rows[i].given_len, f.err),
                             0);
            tap_clear(f.tap);
            assert_int_equal(fixture_sign(&f, key, "ES256"), 0);
            assert_int_equal(fixture_sign(&f, key, "ES256"), 0);
            assert_int_equal(tpm_raw_lockout_counter(), 0);
            if (rows[i].given_len > 3)
                assert_false(tap_saw(f.tap, rows[i].given, rows[i].given_len));
            tpmc_key_free(key);
        }
    }
    teardown(&f);
}

static void fail_first(fixture *f, uint32_t response_code, size_t count)
{
    tap_fault fault = { .kind = TAP_ANSWER, .value = response_code, .at = 0, .count = count };

    tap_clear(f->tap);
    tap_set_fault(f->tap, &fault);
}

static void assert_sequence(fixture *f, const char *expected)
{
    char sequence[256];

    tap_sequence(f->tap, 0, sequence, sizeof(sequence));
    assert_string_equal(sequence, expected);
    tap_clear(f->tap);
}

/* A TPM without SHA-384 refuses it; a key that may decrypt signs all the same, and from then on at
 * once. */
static void missing_hash_goes_by_decryption(void **state)
{
    static const made_key shape = {
        TPM2_ALG_RSA, MADE_SIGN_DECRYPT, TPM2_ALG_NULL, 0, 2048, NULL, NULL, 0
    };
    static const struct {
        uint32_t code;
        const char *name;
    } rows[] = { { RC_HASH_OF_SECOND, "RS384" },
                 { RC_SCHEME_OF_SECOND, "PS512" },
                 { RC_VALUE_OF_SECOND, "PS384" } };
    fixture f;
    size_t i;

    (void)state;
    fixture_open(&f, 0);
    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        tpmc_key *key = NULL;

        open_key(&f, &shape, NULL, &key);
        assert_int_equal(fixture_sign(&f, key, "RS256"), 0);
        fail_first(&f, rows[i].code, 1);
        assert_int_equal(fixture_sign(&f, key, rows[i].name), 0);
        assert_sequence(&f, "Sign ReadPublic RSA_Decrypt");
        assert_int_equal(fixture_sign(&f, key, rows[i].name), 0);
        assert_sequence(&f, "RSA_Decrypt");
        assert_int_equal(fixture_sign(&f, key, "RS256"), 0);
        assert_sequence(&f, "Sign");
        tpmc_key_free(key);
    }
    teardown(&f);
}

static void missing_hash_is_named(void **state)
{
    static const struct {
        made_key key;
        const char *warm;
        const char *name;
        const char *words;
    } rows[] = {
        { { TPM2_ALG_ECC, MADE_SIGN_DECRYPT, TPM2_ALG_NULL, 0, TPM2_ECC_NIST_P384, NULL, NULL, 0 },
          "ECDSA-SHA256",
          "ES384",
          "this TPM does not sign with SHA-384|ES384" },
        { { TPM2_ALG_RSA, MADE_SIGN, TPM2_ALG_NULL, 0, 2048, NULL, NULL, 0 },
          "RS256",
          "RS512",
          "this TPM does not sign with SHA-512|RS512|SHA-256" },
    };
    fixture f;
    size_t i;

    (void)state;
    fixture_open(&f, 0);
    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        tpmc_key *key = NULL;

        open_key(&f, &rows[i].key, NULL, &key);
        assert_int_equal(fixture_sign(&f, key, rows[i].warm), 0);
        fail_first(&f, RC_HASH_OF_SECOND, 1);
        assert_int_equal(fixture_sign(&f, key, rows[i].name), TPMC_ERR_UNSUPPORTED);
        assert_true(fixture_error_says(&f, rows[i].words));
        assert_int_equal(tpmc_error_tpm_code(f.err), RC_HASH_OF_SECOND);
        assert_sequence(&f, "Sign ReadPublic");
        assert_int_equal(fixture_sign(&f, key, rows[i].name), 0);
        tpmc_key_free(key);
    }
    teardown(&f);
}

/* The answer that a TPM gives for other reasons too is no missing SHA-256. */
static void other_refusals_stay_what_they_are(void **state)
{
    static const made_key shape = {
        TPM2_ALG_RSA, MADE_SIGN_DECRYPT, TPM2_ALG_NULL, 0, 2048, NULL, NULL, 0
    };
    static const uint32_t codes[] = { RC_HASH_OF_SECOND, RC_SCHEME_OF_SECOND, RC_VALUE_OF_SECOND,
                                      0x101, 0x1d5 };
    fixture f;
    tpmc_key *key = NULL;
    size_t i;

    (void)state;
    fixture_open(&f, 0);
    open_key(&f, &shape, NULL, &key);
    assert_int_equal(fixture_sign(&f, key, "RS256"), 0);
    for (i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        fail_first(&f, codes[i], 1);
        assert_int_not_equal(fixture_sign(&f, key, "RS256"), 0);
        assert_int_equal(tpmc_error_tpm_code(f.err), codes[i]);
        /* No second try, only a look whether the key is still the one meant. */
        assert_int_equal(tap_count(f.tap), 2);
        assert_int_not_equal(tap_code(f.tap, 1), TAP_CC_SIGN);
        tap_clear(f.tap);
        assert_int_equal(fixture_sign(&f, key, "RS256"), 0);
        assert_int_equal(tap_code(f.tap, 0), TAP_CC_SIGN);
    }
    tpmc_key_free(key);
    teardown(&f);
}

/* The result of TPM2_RSA_Decrypt is verified like any other. */
static void altered_signatures_are_not_used(void **state)
{
    static const made_key shapes[] = {
        { TPM2_ALG_RSA, MADE_DECRYPT, TPM2_ALG_NULL, 0, 2048, NULL, NULL, 0 },
        { TPM2_ALG_ECC, MADE_SIGN, TPM2_ALG_NULL, 0, TPM2_ECC_NIST_P256, NULL, NULL, 0 },
    };
    static const char *const names[] = { "RS256", "ES256" };
    /* A byte of the signature, and for ECDSA one of r. */
    static const uint32_t places[] = { 100, 30 };
    fixture f;
    size_t i;

    (void)state;
    fixture_open(&f, 0);
    for (i = 0; i < 2; i++) {
        tap_fault once = { .kind = TAP_FLIP, .value = places[i], .at = 0, .count = 1 };
        tpmc_key *key = NULL;

        open_key(&f, &shapes[i], NULL, &key);
        assert_int_equal(fixture_sign(&f, key, names[i]), 0);
        tap_clear(f.tap);
        tap_set_fault(f.tap, &once);
        /* It is loaded anew, and signs. */
        assert_int_equal(fixture_sign(&f, key, names[i]), 0);
        assert_int_equal(tap_hits(f.tap), 1);
        assert_true(tap_count(f.tap) > 2);
        tap_clear(f.tap);
        assert_int_equal(fixture_sign(&f, key, names[i]), 0);
        assert_int_equal(tap_count(f.tap), 1);
        tpmc_key_free(key);
    }
    teardown(&f);
}

/* Every signature is altered: after one more try it is an error. */
static void a_key_that_signs_wrongly_is_given_up(void **state)
{
    static const made_key shape = {
        TPM2_ALG_RSA, MADE_SIGN_DECRYPT, TPM2_ALG_NULL, 0, 2048, NULL, NULL, 0
    };
    static const uint8_t wrong[6 + 256] = { 0, 0x14, 0, 0x0b, 1, 0, 7 };
    static const uint8_t other[6 + 256] = { 0, 0x16, 0, 0x0b, 1, 0, 7 };
    fixture f;
    forger forging;
    tpmc_key *key = NULL;

    (void)state;
    fixture_open(&f, 0);
    forger_open(&forging, &f);
    open_key(&f, &shape, NULL, &key);
    forger_set(&forging, 0, TAP_CC_SIGN, SIZE_MAX, 1, wrong, sizeof(wrong));
    assert_int_equal(fixture_sign(&f, key, "RS256"), TPMC_ERR_INTEGRITY);
    assert_true(fixture_error_says(&f, "does not verify"));
    assert_int_equal(tap_count_of(f.tap, TAP_CC_SIGN), 2);
    forger_set(&forging, 0, TAP_CC_SIGN, SIZE_MAX, 1, other, sizeof(other));
    assert_int_equal(fixture_sign(&f, key, "RS256"), TPMC_ERR_INTEGRITY);
    assert_true(fixture_error_says(&f, "another kind"));
    forger_set(&forging, 0, TAP_CC_SIGN, 0, 1, other, sizeof(other));
    assert_int_equal(fixture_sign(&f, key, "RS256"), 0);
    tpmc_key_free(key);
    teardown(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_of_key),
        cmocka_unit_test(digests_of_every_length),
        cmocka_unit_test(passwords_of_other_tools),
        cmocka_unit_test(missing_hash_goes_by_decryption),
        cmocka_unit_test(missing_hash_is_named),
        cmocka_unit_test(other_refusals_stay_what_they_are),
        cmocka_unit_test(altered_signatures_are_not_used),
        cmocka_unit_test(a_key_that_signs_wrongly_is_given_up),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
