/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/expect.h"

#include "proto/sigv4_text.h"

static void a_time_is_written_in_utc(void **state)
{
    static const struct {
        int64_t ms;
        const char *time;
        const char *date;
    } rows[] = {
        { 0, "19700101T000000Z", "19700101" },
        { INT64_C(1440938160000), "20150830T123600Z", "20150830" },
        { INT64_C(951782399999), "20000228T235959Z", "20000228" },
        { INT64_C(951782400000), "20000229T000000Z", "20000229" },
        { INT64_C(2147483648000), "20380119T031408Z", "20380119" },
        { INT64_C(253402300799999), "99991231T235959Z", "99991231" },
    };
    tpmc__sigv4_time out;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        expect_success(tpmc__sigv4_format_time(rows[i].ms, &out, *state), *state);
        assert_string_equal(out.time, rows[i].time);
        assert_string_equal(out.date, rows[i].date);
    }
}

static void a_time_outside_of_four_digits_is_refused(void **state)
{
    static const int64_t times[] = { -1, INT64_C(253402300800000), INT64_MIN, INT64_MAX };
    tpmc__sigv4_time out;

    for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++)
        expect_failure(tpmc__sigv4_format_time(times[i], &out, *state), *state, TPMC_ERR_CLOCK,
                       "not within the years 1970 to 9999");
}

static void expect_encoded(const char *text, unsigned how, const char *expected)
{
    tpmc__buf out;

    tpmc__buf_init(&out, 1024);
    assert_int_equal(tpmc__buf_append_byte(&out, '>'), 0);
    tpmc__sigv4_encode(text, strlen(text), how, &out);
    assert_int_equal(tpmc__buf_status(&out), 0);
    assert_string_equal((const char *)out.data + 1, expected);
    tpmc__buf_free(&out);
}

static void a_text_is_encoded(void **state)
{
    (void)state;
    expect_encoded("", 0, "");
    expect_encoded("aZ09-._~", 0, "aZ09-._~");
    expect_encoded("@[`{/:", 0, "%40%5B%60%7B%2F%3A");
    expect_encoded("a/b+c=d%20", 0, "a%2Fb%2Bc%3Dd%2520");
    expect_encoded("/a b/", TPMC__SIGV4_ENCODE_KEEP_SLASH, "/a%20b/");
    expect_encoded("\xc3\xa4\x7f", 0, "%C3%A4%7F");
}

static void an_encoded_text_is_encoded_once(void **state)
{
    unsigned how = TPMC__SIGV4_ENCODE_DECODED;

    (void)state;
    expect_encoded("%20%2f%2F%25%7e%41", how, "%20%2F%2F%25~A");
    expect_encoded("+%c3%A4*", how, "%2B%C3%A4%2A");
    expect_encoded("/%2F", how | TPMC__SIGV4_ENCODE_KEEP_SLASH, "/%2F");
    expect_encoded("/%00", how, "%2F%00");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ERROR(a_time_is_written_in_utc),
        WITH_ERROR(a_time_outside_of_four_digits_is_refused),
        cmocka_unit_test(a_text_is_encoded),
        cmocka_unit_test(an_encoded_text_is_encoded_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
