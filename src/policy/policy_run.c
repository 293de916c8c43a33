/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "policy/policy_run_int.h"

void tpmc__policy_to_digest(const tpmc__policy_bytes *bytes, TPM2B_DIGEST *out)
{
    size_t len = bytes->len <= sizeof(out->buffer) ? bytes->len : sizeof(out->buffer);

    memset(out, 0, sizeof(*out));
    out->size = (UINT16)len;
    memcpy(out->buffer, bytes->data, len);
}

void tpmc__policy_to_name(const tpmc__policy_bytes *bytes, TPM2B_NAME *out)
{
    memset(out, 0, sizeof(*out));
    out->size = (UINT16)bytes->len;
    memcpy(out->name, bytes->data, bytes->len);
}

void tpmc__policy_hex(const uint8_t *data, size_t len, char *out)
{
    out[0] = '\0';
    for (size_t i = 0; i < len; i++)
        (void)snprintf(out + 2 * i, 3, "%02x", data[i]);
}

void tpmc__policy_keep_failure(const tpmc_tpm *tpm, tpmc__policy_failure *out)
{
    out->refusal = tpm->refusal;
    out->in_step = tpm->in_step;
    out->remedy = tpm->remedy;
}

/* If the explanation failed on its way, the sessions may not agree any more. */
void tpmc__policy_restore_failure(tpmc_tpm *tpm, const tpmc__policy_failure *kept)
{
    tpm->refusal = kept->refusal;
    tpm->in_step = kept->in_step && tpm->in_step;
    tpm->remedy = kept->remedy;
}

void tpmc__policy_prefix_step(const tpmc__policy_path *path, size_t at, tpmc_error *err)
{
    tpmc__error_prefix(err, "step %zu (%s) of the policy", at + 1,
                       tpmc__policy_kind_name(path->steps[at].step->kind));
}

static int run_or(const tpmc__policy_run *run, const tpmc__path_step *step, tpmc_error *err)
{
    tpmc__policy_bytes digests[TPMC__POLICY_MAX_BRANCHES];
    TPML_DIGEST list = { 0 };
    TSS2_RC rc = 0;
    int status =
        tpmc__policy_or_digests(run->tpm->env, step->step, run->hash, &step->before, digests, err);

    if (status != 0)
        return status;
    list.count = (UINT32)step->step->u.or.count;
    for (size_t i = 0; i < step->step->u.or.count; i++)
        tpmc__policy_to_digest(&digests[i], &list.digests[i]);
    rc = Esys_PolicyOR(run->tpm->esys, run->session, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE,
                       &list);
    status = tpmc__tpm_result(run->tpm, rc, "TPM2_PolicyOR", err);
    if (status == 0 || !run->tpm->in_step || tpmc__rc_base(run->tpm->refusal) != TPMC__RC_VALUE)
        return status;
    tpmc__fail(err, TPMC_ERR_POLICY, "what was satisfied is none of the branches");
    tpmc__error_set_tpm_code(err, run->tpm->refusal);
    return TPMC_ERR_POLICY;
}

static int run_pcr(const tpmc__policy_run *run, const tpmc__path_step *step, tpmc_error *err)
{
    tpmc__policy_bytes wanted;
    TPML_PCR_SELECTION selection;
    TPM2B_DIGEST digest;
    tpmc_tpm *tpm = run->tpm;
    TSS2_RC rc = 0;
    int status = tpmc__policy_pcr_digest(tpm->env, step->step, run->hash, &wanted, err);

    if (status != 0)
        return status;
    tpmc__policy_to_digest(&wanted, &digest);
    tpmc__policy_tss_selection(&step->step->u.pcr.selection, &selection);
    rc = Esys_PolicyPCR(tpm->esys, run->session, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &digest,
                        &selection);
    status = tpmc__tpm_result(tpm, rc, "TPM2_PolicyPCR", err);
    if (status == 0 || !tpm->in_step || tpmc__rc_base(tpm->refusal) != TPMC__RC_VALUE)
        return status;
    tpmc__fail(err, TPMC_ERR_POLICY,
               "the registers (PCRs) have other values than the policy "
               "wants");
    tpmc__error_set_tpm_code(err, tpm->refusal);
    tpmc__policy_explain_pcr(tpm, step->step, run->hash, err);
    return TPMC_ERR_POLICY;
}

/* The password does not cross the bus as it would after PolicyPassword; the digest is the same. */
static int run_auth_value(const tpmc__policy_run *run, const tpmc__path_step *step, tpmc_error *err)
{
    TSS2_RC rc = Esys_PolicyAuthValue(run->tpm->esys, run->session, ESYS_TR_NONE, ESYS_TR_NONE,
                                      ESYS_TR_NONE);

    (void)step;
    return tpmc__tpm_result(run->tpm, rc, "TPM2_PolicyAuthValue", err);
}

static int run_locality(const tpmc__policy_run *run, const tpmc__path_step *step, tpmc_error *err)
{
    TSS2_RC rc = Esys_PolicyLocality(run->tpm->esys, run->session, ESYS_TR_NONE, ESYS_TR_NONE,
                                     ESYS_TR_NONE, step->step->u.locality);

    return tpmc__tpm_result(run->tpm, rc, "TPM2_PolicyLocality", err);
}

static int run_command_code(const tpmc__policy_run *run, const tpmc__path_step *step,
                            tpmc_error *err)
{
    TSS2_RC rc = Esys_PolicyCommandCode(run->tpm->esys, run->session, ESYS_TR_NONE, ESYS_TR_NONE,
                                        ESYS_TR_NONE, step->step->u.command_code);

    return tpmc__tpm_result(run->tpm, rc, "TPM2_PolicyCommandCode", err);
}

static int run_physical_presence(const tpmc__policy_run *run, const tpmc__path_step *step,
                                 tpmc_error *err)
{
    TSS2_RC rc = Esys_PolicyPhysicalPresence(run->tpm->esys, run->session, ESYS_TR_NONE,
                                             ESYS_TR_NONE, ESYS_TR_NONE);

    (void)step;
    return tpmc__tpm_result(run->tpm, rc, "TPM2_PolicyPhysicalPresence", err);
}

static int run_cp_hash(const tpmc__policy_run *run, const tpmc__path_step *step, tpmc_error *err)
{
    TPM2B_DIGEST digest;
    TSS2_RC rc = 0;

    tpmc__policy_to_digest(&step->step->u.digest, &digest);
    rc = Esys_PolicyCpHash(run->tpm->esys, run->session, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE,
                           &digest);
    return tpmc__tpm_result(run->tpm, rc, "TPM2_PolicyCpHash", err);
}

static int run_name_hash(const tpmc__policy_run *run, const tpmc__path_step *step, tpmc_error *err)
{
    TPM2B_DIGEST digest;
    TSS2_RC rc = 0;

    tpmc__policy_to_digest(&step->step->u.digest, &digest);
    rc = Esys_PolicyNameHash(run->tpm->esys, run->session, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE,
                             &digest);
    return tpmc__tpm_result(run->tpm, rc, "TPM2_PolicyNameHash", err);
}

static int run_template(const tpmc__policy_run *run, const tpmc__path_step *step, tpmc_error *err)
{
    TPM2B_DIGEST digest;
    TSS2_RC rc = 0;

    tpmc__policy_to_digest(tpmc__policy_template_digest(step->step, run->hash), &digest);
    rc = Esys_PolicyTemplate(run->tpm->esys, run->session, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE,
                             &digest);
    return tpmc__tpm_result(run->tpm, rc, "TPM2_PolicyTemplate", err);
}

static int run_nv_written(const tpmc__policy_run *run, const tpmc__path_step *step, tpmc_error *err)
{
    TPMI_YES_NO written = step->step->u.nv_written ? TPM2_YES : TPM2_NO;
    TSS2_RC rc = Esys_PolicyNvWritten(run->tpm->esys, run->session, ESYS_TR_NONE, ESYS_TR_NONE,
                                      ESYS_TR_NONE, written);

    return tpmc__tpm_result(run->tpm, rc, "TPM2_PolicyNvWritten", err);
}

static int run_duplication_select(const tpmc__policy_run *run, const tpmc__path_step *step,
                                  tpmc_error *err)
{
    TPMI_YES_NO include = step->step->u.duplication.include_object ? TPM2_YES : TPM2_NO;
    TPM2B_NAME object;
    TPM2B_NAME parent;
    TSS2_RC rc = 0;

    tpmc__policy_to_name(&step->step->u.duplication.object_name, &object);
    tpmc__policy_to_name(&step->step->u.duplication.new_parent_name, &parent);
    rc = Esys_PolicyDuplicationSelect(run->tpm->esys, run->session, ESYS_TR_NONE, ESYS_TR_NONE,
                                      ESYS_TR_NONE, &object, &parent, include);
    return tpmc__tpm_result(run->tpm, rc, "TPM2_PolicyDuplicationSelect", err);
}

static const tpmc__policy_run_fn runners[TPMC__POLICY_KIND_COUNT] = {
    [TPMC__POLICY_OR] = run_or,
    [TPMC__POLICY_SIGNED] = tpmc__policy_run_signed,
    [TPMC__POLICY_SECRET] = tpmc__policy_run_secret,
    [TPMC__POLICY_PCR] = run_pcr,
    [TPMC__POLICY_LOCALITY] = run_locality,
    [TPMC__POLICY_NV] = tpmc__policy_run_nv,
    [TPMC__POLICY_COUNTER_TIMER] = tpmc__policy_run_counter_timer,
    [TPMC__POLICY_COMMAND_CODE] = run_command_code,
    [TPMC__POLICY_PHYSICAL_PRESENCE] = run_physical_presence,
    [TPMC__POLICY_CP_HASH] = run_cp_hash,
    [TPMC__POLICY_NAME_HASH] = run_name_hash,
    [TPMC__POLICY_DUPLICATION_SELECT] = run_duplication_select,
    [TPMC__POLICY_AUTHORIZE] = tpmc__policy_run_authorize,
    [TPMC__POLICY_AUTH_VALUE] = run_auth_value,
    [TPMC__POLICY_PASSWORD] = run_auth_value,
    [TPMC__POLICY_NV_WRITTEN] = run_nv_written,
    [TPMC__POLICY_TEMPLATE] = run_template,
    [TPMC__POLICY_AUTHORIZE_NV] = tpmc__policy_run_authorize_nv,
    [TPMC__POLICY_ACTION] = NULL, /* of the application, and done before */
};

int tpmc__policy_step_run(const tpmc__policy_run *run, const tpmc__path_step *step, tpmc_error *err)
{
    tpmc__policy_run_fn runner = runners[step->step->kind];

    return runner == NULL ? 0 : runner(run, step, err);
}

/* An index that approves of another policy makes all other steps pointless. */
static int check_indices(const tpmc__policy_run *run, const tpmc__policy_path *path,
                         tpmc_error *err)
{
    for (size_t i = 0; i < path->count; i++) {
        int status = 0;

        if (path->steps[i].step->kind != TPMC__POLICY_AUTHORIZE_NV)
            continue;
        status = tpmc__policy_check_authorize_nv(run, &path->steps[i], err);
        if (status != 0) {
            tpmc__policy_prefix_step(path, i, err);
            return status;
        }
    }
    return 0;
}

int tpmc__policy_path_run(tpmc_tpm *tpm, const tpmc__policy_path *path, uint16_t hash,
                          tpmc_policy *answers, ESYS_TR session, tpmc_error *err)
{
    tpmc__policy_run run = { tpm, hash, answers, session };
    int status = 0;

    /* What is refused before it is sent is not the TPM's refusal. */
    tpm->refusal = 0;
    status = check_indices(&run, path, err);
    for (size_t i = 0; status == 0 && i < path->count; i++) {
        status = tpmc__policy_step_run(&run, &path->steps[i], err);
        if (status != 0)
            tpmc__policy_prefix_step(path, i, err);
    }
    return status;
}

int tpmc__policy_path_act(const tpmc__policy_path *path, tpmc_policy *answers, tpmc_error *err)
{
    for (size_t i = 0; i < path->count; i++) {
        const tpmc__policy_step *step = path->steps[i].step;
        int status = 0;

        if (step->kind != TPMC__POLICY_ACTION)
            continue;
        if (answers == NULL || answers->act == NULL)
            status = tpmc__fail(err, TPMC_ERR_POLICY,
                                "the policy asks for the action '%s', and there is nobody to do "
                                "it: set a callback with tpmc_policy_set_action()",
                                step->u.action);
        else if (answers->act(answers->action_hook.user, step->u.action) != 0)
            status =
                tpmc__fail(err, TPMC_ERR_POLICY, "the action '%s' does not hold", step->u.action);
        if (status != 0) {
            tpmc__policy_prefix_step(path, i, err);
            return status;
        }
    }
    return 0;
}
