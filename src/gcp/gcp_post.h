/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_GCP_GCP_POST_H
#define TPMC_GCP_GCP_POST_H

#include "base/buf.h"
#include "codec/json.h"
#include "gcp/gcp_settings.h"
#include "tpmcloud/http.h"

/* The most bytes of a request's body. */
#define TPMC__GCP_BODY_MAX 262144

/* A POST of a form whose answer is to be JSON; a failure that sticks to `form` is told. Pure. */
int tpmc__gcp_post_form(const char *url, const tpmc__buf *form, tpmc_http_request **out,
                        tpmc_error *err);
/* The same of a JSON object. */
int tpmc__gcp_post_json(const char *url, const tpmc__json *json, tpmc_http_request **out,
                        tpmc_error *err);
/* Appends the URL of a service: that of the option, or https://<host>.<universe>, without '/' at
 * its end, and `path` unless it ends so already. */
void tpmc__gcp_service_url(const tpmc__gcp_settings *settings, size_t option, const char *host,
                           const char *path, tpmc__buf *out);

#endif
