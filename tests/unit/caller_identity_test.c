/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/each_allocation.h"
#include "unit/hmac_bench.h"

#define JSON                                                                                       \
    "{\"UserId\":\"AIDA1\",\"Account\":\"123456789012\",\"Arn\":\"arn:aws:iam::123456789012:"      \
    "user/\xc3\xa9\\\"\"}"
#define XML                                                                                        \
    "<GetCallerIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">"              \
    "<GetCallerIdentityResult><Arn>arn:aws:iam::123456789012:user/\xc3\xa9&quot;</Arn>"            \
    "<UserId>AIDA1</UserId><Account>123456789012</Account></GetCallerIdentityResult>"              \
    "</GetCallerIdentityResponse>"
#define JSON_ANSWER                                                                                \
    "{\"GetCallerIdentityResponse\":{\"GetCallerIdentityResult\":{\"Account\":\"123456789012\","   \
    "\"Arn\":\"arn:aws:iam::123456789012:user/\xc3\xa9\\\"\",\"UserId\":\"AIDA1\"},"               \
    "\"ResponseMetadata\":{\"RequestId\":\"1\"}}}"

static const aws_answer xml_answer = { 0, 200, 0, XML };

static void expect_identity(hmac_bench *b)
{
    tpmc_bytes *out = NULL;

    expect_success(tpmc_aws_hmac_get_caller_identity(b->hmac, &out, b->aws.err), b->aws.err);
    assert_int_equal(tpmc_bytes_len(out), strlen(JSON));
    assert_memory_equal(tpmc_bytes_data(out), JSON, strlen(JSON));
    tpmc_bytes_free(out);
}

static void the_identity_is_json_whatever_the_answer_is(void **state)
{
    static const aws_answer json_answer = { 0, 200, 0, JSON_ANSWER };
    hmac_bench *b = hmac_bench_new();

    (void)state;
    aws_answer_with(&b->aws, &xml_answer, 1);
    expect_identity(b);
    assert_string_equal(b->aws.method, "POST");
    assert_string_equal(b->aws.url, "https://sts.eu-central-1.amazonaws.com/");
    assert_string_equal(b->aws.body, "Action=GetCallerIdentity&Version=2011-06-15");
    assert_string_equal(b->aws.token, "");
    hmac_expect_signed(b, "eu-central-1", FAKE_WALL_MS);
    aws_answer_with(&b->aws, &json_answer, 1);
    expect_identity(b);
    /* It is asked each time. */
    assert_int_equal(atomic_load(&b->macs), 2);
    hmac_bench_free(b);
}

static void a_role_asks_for_itself(void **state)
{
    static const aws_answer answers[] = { { 0, 200, 0, NULL }, { 0, 200, 0, XML } };
    hmac_signature by = {
        AWS_GIVEN_ID, AWS_GIVEN_SECRET, AWS_GIVEN_TOKEN, "sts", "eu-central-1", FAKE_WALL_MS, 0
    };
    hmac_bench *b = hmac_bench_new();

    (void)state;
    hmac_set(b, "assume_role_arn", AWS_ROLE);
    aws_answer_with(&b->aws, answers, 2);
    expect_identity(b);
    assert_string_equal(b->aws.token, AWS_GIVEN_TOKEN);
    hmac_expect_signature(b, b->aws.last, &by, b->aws.authorization);
    assert_int_equal(atomic_load(&b->macs), 1);
    assert_int_equal(atomic_load(&b->aws.requests), 2);
    hmac_bench_free(b);
}

static void a_wrong_clock_is_corrected_and_kept(void **state)
{
    static const aws_answer answers[] = {
        { 0, 403, 1, "<ErrorResponse><Error><Code>RequestExpired</Code></Error></ErrorResponse>" },
        { 0, 200, 0, XML }
    };
    hmac_bench *b = hmac_bench_new();
    tpmc_http_request *request = NULL;
    hmac_signature by = { AWS_KEY_ID, AWS_SECRET, NULL, "x", "r", FAKE_WALL_MS + AWS_HOUR_MS, 0 };
    tpmc_http_request *other = NULL;

    (void)state;
    b->aws.server_ahead_ms = AWS_HOUR_MS;
    aws_answer_with(&b->aws, answers, 2);
    expect_identity(b);
    hmac_expect_signed(b, "eu-central-1", FAKE_WALL_MS + AWS_HOUR_MS);
    assert_int_equal(atomic_load(&b->macs), 2);
    /* Signatures for others go by it too. */
    assert_int_equal(tpmc_http_request_new("GET", "https://x/", &request, NULL), 0);
    assert_int_equal(tpmc_http_request_new("GET", "https://x/", &other, NULL), 0);
    expect_success(tpmc_aws_hmac_sign_request(b->hmac, "x", "r", request, 0, b->aws.err),
                   b->aws.err);
    hmac_expect_signature(
        b, other, &by,
        tpmc_http_request_header_value(request, tpmc_http_request_header_count(request) - 1));
    tpmc_http_request_free(request);
    tpmc_http_request_free(other);
    hmac_bench_free(b);
}

static void unusable_answers_are_refused(void **state)
{
    static const struct {
        const char *body;
        const char *words;
    } samples[] = {
        { "", "STS sent an unusable answer" },
        { "<html>", "STS sent an unusable answer" },
        { "{}", "STS sent an unusable answer: it does not say UserId" },
        { "<R><UserId>a</UserId><Arn>b</Arn></R>", "it does not say Account" },
        { "<R><UserId>a</UserId><Account>b</Account></R>", "it does not say Arn" },
        { "<R><UserId></UserId><Account>b</Account><Arn>c</Arn></R>", "it does not say UserId" },
    };
    aws_answer answer = { 0, 200, 0, NULL };
    hmac_bench *b = hmac_bench_new();
    tpmc_bytes *out;

    (void)state;
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        answer.body = samples[i].body;
        aws_answer_with(&b->aws, &answer, 1);
        out = (tpmc_bytes *)b;
        aws_expect_failure(&b->aws, tpmc_aws_hmac_get_caller_identity(b->hmac, &out, b->aws.err),
                           TPMC_ERR_PROTOCOL, samples[i].words);
        assert_null(out);
        assert_int_equal(atomic_load(&b->aws.requests), 1);
    }
    aws_expect_failure(&b->aws, tpmc_aws_hmac_get_caller_identity(b->hmac, NULL, b->aws.err),
                       TPMC_ERR_ARGUMENT, "out is NULL");
    out = (tpmc_bytes *)b;
    aws_expect_failure(&b->aws, tpmc_aws_hmac_get_caller_identity(NULL, &out, b->aws.err),
                       TPMC_ERR_ARGUMENT, "hmac is NULL");
    assert_null(out);
    hmac_bench_free(b);
}

static void what_sts_refuses_is_told(void **state)
{
    static const aws_answer denied = { 0, 403, 0,
                                       "<ErrorResponse><Error><Code>InvalidClientTokenId</Code>"
                                       "</Error></ErrorResponse>" };
    hmac_bench *b = hmac_bench_new();
    tpmc_bytes *out = NULL;

    (void)state;
    aws_answer_with(&b->aws, &denied, 1);
    aws_expect_failure(&b->aws, tpmc_aws_hmac_get_caller_identity(b->hmac, &out, b->aws.err),
                       TPMC_ERR_DENIED, "STS answered InvalidClientTokenId");
    assert_null(out);
    b->mac_status = TPMC_ERR_LOCKOUT;
    aws_expect_failure(&b->aws, tpmc_aws_hmac_get_caller_identity(b->hmac, &out, b->aws.err),
                       TPMC_ERR_LOCKOUT, "");
    assert_int_equal(atomic_load(&b->aws.requests), 1);
    hmac_bench_free(b);
}

static int ask(void *context)
{
    hmac_bench *b = context;
    tpmc_bytes *out = NULL;
    int status;

    aws_answer_with(&b->aws, &xml_answer, 1);
    status = tpmc_aws_hmac_get_caller_identity(b->hmac, &out, b->aws.err);
    assert_true((status == 0) == (out != NULL));
    assert_int_equal(tpmc_error_code(b->aws.err), status);
    tpmc_bytes_free(out);
    return status;
}

static void survives_every_failing_allocation(void **state)
{
    hmac_bench *b = hmac_bench_new();

    (void)state;
    b->aws.forgets = 1;
    assert_in_range(each_allocation(ask, b, TPMC_ERR_NOMEM), 10, 1000);
    hmac_bench_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_identity_is_json_whatever_the_answer_is),
        cmocka_unit_test(a_role_asks_for_itself),
        cmocka_unit_test(a_wrong_clock_is_corrected_and_kept),
        cmocka_unit_test(unusable_answers_are_refused),
        cmocka_unit_test(what_sts_refuses_is_told),
        cmocka_unit_test(survives_every_failing_allocation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
