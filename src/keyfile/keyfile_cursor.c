/* SPDX-License-Identifier: Apache-2.0 */
#include "keyfile/keyfile_cursor.h"

#include "base/error_int.h"
#include "base/mem.h"
#include "codec/text.h"

int tpmc__cursor_cut_short(const tpmc__der *in)
{
    size_t header = 2;
    size_t content;
    size_t i;

    if (in->len < 2)
        return 1;
    content = in->data[1];
    if (content == 0x80 || content > 0x84)
        return 0;
    if (content > 0x80) {
        header += content - 0x80;
        content = 0;
        if (in->len < header)
            return 1;
        for (i = 2; i < header; i++)
            content = content << 8 | in->data[i];
    }
    return content > in->len - header;
}

static int fail_at_end(const tpmc__cursor *in, const char *field)
{
    if (in->cut)
        return tpmc__fail(in->err, TPMC_ERR_FORMAT,
                          "the key file is truncated before the field '%s'", field);
    return tpmc__fail(in->err, TPMC_ERR_FORMAT, "the key file lacks the field '%s'", field);
}

int tpmc__cursor_take(tpmc__cursor *in, int tag, const char *field, tpmc__der *content)
{
    int found = tpmc__der_peek(&in->in);
    int status;

    if (found < 0)
        return fail_at_end(in, field);
    if (found != tag)
        return tpmc__fail(in->err, TPMC_ERR_FORMAT,
                          "the key file has an element of tag 0x%02x where the field '%s' should "
                          "have tag 0x%02x",
                          (unsigned)found, field, (unsigned)tag);
    if (tpmc__cursor_cut_short(&in->in))
        return tpmc__fail(in->err, TPMC_ERR_FORMAT, "the key file is truncated in the field '%s'",
                          field);
    status = tpmc__der_expect(&in->in, tag, content);
    if (status)
        return tpmc__fail(in->err, TPMC_ERR_FORMAT,
                          "the field '%s' of the key file is not valid DER", field);
    return 0;
}

int tpmc__cursor_enter(tpmc__cursor *in, int tag, const char *field, tpmc__cursor *inner)
{
    inner->cut = 0;
    inner->err = in->err;
    return tpmc__cursor_take(in, tag, field, &inner->in);
}

int tpmc__cursor_leave(const tpmc__cursor *inner, const char *field)
{
    if (inner->in.len == 0)
        return 0;
    return tpmc__fail(inner->err, TPMC_ERR_FORMAT,
                      "the field '%s' of the key file has %zu bytes after its value", field,
                      inner->in.len);
}

int tpmc__cursor_boolean(tpmc__cursor *in, const char *field, int *out)
{
    tpmc__der content = { NULL, 0 };
    int status = tpmc__cursor_take(in, TPMC__DER_BOOLEAN, field, &content);

    if (status)
        return status;
    if (content.len != 1)
        return tpmc__fail(in->err, TPMC_ERR_FORMAT,
                          "the field '%s' of the key file is a BOOLEAN of %zu bytes", field,
                          content.len);
    *out = content.data[0] != 0;
    return 0;
}

/* Text that a person will see: no control character may hide in it. */
static int has_control(const uint8_t *data, size_t len)
{
    size_t i;

    for (i = 0; i < len; i++) {
        if (data[i] < 0x20 || data[i] == 0x7f)
            return 1;
        if (data[i] == 0xc2 && i + 1 < len && data[i + 1] < 0xa0)
            return 1;
    }
    return 0;
}

int tpmc__cursor_text_clean(const void *text, size_t len)
{
    return tpmc__utf8_valid(text, len) && !has_control(text, len);
}

int tpmc__cursor_text(tpmc__cursor *in, const char *field, char **out)
{
    tpmc__der content = { NULL, 0 };
    int status = tpmc__cursor_take(in, TPMC__DER_UTF8_STRING, field, &content);

    if (status)
        return status;
    if (!tpmc__utf8_valid(content.data, content.len))
        return tpmc__fail(in->err, TPMC_ERR_FORMAT,
                          "the field '%s' of the key file is not valid UTF-8", field);
    if (has_control(content.data, content.len))
        return tpmc__fail(in->err, TPMC_ERR_FORMAT,
                          "the field '%s' of the key file holds control characters", field);
    *out = tpmc__mem_copy(content.data, content.len);
    return *out ? 0 : tpmc__fail_nomem(in->err);
}
