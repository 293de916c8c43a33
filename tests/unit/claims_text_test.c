/* SPDX-License-Identifier: Apache-2.0 */
#include "azure/claims_text.h"
#include "unit/azure_fixture.h"
#include "unit/each_allocation.h"

#define NBF "{\"access_token\":{\"nbf\":{\"essential\":true,\"value\":\"1604106651\"}}}"

typedef struct row {
    setting settings[3];
    const char *claims;
    const char *text; /* or the words of a refusal */
} row;

static void claims_are_merged(void **state)
{
    static const row rows[] = {
        { { { NULL, NULL } }, NULL, NULL },
        { { { "claims", "{}" } }, NULL, "{}" },
        { { { "claims", " {\n\"a\" : [ null, 1.5 ] }" } }, NULL, "{\"a\":[null,1.5]}" },
        { { { "claims", "{\"a\":1}" } }, NBF, NBF },
        { { { "client_capability", "cp1" } },
          NULL,
          "{\"access_token\":{\"xms_cc\":{\"values\":[\"cp1\"]}}}" },
        { { { "client_capability", "cp1" }, { "client_capability", "cp2" } },
          "{\"id_token\":{\"x\":null},\"access_token\":{\"acrs\":{\"value\":\"c1\"}}}",
          "{\"id_token\":{\"x\":null},\"access_token\":{\"acrs\":{\"value\":\"c1\"},"
          "\"xms_cc\":{\"values\":[\"cp1\",\"cp2\"]}}}" },
        { { { "client_capability", "cp1" } },
          "{\"access_token\":null}",
          "{\"access_token\":{\"xms_cc\":{\"values\":[\"cp1\"]}}}" },
        /* {"a":"?>?>"} in both alphabets, with padding and without */
        { { { NULL, NULL } }, "eyJhIjoiPz4/PiJ9", "{\"a\":\"?>?>\"}" },
        { { { NULL, NULL } }, "eyJhIjoiPz4_PiJ9", "{\"a\":\"?>?>\"}" },
        { { { NULL, NULL } }, "eyJhIjoiPj4+In0=", "{\"a\":\">>>\"}" },
        { { { NULL, NULL } }, "eyJhIjoxfQ==", "{\"a\":1}" },
        { { { NULL, NULL } }, "eyJhIjoxfQ", "{\"a\":1}" },
    };
    tpmc__options options;
    tpmc__buf text;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        init_options(&options, rows[i].settings);
        tpmc__buf_init(&text, TPMC__CLAIMS_MAX);
        expect_success(tpmc__claims_text(&options, rows[i].claims, &text, *state), *state);
        if (rows[i].text == NULL)
            assert_int_equal(text.len, 0);
        else
            assert_string_equal((const char *)text.data, rows[i].text);
        tpmc__buf_free(&text);
        tpmc__options_free(&options);
    }
}

static void what_is_no_claims_is_refused(void **state)
{
    static const row rows[] = {
        { { { NULL, NULL } }, "", "neither a JSON object nor the base64" },
        { { { NULL, NULL } }, "{\"a\":1", "neither a JSON object nor the base64" },
        { { { NULL, NULL } }, "[1]", "neither a JSON object nor the base64" },
        { { { NULL, NULL } }, "WzFd", "neither a JSON object nor the base64" },
        { { { NULL, NULL } }, "===", "neither a JSON object nor the base64" },
        { { { NULL, NULL } }, "no base64", "neither a JSON object nor the base64" },
        { { { NULL, NULL } }, "{\"a\":1,\"a\":2}", "neither a JSON object nor the base64" },
        { { { "client_capability", "cp1" } },
          "{\"access_token\":{\"xms_cc\":null}}",
          "'xms_cc' themselves" },
    };
    tpmc__options options;
    tpmc__buf text;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        init_options(&options, rows[i].settings);
        tpmc__buf_init(&text, TPMC__CLAIMS_MAX);
        expect_failure(tpmc__claims_text(&options, rows[i].claims, &text, *state), *state,
                       TPMC_ERR_ARGUMENT, rows[i].text);
        tpmc__buf_free(&text);
        tpmc__options_free(&options);
    }
}

static int attempt(void *context)
{
    tpmc__buf text;
    int status;

    tpmc__buf_init(&text, TPMC__CLAIMS_MAX);
    status = tpmc__claims_text(context, "eyJhIjoxfQ", &text, NULL);
    tpmc__buf_free(&text);
    return status;
}

static void each_allocation_may_fail(void **state)
{
    static const setting settings[] = { { "client_capability", "cp1" }, { NULL, NULL } };
    tpmc__options options;

    (void)state;
    init_options(&options, settings);
    assert_true(each_allocation(attempt, &options, TPMC_ERR_NOMEM) > 0);
    tpmc__options_free(&options);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ERROR(claims_are_merged),
        WITH_ERROR(what_is_no_claims_is_refused),
        cmocka_unit_test(each_allocation_may_fail),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
