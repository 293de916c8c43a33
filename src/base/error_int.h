/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_BASE_ERROR_INT_H
#define TPMC_BASE_ERROR_INT_H

#include "tpmcloud/error.h"

/*
 * Fills `err` (which may be NULL; what it held before is gone, its arguments may come from it) and
 * returns `code`, so that `return tpmc__fail(err, TPMC_ERR_FORMAT, "...", ...)` reads well. Texts
 * are sentences that begin with a small letter or a name and carry no final stop. Control
 * characters and bytes that are not UTF-8 become '?', and an overlong text is cut. Never format a
 * secret.
 */
int tpmc__fail(tpmc_error *err, int code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
int tpmc__fail_nomem(tpmc_error *err);
/* TPMC_ERR_IO, or TPMC_ERR_NOMEM for ENOMEM, with the system's words for `reason`, an errno, after
 * the text. */
int tpmc__fail_errno(tpmc_error *err, int reason, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Puts words before the text that is already there: "<prefix>: <text>". Does nothing when `err` is
 * NULL or holds no failure. */
void tpmc__error_prefix(tpmc_error *err, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Empties `err`; every public call does so first. */
void tpmc__error_clear(tpmc_error *err);
void tpmc__error_copy(tpmc_error *to, const tpmc_error *from);
/* These add detail to a failure and keep its code and text. */
void tpmc__error_set_tpm_code(tpmc_error *err, uint32_t rc);
void tpmc__error_set_http_status(tpmc_error *err, int status);
void tpmc__error_set_provider(tpmc_error *err, const char *code, const char *request_id);
void tpmc__error_set_retry_after_ms(tpmc_error *err, int64_t ms);

#endif
