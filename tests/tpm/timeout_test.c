/* SPDX-License-Identifier: Apache-2.0 */

/* Deadlines, cancelling, and what becomes of replies that come late. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>
#include <time.h>

#include "support/check.h"
#include "support/software_key.h"
#include "support/tpm_fixture.h"

#define PASSWORD "timeout test password"

static const fixture_template with_password = { .password = PASSWORD };

/* Clocks that run as everybody's do; 300 ms for an operation. */
static int real_clock(void *user, int64_t *ms)
{
    struct timespec now;

    (void)user;
    check(clock_gettime(CLOCK_MONOTONIC, &now) == 0);
    *ms = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
    return 0;
}

static int64_t now_ms(void)
{
    int64_t ms = 0;

    real_clock(NULL, &ms);
    return ms;
}

static void setup(fixture *f, tpmc_bytes **pem, tpmc_key **key)
{
    fixture_begin(f, 1);
    assert_int_equal(tpmc_env_set_monotonic_clock(f->env, real_clock, NULL, NULL, f->err), 0);
    assert_int_equal(fixture_connect(f), 0);
    assert_int_equal(fixture_import(f, &with_password, pem), 0);
    tpmc_tpm_free(f->tpm);
    f->tpm = NULL;
    assert_int_equal(fixture_connect(f), 0);
    assert_int_equal(tpmc_tpm_set(f->tpm, "tpm_timeout_ms", "2000", f->err), 0);
    assert_int_equal(fixture_key(f, *pem, PASSWORD, key), 0);
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

/* Each command of a cold signature stalls in turn until it is cancelled. */
static void stalled_command(void **state)
{
    const tap_fault none = { .kind = TAP_NO_FAULT };
    fixture f;
    tpmc_bytes *pem = NULL;
    tpmc_key *key = NULL;
    tap_fault stall = { .kind = TAP_STALL, .count = 1 };
    int64_t start = 0;
    int64_t took = 0;

    (void)state;
    for (stall.at = 0; stall.at < 5; stall.at++) {
        setup(&f, &pem, &key);
        tap_set_fault(f.tap, &stall);
        start = now_ms();
        /* A flush that stalls may be made up for later: then nothing needs to fail. */
        if (fixture_sign(&f, key, "RS256") != 0)
            assert_int_equal(tpmc_error_code(f.err), TPMC_ERR_TIMEOUT);
        took = now_ms() - start;
        assert_int_equal(tap_hits(f.tap), 1);
        assert_true(took < 20000);
        tap_set_fault(f.tap, &none);
        assert_int_equal(fixture_sign(&f, key, "RS256"), 0);
        assert_int_equal(fixture_sign(&f, key, "PS256"), 0);
        assert_true(tap_cancelled(f.tap) >= 1);
        teardown(&f, pem, key);
    }
}

/* The reply comes by itself after the deadline. */
static void late_reply(void **state)
{
    const tap_fault none = { .kind = TAP_NO_FAULT };
    fixture f;
    tpmc_bytes *pem = NULL;
    tpmc_key *key = NULL;
    tap_fault slow = { .kind = TAP_DELAY, .value = 2500, .count = 1 };

    (void)state;
    for (slow.at = 0; slow.at < 3; slow.at++) {
        setup(&f, &pem, &key);
        tap_set_fault(f.tap, &slow);
        assert_int_equal(fixture_sign(&f, key, "RS256"), TPMC_ERR_TIMEOUT);
        assert_true(fixture_error_says(&f, "tpm_timeout_ms"));
        tap_set_fault(f.tap, &none);
        assert_int_equal(fixture_sign(&f, key, "RS256"), 0);
        teardown(&f, pem, key);
    }
}

/* Freed while the reply is still out: what it brought is flushed all the same. */
static void freed_while_pending(void **state)
{
    const tap_fault none = { .kind = TAP_NO_FAULT };
    fixture f;
    tpmc_bytes *pem = NULL;
    tpmc_key *key = NULL;
    tap_fault stall = { .kind = TAP_STALL, .count = 1 };

    (void)state;
    for (stall.at = 0; stall.at < 3; stall.at++) {
        setup(&f, &pem, &key);
        tap_set_fault(f.tap, &stall);
        assert_int_equal(fixture_sign(&f, key, "RS256"), TPMC_ERR_TIMEOUT);
        tap_set_fault(f.tap, &none);
        teardown(&f, pem, key);
    }
}

/* A TCTI that is dead for good: errors within the deadline, and freeing does not hang. */
static void deaf(void **state)
{
    fixture f;
    tpmc_bytes *pem = NULL;
    tpmc_key *key = NULL;
    const tap_fault stall = { .kind = TAP_STALL_DEAF, .count = TAP_STICKY };
    int64_t start = 0;
    int rc = 0;

    (void)state;
    setup(&f, &pem, &key);
    assert_int_equal(fixture_sign(&f, key, "RS256"), 0);
    tap_set_fault(f.tap, &stall);
    assert_int_equal(fixture_sign(&f, key, "RS256"), TPMC_ERR_TIMEOUT);
    start = now_ms();
    rc = fixture_sign(&f, key, "RS256");
    assert_true(rc == TPMC_ERR_TPM_UNAVAILABLE || rc == TPMC_ERR_TIMEOUT);
    assert_true(now_ms() - start < 20000);
    start = now_ms();
    tpmc_key_free(key);
    tpmc_tpm_free(f.tpm);
    f.tpm = NULL;
    assert_true(now_ms() - start < 20000);
    tpmc_bytes_free(pem);
    fixture_close(&f);
}

/* The TPM asks for patience for ever. */
static void busy_for_ever(void **state)
{
    const tap_fault none = { .kind = TAP_NO_FAULT };
    const tap_fault busy = { .kind = TAP_ANSWER, .value = 0x922, .count = TAP_STICKY };
    fixture f;
    tpmc_bytes *pem = NULL;
    tpmc_key *key = NULL;

    (void)state;
    fixture_open(&f, 0);
    assert_int_equal(fixture_import(&f, &with_password, &pem), 0);
    assert_int_equal(fixture_key(&f, pem, PASSWORD, &key), 0);
    tap_clear(f.tap);
    tap_set_fault(f.tap, &busy);
    assert_int_equal(fixture_sign(&f, key, "RS256"), TPMC_ERR_TIMEOUT);
    /* It backs off: 30 seconds of waiting are few commands. */
    assert_true(tap_count(f.tap) < 60);
    assert_true(atomic_load(&f.slept_ms) > 10000 && atomic_load(&f.slept_ms) < 60000);
    tap_set_fault(f.tap, &none);
    assert_int_equal(fixture_sign(&f, key, "RS256"), 0);
    teardown(&f, pem, key);
}

/* A reply that is slow but in time. */
static void slow_reply(void **state)
{
    const tap_fault slow = { .kind = TAP_DELAY, .value = 100, .count = TAP_STICKY };
    fixture f;
    tpmc_bytes *pem = NULL;
    tpmc_key *key = NULL;

    (void)state;
    setup(&f, &pem, &key);
    tap_set_fault(f.tap, &slow);
    assert_int_equal(fixture_sign(&f, key, "RS256"), 0);
    teardown(&f, pem, key);
}

typedef struct stopper {
    tap *tap;
    int stop;
    int answer;
    int asked;
} stopper;

static int stop_while_stalled(void *user)
{
    stopper *s = user;

    s->asked++;
    return s->stop && tap_stalls(s->tap) ? s->answer : 0;
}

static int stop_now(void *user)
{
    stopper *s = user;

    s->asked++;
    return s->stop ? s->answer : 0;
}

static void cancelled_while_waiting(void **state)
{
    const tap_fault none = { .kind = TAP_NO_FAULT };
    static const struct {
        int answer;
        int expected;
    } answers[] = { { TPMC_ERR_CANCELLED, TPMC_ERR_CANCELLED }, { 42, TPMC_ERR_IO } };
    tap_fault stall = { .kind = TAP_STALL, .count = 1 };
    fixture f;
    stopper s;
    tpmc_bytes *pem = NULL;
    tpmc_key *key = NULL;
    size_t i;

    (void)state;
    for (stall.at = 0; stall.at < 5; stall.at++) {
        for (i = 0; i < 2; i++) {
            memset(&s, 0, sizeof(s));
            fixture_begin(&f, 1);
            s.tap = f.tap;
            s.answer = answers[i].answer;
            assert_int_equal(tpmc_env_set_should_stop(f.env, stop_while_stalled, &s, NULL, f.err),
                             0);
            assert_int_equal(fixture_connect(&f), 0);
            assert_int_equal(fixture_import(&f, &with_password, &pem), 0);
            fixture_reconnect(&f);
            assert_int_equal(fixture_key(&f, pem, PASSWORD, &key), 0);
            tap_clear(f.tap);
            tap_set_fault(f.tap, &stall);
            s.stop = 1;
            (void)fixture_sign(&f, key, "RS256");
            /* Cleaning up is not cancelled; it has a deadline of its own. */
            if (tap_code(f.tap, stall.at) != TAP_CC_FLUSH_CONTEXT)
                assert_int_equal(tpmc_error_code(f.err), answers[i].expected);
            else
                assert_true(tpmc_error_code(f.err) == 0 ||
                            tpmc_error_code(f.err) == TPMC_ERR_TIMEOUT);
            assert_true(s.asked > 0);
            s.stop = 0;
            tap_set_fault(f.tap, &none);
            assert_int_equal(fixture_sign(&f, key, "RS256"), 0);
            teardown(&f, pem, key);
        }
    }
}

static void cancelled_from_the_start(void **state)
{
    fixture f;
    stopper s = { .answer = TPMC_ERR_CANCELLED };
    tpmc_bytes *pem = NULL;
    tpmc_key *key = NULL;

    (void)state;
    fixture_begin(&f, 1);
    assert_int_equal(tpmc_env_set_should_stop(f.env, stop_now, &s, NULL, f.err), 0);
    assert_int_equal(fixture_connect(&f), 0);
    assert_int_equal(fixture_import(&f, &with_password, &pem), 0);
    assert_int_equal(fixture_key(&f, pem, PASSWORD, &key), 0);
    assert_int_equal(fixture_sign(&f, key, "RS256"), 0);
    s.stop = 1;
    assert_int_equal(fixture_sign(&f, key, "RS256"), TPMC_ERR_CANCELLED);
    s.stop = 0;
    assert_int_equal(fixture_sign(&f, key, "RS256"), 0);
    s.stop = 1;
    /* Being asked to stop does not keep anything from being flushed. */
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
        cmocka_unit_test(stalled_command),         cmocka_unit_test(late_reply),
        cmocka_unit_test(freed_while_pending),     cmocka_unit_test(deaf),
        cmocka_unit_test(busy_for_ever),           cmocka_unit_test(slow_reply),
        cmocka_unit_test(cancelled_while_waiting), cmocka_unit_test(cancelled_from_the_start),
    };

    return cmocka_run_group_tests(tests, NULL, cleanup);
}
