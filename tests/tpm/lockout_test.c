/* SPDX-License-Identifier: Apache-2.0 */

/* A wrong password costs one try, whatever is called how often; a locked TPM is named as such. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "support/software_key.h"
#include "support/tcti_libtpms.h"
#include "tpm/made_key.h"
#include "tpm/turns.h"

#define CALLS 100
#define MAX_TRIES 3u
#define RC_LOCKOUT 0x921u
#define INTERVAL_MS 1000000

static turn_files files;

static void begin(fixture *f)
{
    fixture_attach(f, 0);
    assert_int_equal(tpm_raw_lockout_reset(), 0);
    assert_int_equal(tpm_raw_set_max_tries(MAX_TRIES), 0);
    fixture_mark_others(f);
    assert_int_equal(fixture_connect(f), 0);
}

static void end(fixture *f)
{
    tpmc_tpm_free(f->tpm);
    f->tpm = NULL;
    assert_true(fixture_holds_only_others(f));
    fixture_detach(f);
    tap_free(f->tap);
}

static void a_hundred_calls(void **state)
{
    fixture f;
    tpmc_key *key = NULL;

    (void)state;
    begin(&f);
    assert_int_equal(fixture_key(&f, files.rsa[TURN_PROTECTED], "wrong", &key), 0);
    for (int i = 0; i < CALLS; i++) {
        if (i % 10 == 9)
            tpmc_tpm_release(f.tpm);
        assert_int_equal(fixture_sign(&f, key, "RS256"), TPMC_ERR_WRONG_PASSWORD);
        assert_true(fixture_error_says(&f, "password is wrong|not tried again"));
        assert_int_equal(tpm_raw_lockout_counter(), 1);
    }
    tpmc_key_free(key);
    end(&f);
}

static void a_hundred_macs(void **state)
{
    static const made_key made = {
        .type = TPM2_ALG_KEYEDHASH,
        .attributes = (MADE_SECRET & ~(unsigned)TPMA_OBJECT_NODA) | TPMA_OBJECT_SIGN_ENCRYPT,
        .scheme = TPM2_ALG_HMAC,
        .hash = TPM2_ALG_SHA256,
        .secret = "secret",
        .password = "right",
        .password_len = 5,
    };
    uint8_t message[3000] = { 0 };
    char pem[TSS2_FILE_TEXT_MAX];
    fixture f;
    tpmc_key *key = NULL;
    tpmc_bytes *mac = NULL;

    (void)state;
    assert_int_equal(made_key_write(&made, pem), 0);
    begin(&f);
    assert_int_equal(fixture_key_text(&f, pem, "wrong", &key), 0);
    for (int i = 0; i < CALLS; i++) {
        size_t len = i % 2 ? sizeof(message) : 10;

        assert_int_equal(tpmc_key_hmac(key, message, len, &mac, f.err), TPMC_ERR_WRONG_PASSWORD);
        assert_null(mac);
        assert_int_equal(tpm_raw_lockout_counter(), 1);
    }
    tpmc_key_free(key);
    end(&f);
}

/* No password given to a key that wants one: nothing is sent. */
static void missing_password(void **state)
{
    fixture f;
    tpmc_key *key = NULL;

    (void)state;
    begin(&f);
    assert_int_equal(fixture_key(&f, files.rsa[TURN_PROTECTED], NULL, &key), 0);
    for (int i = 0; i < CALLS; i++)
        assert_int_equal(fixture_sign(&f, key, "RS256"), TPMC_ERR_WRONG_PASSWORD);
    assert_int_equal(tap_count(f.tap), 0);
    assert_int_equal(tpm_raw_lockout_counter(), 0);
    tpmc_key_free(key);
    end(&f);
}

static void lock(void)
{
    fixture f;
    tpmc_key *key = NULL;

    begin(&f);
    for (unsigned i = 0; i < MAX_TRIES; i++) {
        assert_int_equal(fixture_key(&f, files.rsa[TURN_PROTECTED], "wrong", &key), 0);
        assert_int_equal(fixture_sign(&f, key, "RS256"), TPMC_ERR_WRONG_PASSWORD);
        tpmc_key_free(key);
    }
    end(&f);
    assert_int_equal(tpm_raw_lockout_counter(), MAX_TRIES);
}

static void locked_out(void **state)
{
    fixture f;
    tpmc_key *key = NULL;
    tpmc_key *free_of_lockout = NULL;

    (void)state;
    lock();
    fixture_attach(&f, 0);
    fixture_mark_others(&f);
    assert_int_equal(fixture_connect(&f), 0);
    key = turn_key(&f, &files, TURN_PROTECTED);
    assert_int_equal(tpmc_key_open(key, f.err), 0);
    tap_clear(f.tap);
    assert_int_equal(fixture_sign(&f, key, "RS256"), TPMC_ERR_LOCKOUT);
    assert_int_equal(tap_count_of(f.tap, TAP_CC_SIGN), 1);
    /* Three questions make the reason, and nothing is tried again. */
    assert_int_equal(tap_count_of(f.tap, TAP_CC_GET_CAPABILITY), 3);
    assert_int_equal(tap_count(f.tap), 4);
    assert_int_equal(tpmc_error_tpm_code(f.err), RC_LOCKOUT);
    assert_int_equal(tpmc_error_retry_after_ms(f.err), INTERVAL_MS);
    assert_true(fixture_error_says(&f, "dictionary-attack lockout|3 wrong passwords|it takes 3|"
                                       "1000 seconds|tpm2_dictionarylockout"));
    /* Keys without lockout still work, on the same session. */
    free_of_lockout = turn_key(&f, &files, TURN_PASSWORD);
    assert_int_equal(fixture_sign(&f, free_of_lockout, "RS256"), 0);
    /* Once it is reset, the same object works: the password was never called wrong. */
    assert_int_equal(tpm_raw_lockout_reset(), 0);
    assert_int_equal(fixture_sign(&f, key, "RS256"), 0);
    tpmc_key_free(free_of_lockout);
    tpmc_key_free(key);
    end(&f);
}

/* The reason alone when the numbers cannot be had. */
static void numbers_cannot_be_had(void **state)
{
    tap_fault fault = { .kind = TAP_ANSWER, .value = 0x101, .at = 1, .count = TAP_STICKY };
    fixture f;
    tpmc_key *key = NULL;

    (void)state;
    lock();
    fixture_attach(&f, 0);
    fixture_mark_others(&f);
    assert_int_equal(fixture_connect(&f), 0);
    key = turn_key(&f, &files, TURN_PROTECTED);
    assert_int_equal(tpmc_key_open(key, f.err), 0);
    tap_clear(f.tap);
    tap_set_fault(f.tap, &fault);
    assert_int_equal(fixture_sign(&f, key, "RS256"), TPMC_ERR_LOCKOUT);
    assert_int_equal(tpmc_error_tpm_code(f.err), RC_LOCKOUT);
    assert_true(fixture_error_says(&f, "dictionary-attack lockout|wait"));
    tap_clear(f.tap);
    assert_int_equal(tpm_raw_lockout_reset(), 0);
    assert_int_equal(fixture_sign(&f, key, "RS256"), 0);
    tpmc_key_free(key);
    end(&f);
}

static int start(void **state)
{
    (void)state;
    libtpms_start();
    turns_make(&files);
    return 0;
}

static int finish(void **state)
{
    (void)state;
    turns_free(&files);
    software_key_cleanup();
    libtpms_stop();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_hundred_calls),       cmocka_unit_test(a_hundred_macs),
        cmocka_unit_test(missing_password),      cmocka_unit_test(locked_out),
        cmocka_unit_test(numbers_cannot_be_had),
    };

    return cmocka_run_group_tests(tests, start, finish);
}
