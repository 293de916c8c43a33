/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/err.h>

#include "base/mem.h"
#include "tpm/persistent.h"
#include "tpm/raw_command.h"
#include "tpm/tpm_int.h"

/* Once for each kind of loss that one operation may meet: room, object, session, and a signature
 * that did not verify. */
#define MAX_TRIES 4

#define CLOSE_MS 10000

void tpmc__tpm_enter_ossl(tpmc_tpm *tpm)
{
    /* What libtss2 leaves in OpenSSL's error queue is not the application's. */
    ERR_set_mark();
    tpm->caller_ossl = OSSL_LIB_CTX_set0_default(tpm->env->ossl);
}

void tpmc__tpm_leave_ossl(tpmc_tpm *tpm)
{
    OSSL_LIB_CTX_set0_default(tpm->caller_ossl);
    tpm->caller_ossl = NULL;
    /* This thread's random generator must go before the context does: OPENSSL_thread_stop_ex(3). */
    OPENSSL_thread_stop_ex(tpm->env->ossl);
    ERR_pop_to_mark();
}

static int make_esys(tpmc_tpm *tpm, tpmc_error *err)
{
    TSS2_RC rc = Esys_Initialize(&tpm->esys, (TSS2_TCTI_CONTEXT *)&tpm->guard, NULL);

    if (rc == TSS2_RC_SUCCESS)
        return 0;
    tpm->esys = NULL;
    if ((rc & 0xffff) == TSS2_BASE_RC_MEMORY)
        return tpmc__fail_nomem(err);
    tpmc__fail(err, TPMC_ERR_TPM_UNAVAILABLE, "libtss2-esys cannot be initialised");
    tpmc__error_set_tpm_code(err, rc);
    return TPMC_ERR_TPM_UNAVAILABLE;
}

/* What ESAPI knew of our objects goes with it; they are flushed by their handles and come back by
 * themselves. */
static void finish_esys(tpmc_tpm *tpm)
{
    if (tpm->esys == NULL)
        return;
    tpmc__tpm_drop_all(tpm);
    Esys_Finalize(&tpm->esys);
    tpm->esys = NULL;
    tpm->has_old_salt = 0;
    tpmc__persistent_forget_all(tpm);
}

void tpmc__tpm_renew_esys(tpmc_tpm *tpm)
{
    finish_esys(tpm);
    (void)make_esys(tpm, NULL);
}

/* Opens the real TCTI where it is not open, or no longer any good. */
static int open_tcti(tpmc_tpm *tpm, tpmc_error *err)
{
    const char *tcti = tpmc__options_text(&tpm->options, TPMC__TPM_TCTI);
    int allow_any = (int)tpmc__options_number(&tpm->options, TPMC__TPM_ALLOW_ANY_TCTI);
    int status = 0;

    if (tpm->caller_tcti != NULL) {
        tpm->kind = TPMC__TCTI_OTHER;
        tpm->guard.inner = tpm->caller_tcti;
        tpm->guard.broken = 0;
        return 0;
    }
    if (tpm->guard.inner != NULL && !tpm->guard.broken)
        return 0;
    tpm->guard.inner = NULL;
    tpmc__tcti_close(tpm->own_tcti);
    tpm->own_tcti = NULL;
    status = tpmc__tcti_check(tcti, allow_any, &tpm->kind, err);
    if (status != 0)
        return status;
    status = tpmc__tcti_open(tcti, tpm->kind, &tpm->own_tcti, err);
    if (status != 0) {
        /* A signal may have cut the attempt short: then the caller's wish is the reason. */
        int stopped = tpmc__env_should_stop(tpm->env, err);

        return stopped != 0 ? stopped : status;
    }
    tpm->guard.inner = tpm->own_tcti;
    tpm->guard.broken = 0;
    return 0;
}

int tpmc__tpm_is_managed(const tpmc_tpm *tpm)
{
    const char *tcti = tpmc__options_text(&tpm->options, TPMC__TPM_TCTI);

    return tpm->caller_tcti == NULL && tpm->kind == TPMC__TCTI_DEVICE &&
           strstr(tcti, "tpmrm") != NULL;
}

/* The kernel's and the user space resource manager drop what a client held when it goes. */
static int has_resource_manager(const tpmc_tpm *tpm)
{
    return tpm->kind == TPMC__TCTI_BROKER || tpmc__tpm_is_managed(tpm);
}

/* Nothing of ours is left in the TPM. */
static void forget_all(tpmc_tpm *tpm)
{
    tpmc__loaded_forget_all(tpm);
    tpmc__session_forget(tpm);
    tpmc__session_policies_forget(tpm);
    tpm->guard.ledger.count = 0;
}

/* After a failure of the transport: a connection of our own is made anew, and what it held may or
 * may not survive. */
static int reopen(tpmc_tpm *tpm, tpmc_error *err)
{
    int status = open_tcti(tpm, err);

    if (status != 0 || tpm->caller_tcti != NULL)
        return status;
    if (has_resource_manager(tpm)) {
        forget_all(tpm);
        return 0;
    }
    tpmc__session_kill(tpm);
    tpmc__tpm_suspect(tpm);
    return 0;
}

/* A late reply called an object's password wrong. It is remembered with the object, since another
 * may stand at its handle by the time that it is used again. */
static void take_late_refusal(tpmc_tpm *tpm)
{
    tpmc__loaded *asked = tpm->asked;

    tpm->asked = NULL;
    if (asked == NULL || tpm->guard.late_refused != asked->handle)
        return;
    tpm->guard.late_refused = 0;
    asked->refused = tpmc__tpm_object_is_ours(tpm, asked) != 0;
}

/* A reply that came too late for its own operation is taken in; if it does not come now either, the
 * connection is given up. */
static int settle(tpmc_tpm *tpm, tpmc_error *err)
{
    int status = tpmc__guard_settle(&tpm->guard);

    if (status == 0) {
        take_late_refusal(tpm);
        return 0;
    }
    if (status == TPMC_ERR_CANCELLED)
        return tpmc__fail(err, status, "the caller asked to stop");
    if (status != TPMC_ERR_TPM_UNAVAILABLE) {
        if (tpm->caller_tcti != NULL)
            return tpmc__fail(err, TPMC_ERR_TPM_UNAVAILABLE,
                              "the TPM has still not answered an earlier command");
        tpm->guard.pending = 0;
        tpm->guard.broken = 1;
    }
    tpmc__tpm_note_loss(tpm);
    return tpm->guard.broken ? reopen(tpm, err) : 0;
}

static int connect_tpm(tpmc_tpm *tpm, tpmc_error *err)
{
    int status = 0;

    if (tpm->guard.pending)
        status = settle(tpm, err);
    else if (tpm->guard.broken)
        status = reopen(tpm, err);
    else
        status = open_tcti(tpm, err);
    if (status != 0)
        return status;
    /* Until it is known what became of a lost reply, nothing further is made that might be lost. */
    if (tpmc__tpm_recover(tpm) != 0)
        return tpmc__fail(err, TPMC_ERR_TPM_UNAVAILABLE,
                          "the TPM does not answer properly since an earlier reply was lost");
    return tpm->esys == NULL ? make_esys(tpm, err) : 0;
}

/* An earlier command may have used up the time: another one would only be left behind. */
static int check_time(tpmc_tpm *tpm, tpmc_error *err)
{
    int64_t now = 0;
    int status = tpmc__env_monotonic_ms(tpm->env, &now, err);

    if (status != 0 || now < tpm->guard.deadline_ms)
        return status;
    return tpmc__fail(err, TPMC_ERR_TIMEOUT,
                      "the TPM did not become free in time; see the option 'tpm_timeout_ms'");
}

static int begin_connected(tpmc_tpm *tpm, int64_t deadline_ms, tpmc_error *err)
{
    int status = 0;

    tpm->guard.deadline_ms = deadline_ms;
    tpm->guard.uncancellable = 0;
    tpm->remedy = TPMC__REMEDY_NONE;
    tpm->in_step = 0;
    tpm->operation++;
    status = connect_tpm(tpm, err);
    if (status != 0)
        return status;
    tpmc__tpm_drop_wanted(tpm);
    status = tpmc__env_should_stop(tpm->env, err);
    if (status != 0)
        return status;
    return check_time(tpm, err);
}

int tpmc__tpm_begin(tpmc_tpm *tpm, tpmc_error *err)
{
    int64_t now = 0;
    int64_t deadline_ms = 0;
    int status = tpmc__env_monotonic_ms(tpm->env, &now, err);

    if (status != 0)
        return status;
    deadline_ms = now + tpmc__options_number(&tpm->options, TPMC__TPM_TPM_TIMEOUT_MS);
    status = tpmc__lock_acquire(&tpm->lock, tpm->env, deadline_ms, "the TPM connection", err);
    if (status != 0)
        return status;
    tpmc__tpm_enter_ossl(tpm);
    status = begin_connected(tpm, deadline_ms, err);
    if (status != 0)
        tpmc__tpm_end(tpm);
    return status;
}

void tpmc__tpm_end(tpmc_tpm *tpm)
{
    tpm->session.young = 0;
    tpmc__tpm_apply_hold(tpm);
    tpmc__tpm_drop_wanted(tpm);
    tpmc__tpm_leave_ossl(tpm);
    tpmc__lock_release(&tpm->lock);
}

int64_t tpmc__tpm_extend_deadline(tpmc_tpm *tpm, int64_t ms)
{
    int64_t former = tpm->guard.deadline_ms;
    int64_t now = 0;

    if (tpmc__env_monotonic_ms(tpm->env, &now, NULL) == 0 && now + ms > former)
        tpm->guard.deadline_ms = now + ms;
    return former;
}

/* What the command took beyond the operation's own time is given back to it. */
void tpmc__tpm_restore_deadline(tpmc_tpm *tpm, int64_t former)
{
    int64_t extended = tpm->guard.deadline_ms;
    int64_t now = 0;

    tpm->guard.deadline_ms = former;
    if (extended > former && tpmc__env_monotonic_ms(tpm->env, &now, NULL) == 0 && now > former)
        tpm->guard.deadline_ms =
            now + tpmc__options_number(&tpm->options, TPMC__TPM_TPM_TIMEOUT_MS);
}

/* Startup is the firmware's matter; a simulator on this machine has none. */
static int may_start(const tpmc_tpm *tpm)
{
    return (tpm->kind == TPMC__TCTI_SIMULATOR && tpm->caller_tcti == NULL) ||
           tpmc__options_number(&tpm->options, TPMC__TPM_ALLOW_STARTUP) != 0;
}

/* TPM_RC_INITIALIZE: the TPM was reset. What we held is checked before anything is flushed, once
 * the TPM is up. */
static void restart(tpmc_tpm *tpm)
{
    tpmc__tpm_suspect_objects(tpm);
    tpmc__session_policies_suspect(tpm);
    tpm->session.doubtful = tpm->session.handle != 0;
    if (!may_start(tpm) || tpmc__raw_startup(&tpm->guard) != 0)
        return;
    (void)tpmc__session_prove(tpm);
    tpm->remedy = TPMC__REMEDY_RELOAD;
}

/* The TPM does not know the session. One that was just started may stand at another handle than the
 * one we were told. */
static void lose_session(tpmc_tpm *tpm)
{
    if (tpm->policy.handle != 0) {
        tpmc__session_policy_end(tpm);
        return;
    }
    if (tpm->session.young)
        tpm->loss.session = 1;
    tpmc__session_forget(tpm);
    (void)tpmc__tpm_recover(tpm);
}

/* The TPM is full: drops something of ours of the kind that it has no room for. */
static tpmc__remedy make_way(tpmc_tpm *tpm, uint32_t rc)
{
    int had_session = tpm->session.handle != 0;

    if (tpmc__rc_base(rc) == TPMC__RC_OBJECT_MEMORY) {
        tpmc__tpm_learn_room(tpm);
        return tpmc__loaded_evict(tpm) ? TPMC__REMEDY_ROOM : TPMC__REMEDY_NONE;
    }
    tpmc__session_kill(tpm);
    had_session |= tpmc__session_policies_kill(tpm) > 0;
    return had_session ? TPMC__REMEDY_RELOAD : TPMC__REMEDY_NONE;
}

/* A response code of the TPM itself: the sessions agree with ours, since an error response does not
 * move them on. */
static int handle_answer(tpmc_tpm *tpm, uint32_t rc, const char *command, tpmc_error *err)
{
    int status = tpmc__rc_fail(rc, command, err);

    tpm->in_step = 1;
    if (tpmc__rc_base(rc) == TPMC__RC_INITIALIZE) {
        restart(tpm);
    } else if (tpmc__rc_lost_object(rc)) {
        tpmc__tpm_suspect(tpm);
        tpm->remedy = TPMC__REMEDY_RELOAD;
    } else if (tpmc__rc_lost_session(rc)) {
        lose_session(tpm);
        tpmc__tpm_suspect(tpm);
        tpm->remedy = TPMC__REMEDY_RELOAD;
    } else if (tpmc__rc_no_room(rc)) {
        tpm->remedy = make_way(tpm, rc);
    } else if (tpmc__rc_base(rc) == TPMC__RC_LOCKOUT) {
        tpmc__lockout_explain(tpm, err);
    }
    tpm->refusal = rc;
    return status;
}

/* The transport failed: the TPM may be ahead of us by one command, so no session agrees any more.
 */
static int handle_transport(tpmc_tpm *tpm, tpmc__outcome outcome, const char *command,
                            tpmc_error *err)
{
    int cause = tpm->guard.cause;
    TSS2_RC rc = tpm->guard.rc;

    tpmc__fail(err, cause, "%s: %s", command, tpm->guard.why);
    tpmc__error_set_tpm_code(err, rc);
    tpmc__session_kill(tpm);
    (void)tpmc__session_policies_kill(tpm);
    if (outcome == TPMC__OUTCOME_LOST) {
        tpmc__tpm_note_loss(tpm);
        if (!tpm->guard.broken || reopen(tpm, NULL) == 0)
            (void)tpmc__tpm_recover(tpm);
    }
    return cause;
}

/* A well-formed response that ESAPI refused: its HMAC is wrong, or its content. The ESYS context is
 * dead after that. */
static int handle_refusal(tpmc_tpm *tpm, TSS2_RC rc, const char *command, tpmc_error *err)
{
    int status = TPMC_ERR_TPM;

    if ((rc & 0xffff) == TSS2_BASE_RC_MEMORY)
        status = tpmc__fail_nomem(err);
    else if (rc == TSS2_ESYS_RC_RSP_AUTH_FAILED)
        status = tpmc__fail(err, TPMC_ERR_INTEGRITY,
                            "%s: the TPM's answer was not authentic; somebody may be altering the "
                            "traffic to the TPM",
                            command);
    else
        tpmc__fail(err, status, "%s: libtss2 could not use the TPM's answer", command);
    tpmc__error_set_tpm_code(err, rc);
    /* An object that ESAPI did not tell us of may have been made. */
    tpmc__ledger_orphan(&tpm->guard.ledger, tpm->guard.handle);
    tpmc__tpm_renew_esys(tpm);
    return status;
}

/* The TPM gave out a handle that we thought we held: it was reset, and only what this command made
 * is sure to be ours. */
static void handle_collision(tpmc_tpm *tpm)
{
    uint32_t handle = tpm->guard.handle;
    tpmc__ledger_entry *entry = NULL;

    tpm->guard.collision = 0;
    tpmc__tpm_suspect(tpm);
    entry = tpmc__ledger_find(&tpm->guard.ledger, handle);
    if (entry != NULL) {
        entry->orphan = 0;
        entry->suspect = 0;
    }
    tpm->guard.handle = handle;
    (void)tpmc__guard_take_outcome(&tpm->guard);
}

int tpmc__tpm_result(tpmc_tpm *tpm, TSS2_RC rc, const char *command, tpmc_error *err)
{
    tpmc__outcome outcome = tpmc__guard_take_outcome(&tpm->guard);
    int status = 0;

    if (outcome != TPMC__OUTCOME_PENDING)
        tpm->asked = NULL;
    if (rc == TSS2_RC_SUCCESS) {
        if (tpm->guard.collision)
            handle_collision(tpm);
        return 0;
    }
    tpm->in_step = 0;
    tpm->refusal = 0;
    tpm->remedy = TPMC__REMEDY_NONE;
    if (outcome == TPMC__OUTCOME_ANSWERED && tpm->guard.rc != 0)
        status = handle_answer(tpm, tpm->guard.rc, command, err);
    else if (outcome == TPMC__OUTCOME_NONE || outcome == TPMC__OUTCOME_ANSWERED)
        status = handle_refusal(tpm, rc, command, err);
    else
        status = handle_transport(tpm, outcome, command, err);
    /* A TPM that has not been started can neither be asked nor told anything. */
    if (tpmc__rc_base(tpm->refusal) != TPMC__RC_INITIALIZE || tpm->remedy != TPMC__REMEDY_NONE)
        tpmc__tpm_clean(tpm);
    return status;
}

int tpmc__tpm_try_again(tpmc_tpm *tpm, int status, unsigned *tries)
{
    tpmc__remedy remedy = tpm->remedy;

    tpm->remedy = TPMC__REMEDY_NONE;
    if (status == 0 || remedy == TPMC__REMEDY_NONE)
        return 0;
    if (remedy != TPMC__REMEDY_ROOM && ++*tries >= MAX_TRIES)
        return 0;
    return tpm->esys != NULL && tpm->guard.inner != NULL;
}

void tpmc__tpm_close(tpmc_tpm *tpm)
{
    int64_t now = 0;

    tpmc__tpm_enter_ossl(tpm);
    if (tpmc__env_monotonic_ms(tpm->env, &now, NULL) == 0)
        tpm->guard.deadline_ms = now + CLOSE_MS;
    tpm->guard.uncancellable = 1;
    tpmc__tpm_drop_wanted(tpm);
    if (tpm->guard.ledger.count > 0 || tpm->guard.pending || tpm->loss.session ||
        tpm->loss.sequence || tpm->loss.object) {
        tpmc__tpm_drop_all(tpm);
        if (connect_tpm(tpm, NULL) == 0)
            tpmc__tpm_clean(tpm);
    }
    tpmc__mem_free(tpm->lingering);
    tpm->lingering = NULL;
    if (tpm->esys != NULL)
        Esys_Finalize(&tpm->esys);
    tpmc__tcti_close(tpm->own_tcti);
    tpmc__tpm_leave_ossl(tpm);
}

void tpmc__tpm_abandon(tpmc_tpm *tpm)
{
    tpmc__loaded *list = tpm->drop_list;

    tpmc__mem_free(tpm->lingering);
    while (list != NULL) {
        tpmc__loaded *next = list->next;

        tpmc__mem_free(list);
        list = next;
    }
    /* Another thread of the parent may have been inside libtss2 when the process forked. */
    if (tpm->esys != NULL && !tpm->lock.held)
        Esys_Finalize(&tpm->esys);
    tpmc__tcti_abandon(tpm->own_tcti);
}
