/* SPDX-License-Identifier: Apache-2.0 */

/* The device TCTI over a terminal, under a storm of signals and with a TPM that stops. */

#define _XOPEN_SOURCE 700 /* setitimer() */

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "support/check.h"
#include "support/software_key.h"
#include "support/swtpm.h"
#include "support/tpm_fixture.h"

#define PASSWORD "device test password"
#define SIGNATURES 200

static const fixture_template with_password = { .password = PASSWORD };

typedef struct scene {
    swtpm process;
    pty_bridge bridge;
    fixture f;
    tpmc_bytes *pem;
    tpmc_key *key;
} scene;

static atomic_int signals;

static void count_signal(int number)
{
    (void)number;
    atomic_fetch_add(&signals, 1);
}

/* A signal each millisecond, with calls interrupted rather than restarted. */
static void start_storm(void)
{
    const struct itimerval every = { .it_interval = { .tv_usec = 1000 },
                                     .it_value = { .tv_usec = 1000 } };
    struct sigaction action;

    memset(&action, 0, sizeof(action));
    action.sa_handler = count_signal;
    check(sigaction(SIGALRM, &action, NULL) == 0);
    check(setitimer(ITIMER_REAL, &every, NULL) == 0);
}

static void end_storm(void)
{
    const struct itimerval never = { .it_value = { .tv_usec = 0 } };

    check(setitimer(ITIMER_REAL, &never, NULL) == 0);
}

static void setup(scene *s)
{
    fixture *f = &s->f;

    memset(s, 0, sizeof(*s));
    swtpm_start(&s->process);
    pty_bridge_start(&s->bridge, &s->process);
    check(tpmc_error_new(&f->err) == 0);
    check(tpmc_env_new(&f->env, f->err) == 0);
    assert_int_equal(tpmc_tpm_new(f->env, &f->tpm, f->err), 0);
    assert_int_equal(tpmc_tpm_set(f->tpm, "tcti", s->bridge.tcti, f->err), 0);
    assert_int_equal(tpmc_tpm_set(f->tpm, "tpm_timeout_ms", "20000", f->err), 0);
    assert_int_equal(fixture_import(f, &with_password, &s->pem), 0);
    assert_int_equal(fixture_key(f, s->pem, PASSWORD, &s->key), 0);
}

static void teardown(scene *s)
{
    tpmc_key_free(s->key);
    tpmc_tpm_free(s->f.tpm);
    tpmc_env_free(s->f.env);
    tpmc_error_free(s->f.err);
    tpmc_bytes_free(s->pem);
    pty_bridge_stop(&s->bridge);
    swtpm_stop(&s->process);
}

static void signal_storm(void **state)
{
    scene s;
    int i;
    int failures = 0;

    (void)state;
    setup(&s);
    start_storm();
    for (i = 0; i < SIGNATURES; i++)
        failures += fixture_sign(&s.f, s.key, i % 2 ? "RS256" : "PS256") != 0;
    end_storm();
    assert_int_equal(failures, 0);
    assert_true(atomic_load(&signals) > 50);
    teardown(&s);
}

static int64_t now_ms(void)
{
    struct timespec now;

    check(clock_gettime(CLOCK_MONOTONIC, &now) == 0);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* A TPM that hangs: the deadline holds, and when it wakes up the key works again. */
static void hanging_tpm(void **state)
{
    scene s;
    int64_t start = 0;
    int rc = 0;

    (void)state;
    setup(&s);
    tpmc_key_free(s.key);
    tpmc_tpm_free(s.f.tpm);
    assert_int_equal(tpmc_tpm_new(s.f.env, &s.f.tpm, s.f.err), 0);
    assert_int_equal(tpmc_tpm_set(s.f.tpm, "tcti", s.bridge.tcti, s.f.err), 0);
    assert_int_equal(tpmc_tpm_set(s.f.tpm, "tpm_timeout_ms", "3000", s.f.err), 0);
    assert_int_equal(fixture_key(&s.f, s.pem, PASSWORD, &s.key), 0);
    assert_int_equal(fixture_sign(&s.f, s.key, "RS256"), 0);
    check(kill(s.process.pid, SIGSTOP) == 0);
    start = now_ms();
    assert_int_equal(fixture_sign(&s.f, s.key, "RS256"), TPMC_ERR_TIMEOUT);
    assert_true(now_ms() - start >= 2900 && now_ms() - start < 30000);
    check(kill(s.process.pid, SIGCONT) == 0);
    rc = fixture_sign(&s.f, s.key, "RS256");
    if (rc != 0)
        print_error("%s\n", tpmc_error_text(s.f.err));
    assert_int_equal(rc, 0);
    teardown(&s);
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
        cmocka_unit_test(signal_storm),
        cmocka_unit_test(hanging_tpm),
    };

    return cmocka_run_group_tests(tests, NULL, cleanup);
}
