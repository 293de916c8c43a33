/* SPDX-License-Identifier: Apache-2.0 */
#include "gcp/jwt_bearer_request.h"

#include "gcp/gcp_post.h"
#include "gcp/jwt_request.h"
#include "http/form.h"

int tpmc__gcp_jwt_bearer_request(const tpmc__gcp_settings *settings, const tpmc__buf *assertion,
                                 tpmc_http_request **out, tpmc_error *err)
{
    const char *url = tpmc__gcp_text(settings, TPMC__GCP_TOKEN_URI);
    tpmc__buf form;
    int status;

    tpmc__buf_init(&form, TPMC__GCP_BODY_MAX);
    (void)tpmc__form_add(&form, "grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer");
    (void)tpmc__form_add_bytes(&form, "assertion", assertion->data, assertion->len);
    status = tpmc__gcp_post_form(url != NULL ? url : TPMC__GCP_TOKEN_AUDIENCE, &form, out, err);
    tpmc__buf_free(&form);
    return status;
}
