/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_CODEC_DER_H
#define TPMC_CODEC_DER_H

#include "base/buf.h"

#define TPMC__DER_BOOLEAN 0x01
#define TPMC__DER_INTEGER 0x02
#define TPMC__DER_BIT_STRING 0x03
#define TPMC__DER_OCTET_STRING 0x04
#define TPMC__DER_NULL 0x05
#define TPMC__DER_OID 0x06
#define TPMC__DER_UTF8_STRING 0x0c
#define TPMC__DER_SEQUENCE 0x30
/* Context-specific constructed tag n (EXPLICIT), n up to 30. */
#define TPMC__DER_CONTEXT(n) (0xa0 | (n))

/* A run of bytes being read from the left; also the content of an element. Borrowed, never freed.
 */
typedef struct tpmc__der {
    const uint8_t *data;
    size_t len;
} tpmc__der;

/* The tag of the next element; -1 at the end. */
int tpmc__der_peek(const tpmc__der *in);
/*
 * Takes the next element, of whatever tag. TPMC_ERR_FORMAT when it is cut short, has a tag of
 * several bytes, an indefinite length, or a length in a longer form than needed (X.690
 * section 10.1).
 */
int tpmc__der_next(tpmc__der *in, int *tag, tpmc__der *content);
/* Takes the next element, which must have this tag. */
int tpmc__der_expect(tpmc__der *in, int tag, tpmc__der *content);
/* A non-negative INTEGER's bytes without leading zeros, which are none for 0; TPMC_ERR_FORMAT for a
 * negative, empty or padded one. */
int tpmc__der_expect_unsigned(tpmc__der *in, tpmc__der *content);
/* 1 when the OID's content equals the dotted text, such as "1.2.840.113549.1.1.1". */
int tpmc__der_oid_is(const tpmc__der *oid, const char *dotted);
/* The dotted text of an OID's content; cut to `capacity`, which 128 is enough for. TPMC_ERR_FORMAT
 * when it is malformed or an arc is beyond 63 bits; then the text has '?' from there on. */
int tpmc__der_oid_text(const tpmc__der *oid, char *out, size_t capacity);

/* Writers append one element; content that is itself elements is written to a buffer of its own
 * first. All failures stick to `out`. */
int tpmc__der_write(tpmc__buf *out, int tag, const void *content, size_t len);
/* INTEGER from unsigned big-endian bytes. */
int tpmc__der_write_unsigned(tpmc__buf *out, const void *number, size_t len);
int tpmc__der_write_uint32(tpmc__buf *out, uint32_t value);
int tpmc__der_write_boolean(tpmc__buf *out, int value);
/* TPMC_ERR_ARGUMENT for what is no OID; arcs up to 32 bits. */
int tpmc__der_write_oid(tpmc__buf *out, const char *dotted);
/* Wraps what `inner` holds; takes over a sticky failure of `inner` and frees it. */
int tpmc__der_wrap(tpmc__buf *out, int tag, tpmc__buf *inner);

#endif
