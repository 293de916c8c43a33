/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "http/http_int.h"
#include "unit/each_allocation.h"

#define URL "https://example.com/token"
#define BODY_MAX (16 * 1024 * 1024)

static tpmc_http_request *new_request(void)
{
    tpmc_http_request *request = NULL;

    assert_int_equal(tpmc_http_request_new("POST", URL, &request, NULL), 0);
    assert_non_null(request);
    return request;
}

static void starts_empty(void **state)
{
    tpmc_http_request *request = new_request();

    (void)state;
    assert_string_equal(tpmc_http_request_method(request), "POST");
    assert_string_equal(tpmc_http_request_url(request), URL);
    assert_int_equal(tpmc_http_request_header_count(request), 0);
    assert_null(tpmc_http_request_header_name(request, 0));
    assert_null(tpmc_http_request_header_value(request, 0));
    assert_null(tpmc_http_request_body(request));
    assert_int_equal(tpmc_http_request_body_len(request), 0);
    assert_null(tpmc_http_request_payload_hash(request));
    assert_int_equal(tpmc_http_request_time_left_ms(request), -1);
    tpmc_http_request_free(request);
}

static void holds_copies(void **state)
{
    char url[] = URL;
    char name[] = "Content-Type";
    char value[] = "text/plain";
    char body[] = "a\0b";
    char hash[] = "UNSIGNED-PAYLOAD";
    tpmc_http_request *request = NULL;

    (void)state;
    assert_int_equal(tpmc_http_request_new("GET", url, &request, NULL), 0);
    assert_int_equal(tpmc_http_request_add_header(request, name, value, NULL), 0);
    assert_int_equal(tpmc_http_request_add_header(request, name, "", NULL), 0);
    assert_int_equal(tpmc_http_request_set_body(request, body, 3, NULL), 0);
    assert_int_equal(tpmc_http_request_set_payload_hash(request, hash, NULL), 0);
    memset(url, 'x', sizeof(url) - 1);
    memset(name, 'x', sizeof(name) - 1);
    memset(value, 'x', sizeof(value) - 1);
    memset(body, 'x', sizeof(body) - 1);
    memset(hash, 'x', sizeof(hash) - 1);
    assert_string_equal(tpmc_http_request_url(request), URL);
    assert_int_equal(tpmc_http_request_header_count(request), 2);
    assert_string_equal(tpmc_http_request_header_name(request, 0), "Content-Type");
    assert_string_equal(tpmc_http_request_header_value(request, 0), "text/plain");
    assert_string_equal(tpmc_http_request_header_value(request, 1), "");
    assert_null(tpmc_http_request_header_name(request, 2));
    assert_null(tpmc_http_request_header_value(request, 2));
    assert_int_equal(tpmc_http_request_body_len(request), 3);
    assert_memory_equal(tpmc_http_request_body(request), "a\0b", 3);
    assert_string_equal(tpmc_http_request_payload_hash(request), "UNSIGNED-PAYLOAD");
    tpmc_http_request_free(request);
}

static void setting_again_replaces(void **state)
{
    tpmc_http_request *request = new_request();

    (void)state;
    assert_int_equal(tpmc_http_request_set_body(request, "first", 5, NULL), 0);
    assert_int_equal(tpmc_http_request_set_body(request, "2", 1, NULL), 0);
    assert_int_equal(tpmc_http_request_body_len(request), 1);
    assert_memory_equal(tpmc_http_request_body(request), "2", 1);
    assert_int_equal(tpmc_http_request_set_body(request, tpmc_http_request_body(request), 1, NULL),
                     0);
    assert_memory_equal(tpmc_http_request_body(request), "2", 1);
    assert_int_equal(tpmc_http_request_set_body(request, NULL, 0, NULL), 0);
    assert_null(tpmc_http_request_body(request));
    assert_int_equal(tpmc_http_request_set_payload_hash(request, "one", NULL), 0);
    assert_int_equal(tpmc_http_request_set_payload_hash(request, "two", NULL), 0);
    assert_string_equal(tpmc_http_request_payload_hash(request), "two");
    assert_int_equal(tpmc_http_request_set_payload_hash(request, NULL, NULL), 0);
    assert_null(tpmc_http_request_payload_hash(request));
    tpmc_http_request_free(request);
}

typedef struct refusal {
    const char *method;
    const char *url;
    const char *words;
} refusal;

static const refusal refusals[] = {
    { NULL, URL, "NULL" },
    { "GET", NULL, "NULL" },
    { "", URL, "1 to 16" },
    { "ABCDEFGHIJKLMNOPQ", URL, "1 to 16" },
    { "get", URL, "capital letters" },
    { "GE T", URL, "capital letters" },
    { "GET\r\n", URL, "capital letters" },
    { "M-SEARCH", URL, "capital letters" },
    { "GET", "file:///etc/passwd", "https://" },
};

static void refuses_with_a_reason(void **state)
{
    tpmc_http_request *request = NULL;
    tpmc_error *err = NULL;
    size_t i;

    (void)state;
    assert_int_equal(tpmc_error_new(&err), 0);
    for (i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
        request = (tpmc_http_request *)&request;
        assert_int_equal(tpmc_http_request_new(refusals[i].method, refusals[i].url, &request, err),
                         TPMC_ERR_ARGUMENT);
        assert_null(request);
        assert_non_null(strstr(tpmc_error_text(err), refusals[i].words));
    }
    assert_int_equal(tpmc_http_request_new("GET", URL, NULL, err), TPMC_ERR_ARGUMENT);
    assert_int_equal(tpmc_http_request_new("ABCDEFGHIJKLMNOP", URL, &request, err), 0);
    assert_int_equal(tpmc_error_code(err), 0);
    tpmc_http_request_free(request);
    tpmc_error_free(err);
}

static void refusals_change_nothing(void **state)
{
    static char hash[130];
    tpmc_http_request *request = new_request();
    tpmc_error *err = NULL;
    int i;

    (void)state;
    assert_int_equal(tpmc_error_new(&err), 0);
    assert_int_equal(tpmc_http_request_set_body(request, "body", 4, err), 0);
    assert_int_equal(tpmc_http_request_set_body(request, NULL, 1, err), TPMC_ERR_ARGUMENT);
    assert_int_equal(tpmc_http_request_set_body(request, "x", BODY_MAX + 1, err),
                     TPMC_ERR_ARGUMENT);
    assert_non_null(strstr(tpmc_error_text(err), "16 MiB"));
    assert_memory_equal(tpmc_http_request_body(request), "body", 4);

    memset(hash, 'h', 128);
    assert_int_equal(tpmc_http_request_set_payload_hash(request, hash, err), 0);
    assert_int_equal(tpmc_http_request_set_payload_hash(request, "", err), TPMC_ERR_ARGUMENT);
    assert_non_null(strstr(tpmc_error_text(err), "128"));
    assert_int_equal(tpmc_http_request_set_payload_hash(request, "a\nb", err), TPMC_ERR_ARGUMENT);
    assert_non_null(strstr(tpmc_error_text(err), "printable"));
    assert_int_equal(tpmc_http_request_set_payload_hash(request, "\xc3\xa4", err),
                     TPMC_ERR_ARGUMENT);
    assert_string_equal(tpmc_http_request_payload_hash(request), hash);
    hash[128] = 'h';
    assert_int_equal(tpmc_http_request_set_payload_hash(request, hash, err), TPMC_ERR_ARGUMENT);

    for (i = 0; i < 64; i++)
        assert_int_equal(tpmc_http_request_add_header(request, "n", "v", err), 0);
    assert_int_equal(tpmc_http_request_add_header(request, "n", "v", err), TPMC_ERR_ARGUMENT);
    assert_non_null(strstr(tpmc_error_text(err), "64"));
    assert_int_equal(tpmc_http_request_header_count(request), 64);
    tpmc_http_request_free(request);
    tpmc_error_free(err);
}

static void takes_the_largest_body(void **state)
{
    tpmc_http_request *request = new_request();
    char *body = calloc(1, BODY_MAX);

    (void)state;
    assert_non_null(body);
    assert_int_equal(tpmc_http_request_set_body(request, body, BODY_MAX, NULL), 0);
    assert_int_equal(tpmc_http_request_body_len(request), BODY_MAX);
    free(body);
    tpmc_http_request_free(request);
}

static void null_is_no_crash(void **state)
{
    tpmc_http_request *request = new_request();

    (void)state;
    assert_int_equal(tpmc_http_request_add_header(NULL, "n", "v", NULL), TPMC_ERR_ARGUMENT);
    assert_int_equal(tpmc_http_request_add_header(request, NULL, "v", NULL), TPMC_ERR_ARGUMENT);
    assert_int_equal(tpmc_http_request_add_header(request, "n", NULL, NULL), TPMC_ERR_ARGUMENT);
    assert_int_equal(tpmc_http_request_set_body(NULL, "b", 1, NULL), TPMC_ERR_ARGUMENT);
    assert_int_equal(tpmc_http_request_set_payload_hash(NULL, "b", NULL), TPMC_ERR_ARGUMENT);
    assert_null(tpmc_http_request_method(NULL));
    assert_null(tpmc_http_request_url(NULL));
    assert_int_equal(tpmc_http_request_header_count(NULL), 0);
    assert_null(tpmc_http_request_header_name(NULL, 0));
    assert_null(tpmc_http_request_header_value(NULL, 0));
    assert_null(tpmc_http_request_body(NULL));
    assert_int_equal(tpmc_http_request_body_len(NULL), 0);
    assert_null(tpmc_http_request_payload_hash(NULL));
    assert_int_equal(tpmc_http_request_time_left_ms(NULL), -1);
    tpmc_http_request_free(NULL);
    tpmc_http_request_free(request);
}

static int build(void *context)
{
    tpmc_http_request *request = NULL;
    int status;

    (void)context;
    status = tpmc_http_request_new("POST", URL, &request, NULL);
    if (status != 0) {
        assert_null(request);
        return status;
    }
    status = tpmc_http_request_add_header(request, "Authorization", "Bearer x", NULL);
    if (status == 0)
        status = tpmc_http_request_set_body(request, "body", 4, NULL);
    if (status == 0)
        status = tpmc_http_request_set_payload_hash(request, "hash", NULL);
    tpmc_http_request_free(request);
    return status;
}

static void survives_every_failing_allocation(void **state)
{
    (void)state;
    assert_int_equal(each_allocation(build, NULL, TPMC_ERR_NOMEM), 7);
}

static void headers_are_taken_back(void **state)
{
    tpmc_http_request *request = NULL;

    (void)state;
    assert_int_equal(tpmc_http_request_new("GET", "https://h/", &request, NULL), 0);
    assert_int_equal(tpmc_http_request_add_header(request, "A", "1", NULL), 0);
    assert_int_equal(tpmc_http_request_add_header(request, "B", "2", NULL), 0);
    tpmc__http_request_truncate_headers(request, 1);
    assert_int_equal(tpmc_http_request_header_count(request), 1);
    assert_string_equal(tpmc_http_request_header_name(request, 0), "A");
    tpmc_http_request_free(request);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(starts_empty),
        cmocka_unit_test(holds_copies),
        cmocka_unit_test(setting_again_replaces),
        cmocka_unit_test(refuses_with_a_reason),
        cmocka_unit_test(refusals_change_nothing),
        cmocka_unit_test(takes_the_largest_body),
        cmocka_unit_test(null_is_no_crash),
        cmocka_unit_test(survives_every_failing_allocation),
        cmocka_unit_test(headers_are_taken_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
