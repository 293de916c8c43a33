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

static int check_arguments(const tpmc_aws_hmac *hmac, const char *service, const char **region,
                           const tpmc_http_request *request, int flags, tpmc_error *err)
{
    if (service == NULL)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT,
                          "service is NULL: the name that the service signs under, such as \"s3\"");
    if (request == NULL)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT,
                          "request is NULL: make one with tpmc_http_request_new()");
    if ((flags & ~ALL_FLAGS) != 0)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT, "flags has bits that mean nothing: 0x%x",
                          (unsigned)(flags & ~ALL_FLAGS));
    if (*region == NULL)
        *region = tpmc__options_text(&hmac->options, TPMC__AWS_HMAC_REGION);
    if (*region == NULL)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT,
                          "region is NULL and option 'region' is not set: AWS's signatures are for "
                          "one region");
    return 0;
}

int tpmc_aws_hmac_sign_request(tpmc_aws_hmac *hmac, const char *service, const char *region,
                               tpmc_http_request *request, int flags, tpmc_error *err)
{
    tpmc__hmac_identity identity = { 0 };
    tpmc__sigv4_params params;
    int64_t time_ms = 0;
    int status;

    tpmc__error_clear(err);
    status = tpmc__aws_hmac_enter(hmac, 0, err);
    if (status == 0)
        status = check_arguments(hmac, service, &region, request, flags, err);
    if (status == 0)
        status = tpmc__hmac_identity_open(hmac, &identity, err);
    if (status == 0)
        status = tpmc__aws_hmac_now(hmac, &time_ms, err);
    if (status == 0) {
        tpmc__hmac_identity_params(hmac, &identity, service, region, time_ms, &params);
        params.flags = flags_of(service, flags);
        status = tpmc__sigv4_sign(hmac->env, request, &params, err);
    }
    tpmc__hmac_identity_close(&identity);
    return status;
}

static int presign(tpmc_aws_hmac *hmac, tpmc__sigv4_params *params,
                   const tpmc_http_request *request, tpmc_bytes **out, tpmc_error *err)
{
    tpmc__buf url;
    int status;

    status = tpmc__sigv4_presign(hmac->env, request, params, &url, err);
    if (status == 0)
        status = tpmc__bytes_from_buf(&url, "the presigned URL", out, err);
    tpmc__buf_free(&url);
    return status;
}

int tpmc_aws_hmac_presign(tpmc_aws_hmac *hmac, const char *service, const char *region,
                          const tpmc_http_request *request, int64_t expires_seconds,
                          tpmc_bytes **url, tpmc_error *err)
{
    tpmc__hmac_identity identity = { 0 };
    tpmc__sigv4_params params;
    int64_t time_ms = 0;
    int status;

    tpmc__error_clear(err);
    if (url == NULL)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT, "url is NULL");
    *url = NULL;
    status = tpmc__aws_hmac_enter(hmac, 0, err);
    if (status == 0)
        status = check_arguments(hmac, service, &region, request, 0, err);
    if (status == 0)
        status = tpmc__hmac_identity_open(hmac, &identity, err);
    if (status == 0)
        status = tpmc__aws_hmac_now(hmac, &time_ms, err);
    if (status == 0) {
        tpmc__hmac_identity_params(hmac, &identity, service, region, time_ms, &params);
        params.flags = flags_of(service, 0);
        params.expires_s = expires_seconds;
        status = presign(hmac, &params, request, url, err);
    }
    tpmc__hmac_identity_close(&identity);
    return status;
}
