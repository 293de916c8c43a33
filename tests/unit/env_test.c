/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/expect.h"
#include "unit/failing_alloc.h"

#include <errno.h>
#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/provider.h>

#include "base/env_int.h"
#include "base/error_int.h"

#define THREADS 16
#define ROUNDS 500

static const tpmc__env_defaults defaults;

OSSL_LIB_CTX *__real_OSSL_LIB_CTX_new(void);
OSSL_LIB_CTX *__wrap_OSSL_LIB_CTX_new(void);
OSSL_PROVIDER *__real_OSSL_PROVIDER_load(OSSL_LIB_CTX *context, const char *name);
OSSL_PROVIDER *__wrap_OSSL_PROVIDER_load(OSSL_LIB_CTX *context, const char *name);
int __real_pthread_mutex_init(pthread_mutex_t *mutex, const pthread_mutexattr_t *attributes);
int __wrap_pthread_mutex_init(pthread_mutex_t *mutex, const pthread_mutexattr_t *attributes);

/* What cannot be had while a test says so. */
static int no_context;
static int no_provider;
static int no_mutex;

OSSL_LIB_CTX *__wrap_OSSL_LIB_CTX_new(void)
{
    return no_context ? NULL : __real_OSSL_LIB_CTX_new();
}

OSSL_PROVIDER *__wrap_OSSL_PROVIDER_load(OSSL_LIB_CTX *context, const char *name)
{
    return __real_OSSL_PROVIDER_load(context, no_provider ? "no such provider" : name);
}

int __wrap_pthread_mutex_init(pthread_mutex_t *mutex, const pthread_mutexattr_t *attributes)
{
    return no_mutex ? ENOMEM : __real_pthread_mutex_init(mutex, attributes);
}

static void made_and_freed(void **state)
{
    tpmc_env *env = NULL;

    expect_success(tpmc__env_create(&defaults, &env, *state), *state);
    assert_false(tpmc__env_forked(env));
    expect_success(tpmc__env_enter(env, *state), *state);
    tpmc_env_free(env);
    tpmc_env_free(NULL);
    expect_failure(tpmc__env_create(&defaults, NULL, *state), *state, TPMC_ERR_ARGUMENT, "out");
}

static void every_allocation_may_fail(void **state)
{
    tpmc_env *env = NULL;
    size_t n;

    for (n = 1; n <= 2; n++) {
        env = (tpmc_env *)state;
        fail_allocation(n);
        expect_failure(tpmc__env_create(&defaults, &env, *state), *state, TPMC_ERR_NOMEM, "memory");
        assert_true(allocation_failed());
        assert_null(env);
    }
    fail_allocation(3);
    expect_success(tpmc__env_create(&defaults, &env, *state), *state);
    assert_false(allocation_failed());
    tpmc_env_free(env);
}

static void what_the_system_lacks_is_told(void **state)
{
    tpmc_env *env = (tpmc_env *)state;

    ERR_clear_error();
    no_context = 1;
    expect_failure(tpmc__env_create(&defaults, &env, *state), *state, TPMC_ERR_NOMEM, "memory");
    no_context = 0;
    assert_null(env);
    no_provider = 1;
    expect_failure(tpmc__env_create(&defaults, &env, *state), *state, TPMC_ERR_UNSUPPORTED,
                   "default provider cannot be loaded");
    no_provider = 0;
    assert_null(env);
    no_mutex = 1;
    expect_failure(tpmc__env_create(&defaults, &env, *state), *state, TPMC_ERR_NOMEM, "memory");
    no_mutex = 0;
    assert_null(env);
    assert_int_equal(ERR_peek_error(), 0);
}

static void private_context_has_the_default_provider_only(void **state)
{
    tpmc_env *env = NULL;
    EVP_MD *digest;

    expect_success(tpmc__env_create(&defaults, &env, *state), *state);
    assert_true(OSSL_PROVIDER_available(env->ossl, "default"));
    assert_false(OSSL_PROVIDER_available(env->ossl, "legacy"));
    digest = EVP_MD_fetch(env->ossl, "SHA256", NULL);
    assert_non_null(digest);
    EVP_MD_free(digest);
    tpmc_env_free(env);
}

static void callers_openssl_errors_stay(void **state)
{
    tpmc_env *env = NULL;

    ERR_clear_error();
    ERR_raise(ERR_LIB_USER, 7);
    expect_success(tpmc__env_create(&defaults, &env, *state), *state);
    tpmc_env_free(env);
    assert_int_equal(ERR_GET_REASON(ERR_get_error()), 7);
    assert_int_equal(ERR_get_error(), 0);
}

static void options_are_set_until_first_use(void **state)
{
    tpmc_env *env = NULL;

    expect_success(tpmc__env_create(&defaults, &env, *state), *state);
    expect_failure(tpmc_env_set(NULL, "proxy", "x", *state), *state, TPMC_ERR_ARGUMENT, "env");
    expect_failure(tpmc_env_set(env, NULL, "x", *state), *state, TPMC_ERR_ARGUMENT, "NULL");
    expect_failure(tpmc_env_set(env, "time-out_ms", "1", *state), *state, TPMC_ERR_ARGUMENT,
                   "did you mean 'timeout_ms'?");
    expect_success(tpmc_env_set(env, "max-attempts", "7", *state), *state);
    assert_int_equal(tpmc__options_number(&env->options, TPMC__ENV_MAX_ATTEMPTS), 7);
    assert_int_equal(tpmc__options_number(&env->options, TPMC__ENV_TIMEOUT_MS), 30000);
    expect_success(tpmc__env_use(env, *state), *state);
    expect_failure(tpmc_env_set(env, "max_attempts", "8", *state), *state, TPMC_ERR_STATE,
                   "first use");
    assert_int_equal(tpmc__options_number(&env->options, TPMC__ENV_MAX_ATTEMPTS), 7);
    tpmc_env_free(env);
    tpmc_env_free(env);
}

static void entering_empties_the_error(void **state)
{
    tpmc_env *env = NULL;
    tpmc__ref ref;

    expect_success(tpmc__env_create(&defaults, &env, *state), *state);
    tpmc__ref_init(&ref);
    tpmc__fail(*state, TPMC_ERR_IO, "old");
    expect_success(tpmc__env_enter(env, *state), *state);
    tpmc__fail(*state, TPMC_ERR_IO, "old");
    expect_success(tpmc__env_enter_setter(env, &ref, *state), *state);
    tpmc__ref_freeze(&ref);
    expect_failure(tpmc__env_enter_setter(env, &ref, *state), *state, TPMC_ERR_STATE, "before");
    tpmc__fail(*state, TPMC_ERR_IO, "old");
    expect_failure(tpmc_env_set(NULL, "a", "b", *state), *state, TPMC_ERR_ARGUMENT, "env");
    tpmc_env_free(env);
}

static void count(void *user)
{
    (*(int *)user)++;
}

static int note(void *user, int level, const char *text)
{
    (void)user;
    (void)level;
    (void)text;
    return 0;
}

/* In the child, where cmocka's assertions do not reach: the number of the check that failed. */
static int use_in_child(tpmc_env *env, tpmc_error *err, const int *released)
{
    if (!tpmc__env_forked(env))
        return 1;
    if (tpmc__env_enter(env, err) != TPMC_ERR_FORKED || tpmc_error_code(err) != TPMC_ERR_FORKED)
        return 2;
    if (strstr(tpmc_error_text(err), "fork()") == NULL)
        return 3;
    if (tpmc_env_set(env, "proxy", NULL, err) != TPMC_ERR_FORKED)
        return 4;
    if (tpmc_env_set_log(env, NULL, NULL, NULL, err) != TPMC_ERR_FORKED || *released != 0)
        return 5;
    if (tpmc__env_use(env, err) != TPMC_ERR_FORKED)
        return 6;
    tpmc_env_free(env);
    if (*released != 1)
        return 7;
    if (tpmc__env_create(&defaults, &env, err) != 0)
        return 8;
    tpmc_env_free(env);
    return 0;
}

/* The worst moment: another thread is in the middle of pushing a frame. */
static void a_child_is_told_and_may_free(void **state)
{
    int released = 0;
    int status = -1;
    tpmc_env *env = NULL;
    pid_t child;

    expect_success(tpmc__env_create(&defaults, &env, *state), *state);
    expect_success(tpmc_env_set_log(env, note, &released, count, *state), *state);
    assert_int_equal(pthread_mutex_lock(&env->frames_mutex), 0);
    child = fork();
    if (child == 0) {
        (void)alarm(20);
        _exit(use_in_child(env, *state, &released));
    }
    assert_int_equal(pthread_mutex_unlock(&env->frames_mutex), 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    expect_success(tpmc__env_enter(env, *state), *state);
    tpmc_env_free(env);
    assert_int_equal(released, 1);
}

static void *use_and_free(void *arg)
{
    tpmc_env *env = arg;
    int i;

    for (i = 0; i < ROUNDS; i++) {
        if (tpmc__env_use(env, NULL) != 0)
            return arg;
        tpmc__env_log(env, TPMC_LOG_DEBUG, "round %d", i);
        tpmc_env_free(env);
    }
    tpmc_env_free(env);
    return NULL;
}

static void used_and_freed_by_many_threads(void **state)
{
    pthread_t threads[THREADS];
    int released = 0;
    void *failed = NULL;
    tpmc_env *env = NULL;
    size_t i;

    expect_success(tpmc__env_create(&defaults, &env, *state), *state);
    expect_success(tpmc_env_set_log(env, note, &released, count, *state), *state);
    for (i = 0; i < THREADS; i++)
        expect_success(tpmc__env_use(env, *state), *state);
    for (i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, use_and_free, env), 0);
    tpmc_env_free(env);
    for (i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(threads[i], &failed), 0);
        assert_null(failed);
    }
    assert_int_equal(released, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ERROR(made_and_freed),
        WITH_ERROR(every_allocation_may_fail),
        WITH_ERROR(what_the_system_lacks_is_told),
        WITH_ERROR(private_context_has_the_default_provider_only),
        WITH_ERROR(callers_openssl_errors_stay),
        WITH_ERROR(options_are_set_until_first_use),
        WITH_ERROR(entering_empties_the_error),
        WITH_ERROR(a_child_is_told_and_may_free),
        WITH_ERROR(used_and_freed_by_many_threads),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
