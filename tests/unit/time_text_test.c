/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "codec/time_text.h"

typedef struct moment_row {
    const char *text;
    int64_t ms;
} moment_row;

/* What is read and written alike; the numbers are those of `date -u -d ... +%s`. */
static const moment_row both_ways[] = {
    { "1970-01-01T00:00:00Z", 0 },
    { "1969-12-31T23:59:59Z", -1000 },
    { "2000-02-29T12:00:00Z", 951825600000 },
    { "2000-03-01T00:00:00Z", 951868800000 },
    { "2015-08-30T12:36:00Z", 1440938160000 },
    { "2038-01-19T03:14:08Z", 2147483648000 },
    { "2100-02-28T23:59:59Z", 4107542399000 },
    { "2100-03-01T00:00:00Z", 4107542400000 },
    { "9999-12-31T23:59:59Z", 253402300799000 },
    { "0001-01-01T00:00:00Z", -62135596800000 },
    { "1600-02-29T00:00:00Z", -11670998400000 },
};

static const moment_row only_read[] = {
    { "1970-01-01T00:00:00.5Z", 500 },
    { "1970-01-01T00:00:00.123456789012345678901234567890Z", 123 },
    { "1970-01-01T00:00:00.0009Z", 0 },
    { "1970-01-01T01:30:00+01:30", 0 },
    { "1970-01-01T01:30:00+0130", 0 },
    { "1969-12-31T19:00:00-05:00", 0 },
    { "1970-01-01T00:00:00+00:00", 0 },
    { "1970-01-01T23:59:00.25+23:59", 250 },
    { "2016-12-31T23:59:60Z", 1483228800000 },
};

static const char *const bad[] = {
    "",
    "2026",
    "2026-03-01",
    "2026-03-01T12:00:00",
    "2026-03-01 12:00:00Z",
    "2026-03-01t12:00:00Z",
    "2026-03-01T12:00:00z",
    "2026-03-01T12:00:00ZZ",
    "2026-03-01T12:00:00Z ",
    " 2026-03-01T12:00:00Z",
    "0000-03-01T12:00:00Z",
    "10000-03-01T12:00:00Z",
    "-001-03-01T12:00:00Z",
    "2026-00-01T12:00:00Z",
    "2026-13-01T12:00:00Z",
    "2026-3-01T12:00:00Z",
    "2026-03-00T12:00:00Z",
    "2026-03-32T12:00:00Z",
    "2026-04-31T12:00:00Z",
    "2026-02-29T12:00:00Z",
    "2100-02-29T12:00:00Z",
    "2026-03-01T24:00:00Z",
    "2026-03-01T12:60:00Z",
    "2026-03-01T12:00:61Z",
    "2026-03-01T12:00Z",
    "2026-03-01T12:00:00.Z",
    "2026-03-01T12:00:00,5Z",
    "2026-03-01T12:00:00.5",
    "2026-03-01T12:00:00.5x",
    "2026-03-01T12:00:00+24:00",
    "2026-03-01T12:00:00+01:60",
    "2026-03-01T12:00:00+01",
    "2026-03-01T12:00:00+1:00",
    "2026-03-01T12:00:00 01:00",
    "2026/03/01T12:00:00Z",
    "20260301T120000Z",
    "2026-03-01T12.00.00Z",
};

static void reads(const moment_row *row)
{
    int64_t ms = 77;

    if (tpmc__time_parse(row->text, strlen(row->text), &ms) != 0)
        fail_msg("%s is refused", row->text);
    assert_int_equal(ms, row->ms);
}

static void reads_times(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(both_ways) / sizeof(both_ways[0]); i++)
        reads(&both_ways[i]);
    for (size_t i = 0; i < sizeof(only_read) / sizeof(only_read[0]); i++)
        reads(&only_read[i]);
}

static void refuses_what_is_no_time(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        int64_t ms = 77;

        if (tpmc__time_parse(bad[i], strlen(bad[i]), &ms) != TPMC_ERR_FORMAT)
            fail_msg("%s is taken", bad[i]);
        assert_int_equal(ms, 77);
    }
}

/* Every cut of a time is none, and nothing behind its end is read. */
static void refuses_every_cut(void **state)
{
    static const char text[] = "2026-03-01T12:00:00.5+01:00";
    int64_t ms = 0;

    (void)state;
    for (size_t len = 0; len < sizeof(text) - 1; len++)
        assert_int_equal(tpmc__time_parse(text, len, &ms), TPMC_ERR_FORMAT);
    assert_int_equal(tpmc__time_parse(text, sizeof(text) - 1, &ms), 0);
}

static void writes(int (*append)(tpmc__buf *out, int64_t ms), int64_t ms, const char *text)
{
    tpmc__buf out;

    tpmc__buf_init(&out, 64);
    assert_int_equal(append(&out, ms), 0);
    assert_string_equal((const char *)out.data, text);
    tpmc__buf_free(&out);
}

static void writes_times(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(both_ways) / sizeof(both_ways[0]); i++) {
        writes(tpmc__time_append, both_ways[i].ms, both_ways[i].text);
        writes(tpmc__time_append, both_ways[i].ms + 999, both_ways[i].text);
    }
    writes(tpmc__time_append_basic, 1440938160000, "20150830T123600Z");
    writes(tpmc__time_append_basic, 1440979199999, "20150830T235959Z");
    writes(tpmc__time_append_date, 1440979199999, "20150830");
    writes(tpmc__time_append_date, 1440979200000, "20150831");
    writes(tpmc__time_append, TPMC__TIME_MIN_MS, "0000-01-01T00:00:00Z");
    writes(tpmc__time_append, TPMC__TIME_MAX_MS, "9999-12-31T23:59:59Z");
}

static void refuses_what_has_no_four_digits(void **state)
{
    static const int64_t beyond[] = { TPMC__TIME_MIN_MS - 1, TPMC__TIME_MAX_MS + 1, INT64_MIN,
                                      INT64_MAX };
    int (*const appends[])(tpmc__buf * out, int64_t ms) = { tpmc__time_append,
                                                            tpmc__time_append_basic,
                                                            tpmc__time_append_date };

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        for (size_t j = 0; j < 3; j++) {
            tpmc__buf out;

            tpmc__buf_init(&out, 64);
            assert_int_equal(appends[j](&out, beyond[i]), TPMC_ERR_ARGUMENT);
            assert_int_equal(tpmc__buf_status(&out), TPMC_ERR_ARGUMENT);
            tpmc__buf_free(&out);
        }
    }
}

/* Each day of 800 years follows the day before it. */
static void days_follow_each_other(void **state)
{
    tpmc__moment before = { 1600, 2, 29, 0, 0, 0 };

    (void)state;
    for (int64_t ms = -11670998400000 + 86400000; ms < 13600000000000; ms += 86400000) {
        tpmc__moment day;

        tpmc__moment_of(ms, &day);
        if (day.day != before.day + 1) {
            assert_int_equal(day.day, 1);
            assert_int_equal(day.month, before.month % 12 + 1);
            assert_int_equal(day.year, before.year + (before.month == 12));
            assert_in_range(before.day, 28, 31);
        }
        assert_int_equal(day.hour + day.minute + day.second, 0);
        before = day;
    }
    assert_int_equal(before.year, 2400);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_times),
        cmocka_unit_test(refuses_what_is_no_time),
        cmocka_unit_test(refuses_every_cut),
        cmocka_unit_test(writes_times),
        cmocka_unit_test(refuses_what_has_no_four_digits),
        cmocka_unit_test(days_follow_each_other),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
