/* SPDX-License-Identifier: Apache-2.0 */
#include "base/mem.h"
#include "tpm/tpm_int.h"

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
    loaded->epoch = tpm->epoch;
    loaded->generation = tpm->generation;
    tpmc__ledger_set_name(&tpm->guard.ledger, handle, name, name_len);
    *out = loaded;
    return 0;
}

void tpmc__loaded_refuse(tpmc_tpm *tpm, ESYS_TR tr)
{
    tpmc__ledger_orphan(&tpm->guard.ledger, tpm->guard.handle);
    Esys_TR_Close(tpm->esys, &tr);
}

int tpmc__loaded_is_current(const tpmc_tpm *tpm, const tpmc__loaded *loaded)
{
    return loaded != NULL && loaded->generation == tpm->generation;
}

/* The ledger and ESAPI let go of it; what the TPM holds is flushed by the next cleaning. */
static void let_go(tpmc_tpm *tpm, tpmc__loaded *loaded)
{
    if (tpmc__loaded_is_current(tpm, loaded))
        tpmc__ledger_orphan(&tpm->guard.ledger, loaded->handle);
    if (tpm->asked == loaded)
        tpm->asked = NULL;
    if (tpm->esys != NULL && loaded->epoch == tpm->epoch) {
        tpmc__tpm_blank_auth(tpm, loaded->tr);
        Esys_TR_Close(tpm->esys, &loaded->tr);
    }
    tpmc__mem_free(loaded);
}

void tpmc__loaded_drop(tpmc_tpm *tpm, tpmc__loaded *loaded)
{
    if (loaded == NULL)
        return;
    let_go(tpm, loaded);
    tpmc__tpm_clean(tpm);
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
    if (release_wanted)
        tpmc__tpm_drop_all(tpm);
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
    tpm->generation++;
    tpmc__session_kill(tpm);
    tpmc__ledger_orphan_all(&tpm->guard.ledger);
}

void tpmc__tpm_suspect_objects(tpmc_tpm *tpm)
{
    tpm->generation++;
    tpmc__ledger_suspect_objects(&tpm->guard.ledger);
}

void tpmc__tpm_suspect(tpmc_tpm *tpm)
{
    tpmc__tpm_suspect_objects(tpm);
    if (tpm->esys != NULL && tpm->guard.inner != NULL && !tpm->guard.pending)
        (void)tpmc__session_prove(tpm);
}

/* Every object that is held costs the kernel's resource manager a load and a save with each
 * command, and it has room for three. */
void tpmc__tpm_make_room(tpmc_tpm *tpm)
{
    if (tpm->kind != TPMC__TCTI_DEVICE || tpm->caller_tcti != NULL)
        return;
    tpm->generation++;
    tpmc__ledger_orphan_objects(&tpm->guard.ledger);
    tpmc__tpm_clean(tpm);
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
