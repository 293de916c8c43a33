/* SPDX-License-Identifier: Apache-2.0 */
#include "tpm/saved_context.h"

#include <string.h>

#include "base/mem.h"
#include "tpm/raw_command.h"

/* What stands in a file is of no use; no TPMC_ERR_* is positive. */
#define NOT_IT 1

/* The handle 0 stands for no primary. */
static int make_id(tpmc_tpm *tpm, const tpmc__context_of *of, uint8_t *out)
{
    uint8_t digest[TPMC__DIGEST_MAX];
    uint8_t hierarchy[4] = { (uint8_t)(of->hierarchy >> 24), (uint8_t)(of->hierarchy >> 16),
                             (uint8_t)(of->hierarchy >> 8), (uint8_t)of->hierarchy };
    tpmc__span spans[3] = { { hierarchy, sizeof(hierarchy) }, { NULL, 0 }, of->origin };
    tpmc__buf area;
    int status = 0;

    tpmc__buf_init(&area, TPMC__PUBLIC_MAX);
    tpmc__public_write(of->public, &area);
    status = tpmc__buf_check(&area, "a public area", NULL);
    spans[1].data = area.data;
    spans[1].len = area.len;
    if (status == 0)
        status = tpmc__digest(tpm->env, TPMC__HASH_SHA256, spans, 3, digest, NULL);
    if (status == 0)
        memcpy(out, digest, TPMC__CONTEXT_ID_LEN);
    tpmc__buf_free(&area);
    return status;
}

static const char *directory_of(const tpmc_tpm *tpm)
{
    return tpmc__options_text(&tpm->options, TPMC__TPM_CONTEXT_DIR);
}

/* The TPM has refused what it was asked, for a reason that lies in what it was given. */
static int is_refusal(const tpmc_tpm *tpm)
{
    const uint32_t format_one = 0x080;

    return tpm->guard.outcome == TPMC__OUTCOME_ANSWERED &&
           ((tpm->guard.rc & format_one) != 0 || tpmc__rc_no_handle(tpm->guard.rc));
}

/* The outcome of a command of our own: NOT_IT when the TPM refused it, which makes the file
 * worthless. */
static int settle(tpmc_tpm *tpm, int status, const char *command, tpmc_error *err)
{
    if (status == 0)
        return tpmc__tpm_result(tpm, TSS2_RC_SUCCESS, command, err);
    /* An answer that came and cannot be read is one of no use either. */
    if (is_refusal(tpm) || (tpm->guard.outcome == TPMC__OUTCOME_ANSWERED && tpm->guard.rc == 0)) {
        (void)tpmc__guard_take_outcome(&tpm->guard);
        return NOT_IT;
    }
    return tpmc__tpm_result(tpm, TSS2_ESYS_RC_GENERAL_FAILURE, command, err);
}

/* Of a key only its use will tell what was loaded. */
static int learn_public(tpmc_tpm *tpm, const tpmc__context_of *of, uint32_t handle,
                        tpmc__public *out, tpmc_error *err)
{
    const uint8_t *area = NULL;
    size_t len = 0;
    int status = 0;

    if (!of->is_template) {
        *out = *of->public;
        return 0;
    }
    status = tpmc__raw_read_public(&tpm->guard, handle, &area, &len);
    if (status == 0 && tpmc__public_parse(area, len, out, NULL) != 0)
        status = TPMC_ERR_TPM;
    status = settle(tpm, status, "TPM2_ReadPublic", err);
    if (status == 0 && !tpmc__public_matches_template(out, of->public))
        return NOT_IT;
    return status;
}

static int take_loaded(tpmc_tpm *tpm, uint32_t handle, const tpmc__public *public,
                       tpmc__loaded **out, tpmc_error *err)
{
    uint8_t name[TPMC__NAME_MAX];
    size_t name_len = 0;
    ESYS_TR tr = ESYS_TR_NONE;
    int status = tpmc__public_name(tpm->env, public, name, &name_len, err);

    if (status == 0)
        status = tpmc__tpm_introduce(tpm, handle, public, &tr, err);
    if (status != 0) {
        tpmc__ledger_orphan(&tpm->guard.ledger, handle);
        return status;
    }
    tpm->guard.handle = handle;
    return tpmc__loaded_new(tpm, tr, name, name_len, out, err);
}

static int load_blob(tpmc_tpm *tpm, const tpmc__context_of *of, const tpmc__context *context,
                     uint32_t *handle, tpmc_error *err)
{
    int status = 0;

    /* Should the reply be lost. */
    tpm->loss.expected = *of->public;
    status = tpmc__raw_context_load(&tpm->guard, context, handle);
    return settle(tpm, status, "TPM2_ContextLoad", err);
}

/* It has just come, and there is no Name to know it by later on. */
static void drop_nameless(tpmc_tpm *tpm, uint32_t handle)
{
    tpmc__ledger_entry *entry = tpmc__ledger_find(&tpm->guard.ledger, handle);

    if (entry != NULL) {
        entry->orphan = 1;
        entry->suspect = 0;
    }
    tpmc__tpm_clean(tpm);
}

static int load(tpmc_tpm *tpm, const tpmc__context_of *of, const tpmc__context *context,
                tpmc__public *public, tpmc__loaded **out, tpmc_error *err)
{
    uint32_t handle = 0;
    int status = load_blob(tpm, of, context, &handle, err);

    if (status != 0)
        return status;
    status = learn_public(tpm, of, handle, public, err);
    if (status == 0)
        return take_loaded(tpm, handle, public, out, err);
    drop_nameless(tpm, handle);
    return status;
}

int tpmc__context_load(tpmc_tpm *tpm, const tpmc__context_of *of, tpmc__public *public_out,
                       tpmc__loaded **out, tpmc_error *err)
{
    const char *directory = directory_of(tpm);
    uint8_t id[TPMC__CONTEXT_ID_LEN];
    tpmc__context context;
    tpmc__public public;
    int status = 0;

    *out = NULL;
    if (directory == NULL || tpm->distrusting == tpm->operation || make_id(tpm, of, id) != 0 ||
        tpmc__context_file_read(directory, id, &context) != 0)
        return 0;
    status = load(tpm, of, &context, &public, out, err);
    if (status == NOT_IT) {
        tpmc__context_file_remove(directory, id);
        return 0;
    }
    if (status != 0)
        return status;
    (*out)->is_unproven = 1;
    memcpy((*out)->context_id, id, sizeof(id));
    if (public_out != NULL)
        *public_out = public;
    return 0;
}

int tpmc__context_save(tpmc_tpm *tpm, const tpmc__context_of *of, const tpmc__loaded *loaded,
                       tpmc_error *err)
{
    const char *directory = directory_of(tpm);
    uint8_t id[TPMC__CONTEXT_ID_LEN];
    tpmc__context context;
    int status = 0;

    if (directory == NULL || make_id(tpm, of, id) != 0)
        return 0;
    status = settle(tpm, tpmc__raw_context_save(&tpm->guard, loaded->handle, &context),
                    "TPM2_ContextSave", err);
    if (status != 0 && status != NOT_IT)
        return status;
    if (status == NOT_IT || tpmc__context_file_write(directory, id, &context) != 0)
        tpmc__env_log(tpm->env, TPMC_LOG_WARNING,
                      "a TPM context could not be saved in the directory of 'context_dir'");
    return 0;
}

/* If it has another Name than we thought, nobody could tell it from a stranger's object later on:
 * it goes now, where the TPM cannot have been reset since it came. */
static void flush_distrusted(tpmc_tpm *tpm, tpmc__loaded *loaded)
{
    if (loaded->made_in != tpm->operation && tpmc__session_prove(tpm) != 1)
        return;
    tpmc__loaded_lose(tpm, loaded);
    tpmc__tpm_clean(tpm);
}

int tpmc__context_distrust(tpmc_tpm *tpm, tpmc__loaded *loaded)
{
    static const uint8_t none[TPMC__CONTEXT_ID_LEN] = { 0 };
    const char *directory = directory_of(tpm);

    if (loaded == NULL || directory == NULL || memcmp(loaded->context_id, none, sizeof(none)) == 0)
        return 0;
    tpmc__context_file_remove(directory, loaded->context_id);
    tpm->distrusting = tpm->operation;
    flush_distrusted(tpm, loaded);
    return 1;
}
