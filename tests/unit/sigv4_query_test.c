/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/expect.h"

#include <stdio.h>

#include "proto/sigv4_query.h"
#include "unit/each_allocation.h"

static void a_query_is_encoded_and_sorted(void **state)
{
    static const char *const rows[][2] = {
        { "", "" },
        { "&", "" },
        { "a", "a=" },
        { "a=", "a=" },
        { "=a", "=a" },
        { "a&b", "a=&b=" },
        { "b=2&&a=1&", "a=1&b=2" },
        { "a=b=c", "a=b%3Dc" },
        { "a=+&b=%2b", "a=%2B&b=%2B" },
        { "a=2&a=1&a=10&a", "a=&a=1&a=10&a=2" },
        { "a=1&a=1", "a=1&a=1" },
        /* '-' and '0' are less than '=', but a shorter name comes first all the same. */
        { "a-b=1&a=2&a0=3", "a=2&a-b=1&a0=3" },
        /* The encoded name counts: '%' is less than a letter. */
        { "a=1&%C3%A4=2&A=3&!=4", "%21=4&%C3%A4=2&A=3&a=1" },
        { "a=%7e/?:@", "a=~%2F%3F%3A%40" },
    };
    tpmc__buf out;

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        tpmc__buf_init(&out, 1024);
        assert_int_equal(tpmc__buf_append_byte(&out, '>'), 0);
        tpmc__sigv4_canonical_query(rows[i][0], strlen(rows[i][0]), &out);
        assert_int_equal(tpmc__buf_status(&out), 0);
        assert_string_equal((const char *)out.data + 1, rows[i][1]);
        tpmc__buf_free(&out);
    }
}

static void what_a_presigned_url_has_is_refused(void **state)
{
    static const char *const names[] = {
        "X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Date",          "X-Amz-Expires",
        "X-Amz-Signature", "X-Amz-Region-Set", "X-Amz-SignedHeaders", "X-Amz-Security-Token",
    };
    char query[128];

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        (void)snprintf(query, sizeof(query), "a=1&%s=x", names[i]);
        expect_failure(tpmc__sigv4_check_query(query, strlen(query), *state), *state,
                       TPMC_ERR_ARGUMENT, names[i]);
        (void)snprintf(query, sizeof(query), "%s", names[i]);
        expect_failure(tpmc__sigv4_check_query(query, strlen(query), *state), *state,
                       TPMC_ERR_ARGUMENT, "was not signed before");
    }
    expect_failure(tpmc__sigv4_check_query("x%2DAMZ-%64ate", 14, *state), *state, TPMC_ERR_ARGUMENT,
                   "X-Amz-Date already");
}

static void other_parameters_are_not(void **state)
{
    static const char query[] =
        "X-Amz-Dat=1&X-Amz-Date2=1&a=X-Amz-Date&X-Amz-Target=b&=X-Amz-Date&&";

    assert_int_equal(tpmc__sigv4_check_query(query, sizeof(query) - 1, *state), 0);
    assert_int_equal(tpmc__sigv4_check_query("", 0, *state), 0);
}

static int attempt(void *context)
{
    tpmc__buf out;
    int status;

    (void)context;
    tpmc__buf_init(&out, 1024);
    tpmc__sigv4_canonical_query("b=1&a=2", 7, &out);
    status = tpmc__buf_status(&out);
    if (status == 0)
        assert_string_equal((const char *)out.data, "a=2&b=1");
    tpmc__buf_free(&out);
    return status;
}

static void a_lack_of_memory_sticks(void **state)
{
    (void)state;
    assert_int_equal(each_allocation(attempt, NULL, TPMC_ERR_NOMEM), 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_query_is_encoded_and_sorted),
        WITH_ERROR(what_a_presigned_url_has_is_refused),
        WITH_ERROR(other_parameters_are_not),
        cmocka_unit_test(a_lack_of_memory_sticks),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
