/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/expect.h"

#include "http/http_int.h"
#include "http/reply.h"

#define NOW_MS INT64_C(784111777000) /* Sun, 06 Nov 1994 08:49:37 GMT */
#define YEAR_MS INT64_C(31536000000)

static tpmc_http_response *make_response(int http_status)
{
    tpmc_http_response *response = NULL;

    assert_int_equal(tpmc__http_response_new(&response, NULL), 0);
    assert_int_equal(tpmc_http_response_set_status(response, http_status, NULL), 0);
    return response;
}

static void add(tpmc_http_response *response, const char *name, const char *value)
{
    if (value != NULL)
        assert_int_equal(tpmc_http_response_add_header(response, name, value, NULL), 0);
}

static void a_status_says_whether_to_try_again(void **state)
{
    static const int again[] = { 408, 500, 502, 503, 504 };
    int expected;
    size_t i;
    int code;

    (void)state;
    for (code = 100; code <= 599; code++) {
        expected = code == 429 ? TPMC__HTTP_THROTTLED : TPMC__HTTP_FAIL;
        for (i = 0; i < sizeof(again) / sizeof(again[0]); i++)
            if (again[i] == code)
                expected = TPMC__HTTP_RETRY;
        assert_int_equal(tpmc__http_verdict(code), expected);
    }
}

typedef struct redirect {
    int http_status;
    const char *location;
    const char *words; /* NULL: it is none */
} redirect;

static const redirect redirects[] = {
    { 200, "https://evil.example/", NULL },
    { 299, NULL, NULL },
    { 300, NULL, "sts.example.com answered with a redirection (HTTP status 300), which" },
    { 307, "https://evil.example/?token=s3cret",
      "sts.example.com answered with a redirection (HTTP status 307) to evil.example, which" },
    { 308, "/s3cret", "(HTTP status 308), which is refused: check the endpoint's URL" },
    { 399, "https://u:s3cret@evil.example/", "(HTTP status 399), which" },
    { 400, "https://evil.example/", NULL },
};

static void a_redirection_is_refused_and_its_url_not_told(void **state)
{
    tpmc_http_request *request = NULL;
    tpmc_http_response *response;
    int status;
    size_t i;

    expect_success(
        tpmc_http_request_new("POST", "https://sts.example.com/?a=s3cret", &request, *state),
        *state);
    for (i = 0; i < sizeof(redirects) / sizeof(redirects[0]); i++) {
        response = make_response(redirects[i].http_status);
        add(response, "Location", redirects[i].location);
        status = tpmc__http_refuse_redirect(request, response, *state);
        if (redirects[i].words == NULL) {
            assert_int_equal(status, 0);
        } else {
            expect_failure(status, *state, TPMC_ERR_PROTOCOL, redirects[i].words);
            assert_int_equal(tpmc_error_http_status(*state), redirects[i].http_status);
            assert_null(strstr(tpmc_error_text(*state), "s3cret"));
        }
        tpmc__http_response_free(response);
    }
    tpmc_http_request_free(request);
}

typedef struct wait {
    const char *amz;
    const char *plain;
    const char *date;
    int64_t ms;
} wait;

static const wait waits[] = {
    { NULL, NULL, NULL, -1 },
    { NULL, "0", NULL, 0 },
    { NULL, "120", NULL, 120000 },
    { NULL, "31536000", NULL, YEAR_MS },
    { NULL, "31535999", NULL, YEAR_MS - 1000 },
    { NULL, "99999999999999999999999", NULL, YEAR_MS },
    { NULL, "", NULL, -1 },
    { NULL, "1.5", NULL, -1 },
    { NULL, "-5", NULL, -1 },
    { NULL, "5 s", NULL, -1 },
    { NULL, "Sun, 06 Nov 1994 08:50:37 GMT", NULL, 60000 },
    { NULL, "Sun, 06 Nov 1994 08:49:37 GMT", NULL, 0 },
    { NULL, "Sun, 06 Nov 1994 08:49:36 GMT", NULL, 0 },
    { NULL, "Fri, 06 Nov 2093 08:49:37 GMT", NULL, YEAR_MS },
    /* The provider's own clock is what it counts from. */
    { NULL, "Sun, 06 Nov 1994 08:50:37 GMT", "Sun, 06 Nov 1994 08:50:30 GMT", 7000 },
    { NULL, "Sun, 06 Nov 1994 08:50:37 GMT", "never", 60000 },
    { "250", NULL, NULL, 250 },
    { "0", "9", NULL, 0 },
    { "31536000001", NULL, NULL, YEAR_MS },
    { "soon", "9", NULL, 9000 },
    { "soon", NULL, NULL, -1 },
};

static void reads_how_long_to_wait(void **state)
{
    tpmc_http_response *response;
    int64_t ms;
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(waits) / sizeof(waits[0]); i++) {
        response = make_response(503);
        add(response, "X-Amz-Retry-After", waits[i].amz);
        add(response, "retry-after", waits[i].plain);
        add(response, "Date", waits[i].date);
        ms = tpmc__http_retry_after_ms(response, NOW_MS);
        if (ms != waits[i].ms)
            fail_msg("wait %zu: %lld", i, (long long)ms);
        tpmc__http_response_free(response);
    }
}

static void an_excerpt_is_short_and_printable(void **state)
{
    static const char body[] = " <html>\r\n\t<b>\x01\xff no\0w</b>  ";
    static char many[1000];
    char out[TPMC__HTTP_EXCERPT_MAX];
    tpmc_http_response *response = make_response(502);

    (void)state;
    tpmc__http_excerpt(response, out);
    assert_string_equal(out, "without content type, empty");
    add(response, "Content-Type", "text/html; charset=utf-8");
    assert_int_equal(tpmc_http_response_append_body(response, body, sizeof(body) - 1, NULL), 0);
    tpmc__http_excerpt(response, out);
    assert_string_equal(out, "text/html; charset=utf-8, '<html> <b> no w</b>'");
    tpmc__http_response_free(response);
    response = make_response(502);
    memset(many, 'm', sizeof(many) - 1);
    add(response, "Content-Type", many);
    assert_int_equal(tpmc_http_response_append_body(response, many, sizeof(many) - 1, NULL), 0);
    tpmc__http_excerpt(response, out);
    assert_int_equal(strlen(out), 80 + 2 + 1 + 200 + 1);
    tpmc__http_response_free(response);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_status_says_whether_to_try_again),
        WITH_ERROR(a_redirection_is_refused_and_its_url_not_told),
        cmocka_unit_test(reads_how_long_to_wait),
        cmocka_unit_test(an_excerpt_is_short_and_printable),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
