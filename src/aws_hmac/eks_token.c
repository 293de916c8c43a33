/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "aws_hmac/aws_hmac_int.h"
#include "aws_hmac/sts_check.h"
#include "base/error_int.h"
#include "base/option_table.h"
#include "codec/base64.h"
#include "http/url.h"
#include "proto/token_int.h"

/* What aws-iam-authenticator, which reads these tokens, makes of them. */
#define PREFIX "k8s-aws-v1."
#define TOKEN_MAX 4096
#define CLUSTER_MAX 100
#define EXPIRES_S 60
/* STS takes the URL for 15 minutes whatever it says; one is kept in reserve. */
#define LIFE_MS INT64_C(840000)

static const char query[] = "/?Action=GetCallerIdentity&Version=2011-06-15";

/* As EKS has it: letters, digits, '-' and '_', of which the first is no sign. */
static int check_cluster(const char *cluster, tpmc_error *err)
{
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    size_t len;

    if (cluster == NULL)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT, "cluster is NULL: the name of the EKS cluster");
    len = strnlen(cluster, CLUSTER_MAX + 1);
    if (len == 0 || len > CLUSTER_MAX || cluster[0] == '-' || cluster[0] == '_' ||
        strspn(cluster, alphabet) != len)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT,
                          "cluster is not the name of an EKS cluster: 1 to 100 letters, digits, "
                          "'-' and '_', beginning with a letter or digit");
    return 0;
}

static int make_request(const tpmc__aws_endpoint *endpoint, const char *cluster,
                        tpmc_http_request **out, tpmc_error *err)
{
    char url[TPMC__URL_MAX + sizeof(query)];
    int status;

    (void)snprintf(url, sizeof(url), "%s%s", endpoint->url, query);
    status = tpmc_http_request_new("GET", url, out, err);
    if (status == 0)
        status = tpmc_http_request_add_header(*out, "x-k8s-aws-id", cluster, err);
    return status;
}

static int make_token(const tpmc__buf *url, int64_t expires_at_ms, tpmc_token **out,
                      tpmc_error *err)
{
    tpmc__buf text;
    int status;

    tpmc__buf_init(&text, 2 * (url->len + sizeof(PREFIX)));
    (void)tpmc__buf_append_text(&text, PREFIX);
    (void)tpmc__base64url_encode(url->data, url->len, &text);
    status = tpmc__buf_check(&text, "the token for EKS", err);
    if (status == 0 && text.len > TOKEN_MAX)
        status =
            tpmc__fail(err, TPMC_ERR_UNSUPPORTED,
                       "the token for EKS has %zu bytes, and EKS takes at most %d: the session "
                       "token of the role is too long",
                       text.len, TOKEN_MAX);
    if (status == 0)
        status = tpmc__token_new((const char *)text.data, expires_at_ms, out, err);
    tpmc__buf_free(&text);
    return status;
}

/* A token ends with the credentials that signed it. */
static int64_t end_of(const tpmc__hmac_identity *identity, int64_t time_ms)
{
    int64_t end_ms = time_ms + LIFE_MS;
    int64_t credentials_end_ms = tpmc_aws_credentials_expires_at_ms(identity->credentials);

    return identity->credentials != NULL && credentials_end_ms < end_ms ? credentials_end_ms
                                                                        : end_ms;
}

static int presign(tpmc_aws_hmac *hmac, tpmc__hmac_identity *identity, const char *cluster,
                   tpmc_token **out, tpmc_error *err)
{
    tpmc_http_request *request = NULL;
    tpmc__sigv4_params params;
    tpmc__aws_endpoint endpoint;
    tpmc__buf url;
    int64_t time_ms = 0;
    int status;

    tpmc__buf_init(&url, 0);
    status = tpmc__sts_endpoint(&hmac->options, &endpoint, err);
    if (status == 0)
        status = make_request(&endpoint, cluster, &request, err);
    if (status == 0)
        status = tpmc__aws_hmac_now(hmac, &time_ms, err);
    if (status == 0) {
        tpmc__hmac_identity_params(hmac, identity, "sts", endpoint.signing_region, time_ms,
                                   &params);
        params.expires_s = EXPIRES_S;
        status = tpmc__sigv4_presign(hmac->env, request, &params, &url, err);
    }
    if (status == 0)
        status = make_token(&url, end_of(identity, time_ms), out, err);
    tpmc__buf_free(&url);
    tpmc_http_request_free(request);
    return status;
}

int tpmc_aws_hmac_eks_token(tpmc_aws_hmac *hmac, const char *cluster, tpmc_token **out,
                            tpmc_error *err)
{
    tpmc__hmac_identity identity = { 0 };
    int status;

    tpmc__error_clear(err);
    if (out == NULL)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT, "out is NULL");
    *out = NULL;
    status = check_cluster(cluster, err);
    if (status == 0)
        status = tpmc__aws_hmac_enter(hmac, TPMC__HMAC_FOR_STS, err);
    if (status != 0)
        return status;
    tpmc__ref_freeze(&hmac->ref);
    status = tpmc__hmac_identity_open(hmac, &identity, err);
    if (status == 0)
        status = presign(hmac, &identity, cluster, out, err);
    tpmc__hmac_identity_close(&identity);
    return status;
}
