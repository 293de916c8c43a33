/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "unit/cache_fixture.h"

#define THREADS 64

typedef struct crowd {
    cache_bench *b;
    atomic_int waiting; /* threads that have looked for a stop while they wait */
    atomic_int done;
    size_t count;
    pthread_t threads[THREADS];
    int results[THREADS];
    tpmc_error *errors[THREADS];
    atomic_size_t next;
} crowd;

static _Thread_local int has_waited;

/* Replaces the fake's callback: a thread that waits comes here again and again. */
static int count_waiting(void *user)
{
    crowd *c = user;

    if (!has_waited) {
        has_waited = 1;
        atomic_fetch_add(&c->waiting, 1);
    }
    return atomic_load(&c->b->fake.stop_status);
}

static crowd *new_crowd(void)
{
    crowd *c = calloc(1, sizeof(*c));

    assert_non_null(c);
    c->b = new_cache_bench();
    assert_int_equal(tpmc_env_set_should_stop(c->b->env, count_waiting, c, NULL, NULL), 0);
    return c;
}

static void *ask(void *user)
{
    crowd *c = user;
    size_t i = atomic_fetch_add(&c->next, 1);

    check(tpmc_error_new(&c->errors[i]) == 0);
    c->results[i] = get_number(c->b, c->errors[i]);
    atomic_fetch_add(&c->done, 1);
    return NULL;
}

static void start(crowd *c, size_t count)
{
    size_t i;

    for (i = 0; i < count; i++) {
        assert_int_equal(pthread_create(&c->threads[c->count], NULL, ask, c), 0);
        c->count++;
    }
}

static void wait_until(const atomic_int *count, int reached)
{
    while (atomic_load(count) < reached)
        real_sleep_ms(1);
}

static void join(crowd *c)
{
    size_t i;

    for (i = 0; i < c->count; i++)
        assert_int_equal(pthread_join(c->threads[i], NULL), 0);
}

static void free_crowd(crowd *c)
{
    size_t i;

    for (i = 0; i < c->count; i++)
        tpmc_error_free(c->errors[i]);
    free_cache_bench(c->b);
    free(c);
}

static void a_herd_makes_one_refresh(void **state)
{
    crowd *c = new_crowd();
    size_t i;

    (void)state;
    atomic_store(&c->b->gate, 1);
    start(c, THREADS);
    wait_until(&c->waiting, THREADS - 1);
    atomic_store(&c->b->gate, 0);
    join(c);
    assert_int_equal(atomic_load(&c->b->refreshes), 1);
    for (i = 0; i < THREADS; i++)
        assert_int_equal(c->results[i], 1);
    free_crowd(c);
}

static void a_herd_on_an_expired_value_makes_one_refresh(void **state)
{
    crowd *c = new_crowd();
    size_t i;

    (void)state;
    assert_int_equal(get_number(c->b, NULL), 1);
    fake_env_pass(&c->b->fake, LIFE_MS);
    start(c, THREADS);
    join(c);
    assert_int_equal(atomic_load(&c->b->refreshes), 2);
    for (i = 0; i < THREADS; i++)
        assert_int_equal(c->results[i], 2);
    free_crowd(c);
}

static void waiters_share_a_failure(void **state)
{
    crowd *c = new_crowd();
    size_t i;

    (void)state;
    atomic_store(&c->b->status, TPMC_ERR_WRONG_PASSWORD);
    atomic_store(&c->b->gate, 1);
    start(c, THREADS);
    wait_until(&c->waiting, THREADS - 1);
    atomic_store(&c->b->gate, 0);
    join(c);
    assert_int_equal(atomic_load(&c->b->refreshes), 1);
    for (i = 0; i < THREADS; i++) {
        assert_int_equal(c->results[i], TPMC_ERR_WRONG_PASSWORD);
        assert_int_equal(tpmc_error_code(c->errors[i]), TPMC_ERR_WRONG_PASSWORD);
        assert_string_equal(tpmc_error_text(c->errors[i]), "refresh 1 failed");
    }
    /* Who comes later tries again. */
    atomic_store(&c->b->status, 0);
    assert_int_equal(get_number(c->b, NULL), 2);
    free_crowd(c);
}

static void waiters_try_themselves_after(int failure)
{
    crowd *c = new_crowd();

    atomic_store(&c->b->status, failure);
    atomic_store(&c->b->gate, 1);
    start(c, 1);
    wait_until(&c->b->refreshes, 1);
    /* The first thread has read its status already. */
    real_sleep_ms(20);
    atomic_store(&c->b->status, 0);
    start(c, 9);
    wait_until(&c->waiting, 9);
    atomic_store(&c->b->gate, 0);
    join(c);
    assert_int_equal(c->results[0], failure);
    assert_int_equal(c->results[1], 2);
    assert_int_equal(c->results[9], 2);
    assert_int_equal(atomic_load(&c->b->refreshes), 2);
    free_crowd(c);
}

static void waiters_try_themselves_after_a_failure_of_that_thread(void **state)
{
    (void)state;
    waiters_try_themselves_after(TPMC_ERR_STATE);
    waiters_try_themselves_after(TPMC_ERR_CANCELLED);
}

static void others_are_served_while_one_renews(void **state)
{
    crowd *c = new_crowd();
    size_t i;
    int renewed = 0;

    (void)state;
    assert_int_equal(get_number(c->b, NULL), 1);
    fake_env_pass(&c->b->fake, LIFE_MS - MARGIN_MS);
    atomic_store(&c->b->gate, 1);
    start(c, THREADS);
    wait_until(&c->done, THREADS - 1);
    assert_int_equal(atomic_load(&c->waiting), 0);
    atomic_store(&c->b->gate, 0);
    join(c);
    assert_int_equal(atomic_load(&c->b->refreshes), 2);
    for (i = 0; i < THREADS; i++)
        renewed += c->results[i] == 2;
    assert_int_equal(renewed, 1);
    free_crowd(c);
}

static void the_value_may_end_during_a_renewal(void **state)
{
    crowd *c = new_crowd();

    (void)state;
    assert_int_equal(get_number(c->b, NULL), 1);
    fake_env_pass(&c->b->fake, LIFE_MS - MARGIN_MS);
    atomic_store(&c->b->gate, 1);
    start(c, 1);
    wait_until(&c->b->refreshes, 2);
    fake_env_pass(&c->b->fake, MARGIN_MS);
    start(c, 3);
    wait_until(&c->waiting, 3);
    atomic_store(&c->b->gate, 0);
    join(c);
    assert_int_equal(c->results[0], 2);
    assert_int_equal(c->results[3], 2);
    assert_int_equal(atomic_load(&c->b->refreshes), 2);
    free_crowd(c);
}

static void a_waiter_has_a_deadline(void **state)
{
    crowd *c = new_crowd();

    (void)state;
    assert_int_equal(tpmc_env_set(c->b->env, "timeout_ms", "5000", NULL), 0);
    atomic_store(&c->b->gate, 1);
    start(c, 1);
    wait_until(&c->b->refreshes, 1);
    start(c, 1);
    wait_until(&c->waiting, 1);
    fake_env_pass(&c->b->fake, 4999);
    real_sleep_ms(120);
    assert_int_equal(atomic_load(&c->done), 0);
    fake_env_pass(&c->b->fake, 1);
    wait_until(&c->done, 1);
    assert_int_equal(c->results[1], TPMC_ERR_TIMEOUT);
    assert_non_null(strstr(tpmc_error_text(c->errors[1]), "'timeout_ms'"));
    atomic_store(&c->b->gate, 0);
    join(c);
    assert_int_equal(c->results[0], 1);
    assert_int_equal(get_number(c->b, NULL), 1);
    free_crowd(c);
}

static void a_waiter_can_be_stopped(void **state)
{
    crowd *c = new_crowd();

    (void)state;
    atomic_store(&c->b->gate, 1);
    start(c, 1);
    wait_until(&c->b->refreshes, 1);
    start(c, 1);
    wait_until(&c->waiting, 1);
    atomic_store(&c->b->fake.stop_status, TPMC_ERR_CANCELLED);
    wait_until(&c->done, 1);
    assert_int_equal(c->results[1], TPMC_ERR_CANCELLED);
    atomic_store(&c->b->fake.stop_status, 0);
    atomic_store(&c->b->gate, 0);
    join(c);
    assert_int_equal(c->results[0], 1);
    assert_int_equal(get_number(c->b, NULL), 1);
    assert_int_equal(atomic_load(&c->b->refreshes), 1);
    free_crowd(c);
}

static void *ask_often(void *user)
{
    crowd *c = user;
    int last = 0;
    int n;
    int i;

    for (i = 0; i < 300; i++) {
        n = get_number(c->b, NULL);
        check(n >= last);
        last = n;
        fake_env_pass(&c->b->fake, 40 * 1000);
    }
    return NULL;
}

static void values_change_under_load(void **state)
{
    crowd *c = new_crowd();
    size_t i;

    (void)state;
    for (i = 0; i < 8; i++)
        assert_int_equal(pthread_create(&c->threads[i], NULL, ask_often, c), 0);
    for (i = 0; i < 8; i++)
        assert_int_equal(pthread_join(c->threads[i], NULL), 0);
    assert_in_range(atomic_load(&c->b->refreshes), 20, 300);
    free_crowd(c);
}

static void a_child_frees_what_others_hold(void **state)
{
    crowd *c = new_crowd();
    int wait_status = -1;
    pid_t child;

    (void)state;
    atomic_store(&c->b->gate, 1);
    start(c, 1);
    wait_until(&c->b->refreshes, 1);
    start(c, 4);
    wait_until(&c->waiting, 4);
    child = fork();
    if (child == 0) {
        (void)alarm(20);
        tpmc__cache_free(c->b->cache);
        _exit(0);
    }
    assert_int_equal(waitpid(child, &wait_status, 0), child);
    assert_int_equal(wait_status, 0);
    atomic_store(&c->b->gate, 0);
    join(c);
    assert_int_equal(c->results[4], 1);
    free_crowd(c);
}

/* A callback that forks, and whose child comes back here. */
static int fork_and_refresh(void *context, tpmc__cache_entry *out, tpmc_error *err)
{
    cache_bench *b = context;
    pid_t child = fork();
    int wait_status = -1;

    if (child == 0) {
        (void)alarm(20);
        return refresh(context, out, err);
    }
    check(waitpid(child, &wait_status, 0) == child);
    check(wait_status == 0);
    return refresh(b, out, err);
}

static void a_call_does_not_go_on_in_a_child(void **state)
{
    cache_bench *b = new_cache_bench();
    pid_t parent = getpid();
    void *value = NULL;
    int status;

    (void)state;
    status = tpmc__cache_get(b->cache, fork_and_refresh, b, &value, b->err);
    if (getpid() != parent)
        _exit(status == TPMC_ERR_FORKED && value == NULL && atomic_load(&live_numbers) == 0 ? 0
                                                                                            : 1);
    assert_int_equal(status, 0);
    number_unref(value);
    free_cache_bench(b);
}

static void fork_once(void)
{
    pid_t child = fork();
    int wait_status = -1;

    if (child == 0) {
        (void)alarm(20);
        return;
    }
    check(waitpid(child, &wait_status, 0) == child);
    check(wait_status == 0);
}

static int random_that_forks(void *user, uint8_t *out, size_t len)
{
    (void)user;
    memset(out, 0, len);
    fork_once();
    return 0;
}

static int log_that_forks(void *user, int level, const char *text)
{
    (void)user;
    (void)level;
    (void)text;
    fork_once();
    return 0;
}

static void a_fork_in_the_random_callback(void **state)
{
    cache_bench *b = new_cache_bench();
    pid_t parent = getpid();
    int got;

    (void)state;
    assert_int_equal(tpmc_env_set_random(b->env, random_that_forks, NULL, NULL, NULL), 0);
    got = get_number(b, b->err);
    if (getpid() != parent)
        _exit(got == TPMC_ERR_FORKED && atomic_load(&live_numbers) == 0 ? 0 : 1);
    assert_int_equal(got, 1);
    free_cache_bench(b);
}

static void a_fork_in_the_log_callback(void **state)
{
    cache_bench *b = new_cache_bench();
    pid_t parent = getpid();
    int got;

    (void)state;
    assert_int_equal(tpmc_env_set_log(b->env, log_that_forks, NULL, NULL, NULL), 0);
    assert_int_equal(get_number(b, b->err), 1);
    fake_env_pass(&b->fake, LIFE_MS - MARGIN_MS);
    atomic_store(&b->status, TPMC_ERR_TPM);
    got = get_number(b, b->err);
    if (getpid() != parent)
        _exit(got == TPMC_ERR_FORKED ? 0 : 1);
    assert_int_equal(got, 1);
    free_cache_bench(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_herd_makes_one_refresh),
        cmocka_unit_test(a_herd_on_an_expired_value_makes_one_refresh),
        cmocka_unit_test(waiters_share_a_failure),
        cmocka_unit_test(waiters_try_themselves_after_a_failure_of_that_thread),
        cmocka_unit_test(others_are_served_while_one_renews),
        cmocka_unit_test(the_value_may_end_during_a_renewal),
        cmocka_unit_test(a_waiter_has_a_deadline),
        cmocka_unit_test(a_waiter_can_be_stopped),
        cmocka_unit_test(values_change_under_load),
        cmocka_unit_test(a_child_frees_what_others_hold),
        cmocka_unit_test(a_call_does_not_go_on_in_a_child),
        cmocka_unit_test(a_fork_in_the_random_callback),
        cmocka_unit_test(a_fork_in_the_log_callback),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
