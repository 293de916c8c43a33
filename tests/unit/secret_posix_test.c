/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/expect.h"

#include <unistd.h>

#include "base/secret.h"

/* Other systems than Linux build this; it must work on Linux too. */

static void pages_are_whole_and_zeroed(void **state)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    static const size_t lengths[] = { 0, 1, 4095, 4096, 4097, 100000 };
    size_t mapped = 0;
    uint8_t *pages;
    size_t i;
    size_t j;

    (void)state;
    for (i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        pages = tpmc__secret_pages_new(lengths[i], &mapped);
        assert_non_null(pages);
        assert_int_equal((uintptr_t)pages % page, 0);
        assert_int_equal(mapped % page, 0);
        assert_true(mapped > lengths[i]);
        for (j = 0; j < mapped; j++)
            assert_int_equal(pages[j], 0);
        tpmc__secret_pages_free(pages, mapped);
    }
}

static void huge_lengths_are_refused(void **state)
{
    size_t mapped = 1;

    (void)state;
    assert_null(tpmc__secret_pages_new(SIZE_MAX, &mapped));
    assert_int_equal(mapped, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pages_are_whole_and_zeroed),
        cmocka_unit_test(huge_lengths_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
