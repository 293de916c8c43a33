/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "policy/policy_file.h"
#include "tpmkey/key_int.h"

int tpmc__key_policy_init(tpmc__key_policy *policy, tpmc_error *err)
{
    atomic_init(&policy->is_ready, 0);
    atomic_init(&policy->is_guess, 0);
    tpmc__buf_init(&policy->reasons, TPMC__POLICY_REASONS_MAX);
    return tpmc__lock_init(&policy->turn, err);
}

void tpmc__key_policy_free(tpmc_key *key)
{
    tpmc__key_policy *policy = &key->policy;

    for (size_t i = 0; i < TPMC__USE_COUNT; i++)
        tpmc__policy_paths_free(&policy->ways[i]);
    tpmc__policy_free_steps(&policy->steps);
    tpmc__policy_free_steps(&policy->stated);
    tpmc__buf_free(&policy->reasons);
    if (!tpmc__env_forked(key->env))
        tpmc__lock_destroy(&policy->turn);
    tpmc_policy_free(policy->given);
}

int tpmc_key_set_policy(tpmc_key *key, tpmc_policy *policy, tpmc_error *err)
{
    tpmc_policy *former = NULL;
    int status = tpmc__key_enter_setter(key, err);

    if (status != 0)
        return status;
    former = key->policy.given;
    key->policy.given = policy == NULL ? NULL : tpmc__policy_use(policy);
    tpmc_policy_free(former);
    return 0;
}

/* Of the ways to give a policy only one may be used. */
static int check_given(const tpmc_key *key, int has_steps, tpmc_error *err)
{
    int has_pcr = tpmc__options_is_set(&key->options, TPMC__KEY_PCR);
    int has_file = tpmc__options_is_set(&key->options, TPMC__KEY_POLICY_FILE);

    if (has_pcr + has_file + has_steps <= 1)
        return 0;
    return tpmc__fail(err, TPMC_ERR_ARGUMENT,
                      "several policies were given for one key, and only one can be used: of the "
                      "options 'pcr' and 'policy_file', and a policy object with steps, only one "
                      "may be set");
}

static int read_given(tpmc_key *key, tpmc_error *err)
{
    tpmc__key_policy *policy = &key->policy;
    const tpmc_policy *given = policy->given;
    const char *file = tpmc__options_text(&key->options, TPMC__KEY_POLICY_FILE);
    const char *pcr = tpmc__options_text(&key->options, TPMC__KEY_PCR);
    int is_callback = given != NULL && tpmc__policy_is_callback(given);
    int has_steps = is_callback || (given != NULL && given->document.steps.count > 0);
    int status = check_given(key, has_steps, err);

    if (status != 0)
        return status;
    if (is_callback) {
        policy->source = TPMC__POLICY_FROM_CALLBACK;
    } else if (has_steps) {
        status = tpmc__policy_copy(&given->document.steps, &policy->stated, err);
        policy->source = TPMC__POLICY_FROM_CALLER;
    } else if (file != NULL || pcr != NULL) {
        status = tpmc__policy_from_options(key->env, file, pcr, &policy->stated, err);
        policy->source = pcr != NULL ? TPMC__POLICY_FROM_PCR : TPMC__POLICY_FROM_CALLER;
    }
    return status;
}

static int has_steps(const tpmc__keyfile *file)
{
    return file->key.auth_policy_len > 0 && (file->policy.count > 0 || file->auth_policy_count > 0);
}

/* What the key itself says of its policy. */
static int read_own(tpmc_key *key, tpmc__policy_source *source, tpmc__policy_steps *out,
                    tpmc_error *err)
{
    int status = 0;

    *source = TPMC__POLICY_FROM_NONE;
    if (has_steps(key->file)) {
        status = tpmc__policy_file_read(key->env, key->file, out, err);
        if (status == 0)
            *source = TPMC__POLICY_FROM_FILE;
        return status;
    }
    if (key->file->key.auth_policy_len == 0)
        return 0;
    status = tpmc__policy_well_known(key->env, &key->file->key, out, err);
    if (status == 1)
        *source = TPMC__POLICY_FROM_WELL_KNOWN;
    return status < 0 ? status : 0;
}

/* Steps in the file are sure to be right, whereas registers may be only a part of the policy. */
static int read_steps(tpmc_key *key, tpmc_error *err)
{
    tpmc__key_policy *policy = &key->policy;
    tpmc__policy_steps own = { 0 };
    tpmc__policy_source source = TPMC__POLICY_FROM_NONE;
    int status = read_given(key, err);

    if (status != 0 || policy->source == TPMC__POLICY_FROM_CALLER ||
        policy->source == TPMC__POLICY_FROM_CALLBACK)
        return status;
    status = read_own(key, &source, &own, err);
    if (status == TPMC_ERR_NOMEM)
        return status;
    if (source == TPMC__POLICY_FROM_NONE)
        return 0;
    tpmc__policy_free_steps(&policy->stated);
    policy->stated = own;
    policy->is_used = policy->source == TPMC__POLICY_FROM_PCR;
    policy->source = source;
    return 0;
}

/* Whether the password alone will do: it takes fewer commands. */
static int password_will_do(const tpmc_key *key)
{
    const tpmc__public *public = &key->file->key;

    if ((public->attributes & TPMC__OBJECT_USER_WITH_AUTH) == 0)
        return 0;
    return tpmc__secret_is_set(&key->password) || key->ask_password != NULL ||
           key->file->empty_auth || (public->attributes & TPMC__OBJECT_NO_DA) != 0 ||
           key->policy.source == TPMC__POLICY_FROM_NONE;
}

int tpmc__key_policy_read(tpmc_key *key, tpmc_error *err)
{
    tpmc__key_policy *policy = &key->policy;
    int status = read_steps(key, err);

    if (status != 0)
        return status;
    tpmc__error_clear(err);
    if (policy->source > TPMC__POLICY_FROM_WELL_KNOWN || !password_will_do(key))
        policy->is_used = 1;
    return 0;
}

static int refuse_unbound(const tpmc_key *key, tpmc_error *err)
{
    if (key->file->key.attributes & TPMC__OBJECT_USER_WITH_AUTH)
        return tpmc__fail(err, TPMC_ERR_POLICY,
                          "a policy was given, and the key is bound to none: leave out the options "
                          "'pcr' and 'policy_file'");
    return tpmc__fail(err, TPMC_ERR_UNSUPPORTED,
                      "this key can never be used: it takes no password alone (userWithAuth is "
                      "clear), and it is bound to no policy (its authPolicy is empty)%s",
                      key->file->policy.count > 0 ? ", whatever steps its file holds" : "");
}

int tpmc__key_policy_refuse_unknown(tpmc_key *key, tpmc_error *err)
{
    tpmc__policy_steps ignored = { 0 };
    tpmc__policy_source source = TPMC__POLICY_FROM_NONE;
    int status = read_own(key, &source, &ignored, err);

    tpmc__policy_free_steps(&ignored);
    if (status != 0)
        return status;
    return tpmc__fail(err, TPMC_ERR_POLICY,
                      "this key is used through a policy only, and its file does not say which: "
                      "give it by the option 'policy_file', or 'pcr' for registers, or a policy "
                      "object");
}

int tpmc__key_policy_usable(tpmc_key *key, tpmc_error *err)
{
    const tpmc__key_policy *policy = &key->policy;

    if (!policy->is_used)
        return 0;
    if (key->file->key.auth_policy_len == 0)
        return refuse_unbound(key, err);
    if (policy->source == TPMC__POLICY_FROM_NONE)
        return tpmc__key_policy_refuse_unknown(key, err);
    if (policy->source == TPMC__POLICY_FROM_CALLBACK || atomic_load(&policy->is_ready))
        return 0;
    if (!tpmc__policy_is_fixed(&policy->stated))
        return 0;
    return tpmc__key_policy_compare(key, &policy->stated, err);
}
