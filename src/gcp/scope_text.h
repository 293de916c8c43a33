/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_GCP_SCOPE_TEXT_H
#define TPMC_GCP_SCOPE_TEXT_H

#include "base/buf.h"
#include "gcp/gcp_settings.h"

/* The most bytes of all scopes together. */
#define TPMC__GCP_SCOPES_MAX 16384
/* What a token needs that only impersonates. */
#define TPMC__GCP_IAM_SCOPE "https://www.googleapis.com/auth/iam"

/* Appends all scopes with one blank between them. Pure. */
int tpmc__gcp_join_scopes(const tpmc__gcp_settings *settings, tpmc__buf *out, tpmc_error *err);
/* Appends the scopes of the identity's own token: those of the settings, or the one for IAM when
 * the token only serves to get another one there. Pure. */
int tpmc__gcp_source_scopes(const tpmc__gcp_settings *settings, tpmc__buf *out, tpmc_error *err);

#endif
