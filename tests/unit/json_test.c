/* SPDX-License-Identifier: Apache-2.0 */
#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>

#include "codec/json.h"
#include "unit/each_allocation.h"
#include "unit/expect.h"

#define ROOM 100000
#define EXACT INT64_C(9007199254740992) /* 2^53 */

static tpmc__json *parse(const char *text)
{
    tpmc__json *json = NULL;
    tpmc_error *err = NULL;

    assert_int_equal(tpmc_error_new(&err), 0);
    expect_success(tpmc__json_parse(text, strlen(text), ROOM, "the text", &json, err), err);
    assert_non_null(json);
    tpmc_error_free(err);
    return json;
}

static void check_refused(tpmc_error *err, const char *text, size_t len, const char *words)
{
    tpmc__json *json = (tpmc__json *)(void *)err;

    if (tpmc__json_parse(text, len, ROOM, "the text", &json, err) == 0)
        fail_msg("taken: %s", text);
    expect_failure(tpmc_error_code(err), err, TPMC_ERR_FORMAT, words);
    expect_failure(tpmc_error_code(err), err, TPMC_ERR_FORMAT, "the text");
    assert_null(json);
}

static void a_tree_is_read(void **state)
{
    tpmc__json *json = parse(" {\"a\": [1, -2.5e0, true, false, null, \"x\\u00e9\\ud83d\\ude00\"],"
                             "\r\n\t\"A\": {}, \"\": \"empty name\"} ");
    const tpmc__json *a = tpmc__json_member(json, "a");
    int64_t number = 0;
    int boolean = 7;

    (void)state;
    assert_true(tpmc__json_is_object(json));
    assert_false(tpmc__json_is_array(json));
    assert_int_equal(tpmc__json_count(json), 3);
    assert_true(tpmc__json_is_array(a));
    assert_int_equal(tpmc__json_count(a), 6);
    assert_null(tpmc__json_name(a, 0));
    assert_null(tpmc__json_name(NULL, 0));
    assert_int_equal(tpmc__json_integer(tpmc__json_item(a, 0), &number), 0);
    assert_int_equal(number, 1);
    assert_int_equal(tpmc__json_integer(tpmc__json_item(a, 1), &number), TPMC_ERR_FORMAT);
    assert_int_equal(tpmc__json_boolean(tpmc__json_item(a, 2), &boolean), 0);
    assert_int_equal(boolean, 1);
    assert_int_equal(tpmc__json_boolean(tpmc__json_item(a, 3), &boolean), 0);
    assert_int_equal(boolean, 0);
    assert_int_equal(tpmc__json_boolean(tpmc__json_item(a, 4), &boolean), TPMC_ERR_FORMAT);
    assert_null(tpmc__json_text(tpmc__json_item(a, 4)));
    assert_string_equal(tpmc__json_text(tpmc__json_item(a, 5)), "x\xc3\xa9\xf0\x9f\x98\x80");
    assert_null(tpmc__json_item(a, 6));
    assert_true(tpmc__json_is_object(tpmc__json_member(json, "A")));
    assert_int_equal(tpmc__json_count(tpmc__json_member(json, "A")), 0);
    assert_string_equal(tpmc__json_text(tpmc__json_member(json, "")), "empty name");
    assert_null(tpmc__json_member(json, "b"));
    assert_ptr_equal(tpmc__json_item(json, 0), a);
    tpmc__json_free(json);
}

static void what_is_missing_is_answered_too(void **state)
{
    tpmc__json *text = parse("\"alone\"");
    int64_t number = 42;
    int boolean = 42;

    (void)state;
    assert_null(tpmc__json_member(NULL, "a"));
    assert_null(tpmc__json_item(NULL, 0));
    assert_null(tpmc__json_text(NULL));
    assert_int_equal(tpmc__json_count(NULL), 0);
    assert_false(tpmc__json_is_object(NULL));
    assert_false(tpmc__json_is_array(NULL));
    assert_int_equal(tpmc__json_integer(NULL, &number), TPMC_ERR_FORMAT);
    assert_int_equal(tpmc__json_boolean(NULL, &boolean), TPMC_ERR_FORMAT);
    assert_null(tpmc__json_member(text, "a"));
    assert_null(tpmc__json_item(text, 0));
    assert_int_equal(tpmc__json_count(text), 0);
    assert_int_equal(tpmc__json_integer(text, &number), TPMC_ERR_FORMAT);
    assert_int_equal(number, 42);
    assert_int_equal(boolean, 42);
    tpmc__json_free(text);
    tpmc__json_free(NULL);
}

static void check_integer(const char *text, int status, int64_t expected)
{
    tpmc__json *json = parse(text);
    int64_t number = -42;

    assert_int_equal(tpmc__json_integer(json, &number), status);
    assert_true(number == (status == 0 ? expected : -42));
    tpmc__json_free(json);
}

static void integers_are_exact_up_to_two_to_the_53rd(void **state)
{
    (void)state;
    check_integer("0", 0, 0);
    check_integer("-0", 0, 0);
    check_integer("1e3", 0, 1000);
    check_integer("1.0", 0, 1);
    check_integer("2147483648", 0, 2147483648);
    check_integer("-2147483649", 0, -2147483649);
    check_integer("9007199254740991", 0, EXACT - 1);
    check_integer("9007199254740992", 0, EXACT);
    check_integer("-9007199254740992", 0, -EXACT);
    check_integer("9007199254740994", TPMC_ERR_FORMAT, 0);
    check_integer("-9007199254740994", TPMC_ERR_FORMAT, 0);
    check_integer("0.5", TPMC_ERR_FORMAT, 0);
    check_integer("1e400", TPMC_ERR_FORMAT, 0);
    check_integer("-1e400", TPMC_ERR_FORMAT, 0);
}

/* What RFC 8259 does not allow, some of which cJSON takes. */
static void numbers_have_fractions_and_exponents(void **state)
{
    tpmc__json *json = parse("[1.79E9, -0.5, 1e999, \"1\", 9007199254740993]");
    double number = 7;

    (void)state;
    assert_int_equal(tpmc__json_number(tpmc__json_item(json, 0), &number), 0);
    assert_true(number == 1790000000.0);
    assert_int_equal(tpmc__json_number(tpmc__json_item(json, 1), &number), 0);
    assert_true(number == -0.5);
    assert_int_equal(tpmc__json_number(tpmc__json_item(json, 2), &number), TPMC_ERR_FORMAT);
    assert_int_equal(tpmc__json_number(tpmc__json_item(json, 3), &number), TPMC_ERR_FORMAT);
    assert_int_equal(tpmc__json_number(NULL, &number), TPMC_ERR_FORMAT);
    assert_true(number == -0.5);
    assert_int_equal(tpmc__json_number(tpmc__json_item(json, 4), &number), 0);
    assert_true(number == (double)EXACT);
    tpmc__json_free(json);
}

static void a_member_is_found_anywhere(void **state)
{
    tpmc__json *json = parse("{\"a\": {\"b\": 1, \"c\": [[{\"d\": \"in\"}]]}, \"b\": \"out\"}");

    (void)state;
    assert_string_equal(tpmc__json_text(tpmc__json_find(json, "b")), "out");
    assert_string_equal(tpmc__json_text(tpmc__json_find(json, "d")), "in");
    assert_true(tpmc__json_is_array(tpmc__json_find(json, "c")));
    assert_null(tpmc__json_find(json, "B"));
    assert_null(tpmc__json_find(tpmc__json_find(json, "d"), "d"));
    assert_null(tpmc__json_find(NULL, "d"));
    tpmc__json_free(json);
}

static void what_is_no_json_is_refused(void **state)
{
    static const char *const bad[][2] = {
        { "", "ends too early" },
        { "   ", "ends too early" },
        { "\xef\xbb\xbf{}", "a value is expected" },
        { "\v1", "a value is expected" },
        { "\x01"
          "1",
          "a value is expected" },
        { "1\x01", "something follows" },
        { "{} x", "something follows" },
        { "1 2", "something follows" },
        { "01", "leading zero" },
        { "-01", "leading zero" },
        { "00", "leading zero" },
        { "+1", "a value is expected" },
        { ".5", "a value is expected" },
        { "1.", "no digit behind its point" },
        { "1.e3", "no digit behind its point" },
        { "1e", "no digit in its exponent" },
        { "1e+", "no digit in its exponent" },
        { "-", "no digit" },
        { "-x", "no digit" },
        { "0x10", "something follows" },
        { "NaN", "a value is expected" },
        { "Infinity", "a value is expected" },
        { "-Infinity", "no digit" },
        { "tru", "a value is expected" },
        { "TRUE", "a value is expected" },
        { "truex", "something follows" },
        { "'a'", "a value is expected" },
        { "\"a", "does not end" },
        { "\"a\\", "an escape" },
        { "\"\\x41\"", "an escape" },
        { "\"\\'\"", "an escape" },
        { "\"\\u12\"", "four hex digits" },
        { "\"\\u12g4\"", "four hex digits" },
        { "\"\\u0000\"", "NUL" },
        { "\"\\ud800\"", "surrogate" },
        { "\"\\ud800x\"", "surrogate" },
        { "\"\\udc00\"", "surrogate" },
        { "\"\\ud800\\ud800\"", "surrogate" },
        { "\"\\ud800\\n\"", "surrogate" },
        { "\"\\ud800\\u0041\"", "surrogate" },
        { "\"a\nb\"", "control character" },
        { "\"a\tb\"", "control character" },
        { "\"\x1f\"", "control character" },
        { "\"\xff\"", "not UTF-8" },
        { "\"\xc0\xaf\"", "not UTF-8" },
        { "\"\xed\xa0\x80\"", "not UTF-8" },
        { "\"\xc3", "not UTF-8" },
        { "[", "ends too early" },
        { "[1", "comma or closing bracket" },
        { "[1,]", "a value is expected" },
        { "[,1]", "a value is expected" },
        { "[1 2]", "comma or closing bracket" },
        { "[1}", "comma or closing bracket" },
        { "{", "no name" },
        { "{\"a\"}", "no colon" },
        { "{\"a\":}", "a value is expected" },
        { "{\"a\":1,}", "no name" },
        { "{a:1}", "no name" },
        { "{1:1}", "no name" },
        { "{\"a\" 1}", "no colon" },
        { "{\"a\":1 \"b\":2}", "comma or closing bracket" },
        { "{\"a\":1]", "comma or closing bracket" },
        { "// comment\n1", "a value is expected" },
        { "1 /* comment */", "something follows" },
    };

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        check_refused(*state, bad[i][0], strlen(bad[i][0]), bad[i][1]);
    check_refused(*state, "1\0", 2, "something follows");
    check_refused(*state, "\"a\0b\"", 5, "NUL");
    check_refused(*state, "[\0]", 3, "a value is expected");
}

static void the_place_of_a_fault_is_told(void **state)
{
    check_refused(*state, "{\"a\": 01}", 9, "(at byte 8)");
}

static void any_value_may_stand_alone(void **state)
{
    static const char *const good[] = { "1",    "-0.5E-3",  "\"\"",    "true",       "false",
                                        "null", "[]",       "{}",      "[[],{}]",    "[ ]",
                                        "{ }",  "\"\x7f\"", "\"\\/\"", "\"\\uFFFF\"" };

    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
        tpmc__json_free(parse(good[i]));
}

static void names_may_not_repeat_in_one_object(void **state)
{
    static const char *const bad[] = {
        "{\"a\":1,\"a\":1}",
        "{\"a\":1,\"b\":2,\"c\":3,\"a\":4}",
        "[1,[{\"x\":{\"a\":1,\"\\u0061\":2}}]]",
        "{\"\":1,\"\":2}",
    };

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        check_refused(*state, bad[i], strlen(bad[i]), "twice");
    tpmc__json_free(parse("{\"a\":{\"a\":{\"a\":1}},\"A\":[{\"a\":1},{\"a\":1}]}"));
}

/* As many arrays in one another around a 1; `text` has room for twice as many bytes and two. */
static void nested_arrays(char *text, size_t levels)
{
    memset(text, '[', levels);
    text[levels] = '1';
    memset(text + levels + 1, ']', levels);
    text[2 * levels + 1] = '\0';
}

static void as_many_levels_as_there_may_be_and_no_more(void **state)
{
    char arrays[2 * (TPMC__JSON_MAX_DEPTH + 1) + 2];
    char text[256];

    nested_arrays(arrays, TPMC__JSON_MAX_DEPTH);
    tpmc__json_free(parse(arrays));
    (void)snprintf(text, sizeof(text), "{\"a\":%s}", arrays);
    check_refused(*state, text, strlen(text), "nested too deeply");
    nested_arrays(arrays, TPMC__JSON_MAX_DEPTH + 1);
    check_refused(*state, arrays, strlen(arrays), "nested too deeply");
    memset(text, '{', sizeof(text));
    check_refused(*state, text, sizeof(text), "no name");
    memset(text, '[', sizeof(text));
    check_refused(*state, text, sizeof(text), "nested too deeply");
}

static void ceilings_of_size_hold(void **state)
{
    tpmc_error *err = *state;
    tpmc__json *json = NULL;
    char *many = calloc(1, 2 * (TPMC__JSON_MAX_ITEMS + 1) + 2);
    char number[70];

    assert_non_null(many);
    expect_failure(tpmc__json_parse("[1]", 3, 2, "the text", &json, err), err, TPMC_ERR_FORMAT,
                   "larger than 2 bytes");
    expect_success(tpmc__json_parse("[1]", 3, 3, "the text", &json, NULL), NULL);
    tpmc__json_free(json);

    strcpy(many, "[1");
    for (size_t i = 1; i < TPMC__JSON_MAX_ITEMS; i++)
        memcpy(many + 2 * i, ",1", 2);
    memcpy(many + 2 * TPMC__JSON_MAX_ITEMS, "]", 2);
    json = parse(many);
    assert_int_equal(tpmc__json_count(json), TPMC__JSON_MAX_ITEMS);
    tpmc__json_free(json);
    memcpy(many + 2 * TPMC__JSON_MAX_ITEMS, ",1]", 4);
    check_refused(err, many, strlen(many), "too many");
    free(many);

    memset(number, '1', sizeof(number));
    number[63] = '\0';
    tpmc__json_free(parse(number));
    number[63] = '1';
    check_refused(err, number, 64, "too long");
}

static void check_printed(const tpmc__json *json, const char *expected)
{
    tpmc__buf out;

    tpmc__buf_init(&out, ROOM);
    assert_int_equal(tpmc__json_print(json, &out), 0);
    assert_string_equal((const char *)out.data, expected);
    tpmc__buf_free(&out);
}

static void what_is_built_is_printed(void **state)
{
    tpmc__json *object = tpmc__json_new_object();
    tpmc__json *array = tpmc__json_new_array();

    (void)state;
    assert_int_equal(tpmc__json_append(array, tpmc__json_new_integer(EXACT)), 0);
    assert_int_equal(tpmc__json_append(array, tpmc__json_new_integer(-EXACT)), 0);
    assert_int_equal(tpmc__json_append(array, tpmc__json_new_integer(1750000000)), 0);
    assert_int_equal(tpmc__json_append(array, tpmc__json_new_object()), 0);
    assert_int_equal(tpmc__json_append(array, tpmc__json_new_array()), 0);
    assert_int_equal(tpmc__json_add_text(object, "z", "a/b"), 0);
    assert_int_equal(tpmc__json_add_integer(object, "n", 0), 0);
    assert_int_equal(tpmc__json_add_boolean(object, "yes", 2), 0);
    assert_int_equal(tpmc__json_add_boolean(object, "no", 0), 0);
    assert_int_equal(tpmc__json_add(object, "a\"", array), 0);
    check_printed(object, "{\"z\":\"a/b\",\"n\":0,\"yes\":true,\"no\":false,\"a\\\"\":"
                          "[9007199254740992,-9007199254740992,1750000000,{},[]]}");
    tpmc__json_free(object);
}

/* Prints a text, parses that, and expects the text again. */
static void check_text_round_trip(const char *text, const char *printed)
{
    tpmc__json *json = tpmc__json_new_text(text);
    tpmc__json *back = NULL;

    check_printed(json, printed);
    back = parse(printed);
    assert_string_equal(tpmc__json_text(back), text);
    tpmc__json_free(back);
    tpmc__json_free(json);
}

static void texts_survive_printing_and_parsing(void **state)
{
    char text[2] = "";
    char printed[16];

    (void)state;
    check_text_round_trip("", "\"\"");
    check_text_round_trip("\"\\/", "\"\\\"\\\\/\"");
    check_text_round_trip("\xc3\xa9\xf0\x9f\x98\x80\x7f", "\"\xc3\xa9\xf0\x9f\x98\x80\x7f\"");
    for (int c = 1; c < 0x20; c++) {
        text[0] = (char)c;
        (void)snprintf(printed, sizeof(printed), "\"\\u%04x\"", c);
        check_text_round_trip(text, printed);
    }
}

static void parsed_values_are_printed(void **state)
{
    static const char *const pairs[][2] = {
        { " [ null , true , 1.5 , -1e-7 , 1e20 ] ",
          "[null,true,1.5,-9.9999999999999995e-08,1e+20]" },
        { "{ \"b\" : { } , \"a\" : 1e2 }", "{\"b\":{},\"a\":100}" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        tpmc__json *json = parse(pairs[i][0]);
        tpmc__json *back = NULL;

        check_printed(json, pairs[i][1]);
        back = parse(pairs[i][1]);
        check_printed(back, pairs[i][1]);
        tpmc__json_free(back);
        tpmc__json_free(json);
    }
}

static void check_print_fails(const tpmc__json *json, int status)
{
    tpmc__buf out;

    tpmc__buf_init(&out, ROOM);
    assert_int_equal(tpmc__json_print(json, &out), status);
    assert_int_equal(tpmc__buf_status(&out), status);
    assert_null(out.data);
    tpmc__buf_free(&out);
}

static void what_has_no_json_is_not_printed(void **state)
{
    tpmc__json *json = tpmc__json_new_text("\xff");
    char arrays[2 * TPMC__JSON_MAX_DEPTH + 2];
    tpmc__buf out;

    (void)state;
    check_print_fails(NULL, TPMC_ERR_NOMEM);
    check_print_fails(json, TPMC_ERR_ARGUMENT);
    tpmc__json_free(json);
    json = parse("[1e999]");
    check_print_fails(json, TPMC_ERR_ARGUMENT);
    tpmc__json_free(json);
    json = tpmc__json_new_integer(1);
    for (int depth = 0; depth < TPMC__JSON_MAX_DEPTH; depth++) {
        tpmc__json *array = tpmc__json_new_array();

        assert_int_equal(tpmc__json_append(array, json), 0);
        json = array;
    }
    nested_arrays(arrays, TPMC__JSON_MAX_DEPTH);
    check_printed(json, arrays);
    tpmc__buf_init(&out, 10);
    assert_int_equal(tpmc__json_print(json, &out), TPMC_ERR_ARGUMENT);
    assert_int_equal(tpmc__json_print(json, &out), TPMC_ERR_ARGUMENT);
    tpmc__buf_free(&out);
    {
        tpmc__json *array = tpmc__json_new_array();

        assert_int_equal(tpmc__json_append(array, json), 0);
        check_print_fails(array, TPMC_ERR_ARGUMENT);
        tpmc__json_free(array);
    }
}

static void a_failure_while_building_sticks(void **state)
{
    tpmc__json *object = tpmc__json_new_object();
    tpmc__json *outer = tpmc__json_new_array();

    (void)state;
    assert_null(tpmc__json_new_text(NULL));
    assert_null(tpmc__json_new_integer(EXACT + 1));
    assert_null(tpmc__json_new_integer(-EXACT - 1));
    assert_null(tpmc__json_new_integer(INT64_MIN));
    assert_int_equal(tpmc__json_add_text(object, "a", "1"), 0);
    assert_int_equal(tpmc__json_add_text(object, "b", NULL), TPMC_ERR_NOMEM);
    assert_int_equal(tpmc__json_add_text(object, "c", "3"), TPMC_ERR_NOMEM);
    assert_null(tpmc__json_member(object, "c"));
    check_print_fails(object, TPMC_ERR_NOMEM);
    assert_int_equal(tpmc__json_append(outer, object), TPMC_ERR_NOMEM);
    assert_int_equal(tpmc__json_append(outer, tpmc__json_new_object()), TPMC_ERR_NOMEM);
    check_print_fails(outer, TPMC_ERR_NOMEM);
    tpmc__json_free(outer);
    assert_int_equal(tpmc__json_add(NULL, "a", tpmc__json_new_array()), TPMC_ERR_NOMEM);
    assert_int_equal(tpmc__json_append(NULL, tpmc__json_new_array()), TPMC_ERR_NOMEM);
}

static void adding_to_the_wrong_thing_is_refused(void **state)
{
    tpmc__json *object = tpmc__json_new_object();
    tpmc__json *array = tpmc__json_new_array();
    tpmc__json *text = tpmc__json_new_text("text");

    (void)state;
    assert_int_equal(tpmc__json_append(object, tpmc__json_new_array()), TPMC_ERR_ARGUMENT);
    assert_int_equal(tpmc__json_add_text(array, "a", "b"), TPMC_ERR_ARGUMENT);
    assert_int_equal(tpmc__json_append(text, tpmc__json_new_array()), TPMC_ERR_ARGUMENT);
    check_printed(text, "\"text\"");
    tpmc__json_free(object);
    object = tpmc__json_new_object();
    assert_int_equal(tpmc__json_add_text(object, NULL, "b"), TPMC_ERR_ARGUMENT);
    tpmc__json_free(object);
    tpmc__json_free(array);
    tpmc__json_free(text);
}

static int parse_and_print(void *context)
{
    const char *text =
        "{\"a\":[1,{\"b\":\"c\"}],\"long\":\"0123456789012345678901234567890123456789"
        "0123456789012345678901234567890123456789012345678901234567890123456789"
        "0123456789012345678901234567890123456789012345678901234567890123456789"
        "0123456789012345678901234567890123456789012345678901234567890123456789"
        "0123456789012345678901234567890123456789\"}";
    tpmc__json *json = NULL;
    tpmc__buf out;
    int status = 0;

    tpmc__buf_init(&out, ROOM);
    status = tpmc__json_parse(text, strlen(text), ROOM, "the text", &json, context);
    if (status == 0)
        status = tpmc__json_print(json, &out);
    else
        assert_null(json);
    tpmc__json_free(json);
    tpmc__buf_free(&out);
    return status;
}

static void lack_of_memory_is_told(void **state)
{
    assert_true(each_allocation(parse_and_print, *state, TPMC_ERR_NOMEM) >= 3);
}

/* cJSON calls the allocator by itself. */
static long cjson_countdown;

static void *cjson_malloc(size_t size)
{
    return cjson_countdown-- == 0 ? NULL : malloc(size);
}

static int build(void)
{
    tpmc__json *object = tpmc__json_new_object();
    tpmc__json *array = tpmc__json_new_array();
    int status = 0;

    tpmc__json_append(array, tpmc__json_new_text("text"));
    tpmc__json_append(array, tpmc__json_new_integer(1));
    tpmc__json_add(object, "array", array);
    status = tpmc__json_add_boolean(object, "last", 1);
    tpmc__json_free(object);
    return status;
}

static void lack_of_memory_inside_cjson_is_told(void **state)
{
    cJSON_Hooks hooks = { cjson_malloc, free };
    int status = TPMC_ERR_NOMEM;
    long n = 0;

    cJSON_InitHooks(&hooks);
    for (n = 0; status != 0 && n < 100; n++) {
        cjson_countdown = n;
        status = parse_and_print(*state);
        assert_true(status == 0 || status == TPMC_ERR_NOMEM);
    }
    assert_in_range(n, 10, 50);
    status = TPMC_ERR_NOMEM;
    for (n = 0; status != 0 && n < 100; n++) {
        cjson_countdown = n;
        status = build();
        assert_true(status == 0 || status == TPMC_ERR_NOMEM);
    }
    assert_in_range(n, 8, 20);
    cJSON_InitHooks(NULL);
}

static void an_object_is_told_from_its_first_byte(void **state)
{
    (void)state;
    assert_true(tpmc__json_looks_like_object("{", 1));
    assert_true(tpmc__json_looks_like_object(" \t\r\n{}", 6));
    assert_false(tpmc__json_looks_like_object("[{}]", 4));
    assert_false(tpmc__json_looks_like_object(" {", 1));
    assert_false(tpmc__json_looks_like_object("", 0));
}

static void a_copy_has_all_that_is_in_the_tree(void **state)
{
    static const char text[] = "{\"a\":[1,{\"b\":null}],\"c\":true}";
    tpmc__json *json = NULL;
    tpmc__json *copy;
    tpmc__buf out;

    (void)state;
    assert_int_equal(tpmc__json_parse(text, strlen(text), 100, "json", &json, NULL), 0);
    copy = tpmc__json_copy(json);
    tpmc__json_free(json);
    tpmc__buf_init(&out, 100);
    assert_int_equal(tpmc__json_print(copy, &out), 0);
    assert_string_equal((const char *)out.data, text);
    tpmc__buf_free(&out);
    tpmc__json_free(copy);
    assert_null(tpmc__json_copy(NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_object_is_told_from_its_first_byte),
        cmocka_unit_test(a_tree_is_read),
        cmocka_unit_test(what_is_missing_is_answered_too),
        cmocka_unit_test(integers_are_exact_up_to_two_to_the_53rd),
        cmocka_unit_test(numbers_have_fractions_and_exponents),
        cmocka_unit_test(a_member_is_found_anywhere),
        WITH_ERROR(what_is_no_json_is_refused),
        WITH_ERROR(the_place_of_a_fault_is_told),
        cmocka_unit_test(any_value_may_stand_alone),
        WITH_ERROR(names_may_not_repeat_in_one_object),
        WITH_ERROR(as_many_levels_as_there_may_be_and_no_more),
        WITH_ERROR(ceilings_of_size_hold),
        cmocka_unit_test(what_is_built_is_printed),
        cmocka_unit_test(texts_survive_printing_and_parsing),
        cmocka_unit_test(parsed_values_are_printed),
        cmocka_unit_test(a_copy_has_all_that_is_in_the_tree),
        cmocka_unit_test(what_has_no_json_is_not_printed),
        cmocka_unit_test(a_failure_while_building_sticks),
        cmocka_unit_test(adding_to_the_wrong_thing_is_refused),
        WITH_ERROR(lack_of_memory_is_told),
        WITH_ERROR(lack_of_memory_inside_cjson_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
