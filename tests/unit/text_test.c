/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "codec/text.h"
#include "unit/each_allocation.h"

#define ROOM 4096

static void check_text(const tpmc__buf *buf, const char *text)
{
    assert_int_equal(tpmc__buf_status(buf), 0);
    assert_int_equal(buf->len, strlen(text));
    if (buf->len > 0)
        assert_string_equal((const char *)buf->data, text);
}

static void every_byte_has_its_hex(void **state)
{
    tpmc__buf text;
    tpmc__buf back;
    char expected[3];

    (void)state;
    tpmc__buf_init(&text, ROOM);
    tpmc__buf_init(&back, ROOM);
    for (unsigned i = 0; i < 256; i++) {
        uint8_t byte = (uint8_t)i;

        (void)snprintf(expected, sizeof(expected), "%02x", i);
        tpmc__buf_clear(&text);
        tpmc__buf_clear(&back);
        assert_int_equal(tpmc__hex_encode(&byte, 1, &text), 0);
        check_text(&text, expected);
        assert_int_equal(tpmc__hex_decode(expected, 2, &back), 0);
        assert_int_equal(back.len, 1);
        assert_int_equal(back.data[0], byte);
    }
    tpmc__buf_free(&text);
    tpmc__buf_free(&back);
}

static void hex_takes_either_case_and_a_prefix(void **state)
{
    static const char *const same[] = { "deadBEEF", "DEADbeef", "0xdeadbeef", "0XDEADBEEF" };
    tpmc__buf out;

    (void)state;
    tpmc__buf_init(&out, ROOM);
    for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
        tpmc__buf_clear(&out);
        assert_int_equal(tpmc__hex_decode(same[i], strlen(same[i]), &out), 0);
        assert_int_equal(out.len, 4);
        assert_memory_equal(out.data, "\xde\xad\xbe\xef", 4);
    }
    tpmc__buf_clear(&out);
    assert_int_equal(tpmc__hex_decode("", 0, &out), 0);
    assert_int_equal(tpmc__hex_decode("0x", 2, &out), 0);
    assert_int_equal(out.len, 0);
    tpmc__buf_free(&out);
}

static void foreign_hex_is_refused_and_adds_nothing(void **state)
{
    static const char *const bad[] = { "0",    "abc", "0x0",  "0g", "g0",   "/0",
                                       ":0",   "@0",  "G0",   "`0", "0 ",   " 0",
                                       "0x0x", "x0",  "00\n", "-1", "0xg0", "0\xff" };
    tpmc__buf out;

    (void)state;
    tpmc__buf_init(&out, ROOM);
    assert_int_equal(tpmc__buf_append_text(&out, "kept"), 0);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(tpmc__hex_decode(bad[i], strlen(bad[i]), &out), TPMC_ERR_FORMAT);
        check_text(&out, "kept");
    }
    tpmc__buf_free(&out);
}

/* RFC 3986 section 2.3. */
static void all_but_unreserved_characters_are_percent_encoded(void **state)
{
    static const char unreserved[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
    tpmc__buf out;
    char expected[4];

    (void)state;
    tpmc__buf_init(&out, ROOM);
    for (int c = 0; c < 256; c++) {
        uint8_t byte = (uint8_t)c;
        int plain = c != 0 && strchr(unreserved, c) != NULL;

        (void)snprintf(expected, sizeof(expected), plain ? "%c" : "%%%02X", c);
        tpmc__buf_clear(&out);
        assert_int_equal(tpmc__percent_encode(&byte, 1, &out), 0);
        check_text(&out, expected);
    }
    tpmc__buf_clear(&out);
    assert_int_equal(tpmc__percent_encode("a b/\xc3\xa9", 6, &out), 0);
    check_text(&out, "a%20b%2F%C3%A9");
    tpmc__buf_free(&out);
}

static void decimal_numbers_both_ways(void **state)
{
    static const struct {
        const char *text;
        int64_t value;
    } numbers[] = {
        { "0", 0 },
        { "7", 7 },
        { "-1", -1 },
        { "10", 10 },
        { "3600", 3600 },
        { "9223372036854775807", INT64_MAX },
        { "-9223372036854775807", -INT64_MAX },
        { "-9223372036854775808", INT64_MIN },
    };
    tpmc__buf out;
    int64_t value = 0;

    (void)state;
    tpmc__buf_init(&out, ROOM);
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        tpmc__buf_clear(&out);
        assert_int_equal(tpmc__decimal_append(&out, numbers[i].value), 0);
        check_text(&out, numbers[i].text);
        assert_int_equal(tpmc__decimal_parse(numbers[i].text, out.len, &value), 0);
        assert_true(value == numbers[i].value);
    }
    assert_int_equal(tpmc__decimal_parse("007", 3, &value), 0);
    assert_true(value == 7);
    assert_int_equal(tpmc__decimal_parse("12x", 2, &value), 0);
    assert_true(value == 12);
    tpmc__buf_free(&out);
}

static void what_is_no_decimal_number_is_refused(void **state)
{
    static const char *const bad[] = {
        "",
        "-",
        "+1",
        " 1",
        "1 ",
        "1.0",
        "1e3",
        "0x10",
        "--1",
        "1-",
        "/",
        ":",
        "a",
        "\n1",
        "9223372036854775808",
        "-9223372036854775809",
        "99999999999999999999",
        "9223372036854775810",
        "-92233720368547758080",
    };
    int64_t value = 42;

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_int_equal(tpmc__decimal_parse(bad[i], strlen(bad[i]), &value), TPMC_ERR_FORMAT);
    assert_true(value == 42);
}

static void ceilings_hold(void **state)
{
    tpmc__buf out;

    (void)state;
    tpmc__buf_init(&out, 3);
    assert_int_equal(tpmc__hex_encode("ab", 2, &out), TPMC_ERR_ARGUMENT);
    tpmc__buf_free(&out);
    assert_int_equal(tpmc__hex_decode("00112233", 8, &out), TPMC_ERR_ARGUMENT);
    tpmc__buf_free(&out);
    assert_int_equal(tpmc__percent_encode("a ", 2, &out), TPMC_ERR_ARGUMENT);
    tpmc__buf_free(&out);
    assert_int_equal(tpmc__decimal_append(&out, 1000), TPMC_ERR_ARGUMENT);
    tpmc__buf_free(&out);
}

static int use_all(void *context)
{
    tpmc__buf out;
    int status = 0;

    (void)context;
    tpmc__buf_init(&out, ROOM);
    for (int i = 0; i < 4; i++)
        tpmc__hex_encode("0123456789012345678901234567890123456789", 40, &out);
    tpmc__hex_decode("00112233", 8, &out);
    tpmc__percent_encode("0123456789012345678901234567890123456789", 40, &out);
    status = tpmc__decimal_append(&out, 1);
    tpmc__buf_free(&out);
    return status;
}

static void lack_of_memory_is_told(void **state)
{
    (void)state;
    assert_true(each_allocation(use_all, NULL, TPMC_ERR_NOMEM) >= 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_byte_has_its_hex),
        cmocka_unit_test(hex_takes_either_case_and_a_prefix),
        cmocka_unit_test(foreign_hex_is_refused_and_adds_nothing),
        cmocka_unit_test(all_but_unreserved_characters_are_percent_encoded),
        cmocka_unit_test(decimal_numbers_both_ways),
        cmocka_unit_test(what_is_no_decimal_number_is_refused),
        cmocka_unit_test(ceilings_hold),
        cmocka_unit_test(lack_of_memory_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
