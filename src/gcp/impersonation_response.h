/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_GCP_IMPERSONATION_RESPONSE_H
#define TPMC_GCP_IMPERSONATION_RESPONSE_H

#include "tpmcloud/http.h"
#include "tpmcloud/token.h"

/* The token in a successful answer of generateAccessToken. `offset_ms` is how far Google's clock is
 * ahead of ours, as far as we know; should it be more, the token still ends by `latest_ms` of ours.
 * TPMC_ERR_PROTOCOL or TPMC_ERR_NOMEM. Pure. */
int tpmc__gcp_impersonated_access_token(const tpmc_http_response *response, int64_t offset_ms,
                                        int64_t latest_ms, tpmc_token **out, tpmc_error *err);
/* The same of generateIdToken. */
int tpmc__gcp_impersonated_id_token(const tpmc_http_response *response, int64_t offset_ms,
                                    int64_t latest_ms, tpmc_token **out, tpmc_error *err);

#endif
