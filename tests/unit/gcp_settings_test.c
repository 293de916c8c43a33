/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/gcp_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "unit/each_allocation.h"

#define ACCOUNT                                                                                    \
    "{\"type\":\"service_account\",\"client_email\":\"a@b\",\"private_key_id\":\"k\","             \
    "\"private_key\":\"x\"}"

static char path[] = "/tmp/gcp_settings_test.XXXXXX";

static void options_count_before_the_file(void **state)
{
    const setting from_file[] = { { "service_account_file", path }, { NULL, NULL } };
    const setting both[] = { { "service_account_file", path }, { "email", EMAIL }, { NULL, NULL } };
    made_settings made;

    (void)state;
    make_settings(&made, from_file);
    assert_string_equal(tpmc__gcp_text(&made.settings, TPMC__GCP_EMAIL), "a@b");
    assert_string_equal(tpmc__gcp_text(&made.settings, TPMC__GCP_KEYID), "k");
    assert_null(tpmc__gcp_text(&made.settings, TPMC__GCP_TOKEN_URI));
    assert_int_equal(made.settings.has_private_key, 1);
    free_settings(&made);
    make_settings(&made, both);
    assert_string_equal(tpmc__gcp_text(&made.settings, TPMC__GCP_EMAIL), EMAIL);
    assert_string_equal(tpmc__gcp_text(&made.settings, TPMC__GCP_KEYID), "k");
    free_settings(&made);
}

static void the_universe_is_google_unless_another_is_named(void **state)
{
    static const setting plain[] = { { NULL, NULL } };
    static const setting other[] = { { "universe_domain", "u.example" }, { NULL, NULL } };
    made_settings made;

    (void)state;
    make_settings(&made, plain);
    assert_string_equal(tpmc__gcp_universe(&made.settings), "googleapis.com");
    assert_true(tpmc__gcp_is_default_universe(&made.settings));
    assert_int_equal(tpmc__gcp_kind(&made.settings), TPMC__GCP_KIND_JWT);
    assert_int_equal(made.settings.has_private_key, 0);
    free_settings(&made);
    make_settings(&made, other);
    assert_string_equal(tpmc__gcp_universe(&made.settings), "u.example");
    assert_false(tpmc__gcp_is_default_universe(&made.settings));
    free_settings(&made);
}

static const char *iam_account(const setting *settings, char out[64])
{
    made_settings made;
    const char *account;

    make_settings(&made, settings);
    account = tpmc__gcp_iam_account(&made.settings);
    (void)snprintf(out, 64, "%s", account != NULL ? account : "none");
    free_settings(&made);
    return out;
}

static void who_iam_is_asked_about(void **state)
{
    static const setting own[] = {
        { "email", EMAIL }, { "kind", "id" }, { "universe_domain", "u.example" }, { NULL, NULL }
    };
    static const setting by_endpoint[] = { { "email", EMAIL }, { "kind", "id" }, { NULL, NULL } };
    static const setting jwt[] = { { "email", EMAIL },
                                   { "universe_domain", "u.example" },
                                   { NULL, NULL } };
    static const setting target[] = { { "email", EMAIL },
                                      { "impersonate", TARGET },
                                      { NULL, NULL } };
    char account[64];

    (void)state;
    assert_string_equal(iam_account(own, account), EMAIL);
    assert_string_equal(iam_account(by_endpoint, account), "none");
    assert_string_equal(iam_account(jwt, account), "none");
    assert_string_equal(iam_account(target, account), TARGET);
}

static void files_that_cannot_be_used_are_named(void **state)
{
    tpmc__options options;
    tpmc__gcp_settings settings;

    assert_int_equal(tpmc__options_init(&options, TPMC_OBJECT_GCP, NULL), 0);
    assert_int_equal(tpmc__options_set(&options, "service_account_file", "/no/such", NULL), 0);
    expect_failure(tpmc__gcp_settings_read(&options, &settings, *state), *state, TPMC_ERR_IO,
                   "\"/no/such\"");
    tpmc__gcp_settings_free(&settings);
    assert_int_equal(tpmc__options_set(&options, "service_account_file", path, NULL), 0);
    assert_int_equal(tpmc__options_set(&options, "kind", "gdch", NULL), 0);
    expect_failure(tpmc__gcp_settings_read(&options, &settings, *state), *state, TPMC_ERR_FORMAT,
                   path);
    tpmc__gcp_settings_free(&settings);
    assert_int_equal(tpmc__options_set(&options, "service_account_file", "/tmp", NULL), 0);
    expect_failure(tpmc__gcp_settings_read(&options, &settings, *state), *state, TPMC_ERR_IO,
                   "service-account file");
    tpmc__gcp_settings_free(&settings);
    tpmc__options_free(&options);
}

static int attempt(void *context)
{
    tpmc__gcp_settings settings;
    int status = tpmc__gcp_settings_read(context, &settings, NULL);

    tpmc__gcp_settings_free(&settings);
    return status;
}

static void survives_every_failing_allocation(void **state)
{
    tpmc__options options;

    (void)state;
    assert_int_equal(tpmc__options_init(&options, TPMC_OBJECT_GCP, NULL), 0);
    assert_int_equal(tpmc__options_set(&options, "service_account_file", path, NULL), 0);
    assert_in_range(each_allocation(attempt, &options, TPMC_ERR_NOMEM), 3, 100);
    tpmc__options_free(&options);
}

static int setup(void **state)
{
    int fd = mkstemp(path);
    ssize_t written = write(fd, ACCOUNT, strlen(ACCOUNT));

    (void)state;
    return close(fd) != 0 || written != (ssize_t)strlen(ACCOUNT);
}

static int teardown(void **state)
{
    (void)state;
    return unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options_count_before_the_file),
        cmocka_unit_test(the_universe_is_google_unless_another_is_named),
        cmocka_unit_test(who_iam_is_asked_about),
        WITH_ERROR(files_that_cannot_be_used_are_named),
        cmocka_unit_test(survives_every_failing_allocation),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
