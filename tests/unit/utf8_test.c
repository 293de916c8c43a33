/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/expect.h"

#include "base/utf8.h"

typedef struct sample {
    const char *bytes;
    size_t len;
    int valid;
} sample;

#define SAMPLE(text, valid)                                                                        \
    {                                                                                              \
        text, sizeof(text) - 1, valid                                                              \
    }

/* The edges of every row of RFC 3629 section 4. */
static const sample samples[] = {
    SAMPLE("", 1),
    SAMPLE("plain \x01\x7f", 1),
    SAMPLE("\xc2\x80", 1),
    SAMPLE("\xdf\xbf", 1),
    SAMPLE("\xe0\xa0\x80", 1),
    SAMPLE("\xec\xbf\xbf", 1),
    SAMPLE("\xed\x9f\xbf", 1),
    SAMPLE("\xee\x80\x80", 1),
    SAMPLE("\xef\xbf\xbf", 1),
    SAMPLE("\xf0\x90\x80\x80", 1),
    SAMPLE("\xf3\xbf\xbf\xbf", 1),
    SAMPLE("\xf4\x8f\xbf\xbf", 1),
    SAMPLE("a\0b", 0),             /* NUL */
    SAMPLE("\x80", 0),             /* a continuation alone */
    SAMPLE("\xc0\x80", 0),         /* overlong */
    SAMPLE("\xc1\xbf", 0),         /* overlong */
    SAMPLE("\xe0\x9f\xbf", 0),     /* overlong */
    SAMPLE("\xf0\x8f\xbf\xbf", 0), /* overlong */
    SAMPLE("\xed\xa0\x80", 0),     /* surrogate */
    SAMPLE("\xed\xbf\xbf", 0),     /* surrogate */
    SAMPLE("\xf4\x90\x80\x80", 0), /* beyond U+10FFFF */
    SAMPLE("\xf5\x80\x80\x80", 0),
    SAMPLE("\xff", 0),
    SAMPLE("\xc3", 0), /* cut short */
    SAMPLE("\xe2\x82", 0),
    SAMPLE("\xf0\x9f\x98", 0),
    SAMPLE("\xc3(", 0), /* wrong continuation */
    SAMPLE("\xe2\x82(", 0),
    SAMPLE("\xf0\x9f\x98(", 0),
};

static void validity(void **state)
{
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        if (tpmc__utf8_valid(samples[i].bytes, samples[i].len) != samples[i].valid)
            fail_msg("sample %zu", i);
    }
    assert_true(tpmc__utf8_valid(NULL, 0));
}

static void numbers_of_characters(void **state)
{
    uint32_t character = 0;

    (void)state;
    assert_int_equal(tpmc__utf8_next((const uint8_t *)"A", 1, &character), 1);
    assert_int_equal(character, 'A');
    assert_int_equal(tpmc__utf8_next((const uint8_t *)"\xc3\xa9", 2, &character), 2);
    assert_int_equal(character, 0xe9);
    assert_int_equal(tpmc__utf8_next((const uint8_t *)"\xe2\x82\xac", 3, &character), 3);
    assert_int_equal(character, 0x20ac);
    assert_int_equal(tpmc__utf8_next((const uint8_t *)"\xf0\x9f\x98\x80", 4, &character), 4);
    assert_int_equal(character, 0x1f600);
    assert_int_equal(tpmc__utf8_next((const uint8_t *)"A", 0, &character), 0);
}

static void control_characters(void **state)
{
    (void)state;
    assert_true(tpmc__utf8_is_control(0));
    assert_true(tpmc__utf8_is_control(0x1f));
    assert_false(tpmc__utf8_is_control(' '));
    assert_false(tpmc__utf8_is_control('~'));
    assert_true(tpmc__utf8_is_control(0x7f));
    assert_true(tpmc__utf8_is_control(0x9f));
    assert_false(tpmc__utf8_is_control(0xa0));
}

static void cleaning(void **state)
{
    char out[16];

    (void)state;
    tpmc__utf8_clean(out, sizeof(out), "a\nb\tc\x7f");
    assert_string_equal(out, "a?b?c?");
    tpmc__utf8_clean(out, sizeof(out), "\xc2\x85x\xff\xc3");
    assert_string_equal(out, "?x??");
    tpmc__utf8_clean(out, sizeof(out), "\xc3\xa9");
    assert_string_equal(out, "\xc3\xa9");
}

/* Each range from both sides. */
static void cleaning_leaves_nothing_that_deceives(void **state)
{
    static const unsigned char lasts[] = { 0xa7, 0xa8, 0xae, 0xaf };
    char text[3 * sizeof(lasts) + 1] = { 0 };
    char out[32];

    (void)state;
    tpmc__utf8_clean(out, sizeof(out), "\xd8\x9b\xd8\x9c\xd8\x9d");
    assert_string_equal(out, "\xd8\x9b?\xd8\x9d");
    tpmc__utf8_clean(out, sizeof(out), "\xe2\x80\x8d\xe2\x80\x8e\xe2\x80\x8f\xe2\x80\x90");
    assert_string_equal(out, "\xe2\x80\x8d??\xe2\x80\x90");
    /* U+2027, 2028, 202E and 202F, as bytes: compilers warn of such texts. */
    for (size_t i = 0; i < sizeof(lasts); i++) {
        text[3 * i] = (char)0xe2;
        text[3 * i + 1] = (char)0x80;
        text[3 * i + 2] = (char)lasts[i];
    }
    tpmc__utf8_clean(out, sizeof(out), text);
    assert_string_equal(out, "\xe2\x80\xa7??\xe2\x80\xaf");
    tpmc__utf8_clean(out, sizeof(out), "\xe2\x81\xa5\xe2\x81\xa6\xe2\x81\xa9\xe2\x81\xaa");
    assert_string_equal(out, "\xe2\x81\xa5??\xe2\x81\xaa");
}

static void cleaning_cuts_between_characters(void **state)
{
    char out[4] = "xxx";

    (void)state;
    tpmc__utf8_clean(out, sizeof(out),
                     "a\xe2\x82\xac"
                     "b");
    assert_string_equal(out, "a");
    tpmc__utf8_clean(out, sizeof(out),
                     "\xe2\x82\xac"
                     "b");
    assert_string_equal(out, "\xe2\x82\xac");
    tpmc__utf8_clean(out, sizeof(out), "\n\n\n\n");
    assert_string_equal(out, "???");
    tpmc__utf8_clean(out, 1, "abc");
    assert_string_equal(out, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(validity),
        cmocka_unit_test(numbers_of_characters),
        cmocka_unit_test(control_characters),
        cmocka_unit_test(cleaning),
        cmocka_unit_test(cleaning_leaves_nothing_that_deceives),
        cmocka_unit_test(cleaning_cuts_between_characters),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
