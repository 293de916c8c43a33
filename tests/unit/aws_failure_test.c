/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "proto/aws_failure.h"
#include "unit/aws_response.h"
#include "unit/each_allocation.h"

typedef struct row {
    int http_status;
    const char *body;
    int code;
    int remedy;
    const char *provider_code;
    const char *text; /* the whole of it */
} row;

#define XML(code, message)                                                                         \
    "<ErrorResponse "                                                                              \
    "xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><Error><Type>Sender</Type>"               \
    "<Code>" code "</Code><Message>" message "</Message></Error><RequestId>id-1</RequestId>"       \
    "</ErrorResponse>"
#define SET_CLOCK "; the clock of this machine is wrong: set it"

static const row rows[] = {
    { 403, XML("OptInRequired", "No."), TPMC_ERR_DENIED, TPMC__AWS_GIVE_UP, "OptInRequired",
      "STS answered OptInRequired (HTTP status 403): No; the account must enable the service or "
      "the "
      "region first" },
    { 403,
      "{\"Error\":{\"Type\":\"Sender\",\"Code\":\"OptInRequired\",\"Message\":\"No\"},"
      "\"RequestId\":\"id-1\"}",
      TPMC_ERR_DENIED, TPMC__AWS_GIVE_UP, "OptInRequired",
      "STS answered OptInRequired (HTTP status 403): No; the account must enable the service or "
      "the "
      "region first" },
    { 400, "{\"code\":\"Foo\",\"message\":\"Bar.\",\"requestId\":\"id-1\"}", TPMC_ERR_DENIED,
      TPMC__AWS_GIVE_UP, "Foo", "STS answered Foo (HTTP status 400): Bar" },
    { 400, "{\"__type\":\"com.amazon#Foo:x\",\"Message\":\"Bar\",\"RequestId\":\"id-1\"}",
      TPMC_ERR_DENIED, TPMC__AWS_GIVE_UP, "Foo", "STS answered Foo (HTTP status 400): Bar" },
    { 403,
      "<ErrorResponse><Errors><Error><Code>Foo</Code><Message>Bar</Message></Error></Errors>"
      "<RequestID>id-1</RequestID></ErrorResponse>",
      TPMC_ERR_DENIED, TPMC__AWS_GIVE_UP, "Foo", "STS answered Foo (HTTP status 403): Bar" },
    { 403,
      XML("SignatureDoesNotMatch", "Signature expired: 20260101T000000Z is now earlier than x"),
      TPMC_ERR_CLOCK, TPMC__AWS_CORRECT_CLOCK, "SignatureDoesNotMatch",
      "STS answered SignatureDoesNotMatch (HTTP status 403): Signature expired: 20260101T000000Z "
      "is "
      "now earlier than x" SET_CLOCK },
    { 403, XML("SignatureDoesNotMatch", "Signature not yet current: a is still later than b"),
      TPMC_ERR_CLOCK, TPMC__AWS_CORRECT_CLOCK, "SignatureDoesNotMatch",
      "STS answered SignatureDoesNotMatch (HTTP status 403): Signature not yet current: a is still "
      "later than b" SET_CLOCK },
    { 400, XML("RequestExpired", "Old"), TPMC_ERR_CLOCK, TPMC__AWS_CORRECT_CLOCK, "RequestExpired",
      "STS answered RequestExpired (HTTP status 400): Old" SET_CLOCK },
    { 400, XML("Throttling", "Rate exceeded"), TPMC_ERR_THROTTLED, TPMC__AWS_TRY_AGAIN,
      "Throttling", "STS answered Throttling (HTTP status 400): Rate exceeded" },
    { 429, XML("Unheard", "x"), TPMC_ERR_THROTTLED, TPMC__AWS_TRY_AGAIN, "Unheard",
      "STS answered Unheard (HTTP status 429): x" },
    { 500, XML("InternalFailure", "x"), TPMC_ERR_PROTOCOL, TPMC__AWS_TRY_AGAIN, "InternalFailure",
      "STS answered InternalFailure (HTTP status 500): x" },
    { 408, XML("Unheard", "x"), TPMC_ERR_PROTOCOL, TPMC__AWS_TRY_AGAIN, "Unheard",
      "STS answered Unheard (HTTP status 408): x" },
    { 407, XML("Unheard", "x"), TPMC_ERR_PROTOCOL, TPMC__AWS_GIVE_UP, "Unheard",
      "STS answered Unheard (HTTP status 407): x; a proxy in between wants a name and password" },
    { 503, XML("Unheard", "x"), TPMC_ERR_PROTOCOL, TPMC__AWS_TRY_AGAIN, "Unheard",
      "STS answered Unheard (HTTP status 503): x" },
    { 400, XML("IDPCommunicationError", "x"), TPMC_ERR_PROTOCOL, TPMC__AWS_TRY_AGAIN,
      "IDPCommunicationError", "STS answered IDPCommunicationError (HTTP status 400): x" },
};

static void services_explain_themselves(void **state)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        tpmc_http_response *response = new_answer(rows[i].http_status, rows[i].body);
        int remedy = 77;

        expect_failure(tpmc__aws_failure(response, "STS", &remedy, *state), *state, rows[i].code,
                       rows[i].text);
        assert_string_equal(tpmc_error_text(*state), rows[i].text);
        assert_int_equal(remedy, rows[i].remedy);
        assert_int_equal(tpmc_error_http_status(*state), rows[i].http_status);
        assert_string_equal(tpmc_error_provider_code(*state), rows[i].provider_code);
        assert_string_equal(tpmc_error_request_id(*state), "id-1");
        assert_int_equal(tpmc_error_retry_after_ms(*state), -1);
        tpmc__http_response_free(response);
    }
}

/* What a code is answered with, with and without "Exception". */
static const struct {
    const char *code;
    int status;
    const char *hint;
} hints[] = {
    { "AccessDenied", TPMC_ERR_DENIED, "trust policy" },
    { "AccessDeniedException", TPMC_ERR_DENIED, "trust policy" },
    { "ExpiredToken", TPMC_ERR_DENIED, "too old" },
    { "ExpiredTokenException", TPMC_ERR_DENIED, "too old" },
    { "IncompleteSignature", TPMC_ERR_DENIED, "proxy" },
    { "InvalidClientTokenId", TPMC_ERR_DENIED, "another partition" },
    { "MissingAuthenticationToken", TPMC_ERR_DENIED, "header Authorization" },
    { "RegionDisabledException", TPMC_ERR_DENIED, "not active in this region" },
    { "ResourceNotFoundException", TPMC_ERR_DENIED, "trust anchor" },
    { "SignatureDoesNotMatch", TPMC_ERR_DENIED, "'AWS4'" },
    { "ValidationException", TPMC_ERR_DENIED, "duration" },
    { "ValidationError", TPMC_ERR_DENIED, "duration" },
    { "RequestTimeTooSkewed", TPMC_ERR_CLOCK, "set it" },
    { "Throttled", TPMC_ERR_THROTTLED, "" },
    { "ThrottledException", TPMC_ERR_THROTTLED, "" },
    { "ThrottlingException", TPMC_ERR_THROTTLED, "" },
    { "RequestThrottledException", TPMC_ERR_THROTTLED, "" },
    { "RequestThrottled", TPMC_ERR_THROTTLED, "" },
    { "TooManyRequestsException", TPMC_ERR_THROTTLED, "" },
    { "ProvisionedThroughputExceededException", TPMC_ERR_THROTTLED, "" },
    { "TransactionInProgressException", TPMC_ERR_THROTTLED, "" },
    { "RequestLimitExceeded", TPMC_ERR_THROTTLED, "" },
    { "BandwidthLimitExceeded", TPMC_ERR_THROTTLED, "" },
    { "LimitExceededException", TPMC_ERR_THROTTLED, "" },
    { "SlowDown", TPMC_ERR_THROTTLED, "" },
    { "PriorRequestNotComplete", TPMC_ERR_THROTTLED, "" },
    { "EC2ThrottledException", TPMC_ERR_THROTTLED, "" },
    { "RequestTimeout", TPMC_ERR_PROTOCOL, "" },
    { "RequestTimeoutException", TPMC_ERR_PROTOCOL, "" },
    { "InternalError", TPMC_ERR_PROTOCOL, "" },
    { "ServiceUnavailable", TPMC_ERR_PROTOCOL, "" },
    { "ThrottlingExceptionX", TPMC_ERR_DENIED, "" },
    { "throttling", TPMC_ERR_DENIED, "" },
};

static void codes_have_hints(void **state)
{
    for (size_t i = 0; i < sizeof(hints) / sizeof(hints[0]); i++) {
        tpmc_http_response *response = new_answer(400, "");
        int remedy = 77;

        add_header(response, "X-Amzn-ErrorType", hints[i].code);
        expect_failure(tpmc__aws_failure(response, "Roles Anywhere", &remedy, *state), *state,
                       hints[i].status, hints[i].hint);
        assert_int_equal(remedy == TPMC__AWS_GIVE_UP, hints[i].status == TPMC_ERR_DENIED);
        assert_string_equal(tpmc_error_provider_code(*state), hints[i].code);
        tpmc__http_response_free(response);
    }
}

static const struct {
    const char *value;
    const char *code;
} types[] = {
    { "AccessDeniedException:http://internal.amazon.com/x#y", "AccessDeniedException" },
    { "com.amazonaws#AccessDeniedException", "AccessDeniedException" },
    { "com.amazonaws#AccessDeniedException:http://x", "AccessDeniedException" },
    { "a#b#AccessDeniedException", "AccessDeniedException" },
    { "", "Body" },
    { ":x", "Body" },
};

static void the_header_comes_before_the_body(void **state)
{
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        tpmc_http_response *response =
            new_answer(403, "{\"code\":\"Body\",\"RequestId\":\"body-id\",\"message\":\"Text\"}");
        int remedy = 77;

        add_header(response, "x-amzn-ErrorType", types[i].value);
        add_header(response, "x-amzn-RequestId", "header-id");
        expect_failure(tpmc__aws_failure(response, "X", &remedy, *state), *state, TPMC_ERR_DENIED,
                       "(HTTP status 403): Text");
        assert_string_equal(tpmc_error_provider_code(*state), types[i].code);
        assert_string_equal(tpmc_error_request_id(*state), "header-id");
        tpmc__http_response_free(response);
    }
}

static void expect_plain(int http_status, const char *body, int code, const char *text,
                         tpmc_error *err)
{
    tpmc_http_response *response = new_answer(http_status, body);
    int remedy = 77;

    expect_failure(tpmc__aws_failure(response, "STS", &remedy, err), err, code, text);
    assert_null(strstr(tpmc_error_text(err), "s3cret"));
    assert_string_equal(tpmc_error_provider_code(err), "");
    tpmc__http_response_free(response);
}

static void a_body_that_says_nothing_is_not_quoted(void **state)
{
    expect_plain(403, "", TPMC_ERR_DENIED, "STS answered with HTTP status 403", *state);
    expect_plain(502, "<!DOCTYPE html><html>s3cret</html>", TPMC_ERR_PROTOCOL,
                 "STS answered with HTTP status 502", *state);
    expect_plain(400, "{\"code\": 5, \"x\": \"s3cret\"}", TPMC_ERR_DENIED,
                 "STS answered with HTTP status 400", *state);
    expect_plain(302, "s3cret", TPMC_ERR_PROTOCOL, "redirections are not followed", *state);
    expect_plain(100, "", TPMC_ERR_PROTOCOL, "redirections are not followed", *state);
}

/* Services have explained a wrong signature by the request, session token and all. */
static void a_request_that_is_repeated_is_cut_off(void **state)
{
    static const char *const bodies[] = {
        XML("SignatureDoesNotMatch", "Check it.\n\nThe Canonical String for this request should "
                                     "have been\nx-amz-security-token:s3cret"),
        XML("SignatureDoesNotMatch", "Check it. The Canonical String for this request is s3cret"),
        XML("SignatureDoesNotMatch", "Check it. x-amz-security-token:s3cret"),
        "{\"code\":\"SignatureDoesNotMatch\",\"message\":\"Check it.\\r\\ns3cret\"}",
    };

    for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
        tpmc_http_response *response = new_answer(403, bodies[i]);
        int remedy = 77;

        expect_failure(tpmc__aws_failure(response, "STS", &remedy, *state), *state, TPMC_ERR_DENIED,
                       "(HTTP status 403): Check it");
        assert_null(strstr(tpmc_error_text(*state), "s3cret"));
        tpmc__http_response_free(response);
    }
}

/* What holds a signature is cut off wherever it stands. */
static void a_header_that_is_repeated_is_cut_off(void **state)
{
    static const char *const echoes[] = {
        "Authorization header requires 'Date'. Authorization=AWS4-HMAC-SHA256 Credential=SECRET",
        "no such thing: authorization: Bearer SECRET",
        "header 'AWS4-HMAC-SHA256 SECRET'",
        "the CREDENTIAL=SECRET is not good",
        "Signature=SECRET",
        "x-amz-security-token SECRET",
    };

    for (size_t i = 0; i < sizeof(echoes) / sizeof(echoes[0]); i++) {
        char body[512];
        tpmc_http_response *response;
        int remedy = 77;

        (void)snprintf(body, sizeof(body), XML("IncompleteSignature", "%s"), echoes[i]);
        response = new_answer(403, body);
        assert_int_equal(tpmc__aws_failure(response, "STS", &remedy, *state), TPMC_ERR_DENIED);
        assert_null(strstr(tpmc_error_text(*state), "SECRET"));
        assert_non_null(strstr(tpmc_error_text(*state), "IncompleteSignature"));
        tpmc__http_response_free(response);
    }
}

/* One code stands for much: the message tells. */
static void messages_have_hints(void **state)
{
    static const struct {
        const char *message;
        const char *hint;
    } samples[] = {
        { "Not authorized to set roleSessionName", "acceptRoleSessionName" },
        { "Untrusted certificate. Insufficient certificate", "certificate_chain_file" },
        { "Untrusted Signing Certificate", "certificate_chain_file" },
        { "Unable to assume role", "trust policy" },
    };

    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        char body[512];
        tpmc_http_response *response;
        int remedy = 77;

        (void)snprintf(body, sizeof(body), XML("AccessDeniedException", "%s"), samples[i].message);
        response = new_answer(403, body);
        expect_failure(tpmc__aws_failure(response, "STS", &remedy, *state), *state, TPMC_ERR_DENIED,
                       samples[i].hint);
        tpmc__http_response_free(response);
    }
}

static void long_and_foul_messages_are_made_harmless(void **state)
{
    char body[4096] = "{\"code\":\"Foo\",\"message\":\"a\\u001bb";
    tpmc_http_response *response = NULL;
    int remedy = 77;

    memset(body + strlen(body), 'm', 3000);
    strcat(body, "\"}");
    response = new_answer(400, body);
    expect_failure(tpmc__aws_failure(response, "STS", &remedy, *state), *state, TPMC_ERR_DENIED,
                   ": a?bmmm");
    assert_in_range(strlen(tpmc_error_text(*state)), 300, 400);
    tpmc__http_response_free(response);
}

static const struct {
    const char *name;
    const char *value;
    int64_t ms;
} waits[] = {
    { "Retry-After", "5", 5000 },           { "Retry-After", "0", 0 },
    { "Retry-After", "99999999", 3600000 }, { "Retry-After", "-1", -1 },
    { "Retry-After", "soon", -1 },          { "Retry-After", "", -1 },
    { "x-amz-retry-after", "250", 250 },    { "x-amz-retry-after", "9223372036854775807", 3600000 },
};

static void the_time_to_wait_is_told(void **state)
{
    for (size_t i = 0; i < sizeof(waits) / sizeof(waits[0]); i++) {
        tpmc_http_response *response = new_answer(429, "");
        int remedy = 77;

        add_header(response, waits[i].name, waits[i].value);
        expect_failure(tpmc__aws_failure(response, "STS", &remedy, *state), *state,
                       TPMC_ERR_THROTTLED, "429");
        assert_int_equal(tpmc_error_retry_after_ms(*state), waits[i].ms);
        tpmc__http_response_free(response);
    }
}

typedef struct attempt_context {
    tpmc_http_response *response;
    tpmc_error *err;
} attempt_context;

/* Done with what was said is success here. */
static int attempt(void *context)
{
    attempt_context *c = context;
    int remedy = 77;
    int status = tpmc__aws_failure(c->response, "STS", &remedy, c->err);

    return status == TPMC_ERR_DENIED ? 0 : status;
}

static void survives_every_failing_allocation(void **state)
{
    attempt_context context = { new_answer(403, rows[0].body), *state };

    assert_in_range(each_allocation(attempt, &context, TPMC_ERR_NOMEM), 2, 20);
    tpmc__http_response_free(context.response);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ERROR(services_explain_themselves),
        WITH_ERROR(codes_have_hints),
        WITH_ERROR(the_header_comes_before_the_body),
        WITH_ERROR(a_body_that_says_nothing_is_not_quoted),
        WITH_ERROR(a_request_that_is_repeated_is_cut_off),
        WITH_ERROR(a_header_that_is_repeated_is_cut_off),
        WITH_ERROR(messages_have_hints),
        WITH_ERROR(long_and_foul_messages_are_made_harmless),
        WITH_ERROR(the_time_to_wait_is_told),
        WITH_ERROR(survives_every_failing_allocation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
