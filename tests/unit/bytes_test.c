/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/expect.h"
#include "unit/failing_alloc.h"

#include "base/bytes_int.h"

static void holds_a_copy_and_a_nul(void **state)
{
    char source[] = "a\0b";
    tpmc_bytes *bytes = NULL;

    expect_success(tpmc__bytes_new(source, 3, &bytes, *state), *state);
    source[0] = 'x';
    assert_int_equal(tpmc_bytes_len(bytes), 3);
    assert_memory_equal(tpmc_bytes_data(bytes), "a\0b\0", 4);
    tpmc_bytes_free(bytes);
}

static void may_be_empty(void **state)
{
    tpmc_bytes *bytes = NULL;

    expect_success(tpmc__bytes_new(NULL, 0, &bytes, *state), *state);
    assert_int_equal(tpmc_bytes_len(bytes), 0);
    assert_non_null(tpmc_bytes_data(bytes));
    assert_int_equal(*tpmc_bytes_data(bytes), 0);
    tpmc_bytes_free(bytes);
}

static void null_is_harmless(void **state)
{
    (void)state;
    assert_null(tpmc_bytes_data(NULL));
    assert_int_equal(tpmc_bytes_len(NULL), 0);
    tpmc_bytes_free(NULL);
}

static void takes_over_a_buffer(void **state)
{
    tpmc_bytes *bytes = NULL;
    const uint8_t *data;
    tpmc__buf buf;

    tpmc__buf_init(&buf, 100);
    assert_int_equal(tpmc__buf_append_text(&buf, "content"), 0);
    data = buf.data;
    expect_success(tpmc__bytes_from_buf(&buf, "it", &bytes, *state), *state);
    assert_ptr_equal(tpmc_bytes_data(bytes), data);
    assert_int_equal(tpmc_bytes_len(bytes), 7);
    assert_string_equal((const char *)tpmc_bytes_data(bytes), "content");
    assert_null(buf.data);
    assert_int_equal(buf.len, 0);
    tpmc__buf_free(&buf);
    tpmc_bytes_free(bytes);
}

static void takes_over_an_empty_buffer(void **state)
{
    tpmc_bytes *bytes = NULL;
    tpmc__buf buf;

    tpmc__buf_init(&buf, 100);
    expect_success(tpmc__bytes_from_buf(&buf, "it", &bytes, *state), *state);
    assert_int_equal(tpmc_bytes_len(bytes), 0);
    assert_non_null(tpmc_bytes_data(bytes));
    tpmc_bytes_free(bytes);
}

static void passes_on_a_buffers_failure(void **state)
{
    tpmc_bytes *bytes = (tpmc_bytes *)state;
    tpmc__buf buf;

    tpmc__buf_init(&buf, 2);
    assert_int_equal(tpmc__buf_append_text(&buf, "abc"), TPMC_ERR_ARGUMENT);
    expect_failure(tpmc__bytes_from_buf(&buf, "the signature", &bytes, *state), *state,
                   TPMC_ERR_ARGUMENT, "the signature is larger than the 2 bytes");
    assert_null(bytes);
}

static void every_allocation_may_fail(void **state)
{
    tpmc_bytes *bytes = (tpmc_bytes *)state;
    tpmc__buf buf;
    size_t n;

    for (n = 1; n <= 2; n++) {
        fail_allocation(n);
        expect_failure(tpmc__bytes_new("abc", 3, &bytes, *state), *state, TPMC_ERR_NOMEM, "memory");
        assert_true(allocation_failed());
        assert_null(bytes);
    }
    tpmc__buf_init(&buf, 100);
    assert_int_equal(tpmc__buf_append_text(&buf, "content"), 0);
    fail_allocation(1);
    expect_failure(tpmc__bytes_from_buf(&buf, "it", &bytes, *state), *state, TPMC_ERR_NOMEM,
                   "memory");
    assert_true(allocation_failed());
    assert_null(bytes);
    assert_null(buf.data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ERROR(holds_a_copy_and_a_nul),     WITH_ERROR(may_be_empty),
        cmocka_unit_test(null_is_harmless),     WITH_ERROR(takes_over_a_buffer),
        WITH_ERROR(takes_over_an_empty_buffer), WITH_ERROR(passes_on_a_buffers_failure),
        WITH_ERROR(every_allocation_may_fail),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
