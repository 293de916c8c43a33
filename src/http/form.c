/* SPDX-License-Identifier: Apache-2.0 */
#include "http/form.h"

#include <string.h>

#include "codec/text.h"

int tpmc__form_add_bytes(tpmc__buf *body, const char *name, const void *value, size_t len)
{
    if (body->len != 0)
        (void)tpmc__buf_append_byte(body, '&');
    (void)tpmc__percent_encode(name, strlen(name), body);
    (void)tpmc__buf_append_byte(body, '=');
    return tpmc__percent_encode(value, len, body);
}

int tpmc__form_add(tpmc__buf *body, const char *name, const char *value)
{
    return tpmc__form_add_bytes(body, name, value, strlen(value));
}
