/* SPDX-License-Identifier: Apache-2.0 */
#include "azure/token_request.h"

#include "tpmcloud/env.h"
#include "tpmcloud/version.h"
#include "unit/azure_fixture.h"
#include "unit/each_allocation.h"

#define URL "https://login.microsoftonline.com/" TENANT "/oauth2/v2.0/token"

static const setting settings[] = { { "client_id", "c+l&i" }, { "scopes", GRAPH }, { NULL, NULL } };
static const tpmc__token_post post = { URL, "h.a+/=.s", "the-id" };

static tpmc_http_request *make(int grant, const char *user, const char *claims, tpmc_error *err)
{
    tpmc_http_request *request = NULL;
    tpmc__token_wish wish;
    tpmc__options options;

    init_options(&options, settings);
    expect_success(tpmc__token_wish_init(&wish, &options, grant, user, NULL, claims, err), err);
    expect_success(tpmc__token_request(&options, &wish, &post, &request, err), err);
    tpmc__token_wish_free(&wish);
    tpmc__options_free(&options);
    return request;
}

static void expect_body(const tpmc_http_request *request, const char *body)
{
    assert_int_equal(tpmc_http_request_body_len(request), strlen(body));
    assert_memory_equal(tpmc_http_request_body(request), body, strlen(body));
}

static void a_request_has_exactly_these_bytes(void **state)
{
    static const char *const fields[][2] = {
        { "Content-Type", "application/x-www-form-urlencoded" },
        { "Accept", "application/json" },
        { "client-request-id", "the-id" },
        { "return-client-request-id", "true" },
        { "x-client-SKU", "tpmcloud" },
        { "x-client-Ver", TPMC_VERSION },
        { "x-ms-lib-capability", "retry-after, h429" },
    };
    tpmc_http_request *request = make(TPMC__GRANT_CLIENT, NULL, NULL, *state);

    assert_string_equal(tpmc_http_request_method(request), "POST");
    assert_string_equal(tpmc_http_request_url(request), URL);
    assert_int_equal(tpmc_http_request_header_count(request), sizeof(fields) / sizeof(fields[0]));
    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        assert_string_equal(tpmc_http_request_header_name(request, i), fields[i][0]);
        assert_string_equal(tpmc_http_request_header_value(request, i), fields[i][1]);
    }
    expect_body(request, "grant_type=client_credentials&client_id=c%2Bl%26i"
                         "&scope=https%3A%2F%2Fgraph.microsoft.com%2F.default"
                         "&client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-"
                         "type%3Ajwt-bearer&client_assertion=h.a%2B%2F%3D.s");
    tpmc_http_request_free(request);
}

static void a_user_and_claims_are_fields_of_their_own(void **state)
{
    tpmc_http_request *request =
        make(TPMC__GRANT_ON_BEHALF_OF, "u.s.e&r", "{\"a\":\"%20\"}", *state);

    expect_body(request, "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer"
                         "&client_id=c%2Bl%26i"
                         "&scope=https%3A%2F%2Fgraph.microsoft.com%2F.default"
                         "&client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-"
                         "type%3Ajwt-bearer&client_assertion=h.a%2B%2F%3D.s&assertion=u.s.e%26r"
                         "&requested_token_use=on_behalf_of&claims=%7B%22a%22%3A%22%2520%22%7D");
    tpmc_http_request_free(request);
}

static void a_user_s_token_must_be_one(void **state)
{
    static char large[TPMC__USER_ASSERTION_MAX + 2];
    static const struct {
        const char *user;
        const char *words;
    } rows[] = {
        { NULL, "user_assertion is NULL" },
        { "", "not 1 to 65536 bytes" },
        { large, "not 1 to 65536 bytes" },
        { "a b", "a character that no token has" },
        { "a\r\nb", "a character that no token has" },
    };
    tpmc__token_wish wish;
    tpmc__options options;

    init_options(&options, settings);
    memset(large, 'a', sizeof(large) - 1);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        expect_failure(tpmc__token_wish_init(&wish, &options, TPMC__GRANT_ON_BEHALF_OF,
                                             rows[i].user, NULL, NULL, *state),
                       *state, TPMC_ERR_ARGUMENT, rows[i].words);
        tpmc__token_wish_free(&wish);
    }
    large[TPMC__USER_ASSERTION_MAX] = '\0';
    assert_int_equal(
        tpmc__token_wish_init(&wish, &options, TPMC__GRANT_ON_BEHALF_OF, large, NULL, NULL, *state),
        0);
    tpmc__token_wish_free(&wish);
    tpmc__options_free(&options);
}

typedef struct wished {
    int grant;
    const char *user;
    const char *scopes;
    const char *claims;
} wished;

static void key_of(tpmc_env *env, const wished *w, uint8_t key[TPMC__CACHE_KEY_SIZE])
{
    tpmc__token_wish wish;
    tpmc__options options;

    init_options(&options, settings);
    assert_int_equal(
        tpmc__token_wish_init(&wish, &options, w->grant, w->user, w->scopes, w->claims, NULL), 0);
    assert_int_equal(tpmc__token_wish_key(env, &wish, key, NULL), 0);
    tpmc__token_wish_free(&wish);
    tpmc__options_free(&options);
}

static void other_wishes_have_other_keys(void **state)
{
    static const wished wishes[] = {
        { TPMC__GRANT_CLIENT, NULL, NULL, NULL },
        { TPMC__GRANT_CLIENT, NULL, "https://x/.default", NULL },
        { TPMC__GRANT_CLIENT, NULL, NULL, "{}" },
        { TPMC__GRANT_CLIENT, NULL, NULL, "{\"a\":1}" },
        { TPMC__GRANT_ON_BEHALF_OF, "u", NULL, NULL },
        { TPMC__GRANT_ON_BEHALF_OF, "v", NULL, NULL },
        { TPMC__GRANT_ON_BEHALF_OF, "{}", NULL, NULL },
        { TPMC__GRANT_ON_BEHALF_OF, "u", "a", NULL },
        { TPMC__GRANT_ON_BEHALF_OF, "u", NULL, "{}" },
    };
    static const wished same = { TPMC__GRANT_CLIENT, NULL, " " GRAPH " " GRAPH, NULL };
    uint8_t keys[sizeof(wishes) / sizeof(wishes[0])][TPMC__CACHE_KEY_SIZE];
    uint8_t key[TPMC__CACHE_KEY_SIZE];
    tpmc_env *env = NULL;

    (void)state;
    assert_int_equal(tpmc_env_new(&env, NULL), 0);
    for (size_t i = 0; i < sizeof(wishes) / sizeof(wishes[0]); i++) {
        key_of(env, &wishes[i], keys[i]);
        for (size_t k = 0; k < i; k++)
            assert_memory_not_equal(keys[i], keys[k], sizeof(keys[i]));
    }
    key_of(env, &same, key);
    assert_memory_equal(key, keys[0], sizeof(key));
    tpmc_env_free(env);
}

static int attempt(void *context)
{
    tpmc_http_request *request = NULL;
    tpmc__token_wish wish;
    int status =
        tpmc__token_wish_init(&wish, context, TPMC__GRANT_ON_BEHALF_OF, "u", NULL, "{}", NULL);

    if (status == 0)
        status = tpmc__token_request(context, &wish, &post, &request, NULL);
    assert_int_equal(request == NULL, status != 0);
    tpmc_http_request_free(request);
    tpmc__token_wish_free(&wish);
    return status;
}

static void each_allocation_may_fail(void **state)
{
    tpmc__options options;

    (void)state;
    init_options(&options, settings);
    assert_true(each_allocation(attempt, &options, TPMC_ERR_NOMEM) > 0);
    tpmc__options_free(&options);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ERROR(a_request_has_exactly_these_bytes),
        WITH_ERROR(a_user_and_claims_are_fields_of_their_own),
        WITH_ERROR(a_user_s_token_must_be_one),
        cmocka_unit_test(other_wishes_have_other_keys),
        cmocka_unit_test(each_allocation_may_fail),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
