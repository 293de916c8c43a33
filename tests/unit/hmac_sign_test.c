/* SPDX-License-Identifier: Apache-2.0 */
#include <openssl/x509.h>

#include "unit/each_allocation.h"
#include "unit/hmac_bench.h"

#define URL "https://b.example.com/a//b/../c%20d?x=1"
#define ALL_FLAGS 15

static tpmc_http_request *new_request(void)
{
    tpmc_http_request *request = NULL;

    assert_int_equal(tpmc_http_request_new("PUT", URL, &request, NULL), 0);
    assert_int_equal(tpmc_http_request_add_header(request, "X-Test", "1", NULL), 0);
    assert_int_equal(tpmc_http_request_set_body(request, "body", 4, NULL), 0);
    return request;
}

static const char *header(const tpmc_http_request *request, const char *name)
{
    for (size_t i = 0; i < tpmc_http_request_header_count(request); i++) {
        if (strcmp(tpmc_http_request_header_name(request, i), name) == 0)
            return tpmc_http_request_header_value(request, i);
    }
    return NULL;
}

static void expect_unchanged(const tpmc_http_request *request)
{
    assert_int_equal(tpmc_http_request_header_count(request), 1);
    assert_string_equal(tpmc_http_request_url(request), URL);
    assert_int_equal(tpmc_http_request_body_len(request), 4);
}

static hmac_signature by_key(const char *service, const char *region, unsigned flags)
{
    return (hmac_signature){ AWS_KEY_ID, AWS_SECRET, NULL, service, region, FAKE_WALL_MS, flags };
}

/* Signs a request twice: here and by the rules. */
static void expect_signed_as(hmac_bench *b, const hmac_signature *by, const char *region, int flags)
{
    tpmc_http_request *request = new_request();
    tpmc_http_request *other = new_request();

    expect_success(
        tpmc_aws_hmac_sign_request(b->hmac, by->service, region, request, flags, b->aws.err),
        b->aws.err);
    hmac_expect_signature(b, other, by, header(request, "Authorization"));
    assert_int_equal(tpmc_http_request_header_count(request),
                     tpmc_http_request_header_count(other));
    for (size_t i = 0; i < tpmc_http_request_header_count(request); i++)
        assert_string_equal(tpmc_http_request_header_value(request, i),
                            tpmc_http_request_header_value(other, i));
    tpmc_http_request_free(request);
    tpmc_http_request_free(other);
}

typedef struct flag_row {
    const char *service;
    int flags;
    unsigned internal;
} flag_row;

static void flags_and_services_say_how(void **state)
{
    static const flag_row rows[] = {
        { "execute-api", 0, 0 },
        { "execute-api", TPMC_AWS_SIGN_KEEP_PATH, TPMC__SIGV4_KEEP_PATH },
        { "execute-api", TPMC_AWS_SIGN_ENCODE_ONCE, TPMC__SIGV4_ENCODE_ONCE },
        { "execute-api", TPMC_AWS_SIGN_BODY, TPMC__SIGV4_SIGN_BODY },
        { "execute-api", TPMC_AWS_SIGN_OMIT_TOKEN, TPMC__SIGV4_OMIT_TOKEN },
        { "execute-api", TPMC_AWS_SIGN_KEEP_PATH | TPMC_AWS_SIGN_BODY,
          TPMC__SIGV4_KEEP_PATH | TPMC__SIGV4_SIGN_BODY },
        { "s3", 0, TPMC__SIGV4_S3 },
        { "s3-object-lambda", 0, TPMC__SIGV4_S3 },
        { "s3-outposts", 0, TPMC__SIGV4_S3 },
        { "s3express", 0, TPMC__SIGV4_S3 },
        { "s3", TPMC_AWS_SIGN_OMIT_TOKEN, TPMC__SIGV4_S3 | TPMC__SIGV4_OMIT_TOKEN },
        { "s3tables", 0, 0 },
        { "S3", 0, 0 },
    };
    hmac_bench *b = hmac_bench_new();
    hmac_signature by;

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        by = by_key(rows[i].service, "eu-central-1", rows[i].internal);
        expect_signed_as(b, &by, NULL, rows[i].flags);
    }
    assert_int_equal(atomic_load(&b->aws.requests), 0);
    assert_int_equal(atomic_load(&b->macs), sizeof(rows) / sizeof(rows[0]));
    hmac_bench_free(b);
}

static void the_region_is_the_callers_or_the_options(void **state)
{
    hmac_bench *b = hmac_bench_new();
    hmac_signature by = by_key("x", "eu-central-1", 0);

    (void)state;
    expect_signed_as(b, &by, NULL, 0);
    by.region = "ap-east-1";
    expect_signed_as(b, &by, "ap-east-1", 0);
    hmac_bench_free(b);
}

static void refuse(hmac_bench *b, const char *service, const char *region, int flags,
                   const char *words)
{
    tpmc_http_request *request = new_request();
    tpmc_bytes *url = (tpmc_bytes *)b;

    aws_expect_failure(
        &b->aws, tpmc_aws_hmac_sign_request(b->hmac, service, region, request, flags, b->aws.err),
        TPMC_ERR_ARGUMENT, words);
    expect_unchanged(request);
    if (flags == 0) {
        aws_expect_failure(
            &b->aws, tpmc_aws_hmac_presign(b->hmac, service, region, request, 60, &url, b->aws.err),
            TPMC_ERR_ARGUMENT, words);
        assert_null(url);
        expect_unchanged(request);
    }
    assert_int_equal(atomic_load(&b->macs), 0);
    tpmc_http_request_free(request);
}

static void bad_arguments_are_refused(void **state)
{
    hmac_bench *b = hmac_bench_bare();
    tpmc_http_request *request = new_request();
    tpmc_bytes *url = (tpmc_bytes *)b;

    (void)state;
    refuse(b, "x", "r", 0, "option 'aws_access_key_id' is missing");
    hmac_set(b, "aws_access_key_id", AWS_KEY_ID);
    refuse(b, NULL, "r", 0, "service is NULL");
    refuse(b, "", "r", 0, "");
    refuse(b, "x", NULL, 0, "region is NULL and option 'region' is not set");
    refuse(b, "x", "r", ALL_FLAGS + 1, "flags has bits that mean nothing: 0x10");
    refuse(b, "x", "r", -1, "flags has bits that mean nothing: 0xfffffff0");
    aws_expect_failure(&b->aws, tpmc_aws_hmac_sign_request(b->hmac, "x", "r", NULL, 0, b->aws.err),
                       TPMC_ERR_ARGUMENT, "request is NULL");
    aws_expect_failure(&b->aws,
                       tpmc_aws_hmac_presign(b->hmac, "x", "r", NULL, 60, &url, b->aws.err),
                       TPMC_ERR_ARGUMENT, "request is NULL");
    assert_null(url);
    aws_expect_failure(&b->aws,
                       tpmc_aws_hmac_presign(b->hmac, "x", "r", request, 60, NULL, b->aws.err),
                       TPMC_ERR_ARGUMENT, "url is NULL");
    aws_expect_failure(&b->aws, tpmc_aws_hmac_sign_request(NULL, "x", "r", request, 0, b->aws.err),
                       TPMC_ERR_ARGUMENT, "hmac is NULL");
    aws_expect_failure(&b->aws,
                       tpmc_aws_hmac_presign(b->hmac, "x", "r", request, 0, &url, b->aws.err),
                       TPMC_ERR_ARGUMENT, "");
    aws_expect_failure(&b->aws,
                       tpmc_aws_hmac_presign(b->hmac, "x", "r", request, 604801, &url, b->aws.err),
                       TPMC_ERR_ARGUMENT, "");
    assert_null(url);
    assert_int_equal(atomic_load(&b->macs), 0);
    tpmc_http_request_free(request);
    hmac_bench_free(b);
}

/* Each is refused with neither key nor STS asked, and the object stays as it was. */
static void refusals_come_before_everything_else(void **state)
{
    hmac_bench *b = hmac_bench_bare();
    tpmc_http_request *request = new_request();
    tpmc_bytes *url = NULL;

    (void)state;
    hmac_set(b, "aws_access_key_id", AWS_KEY_ID);
    refuse(b, "x", NULL, 0, "option 'region' is not set");
    hmac_set(b, "region", "eu-central-1");
    refuse(b, "a/b", NULL, 0, "the service is not");
    refuse(b, "x", "a/b", 0, "the region is not");
    hmac_set(b, "policy", "{}");
    refuse(b, "x", NULL, 0, "option 'policy' has no place");
    hmac_set(b, "assume_role_arn", AWS_ROLE);
    aws_expect_failure(&b->aws,
                       tpmc_aws_hmac_presign(b->hmac, "x", NULL, request, 0, &url, b->aws.err),
                       TPMC_ERR_ARGUMENT, "604800");
    assert_int_equal(tpmc_http_request_add_header(request, "Authorization", "x", NULL), 0);
    aws_expect_failure(&b->aws,
                       tpmc_aws_hmac_sign_request(b->hmac, "x", NULL, request, 0, b->aws.err),
                       TPMC_ERR_ARGUMENT, "Authorization already");
    assert_int_equal(atomic_load(&b->macs), 0);
    assert_int_equal(atomic_load(&b->aws.requests), 0);
    hmac_set(b, "assume_role_arn", NULL);
    hmac_set(b, "policy", NULL);
    tpmc_http_request_free(request);
    hmac_bench_free(b);
}

/* One without a battery begins in 1970; nobody would take the signature. */
static void a_clock_that_was_never_set_is_refused(void **state)
{
    hmac_bench *b = hmac_bench_new();
    tpmc_http_request *request = new_request();

    (void)state;
    atomic_store(&b->aws.fake.wall_ms, INT64_C(1262304000000) - 1);
    aws_expect_failure(&b->aws,
                       tpmc_aws_hmac_sign_request(b->hmac, "x", NULL, request, 0, b->aws.err),
                       TPMC_ERR_CLOCK, "before the year 2010");
    assert_int_equal(atomic_load(&b->macs), 0);
    atomic_store(&b->aws.fake.wall_ms, INT64_C(1262304000000));
    expect_success(tpmc_aws_hmac_sign_request(b->hmac, "x", NULL, request, 0, b->aws.err),
                   b->aws.err);
    tpmc_http_request_free(request);
    hmac_bench_free(b);
}

static void a_hash_of_the_body_stands_in_the_url_for_s3(void **state)
{
    static const char hash[] = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    hmac_bench *b = hmac_bench_new();
    tpmc_http_request *request = new_request();
    tpmc_bytes *url = NULL;
    const char *text;

    (void)state;
    assert_int_equal(tpmc_http_request_set_payload_hash(request, hash, NULL), 0);
    expect_success(tpmc_aws_hmac_presign(b->hmac, "s3", NULL, request, 60, &url, b->aws.err),
                   b->aws.err);
    text = (const char *)tpmc_bytes_data(url);
    assert_non_null(strstr(text, "&X-Amz-Content-Sha256="));
    assert_non_null(strstr(text, hash));
    tpmc_bytes_free(url);
    assert_int_equal(tpmc_http_request_set_payload_hash(request, "UNSIGNED-PAYLOAD", NULL), 0);
    expect_success(tpmc_aws_hmac_presign(b->hmac, "s3", NULL, request, 60, &url, b->aws.err),
                   b->aws.err);
    assert_null(strstr((const char *)tpmc_bytes_data(url), "X-Amz-Content-Sha256"));
    tpmc_bytes_free(url);
    tpmc_http_request_free(request);
    hmac_bench_free(b);
}

/* By plain http anybody could change it on the way. */
static void an_unsigned_body_goes_by_https_only(void **state)
{
    static const char *const hashes[] = { "UNSIGNED-PAYLOAD",
                                          "STREAMING-UNSIGNED-PAYLOAD-TRAILER" };
    hmac_bench *b = hmac_bench_new();

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        tpmc_http_request *request = NULL;

        assert_int_equal(tpmc_http_request_new("PUT", "http://h.example/k", &request, NULL), 0);
        assert_int_equal(tpmc_http_request_set_payload_hash(request, hashes[i], NULL), 0);
        aws_expect_failure(&b->aws,
                           tpmc_aws_hmac_sign_request(b->hmac, "s3", NULL, request, 0, b->aws.err),
                           TPMC_ERR_ARGUMENT, "https only");
        tpmc_http_request_free(request);
        assert_int_equal(tpmc_http_request_new("PUT", "http://127.0.0.1:1/k", &request, NULL), 0);
        assert_int_equal(tpmc_http_request_set_payload_hash(request, hashes[i], NULL), 0);
        expect_success(tpmc_aws_hmac_sign_request(b->hmac, "s3", NULL, request, 0, b->aws.err),
                       b->aws.err);
        tpmc_http_request_free(request);
    }
    hmac_bench_free(b);
}

static void a_failing_key_leaves_the_request(void **state)
{
    hmac_bench *b = hmac_bench_new();
    tpmc_http_request *request = new_request();

    (void)state;
    b->mac_status = TPMC_ERR_LOCKOUT;
    aws_expect_failure(&b->aws,
                       tpmc_aws_hmac_sign_request(b->hmac, "s3", NULL, request, 0, b->aws.err),
                       TPMC_ERR_LOCKOUT, "");
    expect_unchanged(request);
    b->mac_status = 0;
    expect_success(tpmc_aws_hmac_sign_request(b->hmac, "s3", NULL, request, 0, b->aws.err),
                   b->aws.err);
    aws_expect_failure(&b->aws,
                       tpmc_aws_hmac_sign_request(b->hmac, "s3", NULL, request, 0, b->aws.err),
                       TPMC_ERR_ARGUMENT, "");
    tpmc_http_request_free(request);
    hmac_bench_free(b);
}

/* The same URL by the rules. */
static void expect_presigned_as(hmac_bench *b, const hmac_signature *by)
{
    tpmc__sigv4_secret secret = { b->aws.env, by->secret };
    tpmc__sigv4_hmac_signer signer = { b->aws.env, tpmc__sigv4_key_from_secret, &secret };
    tpmc__sigv4_params params = hmac_params(by, &signer);
    tpmc_http_request *request = new_request();
    tpmc_bytes *url = NULL;
    tpmc__buf made;

    expect_success(
        tpmc_aws_hmac_presign(b->hmac, by->service, by->region, request, 604800, &url, b->aws.err),
        b->aws.err);
    expect_unchanged(request);
    params.expires_s = 604800;
    expect_success(tpmc__sigv4_presign(b->aws.env, request, &params, &made, b->aws.err),
                   b->aws.err);
    assert_int_equal(tpmc_bytes_len(url), made.len);
    assert_memory_equal(tpmc_bytes_data(url), made.data, made.len);
    tpmc__buf_free(&made);
    tpmc_bytes_free(url);
    tpmc_http_request_free(request);
}

static void urls_are_presigned(void **state)
{
    hmac_bench *b = hmac_bench_new();
    hmac_signature by = by_key("execute-api", "eu-central-1", 0);

    (void)state;
    expect_presigned_as(b, &by);
    by = by_key("s3", "eu-central-1", TPMC__SIGV4_S3);
    expect_presigned_as(b, &by);
    assert_int_equal(atomic_load(&b->macs), 2);
    hmac_bench_free(b);
}

static void a_role_signs_with_its_token(void **state)
{
    hmac_bench *b = hmac_bench_new();
    hmac_signature by = {
        AWS_GIVEN_ID, AWS_GIVEN_SECRET, AWS_GIVEN_TOKEN, "x", "eu-central-1", FAKE_WALL_MS, 0
    };
    tpmc_http_request *request = new_request();

    (void)state;
    hmac_set(b, "assume_role_arn", AWS_ROLE);
    expect_signed_as(b, &by, NULL, 0);
    by.flags = TPMC__SIGV4_OMIT_TOKEN;
    expect_signed_as(b, &by, NULL, TPMC_AWS_SIGN_OMIT_TOKEN);
    by.flags = 0;
    expect_presigned_as(b, &by);
    expect_success(tpmc_aws_hmac_sign_request(b->hmac, "x", NULL, request, 0, b->aws.err),
                   b->aws.err);
    assert_string_equal(header(request, "X-Amz-Security-Token"), AWS_GIVEN_TOKEN);
    assert_non_null(strstr(header(request, "Authorization"), ";x-amz-security-token;"));
    /* The key was used for the credentials alone, and they are cached. */
    assert_int_equal(atomic_load(&b->macs), 1);
    assert_int_equal(atomic_load(&b->aws.requests), 1);
    tpmc_http_request_free(request);
    hmac_bench_free(b);
}

static void a_federated_user_signs_too(void **state)
{
    hmac_bench *b = hmac_bench_new();
    hmac_signature by = {
        AWS_GIVEN_ID, AWS_GIVEN_SECRET, AWS_GIVEN_TOKEN, "x", "eu-central-1", FAKE_WALL_MS, 0
    };

    (void)state;
    hmac_set(b, "federation_name", "bob");
    expect_signed_as(b, &by, NULL, 0);
    hmac_bench_free(b);
}

static void without_a_role_the_request_is_left(void **state)
{
    static const aws_answer denied = { 0, 403, 0, "{\"code\":\"AccessDenied\"}" };
    hmac_bench *b = hmac_bench_new();
    tpmc_http_request *request = new_request();

    (void)state;
    hmac_set(b, "assume_role_arn", AWS_ROLE);
    aws_answer_with(&b->aws, &denied, 1);
    aws_expect_failure(&b->aws,
                       tpmc_aws_hmac_sign_request(b->hmac, "x", NULL, request, 0, b->aws.err),
                       TPMC_ERR_DENIED, "AccessDenied");
    expect_unchanged(request);
    tpmc_http_request_free(request);
    hmac_bench_free(b);
}

/* With the option, the TPM is asked once for each day, region and service. */
static void signing_keys_are_kept_on_demand(void **state)
{
    hmac_bench *b = hmac_bench_new();
    hmac_signature by = by_key("x", "eu-central-1", 0);

    (void)state;
    hmac_set(b, "cache_signing_key", "1");
    expect_signed_as(b, &by, NULL, 0);
    expect_signed_as(b, &by, NULL, 0);
    assert_int_equal(atomic_load(&b->macs), 1);
    by.service = "y";
    expect_signed_as(b, &by, NULL, 0);
    by.region = "r2";
    expect_signed_as(b, &by, "r2", 0);
    assert_int_equal(atomic_load(&b->macs), 3);
    fake_env_pass(&b->aws.fake, 9 * AWS_HOUR_MS);
    by.time_ms += 9 * AWS_HOUR_MS;
    expect_signed_as(b, &by, "r2", 0);
    expect_signed_as(b, &by, "r2", 0);
    assert_int_equal(atomic_load(&b->macs), 4);
    assert_string_equal(b->message, "20250616");
    hmac_bench_free(b);
}

static int never_made(void *user, const char *algorithm, const uint8_t *data, size_t len,
                      uint8_t *out, size_t capacity, size_t *out_len)
{
    (void)user;
    (void)algorithm;
    (void)data;
    (void)len;
    (void)out;
    (void)capacity;
    (void)out_len;
    check(0);
    return 0;
}

static void a_key_that_is_no_hmac_key_is_refused(void **state)
{
    hmac_bench *b = hmac_bench_bare();
    EVP_PKEY *ec = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
    tpmc_http_request *request = new_request();
    unsigned char *spki = NULL;
    int len = i2d_PUBKEY(ec, &spki);

    (void)state;
    tpmc_key_free(b->key);
    assert_int_equal(
        tpmc_key_new_callback(b->aws.env, spki, (size_t)len, never_made, NULL, NULL, &b->key, NULL),
        0);
    hmac_renew(b);
    hmac_set(b, "aws_access_key_id", AWS_KEY_ID);
    aws_expect_failure(&b->aws,
                       tpmc_aws_hmac_sign_request(b->hmac, "x", "r", request, 0, b->aws.err),
                       TPMC_ERR_UNSUPPORTED, "an access key of AWS is an HMAC key for SHA-256");
    expect_unchanged(request);
    hmac_refuse(b, TPMC_ERR_UNSUPPORTED, "an access key of AWS is an HMAC key for SHA-256");
    assert_int_equal(atomic_load(&b->aws.requests), 0);
    OPENSSL_free(spki);
    EVP_PKEY_free(ec);
    tpmc_http_request_free(request);
    hmac_bench_free(b);
}

static int sign_and_presign(void *context)
{
    hmac_bench *b = context;
    tpmc_http_request *request;
    tpmc_bytes *url = NULL;
    size_t left = fail_countdown;
    int status;

    fail_countdown = 0;
    request = new_request();
    fail_countdown = left;
    status = tpmc_aws_hmac_presign(b->hmac, "s3", NULL, request, 60, &url, b->aws.err);
    assert_true((status == 0) == (url != NULL));
    if (status == 0)
        status = tpmc_aws_hmac_sign_request(b->hmac, "s3", NULL, request, 0, b->aws.err);
    if (status != 0)
        expect_unchanged(request);
    assert_int_equal(tpmc_error_code(b->aws.err), status);
    tpmc_bytes_free(url);
    tpmc_http_request_free(request);
    return status;
}

static void survives_every_failing_allocation(void **state)
{
    hmac_bench *b = hmac_bench_new();

    (void)state;
    assert_in_range(each_allocation(sign_and_presign, b, TPMC_ERR_NOMEM), 10, 1000);
    hmac_bench_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(flags_and_services_say_how),
        cmocka_unit_test(the_region_is_the_callers_or_the_options),
        cmocka_unit_test(bad_arguments_are_refused),
        cmocka_unit_test(refusals_come_before_everything_else),
        cmocka_unit_test(a_clock_that_was_never_set_is_refused),
        cmocka_unit_test(a_hash_of_the_body_stands_in_the_url_for_s3),
        cmocka_unit_test(an_unsigned_body_goes_by_https_only),
        cmocka_unit_test(a_failing_key_leaves_the_request),
        cmocka_unit_test(urls_are_presigned),
        cmocka_unit_test(a_role_signs_with_its_token),
        cmocka_unit_test(a_federated_user_signs_too),
        cmocka_unit_test(without_a_role_the_request_is_left),
        cmocka_unit_test(signing_keys_are_kept_on_demand),
        cmocka_unit_test(a_key_that_is_no_hmac_key_is_refused),
        cmocka_unit_test(survives_every_failing_allocation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
