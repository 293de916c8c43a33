/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Sequences in which a fault meets another event, and a careless client would send a wrong password
 * twice, blame the wrong key, or flush what belongs to somebody else.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "support/check.h"
#include "support/software_key.h"
#include "support/tcti_libtpms.h"
#include "support/tpm_fixture.h"

#define PASSWORD "right password"
#define OWNER_PASSWORD "owner password"

/* Offsets in the response to TPM2_StartAuthSession. */
#define HANDLE_LAST_BYTE 13
#define NONCE_BYTE 20

static const fixture_template with_password = { .password = PASSWORD };
static const fixture_template with_lockout = { .password = PASSWORD, .dictionary_attack = "1" };

/* One fixture, its key file and up to two keys. */
typedef struct bench {
    fixture f;
    tpmc_bytes *pem;
    tpmc_key *a;
    tpmc_key *b;
} bench;

static void begin(bench *t, const fixture_template *key_template, int pollable)
{
    memset(t, 0, sizeof(*t));
    fixture_open(&t->f, pollable);
    assert_int_equal(fixture_import(&t->f, key_template, &t->pem), 0);
    fixture_reconnect(&t->f);
    assert_int_equal(tpm_raw_set_max_tries(20), 0);
    tap_clear(t->f.tap);
}

static void end(bench *t)
{
    tpmc_key_free(t->a);
    tpmc_key_free(t->b);
    tpmc_tpm_free(t->f.tpm);
    t->f.tpm = NULL;
    assert_true(fixture_holds_only_others(&t->f));
    tpmc_bytes_free(t->pem);
    fixture_close(&t->f);
}

static void add_key(bench *t, const char *password, tpmc_key **key)
{
    assert_int_equal(fixture_key(&t->f, t->pem, password, key), 0);
}

/* The n-th command from now meets a fault, once. */
static void plan(bench *t, tap_fault_kind kind, uint32_t value, size_t at)
{
    tap_fault fault = { .kind = kind, .value = value, .count = 1, .at = at };

    tap_clear(t->f.tap);
    tap_set_fault(t->f.tap, &fault);
}

/* A wrong password whose refusal comes late is A's matter, even when B gets A's handle meanwhile.
 */
static void late_refusal_hits_no_other_key(void **state)
{
    bench t;

    (void)state;
    begin(&t, &with_password, 1);
    add_key(&t, "wrong", &t.a);
    add_key(&t, PASSWORD, &t.b);
    assert_int_equal(tpmc_key_open(t.a, t.f.err), 0);
    plan(&t, TAP_STALL, 0, 0);
    assert_int_equal(fixture_sign(&t.f, t.a, "RS256"), TPMC_ERR_TIMEOUT);
    tpmc_tpm_release(t.f.tpm);
    assert_int_equal(fixture_sign(&t.f, t.b, "RS256"), 0);
    end(&t);
}

static void late_refusal_is_not_forgotten(void **state)
{
    bench t;

    (void)state;
    begin(&t, &with_lockout, 1);
    add_key(&t, "wrong", &t.a);
    assert_int_equal(tpmc_key_open(t.a, t.f.err), 0);
    /* The first answer is that the TPM wants the command again (TPM_RC_RETRY). */
    plan(&t, TAP_STALL, 0, 1);
    assert_int_equal(fixture_sign(&t.f, t.a, "RS256"), TPMC_ERR_TIMEOUT);
    tpmc_tpm_release(t.f.tpm);
    assert_int_equal(fixture_sign(&t.f, t.a, "RS256"), TPMC_ERR_WRONG_PASSWORD);
    assert_true(tpm_raw_lockout_counter() <= 1);
    end(&t);
}

/* When it cannot be learnt whether a refusal holds, the password is not sent again to find out. */
static void doubt_sends_nothing_again(void **state)
{
    bench t;

    (void)state;
    begin(&t, &with_lockout, 0);
    add_key(&t, "wrong", &t.a);
    plan(&t, TAP_CUT, 4, 6);
    assert_int_equal(fixture_sign(&t.f, t.a, "RS256"), TPMC_ERR_WRONG_PASSWORD);
    assert_int_equal(tpm_raw_lockout_counter(), 1);
    end(&t);
}

/* A key with an empty password uses no session, so a dead one says nothing about its refusal. */
static void only_the_session_in_use_counts(void **state)
{
    bench t;
    tpm_raw_handles sessions;

    (void)state;
    begin(&t, &with_lockout, 0);
    add_key(&t, PASSWORD, &t.b);
    assert_int_equal(fixture_sign(&t.f, t.b, "RS256"), 0);
    add_key(&t, "", &t.a);
    assert_int_equal(tpmc_key_open(t.a, t.f.err), 0);
    sessions = tpm_raw_list(TPM_RAW_LOADED_SESSION);
    assert_int_equal(sessions.count, 1);
    assert_int_equal(tpm_raw_flush(sessions.items[0]), 0);
    assert_int_equal(fixture_sign(&t.f, t.a, "RS256"), TPMC_ERR_WRONG_PASSWORD);
    assert_int_equal(tpm_raw_lockout_counter(), 1);
    end(&t);
}

/* The answer that proves the session is altered, which ends the ESYS context. */
static void altered_proof_is_survived(void **state)
{
    bench t;
    tpm_raw_handles objects;

    (void)state;
    begin(&t, &with_password, 0);
    add_key(&t, PASSWORD, &t.a);
    assert_int_equal(fixture_sign(&t.f, t.a, "RS256"), 0);
    objects = tpm_raw_list(TPM_RAW_TRANSIENT);
    assert_int_equal(objects.count, 1);
    assert_int_equal(tpm_raw_flush(objects.items[0]), 0);
    plan(&t, TAP_FLIP, 0x80000000u, 1);
    assert_int_equal(fixture_sign(&t.f, t.a, "RS256"), 0);
    end(&t);
}

static void altered_nonce_leaves_no_session(void **state)
{
    bench t;

    (void)state;
    begin(&t, &with_password, 0);
    add_key(&t, PASSWORD, &t.a);
    plan(&t, TAP_FLIP, NONCE_BYTE, 1);
    assert_int_equal(fixture_sign(&t.f, t.a, "RS256"), 0);
    end(&t);
}

static void altered_session_handle_leaves_no_session(void **state)
{
    bench t;

    (void)state;
    begin(&t, &with_password, 0);
    assert_int_equal(tpm_raw_set_owner_password("", OWNER_PASSWORD), 0);
    assert_int_equal(tpmc_tpm_set_hierarchy_password(t.f.tpm, TPMC_HIERARCHY_OWNER, OWNER_PASSWORD,
                                                     strlen(OWNER_PASSWORD), t.f.err),
                     0);
    add_key(&t, PASSWORD, &t.a);
    plan(&t, TAP_FLIP, HANDLE_LAST_BYTE, 1);
    assert_int_equal(fixture_sign(&t.f, t.a, "RS256"), 0);
    end(&t);
}

/* Our session is flushed by an administrator while another program holds one of its own. */
static void other_programs_session_stays(void **state)
{
    bench t;
    uint32_t theirs = 0;
    tpm_raw_handles sessions;

    (void)state;
    begin(&t, &with_password, 0);
    assert_int_equal(tpm_raw_start_foreign_session(&theirs), 0);
    fixture_mark_others(&t.f);
    add_key(&t, PASSWORD, &t.a);
    assert_int_equal(tpmc_key_open(t.a, t.f.err), 0);
    sessions = tpm_raw_list(TPM_RAW_LOADED_SESSION);
    for (size_t i = 0; i < sessions.count; i++) {
        if (sessions.items[i] != theirs)
            assert_int_equal(tpm_raw_flush(sessions.items[i]), 0);
    }
    assert_int_equal(fixture_sign(&t.f, t.a, "RS256"), 0);
    assert_true(tpm_raw_holds(theirs));
    end(&t);
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
        cmocka_unit_test(late_refusal_hits_no_other_key),
        cmocka_unit_test(late_refusal_is_not_forgotten),
        cmocka_unit_test(doubt_sends_nothing_again),
        cmocka_unit_test(only_the_session_in_use_counts),
        cmocka_unit_test(altered_proof_is_survived),
        cmocka_unit_test(altered_nonce_leaves_no_session),
        cmocka_unit_test(altered_session_handle_leaves_no_session),
        cmocka_unit_test(other_programs_session_stays),
    };

    return cmocka_run_group_tests(tests, NULL, cleanup);
}
