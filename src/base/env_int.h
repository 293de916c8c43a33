/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_BASE_ENV_INT_H
#define TPMC_BASE_ENV_INT_H

#include <pthread.h>
#include <sys/types.h>

#include "base/option_int.h"
#include "base/ref.h"
#include "tpmcloud/env.h"

/* A callback's user pointer and how to let go of it. */
typedef struct tpmc__hook {
    void *user;
    tpmc_release_fn release;
} tpmc__hook;

/* A call of a callback that must not call back into the library; lives on that call's stack. */
typedef struct tpmc__callback_frame {
    pthread_t thread;
    struct tpmc__callback_frame *next;
} tpmc__callback_frame;

/* What the built-in HTTP transport keeps in an environment; `services` knows what it is. */
typedef struct tpmc__transport tpmc__transport;

/*
 * What stands in for a hook that is unset; `services` fills it. A NULL member means that there is
 * no such service. The `user` of clocks, sleep and random is the environment's private OpenSSL
 * context, and they must not call back into the library.
 */
typedef struct tpmc__env_defaults {
    /* Does what an HTTP callback does, and fills `err` itself. */
    int (*http)(tpmc_env *env, const tpmc_http_request *request, tpmc_http_response *response,
                tpmc_error *err);
    /* Frees the environment's `transport`, with its private OpenSSL context still there. */
    void (*http_free)(tpmc_env *env);
    tpmc_clock_fn wall_clock;
    tpmc_clock_fn monotonic_clock;
    tpmc_sleep_fn sleep;
    tpmc_random_fn random;
} tpmc__env_defaults;

struct tpmc_env {
    tpmc__ref ref;
    pid_t pid; /* the process that made it */
    /* Private OpenSSL context with the default provider only. A thread that ran anything in it
     * calls OPENSSL_thread_stop_ex() on it before it leaves the library: at the thread's end
     * OpenSSL would look for it, and it may be gone by then. */
    struct ossl_lib_ctx_st *ossl;
    struct ossl_provider_st *provider;
    /* Fetched once: looking them up costs more than a short hash. */
    struct evp_md_st *sha256;
    struct evp_mac_st *hmac;
    tpmc__options options;
    const tpmc__env_defaults *defaults;
    tpmc__transport *transport; /* NULL when the build has none */
    tpmc_http_fn http;          /* NULL, here and below: unset, the default is used */
    tpmc__hook http_hook;
    tpmc_clock_fn wall_clock;
    tpmc__hook wall_clock_hook;
    tpmc_clock_fn monotonic_clock;
    tpmc__hook monotonic_clock_hook;
    tpmc_sleep_fn sleep;
    tpmc__hook sleep_hook;
    tpmc_should_stop_fn should_stop;
    tpmc__hook should_stop_hook;
    tpmc_random_fn random;
    tpmc__hook random_hook;
    tpmc_log_fn log;
    tpmc__hook log_hook;
    pthread_mutex_t frames_mutex; /* guards `frames`, held for a few instructions only */
    tpmc__callback_frame *frames;
};

/* Indices of the environment's options. */
enum {
    TPMC__ENV_CA_FILE,
    TPMC__ENV_CA_DIR,
    TPMC__ENV_PROXY,
    TPMC__ENV_CONNECT_TIMEOUT_MS,
    TPMC__ENV_TIMEOUT_MS,
    TPMC__ENV_MAX_ATTEMPTS,
    TPMC__ENV_USER_AGENT,
    TPMC__ENV_ALLOW_HTTP_LOOPBACK,
    TPMC__ENV_OPTION_COUNT
};

/* tpmc_env_new() of `services` calls this. `defaults` must live as long as the process. */
int tpmc__env_create(const tpmc__env_defaults *defaults, tpmc_env **out, tpmc_error *err);

/*
 * Making an object from an environment: checks as tpmc__env_enter() does, freezes it and takes a
 * reference. The caller has checked that `env` is not NULL. tpmc_env_free() drops the reference.
 */
int tpmc__env_use(tpmc_env *env, tpmc_error *err);

/*
 * The door of every public call but `_free` and getters: empties `err`, then TPMC_ERR_FORKED in a
 * child process, before any lock is taken, or TPMC_ERR_STATE on a thread that runs a clock, sleep,
 * should-stop, random or log callback of `env`.
 */
int tpmc__env_enter(tpmc_env *env, tpmc_error *err);
/* As tpmc__env_enter(), and TPMC_ERR_STATE when `ref` is frozen: the door of every setter. */
int tpmc__env_enter_setter(tpmc_env *env, tpmc__ref *ref, tpmc_error *err);
/* 1 in a child process: then nothing may be locked, flushed or sent. */
int tpmc__env_forked(const tpmc_env *env);

int tpmc__env_wall_ms(tpmc_env *env, int64_t *ms, tpmc_error *err);
int tpmc__env_monotonic_ms(tpmc_env *env, int64_t *ms, tpmc_error *err);
int tpmc__env_sleep_ms(tpmc_env *env, int64_t ms, tpmc_error *err);
/* 0, or TPMC_ERR_CANCELLED (or the callback's other code) with a text. */
int tpmc__env_should_stop(tpmc_env *env, tpmc_error *err);
int tpmc__env_random(tpmc_env *env, uint8_t *out, size_t len, tpmc_error *err);
void tpmc__env_log(tpmc_env *env, int level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Runs the HTTP callback, or else the built-in transport, with no lock held; TPMC_ERR_UNSUPPORTED
 * without either. */
int tpmc__env_http(tpmc_env *env, const tpmc_http_request *request, tpmc_http_response *response,
                   tpmc_error *err);

/* What a callback returned, made into 0 or one of our codes: anything that is not ours is
 * TPMC_ERR_IO. */
int tpmc__callback_status(int returned);
/* Remembers a new callback's user before the former one is let go of. */
void tpmc__hook_replace(tpmc__hook *hook, void *user, tpmc_release_fn release);
/* Calls `release` if there is one, and forgets it. */
void tpmc__hook_release(tpmc__hook *hook);

#endif
