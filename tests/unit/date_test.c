/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/expect.h"

#include "http/date.h"

typedef struct sample {
    const char *text;
    int64_t seconds; /* -1: refused */
} sample;

static const sample samples[] = {
    { "Sun, 06 Nov 1994 08:49:37 GMT", 784111777 },
    { "Sunday, 06-Nov-94 08:49:37 GMT", 784111777 },
    { "Sun Nov  6 08:49:37 1994", 784111777 },
    { "Wed Nov 16 08:49:37 1994", 784975777 },
    { "Thu, 01 Jan 1970 00:00:00 GMT", 0 },
    { "Tue, 29 Feb 2000 23:59:60 GMT", 951868800 },
    { "Fri, 31 Dec 9999 23:59:59 GMT", INT64_C(253402300799) },
    { "Thursday, 01-Jan-70 00:00:00 GMT", 0 },
    { "Tuesday, 31-Dec-69 00:00:00 GMT", INT64_C(3155673600) },
    { "", -1 },
    { "Sun", -1 },
    { "sun, 06 Nov 1994 08:49:37 GMT", -1 },
    { "Sun, 6 Nov 1994 08:49:37 GMT", -1 },
    { "Sun, 06 Nov 1994 08:49:37 UTC", -1 },
    { "Sun, 06 Nov 1994 08:49:37 GMT ", -1 },
    { "Sun, 06 nov 1994 08:49:37 GMT", -1 },
    { "Sun, 06 Nov 1994 24:00:00 GMT", -1 },
    { "Sun, 06 Nov 1994 23:60:00 GMT", -1 },
    { "Sun, 06 Nov 1994 23:59:61 GMT", -1 },
    { "Sun, 00 Nov 1994 08:49:37 GMT", -1 },
    { "Sun, 31 Nov 1994 08:49:37 GMT", -1 },
    { "Mon, 29 Feb 1999 08:49:37 GMT", -1 },
    { "Mon, 29 Feb 2100 08:49:37 GMT", -1 },
    { "Wed, 31 Dec 1969 23:59:59 GMT", -1 },
    { "Sunday, 06 Nov 1994 08:49:37 GMT", -1 },
    { "Sun Nov 6 08:49:37 1994", -1 },
    { "Sun Nov  6 08:49:37 1994 GMT", -1 },
};

static void reads_the_three_forms_and_nothing_else(void **state)
{
    size_t i;
    int64_t expected;

    (void)state;
    for (i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        expected = samples[i].seconds < 0 ? -1 : samples[i].seconds * 1000;
        if (tpmc__http_date_ms(samples[i].text) != expected)
            fail_msg("'%s': %lld", samples[i].text, (long long)tpmc__http_date_ms(samples[i].text));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_the_three_forms_and_nothing_else),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
