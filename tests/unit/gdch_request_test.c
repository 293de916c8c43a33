/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/gcp_fixture.h"

#include "gcp/gdch_request.h"
#include "unit/each_allocation.h"

static void expect_request(const setting *settings, const char *url, const char *body)
{
    made_settings made;
    tpmc_http_request *request = NULL;
    tpmc__buf jwt;

    make_settings(&made, settings);
    put_text(&jwt, "a.b_-.c");
    assert_int_equal(tpmc__gcp_gdch_request(&made.settings, &jwt, &request, NULL), 0);
    expect_post(request, url, "application/json", body);
    tpmc_http_request_free(request);
    tpmc__buf_free(&jwt);
    free_settings(&made);
}

static void the_token_is_posted_as_json(void **state)
{
    static const setting settings[] = { { "token_uri", "https://g.example/authenticate" },
                                        { "audience", "https://a/" },
                                        { NULL, NULL } };

    (void)state;
    expect_request(settings, "https://g.example/authenticate",
                   "{\"grant_type\":\"urn:ietf:params:oauth:token-type:token-exchange\","
                   "\"audience\":\"https://a/\","
                   "\"requested_token_type\":\"urn:ietf:params:oauth:token-type:access_token\","
                   "\"subject_token\":\"a.b_-.c\","
                   "\"subject_token_type\":\"urn:k8s:params:oauth:token-type:serviceaccount\"}");
}

static int attempt(void *context)
{
    const made_settings *made = context;
    tpmc_http_request *request = NULL;
    tpmc__buf jwt;
    int status;

    tpmc__buf_init(&jwt, 16);
    status = tpmc__buf_append_text(&jwt, "a.b.c");
    if (status == 0)
        status = tpmc__gcp_gdch_request(&made->settings, &jwt, &request, NULL);
    assert_true((status == 0) == (request != NULL));
    tpmc_http_request_free(request);
    tpmc__buf_free(&jwt);
    return status;
}

static void survives_every_failing_allocation(void **state)
{
    static const setting settings[] = { { "token_uri", "https://t" },
                                        { "audience", "a" },
                                        { NULL, NULL } };
    made_settings made;

    (void)state;
    make_settings(&made, settings);
    assert_in_range(each_allocation(attempt, &made, TPMC_ERR_NOMEM), 5, 100);
    free_settings(&made);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_token_is_posted_as_json),
        cmocka_unit_test(survives_every_failing_allocation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
