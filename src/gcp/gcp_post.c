/* SPDX-License-Identifier: Apache-2.0 */
#include "gcp/gcp_post.h"

#include <string.h>

#include "base/error_int.h"

static int post(const char *url, const char *type, const tpmc__buf *body, tpmc_http_request **out,
                tpmc_error *err)
{
    tpmc_http_request *request = NULL;
    int status = tpmc__buf_check(body, "the body of the request", err);

    *out = NULL;
    if (status != 0)
        return status;
    status = tpmc_http_request_new("POST", url, &request, err);
    if (status == 0)
        status = tpmc_http_request_add_header(request, "Content-Type", type, err);
    if (status == 0)
        status = tpmc_http_request_add_header(request, "Accept", "application/json", err);
    if (status == 0)
        status = tpmc_http_request_set_body(request, body->data, body->len, err);
    if (status == 0)
        *out = request;
    else
        tpmc_http_request_free(request);
    return status;
}

int tpmc__gcp_post_form(const char *url, const tpmc__buf *form, tpmc_http_request **out,
                        tpmc_error *err)
{
    return post(url, "application/x-www-form-urlencoded", form, out, err);
}

int tpmc__gcp_post_json(const char *url, const tpmc__json *json, tpmc_http_request **out,
                        tpmc_error *err)
{
    tpmc__buf body;
    int status;

    tpmc__buf_init(&body, TPMC__GCP_BODY_MAX);
    (void)tpmc__json_print(json, &body);
    status = post(url, "application/json", &body, out, err);
    tpmc__buf_free(&body);
    return status;
}

static int ends_with(const char *text, size_t len, const char *end)
{
    size_t end_len = strlen(end);

    return len >= end_len && memcmp(text + len - end_len, end, end_len) == 0;
}

void tpmc__gcp_service_url(const tpmc__gcp_settings *settings, size_t option, const char *host,
                           const char *path, tpmc__buf *out)
{
    const char *given = tpmc__gcp_text(settings, option);
    size_t len = given != NULL ? strlen(given) : 0;

    if (given == NULL) {
        (void)tpmc__buf_append_text(out, "https://");
        (void)tpmc__buf_append_text(out, host);
        (void)tpmc__buf_append_byte(out, '.');
        (void)tpmc__buf_append_text(out, tpmc__gcp_universe(settings));
    }
    while (len > 0 && given[len - 1] == '/')
        len--;
    (void)tpmc__buf_append(out, given, len);
    if (!ends_with(given, len, path))
        (void)tpmc__buf_append_text(out, path);
}
