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

static tpmc_http_response *new_response(void)
{
    tpmc_http_response *response = NULL;

    assert_int_equal(tpmc__http_response_new(&response, NULL), 0);
    return response;
}

static void holds_what_the_transport_sets(void **state)
{
    tpmc_http_response *response = new_response();

    (void)state;
    assert_int_equal(tpmc_http_response_status(response), 0);
    assert_null(tpmc_http_response_body(response));
    assert_int_equal(tpmc_http_response_body_len(response), 0);
    assert_null(tpmc_http_response_header(response, "x"));
    assert_int_equal(tpmc_http_response_set_status(response, 100, NULL), 0);
    assert_int_equal(tpmc_http_response_set_status(response, 599, NULL), 0);
    assert_int_equal(tpmc_http_response_add_header(response, "Retry-After", "5", NULL), 0);
    assert_int_equal(tpmc_http_response_add_header(response, "retry-after", "6", NULL), 0);
    assert_int_equal(tpmc_http_response_append_body(response, "ab", 2, NULL), 0);
    assert_int_equal(tpmc_http_response_append_body(response, NULL, 0, NULL), 0);
    assert_int_equal(tpmc_http_response_append_body(response, "\0c", 2, NULL), 0);
    assert_int_equal(tpmc_http_response_status(response), 599);
    assert_string_equal(tpmc_http_response_header(response, "RETRY-AFTER"), "5");
    assert_int_equal(tpmc_http_response_body_len(response), 4);
    assert_memory_equal(tpmc_http_response_body(response), "ab\0c", 4);
    assert_int_equal(tpmc__http_response_check(response, NULL), 0);
    tpmc__http_response_free(response);
}

static void refuses_what_is_no_status(void **state)
{
    static const int bad[] = { -1, 0, 99, 600, 1000, INT32_MIN, INT32_MAX };
    tpmc_http_response *response = new_response();
    tpmc_error *err = NULL;
    size_t i;

    (void)state;
    assert_int_equal(tpmc_error_new(&err), 0);
    assert_int_equal(tpmc_http_response_set_status(response, 204, err), 0);
    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(tpmc_http_response_set_status(response, bad[i], err), TPMC_ERR_ARGUMENT);
        assert_non_null(strstr(tpmc_error_text(err), "100 to 599"));
    }
    assert_int_equal(tpmc_http_response_status(response), 204);
    tpmc__http_response_free(response);
    tpmc_error_free(err);
}

static void headers_have_ceilings(void **state)
{
    static char value[16384];
    tpmc_http_response *response = new_response();
    tpmc_error *err = NULL;
    int i;

    (void)state;
    assert_int_equal(tpmc_error_new(&err), 0);
    for (i = 0; i < 128; i++)
        assert_int_equal(tpmc_http_response_add_header(response, "n", "v", err), 0);
    assert_int_equal(tpmc_http_response_add_header(response, "n", "v", err), TPMC_ERR_ARGUMENT);
    assert_non_null(strstr(tpmc_error_text(err), "128"));
    tpmc__http_response_free(response);

    response = new_response();
    memset(value, 'v', sizeof(value) - 1);
    for (i = 0; i < 4; i++)
        assert_int_equal(tpmc_http_response_add_header(response, "n", value, err), 0);
    assert_int_equal(tpmc_http_response_add_header(response, "n", "", err), TPMC_ERR_ARGUMENT);
    assert_non_null(strstr(tpmc_error_text(err), "65536"));
    tpmc__http_response_free(response);
    tpmc_error_free(err);
}

static void too_large_a_body_stays_a_failure(void **state)
{
    static char chunk[TPMC__HTTP_MAX_BODY];
    tpmc_http_response *response = new_response();
    tpmc_error *err = NULL;

    (void)state;
    assert_int_equal(tpmc_error_new(&err), 0);
    assert_int_equal(tpmc_http_response_set_status(response, 200, err), 0);
    assert_int_equal(tpmc_http_response_append_body(response, chunk, sizeof(chunk), err), 0);
    assert_int_equal(tpmc__http_response_check(response, err), 0);
    assert_int_equal(tpmc_http_response_append_body(response, "x", 1, err), TPMC_ERR_PROTOCOL);
    assert_non_null(strstr(tpmc_error_text(err), "1 MiB"));
    assert_int_equal(tpmc_http_response_append_body(response, "", 0, err), TPMC_ERR_PROTOCOL);
    assert_int_equal(tpmc__http_response_check(response, err), TPMC_ERR_PROTOCOL);
    assert_null(tpmc_http_response_body(response));
    tpmc__http_response_free(response);
    tpmc_error_free(err);
}

static void an_answer_needs_a_status(void **state)
{
    tpmc_http_response *response = new_response();
    tpmc_error *err = NULL;

    (void)state;
    assert_int_equal(tpmc_error_new(&err), 0);
    assert_int_equal(tpmc_http_response_append_body(response, "x", 1, err), 0);
    assert_int_equal(tpmc__http_response_check(response, err), TPMC_ERR_PROTOCOL);
    assert_non_null(strstr(tpmc_error_text(err), "no status"));
    tpmc__http_response_free(response);
    tpmc_error_free(err);
}

static void null_is_no_crash(void **state)
{
    tpmc_http_response *response = new_response();

    (void)state;
    assert_int_equal(tpmc_http_response_set_status(NULL, 200, NULL), TPMC_ERR_ARGUMENT);
    assert_int_equal(tpmc_http_response_add_header(NULL, "n", "v", NULL), TPMC_ERR_ARGUMENT);
    assert_int_equal(tpmc_http_response_add_header(response, NULL, "v", NULL), TPMC_ERR_ARGUMENT);
    assert_int_equal(tpmc_http_response_add_header(response, "n", NULL, NULL), TPMC_ERR_ARGUMENT);
    assert_int_equal(tpmc_http_response_append_body(NULL, "x", 1, NULL), TPMC_ERR_ARGUMENT);
    assert_int_equal(tpmc_http_response_append_body(response, NULL, 1, NULL), TPMC_ERR_ARGUMENT);
    assert_int_equal(tpmc_http_response_status(NULL), 0);
    assert_null(tpmc_http_response_header(NULL, "n"));
    assert_null(tpmc_http_response_header(response, NULL));
    assert_null(tpmc_http_response_body(NULL));
    assert_int_equal(tpmc_http_response_body_len(NULL), 0);
    tpmc__http_response_free(NULL);
    tpmc__http_response_free(response);
}

static int fill(void *context)
{
    tpmc_http_response *response = NULL;
    int status;

    (void)context;
    status = tpmc__http_response_new(&response, NULL);
    if (status != 0) {
        assert_null(response);
        return status;
    }
    assert_int_equal(tpmc_http_response_set_status(response, 200, NULL), 0);
    status = tpmc_http_response_add_header(response, "n", "v", NULL);
    if (status == 0) {
        status = tpmc_http_response_append_body(response, "x", 1, NULL);
        assert_int_equal(tpmc__http_response_check(response, NULL), status);
    }
    tpmc__http_response_free(response);
    return status;
}

static void survives_every_failing_allocation(void **state)
{
    (void)state;
    assert_int_equal(each_allocation(fill, NULL, TPMC_ERR_NOMEM), 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(holds_what_the_transport_sets),
        cmocka_unit_test(refuses_what_is_no_status),
        cmocka_unit_test(headers_have_ceilings),
        cmocka_unit_test(too_large_a_body_stays_a_failure),
        cmocka_unit_test(an_answer_needs_a_status),
        cmocka_unit_test(null_is_no_crash),
        cmocka_unit_test(survives_every_failing_allocation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
