/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "tpmkey/sign_int.h"

static int take_digest(const tpmc__job *job, const TPM2B_DIGEST *made, uint8_t *digest,
                       tpmc_error *err)
{
    if (made->size != job->digest_len)
        return tpmc__fail(err, TPMC_ERR_INTEGRITY,
                          "the TPM made a digest of another length than its hash has");
    memcpy(digest, made->buffer, made->size);
    return 0;
}

static int hash_at_once(tpmc_tpm *tpm, const tpmc__job *job, TPM2B_DIGEST **made,
                        TPMT_TK_HASHCHECK **ticket, tpmc_error *err)
{
    TPM2B_MAX_BUFFER data = { 0 };
    TSS2_RC rc = 0;

    if (job->message_len > 0)
        memcpy(data.buffer, job->message, job->message_len);
    data.size = (UINT16)job->message_len;
    rc = Esys_Hash(tpm->esys, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &data, job->algorithm->hash,
                   ESYS_TR_RH_OWNER, made, ticket);
    return tpmc__tpm_result(tpm, rc, "TPM2_Hash", err);
}

static int hash_in_blocks(tpmc_tpm *tpm, const tpmc__job *job, TPM2B_DIGEST **made,
                          TPMT_TK_HASHCHECK **ticket, tpmc_error *err)
{
    static const TPM2B_AUTH no_auth = { 0 };
    tpmc__sequence sequence = { .message = job->message, .len = job->message_len };
    ESYS_TR tr = ESYS_TR_NONE;
    TSS2_RC rc = Esys_HashSequenceStart(tpm->esys, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE,
                                        &no_auth, job->algorithm->hash, &tr);
    int status = tpmc__tpm_result(tpm, rc, "TPM2_HashSequenceStart", err);

    if (status == 0)
        status = tpmc__sequence_run(tpm, tr, &sequence, err);
    *made = sequence.result;
    *ticket = sequence.ticket;
    return status;
}

int tpmc__ticket_get(tpmc_tpm *tpm, const tpmc__job *job, uint8_t *digest,
                     TPMT_TK_HASHCHECK *ticket, tpmc_error *err)
{
    TPM2B_DIGEST *made = NULL;
    TPMT_TK_HASHCHECK *made_ticket = NULL;
    int in_blocks = job->message_len > tpmc__input_max(tpm);
    int status = 0;

    if (!in_blocks) {
        status = hash_at_once(tpm, job, &made, &made_ticket, err);
        in_blocks = status != 0 && tpmc__input_is_smaller(tpm);
    }
    if (in_blocks)
        status = hash_in_blocks(tpm, job, &made, &made_ticket, err);
    if (status == 0)
        status = take_digest(job, made, digest, err);
    if (status == 0)
        *ticket = *made_ticket;
    Esys_Free(made_ticket);
    Esys_Free(made);
    return status;
}
