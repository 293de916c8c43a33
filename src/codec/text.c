/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/text.h"

#include "base/mem.h"

/* Hex may hold secrets: digits are computed, not looked up. */
static uint8_t hex_digit(unsigned nibble)
{
    /* All ones above 9, else 0. */
    unsigned mask = 0u - ((9u - nibble) >> 31);

    return (uint8_t)('0' + nibble + (mask & ('a' - '0' - 10u)));
}

/* The value of a hex digit, or -1. */
static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

int tpmc__hex_encode(const void *data, size_t len, tpmc__buf *out)
{
    const uint8_t *bytes = data;
    uint8_t *to;

    if (len > SIZE_MAX / 2)
        return tpmc__buf_fail(out, TPMC_ERR_ARGUMENT);
    if (len == 0)
        return tpmc__buf_status(out);
    to = tpmc__buf_reserve(out, 2 * len);
    for (size_t i = 0; i < len && to != NULL; i++) {
        to[2 * i] = hex_digit(bytes[i] >> 4);
        to[2 * i + 1] = hex_digit(bytes[i] & 0x0f);
    }
    return tpmc__buf_status(out);
}

/* Decodes `len` digits, an even number, to `to`; 0 or TPMC_ERR_FORMAT. */
static int hex_decode_digits(const char *text, size_t len, uint8_t *to)
{
    for (size_t i = 0; i < len; i += 2) {
        int high = hex_value(text[i]);
        int low = hex_value(text[i + 1]);

        if (high < 0 || low < 0)
            return TPMC_ERR_FORMAT;
        to[i / 2] = (uint8_t)(high << 4 | low);
    }
    return 0;
}

int tpmc__hex_decode(const char *text, size_t len, tpmc__buf *out)
{
    size_t before = out->len;
    uint8_t *to = NULL;
    int status = 0;

    if (len >= 2 && text[0] == '0' && (text[1] == 'x' || text[1] == 'X')) {
        text += 2;
        len -= 2;
    }
    if (len % 2 != 0)
        return TPMC_ERR_FORMAT;
    if (len == 0)
        return tpmc__buf_status(out);
    to = tpmc__buf_reserve(out, len / 2);
    if (to == NULL)
        return tpmc__buf_status(out);
    status = hex_decode_digits(text, len, to);
    if (status != 0) {
        tpmc__mem_wipe(to, len / 2);
        out->len = before;
    }
    return status;
}

/* RFC 3986 section 2.3. */
static int is_unreserved(uint8_t c)
{
    if ((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))
        return 1;
    return c == '-' || c == '.' || c == '_' || c == '~';
}

int tpmc__percent_encode(const void *data, size_t len, tpmc__buf *out)
{
    static const char digits[] = "0123456789ABCDEF";
    const uint8_t *bytes = data;

    for (size_t i = 0; i < len; i++) {
        if (is_unreserved(bytes[i])) {
            tpmc__buf_append_byte(out, bytes[i]);
            continue;
        }
        tpmc__buf_append_byte(out, '%');
        tpmc__buf_append_byte(out, (uint8_t)digits[bytes[i] >> 4]);
        tpmc__buf_append_byte(out, (uint8_t)digits[bytes[i] & 0x0f]);
    }
    return tpmc__buf_status(out);
}

/* Counts downwards, since the least value has no positive counterpart. */
int tpmc__decimal_parse(const char *text, size_t len, int64_t *out)
{
    int negative = len > 0 && text[0] == '-';
    size_t i = negative ? 1 : 0;
    int64_t value = 0;

    if (i == len)
        return TPMC_ERR_FORMAT;
    for (; i < len; i++) {
        int digit = text[i] - '0';

        if (digit < 0 || digit > 9)
            return TPMC_ERR_FORMAT;
        if (value < (INT64_MIN + digit) / 10)
            return TPMC_ERR_FORMAT;
        value = value * 10 - digit;
    }
    if (!negative && value == INT64_MIN)
        return TPMC_ERR_FORMAT;
    *out = negative ? value : -value;
    return 0;
}

int tpmc__decimal_append(tpmc__buf *out, int64_t value)
{
    uint8_t text[20];
    size_t at = sizeof(text);
    uint64_t rest = value < 0 ? 0u - (uint64_t)value : (uint64_t)value;

    do {
        text[--at] = (uint8_t)('0' + rest % 10);
        rest /= 10;
    } while (rest != 0);
    if (value < 0)
        text[--at] = '-';
    return tpmc__buf_append(out, text + at, sizeof(text) - at);
}
