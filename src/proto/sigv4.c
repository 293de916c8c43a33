/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/sigv4.h"

#include <string.h>

#include "base/error_int.h"
#include "codec/text.h"
#include "http/http_int.h"
#include "proto/sigv4_draft.h"

/* The hex of a signature: two digits for each byte of what an RSA key of 8192 bits makes. */
#define SIGNATURE_MAX 2048
#define AUTHORIZATION_MAX 16384 /* of a header field's value */
/* Header lines, and a URL with a token that is percent-encoded throughout. */
#define LINES_MAX (2 * 1024 * 1024)
#define URL_MAX (128 * 1024)

static int call_signer(const tpmc__sigv4_draft *draft, const tpmc__sigv4_params *params,
                       tpmc__buf *hex, tpmc_error *err)
{
    tpmc__sigv4_scope scope = { draft->time.date, params->region, params->service };
    int status;

    status = params->sign(params->sign_context, &scope, draft->string_to_sign.data,
                          draft->string_to_sign.len, hex, err);
    if (status != 0)
        return status;
    return tpmc__buf_check(hex, "the signature", err);
}

/* What the signature covers beside the request's own fields. */
static int add_signed_fields(tpmc_http_request *request, const tpmc__sigv4_draft *draft,
                             const tpmc__sigv4_params *params, tpmc_error *err)
{
    int status;

    status = tpmc_http_request_add_header(request, "X-Amz-Date", draft->time.time, err);
    if (status == 0 && (params->flags & TPMC__SIGV4_SIGN_BODY) != 0)
        status =
            tpmc_http_request_add_header(request, "X-Amz-Content-Sha256", draft->payload_hash, err);
    if (status == 0 && params->session_token != NULL &&
        (params->flags & TPMC__SIGV4_OMIT_TOKEN) == 0)
        status = tpmc_http_request_add_header(request, "X-Amz-Security-Token",
                                              params->session_token, err);
    return status;
}

static int add_authorization(tpmc_http_request *request, const tpmc__sigv4_draft *draft,
                             const tpmc__sigv4_params *params, const tpmc__buf *hex,
                             tpmc_error *err)
{
    tpmc__buf value;
    int status;

    tpmc__buf_init(&value, AUTHORIZATION_MAX);
    (void)tpmc__buf_append_text(&value, params->algorithm);
    (void)tpmc__buf_append_text(&value, " Credential=");
    (void)tpmc__buf_append_text(&value, params->credential);
    (void)tpmc__buf_append_byte(&value, '/');
    tpmc__sigv4_append_scope(draft, params, &value);
    (void)tpmc__buf_append_text(&value, ", SignedHeaders=");
    (void)tpmc__buf_append(&value, draft->signed_names.data, draft->signed_names.len);
    (void)tpmc__buf_append_text(&value, ", Signature=");
    (void)tpmc__buf_append(&value, hex->data, hex->len);
    status = tpmc__buf_check(&value, "the header field Authorization", err);
    if (status == 0)
        status =
            tpmc_http_request_add_header(request, "Authorization", (const char *)value.data, err);
    tpmc__buf_free(&value);
    return status;
}

/* Adds what is not signed: the token, where that is asked for, and the signature. */
static int add_unsigned_fields(tpmc_http_request *request, const tpmc__sigv4_draft *draft,
                               const tpmc__sigv4_params *params, const tpmc__buf *hex,
                               tpmc_error *err)
{
    int status = 0;

    if (params->session_token != NULL && (params->flags & TPMC__SIGV4_OMIT_TOKEN) != 0)
        status = tpmc_http_request_add_header(request, "X-Amz-Security-Token",
                                              params->session_token, err);
    if (status != 0)
        return status;
    return add_authorization(request, draft, params, hex, err);
}

int tpmc__sigv4_sign(tpmc_env *env, tpmc_http_request *request, const tpmc__sigv4_params *params,
                     tpmc_error *err)
{
    size_t count = tpmc_http_request_header_count(request);
    tpmc__sigv4_draft draft;
    tpmc__buf lines;
    tpmc__buf hex;
    int status;

    tpmc__buf_init(&lines, LINES_MAX);
    tpmc__buf_init(&hex, SIGNATURE_MAX);
    status = tpmc__sigv4_draft_begin(&draft, env, request, params, 0, err);
    if (status == 0)
        status = add_signed_fields(request, &draft, params, err);
    if (status == 0)
        status = tpmc__sigv4_draft_fields(&draft, request, &lines, err);
    if (status == 0)
        status = tpmc__sigv4_draft_end(&draft, env, request, params, tpmc_http_request_url(request),
                                       &lines, err);
    if (status == 0)
        status = call_signer(&draft, params, &hex, err);
    if (status == 0)
        status = add_unsigned_fields(request, &draft, params, &hex, err);
    if (status != 0)
        tpmc__http_request_truncate_headers(request, count);
    tpmc__buf_free(&hex);
    tpmc__buf_free(&lines);
    tpmc__sigv4_draft_free(&draft);
    return status;
}

/* Appends "&name=value"; the first parameter of all has a '?' before it. */
static void append_parameter(tpmc__buf *url, const char *name, const void *value, size_t len)
{
    const uint8_t *mark = url->len == 0 ? NULL : memchr(url->data, '?', url->len);
    const uint8_t *end = url->len == 0 ? NULL : url->data + url->len - 1;

    if (mark == NULL)
        (void)tpmc__buf_append_byte(url, '?');
    /* A '?' further on belongs to a value. */
    else if (mark != end && *end != '&')
        (void)tpmc__buf_append_byte(url, '&');
    (void)tpmc__buf_append_text(url, name);
    (void)tpmc__buf_append_byte(url, '=');
    tpmc__sigv4_encode(value, len, 0, url);
}

static void append_token(const tpmc__sigv4_params *params, unsigned wanted, tpmc__buf *url)
{
    if (params->session_token != NULL && (params->flags & TPMC__SIGV4_OMIT_TOKEN) == wanted)
        append_parameter(url, "X-Amz-Security-Token", params->session_token,
                         strlen(params->session_token));
}

/* S3 takes a body to be unsigned unless the URL says its hash. */
static int tells_hash(const tpmc_http_request *request, const tpmc__sigv4_params *params)
{
    const char *hash = tpmc_http_request_payload_hash(request);

    return (params->flags & TPMC__SIGV4_UNSIGNED_PRESIGN) != 0 && hash != NULL &&
           strcmp(hash, "UNSIGNED-PAYLOAD") != 0;
}

/* The URL as it is signed. */
static int make_url(const tpmc_http_request *request, const tpmc__sigv4_draft *draft,
                    const tpmc__sigv4_params *params, tpmc__buf *url, tpmc_error *err)
{
    tpmc__buf text;
    int status;

    tpmc__buf_init(&text, URL_MAX);
    (void)tpmc__buf_append_text(url, tpmc_http_request_url(request));
    append_parameter(url, "X-Amz-Algorithm", params->algorithm, strlen(params->algorithm));
    (void)tpmc__buf_append_text(&text, params->credential);
    (void)tpmc__buf_append_byte(&text, '/');
    tpmc__sigv4_append_scope(draft, params, &text);
    append_parameter(url, "X-Amz-Credential", text.data, text.len);
    if (tells_hash(request, params))
        append_parameter(url, "X-Amz-Content-Sha256", draft->payload_hash,
                         strlen(draft->payload_hash));
    append_parameter(url, "X-Amz-Date", draft->time.time, strlen(draft->time.time));
    tpmc__buf_clear(&text);
    (void)tpmc__decimal_append(&text, params->expires_s);
    append_parameter(url, "X-Amz-Expires", text.data, text.len);
    append_parameter(url, "X-Amz-SignedHeaders", draft->signed_names.data, draft->signed_names.len);
    append_token(params, 0, url);
    status = tpmc__buf_check(&text, "the scope of the signature", err);
    if (status == 0)
        status = tpmc__buf_check(url, "the presigned URL", err);
    tpmc__buf_free(&text);
    return status;
}

int tpmc__sigv4_presign(tpmc_env *env, const tpmc_http_request *request,
                        const tpmc__sigv4_params *params, tpmc__buf *url, tpmc_error *err)
{
    tpmc__sigv4_draft draft;
    tpmc__buf lines;
    tpmc__buf hex;
    int status;

    tpmc__buf_init(url, URL_MAX);
    tpmc__buf_init(&lines, LINES_MAX);
    tpmc__buf_init(&hex, SIGNATURE_MAX);
    status = tpmc__sigv4_draft_begin(&draft, env, request, params, 1, err);
    if (status == 0)
        status = tpmc__sigv4_draft_fields(&draft, request, &lines, err);
    if (status == 0)
        status = make_url(request, &draft, params, url, err);
    if (status == 0)
        status = tpmc__sigv4_draft_end(&draft, env, request, params, (const char *)url->data,
                                       &lines, err);
    if (status == 0)
        status = call_signer(&draft, params, &hex, err);
    if (status == 0) {
        append_token(params, TPMC__SIGV4_OMIT_TOKEN, url);
        append_parameter(url, "X-Amz-Signature", hex.data, hex.len);
        status = tpmc__buf_check(url, "the presigned URL", err);
    }
    if (status != 0)
        tpmc__buf_free(url);
    tpmc__buf_free(&hex);
    tpmc__buf_free(&lines);
    tpmc__sigv4_draft_free(&draft);
    return status;
}
