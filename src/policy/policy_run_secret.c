/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/policy_entity.h"
#include "policy/policy_run_int.h"
#include "tpm/frame.h"
#include "tpm/persistent.h"

/* A hierarchy is known by its Name, which is its handle. */
static uint32_t entity_handle(const tpmc__path_step *step)
{
    const tpmc__policy_bytes *name = &step->step->u.secret.name;

    if (step->step->u.secret.handle == 0 && name->len == 4)
        return tpmc__be32(name->data);
    return step->step->u.secret.handle;
}

int tpmc__policy_run_secret(const tpmc__policy_run *run, const tpmc__path_step *step,
                            tpmc_error *err)
{
    tpmc_tpm *tpm = run->tpm;
    TPM2B_TIMEOUT *timeout = NULL;
    TPMT_TK_AUTH *ticket = NULL;
    TPM2B_NONCE policy_ref;
    tpmc__entity entity;
    TSS2_RC rc = 0;
    int status = tpmc__entity_open(tpm, entity_handle(step), run->answers, &entity, err);

    if (status != 0)
        return status;
    status = tpmc__entity_expect(&entity, &step->step->u.secret.name, err);
    if (status != 0)
        tpmc__persistent_forget(tpm, entity.handle);
    if (status == 0)
        status = tpmc__entity_begin(tpm, &entity, err);
    if (status != 0)
        goto out;
    tpmc__policy_to_digest(&step->step->u.secret.policy_ref, &policy_ref);
    rc = Esys_PolicySecret(tpm->esys, entity.use.tr, run->session, entity.use.session, ESYS_TR_NONE,
                           ESYS_TR_NONE, NULL, NULL, &policy_ref, 0, &timeout, &ticket);
    status = tpmc__entity_end(tpm, &entity, rc, "TPM2_PolicySecret", err);
    Esys_Free(timeout);
    Esys_Free(ticket);
out:
    tpmc__entity_close(tpm, &entity);
    return status;
}
