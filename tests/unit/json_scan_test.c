/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/json_scan.h"

#include "unit/expect.h"

/* What is wrong with a text and where; json_test.c has the grammar. */
static void check_scan(const char *text, size_t depth, size_t items, const char *fault, size_t at)
{
    tpmc__json_limits limits = { depth, items };
    size_t found_at = 999;
    const char *found = tpmc__json_scan(text, strlen(text), &limits, &found_at);

    if (fault == NULL)
        assert_null(found);
    else
        assert_string_equal(found, fault);
    assert_int_equal(found_at, at);
}

static void places_are_told(void **state)
{
    (void)state;
    check_scan("", 1, 1, "it ends too early", 0);
    check_scan(" 1 ", 1, 1, NULL, 3);
    check_scan(" 1 x", 1, 1, "something follows the value", 3);
    check_scan("[1,2", 1, 2, "a comma or closing bracket is missing", 4);
    check_scan("\"ab\xff\"", 1, 1, "a string is not UTF-8", 3);
    check_scan("{\"a\":1,,}", 1, 2, "a member has no name in quotes", 7);
    check_scan("\"\\q\"", 1, 1, "a string holds an escape that JSON does not have", 2);
}

static void limits_are_exact(void **state)
{
    (void)state;
    check_scan("1", 0, 0, NULL, 1);
    check_scan("[]", 0, 0, "it is nested too deeply", 0);
    check_scan("[]", 1, 0, NULL, 2);
    check_scan("[1]", 1, 0, "an object or array has too many members", 1);
    check_scan("[1,2]", 1, 2, NULL, 5);
    check_scan("[1,2,3]", 1, 2, "an object or array has too many members", 5);
    check_scan("{\"a\":1,\"b\":2}", 1, 2, NULL, 13);
    check_scan("{\"a\":1,\"b\":2}", 1, 1, "an object or array has too many members", 7);
    check_scan("[[],[],[[]]]", 3, 3, NULL, 12);
    check_scan("[[],[],[[]]]", 2, 3, "it is nested too deeply", 8);
}

/* Nothing behind the length is looked at. */
static void the_length_counts(void **state)
{
    tpmc__json_limits limits = { 1, 1 };
    size_t at = 0;

    (void)state;
    assert_null(tpmc__json_scan("true]", 4, &limits, &at));
    assert_null(tpmc__json_scan("12e", 2, &limits, &at));
    assert_non_null(tpmc__json_scan("true", 3, &limits, &at));
    assert_non_null(tpmc__json_scan("\"\\u0041\"", 6, &limits, &at));
    assert_non_null(tpmc__json_scan("\"\xc3\xa9\"", 2, &limits, &at));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(places_are_told),
        cmocka_unit_test(limits_are_exact),
        cmocka_unit_test(the_length_counts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
