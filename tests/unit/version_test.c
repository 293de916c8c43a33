/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/expect.h"

#include "tpmcloud/version.h"

static void version_is_that_of_the_headers(void **state)
{
    (void)state;
    assert_string_equal(tpmc_version(), TPMC_VERSION);
}

static void modules(void **state)
{
    (void)state;
    assert_int_equal(tpmc_has(TPMC_MODULE_TPMKEY), 1);
    assert_int_equal(tpmc_has(TPMC_MODULE_CURL), TPMCLOUD_WITH_CURL);
    assert_int_equal(tpmc_has(TPMC_MODULE_GCP), TPMCLOUD_WITH_GCP);
    assert_int_equal(tpmc_has(TPMC_MODULE_AWS_ROLESANYWHERE), TPMCLOUD_WITH_AWS_ROLESANYWHERE);
    assert_int_equal(tpmc_has(TPMC_MODULE_AWS_HMAC), TPMCLOUD_WITH_AWS_HMAC);
    assert_int_equal(tpmc_has(TPMC_MODULE_AZURE), TPMCLOUD_WITH_AZURE);
    assert_int_equal(tpmc_has(0), 0);
    assert_int_equal(tpmc_has(-1), 0);
    assert_int_equal(tpmc_has(1000), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(version_is_that_of_the_headers),
        cmocka_unit_test(modules),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
