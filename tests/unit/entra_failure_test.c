/* SPDX-License-Identifier: Apache-2.0 */
#include "azure/entra_failure.h"

#include <stdio.h>

#include "http/reply.h"
#include "unit/azure_fixture.h"
#include "unit/each_allocation.h"

typedef struct row {
    int http_status;
    const char *body;
    int code;
    int verdict;
    const char *provider_code;
    const char *text;
} row;

static const row rows[] = {
    { 401,
      "{\"error\":\"invalid_client\",\"error_description\":\"AADSTS700027: The certificate with "
      "identifier used to sign the client assertion is not registered on application. Trace ID: 1 "
      "Correlation ID: 2\",\"error_codes\":[700027],\"trace_id\":\"the-trace\"}",
      TPMC_ERR_DENIED, TPMC__HTTP_FAIL, "AADSTS700027",
      "Entra answered AADSTS700027 (invalid_client, HTTP status 401): The certificate with "
      "identifier used to sign the client assertion is not registered on application; register the "
      "certificate for the application, or for trust by subject name and issuer set "
      "option 'send_certificate_chain'" },
    { 400,
      "{\"error\":\"unauthorized_client\",\"error_description\":\"AADSTS700016: Application "
      "'x' was not found.\\r\\nTrace ID: 1\\r\\nTimestamp: 2\"}",
      TPMC_ERR_DENIED, TPMC__HTTP_FAIL, "AADSTS700016",
      "Entra answered AADSTS700016 (unauthorized_client, HTTP status 400): Application 'x' was not "
      "found; the application is not known in this tenant: look at options 'client_id' and "
      "'tenant_id'" },
    { 401, "{\"error\":\"invalid_client\",\"error_codes\":[700024]}", TPMC_ERR_CLOCK,
      TPMC__HTTP_SKEW, "AADSTS700024",
      "Entra answered AADSTS700024 (invalid_client, HTTP status 401); the clock of this machine is "
      "wrong: set it" },
    { 401,
      "{\"error\":\"invalid_client\",\"error_description\":\"AADSTS50012: Client assertion is not "
      "within its valid time range.\"}",
      TPMC_ERR_CLOCK, TPMC__HTTP_SKEW, "AADSTS50012",
      "Entra answered AADSTS50012 (invalid_client, HTTP status 401): Client assertion is not "
      "within "
      "its valid time range; the clock of this machine is wrong: set it" },
    { 400,
      "{\"error\":\"invalid_grant\",\"error_description\":\"AADSTS500133: Assertion is not within "
      "its valid time range.\"}",
      TPMC_ERR_DENIED, TPMC__HTTP_FAIL, "AADSTS500133",
      "Entra answered AADSTS500133 (invalid_grant, HTTP status 400): Assertion is not within its "
      "valid time range; the user's token is too old: get a new one from the user" },
    { 401, "{\"error\":\"invalid_client\",\"error_description\":\"AADSTS50012: bad signature\"}",
      TPMC_ERR_DENIED, TPMC__HTTP_FAIL, "AADSTS50012",
      "Entra answered AADSTS50012 (invalid_client, HTTP status 401): bad signature" },
    { 400, "{\"error\":\"invalid_grant\",\"error_description\":\"no\"}", TPMC_ERR_DENIED,
      TPMC__HTTP_FAIL, "invalid_grant", "Entra answered invalid_grant (HTTP status 400): no" },
    { 400, "{\"error\":\"invalid_scope\",\"error_description\":\"\"}", TPMC_ERR_DENIED,
      TPMC__HTTP_FAIL, "invalid_scope",
      "Entra answered invalid_scope (HTTP status 400); look at the scope: it is a resource "
      "followed "
      "by /.default, and of the same cloud as option 'authority_host'" },
    { 400, "{\"error\":\"temporarily_unavailable\"}", TPMC_ERR_PROTOCOL, TPMC__HTTP_RETRY,
      "temporarily_unavailable", "Entra answered temporarily_unavailable (HTTP status 400)" },
    { 429, "{\"error\":\"invalid_request\",\"error_codes\":[90055]}", TPMC_ERR_THROTTLED,
      TPMC__HTTP_THROTTLED, "AADSTS90055",
      "Entra answered AADSTS90055 (invalid_request, HTTP status 429)" },
    { 400, "{\"error\":\"invalid_request\",\"error_codes\":[50196]}", TPMC_ERR_THROTTLED,
      TPMC__HTTP_FAIL, "AADSTS50196",
      "Entra answered AADSTS50196 (invalid_request, HTTP status 400); the same request was sent "
      "too "
      "often: wait, and keep tokens instead of asking anew" },
    { 503, "<html>busy</html>", TPMC_ERR_PROTOCOL, TPMC__HTTP_RETRY, "",
      "Entra answered with HTTP status 503: without content type, '<html>busy</html>'" },
    { 504, "", TPMC_ERR_PROTOCOL, TPMC__HTTP_RETRY, "",
      "Entra answered with HTTP status 504: without content type, empty" },
    { 404, "nothing", TPMC_ERR_PROTOCOL, TPMC__HTTP_FAIL, "",
      "Entra answered with HTTP status 404: without content type, 'nothing'; look at "
      "option 'authority_host' and for a proxy in between" },
    { 204, "", TPMC_ERR_PROTOCOL, TPMC__HTTP_FAIL, "",
      "Entra answered with HTTP status 204: without content type, empty; look at option "
      "'authority_host' and for a proxy in between" },
    { 400, "{\"error\":{\"code\":7},\"error_codes\":[\"x\"]}", TPMC_ERR_PROTOCOL, TPMC__HTTP_FAIL,
      "",
      "Entra answered with HTTP status 400; look at option 'authority_host' and for a proxy in "
      "between" },
    { 400, "client_assertion=eyJhbGciOiJQUzI1NiJ9.secret", TPMC_ERR_PROTOCOL, TPMC__HTTP_FAIL, "",
      "Entra answered with HTTP status 400: without content type, 'client_assertion=...'; look "
      "at" },
    { 400,
      "{\"error\":\"invalid_client\",\"error_description\":\"AADSTS50027: bad "
      "eyJhbGciOiJQUzI1NiJ9.secret\"}",
      TPMC_ERR_DENIED, TPMC__HTTP_FAIL, "AADSTS50027",
      "Entra answered AADSTS50027 (invalid_client, HTTP status 400): bad; the assertion is "
      "malformed "
      "for this server" },
};

static void refusals_become_errors_to_act_on(void **state)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        tpmc_http_response *response = new_reply(rows[i].http_status, rows[i].body);
        int verdict = TPMC__HTTP_FAIL;

        expect_failure(tpmc__entra_failure(response, &verdict, *state), *state, rows[i].code,
                       rows[i].text);
        assert_int_equal(verdict, rows[i].verdict);
        assert_string_equal(tpmc_error_provider_code(*state), rows[i].provider_code);
        assert_null(strstr(tpmc_error_text(*state), "secret"));
        assert_null(strstr(tpmc_error_text(*state), "Trace"));
        tpmc__http_response_free(response);
    }
}

static void the_trace_id_is_told(void **state)
{
    tpmc_http_response *response = new_reply(rows[0].http_status, rows[0].body);
    int verdict = 0;

    assert_int_equal(tpmc__entra_failure(response, &verdict, *state), TPMC_ERR_DENIED);
    assert_string_equal(tpmc_error_request_id(*state), "the-trace");
    tpmc__http_response_free(response);
    response = new_reply(500, "");
    assert_int_equal(
        tpmc_http_response_add_header(response, "x-ms-request-id", "of-the-header", NULL), 0);
    assert_int_equal(tpmc__entra_failure(response, &verdict, *state), TPMC_ERR_PROTOCOL);
    assert_string_equal(tpmc_error_request_id(*state), "of-the-header");
    tpmc__http_response_free(response);
}

/* Each code that Entra's documentation has a reason for has words of ours. */
static void known_codes_have_hints(void **state)
{
    static const int codes[] = { 1000502, 28000,   500131,  500133, 5002738, 1002012, 50013,
                                 500011,  5002723, 5002730, 50076,  53003,   65001,   700016,
                                 700021,  700211,  700212,  700213, 700023,  700024,  700027,
                                 70011,   7000215, 7000222, 90002,  900023,  900382 };
    char body[80];

    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        tpmc_http_response *response;
        int verdict = 0;

        (void)snprintf(body, sizeof(body), "{\"error\":\"e\",\"error_codes\":[%d]}", codes[i]);
        response = new_reply(400, body);
        assert_int_not_equal(tpmc__entra_failure(response, &verdict, *state), 0);
        assert_non_null(strstr(tpmc_error_text(*state), "400); "));
        tpmc__http_response_free(response);
    }
}

static int attempt(void *context)
{
    int verdict = 0;
    int status = tpmc__entra_failure(context, &verdict, NULL);

    return status == TPMC_ERR_DENIED ? 0 : status;
}

static void each_allocation_may_fail(void **state)
{
    tpmc_http_response *response = new_reply(rows[0].http_status, rows[0].body);

    (void)state;
    assert_int_not_equal(each_allocation(attempt, response, TPMC_ERR_NOMEM), -1);
    tpmc__http_response_free(response);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ERROR(refusals_become_errors_to_act_on),
        WITH_ERROR(the_trace_id_is_told),
        WITH_ERROR(known_codes_have_hints),
        cmocka_unit_test(each_allocation_may_fail),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
