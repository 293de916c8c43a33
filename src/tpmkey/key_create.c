/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include <tss2/tss2_mu.h>

#include "base/mem.h"
#include "tpm/primary.h"
#include "tpmkey/new_key.h"
#include "tpmkey/new_policy.h"
#include "tpmkey/new_public.h"

/* Finding the primes of an RSA key takes a chip minutes at worst. */
#define SLOW_MS 300000

/* A creation on its way. */
struct creation {
    tpmc_key_template *key_template;
    tpmc__public wanted; /* by the template alone */
    tpmc__new_policy policy;
    tpmc__keyfile file;
};

/* What the TPM gave. */
struct made {
    TPM2B_PUBLIC *public;
    TPM2B_PRIVATE *private;
};

static int send(tpmc_tpm *tpm, const struct creation *creation, tpmc__parent *parent,
                const tpmc__public *wanted, struct made *made, tpmc_error *err)
{
    static const TPM2B_DATA no_data = { 0 };
    static const TPML_PCR_SELECTION no_pcr = { 0 };
    const tpmc__secret *password = &creation->key_template->password;
    TPM2B_SENSITIVE_CREATE secret = { 0 };
    TPM2B_PUBLIC in;
    int64_t former = 0;
    TSS2_RC rc = 0;
    int status = tpmc__tss_public(wanted, &in, err);

    if (status == 0)
        status = tpmc__use_begin(tpm, &parent->use, password->len > 0 ? TPMC__CARRIES_SECRET_IN : 0,
                                 err);
    if (status != 0)
        return status;
    if (password->len > 0)
        memcpy(secret.sensitive.userAuth.buffer, password->data, password->len);
    secret.sensitive.userAuth.size = (UINT16)password->len;
    if (wanted->type == TPMC__ALG_RSA)
        former = tpmc__tpm_extend_deadline(tpm, SLOW_MS);
    rc = Esys_Create(tpm->esys, parent->use.tr, parent->use.session, ESYS_TR_NONE, ESYS_TR_NONE,
                     &secret, &in, &no_data, &no_pcr, &made->private, &made->public, NULL, NULL,
                     NULL);
    tpmc__mem_wipe(&secret, sizeof(secret));
    if (wanted->type == TPMC__ALG_RSA)
        tpmc__tpm_restore_deadline(tpm, former);
    status = tpmc__use_end(tpm, &parent->use, rc, "TPM2_Create", err);
    return tpmc__new_key_explain(tpm, wanted, status, err);
}

static int create_under(tpmc_tpm *tpm, struct creation *creation, tpmc__parent *parent,
                        tpmc_error *err)
{
    tpmc__public wanted = creation->wanted;
    struct made made = { NULL, NULL };
    tpmc__private_part private_part;
    tpmc__public key;
    int status = 0;

    tpmc__new_public_fit_parent(&wanted, &parent->public);
    status = send(tpm, creation, parent, &wanted, &made, err);
    if (status != 0)
        return status;
    status = tpmc__public_made(made.public, &wanted, &key, err);
    if (status == 0)
        status = tpmc__private_take(made.private, &private_part, err);
    Esys_Free(made.public);
    Esys_Free(made.private);
    if (status == 0)
        status = tpmc__new_key_load_once(tpm, parent, &key, &private_part, err);
    if (status == 0)
        status = tpmc__new_file_set_key(&creation->file, &key, private_part.bytes, private_part.len,
                                        err);
    return status;
}

static int create_once(tpmc_tpm *tpm, void *context, tpmc_error *err)
{
    struct creation *creation = context;
    tpmc__parent parent;
    int status = 0;

    tpmc__tpm_make_room(tpm);
    status =
        tpmc__new_policy_bind_now(tpm, &creation->policy, &creation->wanted, &creation->file, err);
    if (status == 0)
        status = tpmc__template_parent(tpm, creation->key_template, &parent, err);
    if (status != 0)
        return status;
    status = create_under(tpm, creation, &parent, err);
    tpmc__parent_drop(tpm, &parent);
    return status;
}

static int create_key(tpmc_tpm *tpm, struct creation *creation, tpmc_bytes **pem, tpmc_error *err)
{
    const tpmc_key_template *key_template = creation->key_template;
    int status = tpmc__new_policy_read_checked(key_template, &creation->policy, err);

    if (status != 0)
        return status;
    status = tpmc__new_public_created(key_template, &creation->wanted, err);
    if (status == 0)
        status = tpmc__new_file_fill(creation->key_template, &creation->file, err);
    if (status == 0)
        status =
            tpmc__new_policy_bind_fixed(&creation->policy, &creation->wanted, &creation->file, err);
    if (status == 0)
        status = tpmc__template_run(tpm, create_once, creation, err);
    if (status == 0)
        status = tpmc__new_file_give(&creation->file, pem, err);
    tpmc__keyfile_free(&creation->file);
    tpmc__new_policy_free(&creation->policy);
    return status;
}

int tpmc_key_create(tpmc_tpm *tpm, tpmc_key_template *key_template, tpmc_bytes **pem,
                    tpmc_error *err)
{
    tpmc_key_template *used = NULL;
    struct creation *creation = NULL;
    int status = 0;

    tpmc__error_clear(err);
    if (pem == NULL)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT, "the parameter 'pem' is NULL");
    *pem = NULL;
    status = tpmc__template_enter(tpm, key_template, &used, err);
    if (status != 0)
        return status;
    creation = tpmc__mem_new(1, sizeof(*creation));
    if (creation == NULL) {
        tpmc_key_template_free(used);
        return tpmc__fail_nomem(err);
    }
    creation->key_template = used;
    status = create_key(tpm, creation, pem, err);
    tpmc__mem_free(creation);
    tpmc_key_template_free(used);
    return status;
}
