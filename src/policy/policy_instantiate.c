/* SPDX-License-Identifier: Apache-2.0 */
#include "base/mem.h"
#include "policy/policy_entity.h"
#include "policy/policy_run.h"

static int fill_pcr(tpmc_tpm *tpm, tpmc__policy_step *step, tpmc_error *err)
{
    tpmc__policy_pcr_value *values = NULL;
    size_t count = 0;
    int status = 0;

    if (step->u.pcr.known != TPMC__PCR_NOW)
        return 0;
    status = tpmc__policy_read_pcrs(tpm, &step->u.pcr.selection, &values, &count, err);
    if (status != 0)
        return status;
    tpmc__mem_free(step->u.pcr.values);
    step->u.pcr.values = values;
    step->u.pcr.value_count = count;
    step->u.pcr.known = TPMC__PCR_VALUES;
    return 0;
}

/* The policy is used when the index has been written, whatever it is now. */
static int fill_index_name(tpmc_tpm *tpm, uint32_t index, tpmc__policy_bytes *name, tpmc_error *err)
{
    tpmc__entity entity;
    int status = 0;

    if (name->len > 0)
        return 0;
    status = tpmc__entity_open(tpm, index, NULL, &entity, err);
    if (status != 0)
        return status;
    status = tpmc__entity_written_name(tpm->env, &entity, name, err);
    tpmc__entity_close(tpm, &entity);
    return status;
}

static int fill_secret(tpmc_tpm *tpm, tpmc__policy_step *step, tpmc_error *err)
{
    tpmc__entity entity;
    int status = 0;

    if (step->u.secret.name.len > 0)
        return 0;
    status = tpmc__entity_open(tpm, step->u.secret.handle, NULL, &entity, err);
    if (status != 0)
        return status;
    step->u.secret.name = entity.name;
    tpmc__entity_close(tpm, &entity);
    return 0;
}

static int fill_approved(tpmc_tpm *tpm, tpmc__policy_approved *approved, size_t count,
                         tpmc_error *err)
{
    int status = 0;

    for (size_t i = 0; status == 0 && i < count; i++)
        status = tpmc__policy_instantiate(tpm, &approved[i].steps, err);
    return status;
}

static int fill_branches(tpmc_tpm *tpm, tpmc__policy_step *step, tpmc_error *err)
{
    int status = 0;

    for (size_t i = 0; status == 0 && i < step->u.or.count; i++)
        status = tpmc__policy_instantiate(tpm, &step->u.or.branches[i].steps, err);
    return status;
}

static int fill_step(tpmc_tpm *tpm, tpmc__policy_step *step, tpmc_error *err)
{
    int status = 0;

    switch (step->kind) {
    case TPMC__POLICY_PCR:
        return fill_pcr(tpm, step, err);
    case TPMC__POLICY_SECRET:
        return fill_secret(tpm, step, err);
    case TPMC__POLICY_NV:
        return fill_index_name(tpm, step->u.nv.index, &step->u.nv.name, err);
    case TPMC__POLICY_OR:
        return fill_branches(tpm, step, err);
    case TPMC__POLICY_AUTHORIZE:
        return fill_approved(tpm, step->u.authorize.approved, step->u.authorize.count, err);
    case TPMC__POLICY_AUTHORIZE_NV:
        status = fill_index_name(tpm, step->u.authorize_nv.index, &step->u.authorize_nv.name, err);
        if (status != 0)
            return status;
        return fill_approved(tpm, step->u.authorize_nv.approved, step->u.authorize_nv.count, err);
    default:
        return 0;
    }
}

static int has_steps_inside(tpmc__policy_kind kind)
{
    return kind == TPMC__POLICY_OR || kind == TPMC__POLICY_AUTHORIZE ||
           kind == TPMC__POLICY_AUTHORIZE_NV;
}

int tpmc__policy_instantiate(tpmc_tpm *tpm, tpmc__policy_steps *steps, tpmc_error *err)
{
    for (size_t i = 0; i < steps->count; i++) {
        tpmc__policy_step *step = &steps->items[i];
        int status = fill_step(tpm, step, err);

        if (status == 0)
            continue;
        if (!has_steps_inside(step->kind))
            tpmc__error_prefix(err, "step %zu (%s) of the policy", i + 1,
                               tpmc__policy_kind_name(step->kind));
        return status;
    }
    return 0;
}
