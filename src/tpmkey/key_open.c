/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/mem.h"
#include "tpm/primary.h"
#include "tpmkey/key_int.h"

static int explain_load_failure(const tpmc_tpm *tpm, int status, tpmc_error *err)
{
    if (status != TPMC_ERR_WRONG_TPM)
        return status;
    tpmc__fail(
        err, status,
        "the key does not belong to this TPM's storage primary: it was made on another TPM, or "
        "this TPM has been cleared since, or the key was made under another parent than the file "
        "says, or the file is damaged");
    tpmc__error_set_tpm_code(err, tpm->refusal);
    return status;
}

static int read_private(const tpmc__keyfile *file, TPM2B_PRIVATE *out, tpmc_error *err)
{
    /* The file's TPM2B_PRIVATE has been checked to be exactly a size and that many bytes. */
    size_t len = file->private_len - 2;

    memset(out, 0, sizeof(*out));
    if (len > sizeof(out->buffer))
        return tpmc__fail(err, TPMC_ERR_FORMAT,
                          "the key's private part is larger than a TPM takes");
    memcpy(out->buffer, file->private_bytes + 2, len);
    out->size = (UINT16)len;
    return 0;
}

static int load_under(tpmc_key *key, ESYS_TR parent, tpmc_error *err)
{
    tpmc_tpm *tpm = key->tpm;
    TPM2B_PRIVATE private;
    TPM2B_PUBLIC public;
    ESYS_TR tr = ESYS_TR_NONE;
    TSS2_RC rc = 0;
    int status = read_private(key->file, &private, err);

    if (status == 0)
        status = tpmc__tss_public(&key->file->key, &public, err);
    if (status != 0)
        return status;
    rc = Esys_Load(tpm->esys, parent, ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE, &private,
                   &public, &tr);
    status = tpmc__tpm_result(tpm, rc, "TPM2_Load", err);
    if (status != 0)
        return explain_load_failure(tpm, status, err);
    return tpmc__loaded_new(tpm, tr, key->name, key->name_len, &key->loaded, err);
}

static int set_auth(tpmc_key *key, tpmc_error *err)
{
    TPM2B_AUTH auth = { 0 };
    TSS2_RC rc = 0;

    memcpy(auth.buffer, key->password.data, key->password.len);
    auth.size = (UINT16)key->password.len;
    rc = Esys_TR_SetAuth(key->tpm->esys, key->loaded->tr, &auth);
    tpmc__mem_wipe(&auth, sizeof(auth));
    return tpmc__tpm_result(key->tpm, rc, "Esys_TR_SetAuth", err);
}

int tpmc__key_load(tpmc_key *key, tpmc_error *err)
{
    tpmc_tpm *tpm = key->tpm;
    tpmc__public h2;
    tpmc__loaded *parent = NULL;
    ESYS_TR session = ESYS_TR_NONE;
    int status = 0;

    if (tpmc__loaded_is_current(tpm, key->loaded))
        return 0;
    tpmc__loaded_drop(tpm, key->loaded);
    key->loaded = NULL;
    tpmc__tpm_make_room(tpm);
    tpmc__public_h2_template(&h2);
    status = tpmc__primary_create(tpm, TPMC_HIERARCHY_OWNER, &h2, NULL, &parent, err);
    if (status != 0)
        return status;
    /* While the parent is loaded it is the cheapest key to salt a session to. */
    if (key->password.len > 0)
        status = tpmc__session_get(tpm, parent->tr, &session, err);
    if (status == 0)
        status = load_under(key, parent->tr, err);
    tpmc__loaded_drop(tpm, parent);
    if (status == 0 && key->password.len > 0)
        status = set_auth(key, err);
    return status;
}

/* What an open needs before the TPM is touched. */
static int prepare(tpmc_key *key, tpmc_error *err)
{
    int status = tpmc__key_read(key, err);

    if (status == 0)
        status = tpmc__key_check_usable(key, err);
    if (status == 0)
        status = tpmc__key_settle_password(key, err);
    return status;
}

int tpmc_key_open(tpmc_key *key, tpmc_error *err)
{
    unsigned tries = 0;
    int status = tpmc__key_enter(key, err);

    if (status != 0 || key->tpm == NULL)
        return status;
    status = prepare(key, err);
    if (status != 0)
        return status;
    status = tpmc__tpm_begin(key->tpm, err);
    if (status != 0)
        return status;
    do {
        status = tpmc__key_load(key, err);
    } while (tpmc__tpm_try_again(key->tpm, status, &tries));
    tpmc__tpm_end(key->tpm);
    if (status == 0)
        tpmc__error_clear(err);
    return status;
}
