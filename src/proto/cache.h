/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_PROTO_CACHE_H
#define TPMC_PROTO_CACHE_H

#include <pthread.h>

#include "base/env_int.h"

/*
 * One expiring value that many threads ask for. Fresh: returned at once, no lock held over I/O.
 * Near its expiry: exactly one caller refreshes, the others get the still-valid value. Expired or
 * none: one caller refreshes, the others wait for it, each with its own deadline, and share its
 * failure. A failing refresh never discards a value that is still valid, and is not repeated at
 * once.
 *
 * A value is valid as long as neither clock says that it has ended: the wall clock may be set back,
 * and the monotonic one may stand still while the machine sleeps.
 */

/* A shared immutable result, such as a token. */
typedef struct tpmc__cache_type {
    void *(*ref)(void *value);
    void (*unref)(void *value);
} tpmc__cache_type;

/* What a refresh brings: a value owned by the cache from then on, and its times (wall clock). */
typedef struct tpmc__cache_entry {
    void *value;
    int64_t expires_at_ms;
    int64_t renew_at_ms; /* when it shall be refreshed at the latest; 0: shortly before its end */
} tpmc__cache_entry;

/* Makes a new value. Runs with no lock held. */
typedef int (*tpmc__cache_refresh_fn)(void *context, tpmc__cache_entry *out, tpmc_error *err);

typedef struct tpmc__cache tpmc__cache;

/* `env` must outlive the cache. */
int tpmc__cache_new(tpmc_env *env, const tpmc__cache_type *type, tpmc__cache **out,
                    tpmc_error *err);
/* Takes no lock: nobody else uses the cache any more. Safe in a forked child. */
void tpmc__cache_free(tpmc__cache *cache);
/*
 * The value, with a reference of its own for the caller. TPMC_ERR_STATE when this thread is itself
 * refreshing; TPMC_ERR_TIMEOUT when another caller's refresh did not end within the environment's
 * `timeout_ms`; TPMC_ERR_CANCELLED when asked to stop meanwhile; TPMC_ERR_CLOCK when the new value
 * has ended already; else what `refresh` returned.
 */
int tpmc__cache_get(tpmc__cache *cache, tpmc__cache_refresh_fn refresh, void *context, void **out,
                    tpmc_error *err);

#endif
