/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/hmac_bench.h"

#define DENIED                                                                                     \
    {                                                                                              \
        0, 403, 0, "<ErrorResponse><Error><Code>AccessDenied</Code></Error></ErrorResponse>"       \
    }
#define SKEWED                                                                                     \
    {                                                                                              \
        0, 403, 1,                                                                                 \
            "<ErrorResponse><Error><Code>SignatureDoesNotMatch</Code><Message>Signature not yet "  \
            "current: 1 is still later than 2</Message></Error></ErrorResponse>"                   \
    }
#define DOWN                                                                                       \
    {                                                                                              \
        0, 503, 0, ""                                                                              \
    }
#define FINE                                                                                       \
    {                                                                                              \
        0, 200, 0, NULL                                                                            \
    }

static void expect_counts(hmac_bench *b, int requests, int macs)
{
    assert_int_equal(atomic_load(&b->aws.requests), requests);
    assert_int_equal(atomic_load(&b->macs), macs);
}

static void expect_given(const tpmc_aws_credentials *credentials, int64_t expires_at_ms)
{
    assert_string_equal(tpmc_aws_credentials_access_key_id(credentials), AWS_GIVEN_ID);
    assert_string_equal(tpmc_aws_credentials_secret_access_key(credentials), AWS_GIVEN_SECRET);
    assert_string_equal(tpmc_aws_credentials_session_token(credentials), AWS_GIVEN_TOKEN);
    assert_int_equal(tpmc_aws_credentials_expires_at_ms(credentials), expires_at_ms);
}

static void a_request_is_exactly_this(void **state)
{
    hmac_bench *b = hmac_bench_new();
    tpmc_aws_credentials *credentials = hmac_get(b);

    (void)state;
    expect_given(credentials, FAKE_WALL_MS + AWS_HOUR_MS);
    expect_counts(b, 1, 1);
    assert_string_equal(b->message, "20250615");
    assert_string_equal(b->aws.method, "POST");
    assert_string_equal(b->aws.url, "https://sts.eu-central-1.amazonaws.com/");
    assert_string_equal(b->aws.body,
                        "Action=GetSessionToken&DurationSeconds=3600&Version=2011-06-15");
    hmac_expect_signed(b, "eu-central-1", FAKE_WALL_MS);
    assert_ptr_equal(strstr(b->aws.headers,
                            "Content-Type: application/x-www-form-urlencoded; charset=utf-8\n"
                            "X-Amz-Date: 20250615T150640Z\n"
                            "Authorization: AWS4-HMAC-SHA256 Credential=" AWS_KEY_ID
                            "/20250615/eu-central-1/sts/aws4_request, SignedHeaders=content-type;"
                            "host;x-amz-date, Signature="),
                     b->aws.headers);
    assert_non_null(strstr(b->aws.headers, "\nAccept: application/json\n"));
    assert_string_equal(b->aws.token, "");
    tpmc_aws_credentials_free(credentials);
    hmac_bench_free(b);
}

typedef struct place {
    const char *name;
    const char *value;
    const char *region;
    const char *url;
    const char *signing_region;
} place;

static void requests_go_where_the_options_say(void **state)
{
    static const place places[] = {
        { "sts_endpoint", "global", NULL, "https://sts.amazonaws.com/", "us-east-1" },
        { "sts_endpoint", "global", "eu-west-1", "https://sts.amazonaws.com/", "us-east-1" },
        { "fips", "1", "us-east-2", "https://sts-fips.us-east-2.amazonaws.com/", "us-east-2" },
        { "dual_stack", "1", "us-east-2", "https://sts.us-east-2.api.aws/", "us-east-2" },
        { "endpoint", "https://s.example.com:444/a/", "xx", "https://s.example.com:444/a/", "xx" },
        { "endpoint", "https://s.example.com", NULL, "https://s.example.com/", "us-east-1" },
    };
    hmac_bench *b;

    (void)state;
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        b = hmac_bench_new();
        hmac_set(b, "region", places[i].region);
        hmac_set(b, places[i].name, places[i].value);
        hmac_get_and_drop(b);
        assert_string_equal(b->aws.url, places[i].url);
        hmac_expect_signed(b, places[i].signing_region, FAKE_WALL_MS);
        hmac_bench_free(b);
    }
}

static void a_role_is_asked_for_with_a_name_of_now(void **state)
{
    hmac_bench *b = hmac_bench_new();
    tpmc_aws_credentials *credentials;

    (void)state;
    hmac_set(b, "assume_role_arn", AWS_ROLE);
    credentials = hmac_get(b);
    assert_string_equal(tpmc_aws_credentials_assumed_role_arn(credentials), AWS_SESSION);
    assert_string_equal(b->aws.body,
                        "Action=AssumeRole&DurationSeconds=3600&RoleArn=arn%3Aaws%3Aiam%3A%3A"
                        "123456789012%3Arole%2Fpath%2Fx&RoleSessionName=tpmcloud-1750000000"
                        "&Version=2011-06-15");
    hmac_expect_signed(b, "eu-central-1", FAKE_WALL_MS);
    tpmc_aws_credentials_free(credentials);
    hmac_bench_free(b);
}

static void an_answer_for_another_role_is_refused(void **state)
{
    hmac_bench *b = hmac_bench_new();

    (void)state;
    hmac_set(b, "assume_role_arn", "arn:aws:iam::123456789012:role/y");
    hmac_refuse(b, TPMC_ERR_PROTOCOL, "the answer is for another role than the one asked for, y");
    expect_counts(b, 1, 1);
    hmac_bench_free(b);
    b = hmac_bench_new();
    hmac_set(b, "assume_role_arn", "arn:aws:iam::123456789013:role/x");
    hmac_refuse(b, TPMC_ERR_PROTOCOL, "the answer is for another role");
    hmac_bench_free(b);
    /* Without a role there is nothing to compare. */
    b = hmac_bench_new();
    hmac_set(b, "federation_name", "bob");
    hmac_get_and_drop(b);
    hmac_bench_free(b);
}

static void credentials_are_cached_and_renewed_early(void **state)
{
    hmac_bench *b = hmac_bench_new();
    tpmc_aws_credentials *first = hmac_get(b);
    tpmc_aws_credentials *second;

    (void)state;
    for (int i = 0; i < 100; i++)
        hmac_get_and_drop(b);
    expect_counts(b, 1, 1);
    fake_env_pass(&b->aws.fake, AWS_HOUR_MS - 301 * 1000);
    hmac_get_and_drop(b);
    expect_counts(b, 1, 1);
    fake_env_pass(&b->aws.fake, 1000);
    second = hmac_get(b);
    expect_counts(b, 2, 2);
    expect_given(first, FAKE_WALL_MS + AWS_HOUR_MS);
    expect_given(second, FAKE_WALL_MS + 2 * AWS_HOUR_MS - 300 * 1000);
    hmac_expect_signed(b, "eu-central-1", FAKE_WALL_MS + AWS_HOUR_MS - 300 * 1000);
    tpmc_aws_credentials_free(first);
    tpmc_aws_credentials_free(second);
    hmac_bench_free(b);
}

static void a_failing_renewal_leaves_what_is_valid(void **state)
{
    static const aws_answer denied = DENIED;
    hmac_bench *b = hmac_bench_new();
    tpmc_aws_credentials *credentials;

    (void)state;
    hmac_get_and_drop(b);
    aws_answer_with(&b->aws, &denied, 1);
    fake_env_pass(&b->aws.fake, AWS_HOUR_MS - 200 * 1000);
    credentials = hmac_get(b);
    expect_given(credentials, FAKE_WALL_MS + AWS_HOUR_MS);
    tpmc_aws_credentials_free(credentials);
    expect_counts(b, 1, 2);
    assert_int_equal(atomic_load(&b->aws.fake.logged), 1);
    assert_non_null(strstr(b->aws.fake.log_text, "STS answered AccessDenied"));
    fake_env_pass(&b->aws.fake, 200 * 1000);
    hmac_refuse(b, TPMC_ERR_DENIED, "STS answered AccessDenied (HTTP status 403)");
    assert_int_equal(tpmc_error_http_status(b->aws.err), 403);
    assert_string_equal(tpmc_error_provider_code(b->aws.err), "AccessDenied");
    hmac_bench_free(b);
}

static void each_attempt_is_built_and_signed_anew(void **state)
{
    static const aws_answer answers[] = { DOWN, { TPMC_ERR_NETWORK, 0, 0, NULL }, FINE };
    hmac_bench *b = hmac_bench_new();

    (void)state;
    aws_answer_with(&b->aws, answers, 3);
    atomic_store(&b->aws.fake.random_byte, 0xff);
    /* 50 ms before a second ends; the waits are 100 and 200 ms. */
    fake_env_pass(&b->aws.fake, 950);
    hmac_set(b, "assume_role_arn", AWS_ROLE);
    hmac_get_and_drop(b);
    expect_counts(b, 3, 3);
    hmac_expect_signed(b, "eu-central-1", FAKE_WALL_MS + 950 + 300);
    assert_non_null(strstr(b->aws.body, "&RoleSessionName=tpmcloud-1750000001&"));
    hmac_bench_free(b);
}

static void a_wrong_clock_costs_one_more_signature(void **state)
{
    static const aws_answer answers[] = { SKEWED, FINE };
    hmac_bench *b = hmac_bench_new();
    tpmc_aws_credentials *credentials;

    (void)state;
    b->aws.server_ahead_ms = 9 * AWS_HOUR_MS;
    aws_answer_with(&b->aws, answers, 2);
    credentials = hmac_get(b);
    expect_counts(b, 2, 2);
    assert_string_equal(b->message, "20250616");
    hmac_expect_signed(b, "eu-central-1", FAKE_WALL_MS + 9 * AWS_HOUR_MS);
    /* What STS said is told; the cache goes by our own clock. */
    expect_given(credentials, FAKE_WALL_MS + 10 * AWS_HOUR_MS);
    tpmc_aws_credentials_free(credentials);
    fake_env_pass(&b->aws.fake, AWS_HOUR_MS - 301 * 1000);
    hmac_get_and_drop(b);
    expect_counts(b, 2, 2);
    /* The next call knows the time already. */
    fake_env_pass(&b->aws.fake, 1000);
    hmac_get_and_drop(b);
    expect_counts(b, 3, 3);
    hmac_expect_signed(b, "eu-central-1", FAKE_WALL_MS + 10 * AWS_HOUR_MS - 300 * 1000);
    hmac_bench_free(b);
}

/* A clock that is ahead: by the server's time the credentials would be old at once. */
static void a_clock_ahead_does_not_expire_them(void **state)
{
    static const aws_answer answers[] = { SKEWED, FINE };
    hmac_bench *b = hmac_bench_new();

    (void)state;
    b->aws.server_ahead_ms = -9 * AWS_HOUR_MS;
    aws_answer_with(&b->aws, answers, 2);
    hmac_get_and_drop(b);
    hmac_expect_signed(b, "eu-central-1", FAKE_WALL_MS - 9 * AWS_HOUR_MS);
    hmac_get_and_drop(b);
    expect_counts(b, 2, 2);
    hmac_bench_free(b);
}

static void a_clock_that_stays_wrong_is_told(void **state)
{
    static const aws_answer skewed = SKEWED;
    hmac_bench *b = hmac_bench_new();

    (void)state;
    aws_answer_with(&b->aws, &skewed, 1);
    b->aws.server_ahead_ms = AWS_HOUR_MS;
    hmac_refuse(b, TPMC_ERR_CLOCK, "the clock of this machine is wrong");
    expect_counts(b, 2, 2);
    hmac_bench_free(b);
}

static void unusable_answers_are_told(void **state)
{
    static const aws_answer answers[] = { { 0, 200, 0, "" }, { 0, 200, 0, "<html>login</html>" } };
    hmac_bench *b = hmac_bench_new();

    (void)state;
    aws_answer_with(&b->aws, &answers[0], 1);
    hmac_refuse(b, TPMC_ERR_PROTOCOL, "STS sent an unusable answer");
    aws_answer_with(&b->aws, &answers[1], 1);
    hmac_refuse(b, TPMC_ERR_PROTOCOL, "STS sent an unusable answer");
    assert_int_equal(atomic_load(&b->aws.requests), 1);
    hmac_bench_free(b);
}

static void a_key_that_fails_sends_nothing(void **state)
{
    hmac_bench *b = hmac_bench_new();

    (void)state;
    b->mac_status = TPMC_ERR_LOCKOUT;
    hmac_refuse(b, TPMC_ERR_LOCKOUT, "");
    expect_counts(b, 0, 1);
    b->mac_status = 0;
    hmac_get_and_drop(b);
    expect_counts(b, 1, 2);
    hmac_bench_free(b);
}

/* A machine without a clock of its own begins in 1970 or 2000. */
static void any_clock_can_be_corrected(void **state)
{
    static const aws_answer answers[] = { SKEWED, FINE };
    hmac_bench *b = hmac_bench_new();

    (void)state;
    atomic_store(&b->aws.fake.wall_ms, 1000);
    b->aws.server_ahead_ms = FAKE_WALL_MS - 1000;
    aws_answer_with(&b->aws, answers, 2);
    hmac_get_and_drop(b);
    hmac_expect_signed(b, "eu-central-1", FAKE_WALL_MS);
    hmac_get_and_drop(b);
    expect_counts(b, 2, 2);
    hmac_bench_free(b);
}

static void a_refusal_leaves_the_object_settable(void **state)
{
    hmac_bench *b = hmac_bench_bare();
    tpmc_bytes *answer = NULL;
    tpmc_token *token = NULL;

    (void)state;
    hmac_refuse(b, TPMC_ERR_ARGUMENT, "option 'aws_access_key_id' is missing");
    aws_expect_failure(&b->aws, tpmc_aws_hmac_get_caller_identity(b->hmac, &answer, b->aws.err),
                       TPMC_ERR_ARGUMENT, "option 'aws_access_key_id' is missing");
    aws_expect_failure(&b->aws, tpmc_aws_hmac_eks_token(b->hmac, "c", &token, b->aws.err),
                       TPMC_ERR_ARGUMENT, "option 'aws_access_key_id' is missing");
    hmac_set(b, "access-key", "ASIAIOSFODNN7EXAMPLE");
    hmac_refuse(b, TPMC_ERR_ARGUMENT, "option 'aws_access_key_id' begins with ASIA");
    hmac_set(b, "aws-access-key-id", AWS_KEY_ID);
    hmac_set(b, "assume_role_arn", AWS_ROLE);
    hmac_set(b, "federation_name", "bob");
    hmac_refuse(b, TPMC_ERR_ARGUMENT, "'assume_role_arn' and 'federation_name' exclude each other");
    /* A role makes every call one that needs STS. */
    aws_expect_failure(&b->aws, tpmc_aws_hmac_get_caller_identity(b->hmac, &answer, b->aws.err),
                       TPMC_ERR_ARGUMENT, "exclude each other");
    hmac_set(b, "federation_name", NULL);
    expect_counts(b, 0, 0);
    hmac_get_and_drop(b);
    aws_expect_failure(&b->aws, tpmc_aws_hmac_set(b->hmac, "region", "eu-west-1", b->aws.err),
                       TPMC_ERR_STATE, "");
    aws_expect_failure(&b->aws,
                       tpmc_aws_hmac_set_mfa_callback(b->hmac, NULL, NULL, NULL, b->aws.err),
                       TPMC_ERR_STATE, "");
    hmac_bench_free(b);
}

static void unknown_options_and_bad_values_are_refused(void **state)
{
    hmac_bench *b = hmac_bench_bare();

    (void)state;
    aws_expect_failure(&b->aws, tpmc_aws_hmac_set(b->hmac, "regoin", "x", b->aws.err),
                       TPMC_ERR_ARGUMENT, "did you mean 'region'?");
    aws_expect_failure(&b->aws, tpmc_aws_hmac_set(b->hmac, NULL, "x", b->aws.err),
                       TPMC_ERR_ARGUMENT, "NULL");
    aws_expect_failure(&b->aws,
                       tpmc_aws_hmac_set(b->hmac, "mfa_code", AWS_MFA_CODE "4", b->aws.err),
                       TPMC_ERR_ARGUMENT, "option 'mfa_code' has 7 bytes");
    hmac_bench_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_is_exactly_this),
        cmocka_unit_test(requests_go_where_the_options_say),
        cmocka_unit_test(a_role_is_asked_for_with_a_name_of_now),
        cmocka_unit_test(an_answer_for_another_role_is_refused),
        cmocka_unit_test(credentials_are_cached_and_renewed_early),
        cmocka_unit_test(a_failing_renewal_leaves_what_is_valid),
        cmocka_unit_test(each_attempt_is_built_and_signed_anew),
        cmocka_unit_test(a_wrong_clock_costs_one_more_signature),
        cmocka_unit_test(a_clock_ahead_does_not_expire_them),
        cmocka_unit_test(a_clock_that_stays_wrong_is_told),
        cmocka_unit_test(unusable_answers_are_told),
        cmocka_unit_test(a_key_that_fails_sends_nothing),
        cmocka_unit_test(any_clock_can_be_corrected),
        cmocka_unit_test(a_refusal_leaves_the_object_settable),
        cmocka_unit_test(unknown_options_and_bad_values_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
