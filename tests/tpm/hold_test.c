/* SPDX-License-Identifier: Apache-2.0 */

/* What stays in the TPM between the operations, by the option 'hold'. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <pthread.h>
#include <semaphore.h>
#include <time.h>
#include <unistd.h>

#include "support/check.h"
#include "support/software_key.h"
#include "support/tcti_libtpms.h"
#include "tpm/turns.h"

#define PATIENCE_SECONDS 20

static turn_files files;

static void begin(fixture *f, const char *hold)
{
    fixture_attach(f, 0);
    fixture_mark_others(f);
    assert_int_equal(fixture_connect(f), 0);
    if (hold != NULL)
        assert_int_equal(tpmc_tpm_set(f->tpm, "hold", hold, f->err), 0);
}

static void end(fixture *f)
{
    tpmc_tpm_free(f->tpm);
    f->tpm = NULL;
    assert_true(fixture_holds_only_others(f));
    fixture_detach(f);
    tap_free(f->tap);
}

static void assert_held(size_t objects, size_t sessions)
{
    assert_int_equal(tpm_raw_transient_count(), objects);
    assert_int_equal(tpm_raw_session_count(), sessions);
}

static void by_option(void **state)
{
    static const struct {
        const char *hold;
        size_t objects;
        size_t sessions;
    } rows[] = {
        { NULL, 2, 1 }, { "auto", 2, 1 }, { "all", 2, 1 }, { "session", 0, 1 }, { "nothing", 0, 0 },
    };
    fixture f;

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        tpmc_key *keys[2] = { NULL, NULL };

        begin(&f, rows[i].hold);
        keys[0] = turn_key(&f, &files, TURN_PASSWORD);
        keys[1] = turn_key(&f, &files, TURN_HMAC);
        for (int round = 0; round < 3; round++) {
            assert_int_equal(turn_use(&f, keys[0], TURN_PASSWORD), 0);
            assert_int_equal(turn_use(&f, keys[1], TURN_HMAC), 0);
            assert_held(rows[i].objects, rows[i].sessions);
        }
        assert_int_equal(tpmc_key_open(keys[0], f.err), 0);
        assert_held(rows[i].objects, rows[i].sessions);
        tpmc_tpm_release(f.tpm);
        assert_held(0, 0);
        assert_int_equal(turn_use(&f, keys[1], TURN_HMAC), 0);
        tpmc_key_free(keys[0]);
        tpmc_key_free(keys[1]);
        end(&f);
    }
}

/* With what does not stay in the TPM, a failure leaves nothing either. */
static void nothing_after_failures(void **state)
{
    tap_fault fault = { .kind = TAP_ANSWER, .value = 0x101, .count = 1 };
    fixture f;

    (void)state;
    for (fault.at = 0; fault.at < 6; fault.at++) {
        tpmc_key *key = NULL;

        begin(&f, "nothing");
        key = turn_key(&f, &files, TURN_HMAC);
        tap_clear(f.tap);
        tap_set_fault(f.tap, &fault);
        (void)turn_use(&f, key, TURN_HMAC);
        fault.kind = TAP_ANSWER;
        tap_clear(f.tap);
        assert_int_equal(turn_use(&f, key, TURN_HMAC), 0);
        assert_held(0, 0);
        tpmc_key_free(key);
        end(&f);
    }
}

/* --- release while another thread uses the connection --- */

typedef struct holdup {
    tpmc_key *key;
    sem_t inside;
    sem_t go_on;
    int rc;
} holdup;

static void wait_for(sem_t *semaphore)
{
    struct timespec until;

    check(clock_gettime(CLOCK_REALTIME, &until) == 0);
    until.tv_sec += PATIENCE_SECONDS;
    check(sem_timedwait(semaphore, &until) == 0);
}

static void hold_up(void *user, size_t index, uint32_t code)
{
    holdup *h = user;

    (void)index;
    if (code != TAP_CC_SIGN)
        return;
    check(sem_post(&h->inside) == 0);
    wait_for(&h->go_on);
}

static void *sign_on_thread(void *user)
{
    holdup *h = user;

    h->rc = fixture_sign_with(h->key, "RS256", NULL);
    return NULL;
}

static void release_while_busy(void **state)
{
    fixture f;
    holdup h;
    pthread_t thread;

    (void)state;
    begin(&f, NULL);
    memset(&h, 0, sizeof(h));
    h.key = turn_key(&f, &files, TURN_PASSWORD);
    check(sem_init(&h.inside, 0, 0) == 0 && sem_init(&h.go_on, 0, 0) == 0);
    assert_int_equal(turn_use(&f, h.key, TURN_PASSWORD), 0);
    tap_set_hook(f.tap, hold_up, &h);
    check(pthread_create(&thread, NULL, sign_on_thread, &h) == 0);
    wait_for(&h.inside);
    tpmc_tpm_release(f.tpm);
    check(sem_post(&h.go_on) == 0);
    check(pthread_join(thread, NULL) == 0);
    assert_int_equal(h.rc, 0);
    /* It happens as soon as the operation has ended, not at the next one. */
    assert_held(0, 0);
    tap_set_hook(f.tap, NULL, NULL);
    assert_int_equal(turn_use(&f, h.key, TURN_PASSWORD), 0);
    assert_held(1, 1);
    check(sem_destroy(&h.inside) == 0 && sem_destroy(&h.go_on) == 0);
    tpmc_key_free(h.key);
    end(&f);
}

static void *release_often(void *user)
{
    for (int i = 0; i < 200; i++)
        tpmc_tpm_release(user);
    return NULL;
}

static void release_all_the_time(void **state)
{
    fixture f;
    tpmc_key *key = NULL;
    pthread_t thread;

    (void)state;
    begin(&f, NULL);
    key = turn_key(&f, &files, TURN_HMAC);
    check(pthread_create(&thread, NULL, release_often, f.tpm) == 0);
    for (int i = 0; i < 30; i++)
        assert_int_equal(turn_use(&f, key, i % 2 ? TURN_HMAC : TURN_HMAC_LONG), 0);
    check(pthread_join(thread, NULL) == 0);
    tpmc_tpm_release(f.tpm);
    assert_held(0, 0);
    assert_int_equal(turn_use(&f, key, TURN_HMAC), 0);
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
        cmocka_unit_test(by_option),
        cmocka_unit_test(nothing_after_failures),
        cmocka_unit_test(release_while_busy),
        cmocka_unit_test(release_all_the_time),
    };

    return cmocka_run_group_tests(tests, start, finish);
}
