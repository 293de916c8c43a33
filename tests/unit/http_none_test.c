/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/expect.h"

#include "services/transport.h"

static void it_says_that_there_is_none_and_what_to_do(void **state)
{
    expect_success(tpmc__transport_new(NULL, *state), *state);
    expect_failure(tpmc__transport_exchange(NULL, NULL, NULL, *state), *state, TPMC_ERR_UNSUPPORTED,
                   "this build has no HTTP transport (TPMCLOUD_WITH_CURL is OFF): set one with "
                   "tpmc_env_set_http()");
    assert_int_equal(tpmc__transport_exchange(NULL, NULL, NULL, NULL), TPMC_ERR_UNSUPPORTED);
    tpmc__transport_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ERROR(it_says_that_there_is_none_and_what_to_do),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
