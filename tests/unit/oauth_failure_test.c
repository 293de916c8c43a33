/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/aws_response.h"

#include <stdio.h>

#include "proto/oauth_failure.h"
#include "unit/each_allocation.h"

static const tpmc__oauth_rule rules[] = {
    { "invalid_grant", "Wrong Time", TPMC_ERR_CLOCK, TPMC__HTTP_SKEW, "set the clock" },
    { "invalid_grant", NULL, TPMC_ERR_DENIED, TPMC__HTTP_FAIL, "look at the key" },
    { "PERMISSION_DENIED", NULL, TPMC_ERR_DENIED, TPMC__HTTP_FAIL, "ask for the role" },
};

static const tpmc__oauth_service service = { "The service", rules, 3 };

static const struct {
    int http_status;
    const char *body;
    int code;
    int verdict;
    const char *provider_code;
    const char *text;
} rows[] = {
    { 400, "{\"error\":\"invalid_grant\",\"error_description\":\"At the wrong time.\"}",
      TPMC_ERR_CLOCK, TPMC__HTTP_SKEW, "invalid_grant",
      "The service answered invalid_grant (HTTP status 400): At the wrong time; set the clock" },
    { 400, "{\"error\":\"invalid_grant\",\"error_description\":\"No. \"}", TPMC_ERR_DENIED,
      TPMC__HTTP_FAIL, "invalid_grant",
      "The service answered invalid_grant (HTTP status 400): No; look at the key" },
    { 400, "{\"error\":\"invalid_grant\"}", TPMC_ERR_DENIED, TPMC__HTTP_FAIL, "invalid_grant",
      "The service answered invalid_grant (HTTP status 400); look at the key" },
    { 401, "{\"error\":\"invalid_client\",\"error_description\":7}", TPMC_ERR_DENIED,
      TPMC__HTTP_FAIL, "invalid_client", "The service answered invalid_client (HTTP status 401)" },
    { 403,
      "{\"error\":{\"code\":403,\"message\":\"Denied.\",\"status\":\"PERMISSION_DENIED\","
      "\"details\":[]}}",
      TPMC_ERR_DENIED, TPMC__HTTP_FAIL, "PERMISSION_DENIED",
      "The service answered PERMISSION_DENIED (HTTP status 403): Denied; ask for the role" },
    { 404, "{\"error\":{\"code\":404,\"message\":\"Gone\"}}", TPMC_ERR_DENIED, TPMC__HTTP_FAIL, "",
      "The service answered with HTTP status 404: Gone" },
    { 400, "{\"error\":[1]}", TPMC_ERR_DENIED, TPMC__HTTP_FAIL, "",
      "The service answered with HTTP status 400" },
    { 400, "<html>no</html>", TPMC_ERR_DENIED, TPMC__HTTP_FAIL, "",
      "The service answered with HTTP status 400: without content type, '<html>no</html>'" },
    { 429, "", TPMC_ERR_THROTTLED, TPMC__HTTP_THROTTLED, "",
      "The service answered with HTTP status 429: without content type, empty" },
    { 429, "{\"error\":\"invalid_grant\"}", TPMC_ERR_THROTTLED, TPMC__HTTP_THROTTLED,
      "invalid_grant", "The service answered invalid_grant (HTTP status 429)" },
    { 429, "{\"error\":\"server_error\"}", TPMC_ERR_THROTTLED, TPMC__HTTP_THROTTLED, "server_error",
      "The service answered server_error (HTTP status 429)" },
    { 400, "{\"error\":\"slow_down\"}", TPMC_ERR_THROTTLED, TPMC__HTTP_THROTTLED, "slow_down",
      "The service answered slow_down (HTTP status 400)" },
    { 408, "", TPMC_ERR_PROTOCOL, TPMC__HTTP_RETRY, "",
      "The service answered with HTTP status 408: without content type, empty" },
    { 503, "<html>", TPMC_ERR_PROTOCOL, TPMC__HTTP_RETRY, "",
      "The service answered with HTTP status 503: without content type, '<html>'" },
    { 501, "", TPMC_ERR_PROTOCOL, TPMC__HTTP_FAIL, "",
      "The service answered with HTTP status 501: without content type, empty" },
    { 400, "{\"error\":\"temporarily_unavailable\"}", TPMC_ERR_PROTOCOL, TPMC__HTTP_RETRY,
      "temporarily_unavailable", "The service answered temporarily_unavailable (HTTP status 400)" },
    { 400, "{\"error\":\"server_error\"}", TPMC_ERR_PROTOCOL, TPMC__HTTP_RETRY, "server_error",
      "The service answered server_error (HTTP status 400)" },
    { 400, "{\"error\":\"x\",\"error_description\":\"internal_failure\"}", TPMC_ERR_PROTOCOL,
      TPMC__HTTP_RETRY, "x", "The service answered x (HTTP status 400): internal_failure" },
};

static void answers_become_errors(void **state)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        tpmc_http_response *response = new_answer(rows[i].http_status, rows[i].body);
        int verdict = 77;

        expect_failure(tpmc__oauth_failure(response, &service, &verdict, *state), *state,
                       rows[i].code, "");
        assert_string_equal(tpmc_error_text(*state), rows[i].text);
        assert_int_equal(verdict, rows[i].verdict);
        assert_int_equal(tpmc_error_http_status(*state), rows[i].http_status);
        assert_string_equal(tpmc_error_provider_code(*state), rows[i].provider_code);
        tpmc__http_response_free(response);
    }
}

static void read(const char *description, tpmc__oauth_report *out)
{
    char body[8192];
    tpmc_http_response *response = NULL;

    (void)snprintf(body, sizeof(body), "{\"error\":\"e\",\"error_description\":\"%s\"}",
                   description);
    response = new_answer(400, body);
    assert_int_equal(tpmc__oauth_report_read(response, out), 0);
    tpmc__http_response_free(response);
}

static void what_looks_like_a_secret_is_left_out(void **state)
{
    static const char eighty[] = "0123456789012345678901234567890123456789"
                                 "0123456789012345678901234567890123456789";
    char text[256];
    tpmc__oauth_report report;

    (void)state;
    read("assertion=eyJhbGciOiJSUzI1NiJ9.e30.c2ln is bad", &report);
    assert_string_equal(report.message, "assertion=... is bad");
    read("eyJ0123456789012345 eyJ01234567890123456", &report);
    assert_string_equal(report.message, "eyJ0123456789012345 ...");
    read(eighty, &report);
    assert_string_equal(report.message, eighty);
    (void)snprintf(text, sizeof(text), "token '%s_', and no more", eighty);
    read(text, &report);
    assert_string_equal(report.message, "token '...', and no more");
    read("see https://console.developers.google.com/apis/api/iamcredentials.googleapis.com/x?p=1",
         &report);
    assert_string_equal(
        report.message,
        "see https://console.developers.google.com/apis/api/iamcredentials.googleapis.com/x?p=1");
}

static void messages_are_one_clean_line(void **state)
{
    static char huge[4096];
    tpmc__oauth_report report;

    (void)state;
    read("a\\u001b[31mb\\r\\nTrace ID: 1", &report);
    assert_string_equal(report.message, "a?[31mb");
    for (size_t i = 0; i < sizeof(huge) - 1; i++)
        huge[i] = i % 10 == 9 ? ' ' : 'a';
    read(huge, &report);
    assert_int_equal(strlen(report.message), TPMC__OAUTH_MESSAGE_MAX - 1);
}

static void the_request_is_named_where_the_service_does(void **state)
{
    tpmc_http_response *response = new_answer(400, "{\"error\":\"e\",\"trace_id\":\"t-1\"}");
    tpmc__oauth_report report;
    int verdict = 0;

    assert_int_equal(tpmc__oauth_report_read(response, &report), 0);
    assert_string_equal(report.request_id, "t-1");
    assert_int_equal(tpmc__oauth_report_fail(&report, &service, &verdict, *state), TPMC_ERR_DENIED);
    assert_string_equal(tpmc_error_request_id(*state), "t-1");
    tpmc__http_response_free(response);
    response = new_answer(400, "");
    add_header(response, "x-ms-request-id", "h-1");
    assert_int_equal(tpmc__oauth_report_read(response, &report), 0);
    assert_string_equal(report.request_id, "h-1");
    tpmc__http_response_free(response);
}

static void a_second_code_counts_too(void **state)
{
    tpmc_http_response *response =
        new_answer(400, "{\"error\":\"invalid_grant\",\"error_codes\":[7,8]}");
    tpmc__oauth_report report;
    int verdict = 77;

    assert_int_equal(tpmc__oauth_report_read(response, &report), 0);
    assert_int_equal(report.number, 7);
    assert_string_equal(report.word, "");
    (void)snprintf(report.word, sizeof(report.word), "%s", report.code);
    (void)snprintf(report.code, sizeof(report.code), "N7");
    assert_int_equal(tpmc__oauth_report_fail(&report, &service, &verdict, *state), TPMC_ERR_DENIED);
    assert_string_equal(
        tpmc_error_text(*state),
        "The service answered N7 (invalid_grant, HTTP status 400); look at the key");
    assert_string_equal(tpmc_error_provider_code(*state), "N7");
    tpmc__http_response_free(response);
}

static void what_a_body_echoes_is_left_out(void **state)
{
    tpmc_http_response *response =
        new_answer(400, "assertion=eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9.eyJz&x=1");
    int verdict = 77;

    assert_int_equal(tpmc__oauth_failure(response, &service, &verdict, *state), TPMC_ERR_DENIED);
    assert_string_equal(
        tpmc_error_text(*state),
        "The service answered with HTTP status 400: without content type, 'assertion=...&x=1'");
    tpmc__http_response_free(response);
}

static int attempt(void *context)
{
    int verdict = 0;

    return tpmc__oauth_failure(context, &service, &verdict, NULL);
}

static int attempt_status(void *context)
{
    int status = attempt(context);

    return status == TPMC_ERR_DENIED ? 0 : status;
}

static void survives_every_failing_allocation(void **state)
{
    tpmc_http_response *response = new_answer(400, "{\"error\":\"e\",\"error_description\":\"d\"}");

    (void)state;
    assert_in_range(each_allocation(attempt_status, response, TPMC_ERR_NOMEM), 1, 100);
    tpmc__http_response_free(response);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ERROR(answers_become_errors),
        cmocka_unit_test(what_looks_like_a_secret_is_left_out),
        cmocka_unit_test(messages_are_one_clean_line),
        WITH_ERROR(a_second_code_counts_too),
        WITH_ERROR(what_a_body_echoes_is_left_out),
        WITH_ERROR(the_request_is_named_where_the_service_does),
        cmocka_unit_test(survives_every_failing_allocation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
