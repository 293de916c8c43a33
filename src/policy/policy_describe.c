/* SPDX-License-Identifier: Apache-2.0 */
#include "base/bytes_int.h"
#include "base/error_int.h"
#include "policy/policy_object.h"
#include "policy/policy_run.h"

#define DESCRIPTION_MAX (4 * 1024 * 1024)

static int find_hash(const char *name, uint16_t *out, tpmc_error *err)
{
    *out = name == NULL ? TPMC__HASH_SHA256 : tpmc__hash_by_name(name);
    if (*out != 0)
        return 0;
    return tpmc__fail(err, TPMC_ERR_ARGUMENT,
                      "the hash algorithm '%s' is not sha1, sha256, sha384 or sha512", name);
}

/* What both calls begin with. */
static int enter(tpmc_policy *policy, const char *hash_name, tpmc_bytes **out, uint16_t *hash,
                 tpmc_error *err)
{
    int status = 0;

    tpmc__error_clear(err);
    if (out == NULL)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT, "the parameter 'out' is NULL");
    *out = NULL;
    status = tpmc__policy_enter(policy, err);
    return status == 0 ? find_hash(hash_name, hash, err) : status;
}

static int check_has_digest(const tpmc_policy *policy, tpmc_error *err)
{
    if (tpmc__policy_is_callback(policy))
        return tpmc__fail(err, TPMC_ERR_POLICY,
                          "the policy is left to a callback, so that its digest is not known");
    if (policy->document.steps.count == 0)
        return tpmc__fail(err, TPMC_ERR_POLICY,
                          "the policy has no steps: it would protect nothing, and has no digest");
    return 0;
}

/* A copy of the policy's steps in which nothing is of now. A try begins anew: values of before and
 * after a reset of the TPM do not belong together. */
static int read_now(tpmc_tpm *tpm, const tpmc__policy_steps *from, tpmc__policy_steps *out,
                    tpmc_error *err)
{
    unsigned tries = 0;
    int status = tpmc__tpm_begin(tpm, err);

    if (status != 0)
        return status;
    do {
        tpmc__policy_free_steps(out);
        status = tpmc__policy_copy(from, out, err);
        if (status == 0)
            status = tpmc__policy_instantiate(tpm, out, err);
    } while (tpmc__tpm_try_again(tpm, status, &tries));
    tpmc__tpm_end(tpm);
    if (status == 0)
        tpmc__error_clear(err);
    return status;
}

static int digest_now(tpmc_policy *policy, tpmc_tpm *tpm, uint16_t hash, tpmc__policy_bytes *digest,
                      tpmc_error *err)
{
    tpmc__policy_steps steps = { NULL, 0 };
    int status = tpmc__env_enter(tpm->env, err);

    if (status != 0)
        return status;
    tpmc__ref_freeze(&tpm->ref);
    status = read_now(tpm, &policy->document.steps, &steps, err);
    if (status == 0)
        status = tpmc__policy_digest(policy->env, &steps, hash, NULL, digest, err);
    tpmc__policy_free_steps(&steps);
    return status;
}

int tpmc_policy_digest(tpmc_policy *policy, tpmc_tpm *tpm, const char *hash, tpmc_bytes **out,
                       tpmc_error *err)
{
    tpmc__policy_bytes digest;
    uint16_t algorithm = 0;
    int status = enter(policy, hash, out, &algorithm, err);

    if (status == 0)
        status = check_has_digest(policy, err);
    if (status != 0)
        return status;
    /* Without a TPM the step that needs one is named. */
    if (tpm == NULL || tpmc__policy_is_fixed(&policy->document.steps))
        status = tpmc__policy_digest(policy->env, &policy->document.steps, algorithm, NULL, &digest,
                                     err);
    else
        status = digest_now(policy, tpm, algorithm, &digest, err);
    if (status != 0)
        return status;
    return tpmc__bytes_new(digest.data, digest.len, out, err);
}

int tpmc_policy_describe(tpmc_policy *policy, const char *hash, tpmc_bytes **out, tpmc_error *err)
{
    tpmc__json *json = NULL;
    tpmc__buf text;
    uint16_t algorithm = 0;
    int status = enter(policy, hash, out, &algorithm, err);

    if (status != 0)
        return status;
    status = tpmc__policy_json_write(policy->env, &policy->document.steps, algorithm, &json, err);
    if (status != 0)
        return status;
    tpmc__buf_init(&text, DESCRIPTION_MAX);
    (void)tpmc__json_print(json, &text);
    status = tpmc__bytes_from_buf(&text, "the description of the policy", out, err);
    tpmc__buf_free(&text);
    tpmc__json_free(json);
    return status;
}
