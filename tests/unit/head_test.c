/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/expect.h"

#include "base/error_int.h"
#include "http/head.h"
#include "http/http_int.h"
#include "unit/each_allocation.h"

typedef struct bench {
    tpmc__http_head head;
    tpmc_http_response *response;
} bench;

static void begin(bench *b)
{
    tpmc__http_response_free(b->response);
    memset(b, 0, sizeof(*b));
    assert_int_equal(tpmc__http_response_new(&b->response, NULL), 0);
}

static int take(bench *b, const char *line, tpmc_error *err)
{
    return tpmc__http_head_take(&b->head, line, strlen(line), b->response, err);
}

static void takes_status_and_fields(void **state)
{
    bench b = { .response = NULL };

    begin(&b);
    expect_success(take(&b, "HTTP/1.1 404 Not Found\r\n", *state), *state);
    expect_success(take(&b, "Content-Type:\t application/json \t\r\n", *state), *state);
    expect_success(take(&b, "Empty:\r\n", *state), *state);
    expect_success(take(&b, "Tab: a\tb:c\n", *state), *state);
    assert_int_equal(b.head.is_done, 0);
    expect_success(take(&b, "\r\n", *state), *state);
    assert_int_equal(b.head.is_done, 1);
    /* a trailer */
    expect_success(take(&b, "Empty: no\r\n", *state), *state);
    expect_success(take(&b, "Late: 1\r\n", *state), *state);
    assert_int_equal(tpmc_http_response_status(b.response), 404);
    assert_string_equal(tpmc_http_response_header(b.response, "content-type"), "application/json");
    assert_string_equal(tpmc_http_response_header(b.response, "Empty"), "");
    assert_string_equal(tpmc_http_response_header(b.response, "Tab"), "a b:c");
    assert_null(tpmc_http_response_header(b.response, "Late"));
    tpmc__http_response_free(b.response);
}

static void passes_over_interim_answers(void **state)
{
    bench b = { .response = NULL };

    begin(&b);
    expect_success(take(&b, "HTTP/1.1 100\r\n", *state), *state);
    expect_success(take(&b, "\r\n", *state), *state);
    expect_success(take(&b, "HTTP/1.1 103 Early Hints\r\n", *state), *state);
    expect_success(take(&b, "Link: </a>\r\n", *state), *state);
    expect_success(take(&b, "\r\n", *state), *state);
    assert_int_equal(b.head.is_done, 0);
    expect_success(take(&b, "HTTP/1.0 200 \r\n", *state), *state);
    expect_success(take(&b, "\r\n", *state), *state);
    assert_int_equal(b.head.is_done, 1);
    assert_int_equal(tpmc_http_response_status(b.response), 200);
    assert_null(tpmc_http_response_header(b.response, "Link"));
    tpmc__http_response_free(b.response);
}

typedef struct bad {
    const char *first;
    const char *second; /* NULL: the first one is refused */
    const char *words;
} bad;

static const bad bads[] = {
    { "\r\n", NULL, "does not begin with a status line" },
    { "HTTP/2 200\r\n", NULL, "does not begin with a status line" },
    { "HTTP/1.1\r\n", NULL, "does not begin with a status line" },
    { "HTTP/1.1\t200\r\n", NULL, "does not begin with a status line" },
    { "http/1.1 200 OK\r\n", NULL, "does not begin with a status line" },
    { "X: HTTP/1.1 200 OK\r\n", NULL, "does not begin with a status line" },
    { "HTTP/1.1 20\r\n", NULL, "malformed status" },
    { "HTTP/1.1 2000\r\n", NULL, "malformed status" },
    { "HTTP/1.1 -20 OK\r\n", NULL, "malformed status" },
    { "HTTP/1.1 099 OK\r\n", NULL, "not 100 to 599" },
    { "HTTP/1.1 600 OK\r\n", NULL, "not 100 to 599" },
    { "HTTP/1.1 200 OK\r\n", "no colon\r\n", "without a colon" },
    { "HTTP/1.1 200 OK\r\n", ": no name\r\n", "malformed, too long" },
    { "HTTP/1.1 200 OK\r\n", "a b: name\r\n", "malformed, too long" },
    { "HTTP/1.1 200 OK\r\n", " folded: line\r\n", "malformed, too long" },
    { "HTTP/1.1 200 OK\r\n", "A: \x01\r\n", "malformed, too long" },
    /* No second status line in the middle of the fields. */
    { "HTTP/1.1 200 OK\r\n", "HTTP/1.1 500 No\r\n", "without a colon" },
};

static void refuses_with_a_reason(void **state)
{
    bench b = { .response = NULL };
    const bad *item;
    size_t i;

    for (i = 0; i < sizeof(bads) / sizeof(bads[0]); i++) {
        item = &bads[i];
        begin(&b);
        tpmc__error_clear(*state);
        if (item->second != NULL)
            expect_success(take(&b, item->first, *state), *state);
        expect_failure(take(&b, item->second != NULL ? item->second : item->first, *state), *state,
                       TPMC_ERR_PROTOCOL, item->words);
    }
    begin(&b);
    tpmc__error_clear(*state);
    expect_success(take(&b, "HTTP/1.1 200 OK\r\n", *state), *state);
    expect_failure(tpmc__http_head_take(&b.head, "A: b\0c\r\n", 8, b.response, *state), *state,
                   TPMC_ERR_PROTOCOL, "with a NUL");
    tpmc__http_response_free(b.response);
}

static void a_line_has_a_greatest_length(void **state)
{
    static char line[20000];
    bench b = { .response = NULL };

    memset(line, 'a', sizeof(line));
    line[1] = ':';
    begin(&b);
    expect_success(take(&b, "HTTP/1.1 200 OK\r\n", *state), *state);
    expect_success(tpmc__http_head_take(&b.head, line, 2 + 16384, b.response, *state), *state);
    expect_failure(tpmc__http_head_take(&b.head, line, 2 + 16385, b.response, *state), *state,
                   TPMC_ERR_PROTOCOL, "malformed, too long");
    expect_failure(tpmc__http_head_take(&b.head, line, sizeof(line), b.response, *state), *state,
                   TPMC_ERR_PROTOCOL, "a header line that is too long");
    tpmc__http_response_free(b.response);
}

/* Interim answers and trailers count too. */
static void all_lines_have_a_ceiling(void **state)
{
    static char line[16384];
    bench b = { .response = NULL };
    int i;

    memset(line, 'a', sizeof(line));
    line[1] = ':';
    begin(&b);
    expect_success(take(&b, "HTTP/1.1 100\n", *state), *state);
    for (i = 0; i < 3; i++)
        expect_success(tpmc__http_head_take(&b.head, line, sizeof(line), b.response, *state),
                       *state);
    /* 13 bytes are taken; this one fills the rest but for 1. */
    expect_success(tpmc__http_head_take(&b.head, line, sizeof(line) - 14, b.response, *state),
                   *state);
    expect_success(tpmc__http_head_take(&b.head, "\n", 1, b.response, *state), *state);
    assert_int_equal(b.head.bytes, TPMC__HTTP_HEAD_MAX);
    expect_failure(take(&b, "H", *state), *state, TPMC_ERR_PROTOCOL, "more than 64 KiB");
    b.head.is_done = 1;
    expect_failure(take(&b, "H", *state), *state, TPMC_ERR_PROTOCOL, "more than 64 KiB");
    tpmc__http_response_free(b.response);
}

static int attempt(void *context)
{
    bench *b = context;

    return take(b, "A: b\r\n", NULL);
}

static void survives_every_failing_allocation(void **state)
{
    bench b = { .response = NULL };

    (void)state;
    begin(&b);
    assert_int_equal(take(&b, "HTTP/1.1 200 OK\r\n", NULL), 0);
    assert_true(each_allocation(attempt, &b, TPMC_ERR_NOMEM) >= 2);
    tpmc__http_response_free(b.response);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ERROR(takes_status_and_fields),  WITH_ERROR(passes_over_interim_answers),
        WITH_ERROR(refuses_with_a_reason),    WITH_ERROR(a_line_has_a_greatest_length),
        WITH_ERROR(all_lines_have_a_ceiling), cmocka_unit_test(survives_every_failing_allocation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
