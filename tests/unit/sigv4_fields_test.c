/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/expect.h"

#include <stdio.h>

#include "proto/sigv4_fields.h"
#include "unit/each_allocation.h"

#define HOST "example.com"

static tpmc_http_request *make_request(const char *const *fields)
{
    tpmc_http_request *request = NULL;

    assert_int_equal(tpmc_http_request_new("GET", "https://" HOST, &request, NULL), 0);
    for (; fields[0] != NULL; fields += 2)
        assert_int_equal(tpmc_http_request_add_header(request, fields[0], fields[1], NULL), 0);
    return request;
}

static void expect_fields(const char *const *fields, const char *lines, const char *names)
{
    tpmc_http_request *request = make_request(fields);
    tpmc__sigv4_fields chosen;
    tpmc__buf out;

    tpmc__buf_init(&out, 4096);
    assert_int_equal(tpmc__sigv4_fields_init(&chosen, request, HOST, NULL), 0);
    tpmc__sigv4_fields_append_lines(&chosen, &out);
    assert_int_equal(tpmc__buf_status(&out), 0);
    assert_string_equal((const char *)out.data, lines);
    tpmc__buf_clear(&out);
    tpmc__sigv4_fields_append_names(&chosen, &out);
    assert_int_equal(tpmc__buf_status(&out), 0);
    assert_string_equal((const char *)out.data, names);
    tpmc__sigv4_fields_free(&chosen);
    tpmc__buf_free(&out);
    tpmc_http_request_free(request);
}

static void fields_are_sorted_folded_and_joined(void **state)
{
    static const char *const none[] = { NULL };
    static const char *const some[] = {
        "X-B", "2", "x-a", "  a   b  ", "X-b", "1", "A", "", "X-", " ", "x-B", "", NULL,
    };

    (void)state;
    expect_fields(none, "host:example.com\n", "host");
    expect_fields(some, "a:\nhost:example.com\nx-:\nx-a:a b\nx-b:2,1,\n", "a;host;x-;x-a;x-b");
}

static void what_changes_on_the_way_is_not_signed(void **state)
{
    static const char *const unsigned_ones[] = {
        "Authorization",
        "1",
        "User-Agent",
        "1",
        "X-Amzn-Trace-Id",
        "1",
        "CONNECTION",
        "1",
        "expect",
        "1",
        "Keep-Alive",
        "1",
        "TE",
        "1",
        "Proxy-Authenticate",
        "1",
        "Proxy-Authorization",
        "1",
        "Trailer",
        "1",
        "Transfer-Encoding",
        "1",
        "Upgrade",
        "1",
        "Sec-WebSocket-Key",
        "1",
        "sec-websocket-",
        "1",
        "Host",
        HOST,
        NULL,
    };
    static const char *const near[] = { "Sec-WebSocket", "1", "T", "2", "TE2", "3", NULL };

    (void)state;
    expect_fields(unsigned_ones, "host:example.com\n", "host");
    expect_fields(near, "host:example.com\nsec-websocket:1\nt:2\nte2:3\n",
                  "host;sec-websocket;t;te2");
}

static void a_host_is_as_a_client_sends_it(void **state)
{
    static const char *const rows[][2] = {
        { "https://Bucket.Example.COM/X", "bucket.example.com" },
        { "https://h:443", "h" },
        { "http://h:80", "h" },
        { "http://h:443", "h:443" },
        { "https://h:80", "h:80" },
        { "https://[2001:DB8::1]:8443/", "[2001:db8::1]:8443" },
        { "https://[::1]", "[::1]" },
        { "https://h.:65535", "h.:65535" },
    };
    char host[TPMC__SIGV4_HOST_SIZE];
    tpmc__url url;

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_int_equal(tpmc__url_parse(rows[i][0], &url, NULL), 0);
        tpmc__sigv4_host(&url, host);
        assert_string_equal(host, rows[i][1]);
    }
}

static void the_longest_host_fits(void **state)
{
    char text[300] = "https://";
    char host[TPMC__SIGV4_HOST_SIZE];
    tpmc__url url;

    (void)state;
    memset(text + 8, 'a', 253);
    (void)snprintf(text + 8 + 253, 16, ":65535");
    assert_int_equal(tpmc__url_parse(text, &url, NULL), 0);
    tpmc__sigv4_host(&url, host);
    assert_string_equal(host, text + 8);
}

static void expect_refused(const char *name, const char *value, const char *words, tpmc_error *err)
{
    const char *const fields[] = { "A", "1", name, value, NULL };
    tpmc_http_request *request = make_request(fields);

    expect_failure(tpmc__sigv4_check_fields(request, HOST, err), err, TPMC_ERR_ARGUMENT, words);
    tpmc_http_request_free(request);
}

static void a_signed_request_is_refused(void **state)
{
    static const char *const good[] = { "Host", HOST, "X-Amz-Target", "a", "Date", "b", NULL };
    tpmc_http_request *request = make_request(good);

    expect_success(tpmc__sigv4_check_fields(request, HOST, *state), *state);
    tpmc_http_request_free(request);
    expect_refused("authorization", "secret", "Authorization already", *state);
    assert_null(strstr(tpmc_error_text(*state), "secret"));
    expect_refused("X-AMZ-DATE", "a", "X-Amz-Date already", *state);
    expect_refused("X-Amz-Security-Token", "a", "X-Amz-Security-Token already", *state);
    expect_refused("x-amz-content-sha256", "a", "X-Amz-Content-Sha256 already", *state);
    expect_refused("X-Amz-Region-Set", "a", "X-Amz-Region-Set already", *state);
    expect_refused("host", "other.com", "Host is not what the URL says, which is 'example.com'",
                   *state);
}

static int attempt(void *context)
{
    tpmc__sigv4_fields chosen;
    int status = tpmc__sigv4_fields_init(&chosen, context, HOST, NULL);

    if (status == 0)
        tpmc__sigv4_fields_free(&chosen);
    return status;
}

static void a_lack_of_memory_is_told(void **state)
{
    static const char *const some[] = { "A", "1", "B", "2", NULL };
    tpmc_http_request *request = make_request(some);

    (void)state;
    assert_int_equal(each_allocation(attempt, request, TPMC_ERR_NOMEM), 1);
    tpmc_http_request_free(request);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields_are_sorted_folded_and_joined),
        cmocka_unit_test(what_changes_on_the_way_is_not_signed),
        cmocka_unit_test(a_host_is_as_a_client_sends_it),
        cmocka_unit_test(the_longest_host_fits),
        WITH_ERROR(a_signed_request_is_refused),
        cmocka_unit_test(a_lack_of_memory_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
