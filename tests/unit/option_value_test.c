/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/expect.h"
#include "unit/failing_alloc.h"

#include <stdio.h>

#include "base/error_int.h"
#include "base/option_value.h"

static const char *refuse_x(const char *value)
{
    return strchr(value, 'x') != NULL ? "holds an x" : NULL;
}

static const char *const colours[] = { "red", "green", "dark-blue", NULL };

static const tpmc__option text = {
    .name = "text", .kind = TPMC_OPTION_TEXT, .min = 2, .max = 8, .check = refuse_x
};
static const tpmc__option number = {
    .name = "number", .kind = TPMC_OPTION_NUMBER, .min = -5, .max = 1000
};
static const tpmc__option wide = {
    .name = "wide", .kind = TPMC_OPTION_NUMBER, .min = INT64_MIN, .max = INT64_MAX
};
static const tpmc__option boolean = { .name = "boolean", .kind = TPMC_OPTION_BOOLEAN };
static const tpmc__option choice = { .name = "choice",
                                     .kind = TPMC_OPTION_CHOICE,
                                     .choices = colours };
static const tpmc__option list = {
    .name = "list", .kind = TPMC_OPTION_LIST, .min = 1, .max = 10, .check = refuse_x
};
static const tpmc__option words = {
    .name = "words", .kind = TPMC_OPTION_LIST, .min = 1, .max = 10, .check = refuse_x, .split = 1
};

static const tpmc__option_value none;

static void refuse(tpmc_error *err, const tpmc__option *option, const char *given, const char *why)
{
    tpmc__option_value value;
    tpmc__option_value untouched;

    memset(&value, 0x5a, sizeof(value));
    memset(&untouched, 0x5a, sizeof(untouched));
    expect_failure(tpmc__option_value_parse(option, &none, given, &value, err), err,
                   TPMC_ERR_ARGUMENT, why);
    assert_memory_equal(&value, &untouched, sizeof(value));
    tpmc__error_clear(err);
}

static int64_t accept(tpmc_error *err, const tpmc__option *option, const char *given)
{
    tpmc__option_value value;

    memset(&value, 0x5a, sizeof(value));
    expect_success(tpmc__option_value_parse(option, &none, given, &value, err), err);
    assert_true(value.is_set);
    assert_null(value.text);
    return value.number;
}

static void texts(void **state)
{
    tpmc__option_value value;

    expect_success(tpmc__option_value_parse(&text, &none, "12345678", &value, *state), *state);
    assert_string_equal(value.text, "12345678");
    tpmc__option_value_free(&value);
    assert_null(value.text);
    expect_success(tpmc__option_value_parse(&text, &none, "\xc3\xa9", &value, *state), *state);
    assert_string_equal(value.text, "\xc3\xa9");
    tpmc__option_value_free(&value);
    tpmc__option_value_free(&value);
}

static void refused_texts(void **state)
{
    refuse(*state, &text, "", "option 'text' is empty; leave it unset instead");
    refuse(*state, &text, "1", "option 'text' has 1 bytes; it needs at least 2");
    refuse(*state, &text, "123456789", "option 'text' has 9 bytes; it takes at most 8");
    refuse(*state, &text, "ab\xff", "option 'text' is not valid UTF-8");
    refuse(*state, &text, "ab\xc3", "option 'text' is not valid UTF-8");
    refuse(*state, &text, "ab\n", "option 'text' holds a control character");
    refuse(*state, &text, "ab\t", "option 'text' holds a control character");
    refuse(*state, &text, "ab\x7f", "option 'text' holds a control character");
    refuse(*state, &text, "ab\xc2\x85", "option 'text' holds a control character");
    refuse(*state, &text, "abx", "option 'text' holds an x");
}

static void texts_of_many_lines(void **state)
{
    static const tpmc__option lines = {
        .name = "lines", .kind = TPMC_OPTION_TEXT, .min = 2, .max = 8, .many_lines = 1
    };
    tpmc__option_value value;

    expect_success(tpmc__option_value_parse(&lines, &none, "a\r\n\tb\n", &value, *state), *state);
    assert_string_equal(value.text, "a\r\n\tb\n");
    tpmc__option_value_free(&value);
    refuse(*state, &lines, "a\x0b", "option 'lines' holds a control character");
    refuse(*state, &lines, "a\x08", "option 'lines' holds a control character");
    refuse(*state, &lines, "a\x0e", "option 'lines' holds a control character");
    refuse(*state, &lines, "a\xc2\x85", "option 'lines' holds a control character");
    refuse(*state, &lines, "\n", "option 'lines' has 1 bytes; it needs at least 2");
}

static void numbers(void **state)
{
    assert_int_equal(accept(*state, &number, "0"), 0);
    assert_int_equal(accept(*state, &number, "1000"), 1000);
    assert_int_equal(accept(*state, &number, "-5"), -5);
    assert_int_equal(accept(*state, &wide, "999999999999999999"), INT64_C(999999999999999999));
    assert_int_equal(accept(*state, &wide, "-999999999999999999"), -INT64_C(999999999999999999));
}

static void refused_numbers(void **state)
{
    static const char *const refused[] = {
        "1001",
        "-6",
        "",
        " 1",
        "1 ",
        "+1",
        "1.0",
        "1e2",
        "0x10",
        "01",
        "00",
        "-0",
        "-",
        "--1",
        "ten",
        "1,0",
        "1\n",
        "\xd9\xa1",
        "9223372036854775807",
        "18446744073709551617",
        "999999999999999999999999999999",
    };
    char expected[128];
    char shown[64];
    size_t i;

    for (i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        (void)snprintf(shown, sizeof(shown), "%s", strcmp(refused[i], "1\n") ? refused[i] : "1?");
        (void)snprintf(expected, sizeof(expected),
                       "option 'number' must be a whole number from -5 to 1000, not '%s'", shown);
        refuse(*state, &number, refused[i], expected);
    }
}

static void long_values_are_not_repeated(void **state)
{
    static const tpmc__option *const options[] = { &number, &boolean, &choice };
    char value[66];
    size_t i;

    memset(value, '7', sizeof(value));
    value[65] = '\0';
    for (i = 0; i < sizeof(options) / sizeof(options[0]); i++)
        refuse(*state, options[i], value, ", not 65 bytes of text");
    value[64] = '\0';
    for (i = 0; i < sizeof(options) / sizeof(options[0]); i++)
        refuse(*state, options[i], value, value);
}

static void booleans(void **state)
{
    static const char *const yes[] = { "1", "true", "True", "TRUE", "yes", "Yes", "on", "oN" };
    static const char *const no[] = { "0", "false", "False", "FALSE", "no", "NO", "off", "Off" };
    size_t i;

    for (i = 0; i < sizeof(yes) / sizeof(yes[0]); i++) {
        assert_int_equal(accept(*state, &boolean, yes[i]), 1);
        assert_int_equal(accept(*state, &boolean, no[i]), 0);
    }
    refuse(*state, &boolean, "", "option 'boolean' must be 0 or 1");
    refuse(*state, &boolean, "2", "not '2'");
    refuse(*state, &boolean, "tru", "not 'tru'");
    refuse(*state, &boolean, "truee", "not 'truee'");
    refuse(*state, &boolean, " 1", "not ' 1'");
}

static void choices(void **state)
{
    assert_int_equal(accept(*state, &choice, "red"), 0);
    assert_int_equal(accept(*state, &choice, "dark-blue"), 2);
    refuse(*state, &choice, "Red", "must be one of red, green, dark-blue, not 'Red'");
    refuse(*state, &choice, "dark_blue", "not 'dark_blue'");
    refuse(*state, &choice, "", "not ''");
}

static void add(tpmc_error *err, const tpmc__option *option, tpmc__option_value *value,
                const char *given)
{
    tpmc__option_value longer;

    expect_success(tpmc__option_value_parse(option, value, given, &longer, err), err);
    tpmc__option_value_free(value);
    *value = longer;
}

static void lists(void **state)
{
    tpmc__option_value value = none;

    add(*state, &list, &value, "a b");
    add(*state, &list, &value, "a b");
    assert_int_equal(value.item_count, 2);
    assert_string_equal(value.items[0], "a b");
    assert_string_equal(value.items[1], "a b");
    tpmc__option_value_free(&value);
    refuse(*state, &list, "", "option 'list' is empty");
    refuse(*state, &list, "12345678901", "option 'list' has 11 bytes; it takes at most 10");
    refuse(*state, &list, "x", "option 'list' holds an x");
    refuse(*state, &words, "", "option 'words' is empty");
    refuse(*state, &words, "   ", "option 'words' is empty; leave it unset instead");
    refuse(*state, &words, "a 12345678901 b", "option 'words' has 11 bytes; it takes at most 10");
    refuse(*state, &words, "a b\tc", "option 'words' holds a control character");
    refuse(*state, &words, "a x b", "option 'words' holds an x");
}

static void lists_have_a_ceiling(void **state)
{
    tpmc__option_value value = none;
    char item[8];
    size_t i;

    for (i = 0; i < TPMC__OPTION_LIST_MAX; i++) {
        (void)snprintf(item, sizeof(item), "%zu", i);
        add(*state, &words, &value, item);
    }
    assert_int_equal(value.item_count, TPMC__OPTION_LIST_MAX);
    add(*state, &words, &value, "63 0");
    expect_failure(tpmc__option_value_parse(&words, &value, "0 64", &value, *state), *state,
                   TPMC_ERR_ARGUMENT, "option 'words' takes at most 64 values");
    expect_failure(tpmc__option_value_parse(&list, &value, "0", &value, *state), *state,
                   TPMC_ERR_ARGUMENT, "option 'list' takes at most 64 values");
    assert_int_equal(value.item_count, TPMC__OPTION_LIST_MAX);
    assert_string_equal(value.items[63], "63");
    tpmc__option_value_free(&value);
}

static void refusing_a_choice_without_memory(void **state)
{
    tpmc__option_value value;

    fail_allocation(1);
    expect_failure(tpmc__option_value_parse(&choice, &none, "pink", &value, *state), *state,
                   TPMC_ERR_NOMEM, "memory");
    assert_true(allocation_failed());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ERROR(texts),
        WITH_ERROR(refused_texts),
        WITH_ERROR(texts_of_many_lines),
        WITH_ERROR(numbers),
        WITH_ERROR(refused_numbers),
        WITH_ERROR(long_values_are_not_repeated),
        WITH_ERROR(booleans),
        WITH_ERROR(choices),
        WITH_ERROR(lists),
        WITH_ERROR(lists_have_a_ceiling),
        WITH_ERROR(refusing_a_choice_without_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
