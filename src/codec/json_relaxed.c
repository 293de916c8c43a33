/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/json_relaxed.h"

#include <string.h>

/* The text that is being read. */
struct text {
    const char *at;
    const char *end;
};

static int is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static int starts(const struct text *text, const char *two)
{
    return text->end - text->at >= 2 && memcmp(text->at, two, 2) == 0;
}

static void skip_line(struct text *text)
{
    while (text->at < text->end && *text->at != '\n')
        text->at++;
}

static int skip_block(struct text *text)
{
    text->at += 2;
    while (!starts(text, "*/")) {
        if (text->at >= text->end)
            return -1;
        text->at++;
    }
    text->at += 2;
    return 0;
}

/* White space and comments; 0, or -1 for a comment that does not end. */
static int skip_blank(struct text *text)
{
    while (text->at < text->end) {
        if (is_space(*text->at))
            text->at++;
        else if (starts(text, "//"))
            skip_line(text);
        else if (!starts(text, "/*"))
            return 0;
        else if (skip_block(text) != 0)
            return -1;
    }
    return 0;
}

static void put_in_string(char c, tpmc__buf *out)
{
    if (c == '\n')
        tpmc__buf_append_text(out, "\\n");
    else if (c == '\r')
        tpmc__buf_append_text(out, "\\r");
    else if (c == '\t')
        tpmc__buf_append_text(out, "\\t");
    else
        tpmc__buf_append_byte(out, (uint8_t)c);
}

static void copy_string(struct text *text, tpmc__buf *out)
{
    tpmc__buf_append_byte(out, '"');
    text->at++;
    while (text->at < text->end && *text->at != '"') {
        int is_escape = *text->at == '\\' && text->end - text->at >= 2;

        put_in_string(*text->at++, out);
        /* A line end after a backslash is no escape, and must not become one. */
        if (is_escape)
            tpmc__buf_append_byte(out, (uint8_t)*text->at++);
    }
    if (text->at < text->end) {
        tpmc__buf_append_byte(out, '"');
        text->at++;
    }
}

/* 1 when an element or a member stands before. */
static int follows_value(const tpmc__buf *out)
{
    size_t i = out->len;

    while (i > 0 && out->data[i - 1] == ' ')
        i--;
    return i > 0 && strchr("[{,", out->data[i - 1]) == NULL;
}

static int copy_comma(struct text *text, tpmc__buf *out)
{
    int may_go = follows_value(out);

    text->at++;
    if (skip_blank(text) != 0)
        return -1;
    if (may_go && text->at < text->end && (*text->at == ']' || *text->at == '}'))
        return 0;
    tpmc__buf_append_byte(out, ',');
    return 0;
}

static int copy_next(struct text *text, tpmc__buf *out)
{
    if (*text->at == '"') {
        copy_string(text, out);
        return 0;
    }
    if (*text->at == ',')
        return copy_comma(text, out);
    if (is_space(*text->at) || starts(text, "//") || starts(text, "/*")) {
        tpmc__buf_append_byte(out, ' ');
        return skip_blank(text);
    }
    tpmc__buf_append_byte(out, (uint8_t)*text->at++);
    return 0;
}

int tpmc__json_relax(const void *text, size_t len, tpmc__buf *out)
{
    struct text in = { text, (const char *)text + len };

    while (in.at < in.end && tpmc__buf_status(out) == 0) {
        if (copy_next(&in, out) != 0)
            return tpmc__buf_fail(out, TPMC_ERR_FORMAT);
    }
    return tpmc__buf_status(out);
}
