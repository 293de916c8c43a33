/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/expect.h"
#include "unit/failing_alloc.h"

#include "base/buf.h"

static void starts_empty(void **state)
{
    tpmc__buf buf;

    (void)state;
    tpmc__buf_init(&buf, 10);
    assert_null(buf.data);
    assert_int_equal(buf.len, 0);
    assert_int_equal(tpmc__buf_status(&buf), 0);
    assert_int_equal(tpmc__buf_append(&buf, NULL, 0), 0);
    assert_int_equal(tpmc__buf_append_text(&buf, ""), 0);
    assert_null(buf.data);
    tpmc__buf_free(&buf);
}

static void appends(void **state)
{
    static const uint8_t expected[] = { 'a',  'b',  'c',  'd',  'e',  'x', 0x12,
                                        0x34, 0x89, 0xab, 0xcd, 0xef, 0 };
    tpmc__buf buf;

    (void)state;
    tpmc__buf_init(&buf, 100);
    assert_int_equal(tpmc__buf_append(&buf, "abc", 3), 0);
    assert_int_equal(tpmc__buf_append_text(&buf, "de"), 0);
    assert_int_equal(tpmc__buf_append_byte(&buf, 'x'), 0);
    assert_int_equal(tpmc__buf_append_be16(&buf, 0x1234), 0);
    assert_int_equal(tpmc__buf_append_be32(&buf, 0x89abcdef), 0);
    assert_int_equal(buf.len, sizeof(expected) - 1);
    assert_memory_equal(buf.data, expected, sizeof(expected));
    tpmc__buf_free(&buf);
}

static void grows_up_to_the_ceiling_and_no_further(void **state)
{
    static const size_t ceilings[] = { 1, 2, 63, 64, 65, 127, 128, 129, 1000, 4095, 4096 };
    tpmc__buf buf;
    size_t i;
    size_t j;

    (void)state;
    for (i = 0; i < sizeof(ceilings) / sizeof(ceilings[0]); i++) {
        tpmc__buf_init(&buf, ceilings[i]);
        for (j = 0; j < ceilings[i]; j++)
            assert_int_equal(tpmc__buf_append_byte(&buf, (uint8_t)j), 0);
        assert_int_equal(buf.len, ceilings[i]);
        assert_true(buf.capacity <= ceilings[i] + 1 || buf.capacity == 256);
        assert_int_equal(buf.data[buf.len], 0);
        assert_int_equal(buf.data[ceilings[i] - 1], (uint8_t)(ceilings[i] - 1));
        assert_int_equal(tpmc__buf_append_byte(&buf, 0), TPMC_ERR_ARGUMENT);
        assert_null(buf.data);
        tpmc__buf_free(&buf);
    }
}

static void ceiling_of_nothing(void **state)
{
    tpmc__buf buf;

    (void)state;
    tpmc__buf_init(&buf, 0);
    assert_int_equal(tpmc__buf_append(&buf, "", 0), 0);
    assert_int_equal(tpmc__buf_append_byte(&buf, 1), TPMC_ERR_ARGUMENT);
}

static void huge_lengths_do_not_overflow(void **state)
{
    tpmc__buf buf;

    (void)state;
    tpmc__buf_init(&buf, SIZE_MAX);
    assert_int_equal(tpmc__buf_append(&buf, "abc", 3), 0);
    assert_null(tpmc__buf_reserve(&buf, SIZE_MAX));
    assert_int_equal(tpmc__buf_status(&buf), TPMC_ERR_ARGUMENT);
    tpmc__buf_free(&buf);
    assert_int_equal(tpmc__buf_append(&buf, "abc", 3), 0);
    assert_null(tpmc__buf_reserve(&buf, SIZE_MAX - 3));
    assert_int_equal(tpmc__buf_status(&buf), TPMC_ERR_ARGUMENT);
    tpmc__buf_free(&buf);
}

static void reserved_room_is_the_callers(void **state)
{
    tpmc__buf buf;
    uint8_t *place;

    (void)state;
    tpmc__buf_init(&buf, 200);
    assert_int_equal(tpmc__buf_append_text(&buf, "ab"), 0);
    place = tpmc__buf_reserve(&buf, 100);
    assert_non_null(place);
    assert_ptr_equal(place, buf.data + 2);
    memset(place, 'x', 100);
    assert_int_equal(buf.len, 102);
    assert_int_equal(buf.data[102], 0);
    assert_non_null(tpmc__buf_reserve(&buf, 0));
    assert_null(tpmc__buf_reserve(&buf, 99));
    tpmc__buf_free(&buf);
    assert_non_null(tpmc__buf_reserve(&buf, 0));
    tpmc__buf_free(&buf);
}

static void failure_is_sticky(void **state)
{
    tpmc__buf buf;

    tpmc__buf_init(&buf, 4);
    assert_int_equal(tpmc__buf_append_text(&buf, "abcde"), TPMC_ERR_ARGUMENT);
    assert_null(buf.data);
    assert_int_equal(buf.len, 0);
    assert_int_equal(tpmc__buf_append_text(&buf, "a"), TPMC_ERR_ARGUMENT);
    assert_int_equal(tpmc__buf_append(&buf, NULL, 0), TPMC_ERR_ARGUMENT);
    assert_null(tpmc__buf_reserve(&buf, 1));
    tpmc__buf_clear(&buf);
    assert_int_equal(tpmc__buf_status(&buf), TPMC_ERR_ARGUMENT);
    expect_failure(tpmc__buf_check(&buf, "the key file", *state), *state, TPMC_ERR_ARGUMENT,
                   "the key file is larger than the 4 bytes");
    tpmc__buf_free(&buf);
    assert_int_equal(tpmc__buf_append_text(&buf, "abcd"), 0);
    assert_int_equal(tpmc__buf_check(&buf, "the key file", NULL), 0);
    tpmc__buf_free(&buf);
}

static void lack_of_memory_is_sticky(void **state)
{
    tpmc__buf buf;

    tpmc__buf_init(&buf, 1000);
    assert_int_equal(tpmc__buf_append_text(&buf, "abc"), 0);
    fail_allocation(1);
    assert_null(tpmc__buf_reserve(&buf, 500));
    assert_true(allocation_failed());
    assert_null(buf.data);
    assert_int_equal(tpmc__buf_append_text(&buf, "a"), TPMC_ERR_NOMEM);
    expect_failure(tpmc__buf_check(&buf, "it", *state), *state, TPMC_ERR_NOMEM, "out of memory");
    tpmc__buf_free(&buf);
}

static void clearing_wipes_and_keeps_the_memory(void **state)
{
    static const uint8_t zeros[6];
    tpmc__buf buf;
    uint8_t *data;

    (void)state;
    tpmc__buf_init(&buf, 100);
    assert_int_equal(tpmc__buf_append_text(&buf, "secret"), 0);
    data = buf.data;
    tpmc__buf_clear(&buf);
    assert_int_equal(buf.len, 0);
    assert_ptr_equal(buf.data, data);
    assert_memory_equal(buf.data, zeros, sizeof(zeros));
    assert_int_equal(tpmc__buf_append_text(&buf, "ab"), 0);
    assert_string_equal((const char *)buf.data, "ab");
    tpmc__buf_free(&buf);
    assert_null(buf.data);
}

static void a_given_failure_sticks(void **state)
{
    tpmc_error *err = NULL;
    tpmc__buf buf;

    (void)state;
    tpmc__buf_init(&buf, 100);
    assert_int_equal(tpmc__buf_append_text(&buf, "abc"), 0);
    assert_int_equal(tpmc__buf_fail(&buf, TPMC_ERR_FORMAT), TPMC_ERR_FORMAT);
    assert_null(buf.data);
    assert_int_equal(tpmc__buf_append_text(&buf, "abc"), TPMC_ERR_FORMAT);
    assert_null(buf.data);
    assert_int_equal(tpmc__buf_status(&buf), TPMC_ERR_FORMAT);
    assert_int_equal(tpmc_error_new(&err), 0);
    assert_int_equal(tpmc__buf_check(&buf, "the text", err), TPMC_ERR_FORMAT);
    assert_string_equal(tpmc_error_text(err),
                        "the text cannot be encoded: a value in it is malformed");
    tpmc_error_free(err);
    tpmc__buf_free(&buf);
    assert_int_equal(tpmc__buf_append_text(&buf, "abc"), 0);
    tpmc__buf_free(&buf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_given_failure_sticks),
        cmocka_unit_test(starts_empty),
        cmocka_unit_test(appends),
        cmocka_unit_test(grows_up_to_the_ceiling_and_no_further),
        cmocka_unit_test(ceiling_of_nothing),
        cmocka_unit_test(huge_lengths_do_not_overflow),
        cmocka_unit_test(reserved_room_is_the_callers),
        WITH_ERROR(failure_is_sticky),
        WITH_ERROR(lack_of_memory_is_sticky),
        cmocka_unit_test(clearing_wipes_and_keeps_the_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
