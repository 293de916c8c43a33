/* SPDX-License-Identifier: Apache-2.0 */
#include "azure/entra_endpoint.h"
#include "unit/azure_fixture.h"

typedef struct row {
    setting settings[4];
    int grant;
    const char *url; /* or the words of a refusal */
} row;

static void endpoints_are_as_documented(void **state)
{
    static const row rows[] = {
        { { { "tenant_id", "contoso.com" } },
          TPMC__GRANT_CLIENT,
          "https://login.microsoftonline.com/contoso.com/oauth2/v2.0/token" },
        { { { "tenant_id", TENANT }, { "authority_host", "https://login.microsoftonline.us/" } },
          TPMC__GRANT_CLIENT,
          "https://login.microsoftonline.us/" TENANT "/oauth2/v2.0/token" },
        { { { "tenant_id", TENANT },
            { "authority_host", "https://login.partner.microsoftonline.cn//" } },
          TPMC__GRANT_CLIENT,
          "https://login.partner.microsoftonline.cn/" TENANT "/oauth2/v2.0/token" },
        { { { "tenant_id", "ADFS" }, { "authority_host", "https://sts.contoso.com:8443" } },
          TPMC__GRANT_CLIENT,
          "https://sts.contoso.com:8443/adfs/oauth2/token" },
        { { { "tenant_id", "t" }, { "authority_host", "https://h.example/a/b" } },
          TPMC__GRANT_CLIENT,
          "https://h.example/a/b/t/oauth2/v2.0/token" },
        { { { "tenant_id", "t" }, { "authority_host", "http://127.0.0.1:8080" } },
          TPMC__GRANT_CLIENT,
          "http://127.0.0.1:8080/t/oauth2/v2.0/token" },
        { { { "tenant_id", "t" }, { "region", "westeurope" } },
          TPMC__GRANT_CLIENT,
          "https://westeurope.login.microsoft.com/t/oauth2/v2.0/token" },
        { { { "tenant_id", "t" },
            { "region", "westeurope" },
            { "authority_host", "https://LOGIN.windows.net" } },
          TPMC__GRANT_CLIENT,
          "https://westeurope.login.microsoft.com/t/oauth2/v2.0/token" },
        { { { "tenant_id", "t" },
            { "region", "usgovvirginia" },
            { "authority_host", "https://login.microsoftonline.us:444/x/" } },
          TPMC__GRANT_CLIENT,
          "https://usgovvirginia.login.microsoftonline.us:444/x/t/oauth2/v2.0/token" },
        { { { "tenant_id", "t" }, { "region", "westeurope" } },
          TPMC__GRANT_ON_BEHALF_OF,
          "https://login.microsoftonline.com/t/oauth2/v2.0/token" },
        { { { "token_url", "https://idp.example/connect/token" } },
          TPMC__GRANT_CLIENT,
          "https://idp.example/connect/token" },
        { { { "token_url", "https://idp.example/token" }, { "tenant_id", "adfs" } },
          TPMC__GRANT_ON_BEHALF_OF,
          "https://idp.example/token" },
    };
    tpmc__options options;
    tpmc__buf url;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        init_options(&options, rows[i].settings);
        tpmc__buf_init(&url, 8192);
        expect_success(tpmc__entra_token_url(&options, rows[i].grant, &url, *state), *state);
        assert_string_equal((const char *)url.data, rows[i].url);
        tpmc__buf_free(&url);
        tpmc__options_free(&options);
    }
}

static void what_makes_no_endpoint_is_refused(void **state)
{
    static const row rows[] = {
        { { { NULL, NULL } }, TPMC__GRANT_CLIENT, "option 'tenant_id' is missing" },
        { { { "tenant_id", "t" }, { "authority_host", "login.microsoftonline.com" } },
          TPMC__GRANT_CLIENT,
          "option 'authority_host'" },
        { { { "tenant_id", "t" }, { "authority_host", "http://login.microsoftonline.com" } },
          TPMC__GRANT_CLIENT,
          "option 'authority_host' must begin with https://" },
        { { { "tenant_id", "t" }, { "authority_host", "https://u@login.microsoftonline.com" } },
          TPMC__GRANT_CLIENT,
          "option 'authority_host'" },
        { { { "tenant_id", "t" }, { "authority_host", "https://h.example/?a" } },
          TPMC__GRANT_CLIENT,
          "option 'authority_host' has a query" },
        { { { "tenant_id", "t" }, { "authority_host", "https://h.example/#a" } },
          TPMC__GRANT_CLIENT,
          "option 'authority_host'" },
        { { { "tenant_id", "adfs" } },
          TPMC__GRANT_CLIENT,
          "option 'authority_host' is missing: the URL of the AD FS server" },
        { { { "tenant_id", "adfs" },
            { "authority_host", "https://h.example" },
            { "region", "westeurope" } },
          TPMC__GRANT_CLIENT,
          "option 'region' is for Azure" },
        { { { "tenant_id", "t" },
            { "authority_host", "https://127.0.0.1" },
            { "region", "westeurope" } },
          TPMC__GRANT_CLIENT,
          "option 'region' needs" },
        { { { "tenant_id", "t" },
            { "authority_host", "https://[::1]" },
            { "region", "westeurope" } },
          TPMC__GRANT_CLIENT,
          "option 'region' needs" },
        { { { "token_url", "https://h.example/t" }, { "authority_host", "https://h.example" } },
          TPMC__GRANT_CLIENT,
          "options 'token_url' and 'authority_host' exclude each other" },
        { { { "token_url", "https://h.example/t" }, { "region", "westeurope" } },
          TPMC__GRANT_CLIENT,
          "options 'token_url' and 'region' exclude each other" },
        { { { "token_url", "http://h.example/t" } },
          TPMC__GRANT_CLIENT,
          "option 'token_url' must begin with https://" },
        { { { "token_url", "https://h.example/t?x=y" } },
          TPMC__GRANT_CLIENT,
          "option 'token_url' has a query" },
    };
    tpmc__options options;
    tpmc__buf url;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        init_options(&options, rows[i].settings);
        tpmc__buf_init(&url, 8192);
        expect_failure(tpmc__entra_token_url(&options, rows[i].grant, &url, *state), *state,
                       TPMC_ERR_ARGUMENT, rows[i].url);
        tpmc__buf_free(&url);
        tpmc__options_free(&options);
    }
}

static void ad_fs_is_a_tenant_of_that_name(void **state)
{
    static const setting none[] = { { NULL, NULL } };
    tpmc__options options;

    (void)state;
    init_options(&options, none);
    assert_int_equal(tpmc__entra_is_adfs(&options), 0);
    assert_int_equal(tpmc__options_set(&options, "tenant_id", "adfs2", NULL), 0);
    assert_int_equal(tpmc__entra_is_adfs(&options), 0);
    assert_int_equal(tpmc__options_set(&options, "tenant_id", "AdFs", NULL), 0);
    assert_int_equal(tpmc__entra_is_adfs(&options), 1);
    tpmc__options_free(&options);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ERROR(endpoints_are_as_documented),
        WITH_ERROR(what_makes_no_endpoint_is_refused),
        cmocka_unit_test(ad_fs_is_a_tenant_of_that_name),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
