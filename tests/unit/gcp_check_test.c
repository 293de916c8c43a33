/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/gcp_fixture.h"

#include "gcp/gcp_check.h"
#include "unit/each_allocation.h"

#define OPTIONS_MAX 8
#define SETTINGS(...)                                                                              \
    {                                                                                              \
        __VA_ARGS__,                                                                               \
        {                                                                                          \
            NULL, NULL                                                                             \
        }                                                                                          \
    }
#define FEDERATED                                                                                  \
    { "kind", "federated" }, { "issuer", "https://i.example" }, { "federation_subject", "me" },    \
    {                                                                                              \
        "pool_audience", POOL                                                                      \
    }
#define GDCH                                                                                       \
    { "kind", "gdch" }, { "gdch_project", "p" }, { "gdch_name", "n" },                             \
        { "token_uri", "https://t.example" },                                                      \
    {                                                                                              \
        "audience", "https://a"                                                                    \
    }

static int check(const setting *settings, tpmc_error *err)
{
    made_settings made;
    int status;

    make_settings(&made, settings);
    status = tpmc__gcp_check(&made.settings, err);
    free_settings(&made);
    return status;
}

static void what_belongs_together_passes(void **state)
{
    static const setting rows[][OPTIONS_MAX] = {
        SETTINGS({ "email", EMAIL }),
        SETTINGS({ "email", EMAIL }, { "audience", "https://a/" }, { "keyid", "k" }),
        SETTINGS({ "email", EMAIL }, { "scopes", "a" }, { "universe_domain", "u.example" }),
        SETTINGS({ "email", EMAIL }, { "kind", "access" }, { "subject", "a@b" },
                 { "token_uri", "http://127.0.0.1/token" }),
        SETTINGS({ "email", EMAIL }, { "kind", "id" }, { "audience", "a" }),
        SETTINGS({ "email", EMAIL }, { "kind", "id" }, { "audience", "a" },
                 { "universe_domain", "u.example" }, { "iam_endpoint", "https://i" }),
        SETTINGS({ "email", EMAIL }, { "impersonate", TARGET }, { "delegate", "a@b" },
                 { "lifetime", "43200" }, { "iam_endpoint", "https://i" }),
        SETTINGS(FEDERATED, { "scopes", "a" }, { "audience", "mine" }, { "quota_project", "q" }),
        SETTINGS(FEDERATED, { "impersonate", TARGET }, { "sts_endpoint", "https://s" }),
        SETTINGS(GDCH, { "keyid", "k" }),
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        expect_success(check(rows[i], *state), *state);
}

static void what_does_not_is_refused(void **state)
{
    static const struct {
        setting settings[OPTIONS_MAX];
        const char *words;
    } rows[] = {
        { { { NULL, NULL } }, "option 'email' is missing: the service account's e-mail address" },
        { SETTINGS({ "email", EMAIL }, { "scopes", "s" }, { "audience", "a" }),
          "options 'scopes' and 'audience' exclude each other" },
        { SETTINGS({ "email", EMAIL }, { "kind", "id" }),
          "option 'audience' is missing: the service that the token is for" },
        { SETTINGS({ "email", EMAIL }, { "kind", "id" }, { "audience", "a" }, { "scopes", "s" }),
          "option 'scopes' has no effect on tokens of kind 'id'" },
        { SETTINGS({ "email", EMAIL }, { "kind", "access" }, { "audience", "a" }),
          "option 'audience' has no effect on tokens of kind 'access'" },
        { SETTINGS({ "email", EMAIL }, { "subject", "a@b" }),
          "option 'subject' has no effect on tokens of kind 'jwt'" },
        { SETTINGS({ "email", EMAIL }, { "token_uri", "https://t" }),
          "option 'token_uri' has no effect on tokens of kind 'jwt'" },
        { SETTINGS({ "email", EMAIL }, { "issuer", "https://i" }),
          "option 'issuer' has no effect on tokens of kind 'jwt'" },
        { SETTINGS({ "email", EMAIL }, { "delegate", "a@b" }),
          "option 'delegate' has no effect without option 'impersonate'" },
        { SETTINGS({ "email", EMAIL }, { "lifetime", "600" }),
          "option 'lifetime' has no effect without option 'impersonate'" },
        { SETTINGS({ "email", EMAIL }, { "iam_endpoint", "https://i" }),
          "option 'iam_endpoint' has no effect without option 'impersonate'" },
        { SETTINGS({ "email", EMAIL }, { "impersonate", TARGET }, { "audience", "a" }),
          "options 'audience' and 'impersonate' exclude each other" },
        { SETTINGS({ "email", EMAIL }, { "kind", "id" }, { "audience", "a" },
                   { "impersonate", TARGET }, { "lifetime", "600" }),
          "option 'lifetime' has no effect on tokens of kind 'id'" },
        { SETTINGS({ "email", EMAIL }, { "kind", "access" }, { "subject", "a@b" },
                   { "impersonate", TARGET }),
          "options 'subject' and 'impersonate' exclude each other" },
        { SETTINGS({ "email", EMAIL }, { "kind", "access" }, { "universe_domain", "u.example" }),
          "the universe 'u.example' has no token endpoint" },
        { SETTINGS({ "email", EMAIL }, { "kind", "access" }, { "token_uri", "http://t/" }),
          "option 'token_uri' must begin with https://" },
        { SETTINGS(FEDERATED, { "sts_endpoint", "https://s/?x" }),
          "option 'sts_endpoint' has a query" },
        { SETTINGS(FEDERATED, { "impersonate", TARGET }, { "iam_endpoint", "ftp://s" }),
          "option 'iam_endpoint'" },
        { SETTINGS(FEDERATED, { "email", EMAIL }),
          "option 'email' has no effect on tokens of kind 'federated'" },
        { SETTINGS(FEDERATED, { "keyid", "k" }),
          "option 'keyid' has no effect on tokens of kind 'federated'" },
        { SETTINGS(FEDERATED, { "issuer", "http://i" }),
          "option 'issuer' must begin with https://" },
        { SETTINGS({ "kind", "federated" }), "option 'pool_audience' is missing" },
        { SETTINGS({ "kind", "federated" }, { "pool_audience", POOL }),
          "option 'issuer' is missing" },
        { SETTINGS({ "kind", "federated" }, { "pool_audience", POOL }, { "issuer", "https://i" }),
          "option 'federation_subject' is missing" },
        { SETTINGS({ "kind", "gdch" }), "option 'audience' is missing" },
        { SETTINGS({ "kind", "gdch" }, { "audience", "a" }), "option 'token_uri' is missing" },
        { SETTINGS({ "kind", "gdch" }, { "audience", "a" }, { "token_uri", "https://t" }),
          "option 'gdch_project' is missing" },
        { SETTINGS({ "kind", "gdch" }, { "audience", "a" }, { "token_uri", "https://t" },
                   { "gdch_project", "p" }),
          "option 'gdch_name' is missing" },
        { SETTINGS(GDCH, { "impersonate", TARGET }),
          "option 'impersonate' has no effect on tokens of kind 'gdch'" },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        expect_failure(check(rows[i].settings, *state), *state, TPMC_ERR_ARGUMENT, rows[i].words);
}

static void all_scopes_together_have_a_ceiling(void **state)
{
    setting settings[20] = { { "email", EMAIL } };
    static char scopes[17][1025];

    for (size_t i = 0; i < 17; i++) {
        memset(scopes[i], 'a' + (int)i, 1024);
        settings[i + 1] = (setting){ "scopes", scopes[i] };
    }
    /* 16 of 1023 bytes each and 15 blanks are 16383; of 1024 bytes they are 16399. */
    settings[17].name = NULL;
    for (size_t i = 0; i < 16; i++)
        scopes[i][1023] = '\0';
    expect_success(check(settings, *state), *state);
    for (size_t i = 0; i < 16; i++)
        scopes[i][1023] = 'a';
    expect_failure(check(settings, *state), *state, TPMC_ERR_ARGUMENT, "'scopes'");
}

static int check_alone(const setting *settings,
                       int (*fn)(const tpmc__gcp_settings *settings, tpmc_error *err),
                       tpmc_error *err)
{
    made_settings made;
    int status;

    make_settings(&made, settings);
    status = fn(&made.settings, err);
    free_settings(&made);
    return status;
}

static void a_subject_token_needs_less(void **state)
{
    static const setting all[] =
        SETTINGS({ "email", EMAIL }, { "issuer", "https://i" }, { "federation_subject", "me" },
                 { "pool_audience", POOL });
    static const setting no_pool[] = SETTINGS({ "issuer", "https://i" });
    static const setting no_subject[] = SETTINGS({ "pool_audience", POOL });
    static const setting no_issuer[] =
        SETTINGS({ "federation_subject", "me" }, { "pool_audience", POOL });

    expect_success(check_alone(all, tpmc__gcp_check_subject_token, *state), *state);
    expect_success(check_alone(no_pool, tpmc__gcp_check_issuer, *state), *state);
    expect_failure(check_alone(no_pool, tpmc__gcp_check_subject_token, *state), *state,
                   TPMC_ERR_ARGUMENT, "option 'pool_audience' is missing");
    expect_failure(check_alone(no_subject, tpmc__gcp_check_subject_token, *state), *state,
                   TPMC_ERR_ARGUMENT, "option 'federation_subject' is missing");
    expect_failure(check_alone(no_issuer, tpmc__gcp_check_subject_token, *state), *state,
                   TPMC_ERR_ARGUMENT, "option 'issuer' is missing");
    expect_failure(check_alone(no_issuer, tpmc__gcp_check_issuer, *state), *state,
                   TPMC_ERR_ARGUMENT, "option 'issuer' is missing");
}

static int attempt(void *context)
{
    const made_settings *made = context;

    return tpmc__gcp_check(&made->settings, NULL);
}

static void survives_every_failing_allocation(void **state)
{
    static const setting settings[] = SETTINGS({ "email", EMAIL });
    made_settings made;

    (void)state;
    make_settings(&made, settings);
    assert_in_range(each_allocation(attempt, &made, TPMC_ERR_NOMEM), 1, 10);
    free_settings(&made);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ERROR(what_belongs_together_passes),
        WITH_ERROR(what_does_not_is_refused),
        WITH_ERROR(all_scopes_together_have_a_ceiling),
        WITH_ERROR(a_subject_token_needs_less),
        cmocka_unit_test(survives_every_failing_allocation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
