/* SPDX-License-Identifier: Apache-2.0 */
#include "http/form.h"

#include <string.h>

#include "http/ascii.h"

int tpmc__form_encode(tpmc__buf *out, const void *data, size_t len)
{
    static const char digits[] = "0123456789ABCDEF";
    const uint8_t *bytes = data;
    size_t i;

    for (i = 0; i < len; i++) {
        if (tpmc__ascii_is_unreserved(bytes[i])) {
            (void)tpmc__buf_append_byte(out, bytes[i]);
            continue;
        }
        (void)tpmc__buf_append_byte(out, '%');
        (void)tpmc__buf_append_byte(out, (uint8_t)digits[bytes[i] >> 4]);
        (void)tpmc__buf_append_byte(out, (uint8_t)digits[bytes[i] & 15]);
    }
    return tpmc__buf_status(out);
}

int tpmc__form_add_bytes(tpmc__buf *body, const char *name, const void *value, size_t len)
{
    if (body->len != 0)
        (void)tpmc__buf_append_byte(body, '&');
    (void)tpmc__form_encode(body, name, strlen(name));
    (void)tpmc__buf_append_byte(body, '=');
    return tpmc__form_encode(body, value, len);
}

int tpmc__form_add(tpmc__buf *body, const char *name, const char *value)
{
    return tpmc__form_add_bytes(body, name, value, strlen(value));
}
