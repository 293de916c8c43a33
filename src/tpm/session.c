/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "keyfile/tpm_public.h"
#include "tpm/primary.h"
#include "tpm/tpm_int.h"

/* Long-lived sessions make a TPM's context counter run full (TPM_RC_CONTEXT_GAP). */
#define SESSION_LIFE_MS (10 * 60 * 1000)

int tpmc__session_is_ready(tpmc_tpm *tpm)
{
    int64_t now = 0;

    if (tpm->session.handle == 0 || tpmc__env_monotonic_ms(tpm->env, &now, NULL) != 0)
        return 0;
    return now >= tpm->session.started_ms && now - tpm->session.started_ms < SESSION_LIFE_MS;
}

void tpmc__session_kill(tpmc_tpm *tpm)
{
    if (tpm->session.handle == 0)
        return;
    tpmc__ledger_orphan(&tpm->guard.ledger, tpm->session.handle);
    if (tpm->esys != NULL)
        Esys_TR_Close(tpm->esys, &tpm->session.tr);
    memset(&tpm->session, 0, sizeof(tpm->session));
}

void tpmc__session_forget(tpmc_tpm *tpm)
{
    if (tpm->session.handle == 0)
        return;
    tpmc__ledger_remove(&tpm->guard.ledger, tpm->session.handle);
    tpmc__session_kill(tpm);
}

/* The TPM does not take the session for ours. Another program's may stand at its handle by now, so
 * it is not flushed, unless it has just been started: then a changed nonce is to blame. */
static int refute(tpmc_tpm *tpm)
{
    uint32_t rc = tpm->guard.rc;

    if (tpmc__rc_base(rc) == TPMC__RC_INITIALIZE)
        return -1;
    if (tpm->session.young && !tpmc__rc_lost_session(rc))
        tpmc__session_kill(tpm);
    else
        tpmc__session_forget(tpm);
    return 0;
}

int tpmc__session_prove(tpmc_tpm *tpm)
{
    TPM2B_DIGEST *random = NULL;
    tpmc__outcome outcome = TPMC__OUTCOME_NONE;
    TSS2_RC rc = 0;

    if (tpm->session.handle == 0)
        return 0;
    /* The answer is encrypted only so that the command has a use for the session. */
    rc = Esys_TRSess_SetAttributes(tpm->esys, tpm->session.tr,
                                   TPMA_SESSION_CONTINUESESSION | TPMA_SESSION_ENCRYPT, 0xff);
    if (rc == TSS2_RC_SUCCESS)
        rc = Esys_GetRandom(tpm->esys, tpm->session.tr, ESYS_TR_NONE, ESYS_TR_NONE, 1, &random);
    Esys_Free(random);
    outcome = tpmc__guard_take_outcome(&tpm->guard);
    tpm->session.doubtful = rc != TSS2_RC_SUCCESS;
    if (rc == TSS2_RC_SUCCESS)
        return 1;
    if (outcome == TPMC__OUTCOME_ANSWERED && tpm->guard.rc != 0)
        return refute(tpm);
    tpmc__session_kill(tpm);
    if (outcome == TPMC__OUTCOME_NONE || outcome == TPMC__OUTCOME_ANSWERED)
        tpmc__tpm_renew_esys(tpm);
    return -1;
}

static int start(tpmc_tpm *tpm, ESYS_TR salt_key, tpmc_error *err)
{
    static const TPMT_SYM_DEF symmetric = { .algorithm = TPM2_ALG_AES,
                                            .keyBits = { .aes = 128 },
                                            .mode = { .aes = TPM2_ALG_CFB } };
    ESYS_TR tr = ESYS_TR_NONE;
    int64_t now = 0;
    TSS2_RC rc = 0;
    int status = tpmc__env_monotonic_ms(tpm->env, &now, err);

    if (status != 0)
        return status;
    rc = Esys_StartAuthSession(tpm->esys, salt_key, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE,
                               ESYS_TR_NONE, NULL, TPM2_SE_HMAC, &symmetric, TPM2_ALG_SHA256, &tr);
    status = tpmc__tpm_result(tpm, rc, "TPM2_StartAuthSession", err);
    if (status != 0)
        return status;
    tpm->session.handle = tpm->guard.handle;
    tpm->session.tr = tr;
    tpm->session.started_ms = now;
    tpm->session.young = 1;
    return 0;
}

/* A primary of the null hierarchy needs no password, and no other key may be at hand. */
static int start_on_null_primary(tpmc_tpm *tpm, tpmc_error *err)
{
    tpmc__public key_template;
    tpmc__loaded *primary = NULL;
    int status = 0;

    tpmc__public_h2_template(&key_template);
    status = tpmc__primary_create(tpm, TPMC__PRIMARY_NULL, &key_template, NULL, &primary, err);
    if (status != 0)
        return status;
    status = start(tpm, primary->tr, err);
    tpmc__loaded_drop(tpm, primary);
    return status;
}

int tpmc__session_get(tpmc_tpm *tpm, ESYS_TR salt_key, ESYS_TR *out, tpmc_error *err)
{
    int status = 0;

    if (tpm->session.doubtful)
        (void)tpmc__session_prove(tpm);
    if (!tpmc__session_is_ready(tpm)) {
        tpmc__session_kill(tpm);
        if (salt_key == ESYS_TR_NONE)
            status = start_on_null_primary(tpm, err);
        else
            status = start(tpm, salt_key, err);
        if (status != 0)
            return status;
    }
    *out = tpm->session.tr;
    return 0;
}

/* ESAPI may have dropped attributes after a failed command, so they are set before each. */
int tpmc__session_arm(tpmc_tpm *tpm, ESYS_TR session, tpmc_error *err)
{
    TSS2_RC rc = Esys_TRSess_SetAttributes(tpm->esys, session, TPMA_SESSION_CONTINUESESSION, 0xff);

    return tpmc__tpm_result(tpm, rc, "Esys_TRSess_SetAttributes", err);
}
