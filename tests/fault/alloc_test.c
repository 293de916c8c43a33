/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Every allocation of the library fails once, and then every allocation from the n-th on. The call
 * ends with NOMEM or succeeds; the same objects work afterwards; nothing stays in the TPM.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/check.h"
#include "support/signature.h"
#include "support/software_key.h"
#include "support/tcti_libtpms.h"
#include "support/tpm_fixture.h"
#include "tpmcloud/tpmkey_esys.h"

#define PASSWORD "allocation test password"
#define OWNER_PASSWORD "allocation owner"
#define ALLOCATIONS_MAX 2000

void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *block, size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *block, size_t size);

/* The linker puts these between the library and the allocator. */
static struct {
    size_t seen;
    size_t fails_at; /* 0: none */
    int sticky;
    int hit;
} allocator;

static int fails_now(void)
{
    allocator.seen++;
    if (allocator.fails_at == 0 || allocator.seen < allocator.fails_at)
        return 0;
    if (allocator.seen > allocator.fails_at && !allocator.sticky)
        return 0;
    allocator.hit = 1;
    return 1;
}

void *__wrap_calloc(size_t count, size_t size)
{
    return fails_now() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *block, size_t size)
{
    return fails_now() ? NULL : __real_realloc(block, size);
}

static void arm(size_t n, int sticky)
{
    allocator.seen = 0;
    allocator.fails_at = n;
    allocator.sticky = sticky;
    allocator.hit = 0;
}

static void disarm(void)
{
    allocator.fails_at = 0;
}

/* What one attempt makes; everything is freed after it. */
typedef struct attempt {
    fixture f;
    const tpmc_bytes *pem;
    const tpmc_bytes *spki;
    const char *password;
    const char *owner_password;
    const char *input; /* to be imported */
    size_t input_len;
    tpmc_key *key;
    tpmc_key_template *key_template;
    tpmc_bytes *out;
} attempt;

typedef int (*step)(attempt *a);

static int connect_step(attempt *a)
{
    fixture *f = &a->f;
    int rc = tpmc_tpm_new(f->env, &f->tpm, f->err);

    if (rc == 0)
        rc = tpmc_tpm_set_tcti(f->tpm, tap_tcti(f->tap), f->err);
    if (rc == 0 && a->owner_password != NULL)
        rc = tpmc_tpm_set_hierarchy_password(f->tpm, TPMC_HIERARCHY_OWNER, a->owner_password,
                                             strlen(a->owner_password), f->err);
    return rc;
}

static int key_step(attempt *a)
{
    fixture *f = &a->f;
    int rc = tpmc_key_new(f->tpm, &a->key, f->err);

    if (rc == 0)
        rc = tpmc_key_set_pem(a->key, tpmc_bytes_data(a->pem), tpmc_bytes_len(a->pem), f->err);
    if (rc == 0 && a->password != NULL)
        rc = tpmc_key_set_password(a->key, a->password, strlen(a->password), f->err);
    return rc;
}

static int sign_step(attempt *a)
{
    int rc =
        tpmc_key_sign(a->key, "RS256", FIXTURE_MESSAGE, strlen(FIXTURE_MESSAGE), &a->out, a->f.err);

    check((rc == 0) == (a->out != NULL));
    if (rc == 0)
        check(verify_signature(a->spki, "RS256", FIXTURE_MESSAGE, strlen(FIXTURE_MESSAGE), a->out));
    tpmc_bytes_free(a->out);
    a->out = NULL;
    return rc;
}

static int read_step(attempt *a)
{
    int rc = tpmc_key_public(a->key, &a->out, a->f.err);

    check((rc == 0) == (a->out != NULL));
    tpmc_bytes_free(a->out);
    a->out = NULL;
    if (rc == 0)
        rc = tpmc_key_describe(a->key, &a->out, a->f.err);
    tpmc_bytes_free(a->out);
    a->out = NULL;
    return rc;
}

static int template_step(attempt *a)
{
    fixture *f = &a->f;
    int rc = tpmc_key_template_new(f->env, &a->key_template, f->err);

    if (rc == 0)
        rc = tpmc_key_template_set(a->key_template, "description", "short of memory", f->err);
    if (rc == 0)
        rc = tpmc_key_template_set_password(a->key_template, "secret", 6, f->err);
    return rc;
}

static int import_step(attempt *a)
{
    int rc = tpmc_key_import(a->f.tpm, a->key_template, a->input, a->input_len, &a->out, a->f.err);

    check((rc == 0) == (a->out != NULL));
    tpmc_bytes_free(a->out);
    a->out = NULL;
    return rc;
}

static int parent_step(attempt *a)
{
    tpmc_bytes *name = NULL;
    int rc = tpmc_tpm_read_parent(a->f.tpm, NULL, &a->out, &name, a->f.err);

    check((rc == 0) == (a->out != NULL) && (rc == 0) == (name != NULL));
    tpmc_bytes_free(name);
    tpmc_bytes_free(a->out);
    a->out = NULL;
    return rc;
}

/* Repeating a step that makes an object starts with the object gone. */
static void undo_making(attempt *a, step s)
{
    if (s == connect_step) {
        tpmc_tpm_free(a->f.tpm);
        a->f.tpm = NULL;
    }
    if (s == key_step) {
        tpmc_key_free(a->key);
        a->key = NULL;
    }
    if (s == template_step) {
        tpmc_key_template_free(a->key_template);
        a->key_template = NULL;
    }
}

/* Runs the steps with the n-th allocation failing; the step that fails is repeated without.
 * Returns whether the allocation was reached. */
static int run_attempt(attempt *a, const step *steps, size_t count, size_t n, int sticky)
{
    size_t i;
    int rc = 0;
    int hit = 0;

    fixture_attach(&a->f, 0);
    fixture_mark_others(&a->f);
    arm(n, sticky);
    for (i = 0; i < count; i++) {
        rc = steps[i](a);
        if (rc == 0)
            continue;
        assert_int_equal(rc, TPMC_ERR_NOMEM);
        assert_int_equal(tpmc_error_code(a->f.err), TPMC_ERR_NOMEM);
        assert_string_not_equal(tpmc_error_text(a->f.err), "");
        disarm();
        undo_making(a, steps[i]);
        assert_int_equal(steps[i](a), 0);
    }
    hit = allocator.hit;
    /* Freeing is done with the fault still in force where it was not met. */
    tpmc_key_free(a->key);
    tpmc_key_template_free(a->key_template);
    a->key = NULL;
    a->key_template = NULL;
    fixture_detach(&a->f);
    disarm();
    assert_true(fixture_holds_only_others(&a->f));
    assert_int_equal(tpm_raw_lockout_counter(), 0);
    tap_free(a->f.tap);
    return hit;
}

static void run_all(attempt *a, const step *steps, size_t count)
{
    size_t n;
    int sticky;
    int hit = 1;

    for (sticky = 0; sticky < 2; sticky++) {
        hit = 1;
        for (n = 1; hit; n++) {
            assert_true(n < ALLOCATIONS_MAX);
            hit = run_attempt(a, steps, count, n, sticky);
        }
        /* There was something to fail. */
        assert_true(n > 5);
    }
}

static void setup(attempt *a, const fixture_template *t, tpmc_bytes **pem, tpmc_bytes **spki)
{
    fixture f;
    tpmc_key *key = NULL;

    memset(a, 0, sizeof(*a));
    disarm();
    fixture_open(&f, 0);
    assert_int_equal(fixture_import(&f, t, pem), 0);
    assert_int_equal(fixture_key(&f, *pem, NULL, &key), 0);
    assert_int_equal(tpmc_key_public(key, spki, f.err), 0);
    tpmc_key_free(key);
    fixture_detach(&f);
    tap_free(f.tap);
    a->pem = *pem;
    a->spki = *spki;
}

static void teardown(tpmc_bytes *pem, tpmc_bytes *spki)
{
    tpmc_bytes_free(pem);
    tpmc_bytes_free(spki);
    libtpms_stop();
}

static void signing(void **state)
{
    static const step steps[] = { connect_step, key_step, read_step, sign_step, sign_step };
    attempt a;
    tpmc_bytes *pem = NULL;
    tpmc_bytes *spki = NULL;

    (void)state;
    setup(&a, NULL, &pem, &spki);
    run_all(&a, steps, sizeof(steps) / sizeof(steps[0]));
    teardown(pem, spki);
}

static void signing_with_password(void **state)
{
    static const step steps[] = { connect_step, key_step, sign_step, sign_step };
    static const fixture_template t = { .password = PASSWORD, .dictionary_attack = "1" };
    attempt a;
    tpmc_bytes *pem = NULL;
    tpmc_bytes *spki = NULL;

    (void)state;
    setup(&a, &t, &pem, &spki);
    a.password = PASSWORD;
    run_all(&a, steps, sizeof(steps) / sizeof(steps[0]));
    teardown(pem, spki);
}

static void signing_with_owner_password(void **state)
{
    static const step steps[] = { connect_step, key_step, sign_step };
    static const fixture_template t = { .password = PASSWORD };
    attempt a;
    tpmc_bytes *pem = NULL;
    tpmc_bytes *spki = NULL;

    (void)state;
    setup(&a, &t, &pem, &spki);
    assert_int_equal(tpm_raw_set_owner_password("", OWNER_PASSWORD), 0);
    a.password = PASSWORD;
    a.owner_password = OWNER_PASSWORD;
    run_all(&a, steps, sizeof(steps) / sizeof(steps[0]));
    teardown(pem, spki);
}

static void importing(void **state)
{
    static const step steps[] = { connect_step, template_step, parent_step, import_step };
    attempt a;
    char text[SOFTWARE_KEY_MAX];
    tpmc_bytes *pem = NULL;
    tpmc_bytes *spki = NULL;

    (void)state;
    setup(&a, NULL, &pem, &spki);
    a.input = text;
    a.input_len = software_key_write(software_key_rsa(2048), SOFTWARE_KEY_JSON, text);
    run_all(&a, steps, sizeof(steps) / sizeof(steps[0]));
    teardown(pem, spki);
}

/* The environment and the error object themselves. */
static void environment(void **state)
{
    tpmc_error *err = NULL;
    tpmc_env *env = NULL;
    size_t n;
    int hit = 1;
    int rc = 0;

    (void)state;
    arm(1, 0);
    assert_int_equal(tpmc_error_new(&err), TPMC_ERR_NOMEM);
    assert_null(err);
    disarm();
    assert_int_equal(tpmc_error_new(&err), 0);
    for (n = 1; hit; n++) {
        arm(n, 0);
        rc = tpmc_env_new(&env, err);
        if (rc == 0)
            rc = tpmc_env_set(env, "user_agent", "short of memory", err);
        hit = allocator.hit;
        disarm();
        assert_int_equal(rc, hit ? TPMC_ERR_NOMEM : 0);
        tpmc_env_free(env);
        env = NULL;
    }
    assert_true(n > 2);
    tpmc_error_free(err);
}

static int cleanup(void **state)
{
    (void)state;
    disarm();
    software_key_cleanup();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(signing),
        cmocka_unit_test(signing_with_password),
        cmocka_unit_test(signing_with_owner_password),
        cmocka_unit_test(importing),
        cmocka_unit_test(environment),
    };

    return cmocka_run_group_tests(tests, NULL, cleanup);
}
