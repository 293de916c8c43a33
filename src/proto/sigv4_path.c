/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/sigv4_path.h"

#include <string.h>

#include "proto/sigv4.h"
#include "proto/sigv4_text.h"

/* Drops the last segment and the '/' before it, if there is one after `base`. */
static void drop_segment(size_t base, tpmc__buf *out)
{
    if (tpmc__buf_status(out) != 0 || out->len == base)
        return;
    do {
        out->len--;
    } while (out->data[out->len] != '/');
    out->data[out->len] = 0;
}

/* Empty segments and dots vanish, and a '/' at the end stays if anything is before it. */
static void append_normalized(const char *path, size_t len, unsigned how, tpmc__buf *out)
{
    size_t base = out->len;
    size_t start = 0;

    while (start < len) {
        const char *slash = memchr(path + start, '/', len - start);
        size_t end = slash == NULL ? len : (size_t)(slash - path);
        size_t segment_len = end - start;

        if (segment_len == 2 && memcmp(path + start, "..", 2) == 0) {
            drop_segment(base, out);
        } else if (segment_len > 0 && !(segment_len == 1 && path[start] == '.')) {
            (void)tpmc__buf_append_byte(out, '/');
            tpmc__sigv4_encode(path + start, segment_len, how, out);
        }
        start = end + 1;
    }
    if (out->len == base || path[len - 1] == '/')
        (void)tpmc__buf_append_byte(out, '/');
}

void tpmc__sigv4_canonical_path(const char *path, size_t len, unsigned flags, tpmc__buf *out)
{
    unsigned how = TPMC__SIGV4_ENCODE_KEEP_SLASH;

    if ((flags & TPMC__SIGV4_ENCODE_ONCE) != 0)
        how |= TPMC__SIGV4_ENCODE_DECODED;
    if (len == 0)
        (void)tpmc__buf_append_byte(out, '/');
    else if ((flags & TPMC__SIGV4_KEEP_PATH) != 0)
        tpmc__sigv4_encode(path, len, how, out);
    else
        append_normalized(path, len, how, out);
}
