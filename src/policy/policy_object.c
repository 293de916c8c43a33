/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/error_int.h"
#include "base/mem.h"
#include "policy/policy_object.h"

#define PASSWORD_MAX 64
#define HANDLE_NV_INDEX 0x01
#define HANDLE_PERMANENT 0x40
#define HANDLE_LOCKOUT 0x4000000au /* it has no primaries, so the connection knows no password */
#define HANDLE_PERSISTENT 0x81

static int make(tpmc_env *env, tpmc_policy **out, tpmc_error *err)
{
    tpmc_policy *made = NULL;
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
    *out = made;
    return 0;
}

/* For the makers: an object whose filling has failed is not given out. */
static int finish(tpmc_policy **out, int status)
{
    if (status != 0) {
        tpmc_policy_free(*out);
        *out = NULL;
    }
    return status;
}

int tpmc_policy_new(tpmc_env *env, tpmc_policy **out, tpmc_error *err)
{
    return make(env, out, err);
}

int tpmc_policy_new_json(tpmc_env *env, const void *json, size_t len, tpmc_policy **out,
                         tpmc_error *err)
{
    int status = make(env, out, err);

    if (status != 0)
        return status;
    if (json == NULL || len == 0 || len > TPMC__POLICY_JSON_MAX)
        status = tpmc__fail(err, TPMC_ERR_ARGUMENT,
                            "the parameter 'json' is not a text of 1 to %d bytes",
                            TPMC__POLICY_JSON_MAX);
    else
        status = tpmc__policy_json_read(env, json, len, &(*out)->document, err);
    return finish(out, status);
}

void tpmc_policy_free(tpmc_policy *policy)
{
    tpmc_env *env = NULL;

    if (policy == NULL || !tpmc__ref_drop(&policy->ref))
        return;
    env = policy->env;
    tpmc__hook_release(&policy->sign_hook);
    tpmc__hook_release(&policy->choose_hook);
    tpmc__hook_release(&policy->action_hook);
    tpmc__hook_release(&policy->satisfy_hook);
    tpmc__hook_release(&policy->provide_hook);
    for (size_t i = 0; i < policy->password_count; i++)
        tpmc__secret_clear(&policy->passwords[i].password);
    tpmc__policy_document_free(&policy->document);
    tpmc__mem_free(policy);
    tpmc_env_free(env);
}

tpmc_policy *tpmc__policy_use(tpmc_policy *policy)
{
    tpmc__ref_freeze(&policy->ref);
    tpmc__ref_take(&policy->ref);
    return policy;
}

int tpmc__policy_enter_setter(tpmc_policy *policy, tpmc_error *err)
{
    tpmc__error_clear(err);
    if (policy == NULL)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT, "the parameter 'policy' is NULL");
    return tpmc__env_enter_setter(policy->env, &policy->ref, err);
}

int tpmc__policy_enter(tpmc_policy *policy, tpmc_error *err)
{
    int status = 0;

    tpmc__error_clear(err);
    if (policy == NULL)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT, "the parameter 'policy' is NULL");
    status = tpmc__env_enter(policy->env, err);
    if (status == 0)
        tpmc__ref_freeze(&policy->ref);
    return status;
}

tpmc__policy_password *tpmc__policy_password_of(tpmc_policy *policy, uint32_t handle)
{
    for (size_t i = 0; policy != NULL && i < policy->password_count; i++) {
        if (policy->passwords[i].handle == handle &&
            tpmc__secret_is_set(&policy->passwords[i].password))
            return &policy->passwords[i];
    }
    return NULL;
}

static void unset_password(tpmc_policy *policy, tpmc__policy_password *former)
{
    static const tpmc__policy_password none;
    tpmc__policy_password *last = NULL;

    if (former == NULL)
        return;
    tpmc__secret_clear(&former->password);
    policy->password_count--;
    last = &policy->passwords[policy->password_count];
    /* The pages of its secret move along with it. */
    *former = *last;
    *last = none;
}

static int check_password(uint32_t handle, size_t len, tpmc_error *err)
{
    const uint32_t type = handle >> 24;

    if (type == HANDLE_PERMANENT && handle != HANDLE_LOCKOUT)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT,
                          "the passwords of hierarchies are the connection's: set that of 0x%08x "
                          "with tpmc_tpm_set_hierarchy_password()",
                          (unsigned)handle);
    if (type != HANDLE_NV_INDEX && type != HANDLE_PERSISTENT && handle != HANDLE_LOCKOUT)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT,
                          "the handle 0x%08x is neither an NV index 0x01xxxxxx nor a persistent "
                          "object 0x81xxxxxx",
                          (unsigned)handle);
    if (len > PASSWORD_MAX)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT, "the password of 0x%08x is longer than %d bytes",
                          (unsigned)handle, PASSWORD_MAX);
    return 0;
}

int tpmc_policy_set_password(tpmc_policy *policy, uint32_t handle, const void *password, size_t len,
                             tpmc_error *err)
{
    tpmc__policy_password *former = NULL;
    tpmc__policy_password *place = NULL;
    int status = tpmc__policy_enter_setter(policy, err);

    if (status == 0)
        status = check_password(handle, len, err);
    if (status != 0)
        return status;
    former = tpmc__policy_password_of(policy, handle);
    if (password == NULL && len == 0) {
        unset_password(policy, former);
        return 0;
    }
    if (former == NULL && policy->password_count == TPMC__POLICY_MAX_PASSWORDS)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT, "a policy takes the passwords of %d entities",
                          TPMC__POLICY_MAX_PASSWORDS);
    place = former == NULL ? &policy->passwords[policy->password_count] : former;
    status = tpmc__secret_set(&place->password, password, len, err);
    if (status != 0)
        return status;
    place->handle = handle;
    place->refused = 0;
    if (former == NULL)
        policy->password_count++;
    return 0;
}

static int enter_hook(tpmc_policy *policy, int has_fn, tpmc_release_fn release, tpmc_error *err)
{
    int status = tpmc__policy_enter_setter(policy, err);

    if (status != 0)
        return status;
    if (!has_fn && release != NULL)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT,
                          "a release function without a callback would never be called: leave both "
                          "NULL to unset the callback");
    return 0;
}

/* Remembers the new callback's user before the former one is let go of. */
static void replace_hook(tpmc__hook *hook, void *user, tpmc_release_fn release)
{
    tpmc__hook former = *hook;

    hook->user = user;
    hook->release = release;
    tpmc__hook_release(&former);
}

int tpmc_policy_set_signer(tpmc_policy *policy, tpmc_policy_sign_fn fn, void *user,
                           tpmc_release_fn release, tpmc_error *err)
{
    int status = enter_hook(policy, fn != NULL, release, err);

    if (status != 0)
        return status;
    policy->sign = fn;
    replace_hook(&policy->sign_hook, user, release);
    return 0;
}

int tpmc_policy_set_chooser(tpmc_policy *policy, tpmc_policy_choose_fn fn, void *user,
                            tpmc_release_fn release, tpmc_error *err)
{
    int status = enter_hook(policy, fn != NULL, release, err);

    if (status != 0)
        return status;
    policy->choose = fn;
    replace_hook(&policy->choose_hook, user, release);
    return 0;
}

int tpmc_policy_set_action(tpmc_policy *policy, tpmc_policy_action_fn fn, void *user,
                           tpmc_release_fn release, tpmc_error *err)
{
    int status = enter_hook(policy, fn != NULL, release, err);

    if (status != 0)
        return status;
    policy->act = fn;
    replace_hook(&policy->action_hook, user, release);
    return 0;
}

/* What does everything leaves nothing to steps or to another callback. */
static int check_alone(const tpmc_policy *policy, int has_other, tpmc_error *err)
{
    if (policy->document.steps.count > 0)
        return tpmc__fail(
            err, TPMC_ERR_ARGUMENT,
            "this policy has steps, and one that is left to a callback has none: make "
            "another policy object for it");
    if (has_other)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT,
                          "this policy is left to another callback already: unset that first");
    return 0;
}

int tpmc_policy_set_satisfy(tpmc_policy *policy, tpmc_policy_satisfy_fn fn, void *user,
                            tpmc_release_fn release, tpmc_error *err)
{
    int status = enter_hook(policy, fn != NULL, release, err);

    if (status == 0 && fn != NULL)
        status = check_alone(policy, policy->provide != NULL, err);
    if (status != 0)
        return status;
    policy->satisfy = fn;
    replace_hook(&policy->satisfy_hook, user, release);
    return 0;
}

int tpmc_policy_set_provide(tpmc_policy *policy, tpmc_policy_provide_fn fn, void *user,
                            tpmc_release_fn release, tpmc_error *err)
{
    int status = enter_hook(policy, fn != NULL, release, err);

    if (status == 0 && fn != NULL)
        status = check_alone(policy, policy->satisfy != NULL, err);
    if (status != 0)
        return status;
    policy->provide = fn;
    replace_hook(&policy->provide_hook, user, release);
    return 0;
}

int tpmc__policy_is_callback(const tpmc_policy *policy)
{
    return policy->satisfy != NULL || policy->provide != NULL;
}
