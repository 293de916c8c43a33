/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/base64.h"
#include "unit/each_allocation.h"
#include "unit/hmac_bench.h"

#define PREFIX "k8s-aws-v1."
#define ALPHABET "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

static tpmc_token *make(hmac_bench *b, const char *cluster)
{
    tpmc_token *token = NULL;

    expect_success(tpmc_aws_hmac_eks_token(b->hmac, cluster, &token, b->aws.err), b->aws.err);
    assert_non_null(token);
    return token;
}

static void refuse(hmac_bench *b, const char *cluster, int code, const char *words)
{
    tpmc_token *token = (tpmc_token *)b;

    aws_expect_failure(&b->aws, tpmc_aws_hmac_eks_token(b->hmac, cluster, &token, b->aws.err), code,
                       words);
    assert_null(token);
}

/* The URL in a token is this request's, presigned by the rules. */
static void expect_url(hmac_bench *b, const tpmc_token *token, const hmac_signature *by,
                       const char *plain_url)
{
    const char *value = tpmc_token_value(token);
    tpmc__sigv4_secret secret = { b->aws.env, by->secret };
    tpmc__sigv4_hmac_signer signer = { b->aws.env, tpmc__sigv4_key_from_secret, &secret };
    tpmc__sigv4_params params = hmac_params(by, &signer);
    tpmc_http_request *request = NULL;
    tpmc__buf expected;
    tpmc__buf url;

    assert_int_equal(strncmp(value, PREFIX, strlen(PREFIX)), 0);
    value += strlen(PREFIX);
    assert_int_equal(strspn(value, ALPHABET), strlen(value));
    tpmc__buf_init(&url, 8192);
    assert_int_equal(tpmc__base64url_decode(value, strlen(value), &url), 0);
    assert_int_equal(tpmc_http_request_new("GET", plain_url, &request, NULL), 0);
    assert_int_equal(tpmc_http_request_add_header(request, "x-k8s-aws-id", "prod_1-A", NULL), 0);
    params.expires_s = 60;
    expect_success(tpmc__sigv4_presign(b->aws.env, request, &params, &expected, b->aws.err),
                   b->aws.err);
    assert_int_equal(url.len, expected.len);
    assert_memory_equal(url.data, expected.data, url.len);
    assert_non_null(
        strstr((const char *)expected.data, "&X-Amz-SignedHeaders=host%3Bx-k8s-aws-id"));
    assert_non_null(strstr((const char *)expected.data, "&X-Amz-Expires=60&"));
    tpmc__buf_free(&expected);
    tpmc__buf_free(&url);
    tpmc_http_request_free(request);
}

static void a_token_is_a_presigned_url(void **state)
{
    hmac_bench *b = hmac_bench_new();
    hmac_signature by = { AWS_KEY_ID, AWS_SECRET, NULL, "sts", "eu-central-1", FAKE_WALL_MS, 0 };
    tpmc_token *token = make(b, "prod_1-A");

    (void)state;
    expect_url(b, token, &by,
               "https://sts.eu-central-1.amazonaws.com/"
               "?Action=GetCallerIdentity&Version=2011-06-15");
    assert_int_equal(tpmc_token_expires_at_ms(token), FAKE_WALL_MS + 14 * 60 * 1000);
    assert_int_equal(atomic_load(&b->aws.requests), 0);
    tpmc_token_free(token);
    /* Each is new. */
    tpmc_token_free(make(b, "prod_1-A"));
    assert_int_equal(atomic_load(&b->macs), 2);
    hmac_bench_free(b);
}

static void the_endpoint_is_that_of_the_options(void **state)
{
    hmac_bench *b = hmac_bench_new();
    hmac_signature by = { AWS_KEY_ID, AWS_SECRET, NULL, "sts", "us-east-1", FAKE_WALL_MS, 0 };
    tpmc_token *token;

    (void)state;
    hmac_set(b, "sts_endpoint", "global");
    token = make(b, "prod_1-A");
    expect_url(b, token, &by,
               "https://sts.amazonaws.com/?Action=GetCallerIdentity&Version=2011-06-15");
    tpmc_token_free(token);
    hmac_renew(b);
    hmac_set(b, "aws_access_key_id", AWS_KEY_ID);
    hmac_set(b, "fips", "1");
    refuse(b, "c", TPMC_ERR_ARGUMENT, "option 'region' is needed");
    assert_int_equal(atomic_load(&b->macs), 1);
    hmac_bench_free(b);
}

static void a_role_signs_and_its_end_is_the_tokens(void **state)
{
    hmac_bench *b = hmac_bench_new();
    hmac_signature by = {
        AWS_GIVEN_ID, AWS_GIVEN_SECRET, AWS_GIVEN_TOKEN, "sts", "eu-central-1", FAKE_WALL_MS, 0
    };
    tpmc_token *token;

    (void)state;
    hmac_set(b, "assume_role_arn", AWS_ROLE);
    b->aws.grant_ms = 14 * 60 * 1000 + 1000;
    token = make(b, "prod_1-A");
    expect_url(b, token, &by,
               "https://sts.eu-central-1.amazonaws.com/"
               "?Action=GetCallerIdentity&Version=2011-06-15");
    assert_int_equal(tpmc_token_expires_at_ms(token), FAKE_WALL_MS + 14 * 60 * 1000);
    tpmc_token_free(token);
    fake_env_pass(&b->aws.fake, 2000);
    token = make(b, "prod_1-A");
    assert_int_equal(tpmc_token_expires_at_ms(token), FAKE_WALL_MS + 14 * 60 * 1000 + 1000);
    tpmc_token_free(token);
    assert_int_equal(atomic_load(&b->macs), 1);
    assert_int_equal(atomic_load(&b->aws.requests), 1);
    hmac_bench_free(b);
}

static void the_end_goes_by_the_servers_clock(void **state)
{
    static const aws_answer skewed[] = {
        { 0, 403, 1, "<ErrorResponse><Error><Code>RequestExpired</Code></Error></ErrorResponse>" },
        { 0, 200, 0, NULL }
    };
    hmac_bench *b = hmac_bench_new();
    tpmc_token *token;

    (void)state;
    b->aws.server_ahead_ms = AWS_HOUR_MS;
    aws_answer_with(&b->aws, skewed, 2);
    hmac_get_and_drop(b);
    token = make(b, "c");
    assert_int_equal(tpmc_token_expires_at_ms(token), FAKE_WALL_MS + AWS_HOUR_MS + 14 * 60 * 1000);
    tpmc_token_free(token);
    hmac_bench_free(b);
}

static void names_of_clusters_are_checked(void **state)
{
    static const char *const wrong[] = {
        "", "-a", "_a", "a b", "a.b", "a/b", "caf\xc3\xa9", "a\n"
    };
    hmac_bench *b = hmac_bench_new();
    char name[103];
    tpmc_token *token = (tpmc_token *)b;

    (void)state;
    refuse(b, NULL, TPMC_ERR_ARGUMENT, "cluster is NULL");
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        refuse(b, wrong[i], TPMC_ERR_ARGUMENT, "cluster is not the name of an EKS cluster");
    memset(name, 'a', sizeof(name));
    name[101] = '\0';
    refuse(b, name, TPMC_ERR_ARGUMENT, "1 to 100 letters");
    assert_int_equal(atomic_load(&b->macs), 0);
    /* Nothing is frozen by that. */
    hmac_set(b, "region", "eu-west-1");
    name[100] = '\0';
    tpmc_token_free(make(b, name));
    tpmc_token_free(make(b, "0"));
    aws_expect_failure(&b->aws, tpmc_aws_hmac_eks_token(b->hmac, "c", NULL, b->aws.err),
                       TPMC_ERR_ARGUMENT, "out is NULL");
    aws_expect_failure(&b->aws, tpmc_aws_hmac_eks_token(NULL, "c", &token, b->aws.err),
                       TPMC_ERR_ARGUMENT, "hmac is NULL");
    assert_null(token);
    hmac_bench_free(b);
}

/* A grant whose session token has `len` letters. */
static void grant_with_token(char *out, size_t capacity, size_t len)
{
    const char *place = strstr(aws_xml_grant, AWS_GIVEN_TOKEN);
    int used = snprintf(out, capacity, "%.*s", (int)(place - aws_xml_grant), aws_xml_grant);

    memset(out + used, 'T', len);
    (void)snprintf(out + used + len, capacity - (size_t)used - len, "%s",
                   place + strlen(AWS_GIVEN_TOKEN));
}

/* The length of a token that is signed with a session token of `len` letters; 0: it is refused,
 * being too long by one byte. */
static size_t token_length(size_t len)
{
    hmac_bench *b = hmac_bench_new();
    tpmc_token *token = NULL;
    char grant[4096];
    size_t length = 0;
    int status;

    hmac_set(b, "assume_role_arn", AWS_ROLE);
    grant_with_token(grant, sizeof(grant), len);
    b->aws.grant = grant;
    status = tpmc_aws_hmac_eks_token(b->hmac, "c", &token, b->aws.err);
    if (status == 0)
        length = strlen(tpmc_token_value(token));
    else
        aws_expect_failure(&b->aws, status, TPMC_ERR_UNSUPPORTED,
                           "the token for EKS has 4097 bytes, and EKS takes at most 4096: the "
                           "session token of the role is too long");
    assert_true((status == 0) == (token != NULL));
    tpmc_token_free(token);
    hmac_bench_free(b);
    return length;
}

/* No token of this kind has 4096 bytes: three bytes of the URL are four of the token. */
static void a_token_has_at_most_4096_bytes(void **state)
{
    size_t len = 100;
    size_t before = 0;
    size_t now = token_length(len);

    (void)state;
    len += (4090 - now) * 3 / 4;
    for (now = token_length(len); now != 0; now = token_length(len)) {
        before = now;
        len++;
    }
    assert_int_equal(before, 4095);
}

static int make_one(void *context)
{
    hmac_bench *b = context;
    tpmc_token *token = NULL;
    int status = tpmc_aws_hmac_eks_token(b->hmac, "c", &token, b->aws.err);

    assert_true((status == 0) == (token != NULL));
    assert_int_equal(tpmc_error_code(b->aws.err), status);
    tpmc_token_free(token);
    return status;
}

static void survives_every_failing_allocation(void **state)
{
    hmac_bench *b = hmac_bench_new();

    (void)state;
    assert_in_range(each_allocation(make_one, b, TPMC_ERR_NOMEM), 10, 1000);
    hmac_bench_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_token_is_a_presigned_url),
        cmocka_unit_test(the_endpoint_is_that_of_the_options),
        cmocka_unit_test(a_role_signs_and_its_end_is_the_tokens),
        cmocka_unit_test(the_end_goes_by_the_servers_clock),
        cmocka_unit_test(names_of_clusters_are_checked),
        cmocka_unit_test(a_token_has_at_most_4096_bytes),
        cmocka_unit_test(survives_every_failing_allocation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
