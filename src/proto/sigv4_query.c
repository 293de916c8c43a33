/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/sigv4_query.h"

#include <stdlib.h>
#include <string.h>

#include "base/error_int.h"
#include "base/mem.h"
#include "http/ascii.h"
#include "proto/sigv4_text.h"

/* One "name=value", as it came or encoded. */
typedef struct item {
    const char *text;
    size_t name_len;
    size_t len; /* of name, '=' and value; of a name without '=' it is that of the name */
} item;

static const char *const signed_names[] = {
    "X-Amz-Algorithm",     "X-Amz-Credential", "X-Amz-Date",       "X-Amz-Expires",
    "X-Amz-SignedHeaders", "X-Amz-Signature",  "X-Amz-Region-Set", "X-Amz-Security-Token",
};

/* Takes the next parameter that is not empty; 0 when there is none. */
static int next_item(const char **rest, const char *end, item *out)
{
    const char *stop;
    const char *equals;

    while (*rest < end && **rest == '&')
        (*rest)++;
    if (*rest >= end)
        return 0;
    stop = memchr(*rest, '&', (size_t)(end - *rest));
    if (stop == NULL)
        stop = end;
    out->text = *rest;
    out->len = (size_t)(stop - *rest);
    equals = memchr(out->text, '=', out->len);
    out->name_len = equals == NULL ? out->len : (size_t)(equals - out->text);
    *rest = stop;
    return 1;
}

static size_t count_items(const char *query, size_t len)
{
    const char *rest = query;
    size_t count = 0;
    item ignored;

    while (next_item(&rest, query + len, &ignored))
        count++;
    return count;
}

static int compare_bytes(const char *a, size_t a_len, const char *b, size_t b_len)
{
    int order = memcmp(a, b, a_len < b_len ? a_len : b_len);

    if (order != 0)
        return order;
    return (a_len > b_len) - (a_len < b_len);
}

/* A whole "name=value" would sort otherwise: '=' is not the least character of a name. */
static int compare_items(const void *a, const void *b)
{
    const item *x = a;
    const item *y = b;
    int order = compare_bytes(x->text, x->name_len, y->text, y->name_len);

    if (order != 0)
        return order;
    return compare_bytes(x->text, x->len, y->text, y->len);
}

/* Encoded, no parameter is longer than three times what it was, with a '=' added. */
static int encode_items(const char *query, size_t len, item *items, size_t count, tpmc__buf *text)
{
    const char *rest = query;
    size_t start;
    size_t i;
    item raw;

    /* The buffer must not move: the items point into it. */
    if (tpmc__buf_reserve(text, 3 * len + count) == NULL)
        return tpmc__buf_status(text);
    text->len = 0;
    for (i = 0; i < count && next_item(&rest, query + len, &raw); i++) {
        start = text->len;
        tpmc__sigv4_encode(raw.text, raw.name_len, TPMC__SIGV4_ENCODE_DECODED, text);
        items[i].text = (const char *)text->data + start;
        items[i].name_len = text->len - start;
        (void)tpmc__buf_append_byte(text, '=');
        if (raw.name_len < raw.len)
            tpmc__sigv4_encode(raw.text + raw.name_len + 1, raw.len - raw.name_len - 1,
                               TPMC__SIGV4_ENCODE_DECODED, text);
        items[i].len = text->len - start;
    }
    return tpmc__buf_status(text);
}

void tpmc__sigv4_canonical_query(const char *query, size_t len, tpmc__buf *out)
{
    size_t count = count_items(query, len);
    item *items = NULL;
    tpmc__buf text;
    int status = TPMC_ERR_NOMEM;

    if (count == 0)
        return;
    tpmc__buf_init(&text, 3 * len + count);
    items = tpmc__mem_new(count, sizeof(*items));
    if (items != NULL)
        status = encode_items(query, len, items, count, &text);
    if (status != 0) {
        (void)tpmc__buf_fail(out, status);
        goto out;
    }
    qsort(items, count, sizeof(*items), compare_items);
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            (void)tpmc__buf_append_byte(out, '&');
        (void)tpmc__buf_append(out, items[i].text, items[i].len);
    }
out:
    tpmc__buf_free(&text);
    tpmc__mem_free(items);
}

/* 1 when the name, which may be percent-encoded, is this one but for the case of letters. */
static int has_name(const item *raw, const char *name)
{
    size_t i = 0;
    char c = '\0';

    while (i < raw->name_len) {
        i += tpmc__sigv4_decode_char(raw->text + i, &c);
        if (*name == '\0' || !tpmc__ascii_equal(&c, name, 1))
            return 0;
        name++;
    }
    return *name == '\0';
}

int tpmc__sigv4_check_query(const char *query, size_t len, tpmc_error *err)
{
    const char *rest = query;
    item raw;

    while (next_item(&rest, query + len, &raw)) {
        for (size_t i = 0; i < sizeof(signed_names) / sizeof(signed_names[0]); i++) {
            if (has_name(&raw, signed_names[i]))
                return tpmc__fail(err, TPMC_ERR_ARGUMENT,
                                  "the URL has the parameter %s already: give a request that was "
                                  "not signed before",
                                  signed_names[i]);
        }
    }
    return 0;
}
