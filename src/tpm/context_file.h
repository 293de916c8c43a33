/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_TPM_CONTEXT_FILE_H
#define TPMC_TPM_CONTEXT_FILE_H

#include <stddef.h>
#include <stdint.h>

#define TPMC__CONTEXT_ID_LEN 16
#define TPMC__CONTEXT_BLOB_MAX 3072

/* What of a saved context is the TPM's (TPMS_CONTEXT, Part 2, 14.5). */
typedef struct tpmc__context {
    uint8_t sequence[8];
    uint32_t saved_handle;
    uint32_t hierarchy;
    uint8_t blob[TPMC__CONTEXT_BLOB_MAX]; /* TPM2B_CONTEXT_DATA without its size */
    size_t blob_len;
} tpmc__context;

/* What a file holds; 0, or -1 when it has another form than ours. Pure. */
int tpmc__context_parse(const uint8_t *data, size_t len, tpmc__context *out);
/*
 * The file of an object in a directory for saved contexts. Nothing in it is trusted: it must be a
 * regular file of this user's or root's that nobody else may write, of the one form we write.
 * Whatever else is there counts as nothing. 0, or -1.
 */
int tpmc__context_file_read(const char *directory, const uint8_t *id, tpmc__context *out);
/* Replaces it at once and whole, readable by this user alone. */
int tpmc__context_file_write(const char *directory, const uint8_t *id,
                             const tpmc__context *context);
void tpmc__context_file_remove(const char *directory, const uint8_t *id);

#endif
