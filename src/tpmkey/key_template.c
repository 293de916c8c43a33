/* SPDX-License-Identifier: Apache-2.0 */
#include "base/mem.h"
#include "policy/policy_int.h"
#include "tpmkey/template_int.h"

/* What a SHA-256 Name algorithm has room for (TPM 2.0 Part 1, 27.2.2). */
#define MAX_PASSWORD 32

int tpmc_key_template_new(tpmc_env *env, tpmc_key_template **out, tpmc_error *err)
{
    tpmc_key_template *made = NULL;
    int status = 0;

    tpmc__error_clear(err);
    if (out == NULL)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT, "the parameter 'out' is NULL");
    *out = NULL;
    if (env == NULL)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT, "the parameter 'env' is NULL");
    status = tpmc__env_use(env, err);
    if (status != 0)
        return status;
    made = tpmc__mem_new(1, sizeof(*made));
    if (made == NULL) {
        tpmc_env_free(env);
        return tpmc__fail_nomem(err);
    }
    tpmc__ref_init(&made->ref);
    made->env = env;
    status = tpmc__options_init(&made->options, TPMC_OBJECT_KEY_TEMPLATE, err);
    if (status != 0) {
        tpmc_key_template_free(made);
        return status;
    }
    *out = made;
    return 0;
}

void tpmc_key_template_free(tpmc_key_template *key_template)
{
    tpmc_env *env = NULL;

    if (key_template == NULL || !tpmc__ref_drop(&key_template->ref))
        return;
    env = key_template->env;
    tpmc__secret_clear(&key_template->password);
    tpmc__secret_clear(&key_template->parent_password);
    tpmc_policy_free(key_template->policy);
    tpmc__options_free(&key_template->options);
    tpmc__mem_free(key_template);
    tpmc_env_free(env);
}

static int enter_setter(tpmc_key_template *key_template, tpmc_error *err)
{
    tpmc__error_clear(err);
    if (key_template == NULL)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT, "the parameter 'key_template' is NULL");
    return tpmc__env_enter_setter(key_template->env, &key_template->ref, err);
}

int tpmc_key_template_set(tpmc_key_template *key_template, const char *name, const char *value,
                          tpmc_error *err)
{
    int status = enter_setter(key_template, err);

    if (status != 0)
        return status;
    return tpmc__options_set(&key_template->options, name, value, err);
}

int tpmc_key_template_set_password(tpmc_key_template *key_template, const void *password,
                                   size_t len, tpmc_error *err)
{
    const uint8_t *bytes = password;
    int status = enter_setter(key_template, err);

    if (status != 0)
        return status;
    if (len > MAX_PASSWORD)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT, "the new key's password is longer than %d bytes",
                          MAX_PASSWORD);
    if (bytes != NULL && len > 0 && bytes[len - 1] == 0)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT,
                          "the new key's password ends in a NUL byte, which a TPM does not keep");
    return tpmc__secret_set(&key_template->password, password, len, err);
}

int tpmc_key_template_set_parent_password(tpmc_key_template *key_template, const void *password,
                                          size_t len, tpmc_error *err)
{
    int status = enter_setter(key_template, err);

    if (status != 0)
        return status;
    if (len > TPMC__PASSWORD_MAX)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT, "the parent's password is longer than %d bytes",
                          TPMC__PASSWORD_MAX);
    return tpmc__secret_set(&key_template->parent_password, password, len, err);
}

int tpmc_key_template_set_policy(tpmc_key_template *key_template, tpmc_policy *policy,
                                 tpmc_error *err)
{
    tpmc_policy *former = NULL;
    int status = enter_setter(key_template, err);

    if (status == 0 && policy != NULL)
        status = tpmc__env_enter(policy->env, err);
    if (status != 0)
        return status;
    former = key_template->policy;
    key_template->policy = policy == NULL ? NULL : tpmc__policy_use(policy);
    tpmc_policy_free(former);
    return 0;
}

int tpmc__key_template_use(tpmc_env *env, tpmc_key_template *given, tpmc_key_template **out,
                           tpmc_error *err)
{
    *out = NULL;
    if (given == NULL)
        return tpmc_key_template_new(env, out, err);
    tpmc__ref_freeze(&given->ref);
    tpmc__ref_take(&given->ref);
    *out = given;
    return 0;
}
