/* SPDX-License-Identifier: Apache-2.0 */

/* After fork() the child may free and read, and nothing else; the parent notices nothing. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "support/check.h"
#include "support/signature.h"
#include "support/software_key.h"
#include "support/tpm_fixture.h"
#include "tpmcloud/tpmkey_esys.h"

#define PASSWORD "fork test password"

static const fixture_template with_password = { .password = PASSWORD };

typedef struct scene {
    fixture f;
    tpmc_bytes *pem;
    tpmc_key *key;    /* has signed */
    tpmc_key *unused; /* never opened */
    tpmc_key_template *key_template;
    tpmc_bytes *spki;
    tpmc_bytes *signature;
} scene;

static void setup(scene *s)
{
    memset(s, 0, sizeof(*s));
    fixture_open(&s->f, 0);
    assert_int_equal(fixture_import(&s->f, &with_password, &s->pem), 0);
    fixture_reconnect(&s->f);
    assert_int_equal(fixture_key(&s->f, s->pem, PASSWORD, &s->key), 0);
    assert_int_equal(fixture_key(&s->f, s->pem, PASSWORD, &s->unused), 0);
    assert_int_equal(tpmc_key_template_new(s->f.env, &s->key_template, s->f.err), 0);
    assert_int_equal(tpmc_key_public(s->key, &s->spki, s->f.err), 0);
    assert_int_equal(tpmc_key_sign(s->key, "RS256", FIXTURE_MESSAGE, strlen(FIXTURE_MESSAGE),
                                   &s->signature, s->f.err),
                     0);
    tap_clear(s->f.tap);
}

static void free_objects(scene *s)
{
    tpmc_key_free(s->key);
    tpmc_key_free(s->unused);
    tpmc_key_template_free(s->key_template);
    tpmc_tpm_free(s->f.tpm);
    tpmc_env_free(s->f.env);
    s->key = NULL;
    s->unused = NULL;
    s->key_template = NULL;
    s->f.tpm = NULL;
    s->f.env = NULL;
}

static void teardown(scene *s)
{
    free_objects(s);
    assert_true(fixture_holds_only_others(&s->f));
    tpmc_bytes_free(s->spki);
    tpmc_bytes_free(s->signature);
    tpmc_bytes_free(s->pem);
    fixture_close(&s->f);
}

/* Every call on an inherited object. */
static void check_all_forked(scene *s)
{
    tpmc_error *err = s->f.err;
    tpmc_bytes *out = NULL;
    tpmc_key *key = NULL;
    tpmc_tpm *tpm = NULL;
    tpmc_key_template *t = NULL;
    unsigned char digest[32] = { 0 };

    check(tpmc_env_set(s->f.env, "timeout_ms", "1000", err) == TPMC_ERR_FORKED);
    check(tpmc_env_set_log(s->f.env, NULL, NULL, NULL, err) == TPMC_ERR_FORKED);
    check(tpmc_env_set_http(s->f.env, NULL, NULL, NULL, err) == TPMC_ERR_FORKED);
    check(tpmc_tpm_new(s->f.env, &tpm, err) == TPMC_ERR_FORKED && tpm == NULL);
    check(tpmc_tpm_set(s->f.tpm, "tcti", "device:/dev/null", err) == TPMC_ERR_FORKED);
    check(tpmc_tpm_set_tcti(s->f.tpm, tap_tcti(s->f.tap), err) == TPMC_ERR_FORKED);
    check(tpmc_tpm_set_hierarchy_password(s->f.tpm, TPMC_HIERARCHY_OWNER, "x", 1, err) ==
          TPMC_ERR_FORKED);
    check(tpmc_tpm_open(s->f.tpm, err) == TPMC_ERR_FORKED);
    check(tpmc_tpm_read_parent(s->f.tpm, NULL, &out, NULL, err) == TPMC_ERR_FORKED);
    tpmc_tpm_release(s->f.tpm);
    check(tpmc_key_new(s->f.tpm, &key, err) == TPMC_ERR_FORKED && key == NULL);
    check(tpmc_key_set(s->unused, "keyfile", "x", err) == TPMC_ERR_FORKED);
    check(tpmc_key_set_pem(s->unused, "x", 1, err) == TPMC_ERR_FORKED);
    check(tpmc_key_set_password(s->unused, "x", 1, err) == TPMC_ERR_FORKED);
    check(tpmc_key_set_password_file(s->unused, "x", err) == TPMC_ERR_FORKED);
    check(tpmc_key_set_password_callback(s->unused, NULL, NULL, NULL, err) == TPMC_ERR_FORKED);
    check(tpmc_key_open(s->unused, err) == TPMC_ERR_FORKED);
    check(tpmc_key_open(s->key, err) == TPMC_ERR_FORKED);
    check(tpmc_key_public(s->key, &out, err) == TPMC_ERR_FORKED);
    check(tpmc_key_describe(s->key, &out, err) == TPMC_ERR_FORKED);
    check(tpmc_key_supports(s->key, "RS256", err) == TPMC_ERR_FORKED);
    check(tpmc_key_sign(s->key, "RS256", "m", 1, &out, err) == TPMC_ERR_FORKED);
    check(tpmc_key_sign_digest(s->key, "RS256", digest, 32, &out, err) == TPMC_ERR_FORKED);
    check(tpmc_error_code(err) == TPMC_ERR_FORKED && strlen(tpmc_error_text(err)) > 0);
    check(tpmc_key_template_new(s->f.env, &t, err) == TPMC_ERR_FORKED && t == NULL);
    check(tpmc_key_template_set(s->key_template, "scheme", "null", err) == TPMC_ERR_FORKED);
    check(tpmc_key_template_set_password(s->key_template, "x", 1, err) == TPMC_ERR_FORKED);
    check(tpmc_key_import(s->f.tpm, s->key_template, "x", 1, &out, err) == TPMC_ERR_FORKED);
    check(out == NULL);
}

static void child_of(scene *s)
{
    alarm(30);
    check_all_forked(s);
    check(
        verify_signature(s->spki, "RS256", FIXTURE_MESSAGE, strlen(FIXTURE_MESSAGE), s->signature));
    free_objects(s);
    check(tap_count(s->f.tap) == 0);
    check(tap_finalized(s->f.tap) == 0);
    /* The clone of the TPM still holds all: nothing was flushed past the tap either. */
    check(tpm_raw_transient_count() == 1 && tpm_raw_session_count() == 1);
    tpmc_bytes_free(s->spki);
    tpmc_bytes_free(s->signature);
    tpmc_bytes_free(s->pem);
    tpmc_error_free(s->f.err);
    tap_free(s->f.tap);
    software_key_cleanup();
}

static int wait_status(pid_t child)
{
    int status = 0;

    check(waitpid(child, &status, 0) == child);
    return status;
}

static void child_is_refused(void **state)
{
    scene s;
    pid_t child = -1;

    (void)state;
    setup(&s);
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        child_of(&s);
        _exit(0);
    }
    assert_int_equal(wait_status(child), 0);
    assert_int_equal(fixture_sign(&s.f, s.key, "RS256"), 0);
    assert_int_equal(fixture_sign(&s.f, s.unused, "PS256"), 0);
    assert_int_equal(tap_count_of(s.f.tap, TAP_CC_START_AUTH_SESSION), 0);
    teardown(&s);
}

/* The child makes objects of its own, on a connection of its own. */
static void child_starts_anew(void **state)
{
    scene s;
    fixture mine;
    tpmc_key *key = NULL;
    pid_t child = -1;

    (void)state;
    setup(&s);
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        alarm(30);
        free_objects(&s);
        fixture_attach(&mine, 0);
        check(fixture_connect(&mine) == 0);
        check(fixture_key(&mine, s.pem, PASSWORD, &key) == 0);
        check(fixture_sign(&mine, key, "RS256") == 0);
        tpmc_key_free(key);
        fixture_detach(&mine);
        _exit(0);
    }
    assert_int_equal(wait_status(child), 0);
    assert_int_equal(fixture_sign(&s.f, s.key, "RS256"), 0);
    teardown(&s);
}

/* fork() while the connection is busy: the child must not wait for its lock. */
typedef struct forking {
    scene *s;
    int done;
    int status;
} forking;

static void fork_inside_sign(void *user, size_t index, uint32_t code)
{
    forking *f = user;
    pid_t child = -1;

    (void)index;
    if (code != TAP_CC_SIGN || f->done)
        return;
    f->done = 1;
    child = fork();
    check(child >= 0);
    if (child == 0) {
        alarm(30);
        check_all_forked(f->s);
        free_objects(f->s);
        _exit(0);
    }
    f->status = wait_status(child);
}

static void fork_while_busy(void **state)
{
    scene s;
    forking f = { .s = &s };

    (void)state;
    setup(&s);
    tap_set_hook(s.f.tap, fork_inside_sign, &f);
    assert_int_equal(fixture_sign_with(s.key, "RS256", NULL), 0);
    tap_set_hook(s.f.tap, NULL, NULL);
    assert_int_equal(f.done, 1);
    assert_int_equal(f.status, 0);
    assert_int_equal(fixture_sign(&s.f, s.key, "PS256"), 0);
    teardown(&s);
}

/*
 * Asked by the leak checker at exit. A child leaves OpenSSL's context behind on purpose, since a
 * thread that was not taken along may have held its locks.
 */
static int in_child;

int __lsan_is_turned_off(void);

int __lsan_is_turned_off(void)
{
    return in_child;
}

/* exit() in the child with all its handlers: nothing is flushed. */
static void child_exits(void **state)
{
    scene s;
    pid_t child = -1;

    (void)state;
    setup(&s);
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        alarm(30);
        in_child = 1;
        child_of(&s);
        exit(0);
    }
    assert_int_equal(wait_status(child), 0);
    assert_int_equal(fixture_sign(&s.f, s.key, "RS256"), 0);
    assert_int_equal(tap_count(s.f.tap), 1);
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
        cmocka_unit_test(child_is_refused),
        cmocka_unit_test(child_starts_anew),
        cmocka_unit_test(fork_while_busy),
        cmocka_unit_test(child_exits),
    };

    return cmocka_run_group_tests(tests, NULL, cleanup);
}
