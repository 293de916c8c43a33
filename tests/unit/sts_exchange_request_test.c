/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/gcp_fixture.h"

#include "gcp/sts_exchange_request.h"
#include "unit/each_allocation.h"

#define FORM "application/x-www-form-urlencoded"

static void expect_request(const setting *settings, const char *url, const char *body)
{
    made_settings made;
    tpmc_http_request *request = NULL;
    tpmc__buf jwt;

    make_settings(&made, settings);
    put_text(&jwt, "a.b_-.c");
    assert_int_equal(tpmc__gcp_sts_exchange_request(&made.settings, &jwt, &request, NULL), 0);
    expect_post(request, url, FORM, body);
    tpmc_http_request_free(request);
    tpmc__buf_free(&jwt);
    free_settings(&made);
}

#define BEGIN                                                                                      \
    "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Atoken-exchange"                         \
    "&audience=%2F%2Fiam.googleapis.com%2Fprojects%2F1%2Flocations%2Fglobal"                       \
    "%2FworkloadIdentityPools%2Fp%2Fproviders%2Fq&scope="
#define END                                                                                        \
    "&requested_token_type=urn%3Aietf%3Aparams%3Aoauth%3Atoken-type%3Aaccess_token"                \
    "&subject_token=a.b_-.c&subject_token_type=urn%3Aietf%3Aparams%3Aoauth%3Atoken-type%3Ajwt"

static void the_subject_token_is_posted(void **state)
{
    static const setting plain[] = { { "pool_audience", POOL },
                                     { "scopes", "a b" },
                                     { NULL, NULL } };
    static const setting target[] = { { "pool_audience", POOL },
                                      { "scopes", "a b" },
                                      { "impersonate", TARGET },
                                      { "sts_endpoint", "https://s.example/" },
                                      { NULL, NULL } };

    (void)state;
    expect_request(plain, "https://sts.googleapis.com/v1/token", BEGIN "a%20b" END);
    expect_request(target, "https://s.example/v1/token",
                   BEGIN "https%3A%2F%2Fwww.googleapis.com%2Fauth%2Fiam" END);
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
        status = tpmc__gcp_sts_exchange_request(&made->settings, &jwt, &request, NULL);
    assert_true((status == 0) == (request != NULL));
    tpmc_http_request_free(request);
    tpmc__buf_free(&jwt);
    return status;
}

static void survives_every_failing_allocation(void **state)
{
    static const setting settings[] = { { "pool_audience", POOL }, { NULL, NULL } };
    made_settings made;

    (void)state;
    make_settings(&made, settings);
    assert_in_range(each_allocation(attempt, &made, TPMC_ERR_NOMEM), 5, 100);
    free_settings(&made);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_subject_token_is_posted),
        cmocka_unit_test(survives_every_failing_allocation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
