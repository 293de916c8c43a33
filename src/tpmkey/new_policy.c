/* SPDX-License-Identifier: Apache-2.0 */
#include "tpmkey/new_policy.h"

#include <string.h>

#include "codec/text.h"
#include "policy/policy_file.h"
#include "policy/policy_int.h"
#include "policy/policy_run.h"

#define HEX_MAX (2 * TPMC__DIGEST_MAX)

static int has_option(const tpmc_key_template *key_template, size_t option)
{
    return tpmc__options_is_set(&key_template->options, option);
}

int tpmc__new_policy_is_wanted(const tpmc_key_template *key_template)
{
    return key_template->policy != NULL || has_option(key_template, TPMC__KEY_TEMPLATE_BIND_PCR) ||
           has_option(key_template, TPMC__KEY_TEMPLATE_BIND_POLICY_FILE);
}

static int check_single(const tpmc_key_template *key_template, tpmc_error *err)
{
    int has_pcr = has_option(key_template, TPMC__KEY_TEMPLATE_BIND_PCR);
    int has_file = has_option(key_template, TPMC__KEY_TEMPLATE_BIND_POLICY_FILE);

    if (has_pcr && has_file)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT,
                          "two policies were given: the options 'bind_pcr' and "
                          "'bind_policy_file'; set one of them, and name the registers in the "
                          "file where both are meant");
    if (key_template->policy != NULL && (has_pcr || has_file))
        return tpmc__fail(err, TPMC_ERR_ARGUMENT,
                          "two policies were given: the option '%s' and a policy object; set one "
                          "of them",
                          has_pcr ? "bind_pcr" : "bind_policy_file");
    return 0;
}

static int from_object(const tpmc_policy *policy, tpmc__policy_steps *out, tpmc_error *err)
{
    if (tpmc__policy_is_callback(policy))
        return tpmc__fail(err, TPMC_ERR_ARGUMENT,
                          "the policy is left to a callback, which does not say what a new key is "
                          "to be bound to; give a policy with steps");
    if (policy->document.steps.count == 0)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT,
                          "the policy that the new key is to be bound to has no steps");
    return tpmc__policy_copy(&policy->document.steps, out, err);
}

/* Registers alone would make a password that is never asked for. */
static int add_password_step(const tpmc_key_template *key_template, tpmc__policy_steps *steps,
                             tpmc_error *err)
{
    if (key_template->password.len == 0)
        return 0;
    if (tpmc__policy_append(steps, TPMC__POLICY_AUTH_VALUE) == NULL)
        return tpmc__fail_nomem(err);
    return 0;
}

static int from_options(const tpmc_key_template *key_template, tpmc__policy_steps *out,
                        tpmc_error *err)
{
    const char *pcr = tpmc__options_text(&key_template->options, TPMC__KEY_TEMPLATE_BIND_PCR);
    const char *path =
        tpmc__options_text(&key_template->options, TPMC__KEY_TEMPLATE_BIND_POLICY_FILE);
    int status = tpmc__policy_from_options(key_template->env, path, pcr, out, err);

    if (status != 0)
        return status;
    if (pcr != NULL)
        status = add_password_step(key_template, out, err);
    else if (out->count == 0)
        status = tpmc__fail(err, TPMC_ERR_ARGUMENT,
                            "the policy in the file of the option 'bind_policy_file' has no steps");
    if (status != 0)
        tpmc__policy_free_steps(out);
    return status;
}

int tpmc__new_policy_read(const tpmc_key_template *key_template, tpmc__new_policy *out,
                          tpmc_error *err)
{
    int status = 0;

    memset(out, 0, sizeof(*out));
    out->env = key_template->env;
    out->is_bound = tpmc__new_policy_is_wanted(key_template);
    if (!out->is_bound)
        return 0;
    status = check_single(key_template, err);
    if (status != 0)
        return status;
    if (key_template->policy != NULL)
        return from_object(key_template->policy, &out->steps, err);
    return from_options(key_template, &out->steps, err);
}

void tpmc__new_policy_free(tpmc__new_policy *policy)
{
    tpmc__policy_free_steps(&policy->steps);
}

static int may_ask_password(const tpmc__policy_steps *steps);

static int branch_may_ask(const tpmc__policy_step *step)
{
    for (size_t i = 0; i < step->u.or.count; i++) {
        if (step->u.or.branches[i].is_unknown || may_ask_password(&step->u.or.branches[i].steps))
            return 1;
    }
    return 0;
}

/* Whether the key's password is ever asked for. What will be approved later may do so. */
static int may_ask_password(const tpmc__policy_steps *steps)
{
    for (size_t i = 0; i < steps->count; i++) {
        switch (steps->items[i].kind) {
        case TPMC__POLICY_AUTH_VALUE:
        case TPMC__POLICY_PASSWORD:
        case TPMC__POLICY_AUTHORIZE:
        case TPMC__POLICY_AUTHORIZE_NV:
            return 1;
        case TPMC__POLICY_OR:
            if (branch_may_ask(&steps->items[i]))
                return 1;
            break;
        default:
            break;
        }
    }
    return 0;
}

static int check_use(const tpmc_key_template *key_template, const tpmc__new_policy *policy,
                     tpmc_error *err)
{
    int64_t word = tpmc__options_number(&key_template->options, TPMC__KEY_TEMPLATE_USER_WITH_AUTH);

    if (!policy->is_bound && word == TPMC__USER_WITH_AUTH_NO)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT,
                          "the option 'user_with_auth' is 0, and no policy was given: the key "
                          "could never be used");
    if (!policy->is_bound || word == TPMC__USER_WITH_AUTH_YES || key_template->password.len == 0)
        return 0;
    if (may_ask_password(&policy->steps))
        return 0;
    return tpmc__fail(err, TPMC_ERR_ARGUMENT,
                      "the new key's password would never be asked for: the policy has no "
                      "PolicyAuthValue step. Add that step to have both asked for, or set the "
                      "option 'user_with_auth' to 1 to let the password alone do");
}

int tpmc__new_policy_read_checked(const tpmc_key_template *key_template, tpmc__new_policy *out,
                                  tpmc_error *err)
{
    int status = tpmc__new_policy_read(key_template, out, err);

    if (status != 0)
        return status;
    status = check_use(key_template, out, err);
    if (status != 0)
        tpmc__new_policy_free(out);
    return status;
}

int tpmc__new_policy_check_fixed(const tpmc__new_policy *policy, tpmc_error *err)
{
    if (!policy->is_bound || tpmc__policy_is_fixed(&policy->steps))
        return 0;
    return tpmc__fail(err, TPMC_ERR_ARGUMENT,
                      "the policy takes values that a TPM has at this time, such as those of its "
                      "PCRs, and no TPM is asked for them here; give a policy that holds the "
                      "values, in a file by the option 'bind_policy_file'");
}

int tpmc__new_policy_fix(tpmc_tpm *tpm, tpmc__policy_steps *steps, tpmc_error *err)
{
    tpmc__policy_steps fixed;
    int status = tpmc__policy_copy(steps, &fixed, err);

    if (status != 0)
        return status;
    status = tpmc__policy_instantiate(tpm, &fixed, err);
    if (status != 0) {
        tpmc__policy_free_steps(&fixed);
        return status;
    }
    tpmc__policy_free_steps(steps);
    *steps = fixed;
    return 0;
}

int tpmc__new_policy_digest(tpmc_env *env, const tpmc__policy_steps *steps, uint16_t hash,
                            tpmc__policy_bytes *out, tpmc_error *err)
{
    tpmc__policy_bytes zeros;
    int status = tpmc__policy_digest(env, steps, hash, NULL, out, err);

    if (status != 0)
        return status;
    tpmc__policy_digest_start(hash, &zeros);
    if (tpmc__policy_bytes_equal(out, &zeros))
        return tpmc__fail(err, TPMC_ERR_ARGUMENT,
                          "the policy asks for nothing that a TPM checks: whoever has the key's "
                          "file could use the key");
    return 0;
}

/* A file without the steps is as good a key: they are given when it is used. */
static int write_steps(const tpmc__new_policy *policy, const tpmc__public *key, tpmc__keyfile *file,
                       tpmc_error *err)
{
    int status = tpmc__policy_file_write(policy->env, &policy->steps, key->name_alg, file, err);

    if (status != TPMC_ERR_UNSUPPORTED)
        return status;
    tpmc__error_clear(err);
    return 0;
}

static int bind_steps(tpmc__new_policy *policy, tpmc__public *key, tpmc__keyfile *file,
                      tpmc_error *err)
{
    tpmc__policy_bytes digest;
    int status = tpmc__new_policy_digest(policy->env, &policy->steps, key->name_alg, &digest, err);

    if (status == 0)
        status = write_steps(policy, key, file, err);
    if (status != 0)
        return status;
    memcpy(key->auth_policy, digest.data, digest.len);
    key->auth_policy_len = digest.len;
    policy->is_done = 1;
    return 0;
}

int tpmc__new_policy_bind_fixed(tpmc__new_policy *policy, tpmc__public *key, tpmc__keyfile *file,
                                tpmc_error *err)
{
    if (!policy->is_bound || !tpmc__policy_is_fixed(&policy->steps))
        return 0;
    return bind_steps(policy, key, file, err);
}

int tpmc__new_policy_bind_now(tpmc_tpm *tpm, tpmc__new_policy *policy, tpmc__public *key,
                              tpmc__keyfile *file, tpmc_error *err)
{
    int status = 0;

    if (!policy->is_bound || policy->is_done)
        return 0;
    status = tpmc__new_policy_fix(tpm, &policy->steps, err);
    return status == 0 ? bind_steps(policy, key, file, err) : status;
}

static int append_hex(const void *data, size_t len, tpmc__buf *out, tpmc_error *err)
{
    tpmc__buf_init(out, HEX_MAX);
    tpmc__hex_encode(data, len, out);
    return tpmc__buf_check(out, "a policy's digest", err);
}

static int say_other(const tpmc__policy_bytes *digest, const tpmc__public *key, tpmc_error *err)
{
    tpmc__buf given;
    tpmc__buf bound;
    int status = append_hex(digest->data, digest->len, &given, err);

    tpmc__buf_init(&bound, HEX_MAX);
    if (status == 0)
        status = append_hex(key->auth_policy, key->auth_policy_len, &bound, err);
    if (status == 0)
        status = tpmc__fail(err, TPMC_ERR_POLICY,
                            "this is not the policy that the key is bound to: its digest is %s, "
                            "and the key's authPolicy is %s",
                            (const char *)given.data, (const char *)bound.data);
    tpmc__buf_free(&given);
    tpmc__buf_free(&bound);
    return status;
}

int tpmc__new_policy_attach(const tpmc__new_policy *policy, tpmc__keyfile *file, tpmc_error *err)
{
    const tpmc__public *key = &file->key;
    tpmc__policy_bytes digest;
    int status = tpmc__new_policy_check_fixed(policy, err);

    if (status != 0 || !policy->is_bound)
        return status;
    if (key->auth_policy_len == 0)
        return tpmc__fail(err, TPMC_ERR_POLICY,
                          "a policy was given, and the key is bound to none: its public area has "
                          "no authPolicy");
    status = tpmc__new_policy_digest(policy->env, &policy->steps, key->name_alg, &digest, err);
    if (status != 0)
        return status;
    if (digest.len != key->auth_policy_len ||
        memcmp(digest.data, key->auth_policy, digest.len) != 0)
        return say_other(&digest, key, err);
    return tpmc__policy_file_write(policy->env, &policy->steps, key->name_alg, file, err);
}
