/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_CODEC_BASE64_H
#define TPMC_CODEC_BASE64_H

#include "base/buf.h"

/* Base64 of RFC 4648: with padding, or the URL form without padding. No table is indexed by a
 * secret. */
int tpmc__base64_encode(const void *data, size_t len, tpmc__buf *out);
int tpmc__base64url_encode(const void *data, size_t len, tpmc__buf *out);
/* Strict: TPMC_ERR_FORMAT for a foreign character, wrong padding, or bits left over that are not 0.
 */
int tpmc__base64_decode(const char *text, size_t len, tpmc__buf *out);
int tpmc__base64url_decode(const char *text, size_t len, tpmc__buf *out);

#endif
