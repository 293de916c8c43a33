/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/expect.h"

#include "base/option_table.h"
#include "gcp/account_file.h"
#include "unit/each_allocation.h"

#define ACCOUNT "{\"type\":\"service_account\",\"client_email\":\"a@b\""
#define GDCH "{\"type\":\"gdch_service_account\",\"project\":\"p\""

static int parse(const char *text, int kind, tpmc__options *out, int *has_key, tpmc_error *err)
{
    assert_int_equal(tpmc__options_init(out, TPMC_OBJECT_GCP, NULL), 0);
    return tpmc__gcp_account_parse(text, strlen(text), kind, out, has_key, err);
}

static void a_service_account_is_read(void **state)
{
    static const char text[] =
        ACCOUNT ",\"private_key_id\":\"0123\",\"private_key\":\"-----BEGIN PRIVATE KEY-----\","
                "\"project_id\":\"p\",\"client_id\":\"1\",\"quota_project_id\":\"q\","
                "\"token_uri\":\"https://oauth2.googleapis.com/token\","
                "\"universe_domain\":\"s3nsapis.fr\"}";
    tpmc__options options;
    int has_key = 0;

    expect_success(parse(text, TPMC__GCP_KIND_JWT, &options, &has_key, *state), *state);
    assert_int_equal(has_key, 1);
    assert_string_equal(tpmc__options_text(&options, TPMC__GCP_EMAIL), "a@b");
    assert_string_equal(tpmc__options_text(&options, TPMC__GCP_KEYID), "0123");
    assert_string_equal(tpmc__options_text(&options, TPMC__GCP_QUOTA_PROJECT), "q");
    assert_string_equal(tpmc__options_text(&options, TPMC__GCP_TOKEN_URI),
                        "https://oauth2.googleapis.com/token");
    assert_string_equal(tpmc__options_text(&options, TPMC__GCP_UNIVERSE_DOMAIN), "s3nsapis.fr");
    tpmc__options_free(&options);
}

static void so_is_one_of_distributed_cloud(void **state)
{
    tpmc__options options;
    int has_key = 7;

    expect_success(parse(GDCH
                         ",\"name\":\"n\",\"private_key_id\":\"k\",\"token_uri\":\"https://t\","
                         "\"ca_cert_path\":\"/ca\",\"format_version\":\"1\"}",
                         TPMC__GCP_KIND_GDCH, &options, &has_key, *state),
                   *state);
    assert_int_equal(has_key, 0);
    assert_string_equal(tpmc__options_text(&options, TPMC__GCP_GDCH_PROJECT), "p");
    assert_string_equal(tpmc__options_text(&options, TPMC__GCP_GDCH_NAME), "n");
    assert_string_equal(tpmc__options_text(&options, TPMC__GCP_KEYID), "k");
    assert_string_equal(tpmc__options_text(&options, TPMC__GCP_TOKEN_URI), "https://t");
    tpmc__options_free(&options);
}

static void others_are_refused_with_the_reason(void **state)
{
    static const struct {
        const char *text;
        int kind;
        const char *words;
    } rows[] = {
        { "", TPMC__GCP_KIND_JWT, "its content" },
        { ACCOUNT, TPMC__GCP_KIND_JWT, "its content" },
        { "[]", TPMC__GCP_KIND_JWT, "it is no JSON object" },
        { "{}", TPMC__GCP_KIND_JWT, "it has no 'type'" },
        { "{\"type\":1}", TPMC__GCP_KIND_JWT, "it has no 'type'" },
        { "{\"type\":\"external_account\"}", TPMC__GCP_KIND_ACCESS,
          "its type is 'external_account'; for this kind of token it must be 'service_account'" },
        { GDCH "}", TPMC__GCP_KIND_ID, "its type is 'gdch_service_account'" },
        { ACCOUNT "}", TPMC__GCP_KIND_GDCH, "it must be 'gdch_service_account'" },
        { "{\"type\":\"service_account\"}", TPMC__GCP_KIND_JWT, "it has no 'client_email'" },
        { "{\"type\":\"gdch_service_account\"}", TPMC__GCP_KIND_GDCH, "it has no 'project'" },
        { "{\"type\":\"service_account\",\"client_email\":\"ab\"}", TPMC__GCP_KIND_JWT,
          "its 'client_email': " },
        { ACCOUNT ",\"private_key_id\":1}", TPMC__GCP_KIND_JWT, "its 'private_key_id' is no text" },
        { "{\"type\":\"service_account\",\"client_email\":null}", TPMC__GCP_KIND_JWT,
          "it has no 'client_email'" },
        { ACCOUNT ",\"private_key_id\":\"a b\"}", TPMC__GCP_KIND_JWT, "its 'private_key_id': " },
        { ACCOUNT ",\"universe_domain\":\"a/b\"}", TPMC__GCP_KIND_JWT, "is not a domain" },
        { ACCOUNT ",\"client_email\":\"c@d\"}", TPMC__GCP_KIND_JWT, "its content" },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        tpmc__options options;
        int has_key = 0;

        expect_failure(parse(rows[i].text, rows[i].kind, &options, &has_key, *state), *state,
                       TPMC_ERR_FORMAT, rows[i].words);
        tpmc__options_free(&options);
    }
}

static void the_size_is_bounded(void **state)
{
    static char text[TPMC__GCP_ACCOUNT_MAX + 2];
    tpmc__options options;
    int has_key = 0;

    memset(text, ' ', sizeof(text) - 1);
    memcpy(text, ACCOUNT "}", strlen(ACCOUNT "}"));
    text[TPMC__GCP_ACCOUNT_MAX] = '\0';
    expect_success(parse(text, TPMC__GCP_KIND_JWT, &options, &has_key, *state), *state);
    tpmc__options_free(&options);
    text[TPMC__GCP_ACCOUNT_MAX] = ' ';
    expect_failure(parse(text, TPMC__GCP_KIND_JWT, &options, &has_key, *state), *state,
                   TPMC_ERR_FORMAT, "its content");
    tpmc__options_free(&options);
}

static int attempt(void *context)
{
    static const char text[] = ACCOUNT ",\"private_key_id\":\"k\"}";
    tpmc__options options;
    int has_key = 0;
    int status;

    (void)context;
    status = tpmc__options_init(&options, TPMC_OBJECT_GCP, NULL);
    if (status == 0)
        status = tpmc__gcp_account_parse(text, strlen(text), TPMC__GCP_KIND_JWT, &options, &has_key,
                                         NULL);
    tpmc__options_free(&options);
    return status;
}

static void survives_every_failing_allocation(void **state)
{
    (void)state;
    assert_in_range(each_allocation(attempt, NULL, TPMC_ERR_NOMEM), 3, 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ERROR(a_service_account_is_read),
        WITH_ERROR(so_is_one_of_distributed_cloud),
        WITH_ERROR(others_are_refused_with_the_reason),
        WITH_ERROR(the_size_is_bounded),
        cmocka_unit_test(survives_every_failing_allocation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
