/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/base64.h"

#include "base/mem.h"

/* A run of the alphabet: characters `first` to `last` stand for `value` and what follows it. */
typedef struct run {
    uint8_t first;
    uint8_t last;
    uint8_t value;
} run;

#define RUN_COUNT 5

/* RFC 4648, tables 1 and 2. */
static const run standard[RUN_COUNT] = {
    { 'A', 'Z', 0 }, { 'a', 'z', 26 }, { '0', '9', 52 }, { '+', '+', 62 }, { '/', '/', 63 }
};
static const run url[RUN_COUNT] = {
    { 'A', 'Z', 0 }, { 'a', 'z', 26 }, { '0', '9', 52 }, { '-', '-', 62 }, { '_', '_', 63 }
};

/* All ones when first <= value <= last, else 0, without a branch. All are below 2^31. */
static uint32_t mask_in(uint32_t value, uint32_t first, uint32_t last)
{
    uint32_t inside = ((first - 1u - value) & (value - last - 1u)) >> 31;

    return 0u - inside;
}

static uint8_t encode_sextet(const run *alphabet, uint32_t value)
{
    uint32_t c = 0;

    for (size_t i = 0; i < RUN_COUNT; i++) {
        const run *r = &alphabet[i];
        uint32_t last = (uint32_t)r->value + r->last - r->first;

        c |= mask_in(value, r->value, last) & (value - r->value + r->first);
    }
    return (uint8_t)c;
}

/* The value of a character; `*bad` becomes not 0 for one outside the alphabet. */
static uint32_t decode_character(const run *alphabet, uint8_t c, uint32_t *bad)
{
    uint32_t value = 0;
    uint32_t found = 0;

    for (size_t i = 0; i < RUN_COUNT; i++) {
        const run *r = &alphabet[i];
        uint32_t mask = mask_in(c, r->first, r->last);

        value |= mask & ((uint32_t)c - r->first + r->value);
        found |= mask;
    }
    *bad |= ~found;
    return value;
}

/* Encodes up to three bytes; `to` has room for four characters and the unused ones are '='. */
static void encode_group(const run *alphabet, const uint8_t *from, size_t len, uint8_t *to)
{
    uint32_t bits = (uint32_t)from[0] << 16;

    if (len > 1)
        bits |= (uint32_t)from[1] << 8;
    if (len > 2)
        bits |= from[2];
    for (size_t i = 0; i < 4; i++) {
        if (i > len)
            to[i] = '=';
        else
            to[i] = encode_sextet(alphabet, bits >> (18 - 6 * i) & 0x3f);
    }
}

static int encode(const run *alphabet, int padded, const void *data, size_t len, tpmc__buf *out)
{
    const uint8_t *from = data;
    uint8_t group[4];

    for (size_t i = 0; i < len; i += 3) {
        size_t taken = len - i < 3 ? len - i : 3;

        encode_group(alphabet, from + i, taken, group);
        tpmc__buf_append(out, group, padded ? 4 : taken + 1);
    }
    tpmc__mem_wipe(group, sizeof(group));
    return tpmc__buf_status(out);
}

/* Decodes two to four characters to one byte less; bits left over must be 0 (RFC 4648
 * section 3.5). */
static void decode_group(const run *alphabet, const uint8_t *from, size_t len, uint8_t *to,
                         uint32_t *bad)
{
    uint32_t bits = 0;

    for (size_t i = 0; i < len; i++)
        bits |= decode_character(alphabet, from[i], bad) << (18 - 6 * i);
    for (size_t i = 0; i + 1 < len; i++)
        to[i] = (uint8_t)(bits >> (16 - 8 * i));
    *bad |= bits & (0xffffffu >> (8 * (len - 1)));
}

/* `len` counts characters without padding. Every character is looked at before an answer is given,
 * so that time tells nothing of where a fault stands. */
static int decode(const run *alphabet, const char *text, size_t len, tpmc__buf *out)
{
    const uint8_t *from = (const uint8_t *)text;
    size_t decoded = len / 4 * 3 + (len % 4 == 0 ? 0 : len % 4 - 1);
    size_t before = out->len;
    uint32_t bad = 0;
    uint8_t *to = NULL;

    if (len % 4 == 1)
        return TPMC_ERR_FORMAT;
    if (len == 0)
        return tpmc__buf_status(out);
    to = tpmc__buf_reserve(out, decoded);
    if (to == NULL)
        return tpmc__buf_status(out);
    for (size_t i = 0; i < len; i += 4)
        decode_group(alphabet, from + i, len - i < 4 ? len - i : 4, to + i / 4 * 3, &bad);
    if (bad != 0) {
        tpmc__mem_wipe(to, decoded);
        out->len = before;
        return TPMC_ERR_FORMAT;
    }
    return 0;
}

int tpmc__base64_encode(const void *data, size_t len, tpmc__buf *out)
{
    return encode(standard, 1, data, len, out);
}

int tpmc__base64url_encode(const void *data, size_t len, tpmc__buf *out)
{
    return encode(url, 0, data, len, out);
}

int tpmc__base64_decode(const char *text, size_t len, tpmc__buf *out)
{
    size_t padding = 0;

    if (len % 4 != 0)
        return TPMC_ERR_FORMAT;
    while (padding < 2 && padding < len && text[len - 1 - padding] == '=')
        padding++;
    return decode(standard, text, len - padding, out);
}

int tpmc__base64url_decode(const char *text, size_t len, tpmc__buf *out)
{
    return decode(url, text, len, out);
}
