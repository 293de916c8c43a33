/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/expect.h"

#include "base/error_int.h"
#include "http/retry.h"
#include "unit/fake_env.h"

typedef struct bench {
    fake_env fake;
    tpmc_env *env;
    int http_status;
    int calls;
    int64_t slept_ms;
    const char *retry_after;
} bench;

static int answer(void *user, const tpmc_http_request *request, tpmc_http_response *response)
{
    bench *b = user;

    (void)request;
    b->calls++;
    if (b->retry_after != NULL)
        (void)tpmc_http_response_add_header(response, "Retry-After", b->retry_after, NULL);
    return tpmc_http_response_set_status(response, b->http_status, NULL);
}

static int wait_ms(void *user, int64_t ms)
{
    bench *b = user;

    b->slept_ms += ms;
    fake_env_pass(&b->fake, ms);
    return 0;
}

static int build(void *context, int attempt, int64_t offset_ms, tpmc_http_request **out,
                 tpmc_error *err)
{
    (void)offset_ms;
    assert_int_equal(attempt, ((bench *)context)->calls);
    return tpmc_http_request_new("POST", "https://example.com/", out, err);
}

static int judge(void *context, const tpmc_http_response *response, int *verdict, tpmc_error *err)
{
    (void)context;
    *verdict = tpmc__http_verdict(tpmc_http_response_status(response));
    if (tpmc_http_response_status(response) == 200)
        return 0;
    return tpmc__fail(err, TPMC_ERR_DENIED, "refused");
}

typedef struct sample {
    int http_status;
    const char *retry_after;
    int code;
    int calls;
    int64_t slept_ms;
} sample;

/* The random bytes are all 0xff: each wait is the longest. */
static const sample samples[] = {
    { 200, NULL, 0, 1, 0 },
    { 400, NULL, TPMC_ERR_DENIED, 1, 0 },
    { 302, NULL, TPMC_ERR_PROTOCOL, 1, 0 },
    { 503, NULL, TPMC_ERR_DENIED, 3, 300 },
    { 429, NULL, TPMC_ERR_DENIED, 3, 3000 },
    { 503, "2", TPMC_ERR_DENIED, 3, 4000 },
    { 503, "30", TPMC_ERR_DENIED, 1, 0 },
};

static void tries_as_often_as_it_may(void **state)
{
    static const tpmc__http_flow flow = { build, judge, NULL };
    bench b;
    size_t i;

    for (i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        memset(&b, 0, sizeof(b));
        b.env = fake_env_new(&b.fake);
        b.http_status = samples[i].http_status;
        b.retry_after = samples[i].retry_after;
        atomic_store(&b.fake.random_byte, 0xff);
        expect_success(tpmc_env_set_http(b.env, answer, &b, NULL, *state), *state);
        expect_success(tpmc_env_set_sleep(b.env, wait_ms, &b, NULL, *state), *state);
        assert_int_equal(tpmc__http_call(b.env, &flow, &b, *state), samples[i].code);
        assert_int_equal(tpmc_error_code(*state), samples[i].code);
        assert_int_equal(b.calls, samples[i].calls);
        assert_int_equal(b.slept_ms, samples[i].slept_ms);
        tpmc_env_free(b.env);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ERROR(tries_as_often_as_it_may),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
