/* SPDX-License-Identifier: Apache-2.0 */
#include "gcp/jwt_request.h"

#include "base/error_int.h"
#include "codec/json.h"
#include "gcp/scope_text.h"
#include "proto/jws.h"

/* 2020-01-01: a clock before it was never set. */
#define FIRST_PLAUSIBLE_S INT64_C(1577836800)
#define GDCH_SUBJECT_MAX 512

/* An unknown key id is left out, never null: Google then tries every key of the account. A failure
 * sticks to what is built, and printing it tells. */
static tpmc__json *build_header(const tpmc__gcp_jwt_frame *frame)
{
    tpmc__json *header = tpmc__json_new_object();

    (void)tpmc__json_add_text(header, "alg", frame->algorithm);
    (void)tpmc__json_add_text(header, "typ", "JWT");
    if (frame->key_id != NULL)
        (void)tpmc__json_add_text(header, "kid", frame->key_id);
    return header;
}

/* Backdating must not make the token live longer than Google accepts. */
static int plan_times(const tpmc__gcp_settings *settings, int64_t now_ms, int64_t *issued_s,
                      int64_t *expires_s, tpmc_error *err)
{
    int64_t now_s = now_ms / 1000;
    int64_t latest_s;

    if (now_s < FIRST_PLAUSIBLE_S)
        return tpmc__fail(err, TPMC_ERR_CLOCK,
                          "the system's clock stands before the year 2020: set it, since Google "
                          "refuses tokens with a wrong time");
    *issued_s = now_s - TPMC__GCP_BACKDATE_S;
    *expires_s = now_s + tpmc__options_number(settings->options, TPMC__GCP_EXPIRE_IN);
    latest_s = *issued_s + TPMC__GCP_MAX_LIFE_S;
    if (*expires_s > latest_s)
        *expires_s = latest_s;
    return 0;
}

/* Adds the times to the claims, which are freed, and makes the signing input. */
static int finish(const tpmc__gcp_settings *settings, const tpmc__gcp_jwt_frame *frame,
                  tpmc__json *claims, tpmc__buf *out, int64_t *expires_at_ms, tpmc_error *err)
{
    tpmc__json *header = NULL;
    int64_t issued_s = 0;
    int64_t expires_s = 0;
    int status = plan_times(settings, frame->time_ms, &issued_s, &expires_s, err);

    if (status == 0) {
        (void)tpmc__json_add_integer(claims, "iat", issued_s);
        (void)tpmc__json_add_integer(claims, "exp", expires_s);
        header = build_header(frame);
        status = tpmc__jws_signing_input(header, claims, out, err);
        *expires_at_ms = expires_s * 1000;
    }
    tpmc__json_free(header);
    tpmc__json_free(claims);
    return status;
}

static void add_scopes(const tpmc__gcp_settings *settings, tpmc__json *claims)
{
    tpmc__buf scopes;

    tpmc__buf_init(&scopes, TPMC__GCP_SCOPES_MAX);
    (void)tpmc__gcp_source_scopes(settings, &scopes, NULL);
    (void)tpmc__json_add_text(claims, "scope", (const char *)scopes.data);
    tpmc__buf_free(&scopes);
}

int tpmc__gcp_self_signed_jwt(const tpmc__gcp_settings *settings, const tpmc__gcp_jwt_frame *frame,
                              tpmc__buf *out, int64_t *expires_at_ms, tpmc_error *err)
{
    const char *email = tpmc__gcp_text(settings, TPMC__GCP_EMAIL);
    const char *audience = tpmc__gcp_text(settings, TPMC__GCP_AUDIENCE);
    tpmc__json *claims = tpmc__json_new_object();

    (void)tpmc__json_add_text(claims, "iss", email);
    (void)tpmc__json_add_text(claims, "sub", email);
    if (audience != NULL && tpmc__gcp_iam_account(settings) == NULL)
        (void)tpmc__json_add_text(claims, "aud", audience);
    else
        add_scopes(settings, claims);
    return finish(settings, frame, claims, out, expires_at_ms, err);
}

int tpmc__gcp_assertion(const tpmc__gcp_settings *settings, const tpmc__gcp_jwt_frame *frame,
                        tpmc__buf *out, int64_t *expires_at_ms, tpmc_error *err)
{
    const char *subject = tpmc__gcp_text(settings, TPMC__GCP_SUBJECT);
    tpmc__json *claims = tpmc__json_new_object();

    (void)tpmc__json_add_text(claims, "iss", tpmc__gcp_text(settings, TPMC__GCP_EMAIL));
    if (subject != NULL)
        (void)tpmc__json_add_text(claims, "sub", subject);
    (void)tpmc__json_add_text(claims, "aud", TPMC__GCP_TOKEN_AUDIENCE);
    if (tpmc__gcp_kind(settings) == TPMC__GCP_KIND_ID)
        (void)tpmc__json_add_text(claims, "target_audience",
                                  tpmc__gcp_text(settings, TPMC__GCP_AUDIENCE));
    else
        add_scopes(settings, claims);
    return finish(settings, frame, claims, out, expires_at_ms, err);
}

/* A provider without a list of allowed audiences takes its own name, as a URL. */
static void add_pool_audience(const tpmc__gcp_settings *settings, tpmc__json *claims)
{
    const char *audience = tpmc__gcp_text(settings, TPMC__GCP_AUDIENCE);
    const char *pool = tpmc__gcp_text(settings, TPMC__GCP_POOL_AUDIENCE);
    tpmc__buf text;

    tpmc__buf_init(&text, TPMC__JWS_MAX);
    if (audience == NULL)
        (void)tpmc__buf_append_text(&text, "https:");
    (void)tpmc__buf_append_text(&text, audience != NULL ? audience : pool);
    (void)tpmc__json_add_text(claims, "aud", (const char *)text.data);
    tpmc__buf_free(&text);
}

int tpmc__gcp_subject_token(const tpmc__gcp_settings *settings, const tpmc__gcp_jwt_frame *frame,
                            tpmc__buf *out, int64_t *expires_at_ms, tpmc_error *err)
{
    tpmc__json *claims = tpmc__json_new_object();

    (void)tpmc__json_add_text(claims, "iss", tpmc__gcp_text(settings, TPMC__GCP_ISSUER));
    (void)tpmc__json_add_text(claims, "sub",
                              tpmc__gcp_text(settings, TPMC__GCP_FEDERATION_SUBJECT));
    add_pool_audience(settings, claims);
    return finish(settings, frame, claims, out, expires_at_ms, err);
}

int tpmc__gcp_gdch_assertion(const tpmc__gcp_settings *settings, const tpmc__gcp_jwt_frame *frame,
                             tpmc__buf *out, int64_t *expires_at_ms, tpmc_error *err)
{
    tpmc__json *claims = tpmc__json_new_object();
    const char *account = NULL;
    tpmc__buf text;

    tpmc__buf_init(&text, GDCH_SUBJECT_MAX);
    (void)tpmc__buf_append_text(&text, "system:serviceaccount:");
    (void)tpmc__buf_append_text(&text, tpmc__gcp_text(settings, TPMC__GCP_GDCH_PROJECT));
    (void)tpmc__buf_append_byte(&text, ':');
    (void)tpmc__buf_append_text(&text, tpmc__gcp_text(settings, TPMC__GCP_GDCH_NAME));
    account = (const char *)text.data;
    (void)tpmc__json_add_text(claims, "iss", account);
    (void)tpmc__json_add_text(claims, "sub", account);
    tpmc__buf_free(&text);
    (void)tpmc__json_add_text(claims, "aud", tpmc__gcp_text(settings, TPMC__GCP_TOKEN_URI));
    return finish(settings, frame, claims, out, expires_at_ms, err);
}
