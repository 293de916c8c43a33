/* SPDX-License-Identifier: Apache-2.0 */
#include "azure/entra_reply.h"
#include "tpmcloud/token.h"
#include "unit/azure_fixture.h"
#include "unit/each_allocation.h"

#define NOW_MS INT64_C(1750000000000)
#define HOUR_MS INT64_C(3600000)

static const tpmc__entra_moment moment = { NOW_MS, 0 };

typedef struct row {
    const char *body;
    int64_t expires_in_ms;
    int64_t renew_in_ms; /* 0: none */
} row;

static int read_body(const char *body, tpmc__cache_entry *out, tpmc_error *err)
{
    tpmc_http_response *response = new_reply(200, body);
    int status;

    memset(out, 0, sizeof(*out));
    status = tpmc__entra_reply_read(response, &moment, out, err);
    tpmc__http_response_free(response);
    return status;
}

static void all_shapes_of_success_are_read(void **state)
{
    static const row rows[] = {
        { "{\"token_type\":\"Bearer\",\"expires_in\":3600,\"access_token\":\"t.o.k\"}", HOUR_MS,
          0 },
        { "{\"token_type\":\"bearer\",\"expires_in\":\"3600\",\"ext_expires_in\":\"7200\","
          "\"access_token\":\"t.o.k\"}",
          HOUR_MS, 0 },
        { "{\"expires_in\":3600.9,\"access_token\":\"t.o.k\"}", HOUR_MS, 0 },
        { "{\"expires_in\":1,\"access_token\":\"t.o.k\"}", 1000, 0 },
        { "{\"expires_in\":31622401,\"access_token\":\"t.o.k\"}", INT64_C(31622400000), 0 },
        { "{\"expires_on\":253402300799,\"access_token\":\"t.o.k\"}", INT64_C(31622400000), 0 },
        { "{\"expires_in\":31622400,\"access_token\":\"t.o.k\"}", INT64_C(31622400000), 0 },
        { "{\"expires_on\":1750003600,\"access_token\":\"t.o.k\"}", HOUR_MS, 0 },
        { "{\"expires_on\":\"1750003600\",\"access_token\":\"t.o.k\"}", HOUR_MS, 0 },
        { "{\"expires_on\":\"2025-06-15T16:06:40+00:00\",\"access_token\":\"t.o.k\"}", HOUR_MS, 0 },
        { "{\"expires_in\":86400,\"refresh_in\":43200,\"access_token\":\"t.o.k\"}", 24 * HOUR_MS,
          12 * HOUR_MS },
        { "{\"expires_in\":86400,\"refresh_in\":\"43200\",\"access_token\":\"t.o.k\"}",
          24 * HOUR_MS, 12 * HOUR_MS },
        { "{\"expires_in\":3600,\"refresh_in\":3600,\"access_token\":\"t.o.k\"}", HOUR_MS, 0 },
        { "{\"expires_in\":3600,\"refresh_in\":0,\"access_token\":\"t.o.k\"}", HOUR_MS, 0 },
        { "{\"expires_in\":3600,\"refresh_in\":\"x\",\"access_token\":\"t.o.k\"}", HOUR_MS, 0 },
        { "{\"expires_in\":3600,\"refresh_in\":-1,\"access_token\":\"t.o.k\"}", HOUR_MS, 0 },
        { "{\"expires_in\":3600,\"refresh_in\":3599,\"access_token\":\"t.o.k\"}", HOUR_MS,
          HOUR_MS - 1000 },
    };
    tpmc__cache_entry entry;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        expect_success(read_body(rows[i].body, &entry, *state), *state);
        assert_string_equal(tpmc_token_value(entry.value), "t.o.k");
        assert_int_equal(tpmc_token_expires_at_ms(entry.value), NOW_MS + rows[i].expires_in_ms);
        assert_int_equal(entry.expires_at_ms, NOW_MS + rows[i].expires_in_ms);
        assert_int_equal(entry.renew_at_ms,
                         rows[i].renew_in_ms == 0 ? 0 : NOW_MS + rows[i].renew_in_ms);
        tpmc_token_free(entry.value);
    }
}

static void a_time_of_the_server_becomes_one_of_ours(void **state)
{
    const tpmc__entra_moment behind = { NOW_MS, HOUR_MS };
    tpmc_http_response *response =
        new_reply(200, "{\"expires_on\":1750007200,\"access_token\":\"t\"}");
    tpmc__cache_entry entry = { NULL, 0, 0 };

    expect_success(tpmc__entra_reply_read(response, &behind, &entry, *state), *state);
    assert_int_equal(entry.expires_at_ms, NOW_MS + HOUR_MS);
    tpmc_token_free(entry.value);
    tpmc__http_response_free(response);
}

static void unusable_answers_are_refused(void **state)
{
    static const struct {
        const char *body;
        const char *words;
    } rows[] = {
        { "", "Entra sent an unusable answer: the body is no JSON object" },
        { "<html>sign in</html>", "Entra sent an unusable answer: the body is no JSON object" },
        { "[1]", "the body is no JSON object" },
        { "{}", "'expires_in' how long the token lives" },
        { "{\"expires_in\":3600}", "no 'access_token'" },
        { "{\"expires_in\":3600,\"access_token\":5}", "no 'access_token'" },
        { "{\"expires_in\":3600,\"access_token\":\"\"}", "empty" },
        { "{\"expires_in\":3600,\"access_token\":\"secret\\r\\nX: y\"}", "no bearer token has" },
        { "{\"access_token\":\"secret\"}", "'expires_in' how long the token lives" },
        { "{\"expires_in\":0,\"access_token\":\"secret\"}", "'expires_in'" },
        { "{\"expires_in\":-5,\"access_token\":\"secret\"}", "'expires_in'" },
        { "{\"expires_in\":\"soon\",\"access_token\":\"secret\"}", "'expires_in'" },
        { "{\"expires_in\":1e300,\"access_token\":\"secret\"}", "'expires_in'" },
        { "{\"expires_in\":null,\"access_token\":\"secret\"}", "'expires_in'" },
        { "{\"expires_on\":1750000000,\"access_token\":\"secret\"}",
          "Entra sent an unusable answer: its 'expires_on' is no time to come" },
        { "{\"expires_on\":\"1.1.2030\",\"access_token\":\"secret\"}", "'expires_on'" },
        { "{\"expires_on\":9000000000000000,\"access_token\":\"secret\"}", "'expires_on'" },
        { "{\"expires_in\":3600,\"access_token\":\"secret\",\"token_type\":\"pop\"}",
          "not a bearer token" },
        { "{\"expires_in\":3600,\"access_token\":\"secret\",\"token_type\":7}",
          "not a bearer token" },
    };
    tpmc__cache_entry entry;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        expect_failure(read_body(rows[i].body, &entry, *state), *state, TPMC_ERR_PROTOCOL,
                       rows[i].words);
        assert_null(entry.value);
        assert_null(strstr(tpmc_error_text(*state), "secret"));
    }
}

static int attempt(void *context)
{
    tpmc__cache_entry entry = { NULL, 0, 0 };
    int status = tpmc__entra_reply_read(context, &moment, &entry, NULL);

    tpmc_token_free(entry.value);
    return status;
}

static void each_allocation_may_fail(void **state)
{
    tpmc_http_response *response = new_reply(200, "{\"expires_in\":1,\"access_token\":\"t\"}");

    (void)state;
    assert_true(each_allocation(attempt, response, TPMC_ERR_NOMEM) > 0);
    tpmc__http_response_free(response);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ERROR(all_shapes_of_success_are_read),
        WITH_ERROR(a_time_of_the_server_becomes_one_of_ours),
        WITH_ERROR(unusable_answers_are_refused),
        cmocka_unit_test(each_allocation_may_fail),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
