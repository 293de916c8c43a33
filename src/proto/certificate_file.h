/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_PROTO_CERTIFICATE_FILE_H
#define TPMC_PROTO_CERTIFICATE_FILE_H

#include "proto/certificate_set.h"

/* Where a certificate comes from; bytes are used where there is no path. */
typedef struct tpmc__certificate_source {
    const char *path;       /* the certificate's file, in which the chain may stand too; or NULL */
    tpmc__span bytes;       /* PEM or DER */
    const char *chain_path; /* NULL, with no chain_bytes either: no further certificates */
    tpmc__span chain_bytes;
    int rules; /* as of tpmc__certificate_set_new() */
} tpmc__certificate_source;

/* A certificate that is read again when its file has changed. All threads may use it at once. */
typedef struct tpmc__certificate_file tpmc__certificate_file;

/* Copies the source and reads nothing. `env` must outlive it, and files are at most 64 KiB.
 * TPMC_ERR_ARGUMENT without a certificate, for bytes that are too many, or both path and bytes. */
int tpmc__certificate_file_new(tpmc_env *env, const tpmc__certificate_source *source,
                               tpmc__certificate_file **out, tpmc_error *err);
void tpmc__certificate_file_free(tpmc__certificate_file *file); /* NULL is fine; waits for nobody */

/*
 * The set for the key with this SubjectPublicKeyInfo, valid at `now_ms` (wall clock); to be let go
 * with tpmc__certificate_set_unref(). Looks whether a file has changed, and reads it if so. A new
 * file that cannot be used, for whatever reason, is an error only when what was read before is not
 * valid any more; else the old set is given and a warning logged, once for each state of the files,
 * and the next call tries again. Fails as tpmc__certificate_set_new(),
 * tpmc__certificate_set_check_time(), tpmc__file_read() and tpmc__lock_acquire() do. Runs clock and
 * log callbacks.
 */
int tpmc__certificate_file_get(tpmc__certificate_file *file, const tpmc__span *spki, int64_t now_ms,
                               tpmc__certificate_set **out, tpmc_error *err);

#endif
