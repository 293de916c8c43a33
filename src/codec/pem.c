/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/pem.h"

#include <string.h>

#include "base/error_int.h"
#include "codec/base64.h"

#define BEGIN_WORDS "-----BEGIN "
#define END_WORDS "-----END "
#define DASHES "-----"
#define LINE_CHARACTERS 64

/* A line of text without its end and without white space around it. */
typedef struct line {
    const char *text;
    size_t len;
} line;

static int is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\v' || c == '\f';
}

/* Takes the next line; 0 at the end of the text. CR, LF and CRLF end a line. */
static int next_line(const char *text, size_t len, size_t *offset, line *out)
{
    size_t start = *offset;
    size_t end = start;

    if (start >= len)
        return 0;
    while (end < len && text[end] != '\n' && text[end] != '\r')
        end++;
    *offset = end < len ? end + 1 : end;
    if (end + 1 < len && text[end] == '\r' && text[end + 1] == '\n')
        *offset = end + 2;
    while (start < end && is_blank(text[start]))
        start++;
    while (end > start && is_blank(text[end - 1]))
        end--;
    *out = (line){ text + start, end - start };
    return 1;
}

static int begins_with(const line *l, const char *words)
{
    size_t len = strlen(words);

    return l->len >= len && memcmp(l->text, words, len) == 0;
}

/* The next line that begins with `words`; 0 when there is none. */
static int find_line(const char *text, size_t len, size_t *offset, const char *words, line *out)
{
    while (next_line(text, len, offset, out)) {
        if (begins_with(out, words))
            return 1;
    }
    return 0;
}

/* The label between `words` and the dashes (RFC 7468 section 3); 0 when the line is not one. */
static int read_label(const line *l, const char *words, char *label, size_t capacity)
{
    size_t before = strlen(words);
    size_t dashes = strlen(DASHES);
    size_t len = 0;

    if (l->len < before + dashes || memcmp(l->text + l->len - dashes, DASHES, dashes) != 0)
        return 0;
    len = l->len - before - dashes;
    if (len >= capacity)
        return 0;
    for (size_t i = 0; i < len; i++) {
        if (l->text[before + i] < 0x20 || l->text[before + i] > 0x7e)
            return 0;
    }
    memcpy(label, l->text + before, len);
    label[len] = '\0';
    return 1;
}

static void append_without_blanks(tpmc__buf *out, const line *l)
{
    for (size_t i = 0; i < l->len; i++) {
        if (!is_blank(l->text[i]))
            tpmc__buf_append_byte(out, (uint8_t)l->text[i]);
    }
}

/* 1 when the first line of the body is an RFC 1421 header, such as "Proc-Type: 4,ENCRYPTED". */
static int has_headers(const char *text, size_t len, size_t offset)
{
    line l = { NULL, 0 };

    return next_line(text, len, &offset, &l) && !begins_with(&l, BEGIN_WORDS) &&
           !begins_with(&l, END_WORDS) && memchr(l.text, ':', l.len) != NULL;
}

/* Collects the characters up to the END line, which is checked. */
static int read_body(const char *text, size_t len, size_t *offset, const char *label,
                     tpmc__buf *characters, tpmc_error *err)
{
    char end_label[sizeof(((tpmc__pem_block *)0)->label)];
    line l = { NULL, 0 };

    while (next_line(text, len, offset, &l)) {
        if (begins_with(&l, BEGIN_WORDS))
            return tpmc__fail(err, TPMC_ERR_FORMAT,
                              "the PEM block \"%s\" has no END line before the next BEGIN line",
                              label);
        if (!begins_with(&l, END_WORDS)) {
            append_without_blanks(characters, &l);
            continue;
        }
        if (!read_label(&l, END_WORDS, end_label, sizeof(end_label)) ||
            strcmp(label, end_label) != 0)
            return tpmc__fail(err, TPMC_ERR_FORMAT,
                              "the PEM block \"%s\" ends with the END line of another label",
                              label);
        return tpmc__buf_check(characters, "the PEM block", err);
    }
    return tpmc__fail(err, TPMC_ERR_FORMAT,
                      "the PEM block \"%s\" has no END line; is it cut short?", label);
}

static int decode_body(const tpmc__buf *characters, tpmc__pem_block *block, tpmc_error *err)
{
    int status = tpmc__base64_decode((const char *)characters->data, characters->len, &block->der);

    if (status == TPMC_ERR_FORMAT)
        return tpmc__fail(err, status, "the PEM block \"%s\" holds bad base64", block->label);
    return tpmc__buf_check(&block->der, "the PEM block", err);
}

static int read_block(const char *text, size_t len, size_t *offset, tpmc__pem_block *block,
                      tpmc_error *err)
{
    tpmc__buf characters;
    int status = 0;

    tpmc__buf_init(&characters, len);
    block->has_headers = has_headers(text, len, *offset);
    status = read_body(text, len, offset, block->label, &characters, err);
    if (status == 0 && !block->has_headers)
        status = decode_body(&characters, block, err);
    tpmc__buf_free(&characters);
    return status;
}

int tpmc__pem_next(const char *text, size_t len, size_t *offset, tpmc__pem_block *block,
                   tpmc_error *err)
{
    size_t at = *offset;
    line begin = { NULL, 0 };
    int status = 0;

    memset(block, 0, sizeof(*block));
    tpmc__buf_init(&block->der, len);
    if (!find_line(text, len, &at, BEGIN_WORDS, &begin)) {
        *offset = len;
        return 0;
    }
    if (memchr(text + *offset, '\0', len - *offset) != NULL)
        return tpmc__fail(err, TPMC_ERR_FORMAT, "the PEM text holds a NUL byte");
    if (!read_label(&begin, BEGIN_WORDS, block->label, sizeof(block->label)))
        return tpmc__fail(err, TPMC_ERR_FORMAT,
                          "a BEGIN line of the PEM text is not \"-----BEGIN LABEL-----\" with a "
                          "label of at most %zu characters",
                          sizeof(block->label) - 1);
    status = read_block(text, len, &at, block, err);
    if (status != 0) {
        tpmc__pem_block_free(block);
        return status;
    }
    *offset = at;
    return 1;
}

void tpmc__pem_block_free(tpmc__pem_block *block)
{
    tpmc__buf_free(&block->der);
}

static void write_boundary(const char *words, const char *label, tpmc__buf *out)
{
    tpmc__buf_append_text(out, words);
    tpmc__buf_append_text(out, label);
    tpmc__buf_append_text(out, DASHES "\n");
}

int tpmc__pem_write(const char *label, const void *der, size_t len, tpmc__buf *out)
{
    const size_t line_bytes = LINE_CHARACTERS / 4 * 3;
    const uint8_t *bytes = der;

    write_boundary(BEGIN_WORDS, label, out);
    for (size_t i = 0; i < len; i += line_bytes) {
        tpmc__base64_encode(bytes + i, len - i < line_bytes ? len - i : line_bytes, out);
        tpmc__buf_append_byte(out, '\n');
    }
    write_boundary(END_WORDS, label, out);
    return tpmc__buf_status(out);
}

int tpmc__pem_looks_like(const void *data, size_t len)
{
    size_t offset = 0;
    line found = { NULL, 0 };

    return find_line(data, len, &offset, BEGIN_WORDS, &found);
}
