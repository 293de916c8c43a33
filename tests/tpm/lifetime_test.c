/* SPDX-License-Identifier: Apache-2.0 */

/* Objects are freed in every order, on every thread and inside callbacks, and nothing stays. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>
#include <pthread.h>
#include <semaphore.h>
#include <time.h>

#include "support/check.h"
#include "support/software_key.h"
#include "support/tcti_libtpms.h"
#include "support/tpm_fixture.h"

#define PASSWORD "lifetime test password"
#define OBJECT_COUNT 5
#define PATIENCE_SECONDS 20

static const fixture_template with_password = { .password = PASSWORD };

typedef struct objects {
    fixture f;
    tpmc_key *key;
    tpmc_key *other_key;
    tpmc_key_template *key_template;
} objects;

static void make_objects(objects *o, const tpmc_bytes *pem)
{
    memset(o, 0, sizeof(*o));
    fixture_attach(&o->f, 0);
    check(fixture_connect(&o->f) == 0);
    check(tpmc_key_template_new(o->f.env, &o->key_template, o->f.err) == 0);
    check(fixture_key(&o->f, pem, PASSWORD, &o->key) == 0);
    check(fixture_key(&o->f, pem, PASSWORD, &o->other_key) == 0);
    check(fixture_sign(&o->f, o->key, "RS256") == 0);
    check(fixture_sign(&o->f, o->other_key, "PS256") == 0);
}

static void free_object(objects *o, int which)
{
    switch (which) {
    case 0:
        tpmc_env_free(o->f.env);
        o->f.env = NULL;
        break;
    case 1:
        tpmc_tpm_free(o->f.tpm);
        o->f.tpm = NULL;
        break;
    case 2:
        tpmc_key_free(o->key);
        o->key = NULL;
        break;
    case 3:
        tpmc_key_free(o->other_key);
        o->other_key = NULL;
        break;
    default:
        tpmc_key_template_free(o->key_template);
        o->key_template = NULL;
        break;
    }
}

static void finish_objects(objects *o)
{
    tpmc_error_free(o->f.err);
    tap_free(o->f.tap);
}

/* The next permutation in lexicographic order; 0 after the last. */
static int next_permutation(int *order, int count)
{
    int i = count - 2;
    int j = count - 1;
    int left = 0;
    int right = count - 1;
    int swap = 0;

    while (i >= 0 && order[i] > order[i + 1])
        i--;
    if (i < 0)
        return 0;
    while (order[j] < order[i])
        j--;
    swap = order[i];
    order[i] = order[j];
    order[j] = swap;
    for (left = i + 1; left < right; left++, right--) {
        swap = order[left];
        order[left] = order[right];
        order[right] = swap;
    }
    return 1;
}

static void make_file(tpmc_bytes **pem)
{
    fixture f;

    libtpms_start();
    fixture_attach(&f, 0);
    assert_int_equal(fixture_connect(&f), 0);
    assert_int_equal(fixture_import(&f, &with_password, pem), 0);
    fixture_detach(&f);
    tap_free(f.tap);
}

static void every_order(void **state)
{
    int order[OBJECT_COUNT] = { 0, 1, 2, 3, 4 };
    tpmc_bytes *pem = NULL;
    objects o;
    int i;

    (void)state;
    make_file(&pem);
    do {
        make_objects(&o, pem);
        for (i = 0; i < OBJECT_COUNT; i++)
            free_object(&o, order[i]);
        assert_true(fixture_holds_only_others(&o.f));
        finish_objects(&o);
    } while (next_permutation(order, OBJECT_COUNT));
    tpmc_bytes_free(pem);
    libtpms_stop();
}

/* What is not the last reference leaves the others working. */
static void the_rest_works(void **state)
{
    tpmc_bytes *pem = NULL;
    objects o;

    (void)state;
    make_file(&pem);
    make_objects(&o, pem);
    free_object(&o, 0);
    free_object(&o, 1);
    free_object(&o, 4);
    assert_int_equal(fixture_sign(&o.f, o.key, "RS256"), 0);
    free_object(&o, 3);
    assert_int_equal(fixture_sign(&o.f, o.key, "RS256"), 0);
    assert_int_equal(tpm_raw_transient_count(), 1);
    assert_int_equal(tpm_raw_session_count(), 1);
    free_object(&o, 2);
    assert_true(fixture_holds_only_others(&o.f));
    assert_int_equal(tap_finalized(o.f.tap), 0);
    finish_objects(&o);
    tpmc_bytes_free(pem);
    libtpms_stop();
}

typedef struct freeing {
    objects *o;
    int which;
} freeing;

static void *free_on_thread(void *user)
{
    freeing *f = user;

    free_object(f->o, f->which);
    return NULL;
}

static void on_other_threads(void **state)
{
    tpmc_bytes *pem = NULL;
    objects o;
    pthread_t threads[OBJECT_COUNT];
    freeing work[OBJECT_COUNT];
    int round;
    int i;

    (void)state;
    make_file(&pem);
    for (round = 0; round < 30; round++) {
        make_objects(&o, pem);
        for (i = 0; i < OBJECT_COUNT; i++) {
            work[i].o = &o;
            work[i].which = (i + round) % OBJECT_COUNT;
            check(pthread_create(&threads[i], NULL, free_on_thread, &work[i]) == 0);
        }
        for (i = 0; i < OBJECT_COUNT; i++)
            check(pthread_join(threads[i], NULL) == 0);
        assert_true(fixture_holds_only_others(&o.f));
        finish_objects(&o);
    }
    tpmc_bytes_free(pem);
    libtpms_stop();
}

/* A callback that frees everything but the key whose call is running. */
typedef struct callback_state {
    objects *o;
    int armed;
    int ran;
    int released;
} callback_state;

static void free_all_but_the_key(callback_state *c)
{
    if (!c->armed)
        return;
    c->armed = 0;
    c->ran++;
    free_object(c->o, 0);
    free_object(c->o, 1);
    free_object(c->o, 3);
    free_object(c->o, 4);
}

static int freeing_clock(void *user, int64_t *ms)
{
    struct timespec now;

    free_all_but_the_key(user);
    check(clock_gettime(CLOCK_MONOTONIC, &now) == 0);
    *ms = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
    return 0;
}

static int freeing_should_stop(void *user)
{
    free_all_but_the_key(user);
    return 0;
}

static int freeing_log(void *user, int level, const char *text)
{
    (void)level;
    (void)text;
    free_all_but_the_key(user);
    return 0;
}

static int freeing_password(void *user, uint8_t *out, size_t capacity, size_t *len)
{
    check(capacity >= strlen(PASSWORD));
    memcpy(out, PASSWORD, strlen(PASSWORD));
    *len = strlen(PASSWORD);
    free_all_but_the_key(user);
    return 0;
}

static void note_release(void *user)
{
    callback_state *c = user;

    c->released++;
}

enum { IN_CLOCK, IN_SHOULD_STOP, IN_LOG, IN_PASSWORD, CALLBACK_COUNT };

static void set_callback(callback_state *c, int which)
{
    tpmc_env *env = c->o->f.env;
    tpmc_error *err = c->o->f.err;

    if (which == IN_CLOCK)
        check(tpmc_env_set_monotonic_clock(env, freeing_clock, c, note_release, err) == 0);
    if (which == IN_SHOULD_STOP)
        check(tpmc_env_set_should_stop(env, freeing_should_stop, c, note_release, err) == 0);
    if (which == IN_LOG)
        check(tpmc_env_set_log(env, freeing_log, c, note_release, err) == 0);
}

static void inside_callbacks(void **state)
{
    tpmc_bytes *pem = NULL;
    objects o;
    callback_state c;
    int which;

    (void)state;
    make_file(&pem);
    for (which = 0; which < CALLBACK_COUNT; which++) {
        memset(&o, 0, sizeof(o));
        memset(&c, 0, sizeof(c));
        c.o = &o;
        fixture_attach(&o.f, 1);
        set_callback(&c, which);
        assert_int_equal(fixture_connect(&o.f), 0);
        assert_int_equal(tpmc_key_template_new(o.f.env, &o.key_template, o.f.err), 0);
        assert_int_equal(fixture_key(&o.f, pem, PASSWORD, &o.other_key), 0);
        assert_int_equal(fixture_sign(&o.f, o.other_key, "RS256"), 0);
        assert_int_equal(fixture_key(&o.f, pem, which == IN_PASSWORD ? NULL : PASSWORD, &o.key), 0);
        if (which == IN_PASSWORD)
            assert_int_equal(
                tpmc_key_set_password_callback(o.key, freeing_password, &c, note_release, o.f.err),
                0);
        c.armed = 1;
        assert_int_equal(fixture_sign(&o.f, o.key, "RS256"), 0);
        /* Nothing says that a log line must come. */
        assert_true(c.ran == 1 || which == IN_LOG);
        if (c.ran == 0)
            free_all_but_the_key(&c);
        assert_int_equal(fixture_sign(&o.f, o.key, "PS256"), 0);
        tpmc_key_free(o.key);
        assert_int_equal(c.released, 1);
        assert_true(fixture_holds_only_others(&o.f));
        finish_objects(&o);
    }
    tpmc_bytes_free(pem);
    libtpms_stop();
}

/* A signature that is held up inside the TPM until it is let go. */
typedef struct holdup {
    fixture *f;
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

static void hold_up_signatures(void *user, size_t index, uint32_t code)
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
    tpmc_error *err = NULL;

    check(tpmc_error_new(&err) == 0);
    h->rc = fixture_sign_with(h->key, "RS256", err);
    tpmc_error_free(err);
    return NULL;
}

/* Order, not time: the frees return while the signature is still held up. */
static void freeing_does_not_wait(void **state)
{
    tpmc_bytes *pem = NULL;
    objects o;
    holdup h;
    pthread_t thread;

    (void)state;
    make_file(&pem);
    make_objects(&o, pem);
    memset(&h, 0, sizeof(h));
    h.f = &o.f;
    h.key = o.key;
    check(sem_init(&h.inside, 0, 0) == 0 && sem_init(&h.go_on, 0, 0) == 0);
    tap_clear(o.f.tap);
    tap_set_hook(o.f.tap, hold_up_signatures, &h);
    check(pthread_create(&thread, NULL, sign_on_thread, &h) == 0);
    wait_for(&h.inside);
    free_object(&o, 3);
    tpmc_tpm_release(o.f.tpm);
    free_object(&o, 1);
    free_object(&o, 0);
    free_object(&o, 4);
    assert_int_equal(tap_count(o.f.tap), 1);
    check(sem_post(&h.go_on) == 0);
    check(pthread_join(thread, NULL) == 0);
    assert_int_equal(h.rc, 0);
    tap_set_hook(o.f.tap, NULL, NULL);
    /* What was freed meanwhile, goes before the next command at the latest. */
    assert_int_equal(fixture_sign(&o.f, o.key, "RS256"), 0);
    assert_int_equal(tpm_raw_transient_count(), 1);
    free_object(&o, 2);
    assert_true(fixture_holds_only_others(&o.f));
    finish_objects(&o);
    check(sem_destroy(&h.inside) == 0 && sem_destroy(&h.go_on) == 0);
    tpmc_bytes_free(pem);
    libtpms_stop();
}

/* Results outlive what they came from. */
static void results_stay(void **state)
{
    tpmc_bytes *pem = NULL;
    tpmc_bytes *spki = NULL;
    tpmc_bytes *signature = NULL;
    objects o;
    int i;

    (void)state;
    make_file(&pem);
    make_objects(&o, pem);
    assert_int_equal(tpmc_key_public(o.key, &spki, o.f.err), 0);
    assert_int_equal(tpmc_key_sign(o.key, "RS256", "m", 1, &signature, o.f.err), 0);
    for (i = 0; i < OBJECT_COUNT; i++)
        free_object(&o, i);
    finish_objects(&o);
    libtpms_stop();
    assert_int_equal(tpmc_bytes_len(signature), 256);
    assert_int_equal(tpmc_bytes_data(spki)[0], 0x30);
    assert_int_equal(tpmc_bytes_data(signature)[256], 0);
    tpmc_bytes_free(signature);
    tpmc_bytes_free(spki);
    tpmc_bytes_free(pem);
}

/* Objects that were never used send nothing and leave nothing. */
static void never_used(void **state)
{
    tpmc_bytes *pem = NULL;
    tpmc_key *key = NULL;
    fixture f;

    (void)state;
    make_file(&pem);
    fixture_attach(&f, 0);
    assert_int_equal(fixture_connect(&f), 0);
    assert_int_equal(fixture_key(&f, pem, PASSWORD, &key), 0);
    tpmc_key_free(key);
    assert_int_equal(tpmc_tpm_open(f.tpm, f.err), 0);
    fixture_detach(&f);
    assert_int_equal(tap_count(f.tap), 0);
    tap_free(f.tap);
    tpmc_bytes_free(pem);
    libtpms_stop();
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
        cmocka_unit_test(every_order),
        cmocka_unit_test(the_rest_works),
        cmocka_unit_test(on_other_threads),
        cmocka_unit_test(inside_callbacks),
        cmocka_unit_test(freeing_does_not_wait),
        cmocka_unit_test(results_stay),
        cmocka_unit_test(never_used),
    };

    return cmocka_run_group_tests(tests, NULL, cleanup);
}
