/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/der.h"

#include <string.h>

/* The longest OID content that is written or compared. */
#define OID_MAX 64

int tpmc__der_peek(const tpmc__der *in)
{
    return in->len == 0 ? -1 : in->data[0];
}

/* Reads the length octets at `*at` and moves behind them (X.690 sections 8.1.3 and 10.1). */
static int read_length(const tpmc__der *in, size_t *at, size_t *len)
{
    size_t octets = 0;
    size_t value = 0;
    uint8_t first = 0;

    if (*at >= in->len)
        return TPMC_ERR_FORMAT;
    first = in->data[(*at)++];
    if (first < 0x80) {
        *len = first;
        return 0;
    }
    octets = first & 0x7fu;
    if (octets == 0 || octets > 4 || octets > in->len - *at || in->data[*at] == 0)
        return TPMC_ERR_FORMAT;
    for (size_t i = 0; i < octets; i++)
        value = value << 8 | in->data[(*at)++];
    if (value < 0x80)
        return TPMC_ERR_FORMAT;
    *len = value;
    return 0;
}

int tpmc__der_next(tpmc__der *in, int *tag, tpmc__der *content)
{
    size_t at = 1;
    size_t len = 0;
    int status = 0;

    /* Tag 0 is left to the end-of-contents octets, which DER does not have. */
    if (in->len == 0 || in->data[0] == 0 || (in->data[0] & 0x1f) == 0x1f)
        return TPMC_ERR_FORMAT;
    status = read_length(in, &at, &len);
    if (status != 0)
        return status;
    if (len > in->len - at)
        return TPMC_ERR_FORMAT;
    *tag = in->data[0];
    *content = (tpmc__der){ in->data + at, len };
    in->data += at + len;
    in->len -= at + len;
    return 0;
}

int tpmc__der_expect(tpmc__der *in, int tag, tpmc__der *content)
{
    int found = 0;

    if (tpmc__der_peek(in) != tag)
        return TPMC_ERR_FORMAT;
    return tpmc__der_next(in, &found, content);
}

int tpmc__der_expect_unsigned(tpmc__der *in, tpmc__der *content)
{
    tpmc__der rest = *in;
    tpmc__der number = { NULL, 0 };
    int status = tpmc__der_expect(&rest, TPMC__DER_INTEGER, &number);

    if (status != 0)
        return status;
    if (number.len == 0 || (number.data[0] & 0x80) != 0)
        return TPMC_ERR_FORMAT;
    if (number.data[0] == 0) {
        number.data++;
        number.len--;
        if (number.len > 0 && (number.data[0] & 0x80) == 0)
            return TPMC_ERR_FORMAT;
    }
    *in = rest;
    *content = number;
    return 0;
}

/* One arc of dotted text at `*text`, which moves behind it and its dot. */
static int read_arc(const char **text, uint64_t *arc)
{
    uint64_t value = 0;
    const char *at = *text;

    if (*at < '0' || *at > '9' || (at[0] == '0' && at[1] >= '0' && at[1] <= '9'))
        return TPMC_ERR_ARGUMENT;
    for (; *at >= '0' && *at <= '9'; at++) {
        value = value * 10 + (uint64_t)(*at - '0');
        if (value > UINT32_MAX)
            return TPMC_ERR_ARGUMENT;
    }
    if (*at != '.' && *at != '\0')
        return TPMC_ERR_ARGUMENT;
    if (*at == '.' && at[1] == '\0')
        return TPMC_ERR_ARGUMENT;
    *text = *at == '.' ? at + 1 : at;
    *arc = value;
    return 0;
}

/* X.690 section 8.19.2: seven bits an octet, all but the last with the top bit. */
static int put_subidentifier(uint64_t value, uint8_t *out, size_t *len)
{
    int shift = 0;

    while (value >> shift > 0x7f)
        shift += 7;
    for (; shift >= 0; shift -= 7) {
        if (*len == OID_MAX)
            return TPMC_ERR_ARGUMENT;
        out[(*len)++] = (uint8_t)((value >> shift & 0x7f) | (shift > 0 ? 0x80u : 0));
    }
    return 0;
}

/* `out` has room for OID_MAX bytes. */
static int encode_oid(const char *dotted, uint8_t *out, size_t *len)
{
    uint64_t first = 0;
    uint64_t arc = 0;
    int status = read_arc(&dotted, &first);

    *len = 0;
    if (status != 0 || *dotted == '\0')
        return TPMC_ERR_ARGUMENT;
    status = read_arc(&dotted, &arc);
    if (status != 0 || first > 2 || (first < 2 && arc > 39))
        return TPMC_ERR_ARGUMENT;
    status = put_subidentifier(first * 40 + arc, out, len);
    while (status == 0 && *dotted != '\0') {
        status = read_arc(&dotted, &arc);
        if (status == 0)
            status = put_subidentifier(arc, out, len);
    }
    return status;
}

int tpmc__der_oid_is(const tpmc__der *oid, const char *dotted)
{
    uint8_t encoded[OID_MAX];
    size_t len = 0;

    if (encode_oid(dotted, encoded, &len) != 0)
        return 0;
    return len == oid->len && memcmp(encoded, oid->data, len) == 0;
}

/* Takes one subidentifier; TPMC_ERR_FORMAT when it is cut short, padded or beyond 63 bits. */
static int next_subidentifier(tpmc__der *in, uint64_t *value)
{
    uint64_t result = 0;
    size_t i = 0;

    if (in->len == 0 || in->data[0] == 0x80)
        return TPMC_ERR_FORMAT;
    for (i = 0; i < in->len && i < 9; i++) {
        result = result << 7 | (in->data[i] & 0x7fu);
        if ((in->data[i] & 0x80) == 0)
            break;
    }
    if (i == in->len || i == 9)
        return TPMC_ERR_FORMAT;
    in->data += i + 1;
    in->len -= i + 1;
    *value = result;
    return 0;
}

/* Text that grows in a fixed array and is cut at its end. */
typedef struct cut_text {
    char *out;
    size_t capacity;
    size_t len;
} cut_text;

static void put_character(cut_text *text, char c)
{
    if (text->len + 1 >= text->capacity)
        return;
    text->out[text->len++] = c;
    text->out[text->len] = '\0';
}

static void put_number(cut_text *text, uint64_t value)
{
    char digits[20];
    size_t count = 0;

    do {
        digits[count++] = (char)('0' + value % 10);
        value /= 10;
    } while (value != 0);
    while (count > 0)
        put_character(text, digits[--count]);
}

int tpmc__der_oid_text(const tpmc__der *oid, char *out, size_t capacity)
{
    cut_text text = { out, capacity, 0 };
    tpmc__der rest = *oid;
    uint64_t value = 0;
    uint64_t first = 0;
    int status = next_subidentifier(&rest, &value);

    if (capacity > 0)
        out[0] = '\0';
    if (status == 0) {
        first = value < 80 ? value / 40 : 2;
        put_number(&text, first);
        put_character(&text, '.');
        put_number(&text, value - first * 40);
    }
    while (status == 0 && rest.len > 0) {
        status = next_subidentifier(&rest, &value);
        put_character(&text, '.');
        if (status == 0)
            put_number(&text, value);
    }
    if (status != 0)
        put_character(&text, '?');
    return status;
}

static void write_header(tpmc__buf *out, int tag, size_t len)
{
    int octets = 0;

    tpmc__buf_append_byte(out, (uint8_t)tag);
    if (len < 0x80) {
        tpmc__buf_append_byte(out, (uint8_t)len);
        return;
    }
    for (size_t rest = len; rest != 0; rest >>= 8)
        octets++;
    tpmc__buf_append_byte(out, (uint8_t)(0x80 | octets));
    while (octets-- > 0)
        tpmc__buf_append_byte(out, (uint8_t)(len >> (8 * octets)));
}

int tpmc__der_write(tpmc__buf *out, int tag, const void *content, size_t len)
{
    write_header(out, tag, len);
    if (len > 0)
        tpmc__buf_append(out, content, len);
    return tpmc__buf_status(out);
}

int tpmc__der_write_unsigned(tpmc__buf *out, const void *number, size_t len)
{
    const uint8_t *bytes = number;
    int pad = 0;

    while (len > 0 && bytes[0] == 0) {
        bytes++;
        len--;
    }
    /* Zero has one octet, and a set top bit would make the number negative. */
    pad = len == 0 || (bytes[0] & 0x80) != 0;
    write_header(out, TPMC__DER_INTEGER, len + (size_t)pad);
    if (pad)
        tpmc__buf_append_byte(out, 0);
    if (len > 0)
        tpmc__buf_append(out, bytes, len);
    return tpmc__buf_status(out);
}

int tpmc__der_write_uint32(tpmc__buf *out, uint32_t value)
{
    uint8_t bytes[4] = { (uint8_t)(value >> 24), (uint8_t)(value >> 16), (uint8_t)(value >> 8),
                         (uint8_t)value };

    return tpmc__der_write_unsigned(out, bytes, sizeof(bytes));
}

int tpmc__der_write_boolean(tpmc__buf *out, int value)
{
    uint8_t octet = value ? 0xff : 0x00; /* X.690 section 11.1 */

    return tpmc__der_write(out, TPMC__DER_BOOLEAN, &octet, 1);
}

int tpmc__der_write_oid(tpmc__buf *out, const char *dotted)
{
    uint8_t encoded[OID_MAX];
    size_t len = 0;
    int status = encode_oid(dotted, encoded, &len);

    if (status != 0)
        return tpmc__buf_fail(out, status);
    return tpmc__der_write(out, TPMC__DER_OID, encoded, len);
}

int tpmc__der_wrap(tpmc__buf *out, int tag, tpmc__buf *inner)
{
    int status = tpmc__buf_status(inner);

    if (status != 0)
        (void)tpmc__buf_fail(out, status);
    else
        status = tpmc__der_write(out, tag, inner->data, inner->len);
    tpmc__buf_free(inner);
    return status;
}
