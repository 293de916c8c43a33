/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/oauth_reply.h"

#include <string.h>

#include "base/error_int.h"
#include "codec/base64.h"
#include "codec/text.h"
#include "codec/time_text.h"
#include "http/ascii.h"
#include "http/http_int.h"
#include "proto/token_int.h"

#define MS_PER_SECOND 1000
#define SECONDS_MAX INT64_C(253402300799) /* the last one of TPMC__TIME_MAX_MS */
#define CLAIMS_MAX 65536
#define BEARER "Bearer"
#define BEARER_LEN (sizeof(BEARER) - 1)

static int fail_unusable(const char *service, tpmc_error *err)
{
    tpmc__error_prefix(err, "%s sent an unusable answer", service);
    return TPMC_ERR_PROTOCOL;
}

int tpmc__oauth_reply_read(const tpmc_http_response *response, const char *service,
                           tpmc__json **out, tpmc_error *err)
{
    tpmc__json *json = NULL;
    int status =
        tpmc__json_parse(tpmc_http_response_body(response), tpmc_http_response_body_len(response),
                         TPMC__HTTP_MAX_BODY, "its body", &json, err);

    *out = NULL;
    if (status == TPMC_ERR_NOMEM)
        return status;
    if (status == 0 && tpmc__json_is_object(json)) {
        *out = json;
        return 0;
    }
    tpmc__json_free(json);
    (void)tpmc__fail(err, TPMC_ERR_PROTOCOL,
                     "the body is no JSON object; look at the endpoint and for a proxy in between");
    return fail_unusable(service, err);
}

/* -1 for what is no such number. */
static int64_t seconds_of(const tpmc__json *value)
{
    const char *text = tpmc__json_text(value);
    int64_t seconds = -1;
    double number = -1;

    if (text != NULL)
        return tpmc__decimal_parse(text, strlen(text), &seconds) == 0 && seconds <= SECONDS_MAX
                   ? seconds
                   : -1;
    if (tpmc__json_number(value, &number) != 0 || !(number >= 0 && number <= (double)SECONDS_MAX))
        return -1;
    return (int64_t)number;
}

int tpmc__oauth_reply_seconds(const tpmc__json *reply, const char *name, const char *service,
                              int64_t *seconds, tpmc_error *err)
{
    const tpmc__json *value = tpmc__json_member(reply, name);

    *seconds = -1;
    if (value == NULL)
        return 0;
    *seconds = seconds_of(value);
    if (*seconds >= 0)
        return 0;
    (void)tpmc__fail(err, TPMC_ERR_PROTOCOL, "its '%s' is no number of seconds", name);
    return fail_unusable(service, err);
}

/* What the caller sends on is a bearer token; where the type is not named it can be no other. */
static int check_type(const tpmc__json *reply, tpmc_error *err)
{
    const tpmc__json *member = tpmc__json_member(reply, "token_type");
    const char *type = tpmc__json_text(member);

    if (member == NULL ||
        (type != NULL && strlen(type) == BEARER_LEN && tpmc__ascii_equal(type, BEARER, BEARER_LEN)))
        return 0;
    return tpmc__fail(err, TPMC_ERR_PROTOCOL, "its token is of the type '%s', not a bearer token",
                      type != NULL ? type : "?");
}

static int make_access_token(const tpmc__json *reply, int64_t expires_at_ms, tpmc_token **out,
                             tpmc_error *err)
{
    const char *value = tpmc__json_text(tpmc__json_member(reply, "access_token"));
    int status;

    if (value == NULL)
        return tpmc__fail(err, TPMC_ERR_PROTOCOL, "it has no 'access_token'");
    status = check_type(reply, err);
    return status == 0 ? tpmc__token_new(value, expires_at_ms, out, err) : status;
}

int tpmc__oauth_reply_bearer(const tpmc__json *reply, const char *service, int64_t expires_at_ms,
                             tpmc_token **out, tpmc_error *err)
{
    int status;

    *out = NULL;
    status = make_access_token(reply, expires_at_ms, out, err);
    return status == TPMC_ERR_PROTOCOL ? fail_unusable(service, err) : status;
}

int tpmc__oauth_reply_access_token(const tpmc__json *reply, const char *service,
                                   int64_t asked_at_ms, int64_t max_life_s, tpmc_token **out,
                                   tpmc_error *err)
{
    int64_t life_s = -1;
    int status = tpmc__oauth_reply_seconds(reply, "expires_in", service, &life_s, err);

    *out = NULL;
    if (status != 0)
        return status;
    if (life_s > max_life_s)
        life_s = max_life_s;
    if (life_s > 0)
        return tpmc__oauth_reply_bearer(reply, service, asked_at_ms + life_s * MS_PER_SECOND, out,
                                        err);
    (void)tpmc__fail(err, TPMC_ERR_PROTOCOL,
                     "it does not say in 'expires_in' how long the token lives");
    return fail_unusable(service, err);
}

/* The claims of a compact JWS; TPMC_ERR_FORMAT or TPMC_ERR_NOMEM. */
static int parse_claims(const char *jwt, tpmc__json **out)
{
    const char *begin = strchr(jwt, '.');
    const char *end = begin != NULL ? strchr(begin + 1, '.') : NULL;
    tpmc__buf text;
    int status;

    if (end == NULL)
        return TPMC_ERR_FORMAT;
    tpmc__buf_init(&text, CLAIMS_MAX);
    status = tpmc__base64url_decode(begin + 1, (size_t)(end - begin - 1), &text);
    if (status == 0)
        status = tpmc__json_parse(text.data, text.len, CLAIMS_MAX, "the claims", out, NULL);
    tpmc__buf_free(&text);
    return status;
}

/* NumericDate of RFC 7519, which may have a fraction. */
static int read_expiry(const char *jwt, int64_t *ms)
{
    tpmc__json *claims = NULL;
    double seconds = 0;
    int status = parse_claims(jwt, &claims);

    if (status == 0)
        status = tpmc__json_number(tpmc__json_member(claims, "exp"), &seconds);
    tpmc__json_free(claims);
    if (status != 0)
        return status;
    if (!(seconds > 0 && seconds * MS_PER_SECOND <= (double)TPMC__TIME_MAX_MS))
        return TPMC_ERR_FORMAT;
    *ms = (int64_t)seconds * MS_PER_SECOND;
    return 0;
}

int tpmc__oauth_reply_jwt(const tpmc__json *reply, const char *name, const char *service,
                          int64_t offset_ms, int64_t latest_ms, tpmc_token **out, tpmc_error *err)
{
    const char *value = tpmc__json_text(tpmc__json_member(reply, name));
    int64_t expires_at_ms = 0;
    int status = value != NULL ? read_expiry(value, &expires_at_ms) : 0;

    *out = NULL;
    expires_at_ms -= offset_ms;
    if (expires_at_ms > latest_ms)
        expires_at_ms = latest_ms;
    if (value == NULL)
        status = tpmc__fail(err, TPMC_ERR_PROTOCOL, "it has no '%s'", name);
    else if (status == TPMC_ERR_NOMEM)
        return tpmc__fail_nomem(err);
    else if (status != 0)
        status =
            tpmc__fail(err, TPMC_ERR_PROTOCOL, "its '%s' is no JWT that says when it ends", name);
    else
        status = tpmc__token_new(value, expires_at_ms, out, err);
    return status == TPMC_ERR_PROTOCOL ? fail_unusable(service, err) : status;
}
