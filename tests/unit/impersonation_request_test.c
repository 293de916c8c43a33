/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/gcp_fixture.h"

#include "gcp/impersonation_request.h"
#include "unit/each_allocation.h"

#define ACCOUNTS "https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/"
#define ENCODED "target%40project.iam.gserviceaccount.com"

static void expect_request(const setting *settings, const char *url, const char *body)
{
    made_settings made;
    tpmc_http_request *request = NULL;

    make_settings(&made, settings);
    assert_int_equal(tpmc__gcp_impersonation_request(&made.settings, "ya29.x", &request, NULL), 0);
    expect_post(request, url, "application/json", body);
    assert_string_equal(header_of(request, "Authorization"), "Bearer ya29.x");
    tpmc_http_request_free(request);
    free_settings(&made);
}

static void an_access_token_is_asked_for(void **state)
{
    static const setting plain[] = { { "impersonate", TARGET }, { NULL, NULL } };
    static const setting all[] = {
        { "kind", "federated" }, { "impersonate", TARGET }, { "scopes", "b a" },
        { "delegate", "one@p" }, { "delegate", "two@p" },   { "lifetime", "43200" },
        { NULL, NULL },
    };

    (void)state;
    expect_request(plain, ACCOUNTS ENCODED ":generateAccessToken",
                   "{\"scope\":[\"" PLATFORM "\"],\"lifetime\":\"3600s\"}");
    expect_request(all, ACCOUNTS ENCODED ":generateAccessToken",
                   "{\"delegates\":[\"projects/-/serviceAccounts/one@p\","
                   "\"projects/-/serviceAccounts/two@p\"],"
                   "\"scope\":[\"b\",\"a\"],\"lifetime\":\"43200s\"}");
}

static void an_id_token_is_asked_for(void **state)
{
    static const setting target[] = { { "kind", "id" },
                                      { "audience", "https://a/" },
                                      { "impersonate", TARGET },
                                      { "delegate", "one@p" },
                                      { NULL, NULL } };
    static const setting own[] = { { "kind", "id" },
                                   { "audience", "https://a/" },
                                   { "email", "a+b@c" },
                                   { "universe_domain", "u.example" },
                                   { NULL, NULL } };

    (void)state;
    expect_request(target, ACCOUNTS ENCODED ":generateIdToken",
                   "{\"delegates\":[\"projects/-/serviceAccounts/one@p\"],"
                   "\"audience\":\"https://a/\",\"includeEmail\":true}");
    expect_request(own,
                   "https://iamcredentials.u.example/v1/projects/-/serviceAccounts/"
                   "a%2Bb%40c:generateIdToken",
                   "{\"audience\":\"https://a/\",\"includeEmail\":true}");
}

static void the_endpoint_may_be_another_one(void **state)
{
    static const setting plain[] = { { "impersonate", "a@b" },
                                     { "iam_endpoint", "https://127.0.0.1:1/" },
                                     { NULL, NULL } };

    (void)state;
    expect_request(plain,
                   "https://127.0.0.1:1/v1/projects/-/serviceAccounts/a%40b:generateAccessToken",
                   "{\"scope\":[\"" PLATFORM "\"],\"lifetime\":\"3600s\"}");
}

static int attempt(void *context)
{
    const made_settings *made = context;
    tpmc_http_request *request = NULL;
    int status = tpmc__gcp_impersonation_request(&made->settings, "b", &request, NULL);

    assert_true((status == 0) == (request != NULL));
    tpmc_http_request_free(request);
    return status;
}

static void survives_every_failing_allocation(void **state)
{
    static const setting settings[] = { { "impersonate", TARGET },
                                        { "delegate", "a@b" },
                                        { NULL, NULL } };
    made_settings made;

    (void)state;
    make_settings(&made, settings);
    assert_in_range(each_allocation(attempt, &made, TPMC_ERR_NOMEM), 10, 100);
    free_settings(&made);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_access_token_is_asked_for),
        cmocka_unit_test(an_id_token_is_asked_for),
        cmocka_unit_test(the_endpoint_may_be_another_one),
        cmocka_unit_test(survives_every_failing_allocation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
