/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/gcp_fixture.h"

#include "gcp/jwt_bearer_request.h"
#include "unit/each_allocation.h"

#define FORM "application/x-www-form-urlencoded"

static void expect_request(const setting *settings, const char *url, const char *body)
{
    made_settings made;
    tpmc_http_request *request = NULL;
    tpmc__buf jwt;

    make_settings(&made, settings);
    put_text(&jwt, "a.b_-.c");
    assert_int_equal(tpmc__gcp_jwt_bearer_request(&made.settings, &jwt, &request, NULL), 0);
    expect_post(request, url, FORM, body);
    tpmc_http_request_free(request);
    tpmc__buf_free(&jwt);
    free_settings(&made);
}

static void the_assertion_is_posted(void **state)
{
    static const char body[] = "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer"
                               "&assertion=a.b_-.c";
    static const setting plain[] = { { NULL, NULL } };
    static const setting other[] = { { "token_uri", "https://t.example/x" }, { NULL, NULL } };

    (void)state;
    expect_request(plain, "https://oauth2.googleapis.com/token", body);
    expect_request(other, "https://t.example/x", body);
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
        status = tpmc__gcp_jwt_bearer_request(&made->settings, &jwt, &request, NULL);
    assert_true((status == 0) == (request != NULL));
    tpmc_http_request_free(request);
    tpmc__buf_free(&jwt);
    return status;
}

static void survives_every_failing_allocation(void **state)
{
    static const setting settings[] = { { "email", EMAIL }, { NULL, NULL } };
    made_settings made;

    (void)state;
    make_settings(&made, settings);
    assert_in_range(each_allocation(attempt, &made, TPMC_ERR_NOMEM), 5, 100);
    free_settings(&made);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_assertion_is_posted),
        cmocka_unit_test(survives_every_failing_allocation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
