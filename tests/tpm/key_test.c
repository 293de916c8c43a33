/* SPDX-License-Identifier: Apache-2.0 */

/* Signing, and what passwords do. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/sha.h>

#include "support/signature.h"
#include "support/software_key.h"
#include "support/tcti_libtpms.h"
#include "support/tpm_fixture.h"
#include "support/tss2_file.h"

#define PASSWORD "key test password"

static const fixture_template with_password = { .password = PASSWORD };
static const fixture_template with_lockout = { .password = PASSWORD, .dictionary_attack = "1" };

/* A fixture, a key file made from `t`, and a fresh connection. */
static void setup(fixture *f, const fixture_template *t, tpmc_bytes **pem)
{
    fixture_open(f, 0);
    assert_int_equal(fixture_import(f, t, pem), 0);
    fixture_reconnect(f);
    tap_clear(f->tap);
}

static void teardown(fixture *f, tpmc_bytes *pem)
{
    tpmc_tpm_free(f->tpm);
    f->tpm = NULL;
    assert_true(fixture_holds_only_others(f));
    tpmc_bytes_free(pem);
    fixture_close(f);
}

static void signatures_verify(void **state)
{
    static const fixture_template *const templates[] = { NULL, &with_password, &with_lockout };
    fixture f;
    tpmc_bytes *pem = NULL;
    tpmc_key *key = NULL;
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(templates) / sizeof(templates[0]); i++) {
        setup(&f, templates[i], &pem);
        assert_int_equal(fixture_key(&f, pem, templates[i] != NULL ? PASSWORD : NULL, &key), 0);
        assert_int_equal(fixture_sign(&f, key, "RS256"), 0);
        assert_int_equal(fixture_sign(&f, key, "PS256"), 0);
        assert_int_equal(tpm_raw_lockout_counter(), 0);
        tpmc_key_free(key);
        teardown(&f, pem);
    }
}

/* NULL is what the key implies; an empty message is a message. */
static void implied_algorithm_and_empty_message(void **state)
{
    fixture f;
    tpmc_bytes *pem = NULL;
    tpmc_bytes *signature = NULL;
    tpmc_bytes *spki = NULL;
    tpmc_key *key = NULL;

    (void)state;
    setup(&f, NULL, &pem);
    assert_int_equal(fixture_key(&f, pem, NULL, &key), 0);
    assert_int_equal(tpmc_key_public(key, &spki, f.err), 0);
    assert_int_equal(tpmc_key_sign(key, NULL, NULL, 0, &signature, f.err), 0);
    assert_true(verify_signature(spki, "RS256", "", 0, signature));
    tpmc_bytes_free(signature);
    assert_int_equal(tpmc_key_sign(key, NULL, NULL, 1, &signature, f.err), TPMC_ERR_ARGUMENT);
    assert_null(signature);
    tpmc_bytes_free(spki);
    tpmc_key_free(key);
    teardown(&f, pem);
}

static void digests(void **state)
{
    static const size_t wrong[] = { 0, 1, 20, 31, 33, 48, 64 };
    static const char *const algorithms[] = { "RS256", "PS256" };
    fixture f;
    unsigned char digest[64] = { 0 };
    tpmc_bytes *pem = NULL;
    tpmc_bytes *signature = NULL;
    tpmc_bytes *spki = NULL;
    tpmc_key *key = NULL;
    size_t i;

    (void)state;
    setup(&f, NULL, &pem);
    assert_int_equal(fixture_key(&f, pem, NULL, &key), 0);
    assert_int_equal(tpmc_key_public(key, &spki, f.err), 0);
    SHA256((const unsigned char *)FIXTURE_MESSAGE, strlen(FIXTURE_MESSAGE), digest);
    for (i = 0; i < 2; i++) {
        assert_int_equal(tpmc_key_sign_digest(key, algorithms[i], digest, 32, &signature, f.err),
                         0);
        assert_true(verify_signature(spki, algorithms[i], FIXTURE_MESSAGE, strlen(FIXTURE_MESSAGE),
                                     signature));
        tpmc_bytes_free(signature);
    }
    tap_clear(f.tap);
    for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        assert_int_equal(tpmc_key_sign_digest(key, "RS256", digest, wrong[i], &signature, f.err),
                         TPMC_ERR_ARGUMENT);
        assert_null(signature);
        assert_true(fixture_error_says(&f, "32"));
    }
    assert_int_equal(tap_count(f.tap), 0);
    tpmc_bytes_free(spki);
    tpmc_key_free(key);
    teardown(&f, pem);
}

/* A wrong password is sent once in the life of a key object. */
static void try_wrong_password(const fixture_template *t, uint32_t counts)
{
    fixture f;
    tpmc_bytes *pem = NULL;
    tpmc_key *key = NULL;
    size_t sent = 0;
    int i;

    setup(&f, t, &pem);
    assert_int_equal(fixture_key(&f, pem, "not the password", &key), 0);
    assert_int_equal(fixture_sign(&f, key, "RS256"), TPMC_ERR_WRONG_PASSWORD);
    assert_true(fixture_error_says(&f, "password"));
    assert_int_equal(tap_count_of(f.tap, TAP_CC_SIGN) >= 1, 1);
    assert_int_equal(tpm_raw_lockout_counter(), counts);
    sent = tap_count(f.tap);
    for (i = 0; i < 5; i++) {
        assert_int_equal(fixture_sign(&f, key, i % 2 ? "RS256" : "PS256"), TPMC_ERR_WRONG_PASSWORD);
        assert_true(fixture_error_says(&f, "password"));
    }
    assert_int_equal(tap_count(f.tap), sent);
    assert_int_equal(tpm_raw_lockout_counter(), counts);
    tpmc_key_free(key);
    assert_int_equal(fixture_key(&f, pem, "also wrong", &key), 0);
    assert_int_equal(fixture_sign(&f, key, "RS256"), TPMC_ERR_WRONG_PASSWORD);
    assert_true(tap_count(f.tap) > sent);
    assert_int_equal(tpm_raw_lockout_counter(), 2 * counts);
    tpmc_key_free(key);
    assert_int_equal(fixture_key(&f, pem, PASSWORD, &key), 0);
    assert_int_equal(fixture_sign(&f, key, "RS256"), 0);
    tpmc_key_free(key);
    teardown(&f, pem);
}

static void wrong_password(void **state)
{
    (void)state;
    try_wrong_password(&with_password, 0);
}

static void wrong_password_counts_once(void **state)
{
    (void)state;
    try_wrong_password(&with_lockout, 1);
}

/* Not even the TPM's own "try again" on the first use of such a key makes a count. */
static void right_password_never_counts(void **state)
{
    fixture f;
    tpmc_bytes *pem = NULL;
    tpmc_key *key = NULL;
    int i;

    (void)state;
    setup(&f, &with_lockout, &pem);
    assert_int_equal(fixture_key(&f, pem, PASSWORD, &key), 0);
    for (i = 0; i < 1000; i++) {
        assert_int_equal(fixture_sign(&f, key, "RS256"), 0);
        if (i % 100 == 0)
            assert_int_equal(tpm_raw_lockout_counter(), 0);
        tap_clear(f.tap);
    }
    assert_int_equal(tpm_raw_lockout_counter(), 0);
    tpmc_key_free(key);
    teardown(&f, pem);
}

static void lockout(void **state)
{
    fixture f;
    tpmc_bytes *pem = NULL;
    tpmc_key *key = NULL;
    int i;

    (void)state;
    setup(&f, &with_lockout, &pem);
    assert_int_equal(tpm_raw_set_max_tries(3), 0);
    for (i = 0; i < 3; i++) {
        assert_int_equal(fixture_key(&f, pem, "wrong", &key), 0);
        assert_int_equal(fixture_sign(&f, key, "RS256"), TPMC_ERR_WRONG_PASSWORD);
        tpmc_key_free(key);
    }
    assert_int_equal(fixture_key(&f, pem, PASSWORD, &key), 0);
    assert_int_equal(fixture_sign(&f, key, "RS256"), TPMC_ERR_LOCKOUT);
    assert_int_equal(tpmc_error_tpm_code(f.err) & 0xfff, 0x921);
    assert_true(fixture_error_says(&f, "lockout"));
    assert_int_equal(tpm_raw_lockout_reset(), 0);
    assert_int_equal(fixture_sign(&f, key, "RS256"), 0);
    tpmc_key_free(key);
    teardown(&f, pem);
}

/* A key that is empty although its file does not say so, and is safe to try. */
static void missing_password_is_tried_empty(void **state)
{
    static const int flags[] = { -1, 0, 1 };
    fixture f;
    tpmc_bytes *pem = NULL;
    tpmc_key *key = NULL;
    tss2_file file;
    char text[TSS2_FILE_TEXT_MAX];
    size_t i;

    (void)state;
    setup(&f, NULL, &pem);
    tss2_file_read(tpmc_bytes_data(pem), tpmc_bytes_len(pem), &file);
    assert_int_equal(file.empty_auth, 1);
    for (i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
        file.empty_auth = flags[i];
        tss2_file_write(&file, text);
        assert_int_equal(fixture_key_text(&f, text, NULL, &key), 0);
        assert_int_equal(fixture_sign(&f, key, "RS256"), 0);
        tpmc_key_free(key);
    }
    teardown(&f, pem);
}

static void missing_password(void **state)
{
    fixture f;
    tpmc_bytes *pem = NULL;
    tpmc_key *key = NULL;

    (void)state;
    setup(&f, &with_password, &pem);
    assert_int_equal(fixture_key(&f, pem, NULL, &key), 0);
    assert_int_equal(fixture_sign(&f, key, "RS256"), TPMC_ERR_WRONG_PASSWORD);
    assert_true(fixture_error_says(&f, "password"));
    tpmc_key_free(key);
    teardown(&f, pem);
}

/* The flag may be wrong: a password that is given is used. */
static void given_password_beats_the_flag(void **state)
{
    fixture f;
    tpmc_bytes *pem = NULL;
    tpmc_key *key = NULL;
    tss2_file file;
    char text[TSS2_FILE_TEXT_MAX];

    (void)state;
    setup(&f, &with_password, &pem);
    tss2_file_read(tpmc_bytes_data(pem), tpmc_bytes_len(pem), &file);
    assert_int_not_equal(file.empty_auth, 1);
    file.empty_auth = 1;
    tss2_file_write(&file, text);
    assert_int_equal(fixture_key_text(&f, text, PASSWORD, &key), 0);
    assert_int_equal(fixture_sign(&f, key, "RS256"), 0);
    tpmc_key_free(key);
    teardown(&f, pem);
}

/* Where a guess could count, nothing is sent. */
static void missing_password_of_a_protected_key(void **state)
{
    fixture f;
    tpmc_bytes *pem = NULL;
    tpmc_key *key = NULL;

    (void)state;
    setup(&f, &with_lockout, &pem);
    assert_int_equal(fixture_key(&f, pem, NULL, &key), 0);
    assert_int_equal(tpmc_key_open(key, f.err), TPMC_ERR_WRONG_PASSWORD);
    assert_int_equal(fixture_sign(&f, key, "RS256"), TPMC_ERR_WRONG_PASSWORD);
    assert_true(fixture_error_says(&f, "password"));
    assert_int_equal(tap_count(f.tap), 0);
    assert_int_equal(tpm_raw_lockout_counter(), 0);
    tpmc_key_free(key);
    /* Known to be empty: then it is sent. */
    assert_int_equal(fixture_key(&f, pem, "", &key), 0);
    assert_int_equal(fixture_sign(&f, key, "RS256"), TPMC_ERR_WRONG_PASSWORD);
    assert_int_equal(tap_count_of(f.tap, TAP_CC_SIGN) >= 1, 1);
    assert_int_equal(tpm_raw_lockout_counter(), 1);
    tpmc_key_free(key);
    teardown(&f, pem);
}

typedef struct asked {
    int calls;
    int released;
    int answer;
    const char *password;
    size_t claim; /* the length it claims when not 0 */
} asked;

static int ask(void *user, uint8_t *out, size_t capacity, size_t *len)
{
    asked *a = user;
    size_t size = strlen(a->password);

    a->calls++;
    assert_true(size <= capacity);
    memcpy(out, a->password, size);
    *len = a->claim != 0 ? a->claim : size;
    return a->answer;
}

static void forget(void *user)
{
    asked *a = user;

    a->released++;
}

static void password_callback(void **state)
{
    fixture f;
    tpmc_bytes *pem = NULL;
    tpmc_key *key = NULL;
    asked a = { .password = PASSWORD };
    asked unused = { .password = "unused" };

    (void)state;
    setup(&f, &with_lockout, &pem);
    assert_int_equal(fixture_key(&f, pem, NULL, &key), 0);
    assert_int_equal(tpmc_key_set_password_callback(key, ask, &unused, forget, f.err), 0);
    assert_int_equal(tpmc_key_set_password_callback(key, ask, &a, forget, f.err), 0);
    assert_int_equal(unused.released, 1);
    assert_int_equal(a.calls, 0);
    assert_int_equal(fixture_sign(&f, key, "RS256"), 0);
    assert_int_equal(fixture_sign(&f, key, "PS256"), 0);
    tpmc_tpm_release(f.tpm);
    assert_int_equal(fixture_sign(&f, key, "RS256"), 0);
    assert_int_equal(a.calls, 1);
    assert_int_equal(tpm_raw_lockout_counter(), 0);
    tpmc_key_free(key);
    assert_int_equal(a.released, 1);
    assert_int_equal(unused.calls, 0);
    teardown(&f, pem);
}

static void password_callback_failures(void **state)
{
    static const struct {
        int answer;
        int expected;
    } cases[] = {
        { TPMC_ERR_CANCELLED, TPMC_ERR_CANCELLED },
        { TPMC_ERR_IO, TPMC_ERR_IO },
        { TPMC_ERR_WRONG_PASSWORD, TPMC_ERR_WRONG_PASSWORD },
        { 42, TPMC_ERR_IO },
        { -1000, TPMC_ERR_IO },
    };
    fixture f;
    tpmc_bytes *pem = NULL;
    tpmc_key *key = NULL;
    asked a = { .password = PASSWORD };
    size_t i;

    (void)state;
    setup(&f, &with_lockout, &pem);
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        a.answer = cases[i].answer;
        assert_int_equal(fixture_key(&f, pem, NULL, &key), 0);
        assert_int_equal(tpmc_key_set_password_callback(key, ask, &a, NULL, f.err), 0);
        assert_int_equal(fixture_sign(&f, key, "RS256"), cases[i].expected);
        assert_string_not_equal(tpmc_error_text(f.err), "");
        tpmc_key_free(key);
    }
    /* More than there is room for. */
    a.answer = 0;
    a.claim = SIZE_MAX;
    assert_int_equal(fixture_key(&f, pem, NULL, &key), 0);
    assert_int_equal(tpmc_key_set_password_callback(key, ask, &a, NULL, f.err), 0);
    assert_int_not_equal(fixture_sign(&f, key, "RS256"), 0);
    tpmc_key_free(key);
    assert_int_equal(tap_count_of(f.tap, TAP_CC_SIGN), 0);
    assert_int_equal(tpm_raw_lockout_counter(), 0);
    teardown(&f, pem);
}

static void password_beats_the_callback(void **state)
{
    fixture f;
    tpmc_bytes *pem = NULL;
    tpmc_key *key = NULL;
    asked a = { .password = "wrong" };

    (void)state;
    setup(&f, &with_lockout, &pem);
    assert_int_equal(fixture_key(&f, pem, PASSWORD, &key), 0);
    assert_int_equal(tpmc_key_set_password_callback(key, ask, &a, forget, f.err), 0);
    assert_int_equal(fixture_sign(&f, key, "RS256"), 0);
    assert_int_equal(a.calls, 0);
    tpmc_key_free(key);
    assert_int_equal(a.released, 1);
    teardown(&f, pem);
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
        cmocka_unit_test(signatures_verify),
        cmocka_unit_test(implied_algorithm_and_empty_message),
        cmocka_unit_test(digests),
        cmocka_unit_test(wrong_password),
        cmocka_unit_test(wrong_password_counts_once),
        cmocka_unit_test(right_password_never_counts),
        cmocka_unit_test(lockout),
        cmocka_unit_test(missing_password_is_tried_empty),
        cmocka_unit_test(missing_password),
        cmocka_unit_test(given_password_beats_the_flag),
        cmocka_unit_test(missing_password_of_a_protected_key),
        cmocka_unit_test(password_callback),
        cmocka_unit_test(password_callback_failures),
        cmocka_unit_test(password_beats_the_callback),
    };

    return cmocka_run_group_tests(tests, NULL, cleanup);
}
