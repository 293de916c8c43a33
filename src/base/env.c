/* SPDX-License-Identifier: Apache-2.0 */
#include "base/env_int.h"

#include <unistd.h>

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/provider.h>

#include "base/error_int.h"
#include "base/mem.h"

/* A context that no openssl.cnf has touched: one that routes OpenSSL through a TPM provider would
 * lead from a TPM command back into the TPM. */
static int make_ossl(tpmc_env *env, tpmc_error *err)
{
    int status = 0;

    /* The caller's error queue is the caller's. */
    (void)ERR_set_mark();
    env->ossl = OSSL_LIB_CTX_new();
    if (env->ossl == NULL) {
        status = tpmc__fail_nomem(err);
        goto out;
    }
    env->provider = OSSL_PROVIDER_load(env->ossl, "default");
    if (env->provider != NULL) {
        env->sha256 = EVP_MD_fetch(env->ossl, "SHA256", NULL);
        env->hmac = EVP_MAC_fetch(env->ossl, "HMAC", NULL);
    }
    if (env->sha256 == NULL || env->hmac == NULL)
        status = tpmc__fail(err, TPMC_ERR_UNSUPPORTED,
                            "OpenSSL's default provider cannot be loaded: check the installation "
                            "of OpenSSL 3");

out:
    (void)ERR_pop_to_mark();
    return status;
}

static void release_hooks(tpmc_env *env)
{
    tpmc__hook_release(&env->http_hook);
    tpmc__hook_release(&env->wall_clock_hook);
    tpmc__hook_release(&env->monotonic_clock_hook);
    tpmc__hook_release(&env->sleep_hook);
    tpmc__hook_release(&env->should_stop_hook);
    tpmc__hook_release(&env->random_hook);
    tpmc__hook_release(&env->log_hook);
}

static void free_ossl(tpmc_env *env)
{
    EVP_MD_free(env->sha256);
    EVP_MAC_free(env->hmac);
    if (env->provider != NULL)
        (void)OSSL_PROVIDER_unload(env->provider);
    OSSL_LIB_CTX_free(env->ossl);
}

int tpmc__env_create(const tpmc__env_defaults *defaults, tpmc_env **out, tpmc_error *err)
{
    tpmc_env *env = NULL;
    int status;

    tpmc__error_clear(err);
    if (out == NULL)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT, "out is NULL: nowhere to put the environment");
    *out = NULL;
    env = tpmc__mem_new(1, sizeof(*env));
    if (env == NULL)
        return tpmc__fail_nomem(err);
    tpmc__ref_init(&env->ref);
    env->pid = getpid();
    env->defaults = defaults;
    status = tpmc__options_init(&env->options, TPMC_OBJECT_ENV, err);
    if (status != 0)
        goto out;
    status = make_ossl(env, err);
    if (status != 0)
        goto out;
    if (pthread_mutex_init(&env->frames_mutex, NULL) != 0) {
        status = tpmc__fail_nomem(err);
        goto out;
    }
    *out = env;
    env = NULL;

out:
    if (env != NULL) {
        free_ossl(env);
        tpmc__options_free(&env->options);
        tpmc__mem_free(env);
    }
    return status;
}

void tpmc_env_free(tpmc_env *env)
{
    if (env == NULL || !tpmc__ref_drop(&env->ref))
        return;
    release_hooks(env);
    tpmc__options_free(&env->options);
    /* In a child process a thread that was not taken along may have held a lock of OpenSSL's, or
     * ours, for ever: the context and the mutex are left behind. So are the transport's
     * connections, whose end would be sent to the parent's servers. */
    if (!tpmc__env_forked(env)) {
        if (env->transport != NULL)
            env->defaults->http_free(env);
        free_ossl(env);
        (void)pthread_mutex_destroy(&env->frames_mutex);
    }
    tpmc__mem_free(env);
}

int tpmc_env_set(tpmc_env *env, const char *name, const char *value, tpmc_error *err)
{
    int status;

    tpmc__error_clear(err);
    if (env == NULL)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT, "env is NULL: make one with tpmc_env_new()");
    status = tpmc__env_enter_setter(env, &env->ref, err);
    if (status != 0)
        return status;
    return tpmc__options_set(&env->options, name, value, err);
}

int tpmc__env_use(tpmc_env *env, tpmc_error *err)
{
    int status;

    status = tpmc__env_enter(env, err);
    if (status != 0)
        return status;
    tpmc__ref_freeze(&env->ref);
    tpmc__ref_take(&env->ref);
    return 0;
}

int tpmc__env_forked(const tpmc_env *env)
{
    return getpid() != env->pid;
}

static int in_callback(tpmc_env *env)
{
    tpmc__callback_frame *frame;
    pthread_t self = pthread_self();

    (void)pthread_mutex_lock(&env->frames_mutex);
    frame = env->frames;
    while (frame != NULL && !pthread_equal(frame->thread, self))
        frame = frame->next;
    (void)pthread_mutex_unlock(&env->frames_mutex);
    return frame != NULL;
}

int tpmc__env_enter(tpmc_env *env, tpmc_error *err)
{
    tpmc__error_clear(err);
    if (tpmc__env_forked(env))
        return tpmc__fail(err, TPMC_ERR_FORKED,
                          "this object was made before fork() and cannot be used in the child "
                          "process: make a new environment there");
    if (in_callback(env))
        return tpmc__fail(err, TPMC_ERR_STATE,
                          "a clock, sleep, should-stop, random or log callback may not call back "
                          "into the library");
    return 0;
}

int tpmc__env_enter_setter(tpmc_env *env, tpmc__ref *ref, tpmc_error *err)
{
    int status;

    status = tpmc__env_enter(env, err);
    if (status != 0)
        return status;
    if (tpmc__ref_frozen(ref))
        return tpmc__fail(err, TPMC_ERR_STATE,
                          "this object is in use, and setting is over at the first use: set it up "
                          "before");
    return 0;
}
