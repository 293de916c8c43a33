/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/sigv4_text.h"

#include <string.h>
#include <time.h>

#include "base/error_int.h"

#define MAX_TIME_MS INT64_C(253402300799999) /* the end of the year 9999 */

static char *put_digits(char *to, int value, int count)
{
    for (int i = count - 1; i >= 0; i--) {
        to[i] = (char)('0' + value % 10);
        value /= 10;
    }
    return to + count;
}

int tpmc__sigv4_format_time(int64_t ms, tpmc__sigv4_time *out, tpmc_error *err)
{
    time_t seconds = (time_t)(ms / 1000);
    struct tm parts;
    char *to = out->time;

    if (ms < 0 || ms > MAX_TIME_MS || gmtime_r(&seconds, &parts) == NULL)
        return tpmc__fail(err, TPMC_ERR_CLOCK,
                          "the time of the signature is not within the years 1970 to 9999: set the "
                          "system's clock");
    to = put_digits(to, parts.tm_year + 1900, 4);
    to = put_digits(to, parts.tm_mon + 1, 2);
    to = put_digits(to, parts.tm_mday, 2);
    memcpy(out->date, out->time, 8);
    out->date[8] = '\0';
    *to++ = 'T';
    to = put_digits(to, parts.tm_hour, 2);
    to = put_digits(to, parts.tm_min, 2);
    to = put_digits(to, parts.tm_sec, 2);
    memcpy(to, "Z", 2);
    return 0;
}

/* RFC 3986 section 2.3. */
static int is_unreserved(char c)
{
    if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'))
        return 1;
    return c == '-' || c == '.' || c == '_' || c == '~';
}

static unsigned hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return (unsigned)(c - '0');
    return (unsigned)(c | 0x20) - 'a' + 10;
}

static void append_escape(char c, tpmc__buf *out)
{
    static const char digits[] = "0123456789ABCDEF";
    uint8_t escape[3] = { '%', (uint8_t)digits[(uint8_t)c >> 4], (uint8_t)digits[c & 0x0f] };

    (void)tpmc__buf_append(out, escape, sizeof(escape));
}

size_t tpmc__sigv4_decode_char(const char *text, char *c)
{
    *c = text[0];
    if (text[0] != '%')
        return 1;
    *c = (char)(hex_value(text[1]) << 4 | hex_value(text[2]));
    return 3;
}

/* Appends what the first characters stand for, which are not to be kept, and returns how many. */
static size_t append_encoded(const char *text, unsigned how, tpmc__buf *out)
{
    char c = text[0];
    size_t taken = 1;

    if ((how & TPMC__SIGV4_ENCODE_DECODED) != 0)
        taken = tpmc__sigv4_decode_char(text, &c);
    if (is_unreserved(c))
        (void)tpmc__buf_append_byte(out, (uint8_t)c);
    else
        append_escape(c, out);
    return taken;
}

void tpmc__sigv4_encode(const char *text, size_t len, unsigned how, tpmc__buf *out)
{
    int keeps_slash = (how & TPMC__SIGV4_ENCODE_KEEP_SLASH) != 0;
    size_t start;
    size_t i = 0;

    while (i < len) {
        start = i;
        while (i < len && (is_unreserved(text[i]) || (keeps_slash && text[i] == '/')))
            i++;
        (void)tpmc__buf_append(out, text + start, i - start);
        if (i < len)
            i += append_encoded(text + i, how, out);
    }
}
