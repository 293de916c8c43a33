/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_CODEC_PEM_H
#define TPMC_CODEC_PEM_H

#include "base/buf.h"

/* One block of RFC 7468 text. */
typedef struct tpmc__pem_block {
    char label[64];
    tpmc__buf der;
    int has_headers; /* an RFC 1421 header such as "Proc-Type: 4,ENCRYPTED" stands before the data
                      */
} tpmc__pem_block;

/*
 * Finds the next block from `*offset` on and moves `*offset` behind it. Text around blocks, CRLF,
 * long lines and a missing final line end are fine. Returns 1 with a block, 0 when there is no
 * further one, TPMC_ERR_FORMAT (bad base64, no END line, END of another label, NUL byte) or
 * TPMC_ERR_NOMEM. `block` needs no initialisation; free it after a 1.
 */
int tpmc__pem_next(const char *text, size_t len, size_t *offset, tpmc__pem_block *block,
                   tpmc_error *err);
void tpmc__pem_block_free(tpmc__pem_block *block);
/* Appends a block with lines of 64 characters. */
int tpmc__pem_write(const char *label, const void *der, size_t len, tpmc__buf *out);
/* 1 when the bytes hold a line that begins a PEM block. */
int tpmc__pem_looks_like(const void *data, size_t len);

#endif
