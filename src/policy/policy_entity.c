/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/policy_entity.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "tpm/frame.h"
#include "tpm/hierarchy.h"
#include "tpm/persistent.h"

#define HANDLE_TYPE_NV 0x01
#define HANDLE_TYPE_PERMANENT 0x40
#define HANDLE_TYPE_PERSISTENT 0x81
/* nvIndex, nameAlg, attributes, size of authPolicy, dataSize */
#define NV_PUBLIC_MIN 14
#define READ_MAX 512

static void name_texts(tpmc__entity *entity, const char *kind, const char *flag)
{
    (void)snprintf(entity->wrong_text, sizeof(entity->wrong_text),
                   "the password of the %s 0x%08x is wrong; it is not tried again", kind,
                   (unsigned)entity->handle);
    (void)snprintf(entity->missing_text, sizeof(entity->missing_text),
                   "the %s 0x%08x has a password, and none was given%s", kind,
                   (unsigned)entity->handle, flag);
}

static int open_lockout(tpmc__entity *entity)
{
    entity->by_itself = 1;
    entity->tr = ESYS_TR_RH_LOCKOUT;
    /* One wrong password, and the lockout cannot be ended for a day. */
    if (entity->password == NULL)
        entity->risky = "lockout hierarchy";
    name_texts(entity, "lockout hierarchy", "");
    return 0;
}

static int open_permanent(tpmc_tpm *tpm, tpmc__entity *entity, tpmc_error *err)
{
    int hierarchy = tpmc__hierarchy_by_handle(entity->handle);
    uint8_t name[4] = { (uint8_t)(entity->handle >> 24), (uint8_t)(entity->handle >> 16),
                        (uint8_t)(entity->handle >> 8), (uint8_t)entity->handle };

    (void)tpmc__policy_bytes_set(&entity->name, name, sizeof(name));
    if (entity->handle == TPM2_RH_LOCKOUT)
        return open_lockout(entity);
    if (hierarchy < 0 || hierarchy == TPMC__PRIMARY_NULL)
        return tpmc__fail(err, TPMC_ERR_POLICY,
                          "the handle 0x%08x is no hierarchy that has a password",
                          (unsigned)entity->handle);
    tpmc__hierarchy_use(tpm, hierarchy, &entity->use);
    return 0;
}

/* A wrong password counts towards the lockout, so none is guessed. */
static int refuse_guess(const tpmc__entity *entity, tpmc_error *err)
{
    return tpmc__fail(err, TPMC_ERR_WRONG_PASSWORD,
                      "the %s 0x%08x may have a password, and none was given; nothing was tried, "
                      "since a wrong one counts towards the TPM's lockout. Set its password in the "
                      "policy; if it has none after all, set an empty one",
                      entity->risky, (unsigned)entity->handle);
}

static int open_persistent(tpmc_tpm *tpm, tpmc__entity *entity, tpmc_error *err)
{
    tpmc__public public;
    tpmc__loaded *loaded = NULL;
    int status = tpmc__persistent_get(tpm, entity->handle, &public, &loaded, err);

    if (status == TPMC_ERR_WRONG_TPM) {
        uint32_t rc = tpmc_error_tpm_code(err);

        tpmc__fail(err, TPMC_ERR_POLICY, "this TPM has no persistent object at the handle 0x%08x",
                   (unsigned)entity->handle);
        tpmc__error_set_tpm_code(err, rc);
        return TPMC_ERR_POLICY;
    }
    if (status != 0)
        return status;
    (void)tpmc__policy_bytes_set(&entity->name, loaded->name, loaded->name_len);
    if (entity->password == NULL && !(public.attributes & TPMC__OBJECT_NO_DA))
        entity->risky = "persistent object";
    name_texts(entity, "persistent object", "");
    entity->use.object = loaded;
    entity->use.password = entity->password == NULL ? NULL : &entity->password->password;
    entity->use.refused = entity->password == NULL ? NULL : &entity->password->refused;
    entity->use.wrong_text = entity->wrong_text;
    entity->use.missing_text = entity->missing_text;
    return 0;
}

/* Reads TPM2B_NV_PUBLIC from the answer that ESAPI has just got, and checked against its Name: from
 * ESAPI itself it costs the same command again. */
static int take_nv_public(const tpmc__guard *guard, tpmc__entity *entity)
{
    const uint8_t *at = guard->response + TPMC__HEADER_LEN;
    size_t left = tpmc__be32(guard->response + 2);
    size_t len = 0;

    if (tpmc__be32(guard->command + 6) != TPM2_CC_NV_ReadPublic || left > sizeof(guard->response) ||
        left < TPMC__HEADER_LEN + 2)
        return -1;
    left -= TPMC__HEADER_LEN + 2;
    len = tpmc__be16(at);
    at += 2;
    if (len < NV_PUBLIC_MIN || len > left || tpmc__be32(at) != entity->handle)
        return -1;
    entity->nv_name_alg = tpmc__be16(at + 4);
    entity->nv_attributes = tpmc__be32(at + 6);
    entity->nv_policy_len = tpmc__be16(at + 10);
    if (entity->nv_policy_len > sizeof(entity->nv_policy) ||
        entity->nv_policy_len != len - NV_PUBLIC_MIN)
        return -1;
    memcpy(entity->nv_policy, at + 12, entity->nv_policy_len);
    entity->nv_size = tpmc__be16(at + 12 + entity->nv_policy_len);
    return 0;
}

static int take_nv_name(tpmc_tpm *tpm, tpmc__entity *entity, tpmc_error *err)
{
    TPM2B_NAME *name = NULL;
    TSS2_RC rc = Esys_TR_GetName(tpm->esys, entity->tr, &name);
    int status = tpmc__tpm_result(tpm, rc, "Esys_TR_GetName", err);

    if (status != 0)
        return status;
    if (tpmc__policy_bytes_set(&entity->name, name->name, name->size) != 0)
        status = tpmc__fail(err, TPMC_ERR_TPM, "the TPM returned a Name that is too long");
    Esys_Free(name);
    return status;
}

static int open_index(tpmc_tpm *tpm, tpmc__entity *entity, tpmc_error *err)
{
    TSS2_RC rc = Esys_TR_FromTPMPublic(tpm->esys, entity->handle, ESYS_TR_NONE, ESYS_TR_NONE,
                                       ESYS_TR_NONE, &entity->tr);
    int status = 0;

    /* That there is none is no loss of anything of ours. */
    if (rc != TSS2_RC_SUCCESS && tpm->guard.outcome == TPMC__OUTCOME_ANSWERED &&
        tpmc__rc_no_handle(tpm->guard.rc)) {
        uint32_t code = tpm->guard.rc;

        (void)tpmc__guard_take_outcome(&tpm->guard);
        tpm->remedy = TPMC__REMEDY_NONE;
        tpm->refusal = code;
        tpm->in_step = 1;
        entity->tr = ESYS_TR_NONE;
        tpmc__fail(err, TPMC_ERR_POLICY, "this TPM has no NV index 0x%08x",
                   (unsigned)entity->handle);
        tpmc__error_set_tpm_code(err, code);
        return TPMC_ERR_POLICY;
    }
    status = tpmc__tpm_result(tpm, rc, "TPM2_NV_ReadPublic", err);
    if (status != 0) {
        entity->tr = ESYS_TR_NONE;
        return status;
    }
    if (take_nv_public(&tpm->guard, entity) != 0)
        return tpmc__fail(err, TPMC_ERR_TPM,
                          "the TPM describes the NV index 0x%08x in no known way",
                          (unsigned)entity->handle);
    entity->by_itself = 1;
    if (entity->password == NULL && !(entity->nv_attributes & TPMA_NV_NO_DA))
        entity->risky = "NV index";
    name_texts(entity, "NV index", "; set it in the policy");
    return take_nv_name(tpm, entity, err);
}

int tpmc__entity_open(tpmc_tpm *tpm, uint32_t handle, tpmc_policy *answers, tpmc__entity *out,
                      tpmc_error *err)
{
    int status = 0;

    memset(out, 0, sizeof(*out));
    out->handle = handle;
    out->tr = ESYS_TR_NONE;
    if (answers != NULL)
        out->password = tpmc__policy_password_of(answers, handle);
    switch (handle >> 24) {
    case HANDLE_TYPE_PERMANENT:
        return open_permanent(tpm, out, err);
    case HANDLE_TYPE_PERSISTENT:
        return open_persistent(tpm, out, err);
    case HANDLE_TYPE_NV:
        status = open_index(tpm, out, err);
        break;
    default:
        return tpmc__fail(err, TPMC_ERR_POLICY,
                          "the handle 0x%08x is neither a hierarchy nor a persistent object nor "
                          "an NV index",
                          (unsigned)handle);
    }
    if (status != 0)
        tpmc__entity_close(tpm, out);
    return status;
}

/* A context that was replaced since does not know it any more, or has another in its place. */
static int is_known(tpmc_tpm *tpm, const tpmc__entity *entity)
{
    TPM2_HANDLE handle = 0;

    if (tpm->esys == NULL || entity->tr == ESYS_TR_RH_LOCKOUT)
        return tpm->esys != NULL;
    return Esys_TR_GetTpmHandle(tpm->esys, entity->tr, &handle) == TSS2_RC_SUCCESS &&
           handle == entity->handle;
}

void tpmc__entity_close(tpmc_tpm *tpm, tpmc__entity *entity)
{
    if (entity->handle >> 24 == HANDLE_TYPE_NV && entity->tr != ESYS_TR_NONE &&
        is_known(tpm, entity)) {
        tpmc__tpm_blank_auth(tpm, entity->tr);
        Esys_TR_Close(tpm->esys, &entity->tr);
    }
    entity->tr = ESYS_TR_NONE;
}

int tpmc__entity_expect(const tpmc__entity *entity, const tpmc__policy_bytes *name, tpmc_error *err)
{
    int is_index = entity->handle >> 24 == HANDLE_TYPE_NV;

    if (name->len == 0 || tpmc__policy_bytes_equal(&entity->name, name))
        return 0;
    if (is_index && !(entity->nv_attributes & TPMA_NV_WRITTEN))
        return tpmc__fail(err, TPMC_ERR_POLICY,
                          "the NV index 0x%08x is not the one that the policy names: it has "
                          "another Name, and it has not been written yet",
                          (unsigned)entity->handle);
    return tpmc__fail(err, TPMC_ERR_POLICY,
                      "what stands at the handle 0x%08x is not what the policy names%s",
                      (unsigned)entity->handle,
                      is_index ? ": another NV index, or one that has been written, locked or "
                                 "defined anew since"
                               : "");
}

int tpmc__entity_written_name(tpmc_env *env, const tpmc__entity *entity, tpmc__policy_bytes *out,
                              tpmc_error *err)
{
    size_t size = tpmc__hash_size(entity->nv_name_alg);
    tpmc__buf area;
    tpmc__span span = { NULL, 0 };
    int status = 0;

    if (size == 0)
        return tpmc__fail(err, TPMC_ERR_UNSUPPORTED,
                          "the Name of the NV index 0x%08x is made with an unknown hash",
                          (unsigned)entity->handle);
    tpmc__buf_init(&area, NV_PUBLIC_MIN + TPMC__DIGEST_MAX);
    tpmc__buf_append_be32(&area, entity->handle);
    tpmc__buf_append_be16(&area, entity->nv_name_alg);
    tpmc__buf_append_be32(&area, entity->nv_attributes | TPMA_NV_WRITTEN);
    tpmc__buf_append_be16(&area, (uint16_t)entity->nv_policy_len);
    tpmc__buf_append(&area, entity->nv_policy, entity->nv_policy_len);
    tpmc__buf_append_be16(&area, entity->nv_size);
    status = tpmc__buf_check(&area, "the public area of an NV index", err);
    span.data = area.data;
    span.len = area.len;
    if (status == 0)
        status = tpmc__digest(env, entity->nv_name_alg, &span, 1, out->data + 2, err);
    tpmc__buf_free(&area);
    out->data[0] = (uint8_t)(entity->nv_name_alg >> 8);
    out->data[1] = (uint8_t)entity->nv_name_alg;
    out->len = 2 + size;
    return status;
}

int tpmc__entity_prepare_reading(tpmc_tpm *tpm, tpmc__entity *entity, tpmc_error *err)
{
    int by_itself = (entity->nv_attributes & TPMA_NV_AUTHREAD) != 0;

    if (by_itself && entity->risky == NULL)
        return 0;
    if (entity->nv_attributes & TPMA_NV_OWNERREAD) {
        entity->by_itself = 0;
        entity->risky = NULL;
        tpmc__hierarchy_use(tpm, TPMC_HIERARCHY_OWNER, &entity->use);
        return 0;
    }
    if (by_itself)
        return 0;
    return tpmc__fail(err, TPMC_ERR_POLICY,
                      "the NV index 0x%08x can be read neither with its own password nor with the "
                      "owner's",
                      (unsigned)entity->handle);
}

static int refuse_password(const tpmc__entity *entity, tpmc_error *err)
{
    int was_given = entity->password != NULL && entity->password->password.len > 0;

    return tpmc__fail(err, TPMC_ERR_WRONG_PASSWORD, "%s",
                      was_given ? entity->wrong_text : entity->missing_text);
}

/* A reply that came too late for its own operation may have called the password wrong. */
static int was_refused(tpmc_tpm *tpm, const tpmc__entity *entity)
{
    if (entity->password == NULL)
        return 0;
    if (tpm->guard.late_refused == entity->handle) {
        tpm->guard.late_refused = 0;
        entity->password->refused = 1;
    }
    return entity->password->refused;
}

static int set_auth(tpmc_tpm *tpm, tpmc__entity *entity, tpmc_error *err)
{
    TPM2B_AUTH auth = { 0 };
    TSS2_RC rc = 0;

    if (entity->password != NULL && entity->password->password.len > 0) {
        auth.size = (UINT16)entity->password->password.len;
        memcpy(auth.buffer, entity->password->password.data, auth.size);
    }
    rc = Esys_TR_SetAuth(tpm->esys, entity->tr, &auth);
    tpmc__mem_wipe(&auth, sizeof(auth));
    return tpmc__tpm_result(tpm, rc, "Esys_TR_SetAuth", err);
}

static int arm_session(tpmc_tpm *tpm, tpmc__entity *entity, tpmc_error *err)
{
    int has_password = entity->password != NULL && entity->password->password.len > 0;
    TPMA_SESSION attributes = TPMA_SESSION_CONTINUESESSION;
    int status = 0;

    entity->use.session = ESYS_TR_PASSWORD;
    if (!has_password && !tpmc__use_protects_all(tpm))
        return 0;
    if (tpmc__use_protects_all(tpm))
        attributes |= TPMA_SESSION_DECRYPT | TPMA_SESSION_ENCRYPT;
    status = tpmc__session_get(tpm, NULL, &entity->use.session, err);
    if (status == 0)
        status = tpmc__session_arm(tpm, entity->use.session, attributes, err);
    if (status == 0 && has_password)
        tpmc__bus_note(tpm, tpm->session.level);
    return status;
}

int tpmc__entity_begin(tpmc_tpm *tpm, tpmc__entity *entity, tpmc_error *err)
{
    int status = 0;

    if (entity->risky != NULL)
        return refuse_guess(entity, err);
    if (!entity->by_itself)
        return tpmc__use_begin(tpm, &entity->use, 0, err);
    if (was_refused(tpm, entity))
        return refuse_password(entity, err);
    status = arm_session(tpm, entity, err);
    if (status != 0)
        return status;
    entity->use.tr = entity->tr;
    return set_auth(tpm, entity, err);
}

int tpmc__entity_end(tpmc_tpm *tpm, tpmc__entity *entity, TSS2_RC rc, const char *command,
                     tpmc_error *err)
{
    int status = 0;

    if (!entity->by_itself)
        return tpmc__use_end(tpm, &entity->use, rc, command, err);
    status = tpmc__tpm_result(tpm, rc, command, err);
    if (is_known(tpm, entity))
        tpmc__tpm_blank_auth(tpm, entity->tr);
    if (status == TPMC_ERR_WRONG_PASSWORD && tpm->in_step &&
        tpmc__tpm_refusal_holds(tpm, NULL, entity->use.session)) {
        if (entity->password != NULL)
            entity->password->refused = 1;
        status = refuse_password(entity, err);
        tpmc__error_set_tpm_code(err, tpm->refusal);
    }
    return status;
}

int tpmc__entity_check_range(const tpmc__entity *entity, size_t offset, size_t len, tpmc_error *err)
{
    if (len <= READ_MAX && offset <= entity->nv_size && len <= entity->nv_size - offset)
        return 0;
    return tpmc__fail(err, TPMC_ERR_POLICY,
                      "the NV index 0x%08x holds %u bytes, which is too few for the policy",
                      (unsigned)entity->handle, (unsigned)entity->nv_size);
}

int tpmc__entity_read(tpmc_tpm *tpm, tpmc__entity *entity, size_t offset, size_t len, uint8_t *out,
                      tpmc_error *err)
{
    TPM2B_MAX_NV_BUFFER *data = NULL;
    TSS2_RC rc = 0;
    int status = tpmc__entity_check_range(entity, offset, len, err);

    if (status == 0)
        status = tpmc__entity_begin(tpm, entity, err);
    if (status != 0)
        return status;
    rc = Esys_NV_Read(tpm->esys, entity->use.tr, entity->tr, entity->use.session, ESYS_TR_NONE,
                      ESYS_TR_NONE, (UINT16)len, (UINT16)offset, &data);
    status = tpmc__entity_end(tpm, entity, rc, "TPM2_NV_Read", err);
    if (status != 0)
        return status;
    if (data->size == len)
        memcpy(out, data->buffer, len);
    else
        status = tpmc__fail(err, TPMC_ERR_TPM, "TPM2_NV_Read: the TPM returned %u bytes of %zu",
                            (unsigned)data->size, len);
    Esys_Free(data);
    return status;
}
