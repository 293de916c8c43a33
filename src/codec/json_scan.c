/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/json_scan.h"

#include <stdint.h>
#include <string.h>

#include "base/utf8.h"

/* cJSON copies a number to an array of this size, its NUL included. */
#define NUMBER_CAPACITY 64

/* The text and how far it was read. Functions return 1, or 0 with `fault` set. */
typedef struct scanner {
    const uint8_t *text;
    size_t len;
    size_t at;
    size_t depth;
    const tpmc__json_limits *limits;
    const char *fault;
} scanner;

static int scan_value(scanner *s);

static int fault(scanner *s, const char *text)
{
    s->fault = text;
    return 0;
}

/* The next byte; -1 at the end. */
static int peek(const scanner *s)
{
    return s->at < s->len ? s->text[s->at] : -1;
}

/* Takes the next byte if it is this one. */
static int take(scanner *s, int c)
{
    if (peek(s) != c)
        return 0;
    s->at++;
    return 1;
}

static void skip_space(scanner *s)
{
    while (take(s, ' ') || take(s, '\t') || take(s, '\n') || take(s, '\r'))
        ;
}

/* Takes digits and returns how many. */
static size_t take_digits(scanner *s)
{
    size_t start = s->at;

    while (peek(s) >= '0' && peek(s) <= '9')
        s->at++;
    return s->at - start;
}

static int scan_fraction_and_exponent(scanner *s)
{
    if (take(s, '.') && take_digits(s) == 0)
        return fault(s, "a number has no digit behind its point");
    if (!take(s, 'e') && !take(s, 'E'))
        return 1;
    if (!take(s, '+'))
        take(s, '-');
    if (take_digits(s) == 0)
        return fault(s, "a number has no digit in its exponent");
    return 1;
}

/* RFC 8259 section 6. */
static int scan_number(scanner *s)
{
    size_t start = s->at;
    int leading_zero = 0;
    size_t digits = 0;

    take(s, '-');
    leading_zero = peek(s) == '0';
    digits = take_digits(s);
    if (digits == 0)
        return fault(s, "a number has no digit");
    if (leading_zero && digits > 1)
        return fault(s, "a number has a leading zero");
    if (!scan_fraction_and_exponent(s))
        return 0;
    if (s->at - start >= NUMBER_CAPACITY)
        return fault(s, "a number is too long");
    return 1;
}

/* The four hex digits of an escape. */
static int take_hex4(scanner *s, uint32_t *unit)
{
    *unit = 0;
    for (int i = 0; i < 4; i++) {
        int c = peek(s);
        int digit = 0;

        if (c >= '0' && c <= '9')
            digit = c - '0';
        else if (c >= 'a' && c <= 'f')
            digit = c - 'a' + 10;
        else if (c >= 'A' && c <= 'F')
            digit = c - 'A' + 10;
        else
            return fault(s, "an escape \\u has no four hex digits");
        *unit = *unit << 4 | (uint32_t)digit;
        s->at++;
    }
    return 1;
}

/* What follows \u. A lone half of a surrogate pair is no character, and a NUL would end a C
 * string. */
static int scan_unicode_escape(scanner *s)
{
    uint32_t unit = 0;
    uint32_t second = 0;

    if (!take_hex4(s, &unit))
        return 0;
    if (unit == 0)
        return fault(s, "a string holds a NUL character");
    if (unit < 0xd800 || unit > 0xdfff)
        return 1;
    if (unit > 0xdbff || !take(s, '\\') || !take(s, 'u'))
        return fault(s, "a string holds half of a surrogate pair");
    if (!take_hex4(s, &second))
        return 0;
    if (second < 0xdc00 || second > 0xdfff)
        return fault(s, "a string holds half of a surrogate pair");
    return 1;
}

/* What follows a backslash. */
static int scan_escape(scanner *s)
{
    int c = peek(s);

    if (take(s, 'u'))
        return scan_unicode_escape(s);
    if (c <= 0 || strchr("\"\\/bfnrt", c) == NULL)
        return fault(s, "a string holds an escape that JSON does not have");
    s->at++;
    return 1;
}

static int scan_character(scanner *s)
{
    uint32_t character = 0;
    size_t size = tpmc__utf8_next(s->text + s->at, s->len - s->at, &character);

    if (size == 0)
        return fault(s, "a string is not UTF-8");
    if (character == 0)
        return fault(s, "a string holds a NUL character");
    if (character < 0x20)
        return fault(s, "a string holds a control character");
    s->at += size;
    return 1;
}

/* RFC 8259 section 7. */
static int scan_string(scanner *s)
{
    if (!take(s, '"'))
        return fault(s, "a member has no name in quotes");
    while (!take(s, '"')) {
        if (peek(s) < 0)
            return fault(s, "a string does not end");
        if (take(s, '\\')) {
            if (!scan_escape(s))
                return 0;
        } else if (!scan_character(s)) {
            return 0;
        }
    }
    return 1;
}

static int scan_member(scanner *s)
{
    skip_space(s);
    if (!scan_string(s))
        return 0;
    skip_space(s);
    if (!take(s, ':'))
        return fault(s, "a member has no colon behind its name");
    return scan_value(s);
}

/* What stands between the brackets, and the closing one. */
static int scan_items(scanner *s, int (*scan_item)(scanner *), int closing)
{
    size_t count = 0;

    skip_space(s);
    if (take(s, closing))
        return 1;
    do {
        if (++count > s->limits->items)
            return fault(s, "an object or array has too many members");
        if (!scan_item(s))
            return 0;
        skip_space(s);
    } while (take(s, ','));
    if (!take(s, closing))
        return fault(s, "a comma or closing bracket is missing");
    return 1;
}

static int scan_container(scanner *s)
{
    int is_object = peek(s) == '{';
    int ok = 0;

    if (s->depth == s->limits->depth)
        return fault(s, "it is nested too deeply");
    s->at++;
    s->depth++;
    ok = is_object ? scan_items(s, scan_member, '}') : scan_items(s, scan_value, ']');
    s->depth--;
    return ok;
}

static int scan_literal(scanner *s)
{
    static const char *const literals[] = { "true", "false", "null" };

    for (size_t i = 0; i < sizeof(literals) / sizeof(literals[0]); i++) {
        size_t len = strlen(literals[i]);

        if (s->len - s->at >= len && memcmp(s->text + s->at, literals[i], len) == 0) {
            s->at += len;
            return 1;
        }
    }
    return fault(s, peek(s) < 0 ? "it ends too early" : "a value is expected");
}

static int scan_value(scanner *s)
{
    int c = 0;

    skip_space(s);
    c = peek(s);
    if (c == '{' || c == '[')
        return scan_container(s);
    if (c == '"')
        return scan_string(s);
    if (c == '-' || (c >= '0' && c <= '9'))
        return scan_number(s);
    return scan_literal(s);
}

const char *tpmc__json_scan(const void *text, size_t len, const tpmc__json_limits *limits,
                            size_t *at)
{
    scanner s = { text, len, 0, 0, limits, NULL };

    if (scan_value(&s)) {
        skip_space(&s);
        if (s.at < s.len)
            fault(&s, "something follows the value");
    }
    *at = s.at;
    return s.fault;
}
