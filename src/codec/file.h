/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_CODEC_FILE_H
#define TPMC_CODEC_FILE_H

#include "base/buf.h"

/*
 * Reads a whole regular file into `out`, whose ceiling is the most that is taken. TPMC_ERR_IO (with
 * the reason of the system, or for a directory, pipe or device) or TPMC_ERR_FORMAT when the file is
 * too large. `what` names it: "key file". The path is named in the text. Former content of `out` is
 * replaced; after a failure it is empty.
 */
int tpmc__file_read(const char *path, const char *what, tpmc__buf *out, tpmc_error *err);

/* What tells one state of a file from another. */
typedef struct tpmc__file_stamp {
    int exists; /* 0: it could not be looked at, and the rest is 0 */
    uint64_t device;
    uint64_t inode;
    uint64_t size;
    int64_t modified_s;
    int64_t modified_ns;
    int64_t changed_s; /* its status; no program can set this time */
    int64_t changed_ns;
} tpmc__file_stamp;

void tpmc__file_stamp_take(const char *path, tpmc__file_stamp *out);
int tpmc__file_stamp_is_same(const tpmc__file_stamp *a, const tpmc__file_stamp *b);

#endif
