/* SPDX-License-Identifier: Apache-2.0 */
#include "tpm/persistent.h"

#include <string.h>

#include "tpm/raw_command.h"

static tpmc__persistent *find(tpmc_tpm *tpm, uint32_t handle)
{
    for (size_t i = 0; i < TPMC__PERSISTENT_MAX; i++) {
        if (tpm->persistents[i].loaded.handle == handle)
            return &tpm->persistents[i];
    }
    return NULL;
}

static void forget(tpmc_tpm *tpm, tpmc__persistent *entry)
{
    if (entry->loaded.handle != 0 && tpm->esys != NULL)
        Esys_TR_Close(tpm->esys, &entry->loaded.tr);
    memset(entry, 0, sizeof(*entry));
    entry->loaded.tr = ESYS_TR_NONE;
}

void tpmc__persistent_forget_all(tpmc_tpm *tpm)
{
    for (size_t i = 0; i < TPMC__PERSISTENT_MAX; i++)
        forget(tpm, &tpm->persistents[i]);
}

/* The one to give up for another: not one that the running operation has come by. */
static tpmc__persistent *least_used(tpmc_tpm *tpm)
{
    tpmc__persistent *found = &tpm->persistents[0];

    for (size_t i = 1; i < TPMC__PERSISTENT_MAX; i++) {
        if (tpm->persistents[i].loaded.last_use < found->loaded.last_use)
            found = &tpm->persistents[i];
    }
    return found;
}

void tpmc__persistent_forget(tpmc_tpm *tpm, uint32_t handle)
{
    tpmc__persistent *entry = find(tpm, handle);

    if (entry != NULL)
        forget(tpm, entry);
}

/* One TPM2_ReadPublic of ours, read by our own strict parser; its failures are those of any other
 * command, but that an empty handle is no loss. */
static int read_public(tpmc_tpm *tpm, uint32_t handle, tpmc__public *out, tpmc_error *err)
{
    const uint8_t *area = NULL;
    size_t len = 0;
    int status = tpmc__raw_read_public(&tpm->guard, handle, &area, &len);

    if (status != 0 && tpm->guard.outcome == TPMC__OUTCOME_ANSWERED &&
        tpmc__rc_no_handle(tpm->guard.rc)) {
        uint32_t rc = tpm->guard.rc;

        (void)tpmc__guard_take_outcome(&tpm->guard);
        status =
            tpmc__fail(err, TPMC_ERR_WRONG_TPM,
                       "this TPM has no persistent object at the handle 0x%08x", (unsigned)handle);
        tpmc__error_set_tpm_code(err, rc);
        return status;
    }
    if (status != 0)
        return tpmc__tpm_result(tpm, TSS2_ESYS_RC_GENERAL_FAILURE, "TPM2_ReadPublic", err);
    (void)tpmc__guard_take_outcome(&tpm->guard);
    status = tpmc__public_parse(area, len, out, err);
    if (status != 0)
        tpmc__error_prefix(err, "the persistent object at the handle 0x%08x", (unsigned)handle);
    return status;
}

static int fill(tpmc_tpm *tpm, uint32_t handle, tpmc__persistent *entry, tpmc_error *err)
{
    tpmc__loaded *loaded = &entry->loaded;
    int status = read_public(tpm, handle, &entry->public, err);

    if (status != 0)
        return status;
    status = tpmc__public_name(tpm->env, &entry->public, loaded->name, &loaded->name_len, err);
    if (status != 0)
        return status;
    status = tpmc__tpm_introduce(tpm, handle, &entry->public, &loaded->tr, err);
    if (status != 0)
        return status;
    loaded->handle = handle;
    loaded->persistent = 1;
    loaded->made_in = tpm->operation;
    return 0;
}

int tpmc__persistent_get(tpmc_tpm *tpm, uint32_t handle, tpmc__public *public_out,
                         tpmc__loaded **out, tpmc_error *err)
{
    tpmc__persistent *entry = find(tpm, handle);
    int status = 0;

    *out = NULL;
    if (entry == NULL) {
        entry = least_used(tpm);
        forget(tpm, entry);
        status = fill(tpm, handle, entry, err);
        if (status != 0) {
            forget(tpm, entry);
            return status;
        }
    }
    entry->loaded.last_use = ++tpm->uses;
    *out = &entry->loaded;
    if (public_out != NULL)
        *public_out = entry->public;
    return 0;
}
