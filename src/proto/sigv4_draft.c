/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/sigv4_draft.h"

#include <string.h>

#include "base/error_int.h"
#include "codec/digest.h"
#include "codec/text.h"
#include "http/url.h"
#include "proto/sigv4_check.h"
#include "proto/sigv4_path.h"
#include "proto/sigv4_query.h"

#define HASH_SIZE 32
/* All header fields a request can have, and a URL with everything in it encoded twice. */
#define CANONICAL_MAX (2 * 1024 * 1024)
#define STRING_TO_SIGN_MAX 512
/* What most requests need, so that the buffer does not have to grow. */
#define CANONICAL_USUAL 511

static const char empty_hash[] = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
static const char no_hash[] = "UNSIGNED-PAYLOAD";
/* "-PAYLOAD-TRAILER" and the like follow. */
static const char streaming[] = "STREAMING-UNSIGNED-";

static int append_hash(tpmc_env *env, const void *data, size_t len, tpmc__buf *out, tpmc_error *err)
{
    tpmc__span span = { data, len };
    uint8_t hash[HASH_SIZE];
    int status;

    status = tpmc__digest(env, TPMC__HASH_SHA256, &span, 1, hash, err);
    if (status != 0)
        return status;
    (void)tpmc__hex_encode(hash, sizeof(hash), out);
    return tpmc__buf_check(out, "the hash of the request", err);
}

static int hash_body(tpmc__sigv4_draft *draft, tpmc_env *env, const tpmc_http_request *request,
                     tpmc_error *err)
{
    tpmc__buf hex;
    int status;

    tpmc__buf_init(&hex, sizeof(draft->own_hash) - 1);
    status = append_hash(env, tpmc_http_request_body(request), tpmc_http_request_body_len(request),
                         &hex, err);
    if (status == 0) {
        memcpy(draft->own_hash, hex.data, sizeof(draft->own_hash));
        draft->payload_hash = draft->own_hash;
    }
    tpmc__buf_free(&hex);
    return status;
}

static int choose_hash(tpmc__sigv4_draft *draft, tpmc_env *env, const tpmc_http_request *request,
                       int is_unsigned, tpmc_error *err)
{
    draft->payload_hash = tpmc_http_request_payload_hash(request);
    if (draft->payload_hash != NULL)
        return 0;
    if (!is_unsigned && tpmc_http_request_body_len(request) != 0)
        return hash_body(draft, env, request, err);
    draft->payload_hash = is_unsigned ? no_hash : empty_hash;
    return 0;
}

static size_t path_length(const tpmc__url *url)
{
    return strcspn(url->path, "?");
}

/* The query without its '?'. */
static const char *query_of(const tpmc__url *url)
{
    const char *mark = url->path + path_length(url);

    return *mark == '\0' ? mark : mark + 1;
}

/* Without a hash of the body only TLS keeps others from changing it. */
static int check_unsigned(const tpmc_http_request *request, const tpmc__url *url, tpmc_error *err)
{
    const char *hash = tpmc_http_request_payload_hash(request);

    if (hash == NULL || url->is_https || tpmc__url_is_loopback(url))
        return 0;
    if (strcmp(hash, no_hash) != 0 && strncmp(hash, streaming, sizeof(streaming) - 1) != 0)
        return 0;
    return tpmc__fail(err, TPMC_ERR_ARGUMENT,
                      "a body that is not signed may be sent by https only: the payload hash is %s",
                      hash);
}

/* Checks, and leaves what it found out. */
static int check(const tpmc_http_request *request, const tpmc__sigv4_params *params, int is_presign,
                 tpmc__sigv4_time *time, char *host, tpmc_error *err)
{
    tpmc__url url = { 0 };
    int status;

    status = tpmc__sigv4_check_params(params, is_presign, err);
    if (status == 0)
        status = tpmc__sigv4_format_time(params->time_ms, time, err);
    if (status == 0)
        status = tpmc__url_parse(tpmc_http_request_url(request), &url, err);
    if (status != 0)
        return status;
    tpmc__sigv4_host(&url, host);
    status = tpmc__sigv4_check_fields(request, host, err);
    if (status == 0)
        status = tpmc__sigv4_check_query(query_of(&url), strlen(query_of(&url)), err);
    return status == 0 ? check_unsigned(request, &url, err) : status;
}

int tpmc__sigv4_check(const tpmc_http_request *request, const tpmc__sigv4_params *params,
                      int is_presign, tpmc_error *err)
{
    tpmc__sigv4_time time;
    char host[TPMC__SIGV4_HOST_SIZE];

    return check(request, params, is_presign, &time, host, err);
}

int tpmc__sigv4_draft_begin(tpmc__sigv4_draft *draft, tpmc_env *env,
                            const tpmc_http_request *request, const tpmc__sigv4_params *params,
                            int is_presign, tpmc_error *err)
{
    int status;

    memset(draft, 0, sizeof(*draft));
    tpmc__buf_init(&draft->canonical, CANONICAL_MAX);
    tpmc__buf_init(&draft->signed_names, CANONICAL_MAX);
    tpmc__buf_init(&draft->string_to_sign, STRING_TO_SIGN_MAX);
    status = check(request, params, is_presign, &draft->time, draft->host, err);
    if (status == 0)
        status =
            choose_hash(draft, env, request,
                        is_presign && (params->flags & TPMC__SIGV4_UNSIGNED_PRESIGN) != 0, err);
    return status;
}

int tpmc__sigv4_draft_fields(tpmc__sigv4_draft *draft, const tpmc_http_request *request,
                             tpmc__buf *lines, tpmc_error *err)
{
    tpmc__sigv4_fields fields;
    int status;

    status = tpmc__sigv4_fields_init(&fields, request, draft->host, err);
    if (status != 0)
        return status;
    tpmc__sigv4_fields_append_lines(&fields, lines);
    tpmc__sigv4_fields_append_names(&fields, &draft->signed_names);
    tpmc__sigv4_fields_free(&fields);
    status = tpmc__buf_check(lines, "the header to be signed", err);
    if (status == 0)
        status = tpmc__buf_check(&draft->signed_names, "the names of the header fields", err);
    return status;
}

static int make_canonical(tpmc__sigv4_draft *draft, const tpmc_http_request *request,
                          const tpmc__sigv4_params *params, const tpmc__url *url,
                          const tpmc__buf *lines, tpmc_error *err)
{
    tpmc__buf *out = &draft->canonical;

    if (tpmc__buf_reserve(out, CANONICAL_USUAL) != NULL)
        out->len = 0;
    (void)tpmc__buf_append_text(out, tpmc_http_request_method(request));
    (void)tpmc__buf_append_byte(out, '\n');
    tpmc__sigv4_canonical_path(url->path, path_length(url), params->flags, out);
    (void)tpmc__buf_append_byte(out, '\n');
    tpmc__sigv4_canonical_query(query_of(url), strlen(query_of(url)), out);
    (void)tpmc__buf_append_byte(out, '\n');
    (void)tpmc__buf_append(out, lines->data, lines->len);
    (void)tpmc__buf_append_byte(out, '\n');
    (void)tpmc__buf_append(out, draft->signed_names.data, draft->signed_names.len);
    (void)tpmc__buf_append_byte(out, '\n');
    (void)tpmc__buf_append_text(out, draft->payload_hash);
    return tpmc__buf_check(out, "the canonical request", err);
}

void tpmc__sigv4_append_scope(const tpmc__sigv4_draft *draft, const tpmc__sigv4_params *params,
                              tpmc__buf *out)
{
    (void)tpmc__buf_append_text(out, draft->time.date);
    (void)tpmc__buf_append_byte(out, '/');
    (void)tpmc__buf_append_text(out, params->region);
    (void)tpmc__buf_append_byte(out, '/');
    (void)tpmc__buf_append_text(out, params->service);
    (void)tpmc__buf_append_text(out, "/aws4_request");
}

int tpmc__sigv4_draft_end(tpmc__sigv4_draft *draft, tpmc_env *env, const tpmc_http_request *request,
                          const tpmc__sigv4_params *params, const char *url, const tpmc__buf *lines,
                          tpmc_error *err)
{
    tpmc__buf *out = &draft->string_to_sign;
    const char *path = strstr(url, "://") + strlen("://");
    tpmc__url parts = { 0 };
    int status;

    /* Checked already, and with more parameters perhaps longer than a URL to be parsed may be. */
    parts.path = path + strcspn(path, "/?");
    status = make_canonical(draft, request, params, &parts, lines, err);
    if (status != 0)
        return status;
    (void)tpmc__buf_append_text(out, params->algorithm);
    (void)tpmc__buf_append_byte(out, '\n');
    (void)tpmc__buf_append_text(out, draft->time.time);
    (void)tpmc__buf_append_byte(out, '\n');
    tpmc__sigv4_append_scope(draft, params, out);
    (void)tpmc__buf_append_byte(out, '\n');
    return append_hash(env, draft->canonical.data, draft->canonical.len, out, err);
}

void tpmc__sigv4_draft_free(tpmc__sigv4_draft *draft)
{
    tpmc__buf_free(&draft->canonical);
    tpmc__buf_free(&draft->signed_names);
    tpmc__buf_free(&draft->string_to_sign);
}
