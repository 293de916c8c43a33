/* SPDX-License-Identifier: Apache-2.0 */

/* A TPM whose RSASSA-PSS signatures have another salt length than RFC 7518 wants. A software TPM is
 * none, so its answers are forged with the private key at hand. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include "support/check.h"
#include "support/software_key.h"
#include "support/tpm_fixture.h"
#include "tpm/forger.h"

#define SIGNATURE_LEN 256

static const fixture_template pss_only = { .scheme = "rsapss" };

/* The answer of TPM2_Sign with a PSS signature of FIXTURE_MESSAGE. */
static void forge(forger *forging, const char *hash, uint16_t hash_id, int salt_len, size_t count)
{
    uint8_t parameters[6 + SIGNATURE_LEN] = { 0x00,
                                              0x16,
                                              (uint8_t)(hash_id >> 8),
                                              (uint8_t)hash_id,
                                              SIGNATURE_LEN >> 8,
                                              SIGNATURE_LEN & 0xff };
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    EVP_PKEY_CTX *padding = NULL;
    size_t len = SIGNATURE_LEN;

    check(context != NULL);
    check(EVP_DigestSignInit_ex(context, &padding, hash, NULL, NULL, software_key_rsa(2048),
                                NULL) == 1);
    check(EVP_PKEY_CTX_set_rsa_padding(padding, RSA_PKCS1_PSS_PADDING) == 1);
    check(EVP_PKEY_CTX_set_rsa_pss_saltlen(padding, salt_len) == 1);
    check(EVP_DigestSign(context, parameters + 6, &len, (const unsigned char *)FIXTURE_MESSAGE,
                         strlen(FIXTURE_MESSAGE)) == 1);
    check(len == SIGNATURE_LEN);
    EVP_MD_CTX_free(context);
    forger_set(forging, 0, TAP_CC_SIGN, count, 1, parameters, sizeof(parameters));
}

static void setup(fixture *f, forger *forging, const fixture_template *t, tpmc_key **key)
{
    tpmc_bytes *pem = NULL;

    fixture_open(f, 0);
    assert_int_equal(fixture_import(f, t, &pem), 0);
    forger_open(forging, f);
    assert_int_equal(fixture_key(f, pem, NULL, key), 0);
    tpmc_bytes_free(pem);
}

static void teardown(fixture *f, tpmc_key *key)
{
    tpmc_key_free(key);
    tpmc_tpm_free(f->tpm);
    f->tpm = NULL;
    assert_true(fixture_holds_only_others(f));
    fixture_close(f);
}

static void assert_sequence(fixture *f, const char *expected)
{
    char sequence[256];

    tap_sequence(f->tap, 0, sequence, sizeof(sequence));
    assert_string_equal(sequence, expected);
    tap_clear(f->tap);
}

/* The key may decrypt: the padding is made in software. It is remembered, for all hashes. */
static void key_that_may_decrypt(void **state)
{
    static const int salts[] = { RSA_PSS_SALTLEN_MAX, 0, 20 };
    fixture f;
    forger forging;
    tpmc_key *key = NULL;
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(salts) / sizeof(salts[0]); i++) {
        setup(&f, &forging, NULL, &key);
        assert_int_equal(fixture_sign(&f, key, "RS256"), 0);
        tap_clear(f.tap);
        forge(&forging, "SHA256", 0x000b, salts[i], SIZE_MAX);
        assert_int_equal(fixture_sign(&f, key, "PS256"), 0);
        assert_sequence(&f, "Sign RSA_Decrypt");
        assert_int_equal(fixture_sign(&f, key, "PS256"), 0);
        assert_sequence(&f, "RSA_Decrypt");
        assert_int_equal(fixture_sign(&f, key, "PS384"), 0);
        assert_sequence(&f, "RSA_Decrypt");
        forger_set(&forging, 0, 0, 0, 0, "", 0);
        assert_int_equal(fixture_sign(&f, key, "RS256"), 0);
        assert_sequence(&f, "Sign");
        teardown(&f, key);
    }
}

/* It may not: the refusal says what to use instead, and is remembered. */
static void key_that_may_not_decrypt(void **state)
{
    fixture f;
    forger forging;
    tpmc_key *key = NULL;

    (void)state;
    setup(&f, &forging, &pss_only, &key);
    assert_int_equal(fixture_sign(&f, key, "PS256"), 0);
    tap_clear(f.tap);
    forge(&forging, "SHA256", 0x000b, RSA_PSS_SALTLEN_MAX, SIZE_MAX);
    assert_int_equal(fixture_sign(&f, key, "PS256"), TPMC_ERR_UNSUPPORTED);
    assert_true(fixture_error_says(&f, "salt|PS256|RS256"));
    assert_sequence(&f, "Sign");
    assert_int_equal(fixture_sign(&f, key, "PS256"), TPMC_ERR_UNSUPPORTED);
    assert_true(fixture_error_says(&f, "salt"));
    assert_sequence(&f, "");
    teardown(&f, key);
}

/* The right salt takes the ordinary way. */
static void right_salt(void **state)
{
    fixture f;
    forger forging;
    tpmc_key *key = NULL;

    (void)state;
    setup(&f, &forging, NULL, &key);
    assert_int_equal(fixture_sign(&f, key, "PS512"), 0);
    tap_clear(f.tap);
    forge(&forging, "SHA512", 0x000d, 64, SIZE_MAX);
    assert_int_equal(fixture_sign(&f, key, "PS512"), 0);
    assert_int_equal(fixture_sign(&f, key, "PS512"), 0);
    assert_sequence(&f, "Sign Sign");
    teardown(&f, key);
}

static int cleanup(void **state)
{
    (void)state;
    software_key_cleanup();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(key_that_may_decrypt),
        cmocka_unit_test(key_that_may_not_decrypt),
        cmocka_unit_test(right_salt),
    };

    return cmocka_run_group_tests(tests, NULL, cleanup);
}
