/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/aws_response.h"

#include "base/error_int.h"
#include "proto/oauth_reply.h"
#include "unit/each_allocation.h"

#define SERVICE "The service"
#define NOW_MS INT64_C(1750000000000)
#define MAX_LIFE_S 43200
/* {"exp":1750003600} and the like, between two other parts. */
#define JWT "eyJhbGciOiJub25lIn0.eyJleHAiOjE3NTAwMDM2MDB9.c2ln"
#define JWT_WITHOUT_EXP "eyJhbGciOiJub25lIn0.e30.c2ln"
#define JWT_TEXT_EXP "eyJhbGciOiJub25lIn0.eyJleHAiOiIxNzUwMDAzNjAwIn0.c2ln"
#define JWT_FRACTION "eyJhbGciOiJub25lIn0.eyJleHAiOjE3NTAwMDM2MDAuOX0.c2ln"
#define JWT_HUGE "eyJhbGciOiJub25lIn0.eyJleHAiOjFlMzAwfQ.c2ln"

static int read_access(const char *body, tpmc_token **out, tpmc_error *err)
{
    tpmc_http_response *response = new_answer(200, body);
    tpmc__json *reply = NULL;
    int status = tpmc__oauth_reply_read(response, SERVICE, &reply, err);

    *out = NULL;
    if (status == 0)
        status = tpmc__oauth_reply_access_token(reply, SERVICE, NOW_MS, MAX_LIFE_S, out, err);
    tpmc__json_free(reply);
    tpmc__http_response_free(response);
    return status;
}

static void access_tokens_are_read(void **state)
{
    static const struct {
        const char *body;
        int64_t life_s;
    } rows[] = {
        { "{\"access_token\":\"abc\",\"expires_in\":3599,\"token_type\":\"Bearer\"}", 3599 },
        { "{\"access_token\":\"abc\",\"expires_in\":\"3599\",\"token_type\":\"bearer\"}", 3599 },
        { "{\"access_token\":\"abc\",\"expires_in\":3599.9,\"scope\":\"x\"}", 3599 },
        { "{\"access_token\":\"abc\",\"expires_in\":1}", 1 },
        { "{\"access_token\":\"abc\",\"expires_in\":43200}", 43200 },
        { "{\"access_token\":\"abc\",\"expires_in\":43201}", 43200 },
        { "{\"access_token\":\"abc\",\"expires_in\":253402300799}", 43200 },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        tpmc_token *token = NULL;

        expect_success(read_access(rows[i].body, &token, *state), *state);
        assert_string_equal(tpmc_token_value(token), "abc");
        assert_int_equal(tpmc_token_expires_at_ms(token), NOW_MS + rows[i].life_s * 1000);
        tpmc_token_free(token);
    }
}

static void unusable_answers_are_refused(void **state)
{
    static const struct {
        const char *body;
        const char *words;
    } rows[] = {
        { "", "no JSON object" },
        { "<html>", "no JSON object" },
        { "[1]", "no JSON object" },
        { "{\"a\":1,\"a\":2}", "no JSON object" },
        { "{}", "'expires_in' how long the token lives" },
        { "{\"access_token\":\"abc\"}", "'expires_in' how long" },
        { "{\"access_token\":\"abc\",\"expires_in\":0}", "'expires_in' how long" },
        { "{\"access_token\":\"abc\",\"expires_in\":-1}", "'expires_in' is no number of seconds" },
        { "{\"access_token\":\"abc\",\"expires_in\":null}", "'expires_in' is no number" },
        { "{\"access_token\":\"abc\",\"expires_in\":\"\"}", "'expires_in' is no number" },
        { "{\"access_token\":\"abc\",\"expires_in\":\"1h\"}", "'expires_in' is no number" },
        { "{\"access_token\":\"abc\",\"expires_in\":253402300800}", "'expires_in' is no number" },
        { "{\"access_token\":\"abc\",\"expires_in\":1e300}", "'expires_in' is no number" },
        { "{\"expires_in\":60}", "no 'access_token'" },
        { "{\"access_token\":1,\"expires_in\":60}", "no 'access_token'" },
        { "{\"access_token\":\"\",\"expires_in\":60}", "token is empty" },
        { "{\"access_token\":\"a\\r\\nb\",\"expires_in\":60}", "character that no bearer token" },
        { "{\"access_token\":\"a\",\"expires_in\":60,\"token_type\":\"pop\"}", "type 'pop'" },
        { "{\"access_token\":\"a\",\"expires_in\":60,\"token_type\":\"Bearers\"}", "'Bearers'" },
        { "{\"access_token\":\"a\",\"expires_in\":60,\"token_type\":1}", "type '?'" },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        tpmc_token *token = NULL;

        expect_failure(read_access(rows[i].body, &token, *state), *state, TPMC_ERR_PROTOCOL,
                       rows[i].words);
        assert_memory_equal(tpmc_error_text(*state), SERVICE " sent an unusable answer: ", 36);
        assert_null(strstr(tpmc_error_text(*state), "abc"));
        assert_null(token);
    }
}

static void the_end_may_be_told_by_the_caller(void **state)
{
    tpmc__json *reply = tpmc__json_new_object();
    tpmc_token *token = NULL;

    expect_failure(tpmc__oauth_reply_bearer(reply, SERVICE, NOW_MS, &token, *state), *state,
                   TPMC_ERR_PROTOCOL, SERVICE " sent an unusable answer: it has no 'access_token'");
    assert_null(token);
    tpmc__error_clear(*state);
    (void)tpmc__json_add_text(reply, "access_token", "abc");
    expect_success(tpmc__oauth_reply_bearer(reply, SERVICE, NOW_MS, &token, *state), *state);
    assert_int_equal(tpmc_token_expires_at_ms(token), NOW_MS);
    tpmc_token_free(token);
    tpmc__json_free(reply);
}

static int read_jwt(const char *jwt, int64_t offset_ms, int64_t latest_ms, tpmc_token **out,
                    tpmc_error *err)
{
    tpmc__json *reply = tpmc__json_new_object();
    int status;

    *out = NULL;
    (void)tpmc__json_add_text(reply, "id_token", jwt);
    status = tpmc__oauth_reply_jwt(reply, "id_token", SERVICE, offset_ms, latest_ms, out, err);
    tpmc__json_free(reply);
    return status;
}

static void jwts_live_until_their_own_end(void **state)
{
    tpmc_token *token = NULL;

    expect_success(read_jwt(JWT, 0, INT64_MAX, &token, *state), *state);
    assert_string_equal(tpmc_token_value(token), JWT);
    assert_int_equal(tpmc_token_expires_at_ms(token), INT64_C(1750003600000));
    tpmc_token_free(token);
    expect_success(read_jwt(JWT, 5000, INT64_MAX, &token, *state), *state);
    assert_int_equal(tpmc_token_expires_at_ms(token), INT64_C(1750003595000));
    tpmc_token_free(token);
    expect_success(read_jwt(JWT, 0, NOW_MS, &token, *state), *state);
    assert_int_equal(tpmc_token_expires_at_ms(token), NOW_MS);
    tpmc_token_free(token);
    expect_success(read_jwt(JWT_FRACTION, 0, INT64_MAX, &token, *state), *state);
    assert_int_equal(tpmc_token_expires_at_ms(token), INT64_C(1750003600000));
    tpmc_token_free(token);
}

static void what_is_no_jwt_is_refused(void **state)
{
    static const char *const texts[] = {
        "", "abc", "a.b", "a.!.c", "a..c", "a.W10.c", JWT_WITHOUT_EXP, JWT_TEXT_EXP, JWT_HUGE,
    };
    tpmc_token *token = NULL;
    tpmc__json *reply = tpmc__json_new_object();

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        expect_failure(read_jwt(texts[i], 0, INT64_MAX, &token, *state), *state, TPMC_ERR_PROTOCOL,
                       "its 'id_token' is no JWT that says when it ends");
        assert_null(token);
    }
    expect_failure(tpmc__oauth_reply_jwt(reply, "token", SERVICE, 0, INT64_MAX, &token, *state),
                   *state, TPMC_ERR_PROTOCOL,
                   SERVICE " sent an unusable answer: it has no 'token'");
    tpmc__json_free(reply);
}

static void seconds_may_be_missing(void **state)
{
    tpmc__json *reply = tpmc__json_new_object();
    int64_t seconds = 7;

    (void)tpmc__json_add_integer(reply, "refresh_in", 0);
    expect_success(tpmc__oauth_reply_seconds(reply, "x", SERVICE, &seconds, *state), *state);
    assert_int_equal(seconds, -1);
    expect_success(tpmc__oauth_reply_seconds(reply, "refresh_in", SERVICE, &seconds, *state),
                   *state);
    assert_int_equal(seconds, 0);
    tpmc__json_free(reply);
}

typedef struct reading {
    tpmc_http_response *response;
    tpmc_error *err;
} reading;

static int attempt(void *context)
{
    const reading *r = context;
    tpmc__json *reply = NULL;
    tpmc_token *token = NULL;
    tpmc_token *jwt = NULL;
    int status;

    tpmc__error_clear(r->err);
    status = tpmc__oauth_reply_read(r->response, SERVICE, &reply, r->err);

    if (status == 0)
        status = tpmc__oauth_reply_access_token(reply, SERVICE, NOW_MS, MAX_LIFE_S, &token, r->err);
    if (status == 0)
        status = tpmc__oauth_reply_jwt(reply, "id_token", SERVICE, 0, INT64_MAX, &jwt, r->err);
    assert_true((status == 0) == (jwt != NULL));
    assert_int_equal(tpmc_error_code(r->err), status);
    tpmc_token_free(token);
    tpmc_token_free(jwt);
    tpmc__json_free(reply);
    return status;
}

static void survives_every_failing_allocation(void **state)
{
    reading r = { new_answer(200, "{\"access_token\":\"abc\",\"expires_in\":\"60\","
                                  "\"id_token\":\"" JWT "\"}"),
                  NULL };

    (void)state;
    assert_int_equal(tpmc_error_new(&r.err), 0);
    assert_in_range(each_allocation(attempt, &r, TPMC_ERR_NOMEM), 5, 100);
    tpmc_error_free(r.err);
    tpmc__http_response_free(r.response);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ERROR(access_tokens_are_read),
        WITH_ERROR(unusable_answers_are_refused),
        WITH_ERROR(the_end_may_be_told_by_the_caller),
        WITH_ERROR(jwts_live_until_their_own_end),
        WITH_ERROR(what_is_no_jwt_is_refused),
        WITH_ERROR(seconds_may_be_missing),
        cmocka_unit_test(survives_every_failing_allocation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
