/* SPDX-License-Identifier: Apache-2.0 */
#include "azure/entra_scope.h"
#include "unit/azure_fixture.h"
#include "unit/each_allocation.h"

typedef struct row {
    const char *tenant;
    int grant;
    const char *scopes;
    const char *text; /* or the words of a refusal */
} row;

static int make(const row *r, const char *option, tpmc__buf *out, tpmc_error *err)
{
    const setting settings[] = { { "tenant_id", r->tenant }, { "scopes", option }, { NULL, NULL } };
    tpmc__options options;
    int status;

    init_options(&options, settings);
    tpmc__buf_init(out, TPMC__SCOPES_MAX);
    status = tpmc__entra_scope_text(&options, r->grant, r->scopes, out, err);
    tpmc__options_free(&options);
    return status;
}

static void scopes_are_joined_once_each(void **state)
{
    static const row rows[] = {
        { "t", TPMC__GRANT_CLIENT, NULL, GRAPH },
        { "t", TPMC__GRANT_CLIENT, "https://x//.default", "https://x//.default" },
        { "t", TPMC__GRANT_CLIENT, "  api://a/.default   api://a/.default ", "api://a/.default" },
        { "t", TPMC__GRANT_CLIENT, CLIENT "/.default", CLIENT "/.default" },
        { "t", TPMC__GRANT_CLIENT, "https://x/%20/.default", "https://x/%20/.default" },
        { "t", TPMC__GRANT_ON_BEHALF_OF,
          "https://g/User.Read https://g/Mail.Read https://g/User.Read",
          "https://g/User.Read https://g/Mail.Read" },
        { "t", TPMC__GRANT_ON_BEHALF_OF, "openid https://g/User.Read offline_access",
          "openid https://g/User.Read offline_access" },
        { "adfs", TPMC__GRANT_CLIENT, "https://x/.default", "https://x" },
        { "adfs", TPMC__GRANT_CLIENT, "urn:microsoft:userinfo", "urn:microsoft:userinfo" },
    };
    tpmc__buf text;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        expect_success(make(&rows[i], GRAPH, &text, *state), *state);
        assert_string_equal((const char *)text.data, rows[i].text);
        tpmc__buf_free(&text);
    }
}

static void scopes_that_entra_refuses_are_refused(void **state)
{
    static const row rows[] = {
        { "t", TPMC__GRANT_CLIENT, NULL, "option 'scopes' is missing" },
        { "t", TPMC__GRANT_CLIENT, "", "option 'scopes' is missing" },
        { "t", TPMC__GRANT_ON_BEHALF_OF, "   ", "option 'scopes' is missing" },
        { "t", TPMC__GRANT_CLIENT, "https://x/User.Read", "does not end with '/.default'" },
        { "t", TPMC__GRANT_CLIENT, "/.default", "does not end with '/.default'" },
        { "t", TPMC__GRANT_CLIENT, "https://x/.Default", "does not end with '/.default'" },
        { "t", TPMC__GRANT_CLIENT, "https://x/.default https://y/.default", "two resources" },
        { "adfs", TPMC__GRANT_CLIENT, "https://x https://y", "two resources" },
        { "t", TPMC__GRANT_ON_BEHALF_OF, "openid https://x/a https://y/a", "two resources" },
        { "t", TPMC__GRANT_CLIENT, "https%3A%2F%2Fx%2f.default", "percent-encoded already" },
        { "t", TPMC__GRANT_ON_BEHALF_OF, "https:%2f%2Fx", "percent-encoded already" },
        { "t", TPMC__GRANT_ON_BEHALF_OF, "x%2f", "percent-encoded already" },
        { "t", TPMC__GRANT_CLIENT, "https://x\n/.default", "visible ASCII" },
        { "t", TPMC__GRANT_CLIENT, "https://\xc3\xa4/.default", "visible ASCII" },
        { "t", TPMC__GRANT_CLIENT, "https://x\"/.default", "visible ASCII" },
        { "t", TPMC__GRANT_CLIENT, "https://x\t/.default", "visible ASCII" },
    };
    tpmc__buf text;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        expect_failure(make(&rows[i], NULL, &text, *state), *state, TPMC_ERR_ARGUMENT,
                       rows[i].text);
        tpmc__buf_free(&text);
    }
}

static void too_many_bytes_are_refused(void **state)
{
    static char scopes[TPMC__SCOPES_MAX + 2];
    row r = { "t", TPMC__GRANT_ON_BEHALF_OF, scopes, NULL };
    tpmc__buf text;

    memset(scopes, 'a', TPMC__SCOPES_MAX);
    expect_success(make(&r, NULL, &text, *state), *state);
    tpmc__buf_free(&text);
    scopes[TPMC__SCOPES_MAX] = 'a';
    expect_failure(make(&r, NULL, &text, *state), *state, TPMC_ERR_ARGUMENT, "scopes");
    tpmc__buf_free(&text);
}

static int attempt(void *context)
{
    tpmc__buf text;
    int status;

    tpmc__buf_init(&text, TPMC__SCOPES_MAX);
    status = tpmc__entra_scope_text(context, TPMC__GRANT_CLIENT, NULL, &text, NULL);
    tpmc__buf_free(&text);
    return status;
}

static void each_allocation_may_fail(void **state)
{
    static const setting settings[] = { { "scopes", GRAPH }, { NULL, NULL } };
    tpmc__options options;

    (void)state;
    init_options(&options, settings);
    assert_true(each_allocation(attempt, &options, TPMC_ERR_NOMEM) > 0);
    tpmc__options_free(&options);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ERROR(scopes_are_joined_once_each),
        WITH_ERROR(scopes_that_entra_refuses_are_refused),
        WITH_ERROR(too_many_bytes_are_refused),
        cmocka_unit_test(each_allocation_may_fail),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
