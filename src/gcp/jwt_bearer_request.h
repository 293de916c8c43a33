/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_GCP_JWT_BEARER_REQUEST_H
#define TPMC_GCP_JWT_BEARER_REQUEST_H

#include "base/buf.h"
#include "gcp/gcp_settings.h"
#include "tpmcloud/http.h"

/* The exchange of a signed assertion at the token endpoint (RFC 7523 section 2.1, AIP-4112). Pure.
 */
int tpmc__gcp_jwt_bearer_request(const tpmc__gcp_settings *settings, const tpmc__buf *assertion,
                                 tpmc_http_request **out, tpmc_error *err);

#endif
