/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_PROTO_SIGV4_TEXT_H
#define TPMC_PROTO_SIGV4_TEXT_H

#include "base/buf.h"

/* The time of a signature: "YYYYMMDDTHHMMSSZ" and the day alone. */
typedef struct tpmc__sigv4_time {
    char time[17];
    char date[9];
} tpmc__sigv4_time;

/* TPMC_ERR_CLOCK for what is not within the years 1970 to 9999. */
int tpmc__sigv4_format_time(int64_t ms, tpmc__sigv4_time *out, tpmc_error *err);

/* '/' stays. */
#define TPMC__SIGV4_ENCODE_KEEP_SLASH 0x1u
/* The text is percent-encoded: what %XX stands for is encoded, and a %2F stays one. */
#define TPMC__SIGV4_ENCODE_DECODED 0x2u

/* The character that begins the text, or that a %XX there stands for; returns how many it took. */
size_t tpmc__sigv4_decode_char(const char *text, char *c);
/* Appends the text, all but the unreserved characters of RFC 3986 section 2.3 percent-encoded. With
 * TPMC__SIGV4_ENCODE_DECODED a '%' must be followed by two hexadecimal digits. */
void tpmc__sigv4_encode(const char *text, size_t len, unsigned how, tpmc__buf *out);

#endif
