/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/expect.h"

#include "http/form.h"
#include "unit/each_allocation.h"

static void every_value_is_encoded_once(void **state)
{
    tpmc__buf body;

    (void)state;
    tpmc__buf_init(&body, 1000);
    assert_int_equal(tpmc__form_add(&body, "grant_type", "urn:ietf:a b"), 0);
    assert_int_equal(tpmc__form_add(&body, "a&=", "-._~+/%25\r\n\xc3\xa9"), 0);
    assert_int_equal(tpmc__form_add(&body, "empty", ""), 0);
    assert_string_equal((const char *)body.data,
                        "grant_type=urn%3Aietf%3Aa%20b&a%26%3D=-._~%2B%2F%2525%0D%0A%C3%A9&empty=");
    tpmc__buf_free(&body);
}

static void bytes_may_be_any(void **state)
{
    tpmc__buf body;

    (void)state;
    tpmc__buf_init(&body, 100);
    assert_int_equal(tpmc__form_add_bytes(&body, "k", "\0\xff", 2), 0);
    assert_string_equal((const char *)body.data, "k=%00%FF");
    tpmc__buf_free(&body);
}

static void failure_sticks(void **state)
{
    tpmc__buf body;

    (void)state;
    tpmc__buf_init(&body, 4);
    assert_int_equal(tpmc__form_add(&body, "k", "ab"), 0);
    assert_int_equal(tpmc__form_add(&body, "l", ""), TPMC_ERR_ARGUMENT);
    tpmc__buf_free(&body);
}

static int attempt(void *context)
{
    /* Longer than what the first one has left of the room in the buffer. */
    char value[101] = { 0 };
    tpmc__buf body;
    int status;

    (void)context;
    tpmc__buf_init(&body, 1000);
    (void)tpmc__form_add(&body, "scope", "a b");
    (void)memset(value, ' ', sizeof(value) - 1);
    status = tpmc__form_add(&body, "k", value);
    tpmc__buf_free(&body);
    return status;
}

static void survives_every_failing_allocation(void **state)
{
    (void)state;
    assert_true(each_allocation(attempt, NULL, TPMC_ERR_NOMEM) >= 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(survives_every_failing_allocation),
        cmocka_unit_test(every_value_is_encoded_once),
        cmocka_unit_test(bytes_may_be_any),
        cmocka_unit_test(failure_sticks),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
