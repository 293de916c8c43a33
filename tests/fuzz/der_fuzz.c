/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "codec/der.h"

#define MAX_DEPTH 20

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* DER has one form for each value: what was read is what would be written. */
static void check_element(const uint8_t *start, size_t len, int tag, const tpmc__der *content)
{
    tpmc__buf out;

    tpmc__buf_init(&out, len);
    if (tpmc__der_write(&out, tag, content->data, content->len) != 0)
        abort();
    if (out.len != len || memcmp(out.data, start, len) != 0)
        abort();
    tpmc__buf_free(&out);
}

static void check_unsigned(tpmc__der in)
{
    const uint8_t *start = in.data;
    tpmc__der number = { NULL, 0 };
    tpmc__buf out;

    if (tpmc__der_expect_unsigned(&in, &number) != 0)
        return;
    tpmc__buf_init(&out, (size_t)(in.data - start));
    if (tpmc__der_write_unsigned(&out, number.data, number.len) != 0)
        abort();
    if (memcmp(out.data, start, out.len) != 0)
        abort();
    tpmc__buf_free(&out);
}

static void check_oid(const tpmc__der *oid)
{
    char text[128];
    size_t len = 0;

    if (tpmc__der_oid_text(oid, text, sizeof(text)) != 0)
        return;
    len = strlen(text);
    /* A cut text, or an arc beyond 32 bits, is not asked for. */
    if (len + 1 < sizeof(text) && len < 9 && !tpmc__der_oid_is(oid, text))
        abort();
}

static void walk(tpmc__der in, int depth)
{
    tpmc__der content = { NULL, 0 };
    int tag = 0;

    while (in.len > 0) {
        const uint8_t *start = in.data;

        check_unsigned(in);
        if (tpmc__der_next(&in, &tag, &content) != 0)
            return;
        check_element(start, (size_t)(in.data - start), tag, &content);
        if (tag == TPMC__DER_OID)
            check_oid(&content);
        if ((tag & 0x20) != 0 && depth < MAX_DEPTH)
            walk(content, depth + 1);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    walk((tpmc__der){ data, size }, 0);
    return 0;
}
