/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/hmac_bench.h"

#define SERIAL "GAHT12345678"
#define CODE_FIELD "&SerialNumber=" SERIAL "&TokenCode=" AWS_MFA_CODE "&"
#define DOWN                                                                                       \
    {                                                                                              \
        0, 503, 0, ""                                                                              \
    }
#define FINE                                                                                       \
    {                                                                                              \
        0, 200, 0, NULL                                                                            \
    }
#define SKEWED                                                                                     \
    {                                                                                              \
        0, 403, 1, "<ErrorResponse><Error><Code>RequestExpired</Code></Error></ErrorResponse>"     \
    }

/* A device, and how it may misbehave. */
typedef struct device {
    int asked;
    int released;
    int status;
    char code[8]; /* all bytes that are written */
    size_t len;
} device;

static int show_code(void *user, char *code, size_t capacity)
{
    device *self = user;

    check(capacity == 7);
    self->asked++;
    memcpy(code, self->code, self->len < capacity ? self->len : capacity);
    return self->status;
}

static void release_device(void *user)
{
    ((device *)user)->released++;
}

static hmac_bench *new_bench(device *d)
{
    hmac_bench *b = hmac_bench_new();

    memset(d, 0, sizeof(*d));
    memcpy(d->code, AWS_MFA_CODE, 7);
    d->len = 7;
    hmac_set(b, "mfa_serial", SERIAL);
    expect_success(
        tpmc_aws_hmac_set_mfa_callback(b->hmac, show_code, d, release_device, b->aws.err),
        b->aws.err);
    return b;
}

static void a_code_of_the_options_is_sent_once(void **state)
{
    hmac_bench *b = hmac_bench_new();

    (void)state;
    hmac_set(b, "mfa_serial", SERIAL);
    hmac_set(b, "mfa_code", AWS_MFA_CODE);
    hmac_get_and_drop(b);
    assert_string_equal(b->aws.body, "Action=GetSessionToken&DurationSeconds=3600" CODE_FIELD
                                     "Version=2011-06-15");
    hmac_get_and_drop(b);
    assert_int_equal(atomic_load(&b->aws.requests), 1);
    fake_env_pass(&b->aws.fake, AWS_HOUR_MS);
    hmac_refuse(b, TPMC_ERR_STATE,
                "the code in option 'mfa_code' has been used: STS takes each one once");
    assert_int_equal(atomic_load(&b->aws.requests), 1);
    assert_int_equal(atomic_load(&b->macs), 1);
    hmac_bench_free(b);
}

/* Nobody knows whether STS has seen it. */
static void a_failed_request_uses_the_code_up_too(void **state)
{
    static const aws_answer lost = { TPMC_ERR_NETWORK, 0, 0, NULL };
    hmac_bench *b = hmac_bench_new();

    (void)state;
    hmac_set(b, "mfa_serial", SERIAL);
    hmac_set(b, "mfa_code", AWS_MFA_CODE);
    aws_answer_with(&b->aws, &lost, 1);
    hmac_refuse(b, TPMC_ERR_NETWORK, "");
    assert_int_equal(atomic_load(&b->aws.requests), 1);
    hmac_refuse(b, TPMC_ERR_STATE, "has been used");
    assert_int_equal(atomic_load(&b->aws.requests), 1);
    hmac_bench_free(b);
}

static void a_device_is_asked_for_each_refresh(void **state)
{
    device d;
    hmac_bench *b = new_bench(&d);

    (void)state;
    hmac_set(b, "assume_role_arn", AWS_ROLE);
    hmac_get_and_drop(b);
    hmac_get_and_drop(b);
    assert_int_equal(d.asked, 1);
    assert_non_null(strstr(b->aws.body, CODE_FIELD));
    memcpy(d.code, "000001", 7);
    fake_env_pass(&b->aws.fake, AWS_HOUR_MS);
    hmac_get_and_drop(b);
    assert_int_equal(d.asked, 2);
    assert_non_null(strstr(b->aws.body, "&TokenCode=000001&"));
    assert_int_equal(d.released, 0);
    hmac_bench_free(b);
    assert_int_equal(d.released, 1);
}

static void a_code_of_the_options_comes_first(void **state)
{
    device d;
    hmac_bench *b = new_bench(&d);

    (void)state;
    hmac_set(b, "mfa_code", AWS_MFA_CODE);
    hmac_get_and_drop(b);
    assert_int_equal(d.asked, 0);
    assert_non_null(strstr(b->aws.body, CODE_FIELD));
    hmac_bench_free(b);
}

static void without_a_serial_number_nobody_is_asked(void **state)
{
    device d;
    hmac_bench *b = new_bench(&d);

    (void)state;
    hmac_set(b, "mfa_serial", NULL);
    hmac_get_and_drop(b);
    assert_int_equal(d.asked, 0);
    assert_null(strstr(b->aws.body, "TokenCode"));
    hmac_bench_free(b);
}

typedef struct wrong {
    const char code[9];
    size_t len;
    int status;
    int expected;
    const char *words;
} wrong;

static void wrong_codes_are_refused(void **state)
{
    static const wrong samples[] = {
        { "918273", 7, TPMC_ERR_CANCELLED, TPMC_ERR_CANCELLED,
          "the callback for the code of the MFA device failed" },
        { "918273", 7, 1, TPMC_ERR_IO, "the callback for the code of the MFA device failed" },
        { "918273", 7, -4711, TPMC_ERR_IO, "failed" },
        { "", 0, 0, TPMC_ERR_ARGUMENT, "is not 6 digits" },
        { "91827", 6, 0, TPMC_ERR_ARGUMENT, "is not 6 digits" },
        { "9182733", 7, 0, TPMC_ERR_ARGUMENT, "is not 6 digits" },
        { "91827a", 7, 0, TPMC_ERR_ARGUMENT, "is not 6 digits" },
        { "91827 ", 7, 0, TPMC_ERR_ARGUMENT, "is not 6 digits" },
        { "-18273", 7, 0, TPMC_ERR_ARGUMENT, "is not 6 digits" },
    };
    device d;
    hmac_bench *b;

    (void)state;
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        b = new_bench(&d);
        memcpy(d.code, samples[i].code, samples[i].len);
        d.len = samples[i].len;
        d.status = samples[i].status;
        hmac_refuse(b, samples[i].expected, samples[i].words);
        assert_int_equal(atomic_load(&b->aws.requests), 0);
        assert_int_equal(atomic_load(&b->macs), 0);
        hmac_bench_free(b);
    }
}

static void a_request_with_a_code_is_not_repeated(void **state)
{
    static const aws_answer lost = { TPMC_ERR_NETWORK, 0, 0, NULL };
    static const aws_answer down = DOWN;
    device d;
    hmac_bench *b = new_bench(&d);

    (void)state;
    aws_answer_with(&b->aws, &lost, 1);
    hmac_refuse(b, TPMC_ERR_NETWORK, "");
    assert_int_equal(atomic_load(&b->aws.requests), 1);
    aws_answer_with(&b->aws, &down, 1);
    hmac_refuse(b, TPMC_ERR_PROTOCOL, "503");
    assert_int_equal(atomic_load(&b->aws.requests), 1);
    assert_int_equal(d.asked, 2);
    hmac_bench_free(b);
}

/* STS looked at the clock first, and has not taken the code. */
static void a_wrong_clock_is_corrected_with_the_same_code(void **state)
{
    static const aws_answer answers[] = { SKEWED, FINE };
    device d;
    hmac_bench *b = new_bench(&d);

    (void)state;
    b->aws.server_ahead_ms = AWS_HOUR_MS;
    aws_answer_with(&b->aws, answers, 2);
    hmac_get_and_drop(b);
    assert_int_equal(atomic_load(&b->aws.requests), 2);
    assert_int_equal(d.asked, 1);
    assert_non_null(strstr(b->aws.body, CODE_FIELD));
    hmac_bench_free(b);
}

static void a_callback_is_replaced_and_released(void **state)
{
    device d;
    device second = { .code = "000002", .len = 7 };
    hmac_bench *b = new_bench(&d);

    (void)state;
    expect_success(
        tpmc_aws_hmac_set_mfa_callback(b->hmac, show_code, &second, release_device, b->aws.err),
        b->aws.err);
    assert_int_equal(d.released, 1);
    aws_expect_failure(
        &b->aws, tpmc_aws_hmac_set_mfa_callback(b->hmac, NULL, &d, release_device, b->aws.err),
        TPMC_ERR_ARGUMENT, "a release function without a callback would never be called");
    assert_int_equal(second.released, 0);
    hmac_get_and_drop(b);
    assert_int_equal(second.asked, 1);
    assert_int_equal(d.asked, 0);
    hmac_renew(b);
    assert_int_equal(second.released, 1);
    assert_int_equal(d.released, 1);
    hmac_set(b, "aws_access_key_id", AWS_KEY_ID);
    hmac_set(b, "mfa_serial", SERIAL);
    expect_success(tpmc_aws_hmac_set_mfa_callback(b->hmac, show_code, &d, NULL, b->aws.err),
                   b->aws.err);
    expect_success(tpmc_aws_hmac_set_mfa_callback(b->hmac, NULL, NULL, NULL, b->aws.err),
                   b->aws.err);
    hmac_refuse(b, TPMC_ERR_ARGUMENT, "option 'mfa_serial' needs option 'mfa_code'");
    aws_expect_failure(&b->aws,
                       tpmc_aws_hmac_set_mfa_callback(NULL, show_code, &d, NULL, b->aws.err),
                       TPMC_ERR_ARGUMENT, "hmac is NULL");
    hmac_bench_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_code_of_the_options_is_sent_once),
        cmocka_unit_test(a_failed_request_uses_the_code_up_too),
        cmocka_unit_test(a_device_is_asked_for_each_refresh),
        cmocka_unit_test(a_code_of_the_options_comes_first),
        cmocka_unit_test(without_a_serial_number_nobody_is_asked),
        cmocka_unit_test(wrong_codes_are_refused),
        cmocka_unit_test(a_request_with_a_code_is_not_repeated),
        cmocka_unit_test(a_wrong_clock_is_corrected_with_the_same_code),
        cmocka_unit_test(a_callback_is_replaced_and_released),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
