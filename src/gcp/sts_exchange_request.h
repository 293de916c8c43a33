/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_GCP_STS_EXCHANGE_REQUEST_H
#define TPMC_GCP_STS_EXCHANGE_REQUEST_H

#include "base/buf.h"
#include "gcp/gcp_settings.h"
#include "tpmcloud/http.h"

/* The exchange of a token of the key's own issuer at Google's Security Token Service (RFC 8693
 * section 2.1, AIP-4117). Pure. */
int tpmc__gcp_sts_exchange_request(const tpmc__gcp_settings *settings,
                                   const tpmc__buf *subject_token, tpmc_http_request **out,
                                   tpmc_error *err);

#endif
