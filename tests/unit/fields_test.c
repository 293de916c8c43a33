/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "http/fields.h"
#include "unit/each_allocation.h"

static void keeps_order_and_equal_names(void **state)
{
    tpmc__fields fields;

    (void)state;
    tpmc__fields_init(&fields, 64, 1000);
    assert_int_equal(tpmc__fields_add(&fields, "X-One", "1", NULL), 0);
    assert_int_equal(tpmc__fields_add(&fields, "Two", "", NULL), 0);
    assert_int_equal(tpmc__fields_add(&fields, "x-one", "3", NULL), 0);
    assert_int_equal(fields.count, 3);
    assert_string_equal(fields.items[2].name, "x-one");
    assert_string_equal(fields.items[2].value, "3");
    assert_string_equal(tpmc__fields_find(&fields, "X-ONE"), "1");
    assert_string_equal(tpmc__fields_find(&fields, "two"), "");
    assert_null(tpmc__fields_find(&fields, "x-on"));
    assert_null(tpmc__fields_find(&fields, "x-one2"));
    assert_null(tpmc__fields_find(&fields, ""));
    tpmc__fields_free(&fields);
    assert_int_equal(fields.count, 0);
    assert_null(tpmc__fields_find(&fields, "two"));
    tpmc__fields_free(&fields);
}

static void refuse(tpmc__fields *fields, const char *name, const char *value, const char *words)
{
    tpmc_error *err = NULL;
    size_t count = fields->count;
    size_t bytes = fields->bytes;

    assert_int_equal(tpmc_error_new(&err), 0);
    assert_int_equal(tpmc__fields_add(fields, name, value, err), TPMC_ERR_ARGUMENT);
    assert_non_null(strstr(tpmc_error_text(err), words));
    assert_int_equal(fields->count, count);
    assert_int_equal(fields->bytes, bytes);
    tpmc_error_free(err);
}

static void refuses_what_would_split_a_message(void **state)
{
    tpmc__fields fields;
    char value[] = "s3cret?";
    int c;

    (void)state;
    tpmc__fields_init(&fields, 1000, 100000);
    refuse(&fields, "", "v", "empty");
    refuse(&fields, "a b", "v", "no such name has");
    refuse(&fields, "a:", "v", "no such name has");
    refuse(&fields, "a\r\n", "v", "no such name has");
    refuse(&fields, "\xc3\xa4", "v", "no such name has");
    for (c = 1; c < 256; c++) {
        value[6] = (char)c;
        if (c < 0x20 || c == 0x7f)
            refuse(&fields, "x", value, "control character");
        else
            assert_int_equal(tpmc__fields_add(&fields, "x", value, NULL), 0);
    }
    tpmc__fields_free(&fields);
}

static void a_value_is_never_quoted(void **state)
{
    tpmc__fields fields;
    tpmc_error *err = NULL;

    (void)state;
    assert_int_equal(tpmc_error_new(&err), 0);
    tpmc__fields_init(&fields, 4, 1000);
    assert_int_equal(tpmc__fields_add(&fields, "Authorization", "Bearer s3cret\n", err),
                     TPMC_ERR_ARGUMENT);
    assert_non_null(strstr(tpmc_error_text(err), "'Authorization'"));
    assert_null(strstr(tpmc_error_text(err), "s3cret"));
    tpmc__fields_free(&fields);
    tpmc_error_free(err);
}

static void has_ceilings(void **state)
{
    static char name[TPMC__FIELD_NAME_MAX + 2];
    static char value[TPMC__FIELD_VALUE_MAX + 2];
    tpmc__fields fields;

    (void)state;
    memset(name, 'n', sizeof(name) - 1);
    memset(value, 'v', sizeof(value) - 1);
    tpmc__fields_init(&fields, 2, TPMC__FIELD_NAME_MAX + TPMC__FIELD_VALUE_MAX + 2);
    refuse(&fields, name, "", "128");
    refuse(&fields, "n", value, "16384");
    name[TPMC__FIELD_NAME_MAX] = '\0';
    value[TPMC__FIELD_VALUE_MAX] = '\0';
    assert_int_equal(tpmc__fields_add(&fields, name, value, NULL), 0);
    refuse(&fields, "ab", "c", "together");
    assert_int_equal(tpmc__fields_add(&fields, "a", "b", NULL), 0);
    refuse(&fields, "a", "", "more than 2 header fields");
    tpmc__fields_free(&fields);
}

static int add_twenty(void *context)
{
    tpmc__fields fields;
    int status = 0;
    int i;

    (void)context;
    tpmc__fields_init(&fields, 64, 1000);
    for (i = 0; i < 20 && status == 0; i++)
        status = tpmc__fields_add(&fields, "name", "value", NULL);
    assert_int_equal(fields.count, status == 0 ? 20 : i - 1);
    tpmc__fields_free(&fields);
    return status;
}

static void survives_every_failing_allocation(void **state)
{
    (void)state;
    assert_in_range(each_allocation(add_twenty, NULL, TPMC_ERR_NOMEM), 40, 60);
}

static void what_was_added_is_taken_back(void **state)
{
    tpmc__fields fields;

    (void)state;
    tpmc__fields_init(&fields, 3, 6);
    assert_int_equal(tpmc__fields_add(&fields, "a", "1", NULL), 0);
    assert_int_equal(tpmc__fields_add(&fields, "b", "234", NULL), 0);
    tpmc__fields_truncate(&fields, 2);
    assert_int_equal(fields.count, 2);
    tpmc__fields_truncate(&fields, 1);
    assert_int_equal(fields.count, 1);
    assert_null(tpmc__fields_find(&fields, "b"));
    /* Its bytes are free again. */
    assert_int_equal(tpmc__fields_add(&fields, "c", "567", NULL), 0);
    assert_string_equal(tpmc__fields_find(&fields, "a"), "1");
    tpmc__fields_free(&fields);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_order_and_equal_names),
        cmocka_unit_test(refuses_what_would_split_a_message),
        cmocka_unit_test(a_value_is_never_quoted),
        cmocka_unit_test(has_ceilings),
        cmocka_unit_test(survives_every_failing_allocation),
        cmocka_unit_test(what_was_added_is_taken_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
