/* SPDX-License-Identifier: Apache-2.0 */

/* What is lost in the TPM comes back by itself, once, and a stranger's key never signs for ours. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "support/software_key.h"
#include "support/tcti_libtpms.h"
#include "support/tpm_fixture.h"

#define PASSWORD "lost key password"

static const fixture_template with_password = { .password = PASSWORD };
static const fixture_template with_lockout = { .password = PASSWORD, .dictionary_attack = "1" };

/* A key that has signed once. */
static void setup(fixture *f, const fixture_template *t, tpmc_bytes **pem, tpmc_key **key)
{
    fixture_open(f, 0);
    assert_int_equal(fixture_import(f, t, pem), 0);
    fixture_reconnect(f);
    assert_int_equal(fixture_key(f, *pem, t != NULL ? PASSWORD : NULL, key), 0);
    assert_int_equal(fixture_sign(f, *key, "RS256"), 0);
    tap_clear(f->tap);
}

static void teardown(fixture *f, tpmc_bytes *pem, tpmc_key *key)
{
    tpmc_key_free(key);
    tpmc_tpm_free(f->tpm);
    f->tpm = NULL;
    assert_true(fixture_holds_only_others(f));
    assert_int_equal(tpm_raw_lockout_counter(), 0);
    tpmc_bytes_free(pem);
    fixture_close(f);
}

/* Signs, with the key loaded again exactly once, and then with a single command. */
static void assert_comes_back(fixture *f, tpmc_key *key)
{
    tap_clear(f->tap);
    assert_int_equal(fixture_sign(f, key, "RS256"), 0);
    assert_int_equal(tap_count_of(f->tap, TAP_CC_LOAD), 1);
    tap_clear(f->tap);
    assert_int_equal(fixture_sign(f, key, "PS256"), 0);
    assert_int_equal(tap_count(f->tap), 1);
}

static const fixture_template *const templates[] = { NULL, &with_password, &with_lockout };

#define TEMPLATE_COUNT (sizeof(templates) / sizeof(templates[0]))

static void flushed_by_others(void **state)
{
    fixture f;
    tpmc_bytes *pem = NULL;
    tpmc_key *key = NULL;
    tpm_raw_handles objects;
    size_t i;

    (void)state;
    for (i = 0; i < TEMPLATE_COUNT; i++) {
        setup(&f, templates[i], &pem, &key);
        objects = tpm_raw_list(TPM_RAW_TRANSIENT);
        assert_int_equal(objects.count, 1);
        assert_int_equal(tpm_raw_flush(objects.items[0]), 0);
        assert_comes_back(&f, key);
        teardown(&f, pem, key);
    }
}

static void session_flushed_by_others(void **state)
{
    fixture f;
    tpmc_bytes *pem = NULL;
    tpmc_key *key = NULL;
    tpm_raw_handles sessions;
    size_t i;

    (void)state;
    for (i = 1; i < TEMPLATE_COUNT; i++) {
        setup(&f, templates[i], &pem, &key);
        sessions = tpm_raw_list(TPM_RAW_LOADED_SESSION);
        assert_int_equal(sessions.count, 1);
        assert_int_equal(tpm_raw_flush(sessions.items[0]), 0);
        assert_int_equal(fixture_sign(&f, key, "RS256"), 0);
        assert_int_equal(tap_count_of(f.tap, TAP_CC_START_AUTH_SESSION), 1);
        tap_clear(f.tap);
        assert_int_equal(fixture_sign(&f, key, "RS256"), 0);
        assert_int_equal(tap_count(f.tap), 1);
        teardown(&f, pem, key);
    }
}

static void everything_flushed_by_others(void **state)
{
    fixture f;
    tpmc_bytes *pem = NULL;
    tpmc_key *key = NULL;
    size_t i;

    (void)state;
    for (i = 0; i < TEMPLATE_COUNT; i++) {
        setup(&f, templates[i], &pem, &key);
        tpm_raw_flush_all();
        assert_comes_back(&f, key);
        teardown(&f, pem, key);
    }
}

static void power_cycle(void **state)
{
    fixture f;
    tpmc_bytes *pem = NULL;
    tpmc_key *key = NULL;
    size_t i;

    (void)state;
    for (i = 0; i < TEMPLATE_COUNT; i++) {
        setup(&f, templates[i], &pem, &key);
        libtpms_power_cycle(1, 1);
        assert_comes_back(&f, key);
        libtpms_power_cycle(1, 1);
        assert_comes_back(&f, key);
        teardown(&f, pem, key);
    }
}

/* Keys that are made by us survive cuts of power: they do not count towards lockout. */
static void power_cuts(void **state)
{
    fixture f;
    tpmc_bytes *pem = NULL;
    tpmc_key *key = NULL;
    int i;

    (void)state;
    setup(&f, &with_password, &pem, &key);
    for (i = 0; i < 10; i++) {
        libtpms_power_cycle(0, 1);
        assert_comes_back(&f, key);
    }
    teardown(&f, pem, key);
}

/* Without TPM2_Startup, which is not ours to send here, an error in words; then it works again. */
static void no_startup(void **state)
{
    fixture f;
    tpmc_bytes *pem = NULL;
    tpmc_key *key = NULL;

    (void)state;
    setup(&f, &with_password, &pem, &key);
    libtpms_power_cycle(1, 0);
    assert_int_equal(fixture_sign(&f, key, "RS256"), TPMC_ERR_TPM_UNAVAILABLE);
    assert_int_equal(tpmc_error_tpm_code(f.err), 0x100);
    assert_true(fixture_error_says(&f, "TPM2_Startup"));
    assert_int_equal(tpm_raw_startup(), 0);
    assert_comes_back(&f, key);
    teardown(&f, pem, key);
}

/*
 * After a reset a stranger's key stands at our handle and signs without complaint. The signature
 * does not verify, so ours comes back; the stranger's stays.
 */
static void stranger_at_our_handle(void **state)
{
    fixture f;
    tpmc_bytes *pem = NULL;
    tpmc_key *key = NULL;
    tpm_raw_handles ours;
    uint32_t handle = 0;
    uint32_t other = 0;

    (void)state;
    setup(&f, NULL, &pem, &key);
    ours = tpm_raw_list(TPM_RAW_TRANSIENT);
    libtpms_power_cycle(1, 1);
    assert_int_equal(tpm_raw_load_foreign(&other), 0);
    while (handle != ours.items[0])
        assert_int_equal(tpm_raw_load_foreign_signer(&handle), 0);
    if (other != handle)
        assert_int_equal(tpm_raw_flush(other), 0);
    fixture_mark_others(&f);
    assert_comes_back(&f, key);
    assert_true(tpm_raw_holds(handle));
    teardown(&f, pem, key);
}

/* The same with a password: the session notices, and no try is burnt. */
static void stranger_at_our_handle_with_password(void **state)
{
    fixture f;
    tpmc_bytes *pem = NULL;
    tpmc_key *key = NULL;
    uint32_t handle = 0;

    (void)state;
    setup(&f, &with_lockout, &pem, &key);
    libtpms_power_cycle(1, 1);
    assert_int_equal(tpm_raw_load_foreign_signer(&handle), 0);
    fixture_mark_others(&f);
    assert_int_equal(fixture_sign(&f, key, "RS256"), 0);
    assert_true(tpm_raw_holds(handle));
    teardown(&f, pem, key);
}

/* The key's TPM is exchanged for another while it is in use. */
static void another_tpm(void **state)
{
    fixture f;
    tpmc_bytes *pem = NULL;
    tpmc_key *key = NULL;

    (void)state;
    setup(&f, &with_password, &pem, &key);
    libtpms_start();
    assert_int_equal(fixture_sign(&f, key, "RS256"), TPMC_ERR_WRONG_TPM);
    teardown(&f, pem, key);
}

/* Other programs hold all slots but one or two. */
static void slots_are_scarce(void **state)
{
    fixture f;
    tpmc_bytes *pem = NULL;
    tpmc_key *key = NULL;
    uint32_t foreign[3] = { 0 };
    size_t i;
    int rc = 0;

    (void)state;
    setup(&f, &with_password, &pem, &key);
    tpmc_tpm_release(f.tpm);
    for (i = 0; i < 3; i++) {
        assert_int_equal(tpm_raw_load_foreign(&foreign[i]), 0);
        fixture_mark_others(&f);
        rc = fixture_sign(&f, key, "RS256");
        if (i == 0)
            assert_int_equal(rc, 0);
        if (rc != 0)
            assert_true(fixture_error_says(&f, "slot"));
        tpmc_tpm_release(f.tpm);
        assert_true(fixture_holds_only_others(&f));
    }
    assert_int_not_equal(rc, 0);
    assert_int_equal(tpm_raw_flush(foreign[0]), 0);
    assert_int_equal(tpm_raw_flush(foreign[1]), 0);
    fixture_mark_others(&f);
    assert_int_equal(fixture_sign(&f, key, "RS256"), 0);
    teardown(&f, pem, key);
}

/* More keys than slots: they take turns. */
static void more_keys_than_slots(void **state)
{
    fixture f;
    tpmc_bytes *pem = NULL;
    tpmc_key *keys[6] = { NULL };
    size_t i;
    int round;

    (void)state;
    fixture_open(&f, 0);
    assert_int_equal(fixture_import(&f, &with_password, &pem), 0);
    for (i = 0; i < 6; i++)
        assert_int_equal(fixture_key(&f, pem, PASSWORD, &keys[i]), 0);
    for (round = 0; round < 3; round++) {
        for (i = 0; i < 6; i++)
            assert_int_equal(fixture_sign(&f, keys[i], i % 2 ? "RS256" : "PS256"), 0);
    }
    for (i = 0; i < 6; i++)
        tpmc_key_free(keys[i]);
    teardown(&f, pem, NULL);
}

/* Other programs hold all sessions but one, then all. */
static void sessions_are_scarce(void **state)
{
    fixture f;
    tpmc_bytes *pem = NULL;
    tpmc_key *key = NULL;
    uint32_t foreign[3] = { 0 };
    size_t i;

    (void)state;
    setup(&f, &with_password, &pem, &key);
    tpmc_tpm_release(f.tpm);
    for (i = 0; i < 2; i++)
        assert_int_equal(tpm_raw_start_foreign_session(&foreign[i]), 0);
    fixture_mark_others(&f);
    assert_int_equal(fixture_sign(&f, key, "RS256"), 0);
    tpmc_tpm_release(f.tpm);
    assert_int_equal(tpm_raw_start_foreign_session(&foreign[2]), 0);
    fixture_mark_others(&f);
    assert_int_not_equal(fixture_sign(&f, key, "RS256"), 0);
    assert_true(fixture_error_says(&f, "session"));
    tpmc_tpm_release(f.tpm);
    assert_true(fixture_holds_only_others(&f));
    assert_int_equal(tpm_raw_flush(foreign[0]), 0);
    fixture_mark_others(&f);
    assert_int_equal(fixture_sign(&f, key, "RS256"), 0);
    teardown(&f, pem, key);
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
        cmocka_unit_test(flushed_by_others),
        cmocka_unit_test(session_flushed_by_others),
        cmocka_unit_test(everything_flushed_by_others),
        cmocka_unit_test(power_cycle),
        cmocka_unit_test(power_cuts),
        cmocka_unit_test(no_startup),
        cmocka_unit_test(stranger_at_our_handle),
        cmocka_unit_test(stranger_at_our_handle_with_password),
        cmocka_unit_test(another_tpm),
        cmocka_unit_test(slots_are_scarce),
        cmocka_unit_test(more_keys_than_slots),
        cmocka_unit_test(sessions_are_scarce),
    };

    return cmocka_run_group_tests(tests, NULL, cleanup);
}
