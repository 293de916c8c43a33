/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "policy/policy_entity.h"
#include "policy/policy_run_int.h"

#define HEX_MAX (2 * TPMC__POLICY_BYTES_MAX + 1)

/* What is compared, how it came out, and by which rule. */
static int fail_comparison(const char *what, const tpmc__policy_bytes *operand, uint16_t operation,
                           const uint8_t *found, tpmc_error *err)
{
    const char *name = tpmc__policy_operation_name(operation);
    char wanted_hex[HEX_MAX];
    char found_hex[HEX_MAX];

    tpmc__policy_hex(operand->data, operand->len, wanted_hex);
    if (found == NULL)
        return tpmc__fail(err, TPMC_ERR_POLICY,
                          "%s does not compare with %s as the policy wants (%s)", what, wanted_hex,
                          name == NULL ? "?" : name);
    tpmc__policy_hex(found, operand->len, found_hex);
    return tpmc__fail(err, TPMC_ERR_POLICY, "%s is %s, and the policy wants it to be %s %s", what,
                      found_hex, name == NULL ? "?" : name, wanted_hex);
}

static int is_failed_comparison(const tpmc_tpm *tpm, int status)
{
    return status != 0 && tpm->in_step && tpmc__rc_base(tpm->refusal) == TPMC__RC_POLICY;
}

static void to_operand(const tpmc__policy_bytes *bytes, TPM2B_OPERAND *out)
{
    tpmc__policy_to_digest(bytes, out);
}

static int explain_nv(tpmc_tpm *tpm, tpmc__entity *entity, const tpmc__policy_step *step,
                      tpmc_error *err)
{
    uint8_t found[TPMC__POLICY_BYTES_MAX];
    tpmc__policy_failure kept;
    char what[64];
    int status = 0;

    tpmc__policy_keep_failure(tpm, &kept);
    status = tpmc__entity_read(tpm, entity, step->u.nv.offset, step->u.nv.operand.len, found, NULL);
    tpmc__policy_restore_failure(tpm, &kept);
    (void)snprintf(what, sizeof(what), "the NV index 0x%08x at the offset %u",
                   (unsigned)entity->handle, (unsigned)step->u.nv.offset);
    fail_comparison(what, &step->u.nv.operand, step->u.nv.operation, status == 0 ? found : NULL,
                    err);
    tpmc__error_set_tpm_code(err, kept.refusal);
    return TPMC_ERR_POLICY;
}

static int run_on_index(const tpmc__policy_run *run, tpmc__entity *entity,
                        const tpmc__policy_step *step, tpmc_error *err)
{
    TPM2B_OPERAND operand;
    TSS2_RC rc = 0;
    int status = tpmc__entity_expect(entity, &step->u.nv.name, err);

    if (status == 0)
        status = tpmc__entity_check_range(entity, step->u.nv.offset, step->u.nv.operand.len, err);
    if (status == 0)
        status = tpmc__entity_prepare_reading(run->tpm, entity, err);
    if (status == 0)
        status = tpmc__entity_begin(run->tpm, entity, err);
    if (status != 0)
        return status;
    to_operand(&step->u.nv.operand, &operand);
    rc = Esys_PolicyNV(run->tpm->esys, entity->use.tr, entity->tr, run->session,
                       entity->use.session, ESYS_TR_NONE, ESYS_TR_NONE, &operand, step->u.nv.offset,
                       step->u.nv.operation);
    status = tpmc__entity_end(run->tpm, entity, rc, "TPM2_PolicyNV", err);
    if (is_failed_comparison(run->tpm, status))
        return explain_nv(run->tpm, entity, step, err);
    return status;
}

int tpmc__policy_run_nv(const tpmc__policy_run *run, const tpmc__path_step *step, tpmc_error *err)
{
    tpmc__entity entity;
    int status = tpmc__entity_open(run->tpm, step->step->u.nv.index, run->answers, &entity, err);

    if (status != 0)
        return status;
    status = run_on_index(run, &entity, step->step, err);
    tpmc__entity_close(run->tpm, &entity);
    return status;
}

static void put64(uint8_t *out, uint64_t value)
{
    for (size_t i = 0; i < 8; i++)
        out[i] = (uint8_t)(value >> (56 - 8 * i));
}

static void put32(uint8_t *out, uint32_t value)
{
    for (size_t i = 0; i < 4; i++)
        out[i] = (uint8_t)(value >> (24 - 8 * i));
}

int tpmc__policy_read_clock(tpmc_tpm *tpm, uint8_t out[TPMC__TIME_INFO_LEN], tpmc_error *err)
{
    TPMS_TIME_INFO *now = NULL;
    TSS2_RC rc = Esys_ReadClock(tpm->esys, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &now);
    int status = tpmc__tpm_result(tpm, rc, "TPM2_ReadClock", err);

    if (status != 0)
        return status;
    put64(out, now->time);
    put64(out + 8, now->clockInfo.clock);
    put32(out + 16, now->clockInfo.resetCount);
    put32(out + 20, now->clockInfo.restartCount);
    out[24] = now->clockInfo.safe;
    Esys_Free(now);
    return 0;
}

static int explain_clock(tpmc_tpm *tpm, const tpmc__policy_step *step, tpmc_error *err)
{
    uint8_t now[TPMC__TIME_INFO_LEN];
    tpmc__policy_failure kept;
    size_t offset = step->u.counter_timer.offset;
    size_t len = step->u.counter_timer.operand.len;
    char what[64];
    int is_read = 0;

    tpmc__policy_keep_failure(tpm, &kept);
    is_read = offset + len <= sizeof(now) && tpmc__policy_read_clock(tpm, now, NULL) == 0;
    tpmc__policy_restore_failure(tpm, &kept);
    (void)snprintf(what, sizeof(what), "the TPM's clock at the offset %u", (unsigned)offset);
    fail_comparison(what, &step->u.counter_timer.operand, step->u.counter_timer.operation,
                    is_read ? now + offset : NULL, err);
    tpmc__error_set_tpm_code(err, kept.refusal);
    return TPMC_ERR_POLICY;
}

int tpmc__policy_run_counter_timer(const tpmc__policy_run *run, const tpmc__path_step *step,
                                   tpmc_error *err)
{
    const tpmc__policy_step *wanted = step->step;
    TPM2B_OPERAND operand;
    TSS2_RC rc = 0;
    int status = 0;

    to_operand(&wanted->u.counter_timer.operand, &operand);
    rc = Esys_PolicyCounterTimer(run->tpm->esys, run->session, ESYS_TR_NONE, ESYS_TR_NONE,
                                 ESYS_TR_NONE, &operand, wanted->u.counter_timer.offset,
                                 wanted->u.counter_timer.operation);
    status = tpmc__tpm_result(run->tpm, rc, "TPM2_PolicyCounterTimer", err);
    if (is_failed_comparison(run->tpm, status))
        return explain_clock(run->tpm, wanted, err);
    return status;
}
