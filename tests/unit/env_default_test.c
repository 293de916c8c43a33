/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/expect.h"

#include <time.h>

#include "http/http_int.h"
#include "tpmcloud/version.h"

static void an_environment_works_as_made(void **state)
{
    static const uint8_t zeros[16];
    uint8_t bytes[16] = { 0 };
    int64_t ms = 0;
    int64_t later = 0;
    tpmc_env *env = NULL;

    expect_success(tpmc_env_new(&env, *state), *state);
    expect_success(tpmc__env_wall_ms(env, &ms, *state), *state);
    assert_in_range(ms / 1000, time(NULL) - 5, time(NULL) + 5);
    expect_success(tpmc__env_monotonic_ms(env, &ms, *state), *state);
    expect_success(tpmc__env_sleep_ms(env, 10, *state), *state);
    expect_success(tpmc__env_monotonic_ms(env, &later, *state), *state);
    assert_true(later - ms >= 9);
    expect_success(tpmc__env_should_stop(env, *state), *state);
    expect_success(tpmc__env_random(env, bytes, sizeof(bytes), *state), *state);
    assert_memory_not_equal(bytes, zeros, sizeof(bytes));
    tpmc__env_log(env, TPMC_LOG_WARNING, "unheard");
    tpmc_env_free(env);
}

/* Nobody listens on the port. */
static void its_transport_is_the_one_of_the_build(void **state)
{
    tpmc_env *env = NULL;
    tpmc_http_request *request = NULL;
    tpmc_http_response *response = NULL;
    int64_t ms = 0;
    int status;

    expect_success(tpmc_env_new(&env, *state), *state);
    expect_success(tpmc_http_request_new("GET", "https://127.0.0.1:1/", &request, *state), *state);
    expect_success(tpmc__env_monotonic_ms(env, &ms, *state), *state);
    status = tpmc__http_exchange(env, request, ms + 10000, &response, *state);
    if (tpmc_has(TPMC_MODULE_CURL))
        expect_failure(status, *state, TPMC_ERR_NETWORK, "the request to 127.0.0.1 failed");
    else
        expect_failure(status, *state, TPMC_ERR_UNSUPPORTED,
                       "no HTTP transport (TPMCLOUD_WITH_CURL is OFF)");
    assert_null(response);
    tpmc_http_request_free(request);
    tpmc_env_free(env);
}

static void out_is_needed(void **state)
{
    expect_failure(tpmc_env_new(NULL, *state), *state, TPMC_ERR_ARGUMENT, "out is NULL");
    assert_int_equal(tpmc_env_new(NULL, NULL), TPMC_ERR_ARGUMENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ERROR(an_environment_works_as_made),
        WITH_ERROR(its_transport_is_the_one_of_the_build),
        WITH_ERROR(out_is_needed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
