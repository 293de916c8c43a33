/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "tpm/persistent.h"
#include "tpm/salt_key.h"
#include "tpm/session.h"

/* Long-lived sessions make a TPM's context counter run full (TPM_RC_CONTEXT_GAP). */
#define SESSION_LIFE_MS (10 * 60 * 1000)

static const TPMT_SYM_DEF no_symmetric = { .algorithm = TPM2_ALG_NULL };

int tpmc__session_is_young(tpmc_tpm *tpm, const tpmc__session *session)
{
    int64_t now = 0;

    if (session->handle == 0 || tpmc__env_monotonic_ms(tpm->env, &now, NULL) != 0)
        return 0;
    return now >= session->started_ms && now - session->started_ms < SESSION_LIFE_MS;
}

int tpmc__session_is_ready(tpmc_tpm *tpm)
{
    return tpmc__session_is_young(tpm, &tpm->session);
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
    /* It may have been salted to a key that is at its handle no more. */
    if (tpm->session.young)
        tpmc__persistent_forget_all(tpm);
    if (tpm->session.young && !tpmc__rc_lost_session(rc))
        tpmc__session_kill(tpm);
    else
        tpmc__session_forget(tpm);
    return 0;
}

/* The answer is encrypted only so that the command has a use for the session. */
TSS2_RC tpmc__session_exercise(tpmc_tpm *tpm, ESYS_TR session)
{
    TPM2B_DIGEST *random = NULL;
    TSS2_RC rc = Esys_TRSess_SetAttributes(
        tpm->esys, session, TPMA_SESSION_CONTINUESESSION | TPMA_SESSION_ENCRYPT, 0xff);

    if (rc == TSS2_RC_SUCCESS)
        rc = Esys_GetRandom(tpm->esys, session, ESYS_TR_NONE, ESYS_TR_NONE, 1, &random);
    Esys_Free(random);
    return rc;
}

int tpmc__session_prove(tpmc_tpm *tpm)
{
    tpmc__outcome outcome = TPMC__OUTCOME_NONE;
    TSS2_RC rc = 0;

    if (tpm->session.handle == 0)
        return 0;
    rc = tpmc__session_exercise(tpm, tpm->session.tr);
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

/* ESAPI keeps the salt when a session cannot be started, and would take it for the next one without
 * salt; one that is started lets it go. */
static void drop_old_salt(tpmc_tpm *tpm)
{
    ESYS_TR tr = ESYS_TR_NONE;
    TSS2_RC rc = Esys_StartAuthSession(tpm->esys, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE,
                                       ESYS_TR_NONE, ESYS_TR_NONE, NULL, TPM2_SE_HMAC,
                                       &no_symmetric, TPM2_ALG_SHA256, &tr);

    if (tpmc__tpm_result(tpm, rc, "TPM2_StartAuthSession", NULL) != 0)
        return;
    tpm->has_old_salt = 0;
    tpmc__ledger_orphan(&tpm->guard.ledger, tpm->guard.handle);
    Esys_TR_Close(tpm->esys, &tr);
    tpmc__tpm_clean(tpm);
}

int tpmc__session_start(tpmc_tpm *tpm, TPM2_SE type, ESYS_TR salt_key, TPMI_ALG_HASH hash,
                        tpmc__session *out, tpmc_error *err)
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
    if (salt_key == ESYS_TR_NONE && tpm->has_old_salt)
        drop_old_salt(tpm);
    rc = Esys_StartAuthSession(tpm->esys, salt_key, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE,
                               ESYS_TR_NONE, NULL, type, &symmetric, hash, &tr);
    tpm->has_old_salt = rc != TSS2_RC_SUCCESS && (tpm->has_old_salt || salt_key != ESYS_TR_NONE);
    status = tpmc__tpm_result(tpm, rc, "TPM2_StartAuthSession", err);
    if (status != 0)
        return status;
    memset(out, 0, sizeof(*out));
    out->handle = tpm->guard.handle;
    out->tr = tr;
    out->started_ms = now;
    out->young = 1;
    return 0;
}

/* A storage key of an unusual form may be one that sessions cannot be salted to: then another
 * serves, unless a certain one is wanted. */
static int may_take_another(const tpmc_tpm *tpm, const tpmc__salt *salt,
                            const tpmc__loaded *at_hand)
{
    return at_hand != NULL && salt->key == at_hand && salt->level == TPMC_BUS_ENCRYPTED &&
           tpm->remedy == TPMC__REMEDY_NONE && tpm->refusal != 0 && !tpmc__rc_no_room(tpm->refusal);
}

/* Another key may stand at the handle by now. */
static void doubt_salt_key(tpmc_tpm *tpm, const tpmc__loaded *key)
{
    if (!tpm->in_step || !key->persistent || key->made_in == tpm->operation)
        return;
    tpmc__persistent_forget(tpm, key->handle);
    if (tpm->remedy == TPMC__REMEDY_NONE)
        tpm->remedy = TPMC__REMEDY_RELOAD;
}

int tpmc__session_start_salted(tpmc_tpm *tpm, TPM2_SE type, const tpmc__loaded *at_hand,
                               TPMI_ALG_HASH hash, tpmc__session *out, tpmc_error *err)
{
    tpmc__salt salt;
    int status = tpmc__salt_get(tpm, at_hand, &salt, err);

    if (status != 0)
        return status;
    status = tpmc__session_start(tpm, type, salt.key->tr, hash, out, err);
    if (status == 0)
        out->level = salt.level;
    else if (may_take_another(tpm, &salt, at_hand))
        return tpmc__session_start_salted(tpm, type, NULL, hash, out, err);
    else
        doubt_salt_key(tpm, salt.key);
    tpmc__loaded_drop(tpm, salt.made);
    return status;
}

int tpmc__session_get(tpmc_tpm *tpm, const tpmc__loaded *at_hand, ESYS_TR *out, tpmc_error *err)
{
    int status = 0;

    if (tpm->session.doubtful)
        (void)tpmc__session_prove(tpm);
    if (!tpmc__session_is_ready(tpm)) {
        tpmc__session_kill(tpm);
        tpmc__tpm_clean(tpm);
        status = tpmc__session_start_salted(tpm, TPM2_SE_HMAC, at_hand, TPM2_ALG_SHA256,
                                            &tpm->session, err);
        if (status != 0)
            return status;
    }
    *out = tpm->session.tr;
    return 0;
}

int tpmc__session_arm(tpmc_tpm *tpm, ESYS_TR session, TPMA_SESSION attributes, tpmc_error *err)
{
    TSS2_RC rc = Esys_TRSess_SetAttributes(tpm->esys, session, attributes, 0xff);

    return tpmc__tpm_result(tpm, rc, "Esys_TRSess_SetAttributes", err);
}

void tpmc__bus_note(tpmc_tpm *tpm, int level)
{
    int former = atomic_load(&tpm->bus_level);

    if (former == TPMC_BUS_NOTHING_SECRET || level < former)
        atomic_store(&tpm->bus_level, level);
}
