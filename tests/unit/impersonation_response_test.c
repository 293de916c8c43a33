/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/aws_response.h"

#include "gcp/impersonation_response.h"
#include "unit/each_allocation.h"

#define JWT "eyJhbGciOiJub25lIn0.eyJleHAiOjE3NTAwMDM2MDB9.c2ln"

typedef int (*reader)(const tpmc_http_response *response, int64_t offset_ms, int64_t latest_ms,
                      tpmc_token **out, tpmc_error *err);

static int read_by(reader fn, const char *body, int64_t offset_ms, int64_t latest_ms,
                   tpmc_token **out, tpmc_error *err)
{
    tpmc_http_response *response = new_answer(200, body);
    int status = fn(response, offset_ms, latest_ms, out, err);

    tpmc__http_response_free(response);
    return status;
}

static void access_tokens_are_read(void **state)
{
    static const struct {
        const char *expiry;
        int64_t ms;
    } rows[] = {
        { "2025-06-15T16:06:40Z", INT64_C(1750003600000) },
        { "2025-06-15T16:06:40.123456Z", INT64_C(1750003600123) },
        { "2025-06-15T18:06:40+02:00", INT64_C(1750003600000) },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        tpmc_token *token = NULL;
        char body[256] = "{\"accessToken\":\"ya29.x\",\"expireTime\":\"";

        (void)strcat(body, rows[i].expiry);
        (void)strcat(body, "\"}");
        expect_success(
            read_by(tpmc__gcp_impersonated_access_token, body, 1000, INT64_MAX, &token, *state),
            *state);
        assert_string_equal(tpmc_token_value(token), "ya29.x");
        assert_int_equal(tpmc_token_expires_at_ms(token), rows[i].ms - 1000);
        tpmc_token_free(token);
    }
}

static void none_ends_later_than_it_can(void **state)
{
    static const char body[] =
        "{\"accessToken\":\"a\",\"expireTime\":\"2025-06-15T16:06:40Z\",\"token\":\"" JWT "\"}";
    static const reader readers[] = { tpmc__gcp_impersonated_access_token,
                                      tpmc__gcp_impersonated_id_token };

    for (size_t i = 0; i < 2; i++) {
        tpmc_token *token = NULL;

        expect_success(read_by(readers[i], body, 0, 1234, &token, *state), *state);
        assert_int_equal(tpmc_token_expires_at_ms(token), 1234);
        tpmc_token_free(token);
    }
}

static void id_tokens_are_read(void **state)
{
    tpmc_token *token = NULL;

    expect_success(read_by(tpmc__gcp_impersonated_id_token, "{\"token\":\"" JWT "\"}", 1000,
                           INT64_MAX, &token, *state),
                   *state);
    assert_string_equal(tpmc_token_value(token), JWT);
    assert_int_equal(tpmc_token_expires_at_ms(token), INT64_C(1750003599000));
    tpmc_token_free(token);
}

static void unusable_answers_are_refused(void **state)
{
    static const struct {
        reader fn;
        const char *body;
        const char *words;
    } rows[] = {
        { tpmc__gcp_impersonated_access_token, "<html>", "no JSON object" },
        { tpmc__gcp_impersonated_access_token, "{}", "it has no 'accessToken'" },
        { tpmc__gcp_impersonated_access_token, "{\"accessToken\":1}", "it has no 'accessToken'" },
        { tpmc__gcp_impersonated_access_token, "{\"accessToken\":\"a\"}",
          "it has no 'expireTime'" },
        { tpmc__gcp_impersonated_access_token, "{\"accessToken\":\"a\",\"expireTime\":60}",
          "it has no 'expireTime'" },
        { tpmc__gcp_impersonated_access_token, "{\"accessToken\":\"a\",\"expireTime\":\"soon\"}",
          "it has no 'expireTime'" },
        { tpmc__gcp_impersonated_access_token,
          "{\"accessToken\":\"a b\",\"expireTime\":\"2025-06-15T16:06:40Z\"}", "no bearer token" },
        { tpmc__gcp_impersonated_id_token, "[]", "no JSON object" },
        { tpmc__gcp_impersonated_id_token, "{}", "it has no 'token'" },
        { tpmc__gcp_impersonated_id_token, "{\"token\":\"a.b.c\"}", "its 'token' is no JWT" },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        tpmc_token *token = (tpmc_token *)state;

        expect_failure(read_by(rows[i].fn, rows[i].body, 0, INT64_MAX, &token, *state), *state,
                       TPMC_ERR_PROTOCOL, rows[i].words);
        assert_non_null(
            strstr(tpmc_error_text(*state), "Google's IAM API sent an unusable answer"));
        assert_null(token);
    }
}

static int attempt(void *context)
{
    tpmc_token *token = NULL;
    int status = tpmc__gcp_impersonated_access_token(context, 0, INT64_MAX, &token, NULL);

    assert_true((status == 0) == (token != NULL));
    tpmc_token_free(token);
    return status;
}

static int attempt_id(void *context)
{
    tpmc_token *token = NULL;
    int status = tpmc__gcp_impersonated_id_token(context, 0, INT64_MAX, &token, NULL);

    assert_true((status == 0) == (token != NULL));
    tpmc_token_free(token);
    return status;
}

static void survives_every_failing_allocation(void **state)
{
    tpmc_http_response *response =
        new_answer(200, "{\"accessToken\":\"a\",\"expireTime\":\"2025-06-15T16:06:40Z\","
                        "\"token\":\"" JWT "\"}");

    (void)state;
    assert_in_range(each_allocation(attempt, response, TPMC_ERR_NOMEM), 3, 100);
    assert_in_range(each_allocation(attempt_id, response, TPMC_ERR_NOMEM), 3, 100);
    tpmc__http_response_free(response);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ERROR(access_tokens_are_read),
        WITH_ERROR(none_ends_later_than_it_can),
        WITH_ERROR(id_tokens_are_read),
        WITH_ERROR(unusable_answers_are_refused),
        cmocka_unit_test(survives_every_failing_allocation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
