/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "tpm/session.h"

/* Lets go of a session. After a command that ended it, ESAPI and the ledger have done so already.
 */
static void let_go(tpmc_tpm *tpm, tpmc__session *session)
{
    if (session->handle != 0 && tpmc__ledger_find(&tpm->guard.ledger, session->handle) != NULL) {
        tpmc__ledger_orphan(&tpm->guard.ledger, session->handle);
        if (tpm->esys != NULL)
            Esys_TR_Close(tpm->esys, &session->tr);
    }
    memset(session, 0, sizeof(*session));
}

void tpmc__session_policy_end(tpmc_tpm *tpm)
{
    if (tpm->policy.handle == 0)
        return;
    let_go(tpm, &tpm->policy);
    tpmc__tpm_clean(tpm);
}

static void drop_kept(tpmc_tpm *tpm, tpmc__kept_session *kept)
{
    let_go(tpm, &kept->session);
    memset(kept, 0, sizeof(*kept));
}

/* The one that is missed least: used the longest time ago, a salted one last. NULL when there is
 * none. */
static tpmc__kept_session *find_victim(tpmc_tpm *tpm, int may_be_salted)
{
    tpmc__kept_session *victim = NULL;

    for (size_t i = 0; i < TPMC__KEPT_SESSIONS; i++) {
        tpmc__kept_session *kept = &tpm->kept[i];
        int is_salted = kept->want.is_salted;

        if (kept->session.handle == 0 || (is_salted && !may_be_salted))
            continue;
        if (victim == NULL || is_salted < victim->want.is_salted ||
            (is_salted == victim->want.is_salted && kept->last_use < victim->last_use))
            victim = kept;
    }
    return victim;
}

/* Many TPMs have room for three sessions. */
static void make_room(tpmc_tpm *tpm)
{
    size_t count = tpm->session.handle != 0;
    tpmc__kept_session *victim = NULL;

    for (size_t i = 0; i < TPMC__KEPT_SESSIONS; i++)
        count += tpm->kept[i].session.handle != 0;
    if (count < TPMC__SESSIONS_AT_LEAST)
        return;
    victim = find_victim(tpm, 1);
    if (victim != NULL)
        drop_kept(tpm, victim);
    tpmc__tpm_clean(tpm);
}

int tpmc__session_policy(tpmc_tpm *tpm, const tpmc__loaded *at_hand, uint16_t hash, int is_salted,
                         tpmc_error *err)
{
    tpmc__session_policy_end(tpm);
    make_room(tpm);
    if (is_salted)
        return tpmc__session_start_salted(tpm, TPM2_SE_POLICY, at_hand, hash, &tpm->policy, err);
    return tpmc__session_start(tpm, TPM2_SE_POLICY, ESYS_TR_NONE, hash, &tpm->policy, err);
}

/* A mark of ESAPI's, that the password goes with a command, cannot be taken off a session; and
 * after a failure it serves the same way again at most. */
static int suits(const tpmc__kept_session *kept, const tpmc__policy_want *want)
{
    const tpmc__policy_want *made = &kept->want;

    if (made->hash != want->hash || made->is_salted != want->is_salted ||
        made->with_auth_value != want->with_auth_value || made->owner != want->owner)
        return 0;
    return !kept->is_dirty || made->way == want->way;
}

/* One that suits; what is too old, or dirty for another way of the same owner, is dropped. */
static tpmc__kept_session *find_kept(tpmc_tpm *tpm, const tpmc__policy_want *want)
{
    for (size_t i = 0; i < TPMC__KEPT_SESSIONS; i++) {
        tpmc__kept_session *kept = &tpm->kept[i];

        if (kept->session.handle == 0)
            continue;
        if (!tpmc__session_is_young(tpm, &kept->session))
            drop_kept(tpm, kept);
        else if (suits(kept, want))
            return kept;
    }
    return NULL;
}

static int restart(tpmc_tpm *tpm, tpmc_error *err)
{
    TSS2_RC rc =
        Esys_PolicyRestart(tpm->esys, tpm->policy.tr, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE);

    return tpmc__tpm_result(tpm, rc, "TPM2_PolicyRestart", err);
}

int tpmc__session_policy_take(tpmc_tpm *tpm, const tpmc__policy_want *want, tpmc_error *err)
{
    tpmc__kept_session *kept = find_kept(tpm, want);
    int is_dirty = 0;
    int status = 0;

    tpmc__session_policy_end(tpm);
    if (kept == NULL)
        return tpmc__session_policy(tpm, want->at_hand, want->hash, want->is_salted, err);
    is_dirty = kept->is_dirty;
    tpm->policy = kept->session;
    memset(kept, 0, sizeof(*kept));
    if (is_dirty)
        status = restart(tpm, err);
    if (status != 0)
        tpmc__session_policy_end(tpm);
    return status;
}

/* Starting a salted session anew takes more than keeping another one saves. NULL when there is no
 * place. */
static tpmc__kept_session *find_place(tpmc_tpm *tpm, const tpmc__policy_want *want)
{
    tpmc__kept_session *victim = NULL;

    /* Each session costs the kernel's resource manager a load and a save with every command. */
    if (tpmc__tpm_is_managed(tpm))
        (void)tpmc__session_policies_kill(tpm);
    for (size_t i = 0; i < TPMC__KEPT_SESSIONS; i++) {
        if (tpm->kept[i].session.handle == 0)
            return &tpm->kept[i];
    }
    victim = find_victim(tpm, want->is_salted);
    if (victim != NULL)
        drop_kept(tpm, victim);
    return victim;
}

void tpmc__session_policy_keep(tpmc_tpm *tpm, const tpmc__policy_want *want, int is_dirty)
{
    tpmc__kept_session *place = NULL;

    if (tpm->policy.handle == 0)
        return;
    if (tpmc__ledger_find(&tpm->guard.ledger, tpm->policy.handle) == NULL) {
        tpmc__session_policy_end(tpm);
        return;
    }
    place = find_place(tpm, want);
    if (place == NULL) {
        tpmc__session_policy_end(tpm);
        return;
    }
    place->session = tpm->policy;
    place->session.young = 0;
    place->want = *want;
    place->want.at_hand = NULL;
    place->is_dirty = is_dirty;
    place->last_use = ++tpm->uses;
    memset(&tpm->policy, 0, sizeof(tpm->policy));
    tpmc__tpm_clean(tpm);
}

int tpmc__session_policy_prepare(tpmc_tpm *tpm, const tpmc__policy_want *want, tpmc_error *err)
{
    int status = 0;

    if (find_kept(tpm, want) != NULL)
        return 0;
    status = tpmc__session_policy(tpm, want->at_hand, want->hash, want->is_salted, err);
    if (status == 0)
        tpmc__session_policy_keep(tpm, want, 0);
    return status;
}

ESYS_TR tpmc__session_policy_kept(tpmc_tpm *tpm, const tpmc__policy_want *want)
{
    const tpmc__kept_session *kept = find_kept(tpm, want);

    return kept == NULL ? ESYS_TR_NONE : kept->session.tr;
}

size_t tpmc__session_policies_kill(tpmc_tpm *tpm)
{
    size_t count = 0;

    for (size_t i = 0; i < TPMC__KEPT_SESSIONS; i++) {
        count += tpm->kept[i].session.handle != 0;
        drop_kept(tpm, &tpm->kept[i]);
    }
    return count;
}

static void suspect(tpmc_tpm *tpm, const tpmc__session *session)
{
    tpmc__ledger_entry *entry = tpmc__ledger_find(&tpm->guard.ledger, session->handle);

    if (session->handle != 0 && entry != NULL)
        entry->suspect = 1;
}

void tpmc__session_policies_suspect(tpmc_tpm *tpm)
{
    suspect(tpm, &tpm->policy);
    for (size_t i = 0; i < TPMC__KEPT_SESSIONS; i++)
        suspect(tpm, &tpm->kept[i].session);
    (void)tpmc__session_policies_kill(tpm);
}

void tpmc__session_policies_forget(tpmc_tpm *tpm)
{
    for (size_t i = 0; i < TPMC__KEPT_SESSIONS; i++) {
        tpmc__kept_session *kept = &tpm->kept[i];

        if (kept->session.handle != 0 && tpm->esys != NULL)
            Esys_TR_Close(tpm->esys, &kept->session.tr);
        tpmc__ledger_remove(&tpm->guard.ledger, kept->session.handle);
        memset(kept, 0, sizeof(*kept));
    }
}

int tpmc__session_policy_prove(tpmc_tpm *tpm)
{
    TSS2_RC rc = TSS2_RC_SUCCESS;
    tpmc__outcome outcome = TPMC__OUTCOME_NONE;

    if (tpm->policy.handle == 0)
        return 0;
    rc = tpmc__session_exercise(tpm, tpm->policy.tr);
    outcome = tpmc__guard_take_outcome(&tpm->guard);
    if (rc == TSS2_RC_SUCCESS)
        return 1;
    if (outcome == TPMC__OUTCOME_ANSWERED && tpm->guard.rc != 0)
        return 0;
    tpmc__session_policy_end(tpm);
    if (outcome == TPMC__OUTCOME_NONE || outcome == TPMC__OUTCOME_ANSWERED)
        tpmc__tpm_renew_esys(tpm);
    return -1;
}
