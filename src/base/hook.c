/* SPDX-License-Identifier: Apache-2.0 */
#include "base/env_int.h"

#include "base/error_int.h"

int tpmc__callback_status(int returned)
{
    return returned <= 0 && returned >= TPMC_ERR_FORKED ? returned : TPMC_ERR_IO;
}

void tpmc__hook_release(tpmc__hook *hook)
{
    tpmc__hook former = *hook;

    /* Forgotten first: what `release` does may lead back here. */
    hook->user = NULL;
    hook->release = NULL;
    if (former.release != NULL)
        former.release(former.user);
}

/* What every setter checks first. */
static int check(tpmc_env *env, int has_fn, tpmc_release_fn release, tpmc_error *err)
{
    int status;

    tpmc__error_clear(err);
    if (env == NULL)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT, "env is NULL: make one with tpmc_env_new()");
    status = tpmc__env_enter_setter(env, &env->ref, err);
    if (status != 0)
        return status;
    if (!has_fn && release != NULL)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT,
                          "a release function without a callback would never be called: leave both "
                          "NULL to restore the default");
    return 0;
}

void tpmc__hook_replace(tpmc__hook *hook, void *user, tpmc_release_fn release)
{
    tpmc__hook former = *hook;

    hook->user = user;
    hook->release = release;
    tpmc__hook_release(&former);
}

int tpmc_env_set_http(tpmc_env *env, tpmc_http_fn fn, void *user, tpmc_release_fn release,
                      tpmc_error *err)
{
    int status;

    status = check(env, fn != NULL, release, err);
    if (status != 0)
        return status;
    env->http = fn;
    tpmc__hook_replace(&env->http_hook, user, release);
    return 0;
}

int tpmc_env_set_wall_clock(tpmc_env *env, tpmc_clock_fn fn, void *user, tpmc_release_fn release,
                            tpmc_error *err)
{
    int status;

    status = check(env, fn != NULL, release, err);
    if (status != 0)
        return status;
    env->wall_clock = fn;
    tpmc__hook_replace(&env->wall_clock_hook, user, release);
    return 0;
}

int tpmc_env_set_monotonic_clock(tpmc_env *env, tpmc_clock_fn fn, void *user,
                                 tpmc_release_fn release, tpmc_error *err)
{
    int status;

    status = check(env, fn != NULL, release, err);
    if (status != 0)
        return status;
    env->monotonic_clock = fn;
    tpmc__hook_replace(&env->monotonic_clock_hook, user, release);
    return 0;
}

int tpmc_env_set_sleep(tpmc_env *env, tpmc_sleep_fn fn, void *user, tpmc_release_fn release,
                       tpmc_error *err)
{
    int status;

    status = check(env, fn != NULL, release, err);
    if (status != 0)
        return status;
    env->sleep = fn;
    tpmc__hook_replace(&env->sleep_hook, user, release);
    return 0;
}

int tpmc_env_set_should_stop(tpmc_env *env, tpmc_should_stop_fn fn, void *user,
                             tpmc_release_fn release, tpmc_error *err)
{
    int status;

    status = check(env, fn != NULL, release, err);
    if (status != 0)
        return status;
    env->should_stop = fn;
    tpmc__hook_replace(&env->should_stop_hook, user, release);
    return 0;
}

int tpmc_env_set_random(tpmc_env *env, tpmc_random_fn fn, void *user, tpmc_release_fn release,
                        tpmc_error *err)
{
    int status;

    status = check(env, fn != NULL, release, err);
    if (status != 0)
        return status;
    env->random = fn;
    tpmc__hook_replace(&env->random_hook, user, release);
    return 0;
}

int tpmc_env_set_log(tpmc_env *env, tpmc_log_fn fn, void *user, tpmc_release_fn release,
                     tpmc_error *err)
{
    int status;

    status = check(env, fn != NULL, release, err);
    if (status != 0)
        return status;
    env->log = fn;
    tpmc__hook_replace(&env->log_hook, user, release);
    return 0;
}
