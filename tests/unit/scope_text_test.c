/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/gcp_fixture.h"

#include "gcp/scope_text.h"
#include "unit/each_allocation.h"

static void expect_scopes(const setting *settings, const char *own, const char *source)
{
    made_settings made;
    tpmc__buf text;

    make_settings(&made, settings);
    tpmc__buf_init(&text, TPMC__GCP_SCOPES_MAX);
    assert_int_equal(tpmc__gcp_join_scopes(&made.settings, &text, NULL), 0);
    assert_string_equal((const char *)text.data, own);
    tpmc__buf_clear(&text);
    assert_int_equal(tpmc__gcp_source_scopes(&made.settings, &text, NULL), 0);
    assert_string_equal((const char *)text.data, source);
    tpmc__buf_free(&text);
    free_settings(&made);
}

static void scopes_have_one_blank_between_them(void **state)
{
    static const setting none[] = { { NULL, NULL } };
    static const setting some[] = { { "scopes", " b  a " }, { "scopes", "c a" }, { NULL, NULL } };
    static const setting target[] = { { "scopes", "b a" },
                                      { "impersonate", TARGET },
                                      { NULL, NULL } };

    (void)state;
    expect_scopes(none, PLATFORM, PLATFORM);
    expect_scopes(some, "b a c", "b a c");
    expect_scopes(target, "b a", TPMC__GCP_IAM_SCOPE);
}

static int attempt(void *context)
{
    const made_settings *made = context;
    tpmc__buf text;
    int status;

    tpmc__buf_init(&text, TPMC__GCP_SCOPES_MAX);
    status = tpmc__gcp_source_scopes(&made->settings, &text, NULL);
    tpmc__buf_free(&text);
    return status;
}

static void survives_every_failing_allocation(void **state)
{
    static const setting target[] = { { "impersonate", TARGET }, { NULL, NULL } };
    made_settings made;

    (void)state;
    make_settings(&made, target);
    assert_in_range(each_allocation(attempt, &made, TPMC_ERR_NOMEM), 1, 10);
    free_settings(&made);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scopes_have_one_blank_between_them),
        cmocka_unit_test(survives_every_failing_allocation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
