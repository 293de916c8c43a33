/* SPDX-License-Identifier: Apache-2.0 */
#include "azure/entra_reply.h"

#include <string.h>

#include "base/error_int.h"
#include "codec/time_text.h"
#include "proto/oauth_reply.h"

/* No token lives longer than this. */
#define LIFE_MAX_S INT64_C(31622400)
#define MS_PER_SECOND 1000

static const char service[] = "Entra";

/* `expires_on`, by our clock: seconds since 1970, or a time as text. */
static int read_end(const tpmc__json *reply, const tpmc__entra_moment *moment, int64_t *out_ms,
                    tpmc_error *err)
{
    const char *text = tpmc__json_text(tpmc__json_member(reply, "expires_on"));
    int64_t latest_ms = moment->asked_at_ms + LIFE_MAX_S * MS_PER_SECOND;
    int64_t seconds = 0;
    int status;

    if (text == NULL || tpmc__time_parse(text, strlen(text), out_ms) != 0) {
        status = tpmc__oauth_reply_seconds(reply, "expires_on", service, &seconds, err);
        if (status != 0)
            return status;
        *out_ms = seconds * MS_PER_SECOND;
    }
    *out_ms -= moment->offset_ms;
    if (*out_ms > latest_ms)
        *out_ms = latest_ms;
    if (*out_ms <= moment->asked_at_ms)
        return tpmc__fail(err, TPMC_ERR_PROTOCOL,
                          "%s sent an unusable answer: its 'expires_on' is no time to come",
                          service);
    return 0;
}

/* AD FS and old endpoints may say when a token ends instead of how long it lives. */
static int read_token(const tpmc__json *reply, const tpmc__entra_moment *moment, tpmc_token **out,
                      tpmc_error *err)
{
    int64_t expires_at_ms = 0;
    int status;

    if (tpmc__json_member(reply, "expires_in") != NULL ||
        tpmc__json_member(reply, "expires_on") == NULL)
        return tpmc__oauth_reply_access_token(reply, service, moment->asked_at_ms, LIFE_MAX_S, out,
                                              err);
    status = read_end(reply, moment, &expires_at_ms, err);
    return status == 0 ? tpmc__oauth_reply_bearer(reply, service, expires_at_ms, out, err) : status;
}

/* What is unusable is no reason to refuse a token. */
static int64_t read_renewal(const tpmc__json *reply, const tpmc__entra_moment *moment,
                            int64_t expires_at_ms)
{
    int64_t seconds = -1;

    (void)tpmc__oauth_reply_seconds(reply, "refresh_in", service, &seconds, NULL);
    if (seconds <= 0 || seconds >= (expires_at_ms - moment->asked_at_ms) / MS_PER_SECOND)
        return 0;
    return moment->asked_at_ms + seconds * MS_PER_SECOND;
}

int tpmc__entra_reply_read(const tpmc_http_response *response, const tpmc__entra_moment *moment,
                           tpmc__cache_entry *out, tpmc_error *err)
{
    tpmc__json *reply = NULL;
    tpmc_token *token = NULL;
    int status = tpmc__oauth_reply_read(response, service, &reply, err);

    if (status == 0)
        status = read_token(reply, moment, &token, err);
    if (status == 0) {
        out->value = token;
        out->expires_at_ms = tpmc_token_expires_at_ms(token);
        out->renew_at_ms = read_renewal(reply, moment, out->expires_at_ms);
    }
    tpmc__json_free(reply);
    return status;
}
