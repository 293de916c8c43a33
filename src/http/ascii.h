/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_HTTP_ASCII_H
#define TPMC_HTTP_ASCII_H

#include <stddef.h>

/* Character classes of RFC 3986 and RFC 9110, whatever the process's locale. */

/* A character that may stand for itself in a URL's path or query (RFC 3986 section 3.3, 3.4), '%'
 * included. */
int tpmc__ascii_is_url(unsigned char c);
/* A character of a host name: letters, digits, '-', '_' and '.'. */
int tpmc__ascii_is_host(unsigned char c);
/* A character of a token (RFC 9110 section 5.6.2). */
int tpmc__ascii_is_token(unsigned char c);
int tpmc__ascii_is_digit(unsigned char c);
int tpmc__ascii_is_hex(unsigned char c);
/* 1 when the first `len` bytes are equal but for the case of ASCII letters. */
int tpmc__ascii_equal(const char *a, const char *b, size_t len);

#endif
