/* SPDX-License-Identifier: Apache-2.0 */
#include "aws_rolesanywhere/session_request.h"

#include <string.h>

#include "base/error_int.h"
#include "base/option_table.h"
#include "codec/base64.h"
#include "codec/json.h"
#include "http/form.h"
#include "http/url.h"

/* 64 instance properties of 1024 bytes, each of which may take two, and the rest. */
#define BODY_MAX (256 * 1024)
#define HEADER_MAX 16384

/* One of the ARNs: its name in the request, and the option. */
typedef struct arn_field {
    const char *name;
    size_t index;
} arn_field;

/* In the order of the canonical query. */
static const arn_field arn_fields[] = {
    { "profileArn", TPMC__AWS_RA_PROFILE_ARN },
    { "roleArn", TPMC__AWS_RA_ROLE_ARN },
    { "trustAnchorArn", TPMC__AWS_RA_TRUST_ANCHOR_ARN },
};
#define ARN_COUNT (sizeof(arn_fields) / sizeof(arn_fields[0]))

static int arns_are_in_body(const tpmc__options *options)
{
    return tpmc__options_number(options, TPMC__AWS_RA_ARNS_IN) == TPMC__ARNS_IN_BODY;
}

static int make_url(const tpmc__options *options, const char *endpoint, tpmc__buf *url,
                    tpmc_error *err)
{
    tpmc__buf query;

    tpmc__buf_init(&query, TPMC__URL_MAX);
    (void)tpmc__buf_append_text(url, endpoint);
    (void)tpmc__buf_append_text(url, "/sessions");
    if (!arns_are_in_body(options)) {
        for (size_t i = 0; i < ARN_COUNT; i++)
            (void)tpmc__form_add(&query, arn_fields[i].name,
                                 tpmc__options_text(options, arn_fields[i].index));
        (void)tpmc__buf_append_byte(url, '?');
        if (tpmc__buf_status(&query) != 0)
            (void)tpmc__buf_fail(url, tpmc__buf_status(&query));
        (void)tpmc__buf_append(url, query.data, query.len);
    }
    tpmc__buf_free(&query);
    return tpmc__buf_check(url, "the URL for CreateSession", err);
}

static void add_properties(const tpmc__options *options, tpmc__json *body)
{
    size_t count = tpmc__options_item_count(options, TPMC__AWS_RA_INSTANCE_PROPERTY);
    tpmc__json *properties;
    const char *pair;
    const char *sign;
    tpmc__buf key;

    if (count == 0)
        return;
    properties = tpmc__json_new_object();
    tpmc__buf_init(&key, BODY_MAX);
    for (size_t i = 0; i < count; i++) {
        pair = tpmc__options_item(options, TPMC__AWS_RA_INSTANCE_PROPERTY, i);
        sign = strchr(pair, '=');
        tpmc__buf_clear(&key);
        /* Without memory there is no key, and adding it fails. */
        (void)tpmc__buf_append(&key, pair, (size_t)(sign - pair));
        (void)tpmc__json_add(properties, key.data == NULL ? "" : (const char *)key.data,
                             key.data == NULL ? NULL : tpmc__json_new_text(sign + 1));
    }
    tpmc__buf_free(&key);
    (void)tpmc__json_add(body, "instanceProperties", properties);
}

static int make_body(const tpmc__options *options, tpmc__buf *out, tpmc_error *err)
{
    const char *session_name = tpmc__options_text(options, TPMC__AWS_RA_SESSION_NAME);
    tpmc__json *body = tpmc__json_new_object();

    (void)tpmc__json_add_integer(body, "durationSeconds",
                                 tpmc__options_number(options, TPMC__AWS_RA_DURATION_SECONDS));
    add_properties(options, body);
    if (arns_are_in_body(options)) {
        for (size_t i = 0; i < ARN_COUNT; i++)
            (void)tpmc__json_add_text(body, arn_fields[i].name,
                                      tpmc__options_text(options, arn_fields[i].index));
    }
    if (session_name != NULL)
        (void)tpmc__json_add_text(body, "roleSessionName", session_name);
    (void)tpmc__json_print(body, out);
    tpmc__json_free(body);
    return tpmc__buf_check(out, "the body for CreateSession", err);
}

static int add_certificate(tpmc_http_request *request, const tpmc__certificate *leaf,
                           tpmc_error *err)
{
    tpmc__buf text;
    int status;

    tpmc__buf_init(&text, HEADER_MAX);
    (void)tpmc__base64_encode(leaf->der.data, leaf->der.len, &text);
    status = tpmc__buf_check(&text, "the certificate in the header X-Amz-X509", err);
    if (status == 0)
        status = tpmc_http_request_add_header(request, "X-Amz-X509", (const char *)text.data, err);
    tpmc__buf_free(&text);
    return status;
}

static int add_chain(tpmc_http_request *request, const tpmc__certificate_set *certificates,
                     tpmc_error *err)
{
    size_t count = tpmc__certificate_set_count(certificates);
    const tpmc__certificate *next;
    tpmc__buf text;
    int status;

    if (count == 0)
        return 0;
    tpmc__buf_init(&text, HEADER_MAX);
    for (size_t i = 0; i < count; i++) {
        next = tpmc__certificate_set_at(certificates, i);
        if (i > 0)
            (void)tpmc__buf_append_byte(&text, ',');
        (void)tpmc__base64_encode(next->der.data, next->der.len, &text);
    }
    status = tpmc__buf_check(&text, "the certificates in the header X-Amz-X509-Chain", err);
    if (status == 0)
        status =
            tpmc_http_request_add_header(request, "X-Amz-X509-Chain", (const char *)text.data, err);
    tpmc__buf_free(&text);
    return status;
}

static int add_headers(tpmc_http_request *request, const tpmc__certificate_set *certificates,
                       tpmc_error *err)
{
    int status = tpmc_http_request_add_header(request, "Content-Type", "application/json", err);

    if (status == 0)
        status = add_certificate(request, tpmc__certificate_set_leaf(certificates), err);
    return status == 0 ? add_chain(request, certificates, err) : status;
}

int tpmc__session_request(const tpmc__options *options, const char *url,
                          const tpmc__certificate_set *certificates, tpmc_http_request **out,
                          tpmc_error *err)
{
    tpmc_http_request *request = NULL;
    tpmc__buf full_url;
    tpmc__buf body;
    int status;

    tpmc__buf_init(&full_url, TPMC__URL_MAX);
    tpmc__buf_init(&body, BODY_MAX);
    status = make_url(options, url, &full_url, err);
    if (status == 0)
        status = make_body(options, &body, err);
    if (status == 0)
        status = tpmc_http_request_new("POST", (const char *)full_url.data, &request, err);
    if (status == 0)
        status = add_headers(request, certificates, err);
    if (status == 0)
        status = tpmc_http_request_set_body(request, body.data, body.len, err);
    if (status == 0)
        *out = request;
    else
        tpmc_http_request_free(request);
    tpmc__buf_free(&full_url);
    tpmc__buf_free(&body);
    return status;
}
