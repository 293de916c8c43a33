/* SPDX-License-Identifier: Apache-2.0 */
#include "gcp/impersonation_request.h"

#include <stdio.h>
#include <string.h>

#include "base/error_int.h"
#include "codec/text.h"
#include "gcp/gcp_post.h"
#include "http/url.h"
#include "proto/jws.h"

#define ACCOUNT_PATH "projects/-/serviceAccounts/"
#define LIFETIME_MAX 16
#define DELEGATE_MAX 512

static int is_id(const tpmc__gcp_settings *settings)
{
    return tpmc__gcp_kind(settings) == TPMC__GCP_KIND_ID;
}

static int build_url(const tpmc__gcp_settings *settings, tpmc__buf *url, tpmc_error *err)
{
    const char *account = tpmc__gcp_iam_account(settings);

    tpmc__gcp_service_url(settings, TPMC__GCP_IAM_ENDPOINT, "iamcredentials", "/v1", url);
    (void)tpmc__buf_append_text(url, "/" ACCOUNT_PATH);
    (void)tpmc__percent_encode(account, strlen(account), url);
    (void)tpmc__buf_append_text(url, is_id(settings) ? ":generateIdToken" : ":generateAccessToken");
    return tpmc__buf_check(url, "the URL of the IAM API", err);
}

static void add_delegates(const tpmc__gcp_settings *settings, tpmc__json *body)
{
    size_t count = tpmc__options_item_count(settings->options, TPMC__GCP_DELEGATE);
    tpmc__json *list = NULL;
    char path[DELEGATE_MAX];

    if (count == 0)
        return;
    list = tpmc__json_new_array();
    for (size_t i = 0; i < count; i++) {
        (void)snprintf(path, sizeof(path), ACCOUNT_PATH "%s",
                       tpmc__options_item(settings->options, TPMC__GCP_DELEGATE, i));
        (void)tpmc__json_append(list, tpmc__json_new_text(path));
    }
    (void)tpmc__json_add(body, "delegates", list);
}

static void add_access(const tpmc__gcp_settings *settings, tpmc__json *body)
{
    size_t count = tpmc__options_item_count(settings->options, TPMC__GCP_SCOPES);
    tpmc__json *list = tpmc__json_new_array();
    char lifetime[LIFETIME_MAX];

    for (size_t i = 0; i < count; i++)
        (void)tpmc__json_append(
            list, tpmc__json_new_text(tpmc__options_item(settings->options, TPMC__GCP_SCOPES, i)));
    (void)tpmc__json_add(body, "scope", list);
    (void)snprintf(lifetime, sizeof(lifetime), "%ds",
                   (int)tpmc__options_number(settings->options, TPMC__GCP_LIFETIME));
    (void)tpmc__json_add_text(body, "lifetime", lifetime);
}

static tpmc__json *build_body(const tpmc__gcp_settings *settings)
{
    tpmc__json *body = tpmc__json_new_object();

    add_delegates(settings, body);
    if (is_id(settings)) {
        (void)tpmc__json_add_text(body, "audience", tpmc__gcp_text(settings, TPMC__GCP_AUDIENCE));
        (void)tpmc__json_add_boolean(body, "includeEmail", 1);
    } else {
        add_access(settings, body);
    }
    return body;
}

static int authorize(tpmc_http_request *request, const char *bearer, tpmc_error *err)
{
    tpmc__buf value;
    int status;

    tpmc__buf_init(&value, TPMC__JWS_MAX + sizeof("Bearer "));
    (void)tpmc__buf_append_text(&value, "Bearer ");
    (void)tpmc__buf_append_text(&value, bearer);
    status = tpmc__buf_check(&value, "the header Authorization", err);
    if (status == 0)
        status =
            tpmc_http_request_add_header(request, "Authorization", (const char *)value.data, err);
    tpmc__buf_free(&value);
    return status;
}

int tpmc__gcp_impersonation_request(const tpmc__gcp_settings *settings, const char *bearer,
                                    tpmc_http_request **out, tpmc_error *err)
{
    tpmc__json *body = build_body(settings);
    tpmc_http_request *request = NULL;
    tpmc__buf url;
    int status;

    *out = NULL;
    tpmc__buf_init(&url, TPMC__URL_MAX);
    status = build_url(settings, &url, err);
    if (status == 0)
        status = tpmc__gcp_post_json((const char *)url.data, body, &request, err);
    if (status == 0)
        status = authorize(request, bearer, err);
    if (status == 0)
        *out = request;
    else
        tpmc_http_request_free(request);
    tpmc__buf_free(&url);
    tpmc__json_free(body);
    return status;
}
