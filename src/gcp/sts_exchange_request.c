/* SPDX-License-Identifier: Apache-2.0 */
#include "gcp/sts_exchange_request.h"

#include "base/error_int.h"
#include "gcp/gcp_post.h"
#include "gcp/scope_text.h"
#include "http/form.h"
#include "http/url.h"

#define TOKEN_EXCHANGE "urn:ietf:params:oauth:grant-type:token-exchange"
#define ACCESS_TOKEN "urn:ietf:params:oauth:token-type:access_token"
#define JWT "urn:ietf:params:oauth:token-type:jwt"

static int build_form(const tpmc__gcp_settings *settings, const tpmc__buf *subject_token,
                      tpmc__buf *form, tpmc_error *err)
{
    tpmc__buf scopes;
    int status;

    tpmc__buf_init(&scopes, TPMC__GCP_SCOPES_MAX);
    status = tpmc__gcp_source_scopes(settings, &scopes, err);
    if (status == 0) {
        (void)tpmc__form_add(form, "grant_type", TOKEN_EXCHANGE);
        (void)tpmc__form_add(form, "audience", tpmc__gcp_text(settings, TPMC__GCP_POOL_AUDIENCE));
        (void)tpmc__form_add_bytes(form, "scope", scopes.data, scopes.len);
        (void)tpmc__form_add(form, "requested_token_type", ACCESS_TOKEN);
        (void)tpmc__form_add_bytes(form, "subject_token", subject_token->data, subject_token->len);
        (void)tpmc__form_add(form, "subject_token_type", JWT);
    }
    tpmc__buf_free(&scopes);
    return status;
}

int tpmc__gcp_sts_exchange_request(const tpmc__gcp_settings *settings,
                                   const tpmc__buf *subject_token, tpmc_http_request **out,
                                   tpmc_error *err)
{
    tpmc__buf url;
    tpmc__buf form;
    int status;

    *out = NULL;
    tpmc__buf_init(&url, TPMC__URL_MAX);
    tpmc__buf_init(&form, TPMC__GCP_BODY_MAX);
    tpmc__gcp_service_url(settings, TPMC__GCP_STS_ENDPOINT, "sts", "/v1/token", &url);
    status = tpmc__buf_check(&url, "the URL of the Security Token Service", err);
    if (status == 0)
        status = build_form(settings, subject_token, &form, err);
    if (status == 0)
        status = tpmc__gcp_post_form((const char *)url.data, &form, out, err);
    tpmc__buf_free(&form);
    tpmc__buf_free(&url);
    return status;
}
