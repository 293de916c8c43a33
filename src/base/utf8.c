/* SPDX-License-Identifier: Apache-2.0 */
#include "base/utf8.h"

#include <string.h>

/* One row of RFC 3629 section 4: lead bytes, how many follow, and the range of the first of them,
 * which rules out overlong forms, surrogates and numbers beyond U+10FFFF. */
typedef struct lead_row {
    uint8_t first;
    uint8_t last;
    uint8_t following;
    uint8_t second_min;
    uint8_t second_max;
} lead_row;

static const lead_row lead_rows[] = {
    { 0x00, 0x7f, 0, 0, 0 },       { 0xc2, 0xdf, 1, 0x80, 0xbf }, { 0xe0, 0xe0, 2, 0xa0, 0xbf },
    { 0xe1, 0xec, 2, 0x80, 0xbf }, { 0xed, 0xed, 2, 0x80, 0x9f }, { 0xee, 0xef, 2, 0x80, 0xbf },
    { 0xf0, 0xf0, 3, 0x90, 0xbf }, { 0xf1, 0xf3, 3, 0x80, 0xbf }, { 0xf4, 0xf4, 3, 0x80, 0x8f },
};

static const lead_row *find_row(uint8_t lead)
{
    size_t i;

    for (i = 0; i < sizeof(lead_rows) / sizeof(lead_rows[0]); i++) {
        if (lead >= lead_rows[i].first && lead <= lead_rows[i].last)
            return &lead_rows[i];
    }
    return NULL;
}

size_t tpmc__utf8_next(const uint8_t *data, size_t len, uint32_t *character)
{
    const lead_row *row;
    size_t i;

    if (len == 0)
        return 0;
    row = find_row(data[0]);
    if (row == NULL || len <= row->following)
        return 0;
    if (row->following > 0 && (data[1] < row->second_min || data[1] > row->second_max))
        return 0;

    *character = row->following == 0 ? data[0] : data[0] & (0x3fU >> row->following);
    for (i = 1; i <= row->following; i++) {
        if ((data[i] & 0xc0) != 0x80)
            return 0;
        *character = (*character << 6) | (data[i] & 0x3fU);
    }
    return (size_t)row->following + 1;
}

int tpmc__utf8_valid(const void *data, size_t len)
{
    const uint8_t *bytes = data;
    uint32_t character = 0;
    size_t pos = 0;
    size_t size;

    while (pos < len) {
        size = tpmc__utf8_next(bytes + pos, len - pos, &character);
        if (size == 0 || character == 0)
            return 0;
        pos += size;
    }
    return 1;
}

int tpmc__utf8_is_control(uint32_t character)
{
    return character < 0x20 || (character >= 0x7f && character <= 0x9f);
}

/* What makes text look like other text, or like two lines. */
static int is_deceptive(uint32_t character)
{
    return character == 0x061C || (character >= 0x200E && character <= 0x200F) ||
           (character >= 0x2028 && character <= 0x202E) ||
           (character >= 0x2066 && character <= 0x2069);
}

void tpmc__utf8_clean(char *out, size_t capacity, const char *text)
{
    const uint8_t *bytes = (const uint8_t *)text;
    size_t len = strlen(text);
    uint32_t character = 0;
    size_t used = 0;
    size_t pos = 0;
    size_t size;
    size_t shown;
    int foul;

    while (pos < len) {
        size = tpmc__utf8_next(bytes + pos, len - pos, &character);
        foul = size == 0 || tpmc__utf8_is_control(character) || is_deceptive(character);
        shown = foul ? 1 : size;
        if (used + shown >= capacity)
            break;
        memcpy(out + used, foul ? "?" : text + pos, shown);
        used += shown;
        pos += size > 0 ? size : 1;
    }
    out[used] = '\0';
}
