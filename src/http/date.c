/* SPDX-License-Identifier: Apache-2.0 */
#include "http/date.h"

#include <string.h>

#include "http/ascii.h"

typedef struct date {
    int year;
    int month; /* 1 to 12 */
    int day;
    int hour;
    int minute;
    int second;
} date;

static const char *const week_days[] = {
    "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday",
};

static const char month_names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

/* The readers take what they expect from `*at` and step over it; 0 when it is not there. */

static int take_text(const char **at, const char *text)
{
    size_t len = strlen(text);

    if (strncmp(*at, text, len) != 0)
        return 0;
    *at += len;
    return 1;
}

static int take_number(const char **at, int digits, int *value)
{
    int i;

    *value = 0;
    for (i = 0; i < digits; i++) {
        if (!tpmc__ascii_is_digit((unsigned char)**at))
            return 0;
        *value = *value * 10 + (**at - '0');
        (*at)++;
    }
    return 1;
}

static int take_month(const char **at, int *month)
{
    for (*month = 1; *month <= 12; (*month)++) {
        if (strncmp(*at, month_names + 3 * (*month - 1), 3) == 0) {
            *at += 3;
            return 1;
        }
    }
    return 0;
}

static int take_time(const char **at, date *d)
{
    return take_number(at, 2, &d->hour) && take_text(at, ":") && take_number(at, 2, &d->minute) &&
           take_text(at, ":") && take_number(at, 2, &d->second);
}

/* "06 Nov 1994 08:49:37 GMT", as RFC 1123 has it */
static int read_fixdate(const char *at, date *d)
{
    return take_number(&at, 2, &d->day) && take_text(&at, " ") && take_month(&at, &d->month) &&
           take_text(&at, " ") && take_number(&at, 4, &d->year) && take_text(&at, " ") &&
           take_time(&at, d) && strcmp(at, " GMT") == 0;
}

/* "06-Nov-94 08:49:37 GMT", as RFC 850 has it */
static int read_rfc850(const char *at, date *d)
{
    if (!take_number(&at, 2, &d->day) || !take_text(&at, "-") || !take_month(&at, &d->month) ||
        !take_text(&at, "-") || !take_number(&at, 2, &d->year) || !take_text(&at, " ") ||
        !take_time(&at, d) || strcmp(at, " GMT") != 0)
        return 0;
    d->year += d->year < 70 ? 2000 : 1900;
    return 1;
}

/* "Nov  6 08:49:37 1994", as asctime() has it */
static int read_asctime(const char *at, date *d)
{
    return take_month(&at, &d->month) && take_text(&at, " ") &&
           take_number(&at, take_text(&at, " ") ? 1 : 2, &d->day) && take_text(&at, " ") &&
           take_time(&at, d) && take_text(&at, " ") && take_number(&at, 4, &d->year) && *at == '\0';
}

static int read_date(const char *text, date *d)
{
    char short_name[] = "Xxx";
    const char *at;
    size_t i;

    for (i = 0; i < sizeof(week_days) / sizeof(week_days[0]); i++) {
        at = text;
        if (take_text(&at, week_days[i]) && take_text(&at, ", "))
            return read_rfc850(at, d);
        memcpy(short_name, week_days[i], 3);
        at = text;
        if (!take_text(&at, short_name))
            continue;
        return take_text(&at, ", ") ? read_fixdate(at, d)
                                    : take_text(&at, " ") && read_asctime(at, d);
    }
    return 0;
}

static int is_leap(int year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int month_days(int year, int month)
{
    static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };

    return days[month - 1] + (month == 2 && is_leap(year) ? 1 : 0);
}

/* A second of 60 is a leap second. */
static int is_possible(const date *d)
{
    return d->year >= 1970 && d->day >= 1 && d->day <= month_days(d->year, d->month) &&
           d->hour <= 23 && d->minute <= 59 && d->second <= 60;
}

static int64_t days_since_1970(const date *d)
{
    int64_t days = d->day - 1;
    int year;
    int month;

    for (year = 1970; year < d->year; year++)
        days += is_leap(year) ? 366 : 365;
    for (month = 1; month < d->month; month++)
        days += month_days(d->year, month);
    return days;
}

int64_t tpmc__http_date_ms(const char *text)
{
    date d;
    int64_t minutes;

    memset(&d, 0, sizeof(d));
    if (!read_date(text, &d) || !is_possible(&d))
        return -1;
    minutes = (days_since_1970(&d) * 24 + d.hour) * 60 + d.minute;
    return (minutes * 60 + d.second) * 1000;
}
