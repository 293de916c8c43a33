/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/expect.h"

#include <stdlib.h>

#include "tpm/hierarchy.h"

static const struct {
    int hierarchy;
    uint32_t handle;
    ESYS_TR tr;
    const char *name;
    const char *flag;
} all[] = {
    { TPMC__PRIMARY_NULL, 0x40000007, ESYS_TR_RH_NULL, "null", NULL },
    { TPMC_HIERARCHY_OWNER, 0x40000001, ESYS_TR_RH_OWNER, "owner", "--ownerpassword" },
    { TPMC_HIERARCHY_ENDORSEMENT, 0x4000000b, ESYS_TR_RH_ENDORSEMENT, "endorsement",
      "--endorsement-password" },
    { TPMC_HIERARCHY_PLATFORM, 0x4000000c, ESYS_TR_RH_PLATFORM, "platform", "--platform-password" },
};

static void both_ways(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        assert_int_equal(tpmc__hierarchy_by_handle(all[i].handle), all[i].hierarchy);
        assert_int_equal(tpmc__hierarchy_handle(all[i].hierarchy), all[i].handle);
        assert_int_equal(tpmc__hierarchy_tr(all[i].hierarchy), all[i].tr);
    }
}

/* Lockout and the password session are no hierarchies with primaries. */
static void others(void **state)
{
    static const uint32_t handles[] = { 0,          0x40000000, 0x40000009, 0x4000000a,
                                        0x4000000d, 0x80000001, 0x81000001, 0xffffffff };

    (void)state;
    for (size_t i = 0; i < sizeof(handles) / sizeof(handles[0]); i++)
        assert_int_equal(tpmc__hierarchy_by_handle(handles[i]), -1);
}

static void uses(void **state)
{
    tpmc_tpm *tpm = calloc(1, sizeof(*tpm));
    tpmc__use use;

    (void)state;
    assert_non_null(tpm);
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        memset(&use, 0xff, sizeof(use));
        tpmc__hierarchy_use(tpm, all[i].hierarchy, &use);
        assert_null(use.object);
        assert_null(use.salt);
        assert_true(use.satisfy == NULL);
        assert_int_equal(use.hierarchy, all[i].hierarchy);
        assert_non_null(strstr(use.wrong_text, all[i].name));
        if (all[i].flag == NULL) {
            assert_null(use.password);
            assert_null(use.refused);
            continue;
        }
        assert_ptr_equal(use.password, &tpm->hierarchy_auth[all[i].hierarchy]);
        assert_ptr_equal(use.refused, &tpm->hierarchy_refused[all[i].hierarchy]);
        assert_non_null(strstr(use.missing_text, all[i].name));
        assert_non_null(strstr(use.missing_text, all[i].flag));
    }
    free(tpm);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_ways),
        cmocka_unit_test(others),
        cmocka_unit_test(uses),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
