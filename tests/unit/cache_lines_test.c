/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/expect.h"

#include <sys/wait.h>
#include <unistd.h>

#include "proto/cache_lines.h"
#include "unit/cache_fixture.h"
#include "unit/each_allocation.h"

#define LINES 3
#define THREADS 64

/* A table whose values come from where those of a cache_bench do. */
typedef struct bench {
    cache_bench *from;
    tpmc__cache_lines *lines;
    int64_t retry_after_ms; /* of failures */
} bench;

static bench *new_bench(void)
{
    bench *b = calloc(1, sizeof(*b));

    check(b != NULL);
    b->from = new_cache_bench();
    b->retry_after_ms = -1;
    check(tpmc__cache_lines_new(b->from->env, &number_type, LINES, &b->lines, b->from->err) == 0);
    return b;
}

static void free_bench(bench *b)
{
    tpmc__cache_lines_free(b->lines);
    free_cache_bench(b->from);
    free(b);
}

static int make(void *context, tpmc__cache_entry *out, tpmc_error *err)
{
    bench *b = context;
    int status = refresh(b->from, out, err);

    if (status != 0 && b->retry_after_ms >= 0)
        tpmc__error_set_retry_after_ms(err, b->retry_after_ms);
    return status;
}

/* The number under a key of which every byte is `name`. */
static int get(bench *b, uint8_t name)
{
    uint8_t key[TPMC__CACHE_KEY_SIZE];
    void *value = b;
    int status;
    int n;

    memset(key, name, sizeof(key));
    status = tpmc__cache_lines_get(b->lines, key, make, b, &value, b->from->err);
    if (status != 0) {
        check(value == NULL);
        return status;
    }
    n = ((number *)value)->value;
    number_unref(value);
    return n;
}

static void each_key_has_its_value(void **state)
{
    bench *b = new_bench();

    (void)state;
    assert_int_equal(get(b, 1), 1);
    assert_int_equal(get(b, 2), 2);
    assert_int_equal(get(b, 1), 1);
    assert_int_equal(get(b, 2), 2);
    free_bench(b);
}

static void keys_differ_by_their_last_byte_too(void **state)
{
    uint8_t key[TPMC__CACHE_KEY_SIZE] = { 0 };
    bench *b = new_bench();
    void *value = NULL;

    (void)state;
    assert_int_equal(get(b, 0), 1);
    key[TPMC__CACHE_KEY_SIZE - 1] = 1;
    assert_int_equal(tpmc__cache_lines_get(b->lines, key, make, b, &value, NULL), 0);
    assert_int_equal(((number *)value)->value, 2);
    number_unref(value);
    free_bench(b);
}

static void the_least_recently_used_gives_place(void **state)
{
    bench *b = new_bench();

    (void)state;
    assert_int_equal(get(b, 1), 1);
    assert_int_equal(get(b, 2), 2);
    assert_int_equal(get(b, 3), 3);
    assert_int_equal(atomic_load(&live_numbers), 3);
    assert_int_equal(get(b, 1), 1);
    assert_int_equal(get(b, 4), 4); /* instead of 2 */
    assert_int_equal(atomic_load(&live_numbers), 3);
    assert_int_equal(get(b, 1), 1);
    assert_int_equal(get(b, 3), 3);
    assert_int_equal(get(b, 2), 5); /* instead of 4 */
    assert_int_equal(get(b, 1), 1);
    assert_int_equal(get(b, 3), 3);
    free_bench(b);
}

static void an_answer_that_says_to_wait_is_obeyed(void **state)
{
    bench *b = new_bench();

    (void)state;
    atomic_store(&b->from->status, TPMC_ERR_THROTTLED);
    b->retry_after_ms = 60000;
    expect_failure(get(b, 1), b->from->err, TPMC_ERR_THROTTLED, "refresh 1 failed");
    fake_env_pass(&b->from->fake, 59999);
    expect_failure(get(b, 1), b->from->err, TPMC_ERR_THROTTLED,
                   "not asked again, since the last answer said to wait: refresh 1 failed");
    assert_int_equal(tpmc_error_retry_after_ms(b->from->err), 1);
    /* Another request is none of its business. */
    expect_failure(get(b, 2), b->from->err, TPMC_ERR_THROTTLED, "refresh 2 failed");
    fake_env_pass(&b->from->fake, 1);
    atomic_store(&b->from->status, 0);
    assert_int_equal(get(b, 1), 3);
    free_bench(b);
}

static void a_wait_has_a_ceiling(void **state)
{
    bench *b = new_bench();

    (void)state;
    atomic_store(&b->from->status, TPMC_ERR_THROTTLED);
    b->retry_after_ms = INT64_C(365) * 86400 * 1000;
    assert_int_equal(get(b, 1), TPMC_ERR_THROTTLED);
    fake_env_pass(&b->from->fake, TPMC__CACHE_MAX_WAIT_MS - 1);
    assert_int_equal(get(b, 1), TPMC_ERR_THROTTLED);
    assert_int_equal(atomic_load(&b->from->refreshes), 1);
    fake_env_pass(&b->from->fake, 1);
    assert_int_equal(get(b, 1), TPMC_ERR_THROTTLED);
    assert_int_equal(atomic_load(&b->from->refreshes), 2);
    free_bench(b);
}

static void a_failure_without_a_wait_is_tried_again(void **state)
{
    bench *b = new_bench();

    (void)state;
    atomic_store(&b->from->status, TPMC_ERR_DENIED);
    assert_int_equal(get(b, 1), TPMC_ERR_DENIED);
    b->retry_after_ms = 0;
    assert_int_equal(get(b, 1), TPMC_ERR_DENIED);
    atomic_store(&b->from->status, 0);
    assert_int_equal(get(b, 1), 3);
    free_bench(b);
}

static void a_valid_value_is_served_meanwhile(void **state)
{
    bench *b = new_bench();

    (void)state;
    assert_int_equal(get(b, 1), 1);
    atomic_store(&b->from->status, TPMC_ERR_THROTTLED);
    b->retry_after_ms = 120000;
    fake_env_pass(&b->from->fake, LIFE_MS - MARGIN_MS);
    assert_int_equal(get(b, 1), 1);
    assert_int_equal(atomic_load(&b->from->refreshes), 2);
    fake_env_pass(&b->from->fake, 119999);
    assert_int_equal(get(b, 1), 1);
    assert_int_equal(atomic_load(&b->from->refreshes), 2);
    free_bench(b);
}

static void *ask(void *user)
{
    bench *b = user;
    uint8_t key[TPMC__CACHE_KEY_SIZE] = { 7 };
    void *value = NULL;

    check(tpmc__cache_lines_get(b->lines, key, make, b, &value, NULL) == 0);
    check(((number *)value)->value == 1);
    number_unref(value);
    return NULL;
}

static void a_herd_refreshes_once(void **state)
{
    bench *b = new_bench();
    pthread_t threads[THREADS];

    (void)state;
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, ask, b), 0);
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_int_equal(atomic_load(&b->from->refreshes), 1);
    free_bench(b);
}

typedef struct churner {
    bench *b;
    uint8_t first;
} churner;

static void *churn(void *user)
{
    const churner *self = user;
    uint8_t key[TPMC__CACHE_KEY_SIZE] = { 0 };
    void *value = NULL;

    for (int i = 0; i < 200; i++) {
        key[0] = (uint8_t)((self->first + i) % 8);
        check(tpmc__cache_lines_get(self->b->lines, key, make, self->b, &value, NULL) == 0);
        number_unref(value);
    }
    return NULL;
}

/* More keys than lines: lines give place while others use them. */
static void lines_in_use_may_give_place(void **state)
{
    bench *b = new_bench();
    pthread_t threads[8];
    churner churners[8];

    (void)state;
    for (size_t i = 0; i < 8; i++) {
        churners[i] = (churner){ b, (uint8_t)i };
        assert_int_equal(pthread_create(&threads[i], NULL, churn, &churners[i]), 0);
    }
    for (size_t i = 0; i < 8; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_int_equal(atomic_load(&live_numbers), LINES);
    free_bench(b);
}

static void a_child_can_free_it(void **state)
{
    bench *b = new_bench();
    int wait_status = -1;
    pid_t child;

    (void)state;
    assert_int_equal(get(b, 1), 1);
    child = fork();
    if (child == 0) {
        (void)alarm(20);
        free_bench(b);
        _exit(0);
    }
    assert_int_equal(waitpid(child, &wait_status, 0), child);
    assert_int_equal(wait_status, 0);
    free_bench(b);
}

static int attempt(void *context)
{
    bench *b = context;
    uint8_t key[TPMC__CACHE_KEY_SIZE] = { 9 };
    tpmc__cache_lines *lines = NULL;
    void *value = NULL;
    int status = tpmc__cache_lines_new(b->from->env, &number_type, LINES, &lines, NULL);

    if (status == 0)
        status = tpmc__cache_lines_get(lines, key, make, b, &value, NULL);
    if (value != NULL)
        number_unref(value);
    tpmc__cache_lines_free(lines);
    return status;
}

/* A value is made by calloc() too, and there a failure would end the test. */
static int refuse(void *context, tpmc__cache_entry *out, tpmc_error *err)
{
    (void)context;
    (void)out;
    return tpmc__fail(err, TPMC_ERR_DENIED, "refused");
}

static int attempt_refused(void *context)
{
    bench *b = context;
    uint8_t key[TPMC__CACHE_KEY_SIZE] = { 9 };
    tpmc__cache_lines *lines = NULL;
    void *value = NULL;
    int status = tpmc__cache_lines_new(b->from->env, &number_type, LINES, &lines, NULL);

    if (status == 0)
        status = tpmc__cache_lines_get(lines, key, refuse, b, &value, NULL);
    tpmc__cache_lines_free(lines);
    return status == TPMC_ERR_DENIED ? 0 : status;
}

static void each_allocation_may_fail(void **state)
{
    bench *b = new_bench();

    (void)state;
    assert_true(each_allocation(attempt_refused, b, TPMC_ERR_NOMEM) > 0);
    assert_int_equal(attempt(b), 0);
    free_bench(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_key_has_its_value),
        cmocka_unit_test(keys_differ_by_their_last_byte_too),
        cmocka_unit_test(the_least_recently_used_gives_place),
        cmocka_unit_test(an_answer_that_says_to_wait_is_obeyed),
        cmocka_unit_test(a_wait_has_a_ceiling),
        cmocka_unit_test(a_failure_without_a_wait_is_tried_again),
        cmocka_unit_test(a_valid_value_is_served_meanwhile),
        cmocka_unit_test(a_herd_refreshes_once),
        cmocka_unit_test(lines_in_use_may_give_place),
        cmocka_unit_test(a_child_can_free_it),
        cmocka_unit_test(each_allocation_may_fail),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
