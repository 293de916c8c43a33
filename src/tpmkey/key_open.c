/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/mem.h"
#include "base/option_check.h"
#include "keyfile/keyfile_policy.h"
#include "policy/policy_file.h"
#include "tpm/hierarchy.h"
#include "tpm/persistent.h"
#include "tpm/primary.h"
#include "tpm/saved_context.h"
#include "tpmkey/key_int.h"

static int explain_load_failure(const tpmc_key *key, const tpmc__parent_place *place, int status,
                                tpmc_error *err)
{
    uint32_t rc = key->tpm->refusal;
    int is_primary = tpmc__hierarchy_by_handle(place->handle) >= 0;

    if (status != TPMC_ERR_WRONG_TPM)
        return status;
    if (tpmc__hierarchy_by_handle(place->handle) == TPMC__PRIMARY_NULL)
        tpmc__fail(err, status,
                   "the key does not belong to this TPM's null hierarchy, whose keys are lost "
                   "whenever the TPM is reset, as at every start of the machine");
    else if (!is_primary)
        tpmc__fail(err, status,
                   "the key does not belong to the parent at the handle 0x%08x: it was made on "
                   "another TPM or under another parent, or the parent has been replaced, or the "
                   "file is damaged",
                   (unsigned)place->handle);
    else
        tpmc__fail(err, status,
                   "the key does not belong to this TPM's storage primary: it was made on another "
                   "TPM, or this TPM has been cleared since, or the key was made under another "
                   "parent than the file says (the option 'parent_fallback' tries the usual ones), "
                   "or the file is damaged");
    tpmc__error_set_tpm_code(err, rc);
    return status;
}

/* The seed is the fourth parameter of TPM2_Import: one for a parent of another type or size has a
 * form that this parent cannot take. */
static int names_seed(uint32_t rc)
{
    const uint32_t format_one_parameter = 0x0c0;

    return (rc & format_one_parameter) == format_one_parameter && (rc & 0xf00) == 0x400;
}

/* TPM2_Import once: what it made is bound to this TPM and serves from then on. */
static int import_once(tpmc_key *key, tpmc__parent *parent, tpmc_error *err)
{
    const tpmc__keyfile *file = key->file;
    tpmc__private_part *made = NULL;
    tpmc__wrapped wrapped;
    int status = 0;

    if (key->imported != NULL)
        return 0;
    made = tpmc__mem_new(1, sizeof(*made));
    if (made == NULL)
        return tpmc__fail_nomem(err);
    tpmc__buf_init(&wrapped.duplicate, TPMC__KEYFILE_PRIVATE_MAX);
    tpmc__buf_init(&wrapped.seed, TPMC__KEYFILE_PRIVATE_MAX);
    tpmc__buf_append(&wrapped.duplicate, file->private_bytes, file->private_len);
    tpmc__buf_append(&wrapped.seed, file->secret, file->secret_len);
    status = tpmc__buf_check(&wrapped.duplicate, "the private part", err);
    if (status == 0)
        status = tpmc__buf_check(&wrapped.seed, "the field 'secret'", err);
    if (status == 0) {
        tpmc__bus_note(key->tpm, TPMC_BUS_ENCRYPTED);
        key->tpm->refusal = 0;
        status = tpmc__parent_import(key->tpm, parent, &file->key, &wrapped, made, err);
    }
    if (status == TPMC_ERR_TPM && names_seed(key->tpm->refusal))
        status = TPMC_ERR_WRONG_TPM;
    tpmc__wrapped_free(&wrapped);
    if (status == 0)
        key->imported = made;
    else
        tpmc__mem_free(made);
    return status;
}

static int wants_session(tpmc_key *key)
{
    if (key->policy.is_used)
        return tpmc__key_policy_wants_salt(key);
    return key->password.len > 0 || key->kind.type == TPMC__ALG_KEYEDHASH ||
           tpmc__use_protects_all(key->tpm);
}

static int has_session(tpmc_key *key)
{
    return key->policy.is_used ? tpmc__key_policy_has_session(key)
                               : tpmc__session_is_ready(key->tpm);
}

/* An HMAC key always gets a session. While the parent is at hand it is the cheapest key to salt one
 * to. */
static int start_session(tpmc_key *key, const tpmc__parent *parent, tpmc_error *err)
{
    ESYS_TR session = ESYS_TR_NONE;

    if (!wants_session(key))
        return 0;
    if (key->policy.is_used)
        return tpmc__key_policy_start_sessions(key, parent->use.salt, err);
    return tpmc__session_get(key->tpm, parent->use.salt, &session, err);
}

/* What TPM2_Import answered was altered on its way, or is another parent's by now. */
static void forget_imported(tpmc_key *key)
{
    tpmc__mem_free(key->imported);
    key->imported = NULL;
    if (key->tpm->remedy == TPMC__REMEDY_NONE)
        key->tpm->remedy = TPMC__REMEDY_RELOAD;
}

/* A policy may be about the parent. */
static int note_parent(tpmc_key *key, const tpmc__parent *parent, tpmc_error *err)
{
    if (key->policy.source != TPMC__POLICY_FROM_PCR)
        return 0;
    return tpmc__public_name(key->env, &parent->public, key->policy.parent_name,
                             &key->policy.parent_name_len, err);
}

static int load_under(tpmc_key *key, tpmc__parent *parent, tpmc_error *err)
{
    const tpmc__keyfile *file = key->file;
    int status = tpmc__keyfile_check_parent(key->env, file, &parent->public, err);

    if (status == 0)
        status = note_parent(key, parent, err);
    if (status == 0)
        status = start_session(key, parent, err);
    if (status != 0)
        return status;
    if (file->secret == NULL)
        return tpmc__parent_load(key->tpm, parent, &file->key, file->private_bytes,
                                 file->private_len, &key->loaded, err);
    status = import_once(key, parent, err);
    if (status != 0)
        return status;
    status = tpmc__parent_load(key->tpm, parent, &file->key, key->imported->bytes,
                               key->imported->len, &key->loaded, err);
    if (status == TPMC_ERR_WRONG_TPM)
        forget_imported(key);
    return status;
}

static int load_at(tpmc_key *key, const tpmc__parent_place *place, tpmc_error *err)
{
    tpmc__parent parent;
    int status = tpmc__parent_get(key->tpm, place, &parent, err);

    if (status != 0)
        return status;
    status = load_under(key, &parent, err);
    tpmc__parent_drop(key->tpm, &parent);
    return explain_load_failure(key, place, status, err);
}

/* The file may name a hierarchy and mean another primary of it than the standard has. */
static int load_by_fallback(tpmc_key *key, const tpmc__parent_place *first, tpmc_error *err)
{
    for (size_t i = 0; i < TPMC__FALLBACK_COUNT; i++) {
        tpmc__parent_place place = *first;
        int status = 0;

        place.which = tpmc__template_fallback(i);
        if (place.which == first->which)
            continue;
        status = load_at(key, &place, err);
        if (status == 0) {
            key->fallback = place.which;
            key->has_fallback = 1;
        }
        if (status != TPMC_ERR_WRONG_TPM)
            return status;
    }
    return tpmc__fail(err, TPMC_ERR_WRONG_TPM,
                      "the key does not belong to any of the usual storage primaries of this TPM: "
                      "it was made on another TPM, or this TPM has been cleared since, or the file "
                      "is damaged");
}

static int load_from_file(tpmc_key *key, tpmc_error *err)
{
    tpmc__parent_place place;
    int may_fall_back = 0;
    int status = 0;

    tpmc__key_place(key, &place);
    may_fall_back = tpmc__options_number(&key->options, TPMC__KEY_PARENT_FALLBACK) &&
                    !key->has_fallback && tpmc__hierarchy_by_handle(place.handle) >= 0;
    status = load_at(key, &place, err);
    if (status == TPMC_ERR_WRONG_TPM && may_fall_back)
        return load_by_fallback(key, &place, err);
    return status;
}

static int find_persistent(tpmc_key *key, tpmc_error *err)
{
    uint32_t handle = key->file->handle;
    int status = tpmc__persistent_get(key->tpm, handle, NULL, &key->loaded, err);

    if (status != 0)
        return status;
    if (key->loaded->name_len == key->name_len &&
        memcmp(key->loaded->name, key->name, key->name_len) == 0)
        return 0;
    key->loaded = NULL;
    tpmc__persistent_forget(key->tpm, handle);
    return tpmc__fail(err, TPMC_ERR_WRONG_TPM,
                      "another key stands at the persistent handle 0x%08x than the one meant",
                      (unsigned)handle);
}

/* A key that is subject to lockout is not tried on an object that might be another. */
static int may_use_context(const tpmc_key *key)
{
    return tpmc__options_text(&key->tpm->options, TPMC__TPM_CONTEXT_DIR) != NULL &&
           (key->file->key.attributes & TPMC__OBJECT_NO_DA) != 0;
}

/* A primary has to be made for the session in any case: of all that can be made without a password,
 * the parent can be saved. */
static int get_salt_parent(tpmc_tpm *tpm, int hierarchy, tpmc__template which, tpmc__parent *out,
                           tpmc_error *err)
{
    int status = 0;

    if (tpm->hierarchy_auth[hierarchy].len > 0 || tpm->hierarchy_refused[hierarchy])
        return tpmc__primary_from_context(tpm, hierarchy, which, &out->public, &out->loaded, err);
    status = tpmc__primary_create_storage(tpm, hierarchy, which, &out->public, &out->loaded, err);
    return status == TPMC_ERR_WRONG_PASSWORD ? 0 : status;
}

/* The key has not brought its parent along, which is good for salting a session. */
static int start_session_on_parent(tpmc_key *key, tpmc_error *err)
{
    tpmc__parent_place place;
    tpmc__parent parent;
    int hierarchy = 0;
    int status = 0;

    memset(&parent, 0, sizeof(parent));
    tpmc__key_place(key, &place);
    hierarchy = tpmc__hierarchy_by_handle(place.handle);
    if (hierarchy < 0 || !wants_session(key) || has_session(key))
        return 0;
    status = get_salt_parent(key->tpm, hierarchy, place.which, &parent, err);
    if (status != 0 || parent.loaded == NULL)
        return status;
    parent.use.salt = parent.loaded;
    status = start_session(key, &parent, err);
    tpmc__tpm_let_linger(key->tpm, parent.loaded);
    return status;
}

static tpmc__context_of context_of(const tpmc_key *key)
{
    const tpmc__keyfile *file = key->file;
    tpmc__context_of of = { &file->key, 0, 0, { file->private_bytes, file->private_len } };

    return of;
}

static int load_from_context(tpmc_key *key, tpmc_error *err)
{
    tpmc__context_of of = context_of(key);
    int status = tpmc__context_load(key->tpm, &of, NULL, &key->loaded, err);

    if (status != 0 || key->loaded == NULL)
        return status;
    return start_session_on_parent(key, err);
}

static int load_and_save(tpmc_key *key, tpmc_error *err)
{
    tpmc__context_of of = context_of(key);
    int status = load_from_file(key, err);

    if (status == 0 && may_use_context(key))
        status = tpmc__context_save(key->tpm, &of, key->loaded, err);
    return status;
}

int tpmc__key_load(tpmc_key *key, tpmc_error *err)
{
    int status = 0;

    if (tpmc__key_is_persistent(key))
        return find_persistent(key, err);
    if (tpmc__loaded_is_current(key->loaded)) {
        key->loaded->last_use = ++key->tpm->uses;
        return 0;
    }
    tpmc__loaded_drop(key->tpm, key->loaded);
    key->loaded = NULL;
    tpmc__tpm_make_room(key->tpm);
    if (may_use_context(key))
        status = load_from_context(key, err);
    if (status != 0 || key->loaded != NULL)
        return status;
    return load_and_save(key, err);
}

void tpmc__key_use(tpmc_key *key, int use, tpmc__use *out)
{
    memset(out, 0, sizeof(*out));
    out->object = key->loaded;
    out->password = &key->password;
    out->refused = &key->password_refused;
    out->wrong_text = "the key's password is wrong (or the key has none); it is not tried again";
    out->missing_text = "the key has a password, and none was given, or an empty one; with the "
                        "program, give it by --password-file";
    tpmc__key_policy_fill(key, use, out);
}

void tpmc__key_suspect(tpmc_key *key)
{
    if (tpmc__key_is_persistent(key))
        tpmc__persistent_forget(key->tpm, key->file->handle);
    else
        (void)tpmc__context_distrust(key->tpm, key->loaded);
    tpmc__tpm_suspect(key->tpm);
}

static int load_step(tpmc_key *key, void *job, tpmc_error *err)
{
    (void)job;
    return tpmc__key_load(key, err);
}

static int open_key(tpmc_key *key, tpmc_error *err)
{
    int status = tpmc__key_read(key, err);

    if (status == 0)
        status = tpmc__key_prepare(key, tpmc__key_purpose(key), err);
    if (status == 0)
        status = tpmc__key_run(key, TPMC__USE_FIRST, load_step, NULL, err);
    return status;
}

int tpmc_key_open(tpmc_key *key, tpmc_error *err)
{
    int status = tpmc__key_enter(key, err);

    if (status != 0 || key->tpm == NULL)
        return status;
    return open_key(key, err);
}

/* The form that this TPM loads. What is borrowed from the key's own struct is not freed. */
static int fill_loadable(const tpmc_key *key, tpmc__keyfile *out, tpmc_error *err)
{
    const char *parent = tpmc__options_text(&key->options, TPMC__KEY_PARENT_HANDLE);

    *out = *key->file;
    if (out->handle != 0)
        return tpmc__fail(
            err, TPMC_ERR_UNSUPPORTED,
            "a persistent key has no private part outside the TPM to write to a file");
    if (out->old_layout)
        return tpmc__fail(err, TPMC_ERR_UNSUPPORTED,
                          "a key file of the old layout means a parent that the current layout "
                          "has no word for; it stays as it is");
    if (parent != NULL)
        out->parent = tpmc__persistent_handle(parent);
    if (key->imported == NULL)
        return 0;
    if (out->type == TPMC__KEYFILE_IMPORTABLE)
        out->type = TPMC__KEYFILE_LOADABLE;
    out->secret = NULL;
    out->secret_len = 0;
    memcpy(out->private_bytes, key->imported->bytes, key->imported->len);
    out->private_len = key->imported->len;
    return 0;
}

/* A policy that the caller gave goes into a file that says nothing of it, as far as files have
 * words for its steps. */
static int add_policy(tpmc_key *key, tpmc__keyfile *file, tpmc_error *err)
{
    tpmc__policy_steps steps = { 0 };
    int status = tpmc__key_policy_resolve(key, 0, &steps, err);

    if (status == 0)
        status = tpmc__policy_file_write(key->env, &steps, file->key.name_alg, file, err);
    tpmc__policy_free_steps(&steps);
    if (status != TPMC_ERR_UNSUPPORTED)
        return status;
    tpmc__error_clear(err);
    return 0;
}

static int wants_policy(const tpmc_key *key)
{
    tpmc__policy_source source = key->policy.source;

    return key->file->policy.count == 0 && key->file->auth_policy_count == 0 &&
           (source == TPMC__POLICY_FROM_PCR || source == TPMC__POLICY_FROM_CALLER);
}

static int write_loadable(tpmc_key *key, tpmc_bytes **pem, tpmc_error *err)
{
    tpmc__keyfile *file = tpmc__mem_new(1, sizeof(*file));
    tpmc__buf text;
    int adds_policy = wants_policy(key);
    int status = 0;

    if (file == NULL)
        return tpmc__fail_nomem(err);
    status = fill_loadable(key, file, err);
    if (status == 0 && adds_policy)
        status = add_policy(key, file, err);
    if (status == 0) {
        tpmc__buf_init(&text, TPMC__KEYFILE_MAX);
        tpmc__keyfile_write(file, &text);
        status = tpmc__bytes_from_buf(&text, "the key file", pem, err);
    }
    if (adds_policy) {
        tpmc__keyfile_free_steps(&file->policy);
        tpmc__keyfile_free_auth_policies(file);
    }
    tpmc__mem_free(file);
    return status;
}

int tpmc_key_export(tpmc_key *key, tpmc_bytes **pem, tpmc_error *err)
{
    int status = tpmc__key_enter(key, err);

    if (pem == NULL)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT, "the parameter 'pem' is NULL");
    *pem = NULL;
    if (status == 0 && key->tpm == NULL)
        status = tpmc__fail(err, TPMC_ERR_UNSUPPORTED, "a callback key has no key file");
    if (status == 0)
        status = open_key(key, err);
    if (status == 0)
        status = write_loadable(key, pem, err);
    return status;
}
