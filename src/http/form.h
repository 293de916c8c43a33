/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_HTTP_FORM_H
#define TPMC_HTTP_FORM_H

#include "base/buf.h"

/*
 * Appends `name=value` to a body of application/x-www-form-urlencoded, after a '&' unless it is the
 * first. Both are encoded once: the unreserved characters of RFC 3986 section 2.3 stand for
 * themselves, every other byte, the space too, becomes %XX. Failure sticks to the buffer.
 */
int tpmc__form_add(tpmc__buf *body, const char *name, const char *value);
/* The same for a value of `len` bytes. */
int tpmc__form_add_bytes(tpmc__buf *body, const char *name, const void *value, size_t len);

#endif
