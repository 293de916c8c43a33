/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_AWS_ROLESANYWHERE_SESSION_REQUEST_H
#define TPMC_AWS_ROLESANYWHERE_SESSION_REQUEST_H

#include "base/option_int.h"
#include "proto/certificate_set.h"
#include "tpmcloud/http.h"

/* The request for CreateSession (API version 2018-05-10), not yet signed. `url` is that of the
 * endpoint without path. Options have been checked. Pure. */
int tpmc__session_request(const tpmc__options *options, const char *url,
                          const tpmc__certificate_set *certificates, tpmc_http_request **out,
                          tpmc_error *err);

#endif
