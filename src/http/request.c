/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/error_int.h"
#include "base/mem.h"
#include "http/fields.h"
#include "http/http_int.h"
#include "http/url.h"

#define METHOD_MAX 16
#define MAX_FIELDS 64
#define MAX_BODY (16 * 1024 * 1024)
#define PAYLOAD_HASH_MAX 128

struct tpmc_http_request {
    char method[METHOD_MAX + 1];
    char *url; /* may hold a signature */
    tpmc__fields fields;
    uint8_t *body; /* NULL when `body_len` is 0 */
    size_t body_len;
    char *payload_hash; /* NULL when unset */
    int64_t time_left_ms;
};

static int check_method(const char *method, tpmc_error *err)
{
    size_t len = strnlen(method, METHOD_MAX + 1);
    size_t i;

    if (len == 0 || len > METHOD_MAX)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT, "the method is not 1 to 16 letters long");
    for (i = 0; i < len; i++)
        if (method[i] < 'A' || method[i] > 'Z')
            return tpmc__fail(err, TPMC_ERR_ARGUMENT,
                              "the method holds something else than capital letters");
    return 0;
}

int tpmc_http_request_new(const char *method, const char *url, tpmc_http_request **out,
                          tpmc_error *err)
{
    tpmc_http_request *request;
    tpmc__url parts;
    int status;

    tpmc__error_clear(err);
    if (out == NULL)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT, "out is NULL");
    *out = NULL;
    if (method == NULL || url == NULL)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT, "the method or the URL is NULL");
    status = check_method(method, err);
    if (status == 0)
        status = tpmc__url_parse(url, &parts, err);
    if (status != 0)
        return status;
    request = tpmc__mem_new(1, sizeof(*request));
    if (request == NULL)
        return tpmc__fail_nomem(err);
    memcpy(request->method, method, strlen(method));
    tpmc__fields_init(&request->fields, MAX_FIELDS,
                      MAX_FIELDS * (TPMC__FIELD_NAME_MAX + TPMC__FIELD_VALUE_MAX));
    request->time_left_ms = -1;
    request->url = tpmc__mem_copy_text(url);
    if (request->url == NULL) {
        tpmc_http_request_free(request);
        return tpmc__fail_nomem(err);
    }
    *out = request;
    return 0;
}

int tpmc_http_request_add_header(tpmc_http_request *request, const char *name, const char *value,
                                 tpmc_error *err)
{
    tpmc__error_clear(err);
    if (request == NULL || name == NULL || value == NULL)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT,
                          "the request, or the header field's name or value, is NULL");
    return tpmc__fields_add(&request->fields, name, value, err);
}

int tpmc_http_request_set_body(tpmc_http_request *request, const void *body, size_t len,
                               tpmc_error *err)
{
    uint8_t *copy = NULL;

    tpmc__error_clear(err);
    if (request == NULL)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT, "the request is NULL");
    if (body == NULL && len != 0)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT, "the body is NULL but has a length");
    if (len > MAX_BODY)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT, "the body is larger than 16 MiB");
    if (len != 0) {
        copy = tpmc__mem_copy(body, len);
        if (copy == NULL)
            return tpmc__fail_nomem(err);
    }
    tpmc__mem_free_wiped(request->body, request->body_len);
    request->body = copy;
    request->body_len = len;
    return 0;
}

static int check_payload_hash(const char *hash, tpmc_error *err)
{
    size_t len = strnlen(hash, PAYLOAD_HASH_MAX + 1);
    size_t i;

    if (len == 0 || len > PAYLOAD_HASH_MAX)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT,
                          "the payload hash is empty or longer than 128 characters");
    for (i = 0; i < len; i++)
        if (hash[i] < 0x20 || hash[i] > 0x7e)
            return tpmc__fail(err, TPMC_ERR_ARGUMENT,
                              "the payload hash holds something else than printable ASCII");
    return 0;
}

int tpmc_http_request_set_payload_hash(tpmc_http_request *request, const char *hash,
                                       tpmc_error *err)
{
    char *copy = NULL;
    int status;

    tpmc__error_clear(err);
    if (request == NULL)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT, "the request is NULL");
    if (hash != NULL) {
        status = check_payload_hash(hash, err);
        if (status != 0)
            return status;
        copy = tpmc__mem_copy_text(hash);
        if (copy == NULL)
            return tpmc__fail_nomem(err);
    }
    tpmc__text_free(request->payload_hash);
    request->payload_hash = copy;
    return 0;
}

void tpmc_http_request_free(tpmc_http_request *request)
{
    if (request == NULL)
        return;
    tpmc__text_free(request->url);
    tpmc__fields_free(&request->fields);
    tpmc__mem_free_wiped(request->body, request->body_len);
    tpmc__text_free(request->payload_hash);
    tpmc__mem_free(request);
}

const char *tpmc_http_request_method(const tpmc_http_request *request)
{
    return request == NULL ? NULL : request->method;
}

const char *tpmc_http_request_url(const tpmc_http_request *request)
{
    return request == NULL ? NULL : request->url;
}

size_t tpmc_http_request_header_count(const tpmc_http_request *request)
{
    return request == NULL ? 0 : request->fields.count;
}

const char *tpmc_http_request_header_name(const tpmc_http_request *request, size_t i)
{
    if (request == NULL || i >= request->fields.count)
        return NULL;
    return request->fields.items[i].name;
}

const char *tpmc_http_request_header_value(const tpmc_http_request *request, size_t i)
{
    if (request == NULL || i >= request->fields.count)
        return NULL;
    return request->fields.items[i].value;
}

const uint8_t *tpmc_http_request_body(const tpmc_http_request *request)
{
    return request == NULL ? NULL : request->body;
}

size_t tpmc_http_request_body_len(const tpmc_http_request *request)
{
    return request == NULL ? 0 : request->body_len;
}

const char *tpmc_http_request_payload_hash(const tpmc_http_request *request)
{
    return request == NULL ? NULL : request->payload_hash;
}

int64_t tpmc_http_request_time_left_ms(const tpmc_http_request *request)
{
    return request == NULL ? -1 : request->time_left_ms;
}

void tpmc__http_request_set_time_left(tpmc_http_request *request, int64_t ms)
{
    request->time_left_ms = ms;
}

void tpmc__http_request_truncate_headers(tpmc_http_request *request, size_t count)
{
    tpmc__fields_truncate(&request->fields, count);
}
