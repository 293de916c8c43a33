/* SPDX-License-Identifier: Apache-2.0 */
#include "tpm/use.h"

#include <string.h>

#include "base/mem.h"
#include "tpm/hierarchy.h"
#include "tpm/persistent.h"
#include "tpm/salt_key.h"
#include "tpm/saved_context.h"

static size_t password_len(const tpmc__use *use)
{
    return use->password == NULL ? 0 : use->password->len;
}

static int refuse(const tpmc__use *use, tpmc_error *err)
{
    return tpmc__fail(err, TPMC_ERR_WRONG_PASSWORD, "%s",
                      password_len(use) > 0 ? use->wrong_text : use->missing_text);
}

static int is_by_policy(const tpmc__use *use)
{
    return use->satisfy != NULL || use->provide != NULL;
}

/* A reply that came too late for its own operation may have called the password wrong. */
static int was_refused(tpmc_tpm *tpm, tpmc__use *use)
{
    uint32_t handle =
        use->object != NULL ? use->object->handle : tpmc__hierarchy_handle(use->hierarchy);
    int late = use->object != NULL && use->object->refused;

    if (use->refused == NULL)
        return 0;
    if (tpm->guard.late_refused == handle && (use->object == NULL || use->object->persistent)) {
        tpm->guard.late_refused = 0;
        late = 1;
    }
    if (late)
        *use->refused = 1;
    if (use->object != NULL)
        use->object->refused = 0;
    return *use->refused;
}

/* The null hierarchy never has a password. */
static int has_auth(const tpmc__use *use)
{
    return use->object != NULL || use->hierarchy != TPMC__PRIMARY_NULL;
}

/* What a session took to get may have shown that the object is not what it was. */
static int find_target(tpmc_tpm *tpm, tpmc__use *use, tpmc_error *err)
{
    use->tr = use->object != NULL ? use->object->tr : tpmc__hierarchy_tr(use->hierarchy);
    if (use->tr != ESYS_TR_NONE)
        return 0;
    tpm->refusal = 0;
    tpm->in_step = 0;
    tpm->remedy = TPMC__REMEDY_RELOAD;
    return tpmc__fail(err, TPMC_ERR_TPM_UNAVAILABLE, "the TPM no longer holds the object");
}

static int set_password(tpmc_tpm *tpm, tpmc__use *use, tpmc_error *err)
{
    size_t len = password_len(use);
    TPM2B_AUTH auth = { 0 };
    TSS2_RC rc = 0;
    int status = find_target(tpm, use, err);

    if (status != 0)
        return status;
    if (!has_auth(use))
        return 0;
    if (len > 0)
        memcpy(auth.buffer, use->password->data, len);
    auth.size = (UINT16)len;
    rc = Esys_TR_SetAuth(tpm->esys, use->tr, &auth);
    tpmc__mem_wipe(&auth, sizeof(auth));
    return tpmc__tpm_result(tpm, rc, "Esys_TR_SetAuth", err);
}

/* A pinned or certified salt key is there to have everything protected. */
int tpmc__use_protects_all(const tpmc_tpm *tpm)
{
    static const size_t certain[] = { TPMC__TPM_SALT_KEY_NAME, TPMC__TPM_ENC_KEY_NAME,
                                      TPMC__TPM_EK_CA_FILE };
    int64_t mode = tpmc__options_number(&tpm->options, TPMC__TPM_BUS_PROTECTION);

    for (size_t i = 0; mode == TPMC__BUS_AUTO && i < sizeof(certain) / sizeof(certain[0]); i++) {
        if (tpmc__options_is_set(&tpm->options, certain[i]))
            return 1;
    }
    return mode == TPMC__BUS_ALWAYS;
}

/* `never` shows answers, but no passwords, which is what goes in. */
static TPMA_SESSION attributes_for(const tpmc_tpm *tpm, unsigned carries)
{
    int64_t mode = tpmc__options_number(&tpm->options, TPMC__TPM_BUS_PROTECTION);
    TPMA_SESSION attributes = 0;

    if (tpmc__use_protects_all(tpm))
        return TPMA_SESSION_DECRYPT | TPMA_SESSION_ENCRYPT;
    if (carries & TPMC__CARRIES_SECRET_IN)
        attributes |= TPMA_SESSION_DECRYPT;
    if ((carries & TPMC__CARRIES_SECRET_OUT) && mode != TPMC__BUS_NEVER)
        attributes |= TPMA_SESSION_ENCRYPT;
    return attributes;
}

static void note_level(tpmc_tpm *tpm, const tpmc__use *use, unsigned carries,
                       const tpmc__session *session, TPMA_SESSION attributes)
{
    if ((carries & TPMC__CARRIES_SECRET_OUT) && !(attributes & TPMA_SESSION_ENCRYPT))
        tpmc__bus_note(tpm, TPMC_BUS_NONE);
    else if (password_len(use) > 0 || (carries & ~TPMC__CARRIES_UNPROVEN) != 0)
        tpmc__bus_note(tpm, session->level);
}

/* A primary made with the empty password is checked by what becomes of it. */
static int needs_session(const tpmc_tpm *tpm, const tpmc__use *use, unsigned carries)
{
    if (password_len(use) > 0 || carries != 0)
        return 1;
    return use->object != NULL && tpmc__use_protects_all(tpm);
}

static int begin_with_password(tpmc_tpm *tpm, tpmc__use *use, unsigned carries, tpmc_error *err)
{
    TPMA_SESSION attributes = attributes_for(tpm, carries);
    int status = 0;

    use->session = ESYS_TR_PASSWORD;
    if (needs_session(tpm, use, carries)) {
        status = tpmc__session_get(tpm, use->salt, &use->session, err);
        if (status != 0)
            return status;
        status =
            tpmc__session_arm(tpm, use->session, attributes | TPMA_SESSION_CONTINUESESSION, err);
        if (status != 0)
            return status;
        note_level(tpm, use, carries, &tpm->session, attributes);
    }
    return set_password(tpm, use, err);
}

int tpmc__use_wants_salt(const tpmc_tpm *tpm, const tpmc__use *use, unsigned carries)
{
    return attributes_for(tpm, carries) != 0 || carries != 0 || password_len(use) > 0;
}

void tpmc__use_policy_want(const tpmc_tpm *tpm, const tpmc__use *use, unsigned carries,
                           tpmc__policy_want *out)
{
    memset(out, 0, sizeof(*out));
    out->at_hand = use->salt;
    out->hash = use->policy_hash;
    out->is_salted = tpmc__use_wants_salt(tpm, use, carries);
    out->with_auth_value = use->with_auth_value;
    out->way = use->way;
    out->owner = use->owner;
}

/* After the TPM has answered, the session can serve again; after anything else it cannot be known
 * what became of it. */
static void put_policy_away(tpmc_tpm *tpm, const tpmc__use *use, unsigned carries, int status)
{
    int answered = status == 0 || (tpm->in_step && tpm->remedy == TPMC__REMEDY_NONE);
    tpmc__policy_want want;

    if (!use->keeps_session || !answered) {
        tpmc__session_policy_end(tpm);
        return;
    }
    tpmc__use_policy_want(tpm, use, carries, &want);
    tpmc__session_policy_keep(tpm, &want, status != 0);
}

static int start_policy(tpmc_tpm *tpm, tpmc__use *use, unsigned carries, tpmc_error *err)
{
    tpmc__policy_want want;

    tpmc__use_policy_want(tpm, use, carries, &want);
    if (use->keeps_session)
        return tpmc__session_policy_take(tpm, &want, err);
    return tpmc__session_policy(tpm, want.at_hand, want.hash, want.is_salted, err);
}

/* The caller's session serves once. How it is protected is the caller's matter. */
static int adopt_session(tpmc_tpm *tpm, ESYS_TR session, tpmc_error *err)
{
    TPM2_HANDLE handle = 0;
    TSS2_RC rc = Esys_TR_GetTpmHandle(tpm->esys, session, &handle);

    if (rc != TSS2_RC_SUCCESS)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT,
                          "the policy callback has provided no session that this libtss2 knows");
    memset(&tpm->policy, 0, sizeof(tpm->policy));
    tpm->policy.handle = handle;
    tpm->policy.tr = session;
    tpm->policy.level = TPMC_BUS_ENCRYPTED;
    return 0;
}

static int provide_policy(tpmc_tpm *tpm, tpmc__use *use, tpmc_error *err)
{
    ESYS_TR session = ESYS_TR_NONE;
    tpmc__salt salt;
    int status = 0;

    tpmc__session_policy_end(tpm);
    status = tpmc__salt_get(tpm, use->salt, &salt, err);
    if (status != 0)
        return status;
    status = use->provide(tpm, use->policy_context, salt.key->tr, &session, err);
    tpmc__loaded_drop(tpm, salt.made);
    return status == 0 ? adopt_session(tpm, session, err) : status;
}

static int get_policy(tpmc_tpm *tpm, tpmc__use *use, unsigned carries, tpmc_error *err)
{
    int status =
        use->provide != NULL ? provide_policy(tpm, use, err) : start_policy(tpm, use, carries, err);

    if (status != 0)
        return status;
    use->session = tpm->policy.tr;
    if (use->satisfy != NULL)
        status = use->satisfy(tpm, use->policy_context, use->session, err);
    return status;
}

/* One that is not kept ends with the command, which saves flushing it. */
static int begin_with_policy(tpmc_tpm *tpm, tpmc__use *use, unsigned carries, tpmc_error *err)
{
    TPMA_SESSION attributes = attributes_for(tpm, carries);
    int status = 0;

    if (use->keeps_session)
        attributes |= TPMA_SESSION_CONTINUESESSION;
    tpm->in_step = 0;
    status = get_policy(tpm, use, carries, err);
    if (status == 0)
        status = tpmc__session_arm(tpm, use->session, attributes, err);
    if (status == 0) {
        note_level(tpm, use, carries, &tpm->policy, attributes);
        status = set_password(tpm, use, err);
    }
    if (status != 0)
        put_policy_away(tpm, use, carries, status);
    return status;
}

int tpmc__use_begin(tpmc_tpm *tpm, tpmc__use *use, unsigned carries, tpmc_error *err)
{
    int status = 0;

    if (was_refused(tpm, use))
        return refuse(use, err);
    if (use->object != NULL)
        use->object->last_use = ++tpm->uses;
    use->carries = carries;
    if (is_by_policy(use))
        status = begin_with_policy(tpm, use, carries, err);
    else
        status = begin_with_password(tpm, use, carries, err);
    if (status == 0)
        tpm->asked = use->object;
    return status;
}

/* Another object may stand at the handle by now: the next try reads it anew. A session that was
 * just salted to what stood there is of no use. */
static void doubt_persistent(tpmc_tpm *tpm, const tpmc__use *use)
{
    if (tpm->remedy != TPMC__REMEDY_RELOAD || use->object == NULL || !use->object->persistent)
        return;
    tpmc__persistent_forget(tpm, use->object->handle);
    if (tpm->session.young)
        tpmc__session_kill(tpm);
}

/* Nothing that the TPM says of an object from a saved context at its first use is to be believed:
 * it may be another one. */
static int may_be_another(const tpmc_tpm *tpm, const tpmc__use *use, int status)
{
    if (use->object == NULL || !use->object->is_unproven || !tpm->in_step)
        return 0;
    return status != 0 && status != TPMC_ERR_TIMEOUT && status != TPMC_ERR_TPM_UNAVAILABLE &&
           tpm->remedy == TPMC__REMEDY_NONE;
}

/* What the TPM refuses for a reason that the object should not give. Of passwords see below. */
static int may_be_stale(const tpmc_tpm *tpm, const tpmc__use *use, int status)
{
    if (use->object == NULL || !tpm->in_step || tpm->remedy != TPMC__REMEDY_NONE ||
        tpmc__rc_base(tpm->refusal) == TPMC__RC_PCR_CHANGED)
        return 0;
    return status == TPMC_ERR_TPM || status == TPMC_ERR_UNSUPPORTED ||
           status == TPMC_ERR_WRONG_TPM || status == TPMC_ERR_POLICY ||
           (status == TPMC_ERR_WRONG_PASSWORD && is_by_policy(use));
}

/* After a reset of the TPM a stranger's object or session may stand at the handle. */
static void forget_stale(tpmc_tpm *tpm, const tpmc__use *use)
{
    if (tpmc__tpm_object_is_ours(tpm, use->object) == 0)
        tpmc__tpm_suspect(tpm);
    else if (is_by_policy(use) || !tpmc__rc_names_session(tpm->refusal) ||
             tpmc__session_prove(tpm) != 0)
        return;
    tpm->remedy = TPMC__REMEDY_RELOAD;
}

/* The TPM calls a password wrong too when the two ends of the session do not agree. */
static int refusal_holds(tpmc_tpm *tpm, const tpmc__use *use, int is_new_session)
{
    int proven = 0;

    if (!is_by_policy(use))
        return tpmc__tpm_refusal_holds(tpm, use->object, use->session);
    if (!use->with_auth_value)
        return 0;
    if (!tpmc__tpm_refusal_holds(tpm, use->object, ESYS_TR_PASSWORD))
        return 0;
    proven = is_new_session ? 1 : tpmc__session_policy_prove(tpm);
    if (proven == 0)
        tpmc__session_policy_end(tpm);
    if (proven != 1)
        tpm->remedy = TPMC__REMEDY_RELOAD;
    return proven == 1;
}

/* Finding out may show as well that the object or the session is gone. */
static int is_refused(tpmc_tpm *tpm, const tpmc__use *use, int status)
{
    int is_new_session = is_by_policy(use) && tpm->policy.young;

    if (status != TPMC_ERR_WRONG_PASSWORD || !tpm->in_step || tpm->remedy != TPMC__REMEDY_NONE)
        return 0;
    return refusal_holds(tpm, use, is_new_session) && use->refused != NULL;
}

int tpmc__use_end(tpmc_tpm *tpm, tpmc__use *use, TSS2_RC rc, const char *command, tpmc_error *err)
{
    int shared = use->object == NULL || use->object->persistent;
    int status = tpmc__tpm_result(tpm, rc, command, err);
    uint32_t refusal = tpm->refusal;

    /* Other keys may have another password for the same object. */
    if (shared && has_auth(use) && tpm->esys != NULL)
        tpmc__tpm_blank_auth(tpm, use->tr);
    if (status == 0 && use->object != NULL)
        use->object->is_unproven = 0;
    if (may_be_another(tpm, use, status) && tpmc__context_distrust(tpm, use->object)) {
        tpmc__tpm_suspect(tpm);
        tpm->remedy = TPMC__REMEDY_RELOAD;
        goto out;
    }
    if (may_be_stale(tpm, use, status))
        forget_stale(tpm, use);
    if (is_refused(tpm, use, status)) {
        *use->refused = 1;
        status = refuse(use, err);
        tpmc__error_set_tpm_code(err, refusal);
    }
out:
    if (is_by_policy(use))
        put_policy_away(tpm, use, use->carries, status);
    if (status != 0)
        doubt_persistent(tpm, use);
    return status;
}
