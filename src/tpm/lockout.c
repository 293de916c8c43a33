/* SPDX-License-Identifier: Apache-2.0 */
#include "tpm/raw_command.h"
#include "tpm/tpm_int.h"

/* Part 2, 6.13 */
#define PT_LOCKOUT_COUNTER 0x20eu
#define PT_MAX_AUTH_FAIL 0x20fu
#define PT_LOCKOUT_INTERVAL 0x210u

void tpmc__lockout_explain(tpmc_tpm *tpm, tpmc_error *err)
{
    uint32_t rc = tpm->guard.rc;
    uint32_t counter = 0;
    uint32_t most = 0;
    uint32_t interval = 0;

    if (tpmc__raw_property(&tpm->guard, PT_LOCKOUT_COUNTER, &counter) == 0 &&
        tpmc__raw_property(&tpm->guard, PT_MAX_AUTH_FAIL, &most) == 0 &&
        tpmc__raw_property(&tpm->guard, PT_LOCKOUT_INTERVAL, &interval) == 0) {
        tpmc__fail(err, TPMC_ERR_LOCKOUT,
                   "the TPM is in dictionary-attack lockout: %u wrong passwords or power cuts were "
                   "counted, and it takes %u; it forgets one every %u seconds while it runs. Wait, "
                   "or reset it with the lockout password: tpm2_dictionarylockout --clear-lockout",
                   (unsigned)counter, (unsigned)most, (unsigned)interval);
        tpmc__error_set_tpm_code(err, rc);
        tpmc__error_set_retry_after_ms(err, (int64_t)interval * 1000);
    }
    (void)tpmc__guard_take_outcome(&tpm->guard);
}
