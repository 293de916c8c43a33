/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"
#include "base/error_int.h"
#include "base/mem.h"
#include "http/fields.h"
#include "http/http_int.h"

#define MAX_FIELDS 128
#define MAX_FIELD_BYTES (64 * 1024)

struct tpmc_http_response {
    int status; /* 0 until the transport sets it */
    tpmc__fields fields;
    tpmc__buf body;
};

int tpmc__http_response_new(tpmc_http_response **out, tpmc_error *err)
{
    tpmc_http_response *response;

    *out = NULL;
    response = tpmc__mem_new(1, sizeof(*response));
    if (response == NULL)
        return tpmc__fail_nomem(err);
    tpmc__fields_init(&response->fields, MAX_FIELDS, MAX_FIELD_BYTES);
    tpmc__buf_init(&response->body, TPMC__HTTP_MAX_BODY);
    *out = response;
    return 0;
}

void tpmc__http_response_free(tpmc_http_response *response)
{
    if (response == NULL)
        return;
    tpmc__fields_free(&response->fields);
    tpmc__buf_free(&response->body);
    tpmc__mem_free(response);
}

int tpmc_http_response_set_status(tpmc_http_response *response, int status, tpmc_error *err)
{
    tpmc__error_clear(err);
    if (response == NULL)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT, "the response is NULL");
    if (status < 100 || status > 599)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT, "%d is no HTTP status: it is not 100 to 599",
                          status);
    response->status = status;
    return 0;
}

int tpmc_http_response_add_header(tpmc_http_response *response, const char *name, const char *value,
                                  tpmc_error *err)
{
    tpmc__error_clear(err);
    if (response == NULL || name == NULL || value == NULL)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT,
                          "the response, or the header field's name or value, is NULL");
    return tpmc__fields_add(&response->fields, name, value, err);
}

int tpmc__http_response_check_body(const tpmc_http_response *response, tpmc_error *err)
{
    int status = tpmc__buf_status(&response->body);

    if (status == TPMC_ERR_NOMEM)
        return tpmc__fail_nomem(err);
    if (status != 0)
        return tpmc__fail(err, TPMC_ERR_PROTOCOL, "the body of the answer is larger than 1 MiB");
    return 0;
}

int tpmc_http_response_append_body(tpmc_http_response *response, const void *data, size_t len,
                                   tpmc_error *err)
{
    tpmc__error_clear(err);
    if (response == NULL)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT, "the response is NULL");
    if (data == NULL && len != 0)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT, "the data is NULL but has a length");
    if (len != 0)
        (void)tpmc__buf_append(&response->body, data, len);
    return tpmc__http_response_check_body(response, err);
}

int tpmc_http_response_status(const tpmc_http_response *response)
{
    return response == NULL ? 0 : response->status;
}

const char *tpmc_http_response_header(const tpmc_http_response *response, const char *name)
{
    if (response == NULL || name == NULL)
        return NULL;
    return tpmc__fields_find(&response->fields, name);
}

const uint8_t *tpmc_http_response_body(const tpmc_http_response *response)
{
    return response == NULL || response->body.len == 0 ? NULL : response->body.data;
}

size_t tpmc_http_response_body_len(const tpmc_http_response *response)
{
    return response == NULL ? 0 : response->body.len;
}

int tpmc__http_response_check(const tpmc_http_response *response, tpmc_error *err)
{
    int status = tpmc__http_response_check_body(response, err);

    if (status != 0)
        return status;
    if (response->status == 0)
        return tpmc__fail(err, TPMC_ERR_PROTOCOL,
                          "the HTTP transport reported success but set no status");
    return 0;
}
