/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/expect.h"
#include "unit/failing_alloc.h"

#include "base/mem.h"

static void new_memory_is_zeroed(void **state)
{
    static const uint8_t zeros[4096];
    uint8_t *block = tpmc__mem_new(64, 64);

    (void)state;
    assert_non_null(block);
    assert_memory_equal(block, zeros, sizeof(zeros));
    tpmc__mem_free(block);
    tpmc__mem_free(NULL);
}

static void empty_blocks_are_blocks(void **state)
{
    void *block = tpmc__mem_new(0, 8);

    (void)state;
    assert_non_null(block);
    block = tpmc__mem_resize(block, 0, 8);
    assert_non_null(block);
    tpmc__mem_free(block);
    block = tpmc__mem_new(8, 0);
    assert_non_null(block);
    tpmc__mem_free(block);
}

static void products_that_overflow_are_refused(void **state)
{
    uint8_t *block = tpmc__mem_new(1, 1);
    /* Read at run time, so that the compiler does not warn of what is tested. */
    volatile size_t huge = SIZE_MAX;

    (void)state;
    assert_non_null(block);
    block[0] = 7;
    assert_null(tpmc__mem_resize(block, huge / 2 + 1, 2));
    assert_null(tpmc__mem_resize(block, 16, huge / 8));
    assert_int_equal(block[0], 7);
    tpmc__mem_free(block);
    assert_null(tpmc__mem_copy("", huge));
}

static void resizing_keeps_the_content(void **state)
{
    uint8_t *block = tpmc__mem_copy("abc", 3);
    uint8_t *larger;

    (void)state;
    assert_non_null(block);
    larger = tpmc__mem_resize(block, 1000, 3);
    assert_non_null(larger);
    assert_string_equal((const char *)larger, "abc");
    tpmc__mem_free(larger);
}

static void failed_resizing_keeps_the_block(void **state)
{
    char *block = tpmc__mem_copy_text("abc");

    (void)state;
    assert_non_null(block);
    fail_allocation(1);
    assert_null(tpmc__mem_resize(block, 100, 1));
    assert_true(allocation_failed());
    assert_string_equal(block, "abc");
    tpmc__mem_free(block);
}

static void copies_end_in_nul(void **state)
{
    char *copy = tpmc__mem_copy("a\0b", 3);

    (void)state;
    assert_non_null(copy);
    assert_memory_equal(copy, "a\0b\0", 4);
    tpmc__mem_free(copy);
    copy = tpmc__mem_copy(NULL, 0);
    assert_non_null(copy);
    assert_string_equal(copy, "");
    tpmc__mem_free_wiped(copy, 1);
    fail_allocation(1);
    assert_null(tpmc__mem_copy_text("abc"));
    assert_true(allocation_failed());
}

static void wiping_overwrites(void **state)
{
    char secret[8] = "secret!";
    static const char zeros[8];

    (void)state;
    tpmc__mem_wipe(secret, sizeof(secret));
    assert_memory_equal(secret, zeros, sizeof(zeros));
    tpmc__mem_wipe(NULL, 5);
    tpmc__mem_free_wiped(NULL, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(new_memory_is_zeroed),
        cmocka_unit_test(empty_blocks_are_blocks),
        cmocka_unit_test(products_that_overflow_are_refused),
        cmocka_unit_test(resizing_keeps_the_content),
        cmocka_unit_test(failed_resizing_keeps_the_block),
        cmocka_unit_test(copies_end_in_nul),
        cmocka_unit_test(wiping_overwrites),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
