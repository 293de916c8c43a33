/* SPDX-License-Identifier: Apache-2.0 */
#include "gcp/gdch_request.h"

#include "gcp/gcp_post.h"

/* "token-type" is what is sent there, where RFC 8693 has "grant-type". */
#define TOKEN_EXCHANGE "urn:ietf:params:oauth:token-type:token-exchange"
#define ACCESS_TOKEN "urn:ietf:params:oauth:token-type:access_token"
#define SERVICE_ACCOUNT "urn:k8s:params:oauth:token-type:serviceaccount"

int tpmc__gcp_gdch_request(const tpmc__gcp_settings *settings, const tpmc__buf *subject_token,
                           tpmc_http_request **out, tpmc_error *err)
{
    tpmc__json *json = tpmc__json_new_object();
    int status;

    (void)tpmc__json_add_text(json, "grant_type", TOKEN_EXCHANGE);
    (void)tpmc__json_add_text(json, "audience", tpmc__gcp_text(settings, TPMC__GCP_AUDIENCE));
    (void)tpmc__json_add_text(json, "requested_token_type", ACCESS_TOKEN);
    (void)tpmc__json_add_text(json, "subject_token", (const char *)subject_token->data);
    (void)tpmc__json_add_text(json, "subject_token_type", SERVICE_ACCOUNT);
    status = tpmc__gcp_post_json(tpmc__gcp_text(settings, TPMC__GCP_TOKEN_URI), json, out, err);
    tpmc__json_free(json);
    return status;
}
