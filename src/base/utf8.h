/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_BASE_UTF8_H
#define TPMC_BASE_UTF8_H

#include <stddef.h>
#include <stdint.h>

/* The length of the well-formed UTF-8 character (RFC 3629 section 4) that `data` begins with, and
 * its number; 0 when there is none. */
size_t tpmc__utf8_next(const uint8_t *data, size_t len, uint32_t *character);
/* 1 when the bytes are well-formed UTF-8 (no surrogates, no overlong forms, no NUL). */
int tpmc__utf8_valid(const void *data, size_t len);
/* 1 for the control characters of ASCII and of U+0080 to U+009F. */
int tpmc__utf8_is_control(uint32_t character);
/*
 * Copies text for display: control characters, those of Unicode that turn the direction of text or
 * begin a line, and bytes that are not UTF-8 become '?'; what does not fit into `capacity` bytes,
 * the final NUL included, is cut between two characters. `capacity` is at least 1.
 */
void tpmc__utf8_clean(char *out, size_t capacity, const char *text);

#endif
