/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "proto/aws_reply.h"
#include "unit/aws_response.h"
#include "unit/each_allocation.h"

#define ID "ASIAIOSFODNN7EXAMPLE"
#define ARN "arn:aws:sts::123456789012:assumed-role/name/session"
#define EXPIRES 1790000000000 /* 2026-09-21T14:13:20Z */

#define JSON_PARTS(expiration)                                                                     \
    "\"AccessKeyId\":\"" ID                                                                        \
    "\",\"SecretAccessKey\":\"s3cret/+=\",\"SessionToken\":\"t0ken//+==\","                        \
    "\"Expiration\":" expiration
#define JSON_SMALL                                                                                 \
    "\"accessKeyId\":\"" ID                                                                        \
    "\",\"secretAccessKey\":\"s3cret/+=\",\"sessionToken\":\"t0ken//+==\","                        \
    "\"expiration\":\"2026-09-21T14:13:20Z\""
#define XML_PARTS                                                                                  \
    "<Credentials><AccessKeyId>" ID "</AccessKeyId><SecretAccessKey>s3cret/+=</SecretAccessKey>"   \
    "<SessionToken>\n  t0ken//+==\n</SessionToken><Expiration>2026-09-21T14:13:20Z</Expiration>"   \
    "</Credentials>"
#define USER                                                                                       \
    "<AssumedRoleUser><AssumedRoleId>AROA:session</AssumedRoleId><Arn>" ARN                        \
    "</Arn></AssumedRoleUser>"

static const char *const with_user[] = {
    "<AssumeRoleResponse "
    "xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><AssumeRoleResult>" USER XML_PARTS
    "</AssumeRoleResult><ResponseMetadata><RequestId>x</RequestId></ResponseMetadata>"
    "</AssumeRoleResponse>",
    "<?xml version=\"1.0\"?>\n<s:R "
    "xmlns:s='u'><s:Credentials><s:Expiration>1790000000</s:Expiration>"
    "<s:SessionToken><![CDATA[t0ken//+==]]></s:SessionToken><s:AccessKeyId>ASIAIOSFODNN&#55;EXAMPLE"
    "</s:AccessKeyId><s:SecretAccessKey>s3cret&#x2f;+=</s:SecretAccessKey></s:Credentials>"
    "<s:AssumedRoleUser><s:Arn>" ARN "</s:Arn><s:AssumedRoleId>AROA:session</s:AssumedRoleId>"
    "</s:AssumedRoleUser></s:R>",
    "{\"AssumeRoleResponse\":{\"AssumeRoleResult\":{\"AssumedRoleUser\":{\"Arn\":\"" ARN
    "\",\"AssumedRoleId\":\"AROA:session\"},\"Credentials\":{" JSON_PARTS(
        "1.79E9") "},"
                  "\"PackedPolicySize\":null},\"ResponseMetadata\":{\"RequestId\":\"x\"}}}",
    "{\"Credentials\":{" JSON_PARTS("\"1790000000\"") "},\"FederatedUser\":{\"Arn\":\"" ARN
                                                      "\",\"FederatedUserId\":\"AROA:session\"}}",
    " {\"credentialSet\":[{\"credentials\":{" JSON_SMALL "},\"assumedRoleUser\":{\"arn\":\"" ARN
    "\",\"assumedRoleId\":\"AROA:session\"},\"packedPolicySize\":10,\"roleArn\":\"r\","
    "\"sourceIdentity\":\"s\"}],\"subjectArn\":\"x\"}",
};

static void check_credentials(const tpmc_aws_credentials *c)
{
    assert_string_equal(tpmc_aws_credentials_access_key_id(c), ID);
    assert_string_equal(tpmc_aws_credentials_secret_access_key(c), "s3cret/+=");
    assert_string_equal(tpmc_aws_credentials_session_token(c), "t0ken//+==");
    assert_int_equal(tpmc_aws_credentials_expires_at_ms(c), EXPIRES);
}

static tpmc_aws_credentials *take(int http_status, const char *body)
{
    tpmc_http_response *response = new_answer(http_status, body);
    tpmc_aws_credentials *c = NULL;
    tpmc_error *err = NULL;
    int remedy = 77;

    assert_int_equal(tpmc_error_new(&err), 0);
    expect_success(tpmc__aws_reply_read(response, "STS", NULL, &c, &remedy, err), err);
    assert_int_equal(remedy, TPMC__AWS_GIVE_UP);
    tpmc_error_free(err);
    tpmc__http_response_free(response);
    return c;
}

static void takes_every_form(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(with_user) / sizeof(with_user[0]); i++) {
        tpmc_aws_credentials *c = take(i % 2 == 0 ? 200 : 201, with_user[i]);

        check_credentials(c);
        assert_string_equal(tpmc_aws_credentials_assumed_role_arn(c), ARN);
        assert_string_equal(tpmc_aws_credentials_account_id(c), "123456789012");
        assert_string_equal(tpmc_aws_credentials_user_id(c), "AROA:session");
        tpmc_aws_credentials_free(c);
    }
}

/* By what Roles Anywhere says of the role, and by whose session it is. */
static void the_role_must_be_the_one_asked_for(void **state)
{
    static const struct {
        const char *role;
        const char *user;
        int status;
    } samples[] = {
        { "", "", 0 },
        { ",\"roleArn\":\"arn:aws:iam::123456789012:role/a/x\"", "", 0 },
        { ",\"roleArn\":\"arn:aws:iam::123456789012:role/x\"", "", TPMC_ERR_PROTOCOL },
        { "", "arn:aws:sts::123456789012:assumed-role/x/s", 0 },
        { "", "arn:aws:sts::123456789012:assumed-role/y/s", TPMC_ERR_PROTOCOL },
    };
    tpmc__aws_arn role;

    assert_int_equal(tpmc__aws_arn_parse(TPMC__AWS_ROLE, "role_arn",
                                         "arn:aws:iam::123456789012:role/a/x", &role, *state),
                     0);
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        char body[1024];
        tpmc_http_response *response;
        tpmc_aws_credentials *c = NULL;
        int remedy = 77;
        int status;

        (void)snprintf(body, sizeof(body),
                       "{\"credentialSet\":[{\"credentials\":{" JSON_SMALL
                       "},\"assumedRoleUser\":{\"arn\":\"%s\"}%s}]}",
                       samples[i].user, samples[i].role);
        response = new_answer(201, body);
        status = tpmc__aws_reply_read(response, "Roles Anywhere", &role, &c, &remedy, *state);
        assert_int_equal(status, samples[i].status);
        assert_int_equal(c != NULL, status == 0);
        tpmc_aws_credentials_free(c);
        tpmc__http_response_free(response);
    }
}

static void the_user_may_be_missing(void **state)
{
    tpmc_aws_credentials *c = take(299, "<GetSessionTokenResponse><GetSessionTokenResult>" XML_PARTS
                                        "</GetSessionTokenResult></GetSessionTokenResponse>");

    (void)state;
    check_credentials(c);
    assert_null(tpmc_aws_credentials_assumed_role_arn(c));
    assert_null(tpmc_aws_credentials_user_id(c));
    tpmc_aws_credentials_free(c);
}

static void the_first_of_a_set_counts(void **state)
{
    tpmc_aws_credentials *c =
        take(201, "{\"credentialSet\":[{\"credentials\":{" JSON_SMALL "}},{\"credentials\":{}}]}");

    (void)state;
    check_credentials(c);
    tpmc_aws_credentials_free(c);
}

static const struct {
    const char *expiration;
    int64_t ms;
} times[] = {
    { "1790000000", EXPIRES },
    { "1.79E9", EXPIRES },
    { "1790000000.25", EXPIRES + 250 },
    { "\"1.79e+9\"", EXPIRES },
    { "\"2026-09-21T14:13:20.123456Z\"", EXPIRES + 123 },
    { "\"2026-09-21T16:13:20+02:00\"", EXPIRES },
    { "0.001", 1 },
    { "253402300799", 253402300799000 },
    { "0", 0 },
    { "-1", 0 },
    { "253402300800", 0 },
    { "1e999", 0 },
    { "true", 0 },
    { "null", 0 },
    { "\"\"", 0 },
    { "\"0\"", 0 },
    { "\"-5\"", 0 },
    { "\"+5\"", 0 },
    { "\"01790000000\"", 0 },
    { "\"1e999\"", 0 },
    { "\"-\"", 0 },
    { "\"never\"", 0 },
    { "\"2026-09-21\"", 0 },
    { "\"1969-12-31T23:59:59Z\"", 0 },
    { "\"NaN\"", 0 },
    { "[]", 0 },
    { "{}", 0 },
};

static int read_text(const char *text, tpmc_aws_credentials **out, tpmc_error *err)
{
    tpmc_http_response *response = new_answer(200, text);
    int remedy = 77;
    int status = tpmc__aws_reply_read(response, "STS", NULL, out, &remedy, err);

    assert_int_equal(remedy, TPMC__AWS_GIVE_UP);
    tpmc__http_response_free(response);
    return status;
}

static void takes_every_form_of_time(void **state)
{
    for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
        char text[512];
        tpmc_aws_credentials *c = NULL;
        int status = 0;

        (void)snprintf(text, sizeof(text), "{\"Credentials\":{" JSON_PARTS("%s") "}}",
                       times[i].expiration);
        status = read_text(text, &c, *state);
        if ((status == 0) != (times[i].ms != 0))
            fail_msg("%s", times[i].expiration);
        assert_int_equal(tpmc_aws_credentials_expires_at_ms(c), times[i].ms);
        if (status != 0)
            expect_failure(status, *state, TPMC_ERR_PROTOCOL, "no Expiration that is a time");
        tpmc_aws_credentials_free(c);
    }
}

static const struct {
    const char *body;
    const char *words;
} bads[] = {
    { "", "STS sent an unusable answer: the answer has no body" },
    { "<html><body>s3cret</body></html>", "the answer has no credentials" },
    { "s3cret", "neither JSON nor XML" },
    { "{}", "the answer has no credentials" },
    { "{\"credentialSet\":[]}", "an empty list of credentials" },
    { "{\"credentialSet\":null}", "an empty list of credentials" },
    { "{\"credentialSet\":{\"Credentials\":{" JSON_SMALL "}}}", "an empty list of credentials" },
    { "{\"credentialSet\":[{},{\"credentials\":{" JSON_SMALL "}}]}", "has no credentials" },
    { "{\"credentialSet\":[null]}", "has no credentials" },
    { "{\"Credentials\":null}", "no AccessKeyId, or an empty one" },
    { "{\"Credentials\":[]}", "no AccessKeyId" },
    { "{\"Credentials\":{\"AccessKeyId\":\"\"}}", "no AccessKeyId" },
    { "{\"Credentials\":{\"AccessKeyId\":null}}", "no AccessKeyId" },
    { "{\"Credentials\":{\"AccessKeyId\":5}}", "no AccessKeyId" },
    { "{\"Credentials\":{\"AccessKeyId\":\"" ID "\"}}", "no SecretAccessKey" },
    { "{\"Credentials\":{\"AccessKeyId\":\"" ID "\",\"SecretAccessKey\":\"s3cret\"}}",
      "no SessionToken" },
    { "{\"Credentials\":{\"AccessKeyId\":\"" ID
      "\",\"SecretAccessKey\":\"s3cret\",\"SessionToken\":\"s3cret\"}}",
      "no Expiration that is a time" },
    { "<a><Credentials/></a>", "no AccessKeyId" },
    { "<a><Credentials><AccessKeyId>" ID "</AccessKeyId><SecretAccessKey><b>s3cret</b>"
      "</SecretAccessKey></Credentials></a>",
      "no SecretAccessKey" },
    { "<a><Credentials><AccessKeyId>" ID "</AccessKeyId><SecretAccessKey>s3cret&#10;x"
      "</SecretAccessKey><SessionToken>x</SessionToken><Expiration>1790000000</Expiration>"
      "</Credentials></a>",
      "the secret access key that the service sent holds a character" },
    { "{\"Credentials\":{\"AccessKeyId\":\"" ID "\",\"SecretAccessKey\":\"x\",\"SessionToken\":"
      "\"s3cret\\r\\nSet-Cookie: x\",\"Expiration\":1790000000}}",
      "the session token that the service sent holds a character" },
    { "{\"Credentials\":{\"AccessKeyId\":\"s3cret\",\"SecretAccessKey\":\"x\",\"SessionToken\":"
      "\"x\",\"Expiration\":1790000000}}",
      "the access key id that the service sent does not have 16 to 128 characters" },
    { "<!DOCTYPE x [<!ENTITY a 's3cret'>]><a>&a;</a>", "document type declaration" },
    { "{\"Credentials\":{\"AccessKeyId\":\"s3cret", "the answer is not usable JSON" },
};

static void refuses_bad_answers(void **state)
{
    for (size_t i = 0; i < sizeof(bads) / sizeof(bads[0]); i++) {
        tpmc_aws_credentials *c = (tpmc_aws_credentials *)&c;

        expect_failure(read_text(bads[i].body, &c, *state), *state, TPMC_ERR_PROTOCOL,
                       bads[i].words);
        assert_null(c);
        assert_null(strstr(tpmc_error_text(*state), "s3cret"));
        assert_int_equal(tpmc_error_http_status(*state), 200);
    }
}

static void deep_nesting_is_refused(void **state)
{
    char text[1024] = "";
    tpmc_aws_credentials *c = NULL;

    for (int i = 0; i < 50; i++)
        strcat(text, "{\"a\":");
    expect_failure(read_text(text, &c, *state), *state, TPMC_ERR_PROTOCOL, "not usable JSON");
    text[0] = '\0';
    for (int i = 0; i < 50; i++)
        strcat(text, "<a>");
    expect_failure(read_text(text, &c, *state), *state, TPMC_ERR_PROTOCOL, "32 levels");
}

static void a_refusal_is_passed_on(void **state)
{
    static const int statuses[] = { 199, 300, 403, 500 };

    for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
        tpmc_http_response *response = new_answer(statuses[i], with_user[0]);
        tpmc_aws_credentials *c = (tpmc_aws_credentials *)&c;
        int remedy = 77;
        int status = tpmc__aws_reply_read(response, "STS", NULL, &c, &remedy, *state);

        expect_failure(status, *state, statuses[i] == 403 ? TPMC_ERR_DENIED : TPMC_ERR_PROTOCOL,
                       "STS answered with HTTP status");
        assert_null(c);
        assert_int_equal(remedy, statuses[i] == 500 ? TPMC__AWS_TRY_AGAIN : TPMC__AWS_GIVE_UP);
        assert_int_equal(tpmc_error_http_status(*state), statuses[i]);
        tpmc__http_response_free(response);
    }
}

static void the_request_id_is_told(void **state)
{
    tpmc_http_response *response = new_answer(200, "{}");
    tpmc_aws_credentials *c = NULL;
    int remedy = 77;

    add_header(response, "x-amzn-RequestId", "id-1");
    expect_failure(tpmc__aws_reply_read(response, "STS", NULL, &c, &remedy, *state), *state,
                   TPMC_ERR_PROTOCOL, "no credentials");
    assert_string_equal(tpmc_error_request_id(*state), "id-1");
    tpmc__http_response_free(response);
}

typedef struct attempt_context {
    tpmc_http_response *response;
    tpmc_error *err;
} attempt_context;

static int attempt(void *context)
{
    attempt_context *a = context;
    tpmc_aws_credentials *c = NULL;
    int remedy = 77;
    int status = tpmc__aws_reply_read(a->response, "STS", NULL, &c, &remedy, a->err);

    if ((status == 0) != (c != NULL))
        return 1;
    tpmc_aws_credentials_free(c);
    return status;
}

static void survives_every_failing_allocation(void **state)
{
    attempt_context context = { NULL, *state };

    for (size_t i = 0; i < sizeof(with_user) / sizeof(with_user[0]); i++) {
        context.response = new_answer(200, with_user[i]);
        assert_in_range(each_allocation(attempt, &context, TPMC_ERR_NOMEM), 7, 40);
        tpmc__http_response_free(context.response);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_every_form),        WITH_ERROR(the_role_must_be_the_one_asked_for),
        cmocka_unit_test(the_user_may_be_missing), cmocka_unit_test(the_first_of_a_set_counts),
        WITH_ERROR(takes_every_form_of_time),      WITH_ERROR(refuses_bad_answers),
        WITH_ERROR(deep_nesting_is_refused),       WITH_ERROR(a_refusal_is_passed_on),
        WITH_ERROR(the_request_id_is_told),        WITH_ERROR(survives_every_failing_allocation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
