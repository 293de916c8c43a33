/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "policy/policy_entity.h"
#include "policy/policy_run_int.h"

static int verify(const tpmc__policy_run *run, const tpmc__path_step *step, const tpmc__loaded *key,
                  TPMT_TK_VERIFIED **ticket, tpmc_error *err)
{
    const tpmc__policy_approved *approved = &step->step->u.authorize.approved[step->choice];
    const tpmc__policy_signer *signer = &step->step->u.authorize.key;
    tpmc__policy_bytes signed_hash;
    TPMT_SIGNATURE signature;
    TPM2B_DIGEST digest;
    TSS2_RC rc = 0;
    int status =
        tpmc__policy_authorize_hash(run->tpm->env, signer, &step->before, &signed_hash, err);

    if (status == 0)
        status = tpmc__policy_read_signature(approved->signature, approved->signature_len,
                                             &signature, err);
    if (status != 0)
        return status;
    tpmc__policy_to_digest(&signed_hash, &digest);
    rc = Esys_VerifySignature(run->tpm->esys, key->tr, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE,
                              &digest, &signature, ticket);
    return tpmc__tpm_result(run->tpm, rc, "TPM2_VerifySignature", err);
}

/* The ticket says by itself which key it is of, so that the key can go before it is used. */
int tpmc__policy_run_authorize(const tpmc__policy_run *run, const tpmc__path_step *step,
                               tpmc_error *err)
{
    const tpmc__policy_signer *signer = &step->step->u.authorize.key;
    TPMT_TK_VERIFIED *ticket = NULL;
    tpmc__loaded *key = NULL;
    TPM2B_DIGEST approved;
    TPM2B_NONCE policy_ref;
    TPM2B_NAME name;
    TSS2_RC rc = 0;
    int status = tpmc__policy_load_signer(run, signer, &key, err);

    if (status != 0)
        return status;
    status = verify(run, step, key, &ticket, err);
    tpmc__loaded_drop(run->tpm, key);
    if (status != 0)
        return status;
    tpmc__policy_to_digest(&step->before, &approved);
    tpmc__policy_to_digest(&signer->policy_ref, &policy_ref);
    tpmc__policy_to_name(&signer->name, &name);
    rc = Esys_PolicyAuthorize(run->tpm->esys, run->session, ESYS_TR_NONE, ESYS_TR_NONE,
                              ESYS_TR_NONE, &approved, &policy_ref, &name, ticket);
    Esys_Free(ticket);
    return tpmc__tpm_result(run->tpm, rc, "TPM2_PolicyAuthorize", err);
}

/* The index holds TPMT_HA: a hash algorithm and a digest (Part 3, 23.22). */
static int compare_content(const tpmc__policy_run *run, tpmc__entity *entity,
                           const tpmc__policy_bytes *approved, tpmc_error *err)
{
    uint8_t content[2 + TPMC__DIGEST_MAX];
    size_t len = 2 + approved->len;
    int status = tpmc__entity_read(run->tpm, entity, 0, len, content, err);

    if (status != 0)
        return status;
    if (content[0] == run->hash >> 8 && content[1] == (run->hash & 0xff) &&
        memcmp(content + 2, approved->data, approved->len) == 0)
        return 0;
    return tpmc__fail(err, TPMC_ERR_POLICY,
                      "the NV index 0x%08x does not hold the digest of this policy, but approves "
                      "of another",
                      (unsigned)entity->handle);
}

static int open_index(const tpmc__policy_run *run, const tpmc__path_step *step,
                      tpmc__entity *entity, tpmc_error *err)
{
    int status =
        tpmc__entity_open(run->tpm, step->step->u.authorize_nv.index, run->answers, entity, err);

    if (status != 0)
        return status;
    status = tpmc__entity_expect(entity, &step->step->u.authorize_nv.name, err);
    if (status == 0)
        status = tpmc__entity_prepare_reading(run->tpm, entity, err);
    if (status != 0)
        tpmc__entity_close(run->tpm, entity);
    return status;
}

int tpmc__policy_check_authorize_nv(const tpmc__policy_run *run, const tpmc__path_step *step,
                                    tpmc_error *err)
{
    tpmc__entity entity;
    int status = open_index(run, step, &entity, err);

    if (status != 0)
        return status;
    status = compare_content(run, &entity, &step->before, err);
    tpmc__entity_close(run->tpm, &entity);
    return status;
}

int tpmc__policy_run_authorize_nv(const tpmc__policy_run *run, const tpmc__path_step *step,
                                  tpmc_error *err)
{
    tpmc__entity entity;
    TSS2_RC rc = 0;
    int status = open_index(run, step, &entity, err);

    if (status != 0)
        return status;
    status = tpmc__entity_begin(run->tpm, &entity, err);
    if (status == 0) {
        rc = Esys_PolicyAuthorizeNV(run->tpm->esys, entity.use.tr, entity.tr, run->session,
                                    entity.use.session, ESYS_TR_NONE, ESYS_TR_NONE);
        status = tpmc__entity_end(run->tpm, &entity, rc, "TPM2_PolicyAuthorizeNV", err);
    }
    tpmc__entity_close(run->tpm, &entity);
    return status;
}
