/* SPDX-License-Identifier: Apache-2.0 */
#include "azure/entra_reply.h"

#include <string.h>
#include <strings.h>

#include "base/error_int.h"
#include "codec/json.h"
#include "codec/text.h"
#include "codec/time_text.h"
#include "http/http_int.h"
#include "proto/token_int.h"

/* No token lives longer than this. */
#define LIFE_MAX_S INT64_C(31622400)

/* A whole number, as such, as one with a fraction, or as a text of digits. 0 when there is none. */
static int read_number(const tpmc__json *json, int64_t *out)
{
    const char *text = tpmc__json_text(json);
    double number = 0;

    if (text != NULL)
        return tpmc__decimal_parse(text, strlen(text), out) == 0;
    if (tpmc__json_integer(json, out) == 0)
        return 1;
    if (tpmc__json_number(json, &number) != 0 || number < -9e15 || number > 9e15)
        return 0;
    *out = (int64_t)number;
    return 1;
}

/* `expires_on`: seconds since 1970, or a time as text. */
static int read_time(const tpmc__json *json, int64_t *out_ms)
{
    const char *text = tpmc__json_text(json);
    int64_t seconds = 0;

    if (text != NULL && tpmc__time_parse(text, strlen(text), out_ms) == 0)
        return 1;
    if (!read_number(json, &seconds) || seconds < 0 || seconds > TPMC__TIME_MAX_MS / 1000)
        return 0;
    *out_ms = seconds * 1000;
    return 1;
}

static int read_expiry(const tpmc__json *reply, const tpmc__entra_moment *moment, int64_t *out_ms,
                       tpmc_error *err)
{
    const tpmc__json *expires_in = tpmc__json_member(reply, "expires_in");
    const tpmc__json *expires_on = tpmc__json_member(reply, "expires_on");
    int64_t seconds = 0;
    int is_read = 0;

    if (expires_in == NULL && expires_on == NULL)
        return tpmc__fail(err, TPMC_ERR_PROTOCOL,
                          "Entra's answer does not say when the token expires: neither "
                          "'expires_in' nor 'expires_on' is in it");
    if (expires_in != NULL) {
        is_read = read_number(expires_in, &seconds) && seconds > 0 && seconds <= LIFE_MAX_S;
        *out_ms = moment->asked_at_ms + seconds * (is_read ? 1000 : 0);
    } else if (read_time(expires_on, out_ms)) {
        *out_ms -= moment->offset_ms;
        is_read =
            *out_ms > moment->asked_at_ms && *out_ms <= moment->asked_at_ms + LIFE_MAX_S * 1000;
    }
    if (!is_read)
        return tpmc__fail(err, TPMC_ERR_PROTOCOL,
                          "Entra's answer says '%s' in a way that is no time to come",
                          expires_in != NULL ? "expires_in" : "expires_on");
    return 0;
}

/* What is unusable is no reason to refuse a token. */
static int64_t read_renewal(const tpmc__json *reply, const tpmc__entra_moment *moment,
                            int64_t expires_at_ms)
{
    int64_t seconds = 0;

    if (!read_number(tpmc__json_member(reply, "refresh_in"), &seconds) || seconds <= 0 ||
        seconds >= (expires_at_ms - moment->asked_at_ms) / 1000)
        return 0;
    return moment->asked_at_ms + seconds * 1000;
}

static int check_type(const tpmc__json *reply, tpmc_error *err)
{
    const tpmc__json *type = tpmc__json_member(reply, "token_type");
    const char *text = tpmc__json_text(type);

    if (type != NULL && (text == NULL || strcasecmp(text, "Bearer") != 0))
        return tpmc__fail(err, TPMC_ERR_PROTOCOL,
                          "Entra's answer holds a token that is no bearer token");
    return 0;
}

static int read_token(const tpmc__json *reply, const tpmc__entra_moment *moment,
                      tpmc__cache_entry *out, tpmc_error *err)
{
    const char *value = tpmc__json_text(tpmc__json_member(reply, "access_token"));
    int64_t expires_at_ms = 0;
    tpmc_token *token = NULL;
    int status;

    if (value == NULL)
        return tpmc__fail(err, TPMC_ERR_PROTOCOL,
                          "Entra's answer has no 'access_token', or one that is no text");
    status = check_type(reply, err);
    if (status == 0)
        status = read_expiry(reply, moment, &expires_at_ms, err);
    if (status == 0)
        status = tpmc__token_new(value, expires_at_ms, &token, err);
    if (status != 0)
        return status;
    out->value = token;
    out->expires_at_ms = expires_at_ms;
    out->renew_at_ms = read_renewal(reply, moment, expires_at_ms);
    return 0;
}

int tpmc__entra_reply_read(const tpmc_http_response *response, const tpmc__entra_moment *moment,
                           tpmc__cache_entry *out, tpmc_error *err)
{
    tpmc__json *reply = NULL;
    int status;

    status =
        tpmc__json_parse(tpmc_http_response_body(response), tpmc_http_response_body_len(response),
                         TPMC__HTTP_MAX_BODY, "Entra's answer", &reply, err);
    if (status == TPMC_ERR_FORMAT)
        return tpmc__fail(err, TPMC_ERR_PROTOCOL,
                          "Entra's answer is not the JSON that a token comes in; a proxy or a "
                          "sign-in page may be in between");
    if (status == 0 && !tpmc__json_is_object(reply))
        status = tpmc__fail(err, TPMC_ERR_PROTOCOL, "Entra's answer is JSON, but not an object");
    if (status == 0)
        status = read_token(reply, moment, out, err);
    tpmc__json_free(reply);
    return status;
}
