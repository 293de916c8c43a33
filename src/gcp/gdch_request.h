/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_GCP_GDCH_REQUEST_H
#define TPMC_GCP_GDCH_REQUEST_H

#include "base/buf.h"
#include "gcp/gcp_settings.h"
#include "tpmcloud/http.h"

/* The exchange of a signed token at the token endpoint of Google Distributed Cloud, whose grant
 * type is no other's. Pure. */
int tpmc__gcp_gdch_request(const tpmc__gcp_settings *settings, const tpmc__buf *subject_token,
                           tpmc_http_request **out, tpmc_error *err);

#endif
