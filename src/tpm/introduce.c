/* SPDX-License-Identifier: Apache-2.0 */
#include "tpm/tpm_int.h"

int tpmc__tpm_introduce(tpmc_tpm *tpm, uint32_t handle, const tpmc__public *public, ESYS_TR *out,
                        tpmc_error *err)
{
    uint8_t name[TPMC__NAME_MAX];
    size_t name_len = 0;
    tpmc__buf area;
    TSS2_RC rc = 0;
    int status = tpmc__public_name(tpm->env, public, name, &name_len, err);

    *out = ESYS_TR_NONE;
    if (status != 0)
        return status;
    tpmc__buf_init(&area, TPMC__PUBLIC_MAX);
    tpmc__public_write(public, &area);
    status = tpmc__buf_check(&area, "a public area", err);
    if (status == 0 &&
        tpmc__guard_prepare_public(&tpm->guard, area.data, area.len, name, name_len) != 0)
        status =
            tpmc__fail(err, TPMC_ERR_UNSUPPORTED, "the public area of the object is too large");
    tpmc__buf_free(&area);
    if (status != 0)
        return status;
    rc = Esys_TR_FromTPMPublic(tpm->esys, handle, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, out);
    tpm->guard.prepared_len = 0;
    return tpmc__tpm_result(tpm, rc, "Esys_TR_FromTPMPublic", err);
}
