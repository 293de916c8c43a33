/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/expect.h"

#include "base/error_int.h"
#include "http/retry.h"
#include "unit/each_allocation.h"
#include "unit/fake_env.h"

#define URL "https://sts.example.com/"
/* An hour before the fake wall clock. */
#define AN_HOUR_EARLIER "Sun, 15 Jun 2025 14:06:40 GMT"
#define HOUR_MS INT64_C(3600000)
#define MAX_CALLS 16

/* What a provider answers, or how the transport fails. */
typedef struct answer {
    int fails; /* the transport's code */
    int http_status;
    const char *name; /* of a header field */
    const char *value;
    int takes_ms;
} answer;

typedef struct bench {
    fake_env fake;
    tpmc_env *env;
    tpmc__http_clock clock;
    tpmc__http_flow flow;
    const answer *answers; /* one for each call, the last one for all others */
    size_t answer_count;
    size_t calls;
    size_t builds;
    int64_t offsets[MAX_CALLS];
    int64_t slept_ms;
    int64_t longest_sleep_ms;
    int64_t stop_at_ms; /* when so much has been slept */
    int build_fails;
} bench;

static int exchange(void *user, const tpmc_http_request *request, tpmc_http_response *response)
{
    bench *b = user;
    const answer *now = &b->answers[b->calls < b->answer_count ? b->calls : b->answer_count - 1];

    check(strcmp(tpmc_http_request_url(request), URL) == 0);
    b->calls++;
    check(b->calls == b->builds);
    fake_env_pass(&b->fake, now->takes_ms);
    if (now->fails != 0)
        return now->fails;
    if (now->name != NULL)
        (void)tpmc_http_response_add_header(response, now->name, now->value, NULL);
    return tpmc_http_response_set_status(response, now->http_status, NULL);
}

static int wait_ms(void *user, int64_t ms)
{
    bench *b = user;

    b->slept_ms += ms;
    if (ms > b->longest_sleep_ms)
        b->longest_sleep_ms = ms;
    if (b->stop_at_ms != 0 && b->slept_ms >= b->stop_at_ms)
        atomic_store(&b->fake.stop_status, TPMC_ERR_CANCELLED);
    fake_env_pass(&b->fake, ms);
    return 0;
}

static int build(void *context, int attempt, int64_t offset_ms, tpmc_http_request **out,
                 tpmc_error *err)
{
    bench *b = context;

    check((size_t)attempt == b->builds && b->builds < MAX_CALLS);
    b->offsets[b->builds] = offset_ms;
    b->builds++;
    if (b->build_fails != 0 && attempt == 1)
        return tpmc__fail(err, b->build_fails, "the key cannot sign");
    return tpmc_http_request_new("POST", URL, out, err);
}

static int judge(void *context, const tpmc_http_response *response, int *verdict, tpmc_error *err)
{
    int http_status = tpmc_http_response_status(response);

    (void)context;
    if (http_status == 200)
        return 0;
    *verdict = http_status == 403 ? TPMC__HTTP_SKEW : tpmc__http_verdict(http_status);
    (void)tpmc__fail(err, TPMC_ERR_DENIED, "refused with %d", http_status);
    tpmc__error_set_provider(err, "Code", "id");
    return TPMC_ERR_DENIED;
}

static bench *new_bench(const answer *answers, size_t count)
{
    static bench b;

    memset(&b, 0, sizeof(b));
    b.env = fake_env_new(&b.fake);
    b.flow.build = build;
    b.flow.judge = judge;
    b.flow.clock = &b.clock;
    b.answers = answers;
    b.answer_count = count;
    check(tpmc_env_set_http(b.env, exchange, &b, NULL, NULL) == 0);
    check(tpmc_env_set_sleep(b.env, wait_ms, &b, NULL, NULL) == 0);
    /* Each wait is the longest that it can be. */
    atomic_store(&b.fake.random_byte, 0xff);
    return &b;
}

static int call(bench *b, tpmc_error *err)
{
    return tpmc__http_call(b->env, &b->flow, b, err);
}

typedef struct sample {
    answer answer; /* to each attempt */
    int code;
    size_t calls;
    int64_t slept_ms;
    int64_t retry_after_ms; /* in the error */
} sample;

static const sample samples[] = {
    { { 0, 200, NULL, NULL, 0 }, 0, 1, 0, -1 },
    { { 0, 204, NULL, NULL, 0 }, TPMC_ERR_DENIED, 1, 0, -1 },
    { { 0, 400, NULL, NULL, 0 }, TPMC_ERR_DENIED, 1, 0, -1 },
    { { 0, 401, NULL, NULL, 0 }, TPMC_ERR_DENIED, 1, 0, -1 },
    { { 0, 404, NULL, NULL, 0 }, TPMC_ERR_DENIED, 1, 0, -1 },
    { { 0, 501, NULL, NULL, 0 }, TPMC_ERR_DENIED, 1, 0, -1 },
    { { 0, 505, NULL, NULL, 0 }, TPMC_ERR_DENIED, 1, 0, -1 },
    { { 0, 302, NULL, NULL, 0 }, TPMC_ERR_PROTOCOL, 1, 0, -1 },
    { { 0, 408, NULL, NULL, 0 }, TPMC_ERR_DENIED, 3, 100 + 200, -1 },
    { { 0, 500, NULL, NULL, 0 }, TPMC_ERR_DENIED, 3, 100 + 200, -1 },
    { { 0, 502, NULL, NULL, 0 }, TPMC_ERR_DENIED, 3, 100 + 200, -1 },
    { { 0, 503, NULL, NULL, 0 }, TPMC_ERR_DENIED, 3, 100 + 200, -1 },
    { { 0, 504, NULL, NULL, 0 }, TPMC_ERR_DENIED, 3, 100 + 200, -1 },
    { { 0, 429, NULL, NULL, 0 }, TPMC_ERR_DENIED, 3, 1000 + 2000, -1 },
    { { TPMC_ERR_NETWORK, 0, NULL, NULL, 0 }, TPMC_ERR_NETWORK, 3, 100 + 200, -1 },
    { { TPMC_ERR_TLS, 0, NULL, NULL, 0 }, TPMC_ERR_TLS, 1, 0, -1 },
    { { TPMC_ERR_TIMEOUT, 0, NULL, NULL, 0 }, TPMC_ERR_TIMEOUT, 1, 0, -1 },
    { { TPMC_ERR_PROTOCOL, 0, NULL, NULL, 0 }, TPMC_ERR_PROTOCOL, 1, 0, -1 },
    { { TPMC_ERR_UNSUPPORTED, 0, NULL, NULL, 0 }, TPMC_ERR_UNSUPPORTED, 1, 0, -1 },
    { { TPMC_ERR_CANCELLED, 0, NULL, NULL, 0 }, TPMC_ERR_CANCELLED, 1, 0, -1 },
    { { TPMC_ERR_NOMEM, 0, NULL, NULL, 0 }, TPMC_ERR_NOMEM, 1, 0, -1 },
    { { 0, 503, "Retry-After", "2", 0 }, TPMC_ERR_DENIED, 3, 2000 + 2000, 2000 },
    { { 0, 503, "Retry-After", "0", 0 }, TPMC_ERR_DENIED, 3, 100 + 200, 0 },
    { { 0, 429, "Retry-After", "1", 0 }, TPMC_ERR_DENIED, 3, 1000 + 2000, 1000 },
    { { 0, 503, "x-amz-retry-after", "1500", 0 }, TPMC_ERR_DENIED, 3, 1500 + 1500, 1500 },
    { { 0, 503, "Retry-After", "soon", 0 }, TPMC_ERR_DENIED, 3, 100 + 200, -1 },
    { { 0, 503, "Retry-After", "-1", 0 }, TPMC_ERR_DENIED, 3, 100 + 200, -1 },
    /* 2 s after the fake clock */
    { { 0, 503, "Retry-After", "Sun, 15 Jun 2025 15:06:42 GMT", 0 },
      TPMC_ERR_DENIED,
      2 + 1,
      2000 + 200,
      0 },
    { { 0, 503, "Retry-After", AN_HOUR_EARLIER, 0 }, TPMC_ERR_DENIED, 3, 100 + 200, 0 },
    /* as long as the time left, and longer */
    { { 0, 503, "Retry-After", "30", 0 }, TPMC_ERR_DENIED, 1, 0, 30000 },
    { { 0, 503, "Retry-After", "86400", 0 }, TPMC_ERR_DENIED, 1, 0, 86400000 },
    { { 0, 400, "Retry-After", "7", 0 }, TPMC_ERR_DENIED, 1, 0, 7000 },
};

static void each_failure_is_tried_as_often_as_it_deserves(void **state)
{
    const sample *s;
    bench *b;
    size_t i;

    for (i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        s = &samples[i];
        b = new_bench(&s->answer, 1);
        if (call(b, *state) != s->code || tpmc_error_code(*state) != s->code ||
            b->calls != s->calls || b->slept_ms != s->slept_ms ||
            tpmc_error_retry_after_ms(*state) != s->retry_after_ms)
            fail_msg("sample %zu: %s (%s), %zu calls, slept %lld, retry after %lld", i,
                     tpmc_error_name(tpmc_error_code(*state)), tpmc_error_text(*state), b->calls,
                     (long long)b->slept_ms, (long long)tpmc_error_retry_after_ms(*state));
        assert_int_equal(tpmc_error_http_status(*state), s->code == 0 ? 0 : s->answer.http_status);
        tpmc_env_free(b->env);
    }
}

static void a_later_attempt_may_succeed(void **state)
{
    static const answer answers[] = { { 0, 503, "Retry-After", "1", 0 },
                                      { TPMC_ERR_NETWORK, 0, NULL, NULL, 0 },
                                      { 0, 200, NULL, NULL, 0 } };
    bench *b = new_bench(answers, 3);

    expect_success(call(b, *state), *state);
    assert_int_equal(b->calls, 3);
    assert_int_equal(b->slept_ms, 1000 + 200);
    assert_int_equal(tpmc_error_http_status(*state), 0);
    assert_int_equal(tpmc_error_retry_after_ms(*state), -1);
    assert_int_equal(atomic_load(&b->fake.logged), 2);
    assert_int_equal(atomic_load(&b->fake.log_level), TPMC_LOG_INFO);
    assert_non_null(strstr(b->fake.log_text, "NETWORK"));
    tpmc_env_free(b->env);
}

static void the_last_failure_is_told_and_none_before(void **state)
{
    static const answer answers[] = { { 0, 503, "Retry-After", "1", 0 },
                                      { TPMC_ERR_NETWORK, 0, NULL, NULL, 0 } };
    bench *b = new_bench(answers, 2);

    expect_failure(call(b, *state), *state, TPMC_ERR_NETWORK, "HTTP");
    assert_int_equal(tpmc_error_http_status(*state), 0);
    assert_int_equal(tpmc_error_retry_after_ms(*state), -1);
    assert_string_equal(tpmc_error_provider_code(*state), "");
    tpmc_env_free(b->env);
}

/* Whose answer was lost may have been carried out; an answer says what became of it. */
static void a_single_request_is_not_sent_again_when_lost(void **state)
{
    static const answer lost = { TPMC_ERR_NETWORK, 0, NULL, NULL, 0 };
    static const answer down = { 0, 503, NULL, NULL, 0 };
    bench *b = new_bench(&lost, 1);

    b->flow.is_single = 1;
    expect_failure(call(b, *state), *state, TPMC_ERR_NETWORK, "HTTP");
    assert_int_equal(b->calls, 1);
    assert_int_equal(b->slept_ms, 0);
    tpmc_env_free(b->env);
    b = new_bench(&down, 1);
    b->flow.is_single = 1;
    expect_failure(call(b, *state), *state, TPMC_ERR_DENIED, "503");
    assert_int_equal(b->calls, 3);
    tpmc_env_free(b->env);
}

static void the_option_bounds_the_attempts(void **state)
{
    static const answer down = { 0, 503, NULL, NULL, 0 };
    bench *b = new_bench(&down, 1);

    expect_success(tpmc_env_set(b->env, "max_attempts", "1", *state), *state);
    expect_failure(call(b, *state), *state, TPMC_ERR_DENIED, "refused with 503");
    assert_int_equal(b->calls, 1);
    assert_int_equal(b->slept_ms, 0);
    tpmc_env_free(b->env);
    b = new_bench(&down, 1);
    expect_success(tpmc_env_set(b->env, "max_attempts", "10", *state), *state);
    expect_failure(call(b, *state), *state, TPMC_ERR_DENIED, "refused with 503");
    assert_int_equal(b->calls, 10);
    /* doubled up to 5 s */
    assert_int_equal(b->slept_ms, 100 + 200 + 400 + 800 + 1600 + 3200 + 3 * 5000);
    assert_true(b->longest_sleep_ms <= 100);
    tpmc_env_free(b->env);
}

static void throttling_waits_up_to_20_seconds(void **state)
{
    static const answer busy = { 0, 429, NULL, NULL, 0 };
    bench *b = new_bench(&busy, 1);

    expect_success(tpmc_env_set(b->env, "max_attempts", "7", *state), *state);
    expect_success(tpmc_env_set(b->env, "timeout_ms", "300000", *state), *state);
    expect_failure(call(b, *state), *state, TPMC_ERR_DENIED, "refused with 429");
    assert_int_equal(b->calls, 7);
    assert_int_equal(b->slept_ms, 1000 + 2000 + 4000 + 8000 + 16000 + 20000);
    tpmc_env_free(b->env);
}

static void the_wait_is_any_part_of_the_span(void **state)
{
    static const answer down = { 0, 503, NULL, NULL, 0 };
    bench *b = new_bench(&down, 1);

    atomic_store(&b->fake.random_byte, 0);
    expect_failure(call(b, *state), *state, TPMC_ERR_DENIED, "503");
    assert_int_equal(b->calls, 3);
    assert_int_equal(b->slept_ms, 0);
    tpmc_env_free(b->env);
    b = new_bench(&down, 1);
    atomic_store(&b->fake.random_byte, 0x80);
    expect_failure(call(b, *state), *state, TPMC_ERR_DENIED, "503");
    assert_int_equal(b->slept_ms, 50 + 100);
    tpmc_env_free(b->env);
}

static void all_attempts_share_one_deadline(void **state)
{
    static const answer slow = { 0, 503, NULL, NULL, 14900 };
    static const answer slower = { 0, 503, NULL, NULL, 30000 };
    bench *b = new_bench(&slow, 1);

    /* 14.9 + 0.1 + 14.9 s leave 100 ms, and the wait would take 200. */
    expect_failure(call(b, *state), *state, TPMC_ERR_DENIED, "503");
    assert_int_equal(b->calls, 2);
    assert_int_equal(b->slept_ms, 100);
    tpmc_env_free(b->env);
    /* Even no wait at all is too long when nothing is left. */
    b = new_bench(&slower, 1);
    atomic_store(&b->fake.random_byte, 0);
    expect_failure(call(b, *state), *state, TPMC_ERR_DENIED, "503");
    assert_int_equal(b->calls, 1);
    tpmc_env_free(b->env);
}

static void a_deadline_may_be_given(void **state)
{
    static const answer slow = { 0, 503, NULL, NULL, 900 };
    bench *b = new_bench(&slow, 1);

    b->flow.deadline_ms = FAKE_MONOTONIC_MS + 1000;
    atomic_store(&b->fake.random_byte, 0);
    expect_failure(call(b, *state), *state, TPMC_ERR_DENIED, "503");
    assert_int_equal(b->calls, 2);
    tpmc_env_free(b->env);
}

static void a_stop_ends_the_wait(void **state)
{
    static const answer busy = { 0, 503, "Retry-After", "20", 0 };
    bench *b = new_bench(&busy, 1);

    b->stop_at_ms = 300;
    expect_failure(call(b, *state), *state, TPMC_ERR_CANCELLED, "cancelled");
    assert_int_equal(b->calls, 1);
    assert_int_equal(b->slept_ms, 300);
    tpmc_env_free(b->env);
}

static void a_wrong_clock_is_set_once(void **state)
{
    static const answer answers[] = { { 0, 403, "Date", AN_HOUR_EARLIER, 0 },
                                      { 0, 200, NULL, NULL, 0 } };
    bench *b = new_bench(answers, 2);

    expect_success(call(b, *state), *state);
    assert_int_equal(b->calls, 2);
    assert_int_equal(b->slept_ms, 0);
    assert_int_equal(b->offsets[0], 0);
    assert_int_equal(b->offsets[1], -HOUR_MS);
    /* The next call begins with what was learned. */
    b->builds = 0;
    b->calls = 0;
    b->answers = &answers[1];
    b->answer_count = 1;
    expect_success(call(b, *state), *state);
    assert_int_equal(b->offsets[0], -HOUR_MS);
    tpmc_env_free(b->env);
    /* The provider goes on complaining, with another date each time. */
    static const answer fickle[] = { { 0, 403, "Date", AN_HOUR_EARLIER, 0 },
                                     { 0, 403, "Date", "Sun, 15 Jun 2025 10:06:40 GMT", 0 } };
    b = new_bench(fickle, 2);
    expect_failure(call(b, *state), *state, TPMC_ERR_DENIED, "403");
    assert_int_equal(b->calls, 2);
    assert_int_equal(atomic_load(&b->clock.offset_ms), -HOUR_MS);
    tpmc_env_free(b->env);
}

/* A correction is for the clock as it was: once it is set, the next call begins without. */
static void what_was_learned_ends_with_the_clock(void **state)
{
    static const answer answers[] = { { 0, 403, "Date", AN_HOUR_EARLIER, 0 },
                                      { 0, 200, NULL, NULL, 0 } };
    bench *b = new_bench(answers, 2);

    assert_int_equal(call(b, *state), 0);
    assert_int_equal(tpmc__http_clock_offset(b->env, &b->clock), -HOUR_MS);
    fake_env_pass(&b->fake, 10 * HOUR_MS);
    assert_int_equal(tpmc__http_clock_offset(b->env, &b->clock), -HOUR_MS);
    /* Small steps are corrections of the same clock. */
    atomic_fetch_add(&b->fake.wall_ms, -60000);
    assert_int_equal(tpmc__http_clock_offset(b->env, &b->clock), -HOUR_MS);
    atomic_fetch_add(&b->fake.wall_ms, -1);
    assert_int_equal(tpmc__http_clock_offset(b->env, &b->clock), 0);
    atomic_fetch_add(&b->fake.wall_ms, 60001);
    assert_int_equal(tpmc__http_clock_offset(b->env, &b->clock), 0);
    b->calls = 0;
    b->builds = 0;
    b->answers = &answers[1];
    assert_int_equal(call(b, *state), 0);
    assert_int_equal(b->offsets[0], 0);
    tpmc_env_free(b->env);
}

static void a_clock_that_agrees_is_not_the_fault(void **state)
{
    /* 2 s apart are learned, less are not. */
    static const answer same = { 0, 403, "Date", "Sun, 15 Jun 2025 15:06:41 GMT", 0 };
    static const answer apart = { 0, 403, "Date", "Sun, 15 Jun 2025 15:06:42 GMT", 0 };
    static const answer none = { 0, 403, NULL, NULL, 0 };
    static const answer odd = { 0, 403, "Date", "yesterday", 0 };
    static const answer *const useless[] = { &same, &none, &odd };
    bench *b;
    size_t i;

    for (i = 0; i < sizeof(useless) / sizeof(useless[0]); i++) {
        b = new_bench(useless[i], 1);
        expect_failure(call(b, *state), *state, TPMC_ERR_DENIED, "403");
        assert_int_equal(b->calls, 1);
        assert_int_equal(atomic_load(&b->clock.offset_ms), 0);
        tpmc_env_free(b->env);
    }
    b = new_bench(&apart, 1);
    expect_failure(call(b, *state), *state, TPMC_ERR_DENIED, "403");
    assert_int_equal(b->calls, 2);
    assert_int_equal(b->offsets[1], 2000);
    tpmc_env_free(b->env);
    b = new_bench(&apart, 1);
    b->flow.clock = NULL;
    expect_failure(call(b, *state), *state, TPMC_ERR_DENIED, "403");
    assert_int_equal(b->calls, 1);
    tpmc_env_free(b->env);
}

static void a_build_that_fails_ends_the_call(void **state)
{
    static const answer down = { 0, 503, NULL, NULL, 0 };
    bench *b = new_bench(&down, 1);

    b->build_fails = TPMC_ERR_TPM;
    expect_failure(call(b, *state), *state, TPMC_ERR_TPM, "the key cannot sign");
    assert_int_equal(b->builds, 2);
    assert_int_equal(b->calls, 1);
    assert_int_equal(tpmc_error_http_status(*state), 0);
    tpmc_env_free(b->env);
}

static void services_that_fail_end_the_call(void **state)
{
    static const answer down = { 0, 503, NULL, NULL, 0 };
    bench *b = new_bench(&down, 1);

    atomic_store(&b->fake.random_status, TPMC_ERR_IO);
    expect_failure(call(b, *state), *state, TPMC_ERR_IO, "random");
    assert_int_equal(b->calls, 1);
    atomic_store(&b->fake.clock_status, TPMC_ERR_CLOCK);
    expect_failure(call(b, *state), *state, TPMC_ERR_CLOCK, "monotonic clock");
    assert_int_equal(b->calls, 1);
    tpmc_env_free(b->env);
}

static int attempt(void *context)
{
    bench *b = context;

    b->calls = 0;
    b->builds = 0;
    return call(b, NULL);
}

static void survives_every_failing_allocation(void **state)
{
    static const answer answers[] = { { 0, 503, NULL, NULL, 0 }, { 0, 200, NULL, NULL, 0 } };
    bench *b = new_bench(answers, 2);

    (void)state;
    assert_true(each_allocation(attempt, b, TPMC_ERR_NOMEM) >= 6);
    tpmc_env_free(b->env);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ERROR(each_failure_is_tried_as_often_as_it_deserves),
        WITH_ERROR(a_later_attempt_may_succeed),
        WITH_ERROR(the_last_failure_is_told_and_none_before),
        WITH_ERROR(a_single_request_is_not_sent_again_when_lost),
        WITH_ERROR(the_option_bounds_the_attempts),
        WITH_ERROR(throttling_waits_up_to_20_seconds),
        WITH_ERROR(the_wait_is_any_part_of_the_span),
        WITH_ERROR(all_attempts_share_one_deadline),
        WITH_ERROR(a_deadline_may_be_given),
        WITH_ERROR(a_stop_ends_the_wait),
        WITH_ERROR(a_wrong_clock_is_set_once),
        WITH_ERROR(what_was_learned_ends_with_the_clock),
        WITH_ERROR(a_clock_that_agrees_is_not_the_fault),
        WITH_ERROR(a_build_that_fails_ends_the_call),
        WITH_ERROR(services_that_fail_end_the_call),
        cmocka_unit_test(survives_every_failing_allocation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
