/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_CODEC_TEXT_H
#define TPMC_CODEC_TEXT_H

#include "base/buf.h"
#include "base/utf8.h"

/* Lower-case hex. */
int tpmc__hex_encode(const void *data, size_t len, tpmc__buf *out);
/* Either case, an optional 0x before it; TPMC_ERR_FORMAT for an odd count or a foreign character.
 */
int tpmc__hex_decode(const char *text, size_t len, tpmc__buf *out);
/* Percent-encodes all but the unreserved characters of RFC 3986 section 2.3. */
int tpmc__percent_encode(const void *data, size_t len, tpmc__buf *out);
/* A whole decimal number without sign beyond one '-', without spaces; TPMC_ERR_FORMAT, also for
 * what does not fit. */
int tpmc__decimal_parse(const char *text, size_t len, int64_t *out);
int tpmc__decimal_append(tpmc__buf *out, int64_t value);

#endif
