/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "unit/cache_fixture.h"
#include "unit/each_allocation.h"

static int get(cache_bench *b)
{
    return get_number(b, b->err);
}

static void a_fresh_value_is_made_once(void **state)
{
    cache_bench *b = new_cache_bench();
    int i;

    (void)state;
    for (i = 0; i < 1000; i++)
        assert_int_equal(get(b), 1);
    assert_int_equal(atomic_load(&b->refreshes), 1);
    free_cache_bench(b);
}

static void is_renewed_a_margin_before_its_end(void **state)
{
    cache_bench *b = new_cache_bench();

    (void)state;
    assert_int_equal(get(b), 1);
    fake_env_pass(&b->fake, LIFE_MS - MARGIN_MS - 1);
    assert_int_equal(get(b), 1);
    fake_env_pass(&b->fake, 1);
    assert_int_equal(get(b), 2);
    free_cache_bench(b);
}

static void a_short_life_has_a_short_margin(void **state)
{
    cache_bench *b = new_cache_bench();

    (void)state;
    atomic_store(&b->life_ms, 1000);
    assert_int_equal(get(b), 1);
    fake_env_pass(&b->fake, 799);
    assert_int_equal(get(b), 1);
    fake_env_pass(&b->fake, 1);
    assert_int_equal(get(b), 2);
    atomic_store(&b->life_ms, 1);
    fake_env_pass(&b->fake, 1000);
    assert_int_equal(get(b), 3);
    assert_int_equal(get(b), 3);
    fake_env_pass(&b->fake, 1);
    assert_int_equal(get(b), 4);
    free_cache_bench(b);
}

static void jitter_is_at_most_a_quarter_of_the_margin(void **state)
{
    cache_bench *b = new_cache_bench();
    const int64_t jitter_ms = INT64_C(0xabababab) % (MARGIN_MS / 4 + 1);

    (void)state;
    assert_in_range(jitter_ms, 1, MARGIN_MS / 4);
    atomic_store(&b->fake.random_byte, 0xab);
    assert_int_equal(get(b), 1);
    fake_env_pass(&b->fake, LIFE_MS - MARGIN_MS - jitter_ms - 1);
    assert_int_equal(get(b), 1);
    fake_env_pass(&b->fake, 1);
    assert_int_equal(get(b), 2);
    free_cache_bench(b);
}

static void without_random_bytes_there_is_no_jitter(void **state)
{
    cache_bench *b = new_cache_bench();

    (void)state;
    atomic_store(&b->fake.random_byte, 0xab);
    atomic_store(&b->fake.random_status, TPMC_ERR_IO);
    assert_int_equal(get(b), 1);
    fake_env_pass(&b->fake, LIFE_MS - MARGIN_MS - 1);
    assert_int_equal(get(b), 1);
    free_cache_bench(b);
}

static void a_failure_without_value_is_reported_and_not_remembered(void **state)
{
    cache_bench *b = new_cache_bench();

    (void)state;
    atomic_store(&b->status, TPMC_ERR_TPM_UNAVAILABLE);
    assert_int_equal(get(b), TPMC_ERR_TPM_UNAVAILABLE);
    assert_int_equal(tpmc_error_code(b->err), TPMC_ERR_TPM_UNAVAILABLE);
    assert_string_equal(tpmc_error_text(b->err), "refresh 1 failed");
    assert_int_equal(get(b), TPMC_ERR_TPM_UNAVAILABLE);
    assert_string_equal(tpmc_error_text(b->err), "refresh 2 failed");
    assert_int_equal(get_number(b, NULL), TPMC_ERR_TPM_UNAVAILABLE);
    atomic_store(&b->status, 0);
    assert_int_equal(get(b), 4);
    assert_int_equal(atomic_load(&b->fake.logged), 0);
    free_cache_bench(b);
}

static void a_failed_early_renewal_serves_what_is_valid(void **state)
{
    static const int backoff_s[] = { 10, 20, 40, 80, 120 };
    cache_bench *b = new_cache_bench();
    int attempts = 2;
    size_t i;

    (void)state;
    assert_int_equal(get(b), 1);
    fake_env_pass(&b->fake, LIFE_MS - MARGIN_MS);
    atomic_store(&b->status, TPMC_ERR_NETWORK);
    assert_int_equal(get(b), 1);
    assert_int_equal(tpmc_error_code(b->err), 0);
    assert_int_equal(atomic_load(&b->fake.logged), 1);
    assert_non_null(strstr(b->fake.log_text, "refresh 2 failed"));
    for (i = 0; i < sizeof(backoff_s) / sizeof(backoff_s[0]); i++) {
        assert_int_equal(atomic_load(&b->refreshes), attempts);
        fake_env_pass(&b->fake, backoff_s[i] * 1000 - 1);
        if (i + 1 == sizeof(backoff_s) / sizeof(backoff_s[0]))
            break;
        assert_int_equal(get(b), 1);
        assert_int_equal(atomic_load(&b->refreshes), attempts);
        fake_env_pass(&b->fake, 1);
        assert_int_equal(get(b), 1);
        attempts++;
    }
    /* 150 s of backoff and 120 s less 1 ms have passed: 30 s and 1 ms are left. */
    fake_env_pass(&b->fake, 30000);
    assert_int_equal(get(b), 1);
    fake_env_pass(&b->fake, 1);
    assert_int_equal(get(b), TPMC_ERR_NETWORK);
    assert_string_equal(tpmc_error_text(b->err), "refresh 8 failed");
    free_cache_bench(b);
}

static void success_ends_the_backoff(void **state)
{
    cache_bench *b = new_cache_bench();
    int i;

    (void)state;
    assert_int_equal(get(b), 1);
    for (i = 0; i < 2; i++) {
        fake_env_pass(&b->fake, LIFE_MS - MARGIN_MS);
        atomic_store(&b->status, TPMC_ERR_NETWORK);
        assert_int_equal(get(b), i * 2 + 1);
        atomic_store(&b->status, 0);
        fake_env_pass(&b->fake, 9999);
        assert_int_equal(get(b), i * 2 + 1);
        fake_env_pass(&b->fake, 1);
        assert_int_equal(get(b), i * 2 + 3);
    }
    free_cache_bench(b);
}

static void a_renewal_that_outlives_the_value_is_a_failure(void **state)
{
    cache_bench *b = new_cache_bench();

    (void)state;
    assert_int_equal(get(b), 1);
    fake_env_pass(&b->fake, LIFE_MS - MARGIN_MS);
    atomic_store(&b->status, TPMC_ERR_TIMEOUT);
    atomic_store(&b->takes_ms, MARGIN_MS);
    assert_int_equal(get(b), TPMC_ERR_TIMEOUT);
    assert_string_equal(tpmc_error_text(b->err), "refresh 2 failed");
    assert_int_equal(atomic_load(&b->fake.logged), 0);
    free_cache_bench(b);
}

static void life_counts_from_when_the_value_came(void **state)
{
    cache_bench *b = new_cache_bench();

    (void)state;
    atomic_store(&b->takes_ms, 50000);
    assert_int_equal(get(b), 1);
    fake_env_pass(&b->fake, LIFE_MS - MARGIN_MS - 1);
    assert_int_equal(get(b), 1);
    fake_env_pass(&b->fake, 1);
    assert_int_equal(get(b), 2);
    free_cache_bench(b);
}

static void a_wall_clock_set_back_revives_nothing(void **state)
{
    cache_bench *b = new_cache_bench();

    (void)state;
    assert_int_equal(get(b), 1);
    fake_env_pass(&b->fake, LIFE_MS);
    atomic_fetch_sub(&b->fake.wall_ms, LIFE_MS);
    atomic_store(&b->status, TPMC_ERR_NETWORK);
    assert_int_equal(get(b), TPMC_ERR_NETWORK);
    free_cache_bench(b);
}

static void a_sleeping_monotonic_clock_revives_nothing(void **state)
{
    cache_bench *b = new_cache_bench();

    (void)state;
    assert_int_equal(get(b), 1);
    atomic_fetch_add(&b->fake.wall_ms, LIFE_MS - MARGIN_MS);
    assert_int_equal(get(b), 2);
    atomic_fetch_add(&b->fake.wall_ms, LIFE_MS);
    atomic_store(&b->status, TPMC_ERR_NETWORK);
    assert_int_equal(get(b), TPMC_ERR_NETWORK);
    free_cache_bench(b);
}

static void a_wall_clock_that_jumps_back_makes_a_new_value(void **state)
{
    cache_bench *b = new_cache_bench();

    (void)state;
    assert_int_equal(get(b), 1);
    fake_env_pass(&b->fake, 100000);
    atomic_fetch_sub(&b->fake.wall_ms, 60000);
    assert_int_equal(get(b), 1);
    atomic_fetch_sub(&b->fake.wall_ms, 1);
    assert_int_equal(get(b), 2);
    assert_int_equal(get(b), 2);
    /* Back to right: the second value ends earlier than its maker thought. */
    atomic_fetch_add(&b->fake.wall_ms, 60001);
    assert_int_equal(get(b), 2);
    atomic_fetch_sub(&b->fake.wall_ms, 24 * 3600 * 1000);
    atomic_store(&b->status, TPMC_ERR_NETWORK);
    assert_int_equal(get(b), 2);
    assert_int_equal(atomic_load(&b->refreshes), 3);
    assert_int_equal(get(b), 2);
    assert_int_equal(atomic_load(&b->refreshes), 3);
    atomic_fetch_add(&b->fake.monotonic_ms, LIFE_MS);
    assert_int_equal(get(b), TPMC_ERR_NETWORK);
    free_cache_bench(b);
}

static void an_expired_new_value_is_refused(void **state)
{
    cache_bench *b = new_cache_bench();

    (void)state;
    atomic_store(&b->life_ms, 0);
    assert_int_equal(get(b), TPMC_ERR_CLOCK);
    assert_non_null(strstr(tpmc_error_text(b->err), "expired already"));
    atomic_store(&b->life_ms, -LIFE_MS);
    assert_int_equal(get(b), TPMC_ERR_CLOCK);
    assert_int_equal(atomic_load(&live_numbers), 0);
    atomic_store(&b->life_ms, LIFE_MS);
    assert_int_equal(get(b), 3);
    free_cache_bench(b);
}

/* A refresh whose value shall be renewed so long after it came. */
static atomic_llong renew_in_ms;

static int refresh_with_wish(void *context, tpmc__cache_entry *out, tpmc_error *err)
{
    cache_bench *b = context;
    int status = refresh(context, out, err);

    out->renew_at_ms = atomic_load(&b->fake.wall_ms) + atomic_load(&renew_in_ms);
    return status;
}

/* The number after so much time, from a cache whose first value has such a wish. */
static int number_after(int64_t wish_ms, int random_byte, int64_t pass_ms)
{
    cache_bench *b = new_cache_bench();
    void *value = NULL;
    int n;

    atomic_store(&renew_in_ms, wish_ms);
    atomic_store(&b->fake.random_byte, random_byte);
    assert_int_equal(tpmc__cache_get(b->cache, refresh_with_wish, b, &value, b->err), 0);
    number_unref(value);
    fake_env_pass(&b->fake, pass_ms);
    assert_int_equal(tpmc__cache_get(b->cache, refresh_with_wish, b, &value, b->err), 0);
    n = ((number *)value)->value;
    number_unref(value);
    free_cache_bench(b);
    return n;
}

static void a_value_may_wish_to_be_renewed_earlier(void **state)
{
    const int64_t half = LIFE_MS / 2;

    (void)state;
    assert_int_equal(number_after(half, 0, half - 1), 1);
    assert_int_equal(number_after(half, 0, half), 2);
    /* Not later than without a wish. */
    assert_int_equal(number_after(LIFE_MS - 1, 0, LIFE_MS - MARGIN_MS - 1), 1);
    assert_int_equal(number_after(LIFE_MS - 1, 0, LIFE_MS - MARGIN_MS), 2);
    /* Jitter leaves half of the time. */
    assert_int_equal(number_after(1000, 0xff, 499), 1);
    assert_int_equal(number_after(1000, 0xff, 500), 2);
}

static int refresh_again(void *context, tpmc__cache_entry *out, tpmc_error *err)
{
    cache_bench *b = context;

    (void)out;
    return get_number(b, err);
}

static void a_refresh_cannot_wait_for_itself(void **state)
{
    cache_bench *b = new_cache_bench();
    void *value = NULL;

    (void)state;
    assert_int_equal(tpmc__cache_get(b->cache, refresh_again, b, &value, b->err), TPMC_ERR_STATE);
    assert_non_null(strstr(tpmc_error_text(b->err), "callback"));
    assert_int_equal(atomic_load(&b->refreshes), 0);
    assert_int_equal(get(b), 1);
    fake_env_pass(&b->fake, LIFE_MS - MARGIN_MS);
    assert_int_equal(tpmc__cache_get(b->cache, refresh_again, b, &value, b->err), 0);
    assert_int_equal(((number *)value)->value, 1);
    assert_int_equal(atomic_load(&b->fake.logged), 1);
    number_unref(value);
    free_cache_bench(b);
}

static void a_failing_clock_is_told(void **state)
{
    cache_bench *b = new_cache_bench();

    (void)state;
    assert_int_equal(get(b), 1);
    atomic_store(&b->fake.clock_status, TPMC_ERR_IO);
    assert_int_equal(get(b), TPMC_ERR_IO);
    assert_non_null(strstr(tpmc_error_text(b->err), "clock"));
    atomic_store(&b->fake.clock_status, 0);
    assert_int_equal(get(b), 1);
    free_cache_bench(b);
}

static int break_clock(void *context, tpmc__cache_entry *out, tpmc_error *err)
{
    cache_bench *b = context;

    atomic_store(&b->fake.clock_status, TPMC_ERR_IO);
    return refresh(context, out, err);
}

static void a_clock_that_fails_during_a_refresh_blocks_nobody(void **state)
{
    cache_bench *b = new_cache_bench();
    void *value = NULL;

    (void)state;
    assert_int_equal(tpmc__cache_get(b->cache, break_clock, b, &value, b->err), TPMC_ERR_IO);
    assert_int_equal(atomic_load(&live_numbers), 0);
    atomic_store(&b->fake.clock_status, 0);
    assert_int_equal(get(b), 2);
    free_cache_bench(b);
}

static int make(void *context)
{
    tpmc__cache *cache = context;
    int status = tpmc__cache_new(context, &number_type, &cache, NULL);

    assert_true(status == 0 || cache == NULL);
    tpmc__cache_free(cache);
    return status;
}

static void survives_every_failing_allocation(void **state)
{
    cache_bench *b = new_cache_bench();

    (void)state;
    assert_int_equal(each_allocation(make, b->env, TPMC_ERR_NOMEM), 3);
    tpmc__cache_free(NULL);
    free_cache_bench(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_fresh_value_is_made_once),
        cmocka_unit_test(is_renewed_a_margin_before_its_end),
        cmocka_unit_test(a_short_life_has_a_short_margin),
        cmocka_unit_test(jitter_is_at_most_a_quarter_of_the_margin),
        cmocka_unit_test(without_random_bytes_there_is_no_jitter),
        cmocka_unit_test(a_failure_without_value_is_reported_and_not_remembered),
        cmocka_unit_test(a_failed_early_renewal_serves_what_is_valid),
        cmocka_unit_test(success_ends_the_backoff),
        cmocka_unit_test(a_renewal_that_outlives_the_value_is_a_failure),
        cmocka_unit_test(life_counts_from_when_the_value_came),
        cmocka_unit_test(a_wall_clock_set_back_revives_nothing),
        cmocka_unit_test(a_sleeping_monotonic_clock_revives_nothing),
        cmocka_unit_test(a_wall_clock_that_jumps_back_makes_a_new_value),
        cmocka_unit_test(an_expired_new_value_is_refused),
        cmocka_unit_test(a_value_may_wish_to_be_renewed_earlier),
        cmocka_unit_test(a_refresh_cannot_wait_for_itself),
        cmocka_unit_test(a_failing_clock_is_told),
        cmocka_unit_test(a_clock_that_fails_during_a_refresh_blocks_nobody),
        cmocka_unit_test(survives_every_failing_allocation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
