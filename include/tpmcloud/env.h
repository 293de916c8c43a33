/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMCLOUD_ENV_H
#define TPMCLOUD_ENV_H

#include <stddef.h>
#include <stdint.h>

#include "tpmcloud/error.h"
#include "tpmcloud/export.h"
#include "tpmcloud/http.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * \file env.h
 * \brief The services that an object takes from its surroundings: HTTP, clocks, sleep, random
 * bytes, log.
 *
 * tpmc_env_new() gives working defaults; each can be replaced. The first object made from an
 * environment freezes it: setters then return TPMC_ERR_STATE. A frozen environment may be used from
 * any threads at once.
 *
 * Every callback is set as a function, a `user` pointer that is handed to it as its first
 * parameter, and a `release` function (or NULL) that is called once with `user` after the last
 * call, on whichever thread drops the last reference. Setting again releases the former one; a NULL
 * function restores the default; a setter that fails does not call `release`. A callback returns 0
 * or a `TPMC_ERR_*` code; any other value counts as TPMC_ERR_IO. It must return by itself: no
 * longjmp, no exception. Callbacks run on the thread of the call that needs them.
 *
 * Clock, sleep, should-stop, random and log callbacks may run while the library holds locks: every
 * call into the library from them on an object of the same environment, but for `_free` and
 * getters, returns TPMC_ERR_STATE. The HTTP callback runs with no lock held.
 */

/** Injected services. */
typedef struct tpmc_env tpmc_env;

/** Log level: something that an operator should look at. */
#define TPMC_LOG_WARNING 1
/** Log level: one line per thing done. */
#define TPMC_LOG_INFO 2
/** Log level: for finding faults. */
#define TPMC_LOG_DEBUG 3

/** Frees what a callback's `user` points to. */
typedef void (*tpmc_release_fn)(void *user);
/** Sends a request and fills the response. The status of an answer is not judged here: a 500 is a
 * success of the transport. */
typedef int (*tpmc_http_fn)(void *user, const tpmc_http_request *request,
                            tpmc_http_response *response);
/** Writes a time in milliseconds: since 1970-01-01 UTC for the wall clock, since any fixed point
 * for the monotonic one. */
typedef int (*tpmc_clock_fn)(void *user, int64_t *ms);
/** Waits for `ms` milliseconds, more than 0. */
typedef int (*tpmc_sleep_fn)(void *user, int64_t ms);
/** Returns 0 to go on, TPMC_ERR_CANCELLED to stop. Called often while waiting; must be quick. */
typedef int (*tpmc_should_stop_fn)(void *user);
/** Fills `len` bytes, for nonces and jitter. Never used to make keys. */
typedef int (*tpmc_random_fn)(void *user, uint8_t *out, size_t len);
/** Takes one line without line end. `level` is one of `TPMC_LOG_*`. The return value is ignored. */
typedef int (*tpmc_log_fn)(void *user, int level, const char *text);

/**
 * \brief Makes an environment with the system's clocks, sleep and random bytes, without log, and
 * with the built-in HTTP transport where this build has one.
 * \param[out] out the environment, to be freed with tpmc_env_free(); NULL on failure.
 * \param[out] err detail of a failure; may be NULL.
 * \return 0, TPMC_ERR_ARGUMENT, TPMC_ERR_NOMEM or TPMC_ERR_UNSUPPORTED (OpenSSL's default
 * provider cannot be loaded).
 * \par Threads any.
 * \since 0.1
 */
TPMC_API int tpmc_env_new(tpmc_env **out, tpmc_error *err);

/**
 * \brief Drops the caller's reference. Objects made from the environment keep it alive.
 * \param[in] env may be NULL.
 * \par Threads any; inside callbacks too.
 * \since 0.1
 */
TPMC_API void tpmc_env_free(tpmc_env *env);

/**
 * \brief Sets an option by name; see tpmc_option_name() with TPMC_OBJECT_ENV.
 * \param[in] env the environment.
 * \param[in] name an option's name.
 * \param[in] value its value, copied; NULL resets it to the default.
 * \param[out] err detail of a failure; may be NULL.
 * \return 0, TPMC_ERR_ARGUMENT, TPMC_ERR_STATE, TPMC_ERR_NOMEM or TPMC_ERR_FORKED; nothing
 * changes on failure.
 * \par Threads one at a time.
 * \since 0.1
 */
TPMC_API int tpmc_env_set(tpmc_env *env, const char *name, const char *value, tpmc_error *err);

/**
 * \brief Sets the HTTP transport. It runs with no lock held, so it may use the library, but not
 * wait for the call it serves.
 * \param[in] env the environment.
 * \param[in] fn the callback; NULL restores the default.
 * \param[in] user handed to every call.
 * \param[in] release called once when the callback is no longer needed; may be NULL.
 * \param[out] err detail of a failure; may be NULL.
 * \return 0, TPMC_ERR_ARGUMENT, TPMC_ERR_STATE or TPMC_ERR_FORKED; nothing changes on failure.
 * \par Threads one at a time.
 * \since 0.1
 */
TPMC_API int tpmc_env_set_http(tpmc_env *env, tpmc_http_fn fn, void *user, tpmc_release_fn release,
                               tpmc_error *err);

/**
 * \brief Sets the wall clock. It may run while the library holds locks.
 * \param[in] env the environment.
 * \param[in] fn the callback; NULL restores the default.
 * \param[in] user handed to every call.
 * \param[in] release called once when the callback is no longer needed; may be NULL.
 * \param[out] err detail of a failure; may be NULL.
 * \return 0, TPMC_ERR_ARGUMENT, TPMC_ERR_STATE or TPMC_ERR_FORKED; nothing changes on failure.
 * \par Threads one at a time.
 * \since 0.1
 */
TPMC_API int tpmc_env_set_wall_clock(tpmc_env *env, tpmc_clock_fn fn, void *user,
                                     tpmc_release_fn release, tpmc_error *err);

/**
 * \brief Sets the monotonic clock. It may run while the library holds locks.
 * \param[in] env the environment.
 * \param[in] fn the callback; NULL restores the default.
 * \param[in] user handed to every call.
 * \param[in] release called once when the callback is no longer needed; may be NULL.
 * \param[out] err detail of a failure; may be NULL.
 * \return 0, TPMC_ERR_ARGUMENT, TPMC_ERR_STATE or TPMC_ERR_FORKED; nothing changes on failure.
 * \par Threads one at a time.
 * \since 0.1
 */
TPMC_API int tpmc_env_set_monotonic_clock(tpmc_env *env, tpmc_clock_fn fn, void *user,
                                          tpmc_release_fn release, tpmc_error *err);

/**
 * \brief Sets how the library waits. It may run while the library holds locks.
 * \param[in] env the environment.
 * \param[in] fn the callback; NULL restores the default.
 * \param[in] user handed to every call.
 * \param[in] release called once when the callback is no longer needed; may be NULL.
 * \param[out] err detail of a failure; may be NULL.
 * \return 0, TPMC_ERR_ARGUMENT, TPMC_ERR_STATE or TPMC_ERR_FORKED; nothing changes on failure.
 * \par Threads one at a time.
 * \since 0.1
 */
TPMC_API int tpmc_env_set_sleep(tpmc_env *env, tpmc_sleep_fn fn, void *user,
                                tpmc_release_fn release, tpmc_error *err);

/**
 * \brief Sets the check for cancellation; the default never stops. It may run while the library
 * holds locks.
 * \param[in] env the environment.
 * \param[in] fn the callback; NULL restores the default.
 * \param[in] user handed to every call.
 * \param[in] release called once when the callback is no longer needed; may be NULL.
 * \param[out] err detail of a failure; may be NULL.
 * \return 0, TPMC_ERR_ARGUMENT, TPMC_ERR_STATE or TPMC_ERR_FORKED; nothing changes on failure.
 * \par Threads one at a time.
 * \since 0.1
 */
TPMC_API int tpmc_env_set_should_stop(tpmc_env *env, tpmc_should_stop_fn fn, void *user,
                                      tpmc_release_fn release, tpmc_error *err);

/**
 * \brief Sets the source of nonces and jitter. It may run while the library holds locks.
 * \param[in] env the environment.
 * \param[in] fn the callback; NULL restores the default.
 * \param[in] user handed to every call.
 * \param[in] release called once when the callback is no longer needed; may be NULL.
 * \param[out] err detail of a failure; may be NULL.
 * \return 0, TPMC_ERR_ARGUMENT, TPMC_ERR_STATE or TPMC_ERR_FORKED; nothing changes on failure.
 * \par Threads one at a time.
 * \since 0.1
 */
TPMC_API int tpmc_env_set_random(tpmc_env *env, tpmc_random_fn fn, void *user,
                                 tpmc_release_fn release, tpmc_error *err);

/**
 * \brief Sets the log; there is none by default. It may run while the library holds locks.
 * \param[in] env the environment.
 * \param[in] fn the callback; NULL restores the default.
 * \param[in] user handed to every call.
 * \param[in] release called once when the callback is no longer needed; may be NULL.
 * \param[out] err detail of a failure; may be NULL.
 * \return 0, TPMC_ERR_ARGUMENT, TPMC_ERR_STATE or TPMC_ERR_FORKED; nothing changes on failure.
 * \par Threads one at a time.
 * \since 0.1
 */
TPMC_API int tpmc_env_set_log(tpmc_env *env, tpmc_log_fn fn, void *user, tpmc_release_fn release,
                              tpmc_error *err);

#ifdef __cplusplus
}
#endif

#endif
