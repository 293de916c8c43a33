/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/certificate_time.h"

#define TAG_UTC_TIME 0x17
#define TAG_GENERALIZED_TIME 0x18
#define FIRST_UTC_YEAR 50 /* of the last century; what is less is of this one */
#define MS_PER_SECOND 1000
#define SECONDS_PER_DAY 86400
#define DAYS_TO_1970 719468 /* from 0000-03-01 */

/* Takes a decimal number of `digits` digits; -1 when there is none. */
static int take_number(tpmc__der *in, size_t digits)
{
    int number = 0;

    if (in->len < digits)
        return -1;
    for (size_t i = 0; i < digits; i++) {
        if (in->data[i] < '0' || in->data[i] > '9')
            return -1;
        number = number * 10 + (in->data[i] - '0');
    }
    in->data += digits;
    in->len -= digits;
    return number;
}

static int days_of_month(int year, int month)
{
    static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    int is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

    return days[month - 1] + (month == 2 && is_leap);
}

/* Days since 1970. The year is counted from March on, so that the leap day is its last. */
static int64_t days_since_1970(int year, int month, int day)
{
    int64_t y = month > 2 ? year : year - 1;
    int64_t m = month > 2 ? month - 3 : month + 9;

    return 365 * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day - 1 - DAYS_TO_1970;
}

/* MMDD */
static int take_days(tpmc__der *in, int year, int64_t *days)
{
    int month = take_number(in, 2);
    int day = take_number(in, 2);

    if (year < 1 || month < 1 || month > 12 || day < 1 || day > days_of_month(year, month))
        return TPMC_ERR_FORMAT;
    *days = days_since_1970(year, month, day);
    return 0;
}

int tpmc__certificate_take_time(tpmc__der *in, int64_t *ms)
{
    tpmc__der text = { NULL, 0 };
    int64_t days = 0;
    int tag = 0;
    int year = 0;
    int hour = 0;
    int minute = 0;
    int second = 0;

    if (tpmc__der_next(in, &tag, &text) != 0 ||
        (tag != TAG_UTC_TIME && tag != TAG_GENERALIZED_TIME))
        return TPMC_ERR_FORMAT;
    year = take_number(&text, tag == TAG_UTC_TIME ? 2 : 4);
    if (tag == TAG_UTC_TIME && year >= 0)
        year += year < FIRST_UTC_YEAR ? 2000 : 1900;
    if (take_days(&text, year, &days) != 0)
        return TPMC_ERR_FORMAT;
    hour = take_number(&text, 2);
    minute = take_number(&text, 2);
    second = take_number(&text, 2);
    if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59)
        return TPMC_ERR_FORMAT;
    if (text.len != 1 || text.data[0] != 'Z')
        return TPMC_ERR_FORMAT;
    *ms = (days * SECONDS_PER_DAY + hour * 3600 + minute * 60 + second) * MS_PER_SECOND;
    return 0;
}
