/* SPDX-License-Identifier: Apache-2.0 */

/* What is not allowed when: setters after first use, calls from callbacks that hold locks. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>
#include <time.h>

#include "support/check.h"
#include "support/software_key.h"
#include "support/tpm_fixture.h"
#include "tpmcloud/tpmkey_esys.h"

#define PASSWORD "state test password"

static const fixture_template with_password = { .password = PASSWORD };

static void teardown(fixture *f, tpmc_bytes *pem)
{
    tpmc_tpm_free(f->tpm);
    f->tpm = NULL;
    assert_true(fixture_holds_only_others(f));
    tpmc_bytes_free(pem);
    fixture_close(f);
}

static void count_release(void *user)
{
    int *count = user;

    (*count)++;
}

static int some_log(void *user, int level, const char *text)
{
    (void)user;
    (void)level;
    (void)text;
    return 0;
}

static int some_password(void *user, uint8_t *out, size_t capacity, size_t *len)
{
    (void)user;
    (void)out;
    (void)capacity;
    *len = 0;
    return 0;
}

static void environment_freezes(void **state)
{
    fixture f;
    int released = 0;

    (void)state;
    fixture_open(&f, 0);
    assert_int_equal(tpmc_env_set(f.env, "timeout_ms", "1000", f.err), TPMC_ERR_STATE);
    assert_int_equal(tpmc_env_set_log(f.env, some_log, &released, count_release, f.err),
                     TPMC_ERR_STATE);
    assert_int_equal(tpmc_env_set_wall_clock(f.env, NULL, NULL, NULL, f.err), TPMC_ERR_STATE);
    assert_int_equal(tpmc_env_set_monotonic_clock(f.env, NULL, NULL, NULL, f.err), TPMC_ERR_STATE);
    assert_int_equal(tpmc_env_set_sleep(f.env, NULL, NULL, NULL, f.err), TPMC_ERR_STATE);
    assert_int_equal(tpmc_env_set_should_stop(f.env, NULL, NULL, NULL, f.err), TPMC_ERR_STATE);
    assert_int_equal(tpmc_env_set_random(f.env, NULL, NULL, NULL, f.err), TPMC_ERR_STATE);
    assert_int_equal(tpmc_env_set_http(f.env, NULL, NULL, NULL, f.err), TPMC_ERR_STATE);
    assert_string_not_equal(tpmc_error_text(f.err), "");
    /* A setter that fails keeps its hands off what it was given. */
    assert_int_equal(released, 0);
    teardown(&f, NULL);
}

static void connection_freezes(void **state)
{
    fixture f;
    tpmc_key *key = NULL;

    (void)state;
    fixture_open(&f, 0);
    assert_int_equal(tpmc_key_new(f.tpm, &key, f.err), 0);
    assert_int_equal(tpmc_tpm_set(f.tpm, "tcti", "device:/dev/tpm0", f.err), TPMC_ERR_STATE);
    assert_int_equal(tpmc_tpm_set(f.tpm, "tcti", NULL, f.err), TPMC_ERR_STATE);
    assert_int_equal(tpmc_tpm_set_tcti(f.tpm, NULL, f.err), TPMC_ERR_STATE);
    assert_int_equal(tpmc_tpm_set_hierarchy_password(f.tpm, TPMC_HIERARCHY_OWNER, "x", 1, f.err),
                     TPMC_ERR_STATE);
    tpmc_key_free(key);
    teardown(&f, NULL);
}

static void key_freezes(void **state)
{
    fixture f;
    tpmc_bytes *pem = NULL;
    tpmc_bytes *spki = NULL;
    tpmc_key *key = NULL;
    int released = 0;

    (void)state;
    fixture_open(&f, 0);
    assert_int_equal(fixture_import(&f, &with_password, &pem), 0);
    assert_int_equal(fixture_key(&f, pem, PASSWORD, &key), 0);
    assert_int_equal(tpmc_key_public(key, &spki, f.err), 0);
    tpmc_bytes_free(spki);
    assert_int_equal(tpmc_key_set(key, "keyfile", "x", f.err), TPMC_ERR_STATE);
    assert_int_equal(tpmc_key_set_pem(key, "x", 1, f.err), TPMC_ERR_STATE);
    assert_int_equal(tpmc_key_set_password(key, "x", 1, f.err), TPMC_ERR_STATE);
    assert_int_equal(tpmc_key_set_password_file(key, "/dev/null", f.err), TPMC_ERR_STATE);
    assert_int_equal(
        tpmc_key_set_password_callback(key, some_password, &released, count_release, f.err),
        TPMC_ERR_STATE);
    assert_int_equal(released, 0);
    /* What was set before still holds. */
    assert_int_equal(fixture_sign(&f, key, "RS256"), 0);
    tpmc_key_free(key);
    teardown(&f, pem);
}

/* A callback that calls into the library, and what it was told. */
typedef struct intruder {
    fixture *f;
    tpmc_key *key;
    tpmc_key *other_key;
    int armed;
    int calls;
    int wrong; /* calls that were not answered with STATE */
} intruder;

static void intrude(intruder *i)
{
    tpmc_error *err = NULL;
    tpmc_bytes *out = NULL;
    tpmc_key *key = NULL;

    if (!i->armed)
        return;
    i->armed = 0;
    i->calls++;
    check(tpmc_error_new(&err) == 0);
    i->wrong += tpmc_key_sign(i->key, "RS256", "m", 1, &out, err) != TPMC_ERR_STATE;
    i->wrong += tpmc_key_sign(i->other_key, "RS256", "m", 1, &out, err) != TPMC_ERR_STATE;
    i->wrong += tpmc_key_open(i->other_key, err) != TPMC_ERR_STATE;
    i->wrong += tpmc_key_public(i->other_key, &out, err) != TPMC_ERR_STATE;
    i->wrong += tpmc_key_supports(i->other_key, "RS256", err) != TPMC_ERR_STATE;
    i->wrong += tpmc_tpm_open(i->f->tpm, err) != TPMC_ERR_STATE;
    i->wrong += tpmc_key_new(i->f->tpm, &key, err) != TPMC_ERR_STATE;
    i->wrong += tpmc_key_import(i->f->tpm, NULL, "x", 1, &out, err) != TPMC_ERR_STATE;
    i->wrong += strlen(tpmc_error_text(err)) == 0;
    check(out == NULL && key == NULL);
    tpmc_error_free(err);
}

static int intruding_clock(void *user, int64_t *ms)
{
    struct timespec now;

    intrude(user);
    check(clock_gettime(CLOCK_MONOTONIC, &now) == 0);
    *ms = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
    return 0;
}

static int intruding_sleep(void *user, int64_t ms)
{
    (void)ms;
    intrude(user);
    return 0;
}

static int intruding_should_stop(void *user)
{
    intrude(user);
    return 0;
}

static int intruding_random(void *user, uint8_t *out, size_t len)
{
    intrude(user);
    memset(out, 7, len);
    return 0;
}

static int intruding_log(void *user, int level, const char *text)
{
    (void)level;
    (void)text;
    intrude(user);
    return 0;
}

enum { IN_CLOCK, IN_SLEEP, IN_SHOULD_STOP, IN_RANDOM, IN_LOG, PLACE_COUNT };

static void set_intruder(intruder *i, int place)
{
    tpmc_env *env = i->f->env;
    tpmc_error *err = i->f->err;

    if (place == IN_CLOCK)
        check(tpmc_env_set_monotonic_clock(env, intruding_clock, i, NULL, err) == 0);
    if (place == IN_SLEEP)
        check(tpmc_env_set_sleep(env, intruding_sleep, i, NULL, err) == 0);
    if (place == IN_SHOULD_STOP)
        check(tpmc_env_set_should_stop(env, intruding_should_stop, i, NULL, err) == 0);
    if (place == IN_RANDOM)
        check(tpmc_env_set_random(env, intruding_random, i, NULL, err) == 0);
    if (place == IN_LOG)
        check(tpmc_env_set_log(env, intruding_log, i, NULL, err) == 0);
}

static void calls_from_callbacks(void **state)
{
    static const tap_fault busy = { .kind = TAP_ANSWER, .value = 0x922, .count = 2 };
    fixture f;
    tpmc_bytes *pem = NULL;
    intruder i;
    int place;

    (void)state;
    for (place = 0; place < PLACE_COUNT; place++) {
        memset(&i, 0, sizeof(i));
        fixture_begin(&f, 1);
        i.f = &f;
        set_intruder(&i, place);
        assert_int_equal(fixture_connect(&f), 0);
        assert_int_equal(fixture_import(&f, &with_password, &pem), 0);
        assert_int_equal(fixture_key(&f, pem, PASSWORD, &i.key), 0);
        assert_int_equal(fixture_key(&f, pem, PASSWORD, &i.other_key), 0);
        tap_clear(f.tap);
        /* The TPM asks to wait, so that sleep and random are needed. */
        tap_set_fault(f.tap, &busy);
        i.armed = 1;
        assert_int_equal(fixture_sign(&f, i.key, "RS256"), 0);
        /* Nothing says that a log line must come. */
        assert_true(i.calls == 1 || place == IN_LOG);
        assert_int_equal(i.wrong, 0);
        i.armed = 0;
        assert_int_equal(fixture_sign(&f, i.other_key, "PS256"), 0);
        tpmc_key_free(i.key);
        tpmc_key_free(i.other_key);
        teardown(&f, pem);
    }
}

/* The password callback runs without locks: it may use the library, another key for instance. */
typedef struct helper {
    tpmc_key *other_key;
    int rc;
} helper;

static int password_by_another_key(void *user, uint8_t *out, size_t capacity, size_t *len)
{
    helper *h = user;

    check(capacity >= strlen(PASSWORD));
    h->rc = fixture_sign_with(h->other_key, "RS256", NULL);
    memcpy(out, PASSWORD, strlen(PASSWORD));
    *len = strlen(PASSWORD);
    return 0;
}

static void password_callback_may_use_keys(void **state)
{
    fixture f;
    tpmc_bytes *pem = NULL;
    tpmc_key *key = NULL;
    helper h = { .rc = 1 };

    (void)state;
    fixture_open(&f, 0);
    assert_int_equal(fixture_import(&f, &with_password, &pem), 0);
    assert_int_equal(fixture_key(&f, pem, PASSWORD, &h.other_key), 0);
    assert_int_equal(fixture_key(&f, pem, NULL, &key), 0);
    assert_int_equal(tpmc_key_set_password_callback(key, password_by_another_key, &h, NULL, f.err),
                     0);
    assert_int_equal(fixture_sign(&f, key, "RS256"), 0);
    assert_int_equal(h.rc, 0);
    tpmc_key_free(key);
    tpmc_key_free(h.other_key);
    teardown(&f, pem);
}

/* A password callback that waits for the very open it serves. */
static int password_by_itself(void *user, uint8_t *out, size_t capacity, size_t *len)
{
    helper *h = user;
    tpmc_bytes *signature = NULL;

    (void)capacity;
    h->rc = tpmc_key_sign(h->other_key, "RS256", "m", 1, &signature, NULL);
    check(signature == NULL);
    memcpy(out, PASSWORD, strlen(PASSWORD));
    *len = strlen(PASSWORD);
    return 0;
}

static void password_callback_must_not_wait_for_itself(void **state)
{
    fixture f;
    tpmc_bytes *pem = NULL;
    helper h = { .rc = 1 };

    (void)state;
    fixture_open(&f, 0);
    assert_int_equal(fixture_import(&f, &with_password, &pem), 0);
    assert_int_equal(fixture_key(&f, pem, NULL, &h.other_key), 0);
    assert_int_equal(
        tpmc_key_set_password_callback(h.other_key, password_by_itself, &h, NULL, f.err), 0);
    assert_int_equal(fixture_sign(&f, h.other_key, "RS256"), 0);
    assert_int_equal(h.rc, TPMC_ERR_STATE);
    tpmc_key_free(h.other_key);
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
        cmocka_unit_test(environment_freezes),
        cmocka_unit_test(connection_freezes),
        cmocka_unit_test(key_freezes),
        cmocka_unit_test(calls_from_callbacks),
        cmocka_unit_test(password_callback_may_use_keys),
        cmocka_unit_test(password_callback_must_not_wait_for_itself),
    };

    return cmocka_run_group_tests(tests, NULL, cleanup);
}
