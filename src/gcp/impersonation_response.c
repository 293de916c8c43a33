/* SPDX-License-Identifier: Apache-2.0 */
#include "gcp/impersonation_response.h"

#include <string.h>

#include "base/error_int.h"
#include "codec/time_text.h"
#include "gcp/gcp_failure.h"
#include "proto/oauth_reply.h"
#include "proto/token_int.h"

static int make_token(const tpmc__json *reply, int64_t offset_ms, int64_t latest_ms,
                      tpmc_token **out, tpmc_error *err)
{
    const char *value = tpmc__json_text(tpmc__json_member(reply, "accessToken"));
    const char *expiry = tpmc__json_text(tpmc__json_member(reply, "expireTime"));
    int64_t expires_at_ms = 0;

    if (value == NULL)
        return tpmc__fail(err, TPMC_ERR_PROTOCOL, "it has no 'accessToken'");
    if (expiry == NULL || tpmc__time_parse(expiry, strlen(expiry), &expires_at_ms) != 0)
        return tpmc__fail(err, TPMC_ERR_PROTOCOL, "it has no 'expireTime' that is a time");
    expires_at_ms -= offset_ms;
    if (expires_at_ms > latest_ms)
        expires_at_ms = latest_ms;
    return tpmc__token_new(value, expires_at_ms, out, err);
}

int tpmc__gcp_impersonated_access_token(const tpmc_http_response *response, int64_t offset_ms,
                                        int64_t latest_ms, tpmc_token **out, tpmc_error *err)
{
    tpmc__json *reply = NULL;
    int status = tpmc__oauth_reply_read(response, tpmc__gcp_iam.name, &reply, err);

    *out = NULL;
    if (status != 0)
        return status;
    status = make_token(reply, offset_ms, latest_ms, out, err);
    tpmc__json_free(reply);
    if (status == TPMC_ERR_PROTOCOL)
        tpmc__error_prefix(err, "%s sent an unusable answer", tpmc__gcp_iam.name);
    return status;
}

int tpmc__gcp_impersonated_id_token(const tpmc_http_response *response, int64_t offset_ms,
                                    int64_t latest_ms, tpmc_token **out, tpmc_error *err)
{
    tpmc__json *reply = NULL;
    int status = tpmc__oauth_reply_read(response, tpmc__gcp_iam.name, &reply, err);

    *out = NULL;
    if (status != 0)
        return status;
    status =
        tpmc__oauth_reply_jwt(reply, "token", tpmc__gcp_iam.name, offset_ms, latest_ms, out, err);
    tpmc__json_free(reply);
    return status;
}
