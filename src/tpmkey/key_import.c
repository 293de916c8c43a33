/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/mem.h"
#include "tpmkey/new_key.h"
#include "tpmkey/new_policy.h"

/* An import on its way. */
struct import {
    tpmc_key_template *key_template;
    tpmc__new_source source;
    tpmc__public key; /* of an HMAC key complete only once it is wrapped */
    tpmc__new_policy policy;
    tpmc__keyfile file;
};

/* What the caller knows of the parent decides how well the private part is protected. */
static int bus_level(const struct import *import)
{
    return tpmc__options_is_set(&import->key_template->options, TPMC__KEY_TEMPLATE_PARENT_NAME)
               ? TPMC_BUS_PINNED
               : TPMC_BUS_ENCRYPTED;
}

static int import_under(tpmc_tpm *tpm, struct import *import, tpmc__parent *parent, tpmc_error *err)
{
    tpmc__private_part made;
    tpmc__wrapped wrapped;
    int status = tpmc__new_source_wrap(import->key_template, &import->source, &parent->public,
                                       &import->key, &wrapped, err);

    if (status != 0)
        return status;
    tpmc__bus_note(tpm, bus_level(import));
    status = tpmc__parent_import(tpm, parent, &import->key, &wrapped, &made, err);
    status = tpmc__new_key_explain(tpm, &import->key, status, err);
    tpmc__wrapped_free(&wrapped);
    if (status == 0)
        status = tpmc__new_key_load_once(tpm, parent, &import->key, &made, err);
    if (status == 0)
        status = tpmc__new_file_set_key(&import->file, &import->key, made.bytes, made.len, err);
    return status;
}

static int import_once(tpmc_tpm *tpm, void *context, tpmc_error *err)
{
    struct import *import = context;
    tpmc__parent parent;
    int status = 0;

    tpmc__tpm_make_room(tpm);
    status = tpmc__new_policy_bind_now(tpm, &import->policy, &import->key, &import->file, err);
    if (status == 0)
        status = tpmc__template_parent(tpm, import->key_template, &parent, err);
    if (status != 0)
        return status;
    status = import_under(tpm, import, &parent, err);
    tpmc__parent_drop(tpm, &parent);
    return status;
}

static int import_source(tpmc_tpm *tpm, struct import *import, tpmc_bytes **pem, tpmc_error *err)
{
    int status = tpmc__new_file_fill(import->key_template, &import->file, err);

    if (status == 0)
        status = tpmc__new_policy_bind_fixed(&import->policy, &import->key, &import->file, err);
    if (status == 0)
        status = tpmc__template_run(tpm, import_once, import, err);
    if (status == 0)
        status = tpmc__new_file_give(&import->file, pem, err);
    tpmc__keyfile_free(&import->file);
    return status;
}

/* Reads key and policy before the TPM is touched, and writes the file after. */
static int import_key(tpmc_tpm *tpm, struct import *import, tpmc__span data, tpmc_bytes **pem,
                      tpmc_error *err)
{
    int status =
        tpmc__new_source_read(import->key_template, data, &import->source, &import->key, err);

    if (status != 0)
        return status;
    status = tpmc__new_policy_read_checked(import->key_template, &import->policy, err);
    if (status == 0) {
        status = import_source(tpm, import, pem, err);
        tpmc__new_policy_free(&import->policy);
    }
    tpmc__new_source_free(&import->source);
    return status;
}

int tpmc_key_import(tpmc_tpm *tpm, tpmc_key_template *key_template, const void *data, size_t len,
                    tpmc_bytes **pem, tpmc_error *err)
{
    tpmc__span input = { data, len };
    tpmc_key_template *used = NULL;
    struct import *import = NULL;
    int status = 0;

    tpmc__error_clear(err);
    if (pem == NULL)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT, "the parameter 'pem' is NULL");
    *pem = NULL;
    status = tpmc__template_enter(tpm, key_template, &used, err);
    if (status != 0)
        return status;
    import = tpmc__mem_new(1, sizeof(*import));
    if (import == NULL) {
        tpmc_key_template_free(used);
        return tpmc__fail_nomem(err);
    }
    import->key_template = used;
    status = import_key(tpm, import, input, pem, err);
    tpmc__mem_free(import);
    tpmc_key_template_free(used);
    return status;
}
