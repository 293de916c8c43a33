/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "tpmkey/sign_int.h"

/* What every TPM takes; a specification of a platform may allow less (TPM2_PT_INPUT_BUFFER). */
#define INPUT_MAX 1024
#define INPUT_MIN 32

size_t tpmc__input_max(const tpmc_tpm *tpm)
{
    return tpm->input_max == 0 ? INPUT_MAX : tpm->input_max;
}

int tpmc__input_is_smaller(tpmc_tpm *tpm)
{
    TPMS_CAPABILITY_DATA *found = NULL;
    TPMI_YES_NO more = 0;
    size_t known = tpmc__input_max(tpm);
    size_t size = 0;
    TSS2_RC rc = 0;

    if (!tpm->in_step || tpmc__rc_base(tpm->refusal) != TPMC__RC_SIZE)
        return 0;
    rc = Esys_GetCapability(tpm->esys, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE,
                            TPM2_CAP_TPM_PROPERTIES, TPM2_PT_INPUT_BUFFER, 1, &more, &found);
    /* What the TPM said before stays the reason of the failure. */
    if (tpmc__tpm_result(tpm, rc, "TPM2_GetCapability", NULL) != 0)
        return 0;
    if (found->capability == TPM2_CAP_TPM_PROPERTIES && found->data.tpmProperties.count == 1 &&
        found->data.tpmProperties.tpmProperty[0].property == TPM2_PT_INPUT_BUFFER)
        size = found->data.tpmProperties.tpmProperty[0].value;
    Esys_Free(found);
    if (size < INPUT_MIN || size >= known)
        return 0;
    tpm->input_max = size;
    return 1;
}

static void take_block(tpmc__sequence *sequence, size_t len, TPM2B_MAX_BUFFER *out)
{
    memset(out, 0, sizeof(*out));
    if (len == 0)
        return;
    memcpy(out->buffer, sequence->message, len);
    out->size = (UINT16)len;
    sequence->message += len;
    sequence->len -= len;
}

static int update(tpmc_tpm *tpm, tpmc__use *use, tpmc__sequence *sequence, tpmc_error *err)
{
    TPM2B_MAX_BUFFER block;
    TSS2_RC rc = 0;
    int status = 0;

    while (sequence->len > tpmc__input_max(tpm)) {
        status = tpmc__use_begin(tpm, use, sequence->carries & ~TPMC__CARRIES_SECRET_OUT, err);
        if (status != 0)
            return status;
        take_block(sequence, tpmc__input_max(tpm), &block);
        rc = Esys_SequenceUpdate(tpm->esys, use->tr, use->session, ESYS_TR_NONE, ESYS_TR_NONE,
                                 &block);
        status = tpmc__use_end(tpm, use, rc, "TPM2_SequenceUpdate", err);
        if (status != 0)
            return status;
    }
    return 0;
}

static int complete(tpmc_tpm *tpm, tpmc__use *use, tpmc__sequence *sequence, tpmc_error *err)
{
    TPM2B_MAX_BUFFER block;
    TSS2_RC rc = 0;
    int status = tpmc__use_begin(tpm, use, sequence->carries, err);

    if (status != 0)
        return status;
    take_block(sequence, sequence->len, &block);
    rc = Esys_SequenceComplete(tpm->esys, use->tr, use->session, ESYS_TR_NONE, ESYS_TR_NONE, &block,
                               ESYS_TR_RH_OWNER, &sequence->result, &sequence->ticket);
    return tpmc__use_end(tpm, use, rc, "TPM2_SequenceComplete", err);
}

int tpmc__sequence_run(tpmc_tpm *tpm, ESYS_TR tr, tpmc__sequence *sequence, tpmc_error *err)
{
    tpmc__loaded *loaded = NULL;
    tpmc__use use = { 0 };
    /* A sequence has no Name. */
    int status = tpmc__loaded_new(tpm, tr, NULL, 0, &loaded, err);

    if (status != 0)
        return status;
    use.object = loaded;
    status = update(tpm, &use, sequence, err);
    if (status == 0)
        status = complete(tpm, &use, sequence, err);
    if (status == 0)
        tpmc__loaded_gone(tpm, loaded);
    else
        tpmc__loaded_drop(tpm, loaded);
    return status;
}
