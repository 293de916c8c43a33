/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/aws_call.h"

#include "base/error_int.h"
#include "unit/aws_bench.h"

#define THROTTLED                                                                                  \
    {                                                                                              \
        0, 400, 0, "{\"__type\":\"ThrottlingException\",\"message\":\"Rate exceeded\"}"            \
    }
#define DOWN                                                                                       \
    {                                                                                              \
        0, 503, 0, "{}"                                                                            \
    }
#define DENIED                                                                                     \
    {                                                                                              \
        0, 403, 1, "{\"__type\":\"AccessDenied\"}"                                                 \
    }
#define SKEWED                                                                                     \
    {                                                                                              \
        0, 403, 1, "{\"__type\":\"RequestExpired\"}"                                               \
    }
#define LOST                                                                                       \
    {                                                                                              \
        TPMC_ERR_NETWORK, 0, 0, NULL                                                               \
    }
#define FINE                                                                                       \
    {                                                                                              \
        0, 200, 0, "{}"                                                                            \
    }

typedef struct bench {
    aws_bench aws;
    tpmc__http_clock clock;
    tpmc__aws_call call;
    int reads;
    int read_fails;
    int64_t times[8]; /* that requests were built for */
    size_t builds;
    int build_fails;
} bench;

static int build(void *context, int64_t time_ms, tpmc_http_request **out, tpmc_error *err)
{
    bench *b = context;

    check(b->builds < 8);
    b->times[b->builds++] = time_ms;
    if (b->build_fails != 0)
        return tpmc__fail(err, b->build_fails, "cannot build");
    return tpmc_http_request_new("POST", "https://sts.example.com/", out, err);
}

static int read_it(void *context, const tpmc_http_response *response, tpmc_error *err)
{
    bench *b = context;

    check(tpmc_http_response_status(response) / 100 == 2);
    b->reads++;
    return b->read_fails != 0 ? tpmc__fail(err, b->read_fails, "cannot read") : 0;
}

static void open_bench(bench *b, const aws_answer *answers, size_t count)
{
    memset(b, 0, sizeof(*b));
    aws_bench_open(&b->aws, "");
    aws_answer_with(&b->aws, answers, count);
    b->call.service = "Somebody";
    b->call.build = build;
    b->call.read = read_it;
    b->call.clock = &b->clock;
}

static int run(bench *b)
{
    return tpmc__aws_call_run(b->aws.env, &b->call, b, b->aws.err);
}

/* What one answer leads to when it is repeated, for a call and for one that is single. */
typedef struct sample {
    aws_answer answer;
    int code;
    int requests;
    int single_requests;
    const char *words;
} sample;

static const sample samples[] = {
    { FINE, 0, 1, 1, NULL },
    { { 0, 299, 0, "x" }, 0, 1, 1, NULL },
    { THROTTLED, TPMC_ERR_THROTTLED, 3, 1, "Somebody answered ThrottlingException" },
    { DOWN, TPMC_ERR_PROTOCOL, 3, 1, "Somebody answered with HTTP status 503" },
    { DENIED, TPMC_ERR_DENIED, 1, 1, "Somebody answered AccessDenied" },
    { SKEWED, TPMC_ERR_CLOCK, 1, 1, "the clock of this machine is wrong" },
    { LOST, TPMC_ERR_NETWORK, 3, 1, "" },
    { { TPMC_ERR_TLS, 0, 0, NULL }, TPMC_ERR_TLS, 1, 1, "" },
};

static void each_answer_is_tried_as_often_as_it_deserves(void **state)
{
    const sample *s;
    bench b;

    (void)state;
    for (size_t i = 0; i < 2 * sizeof(samples) / sizeof(samples[0]); i++) {
        s = &samples[i / 2];
        open_bench(&b, &s->answer, 1);
        b.call.is_single = (int)(i % 2);
        if (s->code == 0)
            expect_success(run(&b), b.aws.err);
        else
            aws_expect_failure(&b.aws, run(&b), s->code, s->words);
        assert_int_equal(atomic_load(&b.aws.requests),
                         i % 2 == 0 ? s->requests : s->single_requests);
        assert_int_equal(b.reads, s->code == 0);
        aws_bench_close(&b.aws);
    }
}

static void throttling_waits_longer_than_a_failure(void **state)
{
    static const aws_answer answers[] = { THROTTLED, DOWN };
    bench b;

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        open_bench(&b, &answers[i], 1);
        atomic_store(&b.aws.fake.random_byte, 0xff);
        assert_int_not_equal(run(&b), 0);
        assert_int_equal(b.aws.slept_ms, i == 0 ? 1000 + 2000 : 100 + 200);
        aws_bench_close(&b.aws);
    }
}

static void a_request_is_built_for_the_time_of_its_attempt(void **state)
{
    static const aws_answer answers[] = { DOWN, LOST, FINE };
    bench b;

    (void)state;
    open_bench(&b, answers, 3);
    atomic_store(&b.aws.fake.random_byte, 0xff);
    expect_success(run(&b), b.aws.err);
    assert_int_equal(b.builds, 3);
    assert_int_equal(b.times[0], FAKE_WALL_MS);
    assert_int_equal(b.times[1], FAKE_WALL_MS + 100);
    assert_int_equal(b.times[2], FAKE_WALL_MS + 300);
    aws_bench_close(&b.aws);
}

/* Also for what is single: the service did nothing. */
static void a_wrong_clock_is_corrected_once(void **state)
{
    static const aws_answer answers[] = { SKEWED, FINE };
    static const aws_answer always = SKEWED;
    bench b;

    (void)state;
    for (int is_single = 0; is_single < 2; is_single++) {
        open_bench(&b, answers, 2);
        b.call.is_single = is_single;
        b.aws.server_ahead_ms = -AWS_HOUR_MS;
        expect_success(run(&b), b.aws.err);
        assert_int_equal(b.builds, 2);
        assert_int_equal(b.times[1], FAKE_WALL_MS - AWS_HOUR_MS);
        assert_int_equal(b.aws.slept_ms, 0);
        /* It is kept for the next call. */
        aws_answer_with(&b.aws, &answers[1], 1);
        expect_success(run(&b), b.aws.err);
        assert_int_equal(b.times[2], FAKE_WALL_MS - AWS_HOUR_MS);
        aws_bench_close(&b.aws);
        open_bench(&b, &always, 1);
        b.call.is_single = is_single;
        b.aws.server_ahead_ms = AWS_HOUR_MS;
        aws_expect_failure(&b.aws, run(&b), TPMC_ERR_CLOCK, "RequestExpired");
        assert_int_equal(b.builds, 2);
        aws_bench_close(&b.aws);
    }
}

static int stopped_clock(void *user, int64_t *ms)
{
    (void)user;
    *ms = FAKE_WALL_MS;
    return TPMC_ERR_LOCKOUT;
}

static void failures_of_the_callbacks_end_it(void **state)
{
    static const aws_answer fine = FINE;
    bench b;

    (void)state;
    open_bench(&b, &fine, 1);
    b.build_fails = TPMC_ERR_LOCKOUT;
    aws_expect_failure(&b.aws, run(&b), TPMC_ERR_LOCKOUT, "cannot build");
    assert_int_equal(b.builds, 1);
    assert_int_equal(atomic_load(&b.aws.requests), 0);
    b.build_fails = 0;
    b.read_fails = TPMC_ERR_PROTOCOL;
    aws_expect_failure(&b.aws, run(&b), TPMC_ERR_PROTOCOL, "cannot read");
    assert_int_equal(atomic_load(&b.aws.requests), 1);
    aws_bench_close(&b.aws);
    open_bench(&b, &fine, 1);
    assert_int_equal(tpmc_env_set_wall_clock(b.aws.env, stopped_clock, NULL, NULL, NULL), 0);
    aws_expect_failure(&b.aws, run(&b), TPMC_ERR_LOCKOUT, "wall clock");
    assert_int_equal(b.builds, 0);
    aws_bench_close(&b.aws);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_answer_is_tried_as_often_as_it_deserves),
        cmocka_unit_test(throttling_waits_longer_than_a_failure),
        cmocka_unit_test(a_request_is_built_for_the_time_of_its_attempt),
        cmocka_unit_test(a_wrong_clock_is_corrected_once),
        cmocka_unit_test(failures_of_the_callbacks_end_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
