/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/time_text.h"

#define MS_PER_SECOND 1000
#define SECONDS_PER_DAY 86400
#define DAYS_PER_ERA 146097 /* an era is 400 years */
#define DAYS_TO_1970 719468 /* since 0000-03-01 */

/* Rounds down, also below zero. */
static int64_t divide(int64_t value, int64_t by)
{
    return value / by - (value % by < 0);
}

/* The year is counted from March on, so that the leap day is its last. */
void tpmc__moment_of(int64_t ms, tpmc__moment *out)
{
    int64_t seconds = divide(ms, MS_PER_SECOND);
    int64_t days = divide(seconds, SECONDS_PER_DAY);
    int64_t second_of_day = seconds - days * SECONDS_PER_DAY;
    int64_t era = divide(days + DAYS_TO_1970, DAYS_PER_ERA);
    int64_t day_of_era = days + DAYS_TO_1970 - era * DAYS_PER_ERA;
    int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t month = (5 * day_of_year + 2) / 153;

    out->day = (int)(day_of_year - (153 * month + 2) / 5 + 1);
    out->month = (int)(month < 10 ? month + 3 : month - 9);
    out->year = (int)(era * 400 + year_of_era) + (month >= 10);
    out->hour = (int)(second_of_day / 3600);
    out->minute = (int)(second_of_day / 60 % 60);
    out->second = (int)(second_of_day % 60);
}

/* The inverse of tpmc__moment_of() for a date. */
static int64_t days_of(int year, int month, int day)
{
    int64_t shifted = month > 2 ? year : year - 1;
    int64_t era = divide(shifted, 400);
    int64_t year_of_era = shifted - era * 400;
    int64_t day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;

    return era * DAYS_PER_ERA + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 +
           day_of_year - DAYS_TO_1970;
}

static int days_in_month(int year, int month)
{
    static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    int is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

    return days[month - 1] + (month == 2 && is_leap);
}

/* What is left to be read; the first fault sticks. */
typedef struct cursor {
    const char *at;
    size_t left;
    int is_bad;
} cursor;

static int next_is(cursor *in, char c)
{
    if (in->left == 0 || *in->at != c)
        return 0;
    in->at++;
    in->left--;
    return 1;
}

static void demand(cursor *in, char c)
{
    if (!next_is(in, c))
        in->is_bad = 1;
}

static int next_digit(cursor *in)
{
    if (in->left == 0 || *in->at < '0' || *in->at > '9')
        return -1;
    in->left--;
    return *in->at++ - '0';
}

/* A number of exactly `digits` digits from `min` to `max`. */
static int number(cursor *in, int digits, int min, int max)
{
    int value = 0;

    for (int i = 0; i < digits; i++) {
        int digit = next_digit(in);

        if (digit < 0) {
            in->is_bad = 1;
            return min;
        }
        value = value * 10 + digit;
    }
    if (value < min || value > max) {
        in->is_bad = 1;
        return min;
    }
    return value;
}

static int fraction_ms(cursor *in)
{
    int scale = MS_PER_SECOND;
    int value = 0;
    int digit = 0;

    if (!next_is(in, '.'))
        return 0;
    digit = next_digit(in);
    in->is_bad |= digit < 0;
    for (; digit >= 0; digit = next_digit(in)) {
        scale /= 10;
        value += digit * scale;
    }
    return value;
}

/* How far the clock of the text is ahead of UTC. */
static int offset_seconds(cursor *in)
{
    int sign = 1;
    int hours = 0;

    if (next_is(in, 'Z'))
        return 0;
    if (next_is(in, '-'))
        sign = -1;
    else
        demand(in, '+');
    hours = number(in, 2, 0, 23);
    (void)next_is(in, ':');
    return sign * (hours * 3600 + number(in, 2, 0, 59) * 60);
}

static int64_t read_date(cursor *in)
{
    int year = number(in, 4, 1, 9999);
    int month = 0;

    demand(in, '-');
    month = number(in, 2, 1, 12);
    demand(in, '-');
    return days_of(year, month, number(in, 2, 1, days_in_month(year, month)));
}

static int64_t read_time_of_day(cursor *in)
{
    int hours = number(in, 2, 0, 23);
    int minutes = 0;

    demand(in, ':');
    minutes = number(in, 2, 0, 59);
    demand(in, ':');
    return hours * 3600 + minutes * 60 + number(in, 2, 0, 60);
}

int tpmc__time_parse(const char *text, size_t len, int64_t *out_ms)
{
    cursor in = { text, len, 0 };
    int64_t seconds = read_date(&in) * SECONDS_PER_DAY;
    int64_t ms = 0;

    demand(&in, 'T');
    seconds += read_time_of_day(&in);
    ms = fraction_ms(&in);
    seconds -= offset_seconds(&in);
    if (in.is_bad || in.left != 0)
        return TPMC_ERR_FORMAT;
    *out_ms = seconds * MS_PER_SECOND + ms;
    return 0;
}

static void append_digits(tpmc__buf *out, int value, int digits)
{
    int scale = 1;

    for (int i = 1; i < digits; i++)
        scale *= 10;
    for (; scale > 0; scale /= 10)
        tpmc__buf_append_byte(out, (uint8_t)('0' + value / scale % 10));
}

/* Separators are "" in the basic form. */
static void append_date(tpmc__buf *out, const tpmc__moment *moment, const char *separator)
{
    append_digits(out, moment->year, 4);
    tpmc__buf_append_text(out, separator);
    append_digits(out, moment->month, 2);
    tpmc__buf_append_text(out, separator);
    append_digits(out, moment->day, 2);
}

static void append_time_of_day(tpmc__buf *out, const tpmc__moment *moment, const char *separator)
{
    tpmc__buf_append_byte(out, 'T');
    append_digits(out, moment->hour, 2);
    tpmc__buf_append_text(out, separator);
    append_digits(out, moment->minute, 2);
    tpmc__buf_append_text(out, separator);
    append_digits(out, moment->second, 2);
    tpmc__buf_append_byte(out, 'Z');
}

/* Takes `ms` apart, or makes its being out of range stick to the buffer. */
static int take_apart(tpmc__buf *out, int64_t ms, tpmc__moment *moment)
{
    if (ms < TPMC__TIME_MIN_MS || ms > TPMC__TIME_MAX_MS)
        return tpmc__buf_fail(out, TPMC_ERR_ARGUMENT);
    tpmc__moment_of(ms, moment);
    return 0;
}

int tpmc__time_append(tpmc__buf *out, int64_t ms)
{
    tpmc__moment moment;
    int status = take_apart(out, ms, &moment);

    if (status != 0)
        return status;
    append_date(out, &moment, "-");
    append_time_of_day(out, &moment, ":");
    return tpmc__buf_status(out);
}

int tpmc__time_append_basic(tpmc__buf *out, int64_t ms)
{
    tpmc__moment moment;
    int status = take_apart(out, ms, &moment);

    if (status != 0)
        return status;
    append_date(out, &moment, "");
    append_time_of_day(out, &moment, "");
    return tpmc__buf_status(out);
}

int tpmc__time_append_date(tpmc__buf *out, int64_t ms)
{
    tpmc__moment moment;
    int status = take_apart(out, ms, &moment);

    if (status != 0)
        return status;
    append_date(out, &moment, "");
    return tpmc__buf_status(out);
}
