/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/expect.h"

#include "proto/sigv4.h"
#include "proto/sigv4_path.h"
#include "unit/each_allocation.h"

static void expect_path(const char *path, unsigned flags, const char *expected)
{
    tpmc__buf out;

    tpmc__buf_init(&out, 1024);
    /* What is there already has a '/', too. */
    assert_int_equal(tpmc__buf_append_text(&out, "GET/"), 0);
    tpmc__sigv4_canonical_path(path, strlen(path), flags, &out);
    assert_int_equal(tpmc__buf_status(&out), 0);
    assert_string_equal((const char *)out.data + 4, expected);
    tpmc__buf_free(&out);
}

static void a_path_is_normalized_and_encoded_again(void **state)
{
    static const char *const rows[][2] = {
        { "", "/" },
        { "/", "/" },
        { "//", "/" },
        { "/.", "/" },
        { "/..", "/" },
        { "/../../a", "/a" },
        { "/a/..", "/" },
        { "/a/../", "/" },
        { "/a/b/..", "/a" },
        { "/a/./b//c/", "/a/b/c/" },
        { "/...", "/..." },
        { "/.a/..b", "/.a/..b" },
        { "/a%20b", "/a%2520b" },
        { "/%2F%25", "/%252F%2525" },
        { "/a/%2e%2e", "/a/%252e%252e" },
        { "/a+b=c:d", "/a%2Bb%3Dc%3Ad" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        expect_path(rows[i][0], 0, rows[i][1]);
}

static void a_path_of_s3_stays(void **state)
{
    static const char *const rows[][2] = {
        { "", "/" },
        { "//a/../b/./", "//a/../b/./" },
        { "/a%20b%2f%25", "/a%20b%2F%25" },
        { "/a!b~%7E", "/a%21b~~" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        expect_path(rows[i][0], TPMC__SIGV4_S3, rows[i][1]);
}

static void the_two_flags_are_independent(void **state)
{
    (void)state;
    expect_path("/a/../%20", TPMC__SIGV4_KEEP_PATH, "/a/../%2520");
    expect_path("/a/../%20", TPMC__SIGV4_ENCODE_ONCE, "/%20");
}

static int attempt(void *context)
{
    tpmc__buf out;
    int status;

    (void)context;
    tpmc__buf_init(&out, 1024);
    tpmc__sigv4_canonical_path("/a/b/../c", 9, 0, &out);
    status = tpmc__buf_status(&out);
    tpmc__buf_free(&out);
    return status;
}

static void a_lack_of_memory_sticks(void **state)
{
    (void)state;
    assert_int_equal(each_allocation(attempt, NULL, TPMC_ERR_NOMEM), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_path_is_normalized_and_encoded_again),
        cmocka_unit_test(a_path_of_s3_stays),
        cmocka_unit_test(the_two_flags_are_independent),
        cmocka_unit_test(a_lack_of_memory_sticks),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
