/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "aws_hmac/aws_hmac_int.h"
#include "aws_hmac/sts_request.h"
#include "base/bytes_int.h"
#include "base/error_int.h"
#include "codec/json.h"
#include "http/form.h"
#include "proto/aws_call.h"
#include "proto/aws_document.h"

#define FORM_MAX 256
#define JSON_MAX (64 * 1024)

typedef struct question {
    tpmc_aws_hmac *hmac;
    tpmc__hmac_identity identity;
    tpmc_bytes *answer;
} question;

static int build_request(void *context, int64_t time_ms, tpmc_http_request **out, tpmc_error *err)
{
    question *self = context;
    tpmc__buf form;
    int status;

    tpmc__buf_init(&form, FORM_MAX);
    (void)tpmc__form_add(&form, "Action", "GetCallerIdentity");
    (void)tpmc__form_add(&form, "Version", "2011-06-15");
    status = tpmc__buf_check(&form, "the form for STS", err);
    if (status == 0)
        status = tpmc__aws_hmac_post(self->hmac, &self->identity, &form, time_ms, out, err);
    tpmc__buf_free(&form);
    return status;
}

/* In the order of AWS's own program. */
static int write_answer(const tpmc__aws_place *root, tpmc_bytes **out, tpmc_error *err)
{
    static const char *const names[] = { "UserId", "Account", "Arn" };
    tpmc__json *json = tpmc__json_new_object();
    tpmc__buf text;
    const char *value;
    int status = 0;

    tpmc__buf_init(&text, JSON_MAX);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]) && status == 0; i++) {
        value = tpmc__aws_place_text(root, names[i]);
        if (value == NULL)
            status = tpmc__fail(err, TPMC_ERR_PROTOCOL,
                                "STS sent an unusable answer: it does not say %s", names[i]);
        else
            (void)tpmc__json_add_text(json, names[i], value);
    }
    if (status == 0) {
        (void)tpmc__json_print(json, &text);
        status = tpmc__bytes_from_buf(&text, "the identity", out, err);
    }
    tpmc__buf_free(&text);
    tpmc__json_free(json);
    return status;
}

static int read_answer(void *context, const tpmc_http_response *response, tpmc_error *err)
{
    question *self = context;
    tpmc__aws_document document;
    tpmc__aws_place root;
    int status;

    status = tpmc__aws_document_read(
        tpmc_http_response_body(response), tpmc_http_response_body_len(response),
        tpmc_http_response_header(response, "content-type"), &document, err);
    if (status == 0) {
        tpmc__aws_document_root(&document, &root);
        status = write_answer(&root, &self->answer, err);
    } else if (status == TPMC_ERR_PROTOCOL) {
        tpmc__error_prefix(err, "STS sent an unusable answer");
    }
    tpmc__aws_document_free(&document);
    return status;
}

int tpmc_aws_hmac_get_caller_identity(tpmc_aws_hmac *hmac, tpmc_bytes **out, tpmc_error *err)
{
    question self = { .hmac = hmac };
    tpmc__aws_call call = { .service = "STS", .build = build_request, .read = read_answer };
    int status;

    tpmc__error_clear(err);
    if (out == NULL)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT, "out is NULL");
    *out = NULL;
    status = tpmc__aws_hmac_enter(hmac, TPMC__HMAC_FOR_STS, err);
    if (status != 0)
        return status;
    tpmc__ref_freeze(&hmac->ref);
    status = tpmc__hmac_identity_open(hmac, &self.identity, err);
    if (status == 0) {
        call.clock = &hmac->clock;
        status = tpmc__aws_call_run(hmac->env, &call, &self, err);
    }
    if (status == 0)
        *out = self.answer;
    tpmc__hmac_identity_close(&self.identity);
    return status;
}
