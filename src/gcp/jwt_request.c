/* SPDX-License-Identifier: Apache-2.0 */
#include "gcp/jwt_request.h"

#include "base/error_int.h"
#include "base/option_table.h"
#include "codec/json.h"
#include "proto/jws.h"

/* 2020-01-01: a clock before it was never set. */
#define FIRST_PLAUSIBLE_S INT64_C(1577836800)
/* The most bytes of all scopes together. */
#define SCOPES_MAX 16384

/* All scopes with one blank between them. */
static int join_scopes(const tpmc__options *options, tpmc__buf *out, tpmc_error *err)
{
    size_t count = tpmc__options_item_count(options, TPMC__GCP_SCOPES);
    size_t i;

    for (i = 0; i < count; i++) {
        if (i > 0)
            (void)tpmc__buf_append_byte(out, ' ');
        (void)tpmc__buf_append_text(out, tpmc__options_item(options, TPMC__GCP_SCOPES, i));
    }
    return tpmc__buf_check(out, "what option 'scopes' holds", err);
}

int tpmc__gcp_check_options(const tpmc__options *options, tpmc_error *err)
{
    tpmc__buf scopes;
    int status;

    if (tpmc__options_text(options, TPMC__GCP_EMAIL) == NULL)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT,
                          "option 'email' is missing: the service account's e-mail address");
    if (tpmc__options_is_set(options, TPMC__GCP_AUDIENCE)) {
        if (tpmc__options_is_set(options, TPMC__GCP_SCOPES))
            return tpmc__fail(err, TPMC_ERR_ARGUMENT,
                              "options 'scopes' and 'audience' exclude each other: Google takes a "
                              "token with either of them, not with both");
        return 0;
    }
    tpmc__buf_init(&scopes, SCOPES_MAX);
    status = join_scopes(options, &scopes, err);
    tpmc__buf_free(&scopes);
    return status;
}

/* An unknown key id is left out, never null: Google then tries every key of the account. A failure
 * sticks to what is built, and printing it tells. */
static tpmc__json *build_header(const tpmc__options *options)
{
    const char *key_id = tpmc__options_text(options, TPMC__GCP_KEYID);
    tpmc__json *header = tpmc__json_new_object();

    (void)tpmc__json_add_text(header, "alg", "RS256");
    (void)tpmc__json_add_text(header, "typ", "JWT");
    if (key_id != NULL)
        (void)tpmc__json_add_text(header, "kid", key_id);
    return header;
}

/* What the token is for: one service, or scopes. */
static void add_target(const tpmc__options *options, tpmc__json *claims)
{
    const char *audience = tpmc__options_text(options, TPMC__GCP_AUDIENCE);
    tpmc__buf scopes;

    if (audience != NULL) {
        (void)tpmc__json_add_text(claims, "aud", audience);
        return;
    }
    tpmc__buf_init(&scopes, SCOPES_MAX);
    (void)join_scopes(options, &scopes, NULL);
    (void)tpmc__json_add_text(claims, "scope", (const char *)scopes.data);
    tpmc__buf_free(&scopes);
}

static tpmc__json *build_claims(const tpmc__options *options, int64_t issued_s, int64_t expires_s)
{
    const char *email = tpmc__options_text(options, TPMC__GCP_EMAIL);
    tpmc__json *claims = tpmc__json_new_object();

    (void)tpmc__json_add_text(claims, "iss", email);
    (void)tpmc__json_add_text(claims, "sub", email);
    add_target(options, claims);
    (void)tpmc__json_add_integer(claims, "iat", issued_s);
    (void)tpmc__json_add_integer(claims, "exp", expires_s);
    return claims;
}

/* Backdating must not make the token live longer than Google accepts. */
static int plan_times(const tpmc__options *options, int64_t now_ms, int64_t *issued_s,
                      int64_t *expires_s, tpmc_error *err)
{
    int64_t now_s = now_ms / 1000;
    int64_t latest_s;

    if (now_s < FIRST_PLAUSIBLE_S)
        return tpmc__fail(err, TPMC_ERR_CLOCK,
                          "the system's clock stands before the year 2020: set it, since Google "
                          "refuses tokens with a wrong time");
    *issued_s = now_s - TPMC__GCP_BACKDATE_S;
    *expires_s = now_s + tpmc__options_number(options, TPMC__GCP_EXPIRE_IN);
    latest_s = *issued_s + TPMC__GCP_MAX_LIFE_S;
    if (*expires_s > latest_s)
        *expires_s = latest_s;
    return 0;
}

int tpmc__gcp_self_signed_jwt(const tpmc__options *options, int64_t now_ms,
                              tpmc__buf *signing_input, int64_t *expires_at_ms, tpmc_error *err)
{
    tpmc__json *header = NULL;
    tpmc__json *claims = NULL;
    int64_t issued_s = 0;
    int64_t expires_s = 0;
    int status;

    status = tpmc__gcp_check_options(options, err);
    if (status != 0)
        goto out;
    status = plan_times(options, now_ms, &issued_s, &expires_s, err);
    if (status != 0)
        goto out;
    header = build_header(options);
    claims = build_claims(options, issued_s, expires_s);
    status = tpmc__jws_signing_input(header, claims, signing_input, err);
    if (status != 0)
        goto out;
    *expires_at_ms = expires_s * 1000;
out:
    tpmc__json_free(header);
    tpmc__json_free(claims);
    return status;
}
