/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/expect.h"

#include "tpm/response_code.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void maps_codes(void **state)
{
    static const struct {
        uint32_t rc;
        int code;
        const char *words;
    } rows[] = {
        { 0x98e, TPMC_ERR_WRONG_PASSWORD, "lockout" },
        { 0x9a2, TPMC_ERR_WRONG_PASSWORD, "password is wrong" },
        { 0xb098e, TPMC_ERR_WRONG_PASSWORD, "password is wrong" },
        { 0x1df, TPMC_ERR_WRONG_TPM, "parent" },
        { 0x921, TPMC_ERR_LOCKOUT, "lockout" },
        { 0x100, TPMC_ERR_TPM_UNAVAILABLE, "allow_startup" },
        { 0x902, TPMC_ERR_TPM_UNAVAILABLE, "slot for an object" },
        { 0x903, TPMC_ERR_TPM_UNAVAILABLE, "slot for a session" },
        { 0x12f, TPMC_ERR_POLICY, "policy" },
        { 0x2d2, TPMC_ERR_UNSUPPORTED, "scheme" },
        { 0x185, TPMC_ERR_TPM_UNAVAILABLE, "hierarchy" },
        { 0x922, TPMC_ERR_TIMEOUT, "try again" },
        { 0x1c4, TPMC_ERR_TPM, "out of range" },
        { 0x126, TPMC_ERR_POLICY, "comparison" },
        { 0x128, TPMC_ERR_POLICY, "extended" },
        { 0x146, TPMC_ERR_POLICY, "NV index" },
        { 0x148, TPMC_ERR_POLICY, "locked" },
        { 0x149, TPMC_ERR_POLICY, "NV index" },
        { 0x14a, TPMC_ERR_POLICY, "written" },
        { 0x190, TPMC_ERR_POLICY, "physical presence" },
        { 0x2db, TPMC_ERR_POLICY, "signature" },
        { 0x99d, TPMC_ERR_POLICY, "bound to" },
        { 0x9a3, TPMC_ERR_POLICY, "time" },
        { 0x9a4, TPMC_ERR_POLICY, "another command" },
        { 0x907, TPMC_ERR_POLICY, "locality" },
        { 0x1c3, TPMC_ERR_UNSUPPORTED, "hash" },
        { 0x7ff, TPMC_ERR_TPM, "refused" },
    };
    tpmc_error *err = *state;

    for (size_t i = 0; i < COUNT(rows); i++) {
        int status = tpmc__rc_fail(rows[i].rc, "TPM2_Sign", err);

        expect_failure(status, err, rows[i].code, rows[i].words);
        assert_non_null(strstr(tpmc_error_text(err), "TPM2_Sign"));
        assert_int_equal(tpmc_error_tpm_code(err), rows[i].rc);
    }
}

static void tells_remedies_apart(void **state)
{
    (void)state;
    assert_true(tpmc__rc_lost_object(0x910));
    assert_true(tpmc__rc_lost_object(0x916));
    assert_true(tpmc__rc_lost_object(0x18b));
    assert_false(tpmc__rc_lost_object(0x918));
    assert_true(tpmc__rc_lost_session(0x918));
    assert_false(tpmc__rc_lost_session(0x98e));
    assert_true(tpmc__rc_no_room(0x902));
    assert_true(tpmc__rc_no_room(0x901));
    assert_false(tpmc__rc_no_room(0x921));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ERROR(maps_codes),
        cmocka_unit_test(tells_remedies_apart),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
