/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/gcp_fixture.h"

#include "gcp/gcp_post.h"
#include "unit/each_allocation.h"

#define URL "https://h.example/p"

static void a_form_is_posted(void **state)
{
    tpmc_http_request *request = NULL;
    tpmc__buf form;

    put_text(&form, "a=b");
    expect_success(tpmc__gcp_post_form(URL, &form, &request, *state), *state);
    expect_post(request, URL, "application/x-www-form-urlencoded", "a=b");
    tpmc_http_request_free(request);
    tpmc__buf_free(&form);
}

static void json_is_posted(void **state)
{
    tpmc_http_request *request = NULL;
    tpmc__json *json = tpmc__json_new_object();

    (void)tpmc__json_add_text(json, "a", "b");
    expect_success(tpmc__gcp_post_json(URL, json, &request, *state), *state);
    expect_post(request, URL, "application/json", "{\"a\":\"b\"}");
    tpmc_http_request_free(request);
    tpmc__json_free(json);
}

static void a_body_that_failed_is_not_posted(void **state)
{
    tpmc_http_request *request = NULL;
    tpmc__buf form;

    tpmc__buf_init(&form, 2);
    (void)tpmc__buf_append_text(&form, "a=b");
    expect_failure(tpmc__gcp_post_form(URL, &form, &request, *state), *state, TPMC_ERR_ARGUMENT,
                   "the body of the request");
    assert_null(request);
    tpmc__buf_free(&form);
}

static void expect_url(const setting *settings, const char *path, const char *expected)
{
    made_settings made;
    tpmc__buf url;

    make_settings(&made, settings);
    tpmc__buf_init(&url, 1024);
    tpmc__gcp_service_url(&made.settings, TPMC__GCP_STS_ENDPOINT, "sts", path, &url);
    assert_string_equal((const char *)url.data, expected);
    tpmc__buf_free(&url);
    free_settings(&made);
}

static void services_stand_in_their_universe(void **state)
{
    static const setting plain[] = { { NULL, NULL } };
    static const setting universe[] = { { "universe_domain", "u.example" }, { NULL, NULL } };
    static const setting bare[] = { { "universe_domain", "u.example" },
                                    { "sts_endpoint", "https://s:1" },
                                    { NULL, NULL } };
    static const setting slashes[] = { { "sts_endpoint", "https://s//" }, { NULL, NULL } };
    static const setting whole[] = { { "sts_endpoint", "https://s/v1/token" }, { NULL, NULL } };

    (void)state;
    expect_url(plain, "/v1/token", "https://sts.googleapis.com/v1/token");
    expect_url(universe, "/v1/token", "https://sts.u.example/v1/token");
    expect_url(bare, "/v1/token", "https://s:1/v1/token");
    expect_url(slashes, "/v1/token", "https://s/v1/token");
    expect_url(whole, "/v1/token", "https://s/v1/token");
}

static int attempt(void *context)
{
    tpmc_http_request *request = NULL;
    int status = tpmc__gcp_post_json(URL, context, &request, NULL);

    assert_true((status == 0) == (request != NULL));
    tpmc_http_request_free(request);
    return status;
}

static void survives_every_failing_allocation(void **state)
{
    tpmc__json *json = tpmc__json_new_object();

    (void)state;
    (void)tpmc__json_add_text(json, "a", "b");
    assert_in_range(each_allocation(attempt, json, TPMC_ERR_NOMEM), 5, 100);
    tpmc__json_free(json);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ERROR(a_form_is_posted),
        WITH_ERROR(json_is_posted),
        WITH_ERROR(a_body_that_failed_is_not_posted),
        cmocka_unit_test(services_stand_in_their_universe),
        cmocka_unit_test(survives_every_failing_allocation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
