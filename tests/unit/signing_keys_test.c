/* SPDX-License-Identifier: Apache-2.0 */
#include "aws_hmac/signing_keys.h"

#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <stdio.h>
#include <stdlib.h>

#include "base/error_int.h"
#include "unit/expect.h"
#include "unit/fake_env.h"

#define THREADS 64

typedef struct bench {
    fake_env fake;
    tpmc_env *env;
    tpmc__signing_keys keys;
    tpmc_error *err;
    atomic_int made;
    int fails;
    int waits; /* makes others come while a key is made */
} bench;

static bench *new_bench(void)
{
    bench *b = calloc(1, sizeof(*b));

    check(b != NULL);
    b->env = fake_env_new(&b->fake);
    assert_int_equal(tpmc_error_new(&b->err), 0);
    expect_success(tpmc__signing_keys_init(&b->keys, b->err), b->err);
    return b;
}

static void free_bench(bench *b)
{
    tpmc__signing_keys_free(&b->keys, b->env);
    tpmc_env_free(b->env);
    tpmc_error_free(b->err);
    free(b);
}

/* The n-th key is n and the first letters of its scope. */
static int make(void *context, const tpmc__sigv4_scope *scope, uint8_t key[TPMC__SIGV4_KEY_SIZE],
                tpmc_error *err)
{
    bench *b = context;
    int n = atomic_fetch_add(&b->made, 1) + 1;

    if (b->waits)
        (void)nanosleep(&(struct timespec){ 0, 50 * 1000 * 1000 }, NULL);
    if (b->fails)
        return tpmc__fail(err, TPMC_ERR_LOCKOUT, "no");
    memset(key, 0, TPMC__SIGV4_KEY_SIZE);
    (void)snprintf((char *)key, TPMC__SIGV4_KEY_SIZE, "%d %s %.4s %.4s", n, scope->date,
                   scope->region, scope->service);
    return 0;
}

static int get(bench *b, const char *date, const char *region, const char *service, char *key)
{
    tpmc__sigv4_scope scope = { date, region, service };

    tpmc__error_clear(b->err);
    return tpmc__signing_keys_get(&b->keys, b->env, make, b, &scope, (uint8_t *)key, b->err);
}

static void expect_key(bench *b, const char *date, const char *region, const char *service,
                       const char *key)
{
    char got[TPMC__SIGV4_KEY_SIZE];

    expect_success(get(b, date, region, service, got), b->err);
    assert_string_equal(got, key);
}

static void a_key_is_made_once_for_its_scope(void **state)
{
    bench *b = new_bench();

    (void)state;
    for (int i = 0; i < 3; i++) {
        expect_key(b, "20250615", "r", "s", "1 20250615 r s");
        expect_key(b, "20250615", "r2", "s", "2 20250615 r2 s");
        expect_key(b, "20250615", "r", "s2", "3 20250615 r s2");
    }
    assert_int_equal(atomic_load(&b->made), 3);
    free_bench(b);
}

static void midnight_replaces_it(void **state)
{
    bench *b = new_bench();

    (void)state;
    expect_key(b, "20250615", "r", "s", "1 20250615 r s");
    expect_key(b, "20250616", "r", "s", "2 20250616 r s");
    expect_key(b, "20250616", "r", "s", "2 20250616 r s");
    /* The former day's is gone, and its place holds the new one. */
    assert_int_equal(b->keys.next, 1);
    assert_string_equal(b->keys.items[0].date, "20250616");
    assert_false(tpmc__secret_is_set(&b->keys.items[1].key));
    expect_key(b, "20250615", "r", "s", "3 20250615 r s");
    free_bench(b);
}

static void eight_are_kept(void **state)
{
    bench *b = new_bench();
    char region[8];
    char key[TPMC__SIGV4_KEY_SIZE];

    (void)state;
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < TPMC__SIGNING_KEYS_MAX; i++) {
            (void)snprintf(region, sizeof(region), "r%d", i);
            expect_success(get(b, "20250615", region, "s", key), b->err);
        }
    }
    assert_int_equal(atomic_load(&b->made), 8);
    /* The ninth takes the place of the first, the others stay. */
    expect_key(b, "20250615", "r8", "s", "9 20250615 r8 s");
    expect_key(b, "20250615", "r1", "s", "2 20250615 r1 s");
    expect_key(b, "20250615", "r7", "s", "8 20250615 r7 s");
    expect_key(b, "20250615", "r0", "s", "10 20250615 r0 s");
    expect_key(b, "20250615", "r1", "s", "11 20250615 r1 s");
    free_bench(b);
}

static void a_failure_is_told_and_not_kept(void **state)
{
    bench *b = new_bench();
    char key[TPMC__SIGV4_KEY_SIZE];

    (void)state;
    b->fails = 1;
    expect_failure(get(b, "20250615", "r", "s", key), b->err, TPMC_ERR_LOCKOUT, "no");
    b->fails = 0;
    expect_key(b, "20250615", "r", "s", "2 20250615 r s");
    atomic_store(&b->fake.clock_status, TPMC_ERR_IO);
    /* What is kept needs no clock. */
    expect_key(b, "20250615", "r", "s", "2 20250615 r s");
    expect_failure(get(b, "20250615", "r9", "s", key), b->err, TPMC_ERR_IO, "clock");
    assert_int_equal(atomic_load(&b->made), 2);
    free_bench(b);
}

static void *ask(void *user)
{
    bench *b = user;
    tpmc__sigv4_scope scope = { "20250615", "r", "s" };
    uint8_t key[TPMC__SIGV4_KEY_SIZE];

    check(tpmc__signing_keys_get(&b->keys, b->env, make, b, &scope, key, NULL) == 0);
    check(strcmp((const char *)key, "1 20250615 r s") == 0);
    return NULL;
}

static void a_herd_makes_one_key(void **state)
{
    bench *b = new_bench();
    pthread_t threads[THREADS];

    (void)state;
    b->waits = 1;
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, ask, b), 0);
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_int_equal(atomic_load(&b->made), 1);
    free_bench(b);
}

/* A key that asks for itself. */
static int make_from_itself(void *context, const tpmc__sigv4_scope *scope,
                            uint8_t key[TPMC__SIGV4_KEY_SIZE], tpmc_error *err)
{
    bench *b = context;

    return tpmc__signing_keys_get(&b->keys, b->env, make, b, scope, key, err);
}

static void a_key_cannot_wait_for_itself(void **state)
{
    bench *b = new_bench();
    tpmc__sigv4_scope scope = { "20250615", "r", "s" };
    uint8_t key[TPMC__SIGV4_KEY_SIZE];

    (void)state;
    expect_failure(
        tpmc__signing_keys_get(&b->keys, b->env, make_from_itself, b, &scope, key, b->err), b->err,
        TPMC_ERR_STATE, "the signing key that another thread makes");
    assert_int_equal(atomic_load(&b->made), 0);
    expect_key(b, "20250615", "r", "s", "1 20250615 r s");
    free_bench(b);
}

static void a_child_frees_while_the_parent_makes(void **state)
{
    bench *b = new_bench();
    int wait_status = -1;
    pid_t child;

    (void)state;
    expect_key(b, "20250615", "r", "s", "1 20250615 r s");
    (void)pthread_mutex_lock(&b->keys.mutex);
    check(tpmc__lock_try(&b->keys.making));
    child = fork();
    if (child == 0) {
        (void)alarm(20);
        tpmc__signing_keys_free(&b->keys, b->env);
        check(!tpmc__secret_is_set(&b->keys.items[0].key));
        _exit(0);
    }
    assert_int_equal(waitpid(child, &wait_status, 0), child);
    assert_int_equal(wait_status, 0);
    (void)pthread_mutex_unlock(&b->keys.mutex);
    tpmc__lock_release(&b->keys.making);
    free_bench(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_key_is_made_once_for_its_scope),
        cmocka_unit_test(midnight_replaces_it),
        cmocka_unit_test(eight_are_kept),
        cmocka_unit_test(a_failure_is_told_and_not_kept),
        cmocka_unit_test(a_herd_makes_one_key),
        cmocka_unit_test(a_key_cannot_wait_for_itself),
        cmocka_unit_test(a_child_frees_while_the_parent_makes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
