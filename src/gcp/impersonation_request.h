/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_GCP_IMPERSONATION_REQUEST_H
#define TPMC_GCP_IMPERSONATION_REQUEST_H

#include "gcp/gcp_settings.h"
#include "tpmcloud/http.h"

/* A call of the IAM Service Account Credentials API for tpmc__gcp_iam_account(): generateIdToken
 * for TPMC__GCP_KIND_ID, else generateAccessToken. `bearer` says who calls. Pure. */
int tpmc__gcp_impersonation_request(const tpmc__gcp_settings *settings, const char *bearer,
                                    tpmc_http_request **out, tpmc_error *err);

#endif
