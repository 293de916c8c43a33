/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include <openssl/crypto.h>

#include "codec/text.h"
#include "policy/ek_policy.h"
#include "tpm/persistent.h"
#include "tpm/primary.h"
#include "tpm/saved_context.h"
#include "tpmkey/parent_int.h"

int tpmc__parent_check_pin(tpmc_env *env, const tpmc__public *parent, const char *pin,
                           tpmc_error *err)
{
    uint8_t name[TPMC__NAME_MAX];
    size_t name_len = 0;
    tpmc__buf wanted;
    int status = 0;

    if (pin == NULL)
        return 0;
    status = tpmc__public_name(env, parent, name, &name_len, err);
    if (status != 0)
        return status;
    tpmc__buf_init(&wanted, TPMC__NAME_MAX);
    tpmc__hex_decode(pin, strlen(pin), &wanted);
    status = tpmc__buf_check(&wanted, "the option 'parent_name'", err);
    if (status == 0 && (wanted.len != name_len || CRYPTO_memcmp(wanted.data, name, name_len) != 0))
        status = tpmc__fail(
            err, TPMC_ERR_INTEGRITY,
            "the TPM's parent key does not have the Name that option 'parent_name' pins: this is "
            "another TPM, or it has been cleared, or somebody sits between");
    tpmc__buf_free(&wanted);
    return status;
}

static int get_primary(tpmc_tpm *tpm, const tpmc__parent_place *place, tpmc__parent *out,
                       tpmc_error *err)
{
    out->is_primary = 1;
    return tpmc__primary_create_storage(tpm, tpmc__hierarchy_by_handle(place->handle), place->which,
                                        &out->public, &out->loaded, err);
}

static int get_persistent(tpmc_tpm *tpm, const tpmc__parent_place *place, tpmc__parent *out,
                          tpmc_error *err)
{
    int status = tpmc__persistent_get(tpm, place->handle, &out->public, &out->loaded, err);

    if (status == TPMC_ERR_WRONG_TPM)
        tpmc__error_prefix(err, "the parent");
    if (status != 0)
        return status;
    if (!tpmc__public_is_storage(&out->public)) {
        /* What was read may have been altered on its way: it is read anew next time. */
        tpmc__persistent_forget(tpm, place->handle);
        return tpmc__fail(err, TPMC_ERR_UNSUPPORTED,
                          "the object at the handle 0x%08x is no storage key, so it cannot be a "
                          "parent",
                          (unsigned)place->handle);
    }
    return 0;
}

/* Endorsement keys want a policy session. */
static int choose_authorization(const tpmc__parent_place *place, tpmc__parent *parent,
                                tpmc_error *err)
{
    if (parent->public.attributes & TPMC__OBJECT_USER_WITH_AUTH)
        return 0;
    if (tpmc__ek_policy_of(&parent->public) == TPMC__EK_POLICY_NONE)
        return tpmc__fail(err, TPMC_ERR_UNSUPPORTED,
                          "the parent 0x%08x takes no password but a policy, and not that of an "
                          "endorsement key",
                          (unsigned)place->handle);
    parent->use.satisfy = tpmc__ek_policy_satisfy;
    parent->use.policy_context = &parent->public;
    parent->use.policy_hash = parent->public.name_alg;
    return 0;
}

int tpmc__parent_get(tpmc_tpm *tpm, const tpmc__parent_place *place, tpmc__parent *out,
                     tpmc_error *err)
{
    uint16_t type = 0;
    int status = 0;

    memset(out, 0, sizeof(*out));
    if (tpmc__hierarchy_by_handle(place->handle) >= 0)
        status = get_primary(tpm, place, out, err);
    else
        status = get_persistent(tpm, place, out, err);
    if (status != 0)
        return status;
    type = out->public.type;
    out->use.object = out->loaded;
    if (!out->is_primary) {
        out->use.password = place->password;
        out->use.refused = place->refused;
    }
    out->use.wrong_text = "the parent's password is wrong (or it has none); it is not tried again";
    out->use.missing_text = "the parent has a password, and none was given, or an empty one; with "
                            "the program, give it by --parent-password-file";
    if (type == TPMC__ALG_RSA || type == TPMC__ALG_ECC)
        out->use.salt = out->loaded;
    status = choose_authorization(place, out, err);
    if (status == 0)
        return 0;
    if (!out->is_primary)
        tpmc__persistent_forget(tpm, place->handle);
    tpmc__parent_drop(tpm, out);
    return status;
}

void tpmc__parent_drop(tpmc_tpm *tpm, tpmc__parent *parent)
{
    if (parent->is_primary)
        tpmc__loaded_drop(tpm, parent->loaded);
    parent->loaded = NULL;
}

/* What was known of a persistent parent may no longer be so, and a saved context may be of another.
 */
static void reconsider(tpmc_tpm *tpm, const tpmc__parent *parent, int status)
{
    int is_known_of_old = !parent->is_primary && parent->loaded->made_in != tpm->operation;

    if (status != TPMC_ERR_WRONG_TPM)
        return;
    if (!is_known_of_old && !tpmc__context_distrust(tpm, parent->loaded))
        return;
    if (is_known_of_old)
        tpmc__persistent_forget(tpm, parent->loaded->handle);
    tpm->remedy = TPMC__REMEDY_RELOAD;
}

/* Copies a TPM2B, size included, into libtss2's form of it. */
static int take_tpm2b(const uint8_t *bytes, size_t len, UINT16 *size, BYTE *buffer, size_t capacity,
                      tpmc_error *err)
{
    if (len < 2 || len - 2 > capacity)
        return tpmc__fail(err, TPMC_ERR_FORMAT,
                          "the key's private part is larger than this libtss2 takes");
    memcpy(buffer, bytes + 2, len - 2);
    *size = (UINT16)(len - 2);
    return 0;
}

int tpmc__parent_load(tpmc_tpm *tpm, tpmc__parent *parent, const tpmc__public *key,
                      const uint8_t *private_bytes, size_t private_len, tpmc__loaded **out,
                      tpmc_error *err)
{
    uint8_t name[TPMC__NAME_MAX];
    size_t name_len = 0;
    TPM2B_PRIVATE private = { 0 };
    TPM2B_PUBLIC public;
    ESYS_TR tr = ESYS_TR_NONE;
    TSS2_RC rc = 0;
    int status = tpmc__public_name(tpm->env, key, name, &name_len, err);

    *out = NULL;
    if (status == 0)
        status = take_tpm2b(private_bytes, private_len, &private.size, private.buffer,
                            sizeof(private.buffer), err);
    if (status == 0)
        status = tpmc__tss_public(key, &public, err);
    if (status == 0)
        status = tpmc__use_begin(tpm, &parent->use, 0, err);
    if (status != 0)
        return status;
    rc = Esys_Load(tpm->esys, parent->use.tr, parent->use.session, ESYS_TR_NONE, ESYS_TR_NONE,
                   &private, &public, &tr);
    status = tpmc__use_end(tpm, &parent->use, rc, "TPM2_Load", err);
    reconsider(tpm, parent, status);
    if (status != 0)
        return status;
    return tpmc__loaded_new(tpm, tr, name, name_len, out, err);
}

int tpmc__private_take(const TPM2B_PRIVATE *made, tpmc__private_part *out, tpmc_error *err)
{
    if (made->size == 0 || made->size + 2u > sizeof(out->bytes))
        return tpmc__fail(err, TPMC_ERR_TPM, "the TPM returned a private part of %u bytes",
                          (unsigned)made->size);
    out->bytes[0] = (uint8_t)(made->size >> 8);
    out->bytes[1] = (uint8_t)made->size;
    memcpy(out->bytes + 2, made->buffer, made->size);
    out->len = made->size + 2u;
    return 0;
}

int tpmc__parent_import(tpmc_tpm *tpm, tpmc__parent *parent, const tpmc__public *key,
                        const tpmc__wrapped *wrapped, tpmc__private_part *out, tpmc_error *err)
{
    static const TPM2B_DATA no_key = { 0 };
    static const TPMT_SYM_DEF_OBJECT no_symmetric = { .algorithm = TPM2_ALG_NULL };
    TPM2B_PRIVATE duplicate = { 0 };
    TPM2B_ENCRYPTED_SECRET seed = { 0 };
    TPM2B_PUBLIC public;
    TPM2B_PRIVATE *made = NULL;
    TSS2_RC rc = 0;
    int status = tpmc__tss_public(key, &public, err);

    if (status == 0)
        status = take_tpm2b(wrapped->duplicate.data, wrapped->duplicate.len, &duplicate.size,
                            duplicate.buffer, sizeof(duplicate.buffer), err);
    if (status == 0)
        status = take_tpm2b(wrapped->seed.data, wrapped->seed.len, &seed.size, seed.secret,
                            sizeof(seed.secret), err);
    if (status == 0)
        status = tpmc__use_begin(tpm, &parent->use, 0, err);
    if (status != 0)
        return status;
    rc = Esys_Import(tpm->esys, parent->use.tr, parent->use.session, ESYS_TR_NONE, ESYS_TR_NONE,
                     &no_key, &public, &duplicate, &seed, &no_symmetric, &made);
    status = tpmc__use_end(tpm, &parent->use, rc, "TPM2_Import", err);
    reconsider(tpm, parent, status);
    if (status == 0)
        status = tpmc__private_take(made, out, err);
    Esys_Free(made);
    return status;
}
