/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "codec/json.h"
#include "codec/json_relaxed.h"
#include "unit/each_allocation.h"
#include "unit/expect.h"

#define ROOM 1000

static void expect_relaxed(const char *text, const char *expected)
{
    tpmc__buf out;

    tpmc__buf_init(&out, ROOM);
    assert_int_equal(tpmc__json_relax(text, strlen(text), &out), 0);
    assert_int_equal(out.len, strlen(expected));
    if (out.len > 0)
        assert_memory_equal(out.data, expected, out.len);
    tpmc__buf_free(&out);
}

/* What strict reading says after it. */
static int parse_relaxed(const char *text)
{
    tpmc__json *json = NULL;
    tpmc__buf out;
    int status = 0;

    tpmc__buf_init(&out, ROOM);
    status = tpmc__json_relax(text, strlen(text), &out);
    if (status == 0)
        status = tpmc__json_parse(out.data, out.len, ROOM, "the text", &json, NULL);
    tpmc__json_free(json);
    tpmc__buf_free(&out);
    return status;
}

static void strict_text_stays(void **state)
{
    (void)state;
    expect_relaxed("", "");
    expect_relaxed("{\"a\":[1,-2.5e+3,true,null,\"\"],\"b\":{}}",
                   "{\"a\":[1,-2.5e+3,true,null,\"\"],\"b\":{}}");
    expect_relaxed("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\"",
                   "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\"");
    expect_relaxed("\"\xc3\xa9\"", "\"\xc3\xa9\"");
}

static void comments_become_white_space(void **state)
{
    (void)state;
    expect_relaxed("1// one\n", "1 ");
    expect_relaxed("1// to the end", "1 ");
    expect_relaxed("//", " ");
    expect_relaxed("/* a */1/**/", " 1 ");
    expect_relaxed("[1,/* a */2]", "[1,2]");
    expect_relaxed("/* // */ 1 // /*\n", " 1 ");
    expect_relaxed("/***/1/*/ */", " 1 ");
    expect_relaxed("{\"a\" /* is */ : // that\r\n 1}", "{\"a\" : 1}");
    /* One inside of a word ends it. */
    assert_int_equal(parse_relaxed("tr/**/ue"), TPMC_ERR_FORMAT);
    assert_int_equal(parse_relaxed("1/**/2"), TPMC_ERR_FORMAT);
    assert_int_equal(parse_relaxed("/1"), TPMC_ERR_FORMAT);
}

static void comments_in_strings_are_text(void **state)
{
    (void)state;
    expect_relaxed("\"/* a */ // b\"", "\"/* a */ // b\"");
    expect_relaxed("[\"\\\"/*\", 1]", "[\"\\\"/*\",1]");
    expect_relaxed("\"http://x\" // y", "\"http://x\" ");
}

static void a_last_comma_goes(void **state)
{
    (void)state;
    expect_relaxed("[1,]", "[1]");
    expect_relaxed("{\"a\":1,}", "{\"a\":1}");
    expect_relaxed("[[1,],{\"a\":[2 , ] , } , ]", "[[1],{\"a\":[2 ] } ]");
    expect_relaxed("[1, // last\n /* indeed */ ]", "[1]");
    expect_relaxed("[\"a,]\",\",}\"]", "[\"a,]\",\",}\"]");
}

static void other_commas_stay(void **state)
{
    static const char *const texts[] = { "[,]",  "{,}", "[ , ]", "[/**/,]", "[1,,]",      "[1,,2]",
                                         "[,1]", "1,",  ",",     ",]",      "{\"a\":1,,}" };

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        assert_int_equal(parse_relaxed(texts[i]), TPMC_ERR_FORMAT);
}

static void line_ends_and_tabs_in_strings_are_escaped(void **state)
{
    (void)state;
    expect_relaxed("\"a\nb\r\n\tc\"", "\"a\\nb\\r\\n\\tc\"");
    expect_relaxed("\n\t\"\n\"\r\n", " \"\\n\" ");
    /* Other control characters are still for the strict reader to refuse. */
    assert_int_equal(parse_relaxed("\"\x01\""), TPMC_ERR_FORMAT);
    assert_int_equal(parse_relaxed("\"\x0b\""), TPMC_ERR_FORMAT);
}

/* Made "\\n", it would be a backslash and an n. */
static void a_line_end_after_a_backslash_is_no_escape(void **state)
{
    (void)state;
    expect_relaxed("\"a\\\nb\"", "\"a\\\nb\"");
    assert_int_equal(parse_relaxed("\"a\\\nb\""), TPMC_ERR_FORMAT);
    assert_int_equal(parse_relaxed("\"a\\\tb\""), TPMC_ERR_FORMAT);
}

static void strings_without_an_end(void **state)
{
    (void)state;
    expect_relaxed("\"", "\"");
    expect_relaxed("\"a\\", "\"a\\");
    expect_relaxed("\"a\\\"", "\"a\\\"");
    expect_relaxed("\"a, ] // b", "\"a, ] // b");
    assert_int_equal(parse_relaxed("[\"a]"), TPMC_ERR_FORMAT);
}

static void comments_without_an_end(void **state)
{
    static const char *const texts[] = {
        "/*", "/* ", "/*/", "1/* *", "[1, /* ]", "[1 /*", "/*\"*"
    };

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        tpmc__buf out;

        tpmc__buf_init(&out, ROOM);
        assert_int_equal(tpmc__json_relax(texts[i], strlen(texts[i]), &out), TPMC_ERR_FORMAT);
        assert_int_equal(tpmc__buf_status(&out), TPMC_ERR_FORMAT);
        assert_null(out.data);
        tpmc__buf_free(&out);
    }
}

/* The text is not followed by a NUL. */
static void the_length_counts(void **state)
{
    static const char text[] = "[1,]2";
    char *exact = malloc(2);
    tpmc__buf out;

    (void)state;
    assert_non_null(exact);
    tpmc__buf_init(&out, ROOM);
    assert_int_equal(tpmc__json_relax(text, 4, &out), 0);
    assert_memory_equal(out.data, "[1]", 4);
    tpmc__buf_free(&out);
    memcpy(exact, "1/", 2);
    tpmc__buf_init(&out, ROOM);
    assert_int_equal(tpmc__json_relax(exact, 2, &out), 0);
    assert_string_equal((const char *)out.data, "1/");
    tpmc__buf_free(&out);
    free(exact);
}

static void the_ceiling_is_that_of_the_buffer(void **state)
{
    tpmc__buf out;

    (void)state;
    tpmc__buf_init(&out, 4);
    assert_int_equal(tpmc__json_relax("\"\n\"", 3, &out), 0);
    tpmc__buf_free(&out);
    tpmc__buf_init(&out, 4);
    assert_int_equal(tpmc__json_relax("\"\na\"", 4, &out), TPMC_ERR_ARGUMENT);
    assert_null(out.data);
    tpmc__buf_free(&out);
}

static int relax_once(void *context)
{
    tpmc__buf out;
    int status = 0;

    (void)context;
    tpmc__buf_init(&out, ROOM);
    status = tpmc__json_relax("[1, \"two, three, four, five, six, seven, eight, nine, ten\", ]", 60,
                              &out);
    tpmc__buf_free(&out);
    return status;
}

static void without_memory(void **state)
{
    (void)state;
    assert_true(each_allocation(relax_once, NULL, TPMC_ERR_NOMEM) > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(strict_text_stays),
        cmocka_unit_test(comments_become_white_space),
        cmocka_unit_test(comments_in_strings_are_text),
        cmocka_unit_test(a_last_comma_goes),
        cmocka_unit_test(other_commas_stay),
        cmocka_unit_test(line_ends_and_tabs_in_strings_are_escaped),
        cmocka_unit_test(a_line_end_after_a_backslash_is_no_escape),
        cmocka_unit_test(strings_without_an_end),
        cmocka_unit_test(comments_without_an_end),
        cmocka_unit_test(the_length_counts),
        cmocka_unit_test(the_ceiling_is_that_of_the_buffer),
        cmocka_unit_test(without_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
