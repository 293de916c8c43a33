/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "aws_hmac/aws_hmac_int.h"
#include "base/bytes_int.h"
#include "base/error_int.h"
#include "base/option_table.h"

#define ALL_FLAGS                                                                                  \
    (TPMC_AWS_SIGN_KEEP_PATH | TPMC_AWS_SIGN_ENCODE_ONCE | TPMC_AWS_SIGN_BODY |                    \
     TPMC_AWS_SIGN_OMIT_TOKEN)

/* Services whose signatures follow the rules of S3. */
static int is_like_s3(const char *service)
{
    static const char *const names[] = { "s3", "s3-object-lambda", "s3-outposts", "s3express" };

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strcmp(service, names[i]) == 0)
            return 1;
    }
    return 0;
}

static unsigned flags_of(const char *service, int flags)
{
    unsigned internal = is_like_s3(service) ? TPMC__SIGV4_S3 : 0;

    if ((flags & TPMC_AWS_SIGN_KEEP_PATH) != 0)
        internal |= TPMC__SIGV4_KEEP_PATH;
    if ((flags & TPMC_AWS_SIGN_ENCODE_ONCE) != 0)
        internal |= TPMC__SIGV4_ENCODE_ONCE;
    if ((flags & TPMC_AWS_SIGN_BODY) != 0)
        internal |= TPMC__SIGV4_SIGN_BODY;
    if ((flags & TPMC_AWS_SIGN_OMIT_TOKEN) != 0)
        internal |= TPMC__SIGV4_OMIT_TOKEN;
    return internal;
}

/* A signature that an application asked for. */
typedef struct signing {
    tpmc_aws_hmac *hmac;
    const char *service;
    const char *region;
    int flags;
    int is_presign;
    int64_t expires_s;
    tpmc__hmac_identity identity;
    tpmc__sigv4_params params;
} signing;

static int check_arguments(signing *self, const tpmc_http_request *request, tpmc_error *err)
{
    if (self->service == NULL)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT,
                          "service is NULL: the name that the service signs under, such as \"s3\"");
    if (request == NULL)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT,
                          "request is NULL: make one with tpmc_http_request_new()");
    if ((self->flags & ~ALL_FLAGS) != 0)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT, "flags has bits that mean nothing: 0x%x",
                          (unsigned)(self->flags & ~ALL_FLAGS));
    if (self->region == NULL)
        self->region = tpmc__options_text(&self->hmac->options, TPMC__AWS_HMAC_REGION);
    if (self->region == NULL)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT,
                          "region is NULL and option 'region' is not set: AWS's signatures are for "
                          "one region");
    return 0;
}

/* What the signature is made of, at the time of now. */
static int take_params(signing *self, tpmc_error *err)
{
    int64_t time_ms = 0;
    int status = tpmc__aws_hmac_now(self->hmac, &time_ms, err);

    tpmc__hmac_identity_params(self->hmac, &self->identity, self->service, self->region, time_ms,
                               &self->params);
    self->params.flags = flags_of(self->service, self->flags);
    self->params.expires_s = self->expires_s;
    return status;
}

/* Refuses before a TPM or STS is asked; then finds who signs, and the time once more. */
static int prepare(signing *self, const tpmc_http_request *request, tpmc_error *err)
{
    int status = tpmc__aws_hmac_enter(self->hmac, TPMC__HMAC_FOR_SIGNING, err);

    if (status == 0)
        status = check_arguments(self, request, err);
    if (status == 0)
        status = take_params(self, err);
    if (status == 0)
        status = tpmc__sigv4_check(request, &self->params, self->is_presign, err);
    if (status != 0)
        return status;
    tpmc__ref_freeze(&self->hmac->ref);
    status = tpmc__hmac_identity_open(self->hmac, &self->identity, err);
    return status == 0 ? take_params(self, err) : status;
}

int tpmc_aws_hmac_sign_request(tpmc_aws_hmac *hmac, const char *service, const char *region,
                               tpmc_http_request *request, int flags, tpmc_error *err)
{
    signing self = { .hmac = hmac, .service = service, .region = region, .flags = flags };
    int status;

    tpmc__error_clear(err);
    status = prepare(&self, request, err);
    if (status == 0)
        status = tpmc__sigv4_sign(hmac->env, request, &self.params, err);
    tpmc__hmac_identity_close(&self.identity);
    return status;
}

int tpmc_aws_hmac_presign(tpmc_aws_hmac *hmac, const char *service, const char *region,
                          const tpmc_http_request *request, int64_t expires_seconds,
                          tpmc_bytes **url, tpmc_error *err)
{
    signing self = { .hmac = hmac,
                     .service = service,
                     .region = region,
                     .is_presign = 1,
                     .expires_s = expires_seconds };
    tpmc__buf text;
    int status;

    tpmc__error_clear(err);
    if (url == NULL)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT, "url is NULL");
    *url = NULL;
    tpmc__buf_init(&text, 0);
    status = prepare(&self, request, err);
    if (status == 0)
        status = tpmc__sigv4_presign(hmac->env, request, &self.params, &text, err);
    if (status == 0)
        status = tpmc__bytes_from_buf(&text, "the presigned URL", url, err);
    tpmc__buf_free(&text);
    tpmc__hmac_identity_close(&self.identity);
    return status;
}
