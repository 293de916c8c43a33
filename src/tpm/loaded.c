/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/mem.h"
#include "tpm/tpm_int.h"

/* Loading a key takes a slot for its parent besides its own. */
#define SLOTS_TO_LOAD 2
/* What the kernel's resource manager keeps for one client (drivers/char/tpm/tpm2-space.c). It says
 * that it is full by a failure of the connection. */
#define MANAGED_SLOTS 3
/* Other programs may have given places back since. */
#define ROOM_LIFE_MS (10 * 60 * 1000)

int tpmc__loaded_new(tpmc_tpm *tpm, ESYS_TR tr, const uint8_t *name, size_t name_len,
                     tpmc__loaded **out, tpmc_error *err)
{
    uint32_t handle = tpm->guard.handle;
    tpmc__loaded *loaded = tpmc__mem_new(1, sizeof(*loaded));

    *out = NULL;
    if (loaded == NULL) {
        tpmc__loaded_refuse(tpm, tr);
        return tpmc__fail_nomem(err);
    }
    loaded->handle = handle;
    loaded->tr = tr;
    loaded->last_use = ++tpm->uses;
    loaded->made_in = tpm->operation;
    if (name_len > 0)
        memcpy(loaded->name, name, name_len);
    loaded->name_len = name_len;
    loaded->holding = tpm->held;
    tpm->held = loaded;
    tpmc__ledger_set_name(&tpm->guard.ledger, handle, loaded->name, name_len);
    *out = loaded;
    return 0;
}

void tpmc__loaded_refuse(tpmc_tpm *tpm, ESYS_TR tr)
{
    tpmc__ledger_orphan(&tpm->guard.ledger, tpm->guard.handle);
    Esys_TR_Close(tpm->esys, &tr);
}

int tpmc__loaded_is_current(const tpmc__loaded *loaded)
{
    return loaded != NULL && loaded->tr != ESYS_TR_NONE;
}

/* ESAPI lets go of it. Another object that gets the same handle must not meet what ESAPI knew of
 * this one. */
static void close_tr(tpmc_tpm *tpm, tpmc__loaded *loaded)
{
    if (loaded->tr == ESYS_TR_NONE)
        return;
    if (tpm->esys != NULL) {
        tpmc__tpm_blank_auth(tpm, loaded->tr);
        Esys_TR_Close(tpm->esys, &loaded->tr);
    }
    loaded->tr = ESYS_TR_NONE;
}

static void unlink_held(tpmc_tpm *tpm, const tpmc__loaded *loaded)
{
    tpmc__loaded **link = &tpm->held;

    while (*link != NULL && *link != loaded)
        link = &(*link)->holding;
    if (*link != NULL)
        *link = loaded->holding;
}

static void discard_record(tpmc_tpm *tpm, tpmc__loaded *loaded)
{
    if (tpm->asked == loaded)
        tpm->asked = NULL;
    unlink_held(tpm, loaded);
    tpmc__mem_free(loaded);
}

/* The ledger and ESAPI let go of it; what the TPM holds is flushed by the next cleaning. */
static void let_go(tpmc_tpm *tpm, tpmc__loaded *loaded)
{
    if (tpmc__loaded_is_current(loaded))
        tpmc__ledger_orphan(&tpm->guard.ledger, loaded->handle);
    close_tr(tpm, loaded);
    discard_record(tpm, loaded);
}

void tpmc__loaded_gone(tpmc_tpm *tpm, tpmc__loaded *loaded)
{
    loaded->tr = ESYS_TR_NONE;
    discard_record(tpm, loaded);
}

void tpmc__loaded_drop(tpmc_tpm *tpm, tpmc__loaded *loaded)
{
    if (loaded == NULL)
        return;
    let_go(tpm, loaded);
    tpmc__tpm_clean(tpm);
}

void tpmc__loaded_lose(tpmc_tpm *tpm, tpmc__loaded *loaded)
{
    if (!tpmc__loaded_is_current(loaded))
        return;
    tpmc__ledger_orphan(&tpm->guard.ledger, loaded->handle);
    close_tr(tpm, loaded);
}

/* `keep` may be NULL. */
static tpmc__loaded *least_used(const tpmc_tpm *tpm, const tpmc__loaded *keep)
{
    tpmc__loaded *found = NULL;

    for (tpmc__loaded *at = tpm->held; at != NULL; at = at->holding) {
        if (!tpmc__loaded_is_current(at) || at->made_in == tpm->operation || at == keep)
            continue;
        if (found == NULL || at->last_use < found->last_use)
            found = at;
    }
    return found;
}

static int evict(tpmc_tpm *tpm, const tpmc__loaded *keep)
{
    tpmc__loaded *loaded = least_used(tpm, keep);

    if (loaded == NULL)
        return 0;
    tpmc__loaded_lose(tpm, loaded);
    return 1;
}

int tpmc__loaded_evict(tpmc_tpm *tpm)
{
    return evict(tpm, NULL);
}

void tpmc__loaded_forget_all(tpmc_tpm *tpm)
{
    for (tpmc__loaded *at = tpm->held; at != NULL; at = at->holding)
        close_tr(tpm, at);
}

static void drop_lingering(tpmc_tpm *tpm)
{
    if (tpm->lingering != NULL)
        let_go(tpm, tpm->lingering);
    tpm->lingering = NULL;
}

/* Does what was asked for while the connection was busy. */
void tpmc__tpm_drop_wanted(tpmc_tpm *tpm)
{
    tpmc__loaded *list = NULL;
    int release_wanted = 0;

    pthread_mutex_lock(&tpm->drop_mutex);
    list = tpm->drop_list;
    release_wanted = tpm->release_wanted;
    tpm->drop_list = NULL;
    tpm->release_wanted = 0;
    pthread_mutex_unlock(&tpm->drop_mutex);
    while (list != NULL) {
        tpmc__loaded *next = list->next;

        let_go(tpm, list);
        list = next;
    }
    if (release_wanted) {
        drop_lingering(tpm);
        tpmc__tpm_drop_all(tpm);
    }
    tpmc__tpm_clean(tpm);
}

/* Flushes at once what is wanted when nobody uses the connection. Never waits. */
static void drop_if_idle(tpmc_tpm *tpm)
{
    if (!tpmc__lock_try(&tpm->lock))
        return;
    tpmc__tpm_enter_ossl(tpm);
    tpmc__tpm_drop_wanted(tpm);
    tpmc__tpm_leave_ossl(tpm);
    tpmc__lock_release(&tpm->lock);
}

void tpmc__loaded_discard(tpmc_tpm *tpm, tpmc__loaded *loaded)
{
    if (loaded == NULL)
        return;
    pthread_mutex_lock(&tpm->drop_mutex);
    loaded->next = tpm->drop_list;
    tpm->drop_list = loaded;
    pthread_mutex_unlock(&tpm->drop_mutex);
    drop_if_idle(tpm);
}

void tpmc__tpm_want_release(tpmc_tpm *tpm)
{
    pthread_mutex_lock(&tpm->drop_mutex);
    tpm->release_wanted = 1;
    pthread_mutex_unlock(&tpm->drop_mutex);
    drop_if_idle(tpm);
}

void tpmc__tpm_drop_all(tpmc_tpm *tpm)
{
    tpmc__loaded_forget_all(tpm);
    tpm->room = 0;
    tpmc__session_policy_end(tpm);
    (void)tpmc__session_policies_kill(tpm);
    tpmc__session_kill(tpm);
    tpmc__ledger_orphan_all(&tpm->guard.ledger);
}

void tpmc__tpm_suspect_objects(tpmc_tpm *tpm)
{
    tpmc__loaded_forget_all(tpm);
    tpmc__ledger_suspect_objects(&tpm->guard.ledger);
}

/* Policy sessions cannot prove anything. They are gone if the HMAC session is; else what the TPM
 * still lists is flushed. */
void tpmc__tpm_suspect(tpmc_tpm *tpm)
{
    int had_session = tpm->session.handle != 0;
    int proven = -1;

    tpmc__tpm_suspect_objects(tpm);
    if (tpm->esys != NULL && tpm->guard.inner != NULL && !tpm->guard.pending)
        proven = tpmc__session_prove(tpm);
    if (had_session && proven == 0)
        tpmc__session_policies_forget(tpm);
    else
        tpmc__session_policies_suspect(tpm);
}

size_t tpmc__loaded_count(const tpmc_tpm *tpm)
{
    size_t count = 0;

    for (const tpmc__loaded *at = tpm->held; at != NULL; at = at->holding)
        count += (size_t)tpmc__loaded_is_current(at);
    return count;
}

void tpmc__tpm_let_linger(tpmc_tpm *tpm, tpmc__loaded *loaded)
{
    tpmc__loaded_drop(tpm, tpm->lingering);
    tpm->lingering = loaded;
}

void tpmc__tpm_learn_room(tpmc_tpm *tpm)
{
    tpm->room = tpmc__loaded_count(tpm);
    if (tpmc__env_monotonic_ms(tpm->env, &tpm->room_ms, NULL) != 0)
        tpm->room = 0;
}

static size_t known_room(tpmc_tpm *tpm)
{
    int64_t now = 0;

    if (tpmc__tpm_is_managed(tpm))
        return MANAGED_SLOTS;
    if (tpm->room > 0 &&
        (tpmc__env_monotonic_ms(tpm->env, &now, NULL) != 0 || now - tpm->room_ms >= ROOM_LIFE_MS))
        tpm->room = 0;
    return tpm->room;
}

static int lacks_room(tpmc_tpm *tpm, size_t slots)
{
    size_t room = known_room(tpm);

    return room > 0 && tpmc__loaded_count(tpm) + slots > room;
}

void tpmc__tpm_make_room_beside(tpmc_tpm *tpm, const tpmc__loaded *keep)
{
    while (lacks_room(tpm, 1)) {
        if (!evict(tpm, keep))
            break;
    }
    tpmc__tpm_clean(tpm);
}

/* Every object that is held costs the kernel's resource manager a load and a save with each
 * command. */
void tpmc__tpm_make_room(tpmc_tpm *tpm)
{
    int64_t hold = tpmc__options_number(&tpm->options, TPMC__TPM_HOLD);
    int only_one = hold == TPMC__HOLD_AUTO && tpmc__tpm_is_managed(tpm);

    drop_lingering(tpm);
    while (only_one || lacks_room(tpm, SLOTS_TO_LOAD)) {
        if (!tpmc__loaded_evict(tpm))
            break;
    }
    tpmc__tpm_clean(tpm);
}

void tpmc__tpm_apply_hold(tpmc_tpm *tpm)
{
    int64_t hold = tpmc__options_number(&tpm->options, TPMC__TPM_HOLD);

    if (hold != TPMC__HOLD_ALL && tpmc__tpm_is_managed(tpm))
        drop_lingering(tpm);
    if (hold != TPMC__HOLD_SESSION && hold != TPMC__HOLD_NOTHING)
        return;
    tpmc__loaded_forget_all(tpm);
    tpmc__ledger_orphan_objects(&tpm->guard.ledger);
    if (hold == TPMC__HOLD_NOTHING) {
        tpmc__session_kill(tpm);
        (void)tpmc__session_policies_kill(tpm);
    }
}

void tpmc__tpm_blank_auth(tpmc_tpm *tpm, ESYS_TR tr)
{
    static const TPM2B_AUTH blank = { 0 };

    (void)Esys_TR_SetAuth(tpm->esys, tr, &blank);
}

int tpmc__tpm_refusal_holds(tpmc_tpm *tpm, const tpmc__loaded *loaded, ESYS_TR session)
{
    int ours = loaded == NULL ? 1 : tpmc__tpm_object_is_ours(tpm, loaded);
    int agrees = session == ESYS_TR_PASSWORD ? 1 : tpmc__session_prove(tpm);

    if (ours == 1 && agrees == 1)
        return 1;
    if (ours < 0 || agrees < 0)
        return 0;
    tpmc__tpm_suspect_objects(tpm);
    tpm->remedy = TPMC__REMEDY_RELOAD;
    tpmc__tpm_clean(tpm);
    return 0;
}
