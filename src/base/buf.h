/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_BASE_BUF_H
#define TPMC_BASE_BUF_H

#include <stddef.h>
#include <stdint.h>

#include "tpmcloud/error.h"

/*
 * A growing buffer with a ceiling. Failure is sticky: after one failed append the content is wiped
 * and freed, every further append fails alike, and one check of tpmc__buf_status() at the end is
 * enough. Old copies are wiped when the buffer grows, so it may hold secrets. The content is always
 * followed by a NUL that is not counted.
 */
typedef struct tpmc__buf {
    uint8_t *data; /* NULL while empty */
    size_t len;
    size_t capacity;
    size_t max;
    int status;    /* 0, NOMEM, ARGUMENT at the ceiling, or what tpmc__buf_fail() was given */
    int was_given; /* by tpmc__buf_fail() */
} tpmc__buf;

/* `max` is the most bytes that the buffer will take. */
void tpmc__buf_init(tpmc__buf *buf, size_t max);
int tpmc__buf_append(tpmc__buf *buf, const void *data, size_t len);
int tpmc__buf_append_text(tpmc__buf *buf, const char *text);
int tpmc__buf_append_byte(tpmc__buf *buf, uint8_t value);
int tpmc__buf_append_be16(tpmc__buf *buf, uint16_t value);
int tpmc__buf_append_be32(tpmc__buf *buf, uint32_t value);
/* Appends `len` bytes for the caller to fill in, and returns where they are; NULL on failure. */
uint8_t *tpmc__buf_reserve(tpmc__buf *buf, size_t len);
/* Empties the buffer and keeps its memory. A sticky failure stays. */
void tpmc__buf_clear(tpmc__buf *buf);
/* Makes a failure that the buffer did not find itself stick to it, and returns `status`. */
int tpmc__buf_fail(tpmc__buf *buf, int status);
int tpmc__buf_status(const tpmc__buf *buf);
/* As tpmc__buf_status(), and says what went wrong; `what` names the content, such as "the key
 * file". */
int tpmc__buf_check(const tpmc__buf *buf, const char *what, tpmc_error *err);
/* Wipes and frees the content; the buffer can be used again. */
void tpmc__buf_free(tpmc__buf *buf);

#endif
