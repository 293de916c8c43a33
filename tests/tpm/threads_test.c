/* SPDX-License-Identifier: Apache-2.0 */

/* Many threads use the keys of one connection at once. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>
#include <pthread.h>

#include "support/check.h"
#include "support/software_key.h"
#include "support/tcti_libtpms.h"
#include "support/tpm_fixture.h"

#define PASSWORD "threads test password"
#define THREADS 16
#define SIGNATURES 200
#define KEYS_MAX 4

static const fixture_template with_password = { .password = PASSWORD };

typedef struct worker {
    pthread_t thread;
    tpmc_key *key;
    tpmc_tpm *tpm;
    int signatures;
    int releases; /* 1: also drops what the connection holds, now and then */
    int failed;   /* the last code that was not 0 */
} worker;

static void *work(void *user)
{
    worker *w = user;
    tpmc_error *err = NULL;
    int i;
    int rc = 0;

    check(tpmc_error_new(&err) == 0);
    for (i = 0; i < w->signatures; i++) {
        rc = fixture_sign_with(w->key, i % 2 ? "RS256" : "PS256", err);
        if (rc != 0)
            w->failed = rc;
        if (w->releases && i % 10 == 0)
            tpmc_tpm_release(w->tpm);
    }
    tpmc_error_free(err);
    return NULL;
}

/* THREADS threads on `key_count` keys that are opened by whoever comes first. */
static void run_threads(size_t key_count, int signatures, int releases)
{
    fixture f;
    tpmc_bytes *pem = NULL;
    tpmc_key *keys[KEYS_MAX] = { NULL };
    worker workers[THREADS];
    size_t i;

    fixture_open(&f, 0);
    assert_int_equal(fixture_import(&f, &with_password, &pem), 0);
    fixture_reconnect(&f);
    tap_clear(f.tap);
    for (i = 0; i < key_count; i++)
        assert_int_equal(fixture_key(&f, pem, PASSWORD, &keys[i]), 0);
    memset(workers, 0, sizeof(workers));
    for (i = 0; i < THREADS; i++) {
        workers[i].key = keys[i % key_count];
        workers[i].tpm = f.tpm;
        workers[i].signatures = signatures;
        workers[i].releases = releases && i == 0;
        check(pthread_create(&workers[i].thread, NULL, work, &workers[i]) == 0);
    }
    for (i = 0; i < THREADS; i++)
        check(pthread_join(workers[i].thread, NULL) == 0);
    for (i = 0; i < THREADS; i++)
        assert_int_equal(workers[i].failed, 0);
    assert_int_equal(tap_count_of(f.tap, TAP_CC_SIGN) >= THREADS * (size_t)signatures, 1);
    if (!releases && key_count <= 2) {
        assert_int_equal(tap_count_of(f.tap, TAP_CC_START_AUTH_SESSION), 1);
        assert_int_equal(tap_count_of(f.tap, TAP_CC_LOAD), key_count);
    }
    assert_true(tpm_raw_session_count() <= 1);
    for (i = 0; i < key_count; i++)
        tpmc_key_free(keys[i]);
    tpmc_tpm_free(f.tpm);
    f.tpm = NULL;
    assert_true(fixture_holds_only_others(&f));
    tpmc_bytes_free(pem);
    fixture_close(&f);
}

static void one_key(void **state)
{
    (void)state;
    run_threads(1, SIGNATURES, 0);
}

static void two_keys(void **state)
{
    (void)state;
    run_threads(2, 20, 0);
}

/* More than the TPM has room for. */
static void four_keys(void **state)
{
    (void)state;
    run_threads(4, SIGNATURES / 4, 0);
}

static void with_releases(void **state)
{
    (void)state;
    run_threads(2, 50, 1);
}

/* A thread that opens, uses and frees keys of its own. */
typedef struct short_life {
    pthread_t thread;
    tpmc_tpm *tpm;
    const tpmc_bytes *pem;
    int failed;
} short_life;

static void *live_shortly(void *user)
{
    short_life *s = user;
    tpmc_error *err = NULL;
    tpmc_key *key = NULL;
    int i;

    check(tpmc_error_new(&err) == 0);
    for (i = 0; i < 10; i++) {
        check(tpmc_key_new(s->tpm, &key, err) == 0);
        check(tpmc_key_set_pem(key, tpmc_bytes_data(s->pem), tpmc_bytes_len(s->pem), err) == 0);
        check(tpmc_key_set_password(key, PASSWORD, strlen(PASSWORD), err) == 0);
        if (fixture_sign_with(key, "RS256", err) != 0)
            s->failed = tpmc_error_code(err);
        tpmc_key_free(key);
    }
    tpmc_error_free(err);
    return NULL;
}

static void short_lives(void **state)
{
    fixture f;
    tpmc_bytes *pem = NULL;
    short_life lives[THREADS];
    size_t i;

    (void)state;
    fixture_open(&f, 0);
    assert_int_equal(fixture_import(&f, &with_password, &pem), 0);
    memset(lives, 0, sizeof(lives));
    for (i = 0; i < THREADS; i++) {
        lives[i].tpm = f.tpm;
        lives[i].pem = pem;
        check(pthread_create(&lives[i].thread, NULL, live_shortly, &lives[i]) == 0);
    }
    for (i = 0; i < THREADS; i++)
        check(pthread_join(lives[i].thread, NULL) == 0);
    for (i = 0; i < THREADS; i++)
        assert_int_equal(lives[i].failed, 0);
    tpmc_tpm_free(f.tpm);
    f.tpm = NULL;
    assert_true(fixture_holds_only_others(&f));
    tpmc_bytes_free(pem);
    fixture_close(&f);
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
        cmocka_unit_test(one_key),       cmocka_unit_test(two_keys),    cmocka_unit_test(four_keys),
        cmocka_unit_test(with_releases), cmocka_unit_test(short_lives),
    };

    return cmocka_run_group_tests(tests, NULL, cleanup);
}
