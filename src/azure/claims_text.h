/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_AZURE_CLAIMS_TEXT_H
#define TPMC_AZURE_CLAIMS_TEXT_H

#include "base/buf.h"
#include "base/option_int.h"

/* The most bytes of the claims of a request. */
#define TPMC__CLAIMS_MAX 32768

/*
 * Appends the field `claims` of a request (OpenID Connect Core section 5.5), or nothing when none
 * is needed: `claims`, or the option when it is NULL, as JSON or as the base64 that a challenge
 * holds, with the option `client_capability` as `xms_cc` of the access token. TPMC_ERR_ARGUMENT for
 * what is neither, and for claims that ask for `xms_cc` themselves. Pure.
 */
int tpmc__claims_text(const tpmc__options *options, const char *claims, tpmc__buf *out,
                      tpmc_error *err);

#endif
