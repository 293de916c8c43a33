/* SPDX-License-Identifier: Apache-2.0 */
#include <openssl/ec.h>
#include <openssl/rsa.h>

#include "unit/anywhere_bench.h"

#define RSA_NAME TPMC__SIGV4_X509_RSA
#define EC_NAME TPMC__SIGV4_X509_ECDSA
#define URL "https://rolesanywhere.eu-central-1.amazonaws.com/sessions"
/* 20 octets, and the same in decimal */
#define LONG_SERIAL "7fffffffffffffffffffffffffffffffffffffff"
#define LONG_SERIAL_TEXT "730750818665451459101842416358141509827966271487"

static EVP_PKEY *rsa;
static EVP_PKEY *ec;
static EVP_PKEY *ec384;

/* With a certificate file of the key, issued by the other kind of key. */
static anywhere_bench *new_bench(EVP_PKEY *pkey)
{
    anywhere_bench *b = anywhere_bench_bare(pkey);
    made_wish w = anywhere_wish(pkey, pkey == rsa ? ec : rsa, LONG_SERIAL);

    anywhere_write(b->path, &w);
    anywhere_set_arns(b);
    anywhere_set(b, "public_certificate_file", b->path);
    return b;
}

static void expect_certificate_header(anywhere_bench *b)
{
    char value[8192];
    unsigned char der[4096];
    const unsigned char *at = der;
    X509 *certificate;
    int len;

    assert_non_null(aws_field(&b->aws, "X-Amz-X509", value));
    len = EVP_DecodeBlock(der, (const unsigned char *)value, (int)strlen(value));
    assert_true(len > 0);
    certificate = d2i_X509(NULL, &at, len);
    assert_non_null(certificate);
    assert_int_equal(EVP_PKEY_eq(X509_get0_pubkey(certificate), b->pkey), 1);
    X509_free(certificate);
}

static void a_request_is_exactly_this(void **state)
{
    anywhere_bench *b = new_bench(rsa);
    tpmc_aws_credentials *credentials = anywhere_get(b);
    char value[8192];

    (void)state;
    assert_string_equal(tpmc_aws_credentials_access_key_id(credentials), AWS_GIVEN_ID);
    assert_string_equal(tpmc_aws_credentials_secret_access_key(credentials), AWS_GIVEN_SECRET);
    assert_string_equal(tpmc_aws_credentials_session_token(credentials), AWS_GIVEN_TOKEN);
    assert_string_equal(tpmc_aws_credentials_assumed_role_arn(credentials), AWS_SESSION);
    assert_int_equal(tpmc_aws_credentials_expires_at_ms(credentials), MADE_NOW_MS + AWS_HOUR_MS);
    anywhere_expect_counts(b, 1, 1);
    assert_string_equal(b->aws.method, "POST");
    assert_string_equal(b->aws.url, URL ARNS_IN_URL);
    assert_string_equal(b->aws.body, "{\"durationSeconds\":3600}");
    assert_string_equal(aws_field(&b->aws, "Content-Type", value), "application/json");
    assert_null(aws_field(&b->aws, "X-Amz-X509-Chain", value));
    expect_certificate_header(b);
    assert_non_null(
        strstr(b->aws.authorization, " SignedHeaders=content-type;host;x-amz-date;x-amz-x509, "));
    assert_string_equal(b->algorithm, "RS256");
    anywhere_expect_signed(b, RSA_NAME, LONG_SERIAL_TEXT, MADE_NOW_MS);
    tpmc_aws_credentials_free(credentials);
    anywhere_bench_free(b);
}

/* The key says which algorithm, not the one that signed the certificate. */
static void the_algorithm_is_the_keys(void **state)
{
    EVP_PKEY *keys[] = { ec, ec384 };
    anywhere_bench *b;

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        b = new_bench(keys[i]);
        anywhere_get_and_drop(b);
        assert_string_equal(b->algorithm, "ECDSA-SHA256");
        anywhere_expect_signed(b, EC_NAME, LONG_SERIAL_TEXT, MADE_NOW_MS);
        expect_certificate_header(b);
        anywhere_bench_free(b);
    }
}

static void the_arns_may_stand_in_the_body(void **state)
{
    anywhere_bench *b = new_bench(ec);

    (void)state;
    anywhere_set(b, "arns_in", "body");
    anywhere_set(b, "session_name", "a_+=,.@-");
    anywhere_set(b, "duration_seconds", "900");
    anywhere_get_and_drop(b);
    assert_string_equal(b->aws.url, URL);
    assert_string_equal(b->aws.body,
                        "{\"durationSeconds\":900,\"profileArn\":\"" PROFILE_ARN
                        "\",\"roleArn\":\"" AWS_ROLE "\",\"trustAnchorArn\":\"" ANCHOR_ARN
                        "\",\"roleSessionName\":\"a_+=,.@-\"}");
    anywhere_expect_signed(b, EC_NAME, LONG_SERIAL_TEXT, MADE_NOW_MS);
    anywhere_bench_free(b);
}

static void a_chain_is_sent_and_signed(void **state)
{
    anywhere_bench *b = new_bench(rsa);
    made_wish ca = { .key = ec, .subject = "ca", .issuer = "root", .issuer_key = rsa, .is_ca = 1 };
    char value[8192];

    (void)state;
    anywhere_write(b->chain_path, &ca);
    anywhere_set(b, "certificate_chain_file", b->chain_path);
    anywhere_get_and_drop(b);
    assert_non_null(aws_field(&b->aws, "X-Amz-X509-Chain", value));
    assert_null(strchr(value, ','));
    assert_non_null(strstr(b->aws.authorization, ";x-amz-x509;x-amz-x509-chain, "));
    anywhere_expect_signed(b, RSA_NAME, LONG_SERIAL_TEXT, MADE_NOW_MS);
    anywhere_bench_free(b);
}

static void a_certificate_must_fit_before_anything_is_signed(void **state)
{
    anywhere_bench *b = new_bench(rsa);
    made_wish w = anywhere_wish(ec, rsa, "1");

    (void)state;
    anywhere_write(b->path, &w);
    anywhere_refuse(b, TPMC_ERR_MISMATCH, "the certificate is about another key");
    w = anywhere_wish(rsa, ec, "1");
    w.not_after = "20270115075959Z";
    anywhere_write(b->path, &w);
    anywhere_refuse(b, TPMC_ERR_CLOCK, "the certificate has expired");
    w.not_after = NULL;
    w.not_before = "20270115080001Z";
    anywhere_write(b->path, &w);
    anywhere_refuse(b, TPMC_ERR_CLOCK, "the certificate is not valid before");
    w.not_before = NULL;
    w.is_ca = 1;
    anywhere_write(b->path, &w);
    anywhere_refuse(b, TPMC_ERR_UNSUPPORTED, "certificate authority");
    (void)unlink(b->path);
    anywhere_refuse(b, TPMC_ERR_IO, b->path);
    anywhere_expect_counts(b, 0, 0);
    w.is_ca = 0;
    anywhere_write(b->path, &w);
    anywhere_get_and_drop(b);
    anywhere_expect_signed(b, RSA_NAME, "1", MADE_NOW_MS);
    anywhere_bench_free(b);
}

static void a_changed_file_is_read_again(void **state)
{
    anywhere_bench *b = new_bench(ec);
    made_wish w = anywhere_wish(ec, rsa, "02");

    (void)state;
    anywhere_get_and_drop(b);
    anywhere_write(b->path, &w);
    anywhere_get_and_drop(b);
    anywhere_expect_counts(b, 1, 1);
    fake_env_pass(&b->aws.fake, AWS_HOUR_MS);
    anywhere_get_and_drop(b);
    anywhere_expect_counts(b, 2, 2);
    anywhere_expect_signed(b, EC_NAME, "2", MADE_NOW_MS + AWS_HOUR_MS);
    anywhere_bench_free(b);
}

static void set_bytes(anywhere_bench *b, const void *bytes, size_t len, int code, const char *words)
{
    int status = tpmc_aws_rolesanywhere_set_certificate(b->anywhere, bytes, len, b->aws.err);

    if (code == 0)
        expect_success(status, b->aws.err);
    else
        aws_expect_failure(&b->aws, status, code, words);
}

static void the_certificate_may_be_bytes(void **state)
{
    static const uint8_t large[65537];
    anywhere_bench *b = anywhere_bench_bare(rsa);
    made_wish w = anywhere_wish(rsa, ec, "0");
    tpmc__buf der;

    (void)state;
    tpmc__buf_init(&der, 8192);
    w.serial_hex = "ff";
    made_der(&w, &der);
    anywhere_set_arns(b);
    anywhere_refuse(b, TPMC_ERR_ARGUMENT, "option 'public_certificate_file' is missing");
    set_bytes(b, "", 0, TPMC_ERR_ARGUMENT, "the certificate is not 1 to 65536 bytes");
    set_bytes(b, NULL, 1, TPMC_ERR_ARGUMENT, "the certificate is not 1 to 65536 bytes");
    set_bytes(b, large, 65537, TPMC_ERR_ARGUMENT, "the certificate is not 1 to 65536 bytes");
    set_bytes(b, large, 65536, 0, NULL);
    set_bytes(b, NULL, 0, 0, NULL);
    anywhere_refuse(b, TPMC_ERR_ARGUMENT, "option 'public_certificate_file' is missing");
    set_bytes(b, der.data, der.len, 0, NULL);
    /* A refused one changes nothing. */
    set_bytes(b, large, 65537, TPMC_ERR_ARGUMENT, "bytes");
    anywhere_set(b, "public_certificate_file", "x");
    anywhere_refuse(b, TPMC_ERR_ARGUMENT,
                    "option 'public_certificate_file' and the bytes of a certificate exclude");
    anywhere_set(b, "public_certificate_file", NULL);
    anywhere_get_and_drop(b);
    anywhere_expect_signed(b, RSA_NAME, "255", MADE_NOW_MS);
    set_bytes(b, der.data, der.len, TPMC_ERR_STATE, "");
    tpmc__buf_free(&der);
    anywhere_bench_free(b);
}

static void a_wrong_clock_costs_one_more_signature(void **state)
{
    static const aws_answer answers[] = {
        { 0, 403, 1,
          "{\"__type\":\"AccessDeniedException\",\"message\":\"Signature expired: 1 is "
          "now earlier than 2\"}" },
        { 0, 200, 0, NULL }
    };
    anywhere_bench *b = new_bench(ec);
    tpmc_aws_credentials *credentials;

    (void)state;
    b->aws.server_ahead_ms = 9 * AWS_HOUR_MS;
    aws_answer_with(&b->aws, answers, 2);
    credentials = anywhere_get(b);
    anywhere_expect_counts(b, 2, 2);
    anywhere_expect_signed(b, EC_NAME, LONG_SERIAL_TEXT, MADE_NOW_MS + 9 * AWS_HOUR_MS);
    assert_int_equal(tpmc_aws_credentials_expires_at_ms(credentials),
                     MADE_NOW_MS + 10 * AWS_HOUR_MS);
    tpmc_aws_credentials_free(credentials);
    fake_env_pass(&b->aws.fake, AWS_HOUR_MS - 301 * 1000);
    anywhere_get_and_drop(b);
    anywhere_expect_counts(b, 2, 2);
    fake_env_pass(&b->aws.fake, 1000);
    anywhere_get_and_drop(b);
    anywhere_expect_counts(b, 3, 3);
    anywhere_expect_signed(b, EC_NAME, LONG_SERIAL_TEXT,
                           MADE_NOW_MS + 10 * AWS_HOUR_MS - 300 * 1000);
    /* The certificate is judged by the corrected clock: by ours it has 13 hours left, by the
     * server's 4. */
    fake_env_pass(&b->aws.fake, 15 * AWS_HOUR_MS);
    anywhere_refuse(b, TPMC_ERR_CLOCK, "the certificate has expired");
    anywhere_expect_counts(b, 3, 3);
    anywhere_bench_free(b);
}

static void each_attempt_is_signed_anew(void **state)
{
    static const aws_answer answers[] = { { 0, 503, 0, "" },
                                          { TPMC_ERR_NETWORK, 0, 0, NULL },
                                          { 0, 201, 0, NULL } };
    anywhere_bench *b = new_bench(rsa);

    (void)state;
    aws_answer_with(&b->aws, answers, 3);
    atomic_store(&b->aws.fake.random_byte, 0xff);
    fake_env_pass(&b->aws.fake, 950);
    anywhere_get_and_drop(b);
    anywhere_expect_counts(b, 3, 3);
    anywhere_expect_signed(b, RSA_NAME, LONG_SERIAL_TEXT, MADE_NOW_MS + 1250);
    anywhere_bench_free(b);
}

static void answers_that_help_nobody_are_told(void **state)
{
    static const aws_answer answers[] = {
        { 0, 201, 0, "{\"credentialSet\":[]}" },
        { 0, 403, 0, "{\"message\":\"Untrusted certificate. Insufficient certificate\"}" },
    };
    anywhere_bench *b = new_bench(rsa);

    (void)state;
    aws_answer_with(&b->aws, &answers[0], 1);
    anywhere_refuse(b, TPMC_ERR_PROTOCOL, "Roles Anywhere sent an unusable answer");
    aws_answer_with(&b->aws, &answers[1], 1);
    anywhere_refuse(b, TPMC_ERR_DENIED, "Roles Anywhere answered with HTTP status 403: Untrusted");
    assert_int_equal(tpmc_error_http_status(b->aws.err), 403);
    b->sign_status = TPMC_ERR_LOCKOUT;
    anywhere_refuse(b, TPMC_ERR_LOCKOUT, "");
    anywhere_expect_counts(b, 1, 3);
    anywhere_bench_free(b);
    b = new_bench(rsa);
    anywhere_set(b, "role_arn", "arn:aws:iam::123456789012:role/y");
    anywhere_refuse(b, TPMC_ERR_PROTOCOL,
                    "the answer is for another role than the one asked for, y");
    anywhere_bench_free(b);
}

static void a_failing_renewal_leaves_what_is_valid(void **state)
{
    static const aws_answer denied = { 0, 403, 0, "{\"message\":\"no\"}" };
    anywhere_bench *b = new_bench(ec);
    tpmc_aws_credentials *credentials;

    (void)state;
    anywhere_get_and_drop(b);
    aws_answer_with(&b->aws, &denied, 1);
    fake_env_pass(&b->aws.fake, AWS_HOUR_MS - 200 * 1000);
    credentials = anywhere_get(b);
    assert_int_equal(tpmc_aws_credentials_expires_at_ms(credentials), MADE_NOW_MS + AWS_HOUR_MS);
    tpmc_aws_credentials_free(credentials);
    anywhere_expect_counts(b, 1, 2);
    assert_int_equal(atomic_load(&b->aws.fake.logged), 1);
    fake_env_pass(&b->aws.fake, 200 * 1000);
    anywhere_refuse(b, TPMC_ERR_DENIED, "no");
    anywhere_bench_free(b);
}

static void a_refusal_leaves_the_object_settable(void **state)
{
    anywhere_bench *b = anywhere_bench_bare(rsa);
    made_wish w = anywhere_wish(rsa, ec, "1");

    (void)state;
    anywhere_write(b->path, &w);
    anywhere_refuse(b, TPMC_ERR_ARGUMENT, "option 'public_certificate_file' is missing");
    anywhere_set(b, "public-certificate-file", b->path);
    anywhere_refuse(b, TPMC_ERR_ARGUMENT, "option 'trust_anchor_arn' is missing");
    anywhere_set_arns(b);
    anywhere_set(b, "region", "eu-west-1");
    anywhere_refuse(b, TPMC_ERR_ARGUMENT, "option 'region' is eu-west-1");
    anywhere_set(b, "region", "eu-central-1");
    anywhere_expect_counts(b, 0, 0);
    /* It is taken from settings of another identity. */
    anywhere_set(b, "access_key", "ASIAIOSFODNN7EXAMPLE");
    anywhere_get_and_drop(b);
    aws_expect_failure(&b->aws, tpmc_aws_rolesanywhere_set(b->anywhere, "region", NULL, b->aws.err),
                       TPMC_ERR_STATE, "");
    anywhere_bench_free(b);
}

static int setup(void **state)
{
    (void)state;
    rsa = EVP_RSA_gen(2048);
    ec = EVP_EC_gen("P-256");
    ec384 = EVP_EC_gen("P-384");
    return rsa == NULL || ec == NULL || ec384 == NULL;
}

static int teardown(void **state)
{
    (void)state;
    EVP_PKEY_free(rsa);
    EVP_PKEY_free(ec);
    EVP_PKEY_free(ec384);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_is_exactly_this),
        cmocka_unit_test(the_algorithm_is_the_keys),
        cmocka_unit_test(the_arns_may_stand_in_the_body),
        cmocka_unit_test(a_chain_is_sent_and_signed),
        cmocka_unit_test(a_certificate_must_fit_before_anything_is_signed),
        cmocka_unit_test(a_changed_file_is_read_again),
        cmocka_unit_test(the_certificate_may_be_bytes),
        cmocka_unit_test(a_wrong_clock_costs_one_more_signature),
        cmocka_unit_test(each_attempt_is_signed_anew),
        cmocka_unit_test(answers_that_help_nobody_are_told),
        cmocka_unit_test(a_failing_renewal_leaves_what_is_valid),
        cmocka_unit_test(a_refusal_leaves_the_object_settable),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
