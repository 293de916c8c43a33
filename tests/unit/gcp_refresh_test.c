/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/gcp_fixture.h"

#include <stdlib.h>
#include <unistd.h>

#include <openssl/ec.h>

#include "codec/base64.h"
#include "codec/json.h"
#include "tpmcloud/gcp.h"
#include "unit/each_allocation.h"
#include "unit/fake_env.h"
#include "unit/software_signer.h"

#define CALLS_MAX 8
#define BODY_MAX 16384
#define TOKEN_URL "https://oauth2.googleapis.com/token"
#define STS_URL "https://sts.googleapis.com/v1/token"
#define IAM_URL                                                                                    \
    "https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/"                         \
    "target%40project.iam.gserviceaccount.com"
#define ACCESS "{\"access_token\":\"ya29.own\",\"expires_in\":3599,\"token_type\":\"Bearer\"}"
#define IMPERSONATED "{\"accessToken\":\"ya29.target\",\"expireTime\":\"2025-06-15T16:06:40Z\"}"
/* exp is 1750003600, an hour after the fake wall clock. */
#define ID_TOKEN "eyJhbGciOiJub25lIn0.eyJleHAiOjE3NTAwMDM2MDB9.c2ln"
#define SKEWED                                                                                     \
    "{\"error\":\"invalid_grant\",\"error_description\":\"Invalid JWT: Token must be a "           \
    "short-lived token (60 minutes) and in a reasonable timeframe.\"}"
/* An hour before and after the fake wall clock. */
#define AN_HOUR_EARLIER "Sun, 15 Jun 2025 14:06:40 GMT"
#define HOUR_S 3600
#define FEDERATED                                                                                  \
    { "kind", "federated" }, { "issuer", "https://i.example" }, { "federation_subject", "me" },    \
    {                                                                                              \
        "pool_audience", POOL                                                                      \
    }

typedef struct answer {
    int status;
    const char *body;
    const char *date;
} answer;

/* What was asked. */
typedef struct call {
    char url[256];
    char body[BODY_MAX];
    char bearer[4096];
} call;

typedef struct bench {
    fake_env fake;
    software_signer signer;
    tpmc_env *env;
    tpmc_key *key;
    tpmc_gcp *gcp;
    tpmc_error *err;
    const answer *answers; /* one for each call, the last one for all others */
    size_t answer_count;
    size_t call_count;
    call calls[CALLS_MAX];
    int64_t takes_ms;
} bench;

static EVP_PKEY *rsa;
static EVP_PKEY *ec;

static int exchange(void *user, const tpmc_http_request *request, tpmc_http_response *response)
{
    bench *b = user;
    size_t n = b->call_count < b->answer_count ? b->call_count : b->answer_count - 1;
    call *now = &b->calls[b->call_count];
    const char *bearer = header_of(request, "Authorization");
    int status;

    check(b->call_count < CALLS_MAX);
    memset(now, 0, sizeof(*now));
    check(tpmc_http_request_body_len(request) < BODY_MAX);
    memcpy(now->body, tpmc_http_request_body(request), tpmc_http_request_body_len(request));
    (void)strncpy(now->url, tpmc_http_request_url(request), sizeof(now->url) - 1);
    if (bearer != NULL)
        (void)strncpy(now->bearer, bearer, sizeof(now->bearer) - 1);
    b->call_count++;
    fake_env_pass(&b->fake, b->takes_ms);
    status = tpmc_http_response_set_status(response, b->answers[n].status, NULL);
    if (status == 0 && b->answers[n].date != NULL)
        status = tpmc_http_response_add_header(response, "Date", b->answers[n].date, NULL);
    if (status == 0)
        status = tpmc_http_response_append_body(response, b->answers[n].body,
                                                strlen(b->answers[n].body), NULL);
    return status;
}

static int sleep_ms(void *user, int64_t ms)
{
    bench *b = user;

    fake_env_pass(&b->fake, ms);
    return 0;
}

/* For EC, where the callback gives DER. */
static int sign_ec(void *user, const char *algorithm, const uint8_t *data, size_t len, uint8_t *out,
                   size_t capacity, size_t *out_len)
{
    bench *b = user;
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, ec, NULL);

    check(strcmp(algorithm, "ES256") == 0);
    check(EVP_PKEY_sign_init(ctx) == 1);
    *out_len = capacity;
    check(EVP_PKEY_sign(ctx, out, out_len, data, len) == 1);
    EVP_PKEY_CTX_free(ctx);
    atomic_fetch_add(&b->signer.calls, 1);
    return 0;
}

static tpmc_key *ec_key(bench *b)
{
    unsigned char *spki = NULL;
    tpmc_key *key = NULL;
    int len = i2d_PUBKEY(ec, &spki);

    check(tpmc_key_new_callback(b->env, spki, (size_t)len, sign_ec, b, NULL, &key, NULL) == 0);
    OPENSSL_free(spki);
    return key;
}

static void set_all(tpmc_gcp *gcp, const setting *settings)
{
    for (; settings->name != NULL; settings++)
        assert_int_equal(tpmc_gcp_set(gcp, settings->name, settings->value, NULL), 0);
}

static bench *new_bench(EVP_PKEY *pkey, const setting *settings, const answer *answers,
                        size_t answer_count)
{
    bench *b = calloc(1, sizeof(*b));

    assert_non_null(b);
    b->env = fake_env_new(&b->fake);
    assert_int_equal(tpmc_env_set_http(b->env, exchange, b, NULL, NULL), 0);
    assert_int_equal(tpmc_env_set_sleep(b->env, sleep_ms, b, NULL, NULL), 0);
    b->signer.key = rsa;
    b->key = pkey == rsa ? software_signer_key(&b->signer, b->env) : ec_key(b);
    b->answers = answers;
    b->answer_count = answer_count;
    assert_int_equal(tpmc_error_new(&b->err), 0);
    assert_int_equal(tpmc_gcp_new(b->env, b->key, &b->gcp, b->err), 0);
    set_all(b->gcp, settings);
    return b;
}

static void free_bench(bench *b)
{
    tpmc_gcp_free(b->gcp);
    tpmc_key_free(b->key);
    tpmc_env_free(b->env);
    tpmc_error_free(b->err);
    free(b);
}

static void expect_token(bench *b, const char *value, int64_t expires_at_ms)
{
    tpmc_token *token = NULL;

    expect_success(tpmc_gcp_get_token(b->gcp, &token, b->err), b->err);
    assert_string_equal(tpmc_token_value(token), value);
    assert_string_equal(tpmc_token_type(token), "Bearer");
    assert_int_equal(tpmc_token_expires_at_ms(token), expires_at_ms);
    tpmc_token_free(token);
}

static void expect_refusal(bench *b, int code, const char *words)
{
    tpmc_token *token = (tpmc_token *)b;

    expect_failure(tpmc_gcp_get_token(b->gcp, &token, b->err), b->err, code, words);
    assert_null(token);
    assert_null(strstr(tpmc_error_text(b->err), "eyJ"));
}

/* The claims of the JWT that begins at `text`. */
static tpmc__json *claims_at(const char *text)
{
    const char *begin = strchr(text, '.');
    tpmc__json *claims = NULL;
    tpmc__buf bytes;

    assert_non_null(begin);
    tpmc__buf_init(&bytes, BODY_MAX);
    assert_int_equal(tpmc__base64url_decode(begin + 1, strcspn(begin + 1, "."), &bytes), 0);
    assert_int_equal(tpmc__json_parse(bytes.data, bytes.len, BODY_MAX, "claims", &claims, NULL), 0);
    tpmc__buf_free(&bytes);
    return claims;
}

static void expect_issued_at(const char *jwt, int64_t seconds)
{
    tpmc__json *claims = claims_at(jwt);
    int64_t value = 0;

    assert_int_equal(tpmc__json_integer(tpmc__json_member(claims, "iat"), &value), 0);
    assert_int_equal(value, seconds);
    tpmc__json_free(claims);
}

static void expect_claim(const char *jwt, const char *name, const char *text)
{
    tpmc__json *claims = claims_at(jwt);

    assert_string_equal(tpmc__json_text(tpmc__json_member(claims, name)), text);
    tpmc__json_free(claims);
}

static void an_assertion_becomes_an_access_token(void **state)
{
    static const setting settings[] = { { "email", EMAIL }, { "kind", "access" }, { NULL, NULL } };
    static const answer answers[] = { { 200, ACCESS, NULL } };
    bench *b = new_bench(rsa, settings, answers, 1);

    (void)state;
    /* It lives from when it was asked for, not from when it came. */
    b->takes_ms = 1000;
    expect_token(b, "ya29.own", FAKE_WALL_MS + 3599 * 1000);
    expect_token(b, "ya29.own", FAKE_WALL_MS + 3599 * 1000);
    assert_int_equal(b->call_count, 1);
    assert_int_equal(atomic_load(&b->signer.calls), 1);
    assert_string_equal(b->calls[0].url, TOKEN_URL);
    expect_claim(strstr(b->calls[0].body, "&assertion="), "scope", PLATFORM);
    assert_string_equal(b->calls[0].bearer, "");
    free_bench(b);
}

static void an_assertion_becomes_an_id_token(void **state)
{
    static const setting settings[] = {
        { "email", EMAIL }, { "kind", "id" }, { "audience", "https://a/" }, { NULL, NULL }
    };
    static const answer answers[] = { { 200, "{\"id_token\":\"" ID_TOKEN "\"}", NULL } };
    bench *b = new_bench(rsa, settings, answers, 1);

    (void)state;
    expect_token(b, ID_TOKEN, INT64_C(1750003600000));
    assert_string_equal(b->calls[0].url, TOKEN_URL);
    expect_claim(strstr(b->calls[0].body, "&assertion="), "target_audience", "https://a/");
    free_bench(b);
}

static void a_jwt_of_its_own_asks_for_another_account(void **state)
{
    static const setting settings[] = {
        { "email", EMAIL }, { "impersonate", TARGET }, { "scopes", "s" }, { NULL, NULL }
    };
    static const answer answers[] = { { 200, IMPERSONATED, NULL } };
    bench *b = new_bench(rsa, settings, answers, 1);

    (void)state;
    expect_token(b, "ya29.target", INT64_C(1750003600000));
    assert_int_equal(b->call_count, 1);
    assert_string_equal(b->calls[0].url, IAM_URL ":generateAccessToken");
    assert_string_equal(b->calls[0].body, "{\"scope\":[\"s\"],\"lifetime\":\"3600s\"}");
    expect_claim(b->calls[0].bearer, "scope", "https://www.googleapis.com/auth/iam");
    free_bench(b);
}

static void an_access_token_asks_for_another_account(void **state)
{
    static const setting settings[] = {
        { "email", EMAIL }, { "kind", "access" }, { "impersonate", TARGET }, { NULL, NULL }
    };
    static const answer answers[] = { { 200, ACCESS, NULL }, { 200, IMPERSONATED, NULL } };
    bench *b = new_bench(rsa, settings, answers, 2);

    (void)state;
    expect_token(b, "ya29.target", INT64_C(1750003600000));
    assert_int_equal(b->call_count, 2);
    assert_string_equal(b->calls[0].url, TOKEN_URL);
    assert_string_equal(b->calls[1].url, IAM_URL ":generateAccessToken");
    assert_string_equal(b->calls[1].bearer, "Bearer ya29.own");
    assert_int_equal(atomic_load(&b->signer.calls), 1);
    free_bench(b);
}

static void iam_makes_id_tokens_of_other_universes(void **state)
{
    static const setting settings[] = { { "email", EMAIL },
                                        { "kind", "id" },
                                        { "audience", "https://a/" },
                                        { "universe_domain", "u.example" },
                                        { NULL, NULL } };
    static const answer answers[] = { { 200, "{\"token\":\"" ID_TOKEN "\"}", NULL } };
    bench *b = new_bench(rsa, settings, answers, 1);

    (void)state;
    expect_token(b, ID_TOKEN, INT64_C(1750003600000));
    assert_string_equal(b->calls[0].url,
                        "https://iamcredentials.u.example/v1/projects/-/serviceAccounts/"
                        "robot%40project.iam.gserviceaccount.com:generateIdToken");
    expect_claim(b->calls[0].bearer, "iss", EMAIL);
    free_bench(b);
}

static void expect_key_id(const char *jwt, tpmc_gcp *gcp)
{
    tpmc_bytes *jwks = NULL;
    tpmc__json *header = NULL;
    tpmc__buf bytes;
    const char *text;

    tpmc__buf_init(&bytes, BODY_MAX);
    assert_int_equal(tpmc__base64url_decode(jwt, strcspn(jwt, "."), &bytes), 0);
    assert_int_equal(tpmc__json_parse(bytes.data, bytes.len, BODY_MAX, "header", &header, NULL), 0);
    text = tpmc__json_text(tpmc__json_member(header, "kid"));
    assert_int_equal(tpmc_gcp_make_jwks(gcp, &jwks, NULL), 0);
    assert_non_null(strstr((const char *)tpmc_bytes_data(jwks), text));
    tpmc_bytes_free(jwks);
    tpmc__json_free(header);
    tpmc__buf_free(&bytes);
}

static void a_key_is_its_own_issuer(void **state)
{
    static const setting settings[] = { FEDERATED, { NULL, NULL } };
    static const answer answers[] = { { 200, ACCESS, NULL } };
    EVP_PKEY *keys[] = { rsa, ec };

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        bench *b = new_bench(keys[i], settings, answers, 1);
        const char *subject;

        expect_token(b, "ya29.own", FAKE_WALL_MS + 3599 * 1000);
        assert_string_equal(b->calls[0].url, STS_URL);
        subject = strstr(b->calls[0].body, "&subject_token=") + strlen("&subject_token=");
        expect_claim(subject, "iss", "https://i.example");
        expect_key_id(subject, b->gcp);
        free_bench(b);
    }
}

static void federation_and_impersonation_go_together(void **state)
{
    static const setting settings[] = { FEDERATED, { "impersonate", TARGET }, { NULL, NULL } };
    static const answer answers[] = { { 200, ACCESS, NULL }, { 200, IMPERSONATED, NULL } };
    bench *b = new_bench(ec, settings, answers, 2);

    (void)state;
    expect_token(b, "ya29.target", INT64_C(1750003600000));
    assert_non_null(
        strstr(b->calls[0].body, "&scope=https%3A%2F%2Fwww.googleapis.com%2Fauth%2Fiam&"));
    assert_string_equal(b->calls[1].bearer, "Bearer ya29.own");
    free_bench(b);
}

static const setting gdch_settings[] = {
    { "kind", "gdch" },           { "gdch_project", "p" },
    { "gdch_name", "n" },         { "token_uri", "https://g.example/authenticate" },
    { "audience", "https://a/" }, { NULL, NULL }
};

static void distributed_cloud_takes_an_ec_key(void **state)
{
    static const answer answers[] = { { 200, ACCESS, NULL } };
    bench *b = new_bench(ec, gdch_settings, answers, 1);
    const char *subject;

    (void)state;
    expect_token(b, "ya29.own", FAKE_WALL_MS + 3599 * 1000);
    assert_string_equal(b->calls[0].url, "https://g.example/authenticate");
    subject = strstr(b->calls[0].body, "\"subject_token\":");
    expect_claim(subject, "iss", "system:serviceaccount:p:n");
    free_bench(b);
    b = new_bench(rsa, gdch_settings, answers, 1);
    expect_refusal(b, TPMC_ERR_UNSUPPORTED, "ES256 signature, which needs an EC key on P-256");
    assert_int_equal(b->call_count, 0);
    free_bench(b);
}

static void googles_clock_is_learned_once(void **state)
{
    static const setting settings[] = { { "email", EMAIL }, { "kind", "access" }, { NULL, NULL } };
    static const answer answers[] = { { 400, SKEWED, AN_HOUR_EARLIER }, { 200, ACCESS, NULL } };
    static const answer stubborn[] = { { 400, SKEWED, AN_HOUR_EARLIER } };
    bench *b = new_bench(rsa, settings, answers, 2);

    (void)state;
    expect_token(b, "ya29.own", FAKE_WALL_MS + 3599 * 1000);
    assert_int_equal(b->call_count, 2);
    expect_issued_at(strstr(b->calls[0].body, "&assertion="), FAKE_WALL_MS / 1000 - 10);
    expect_issued_at(strstr(b->calls[1].body, "&assertion="), FAKE_WALL_MS / 1000 - 10 - HOUR_S);
    free_bench(b);
    b = new_bench(rsa, settings, stubborn, 1);
    expect_refusal(b, TPMC_ERR_CLOCK, "the clock of this machine is wrong: set it");
    assert_int_equal(b->call_count, 2);
    assert_string_equal(tpmc_error_provider_code(b->err), "invalid_grant");
    free_bench(b);
}

static void iam_finds_a_wrong_clock_too(void **state)
{
    static const setting settings[] = { { "email", EMAIL },
                                        { "impersonate", TARGET },
                                        { NULL, NULL } };
    static const answer answers[] = {
        { 401, "{\"error\":{\"code\":401,\"status\":\"UNAUTHENTICATED\"}}", AN_HOUR_EARLIER },
        { 200, IMPERSONATED, NULL },
    };
    bench *b = new_bench(rsa, settings, answers, 2);

    (void)state;
    /* By Google's clock, an hour behind ours, that is two hours; asked for was one. */
    expect_token(b, "ya29.target", INT64_C(1750003600000));
    expect_issued_at(b->calls[1].bearer, FAKE_WALL_MS / 1000 - 10 - HOUR_S);
    free_bench(b);
}

/* The learned clock serves tokens that no answer is read for, until ours is set. */
static void subject_tokens_are_of_googles_time(void **state)
{
    static const setting settings[] = { FEDERATED, { NULL, NULL } };
    static const answer answers[] = {
        { 400, "{\"error\":\"invalid_grant\",\"error_description\":\"stale\"}", AN_HOUR_EARLIER },
        { 200, ACCESS, NULL },
    };
    bench *b = new_bench(rsa, settings, answers, 2);
    tpmc_token *token = NULL;

    (void)state;
    expect_token(b, "ya29.own", FAKE_WALL_MS + 3599 * 1000);
    for (int i = 0; i < 2; i++) {
        expect_success(tpmc_gcp_make_subject_token(b->gcp, &token, b->err), b->err);
        expect_issued_at(tpmc_token_value(token), FAKE_WALL_MS / 1000 - HOUR_S - 10);
        assert_int_equal(tpmc_token_expires_at_ms(token),
                         atomic_load(&b->fake.wall_ms) + (HOUR_S - 10) * 1000);
        tpmc_token_free(token);
        atomic_fetch_add(&b->fake.wall_ms, -HOUR_S * 1000);
    }
    free_bench(b);
}

static void what_passes_is_tried_again(void **state)
{
    static const setting settings[] = { { "email", EMAIL }, { "kind", "access" }, { NULL, NULL } };
    static const answer answers[] = { { 503, "<html>", NULL },
                                      { 400, "{\"error\":\"temporarily_unavailable\"}", NULL },
                                      { 200, ACCESS, NULL } };
    static const answer down[] = { { 503, "<html>", NULL } };
    bench *b = new_bench(rsa, settings, answers, 3);

    (void)state;
    expect_token(b, "ya29.own", FAKE_WALL_MS + 3599 * 1000);
    assert_int_equal(b->call_count, 3);
    assert_int_equal(atomic_load(&b->signer.calls), 3);
    free_bench(b);
    b = new_bench(rsa, settings, down, 1);
    expect_refusal(b, TPMC_ERR_PROTOCOL, "Google's token endpoint answered with HTTP status 503");
    assert_int_equal(b->call_count, 3);
    free_bench(b);
}

static void both_requests_share_one_deadline(void **state)
{
    static const setting settings[] = {
        { "email", EMAIL }, { "kind", "access" }, { "impersonate", TARGET }, { NULL, NULL }
    };
    static const answer answers[] = { { 200, ACCESS, NULL }, { 200, IMPERSONATED, NULL } };
    bench *b = new_bench(rsa, settings, answers, 2);

    (void)state;
    b->takes_ms = 30000;
    expect_refusal(b, TPMC_ERR_TIMEOUT, "time");
    assert_int_equal(b->call_count, 1);
    free_bench(b);
}

static void a_subject_token_is_only_signed(void **state)
{
    static const setting settings[] = { { "issuer", "https://i.example" },
                                        { "federation_subject", "me" },
                                        { "pool_audience", POOL },
                                        { "expire_in", "60" },
                                        { NULL, NULL } };
    static const setting none[] = { { NULL, NULL } };
    bench *b = new_bench(ec, settings, NULL, 0);
    tpmc_token *token = NULL;

    (void)state;
    expect_success(tpmc_gcp_make_subject_token(b->gcp, &token, b->err), b->err);
    expect_claim(tpmc_token_value(token), "aud", "https:" POOL);
    expect_key_id(tpmc_token_value(token), b->gcp);
    assert_int_equal(tpmc_token_expires_at_ms(token), FAKE_WALL_MS + 60 * 1000);
    assert_int_equal(b->call_count, 0);
    tpmc_token_free(token);
    assert_int_equal(tpmc_gcp_set(b->gcp, "issuer", NULL, b->err), TPMC_ERR_STATE);
    free_bench(b);
    b = new_bench(ec, none, NULL, 0);
    expect_failure(tpmc_gcp_make_subject_token(b->gcp, &token, b->err), b->err, TPMC_ERR_ARGUMENT,
                   "option 'pool_audience' is missing");
    assert_null(token);
    assert_int_equal(tpmc_gcp_set(b->gcp, "issuer", "https://i", b->err), 0);
    free_bench(b);
}

static void the_documents_of_an_issuer(void **state)
{
    static const setting settings[] = { { "issuer", "https://i.example" }, { NULL, NULL } };
    static const setting none[] = { { NULL, NULL } };
    bench *b = new_bench(ec, settings, NULL, 0);
    tpmc_bytes *text = NULL;

    (void)state;
    expect_success(tpmc_gcp_make_discovery(b->gcp, &text, b->err), b->err);
    assert_non_null(strstr((const char *)tpmc_bytes_data(text), "\"ES256\""));
    assert_non_null(strstr((const char *)tpmc_bytes_data(text), "https://i.example/.well-known/"));
    tpmc_bytes_free(text);
    free_bench(b);
    b = new_bench(ec, none, NULL, 0);
    expect_failure(tpmc_gcp_make_discovery(b->gcp, &text, b->err), b->err, TPMC_ERR_ARGUMENT,
                   "option 'issuer' is missing");
    assert_null(text);
    expect_failure(tpmc_gcp_make_discovery(NULL, &text, b->err), b->err, TPMC_ERR_ARGUMENT, "gcp");
    expect_failure(tpmc_gcp_make_jwks(b->gcp, NULL, b->err), b->err, TPMC_ERR_ARGUMENT, "out");
    expect_failure(tpmc_gcp_make_subject_token(b->gcp, NULL, b->err), b->err, TPMC_ERR_ARGUMENT,
                   "out");
    free_bench(b);
}

static void the_quota_project_is_told(void **state)
{
    static const setting settings[] = { { "quota_project", "billed" }, { NULL, NULL } };
    static const setting none[] = { { NULL, NULL } };
    bench *b = new_bench(ec, settings, NULL, 0);
    tpmc_bytes *project = NULL;

    (void)state;
    expect_success(tpmc_gcp_get_quota_project(b->gcp, &project, b->err), b->err);
    assert_string_equal((const char *)tpmc_bytes_data(project), "billed");
    tpmc_bytes_free(project);
    free_bench(b);
    b = new_bench(ec, none, NULL, 0);
    project = (tpmc_bytes *)b;
    expect_success(tpmc_gcp_get_quota_project(b->gcp, &project, b->err), b->err);
    assert_null(project);
    expect_failure(tpmc_gcp_get_quota_project(NULL, &project, b->err), b->err, TPMC_ERR_ARGUMENT,
                   "gcp");
    expect_failure(tpmc_gcp_get_quota_project(b->gcp, NULL, b->err), b->err, TPMC_ERR_ARGUMENT,
                   "out");
    free_bench(b);
}

static void a_private_key_in_the_file_is_pointed_out_once(void **state)
{
    static const char text[] = "{\"type\":\"service_account\",\"client_email\":\"" EMAIL "\","
                               "\"private_key\":\"-----BEGIN PRIVATE KEY-----\"}";
    char path[] = "/tmp/gcp_refresh_test.XXXXXX";
    setting settings[] = { { "service_account_file", path },
                           { "expire_in", "400" },
                           { NULL, NULL } };
    int fd = mkstemp(path);
    bench *b = new_bench(rsa, settings, NULL, 0);
    tpmc_token *token = NULL;

    (void)state;
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    assert_int_equal(close(fd), 0);
    for (int i = 0; i < 2; i++) {
        expect_success(tpmc_gcp_get_token(b->gcp, &token, b->err), b->err);
        expect_claim(tpmc_token_value(token), "iss", EMAIL);
        tpmc_token_free(token);
        fake_env_pass(&b->fake, 400 * 1000);
    }
    assert_int_equal(atomic_load(&b->signer.calls), 2);
    assert_int_equal(atomic_load(&b->fake.logged), 1);
    assert_non_null(strstr(b->fake.log_text, "holds a private key, which is not used"));
    assert_int_equal(unlink(path), 0);
    expect_refusal(b, TPMC_ERR_IO, path);
    free_bench(b);
}

static int attempt(void *context)
{
    static const setting settings[] = { FEDERATED, { "impersonate", TARGET }, { NULL, NULL } };
    bench *b = context;
    tpmc_gcp *gcp = NULL;
    tpmc_token *token = NULL;
    int status = tpmc_gcp_new(b->env, b->key, &gcp, b->err);

    b->call_count = 0;
    for (const setting *s = settings; s->name != NULL && status == 0; s++)
        status = tpmc_gcp_set(gcp, s->name, s->value, b->err);
    if (status == 0)
        status = tpmc_gcp_get_token(gcp, &token, b->err);
    assert_true((status == 0) == (token != NULL));
    assert_int_equal(tpmc_error_code(b->err), status);
    tpmc_token_free(token);
    tpmc_gcp_free(gcp);
    return status;
}

static void survives_every_failing_allocation(void **state)
{
    static const setting none[] = { { NULL, NULL } };
    static const answer answers[] = { { 200, ACCESS, NULL }, { 200, IMPERSONATED, NULL } };
    bench *b = new_bench(ec, none, answers, 2);

    (void)state;
    assert_in_range(each_allocation(attempt, b, TPMC_ERR_NOMEM), 50, 2000);
    free_bench(b);
}

static int setup(void **state)
{
    (void)state;
    rsa = EVP_RSA_gen(2048);
    ec = EVP_EC_gen("P-256");
    return rsa == NULL || ec == NULL;
}

static int teardown(void **state)
{
    (void)state;
    EVP_PKEY_free(rsa);
    EVP_PKEY_free(ec);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_assertion_becomes_an_access_token),
        cmocka_unit_test(an_assertion_becomes_an_id_token),
        cmocka_unit_test(a_jwt_of_its_own_asks_for_another_account),
        cmocka_unit_test(an_access_token_asks_for_another_account),
        cmocka_unit_test(iam_makes_id_tokens_of_other_universes),
        cmocka_unit_test(a_key_is_its_own_issuer),
        cmocka_unit_test(federation_and_impersonation_go_together),
        cmocka_unit_test(distributed_cloud_takes_an_ec_key),
        cmocka_unit_test(googles_clock_is_learned_once),
        cmocka_unit_test(subject_tokens_are_of_googles_time),
        cmocka_unit_test(iam_finds_a_wrong_clock_too),
        cmocka_unit_test(what_passes_is_tried_again),
        cmocka_unit_test(both_requests_share_one_deadline),
        cmocka_unit_test(a_subject_token_is_only_signed),
        cmocka_unit_test(the_documents_of_an_issuer),
        cmocka_unit_test(the_quota_project_is_told),
        cmocka_unit_test(a_private_key_in_the_file_is_pointed_out_once),
        cmocka_unit_test(survives_every_failing_allocation),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
