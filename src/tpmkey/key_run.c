/* SPDX-License-Identifier: Apache-2.0 */
#include "tpmkey/key_int.h"

/* How often callbacks run anew because the session of a signature was lost meanwhile. */
#define MAX_LOST 3

static int try_step(tpmc_key *key, tpmc__key_step step, void *job, tpmc_error *err)
{
    return tpmc__key_policy_judge(key, step(key, job, err), err);
}

static int run_once(tpmc_key *key, int use, tpmc__key_step step, void *job, tpmc_error *err)
{
    unsigned tries = 0;
    int status = tpmc__tpm_begin(key->tpm, err);

    if (status != 0)
        return status;
    key->policy.planned = use;
    do {
        status = try_step(key, step, job, err);
    } while (tpmc__tpm_try_again(key->tpm, status, &tries));
    tpmc__tpm_end(key->tpm);
    if (status == 0)
        tpmc__error_clear(err);
    return status;
}

/* Callbacks must not run while the connection is held, so they run before, for the way and the
 * session that will be used; again when it comes to another one, which each way does once. */
static int run_with_calls(tpmc_key *key, int use, tpmc__key_step step, void *job, tpmc_error *err)
{
    tpmc__key_policy *policy = &key->policy;
    size_t rounds =
        MAX_LOST + policy->ways[TPMC__USE_FIRST].count + policy->ways[TPMC__USE_SECOND].count;
    int status = 0;

    policy->planned = use;
    for (size_t i = 0; i < rounds; i++) {
        status = tpmc__key_policy_call(key, err);
        if (status == 0)
            status = run_once(key, policy->planned, step, job, err);
        if (!policy->wants_call)
            break;
        policy->is_resumed = 1;
    }
    policy->is_resumed = 0;
    return status;
}

int tpmc__key_run(tpmc_key *key, int use, tpmc__key_step step, void *job, tpmc_error *err)
{
    int64_t now = 0;
    int64_t patience_ms = 0;
    int status = 0;

    if (!tpmc__key_policy_has_calls(key))
        return run_once(key, use, step, job, err);
    status = tpmc__env_monotonic_ms(key->env, &now, err);
    if (status != 0)
        return status;
    patience_ms = tpmc__options_number(&key->tpm->options, TPMC__TPM_TPM_TIMEOUT_MS);
    status = tpmc__lock_acquire(&key->policy.turn, key->env, now + patience_ms, "the key", err);
    if (status != 0)
        return status;
    key->policy.uncalled = 0;
    key->policy.failed = 0;
    status = run_with_calls(key, use, step, job, err);
    tpmc__lock_release(&key->policy.turn);
    return status;
}
