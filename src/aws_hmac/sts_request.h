/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_AWS_HMAC_STS_REQUEST_H
#define TPMC_AWS_HMAC_STS_REQUEST_H

#include "base/buf.h"
#include "base/option_int.h"
#include "tpmcloud/http.h"

/* The most bytes of a form for STS: 50 tags of non-ASCII letters, each of which becomes 9 bytes. */
#define TPMC__STS_FORM_MAX (512 * 1024)

/* What the options ask STS for. */
enum { TPMC__STS_GET_SESSION_TOKEN, TPMC__STS_ASSUME_ROLE, TPMC__STS_GET_FEDERATION_TOKEN };
int tpmc__sts_mode(const tpmc__options *options);

/*
 * The form of a call for credentials (API version 2011-06-15). `mfa_code` may be NULL; `time_ms`
 * becomes part of the session's name where none is set. Options have been checked. Pure.
 */
int tpmc__sts_form(const tpmc__options *options, const char *mfa_code, int64_t time_ms,
                   tpmc__buf *form, tpmc_error *err);
/* A request that posts a form to STS, not yet signed. `url` is that of the endpoint without path.
 */
int tpmc__sts_post(const char *url, const tpmc__buf *form, tpmc_http_request **out,
                   tpmc_error *err);

#endif
