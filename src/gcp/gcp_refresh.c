/* SPDX-License-Identifier: Apache-2.0 */
#include "gcp/gcp_refresh.h"

#include "base/error_int.h"
#include "gcp/gcp_failure.h"
#include "gcp/gdch_request.h"
#include "gcp/impersonation_request.h"
#include "gcp/impersonation_response.h"
#include "gcp/jwt_bearer_request.h"
#include "gcp/jwt_request.h"
#include "gcp/sts_exchange_request.h"
#include "proto/jws.h"
#include "proto/oauth_reply.h"
#include "proto/oidc_documents.h"
#include "proto/token_int.h"

/* No token of Google's lives longer, whatever an answer says. */
#define MAX_LIFE_S 43200
#define ID_LIFE_S 3600
#define KEY_ID_MAX 256

typedef int (*jwt_fn)(const tpmc__gcp_settings *settings, const tpmc__gcp_jwt_frame *frame,
                      tpmc__buf *out, int64_t *expires_at_ms, tpmc_error *err);

struct run;

/* One kind of call: what is asked with a signed JWT, and how the answer is read. */
typedef struct exchange {
    const tpmc__oauth_service *service;
    int (*build)(const struct run *run, const tpmc__buf *jwt, tpmc_http_request **out,
                 tpmc_error *err);
    int (*read)(struct run *run, const tpmc_http_response *response, tpmc_error *err);
} exchange;

/* What a kind of token begins with. */
typedef struct source {
    const char *algorithm; /* NULL: by the key */
    jwt_fn make_jwt;
    const exchange *exchange; /* NULL: the JWT is the token */
} source;

/* The making of one token. */
typedef struct run {
    const tpmc__gcp_maker *maker;
    const source *source;
    const char *algorithm;
    tpmc__buf thumbprint; /* id of the key of an issuer */
    int64_t deadline_ms;
    tpmc_token *bearer; /* who calls IAM; NULL: a JWT that the key signs for each request */
    const exchange *exchange;
    int64_t asked_at_ms; /* our clock, at the last request */
    int64_t offset_ms;
    tpmc_token *token; /* the last answer's */
} run;

static int build_jwt_bearer(const run *self, const tpmc__buf *jwt, tpmc_http_request **out,
                            tpmc_error *err)
{
    return tpmc__gcp_jwt_bearer_request(self->maker->settings, jwt, out, err);
}

static int build_sts(const run *self, const tpmc__buf *jwt, tpmc_http_request **out,
                     tpmc_error *err)
{
    return tpmc__gcp_sts_exchange_request(self->maker->settings, jwt, out, err);
}

static int build_gdch(const run *self, const tpmc__buf *jwt, tpmc_http_request **out,
                      tpmc_error *err)
{
    return tpmc__gcp_gdch_request(self->maker->settings, jwt, out, err);
}

static int build_iam(const run *self, const tpmc__buf *jwt, tpmc_http_request **out,
                     tpmc_error *err)
{
    const char *bearer =
        self->bearer != NULL ? tpmc_token_value(self->bearer) : (const char *)jwt->data;

    return tpmc__gcp_impersonation_request(self->maker->settings, bearer, out, err);
}

static int read_access_token(run *self, const tpmc_http_response *response, tpmc_error *err)
{
    const char *service = self->exchange->service->name;
    tpmc__json *reply = NULL;
    int status = tpmc__oauth_reply_read(response, service, &reply, err);

    if (status == 0)
        status = tpmc__oauth_reply_access_token(reply, service, self->asked_at_ms, MAX_LIFE_S,
                                                &self->token, err);
    tpmc__json_free(reply);
    return status;
}

/* A clock that is far behind may pass unnoticed: then what the answer says in times of its own
 * clock would be too late by ours. */
static int64_t latest_ms(const run *self, int64_t life_s)
{
    return self->asked_at_ms + life_s * 1000;
}

static int read_id_token(run *self, const tpmc_http_response *response, tpmc_error *err)
{
    const char *service = self->exchange->service->name;
    tpmc__json *reply = NULL;
    int status = tpmc__oauth_reply_read(response, service, &reply, err);

    if (status == 0)
        status = tpmc__oauth_reply_jwt(reply, "id_token", service, self->offset_ms,
                                       latest_ms(self, ID_LIFE_S), &self->token, err);
    tpmc__json_free(reply);
    return status;
}

static int read_iam(run *self, const tpmc_http_response *response, tpmc_error *err)
{
    const tpmc__gcp_settings *settings = self->maker->settings;
    int64_t lifetime_s = tpmc__options_number(settings->options, TPMC__GCP_LIFETIME);

    if (tpmc__gcp_kind(settings) == TPMC__GCP_KIND_ID)
        return tpmc__gcp_impersonated_id_token(response, self->offset_ms,
                                               latest_ms(self, ID_LIFE_S), &self->token, err);
    return tpmc__gcp_impersonated_access_token(response, self->offset_ms,
                                               latest_ms(self, lifetime_s), &self->token, err);
}

static const exchange access_exchange = { &tpmc__gcp_token_endpoint, build_jwt_bearer,
                                          read_access_token };
static const exchange id_exchange = { &tpmc__gcp_token_endpoint, build_jwt_bearer, read_id_token };
static const exchange sts_exchange = { &tpmc__gcp_sts, build_sts, read_access_token };
static const exchange gdch_exchange = { &tpmc__gcp_gdch, build_gdch, read_access_token };
static const exchange iam_exchange = { &tpmc__gcp_iam, build_iam, read_iam };

static const source sources[] = {
    [TPMC__GCP_KIND_JWT] = { "RS256", tpmc__gcp_self_signed_jwt, NULL },
    [TPMC__GCP_KIND_ACCESS] = { "RS256", tpmc__gcp_assertion, &access_exchange },
    [TPMC__GCP_KIND_ID] = { "RS256", tpmc__gcp_assertion, &id_exchange },
    [TPMC__GCP_KIND_FEDERATED] = { NULL, tpmc__gcp_subject_token, &sts_exchange },
    [TPMC__GCP_KIND_GDCH] = { "ES256", tpmc__gcp_gdch_assertion, &gdch_exchange },
};

/* IAM makes ID tokens by itself: there the account's own JWT only says who asks. */
static const source *source_of(const tpmc__gcp_settings *settings)
{
    int kind = tpmc__gcp_kind(settings);

    if (kind == TPMC__GCP_KIND_ID && tpmc__gcp_iam_account(settings) != NULL)
        kind = TPMC__GCP_KIND_JWT;
    return &sources[kind];
}

static int check_algorithm(const run *self, tpmc_error *err)
{
    int status = tpmc_key_supports(self->maker->key, self->algorithm, err);

    if (status != TPMC_ERR_UNSUPPORTED)
        return status;
    if (self->source == &sources[TPMC__GCP_KIND_GDCH])
        tpmc__error_prefix(err, "Google Distributed Cloud takes a service account's tokens only "
                                "with an ES256 signature, which needs an EC key on P-256");
    else
        tpmc__error_prefix(err, "Google takes a service account's tokens only with an RS256 "
                                "signature, which needs an RSA key that may use RSASSA");
    return status;
}

/* Opens the key, which may ask a person for a password, before the time is taken. */
static int prepare_key(run *self, tpmc_error *err)
{
    tpmc_key *key = self->maker->key;
    int status;

    self->algorithm = self->source->algorithm;
    if (self->algorithm != NULL) {
        status = check_algorithm(self, err);
    } else {
        status = tpmc__oidc_algorithm(key, &self->algorithm, err);
        if (status == 0)
            status = tpmc__oidc_key_id(key, self->algorithm, &self->thumbprint, err);
    }
    return status == 0 ? tpmc_key_open(key, err) : status;
}

static int start(run *self, const tpmc__gcp_maker *maker, const source *from, tpmc_error *err)
{
    int status;

    *self = (run){ .maker = maker, .source = from };
    tpmc__buf_init(&self->thumbprint, KEY_ID_MAX);
    status = prepare_key(self, err);
    if (status == 0)
        status = tpmc__env_monotonic_ms(maker->env, &self->deadline_ms, err);
    self->deadline_ms += tpmc__options_number(&maker->env->options, TPMC__ENV_TIMEOUT_MS);
    return status;
}

static void finish(run *self)
{
    tpmc__buf_free(&self->thumbprint);
    tpmc_token_free(self->bearer);
    tpmc_token_free(self->token);
}

/* Signs at our own time and the offset. `*expires_at_ms` is in the verifier's time. */
static int sign(const run *self, tpmc__buf *jwt, int64_t *expires_at_ms, tpmc_error *err)
{
    const tpmc__gcp_settings *settings = self->maker->settings;
    tpmc__gcp_jwt_frame frame = { .algorithm = self->algorithm };
    int status;

    frame.key_id = self->source->algorithm == NULL ? (const char *)self->thumbprint.data
                                                   : tpmc__gcp_text(settings, TPMC__GCP_KEYID);
    frame.time_ms = self->asked_at_ms + self->offset_ms;
    status = self->source->make_jwt(settings, &frame, jwt, expires_at_ms, err);
    return status == 0 ? tpmc__jws_sign(self->maker->key, self->algorithm, jwt, err) : status;
}

static int build(void *context, int attempt, int64_t offset_ms, tpmc_http_request **out,
                 tpmc_error *err)
{
    run *self = context;
    int64_t expires_at_ms = 0;
    tpmc__buf jwt;
    int status = tpmc__env_wall_ms(self->maker->env, &self->asked_at_ms, err);

    (void)attempt;
    self->offset_ms = offset_ms;
    tpmc__buf_init(&jwt, TPMC__JWS_MAX);
    if (status == 0 && self->bearer == NULL)
        status = sign(self, &jwt, &expires_at_ms, err);
    if (status == 0)
        status = self->exchange->build(self, &jwt, out, err);
    tpmc__buf_free(&jwt);
    return status;
}

static int judge(void *context, const tpmc_http_response *response, int *verdict, tpmc_error *err)
{
    run *self = context;
    int http_status = tpmc_http_response_status(response);

    if (http_status >= 200 && http_status <= 299)
        return self->exchange->read(self, response, err);
    return tpmc__oauth_failure(response, self->exchange->service, verdict, err);
}

static int call(run *self, const exchange *step, tpmc_error *err)
{
    tpmc__http_flow flow = {
        .build = build,
        .judge = judge,
        .clock = self->maker->clock,
        .deadline_ms = self->deadline_ms,
    };

    self->exchange = step;
    return tpmc__http_call(self->maker->env, &flow, self, err);
}

/* The JWT itself is the token. */
static int sign_token(run *self, tpmc_error *err)
{
    int64_t expires_at_ms = 0;
    tpmc__buf jwt;
    int status = tpmc__env_wall_ms(self->maker->env, &self->asked_at_ms, err);

    self->offset_ms = tpmc__http_clock_offset(self->maker->env, self->maker->clock);
    tpmc__buf_init(&jwt, TPMC__JWS_MAX);
    if (status == 0)
        status = sign(self, &jwt, &expires_at_ms, err);
    if (status == 0)
        status = tpmc__token_new((const char *)jwt.data, expires_at_ms - self->offset_ms,
                                 &self->token, err);
    tpmc__buf_free(&jwt);
    return status;
}

static int impersonate(run *self, tpmc_error *err)
{
    int status = 0;

    if (self->source->exchange != NULL)
        status = call(self, self->source->exchange, err);
    self->bearer = self->token;
    self->token = NULL;
    return status == 0 ? call(self, &iam_exchange, err) : status;
}

static int make(run *self, tpmc_error *err)
{
    if (tpmc__gcp_iam_account(self->maker->settings) != NULL)
        return impersonate(self, err);
    if (self->source->exchange != NULL)
        return call(self, self->source->exchange, err);
    return sign_token(self, err);
}

static int make_from(const tpmc__gcp_maker *maker, const source *from,
                     int (*step)(run *self, tpmc_error *err), tpmc_token **out, tpmc_error *err)
{
    run self;
    int status = start(&self, maker, from, err);

    *out = NULL;
    if (status == 0)
        status = step(&self, err);
    if (status == 0) {
        *out = self.token;
        self.token = NULL;
    }
    finish(&self);
    return status;
}

int tpmc__gcp_make_token(const tpmc__gcp_maker *maker, tpmc_token **out, tpmc_error *err)
{
    return make_from(maker, source_of(maker->settings), make, out, err);
}

int tpmc__gcp_make_subject_token(const tpmc__gcp_maker *maker, tpmc_token **out, tpmc_error *err)
{
    return make_from(maker, &sources[TPMC__GCP_KIND_FEDERATED], sign_token, out, err);
}
