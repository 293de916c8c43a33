/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_BASE_LOCK_H
#define TPMC_BASE_LOCK_H

#include <pthread.h>

#include "base/env_int.h"

/*
 * A lock that may be held over I/O: waiting for it has a deadline, can be cancelled, and a thread
 * that would wait for itself gets TPMC_ERR_STATE instead.
 */
typedef struct tpmc__lock {
    pthread_mutex_t mutex;
    pthread_cond_t released;
    int held;
    pthread_t owner;
} tpmc__lock;

int tpmc__lock_init(tpmc__lock *lock, tpmc_error *err);
void tpmc__lock_destroy(tpmc__lock *lock);
/*
 * `deadline_ms` is a time of the environment's monotonic clock. `what` names what is waited for,
 * such as "the TPM connection". Returns 0, TPMC_ERR_STATE, TPMC_ERR_TIMEOUT, TPMC_ERR_CANCELLED or
 * a code of the clock.
 */
int tpmc__lock_acquire(tpmc__lock *lock, tpmc_env *env, int64_t deadline_ms, const char *what,
                       tpmc_error *err);
/* Never waits: 1 when the lock is now held, 0 when somebody (this thread included) holds it. */
int tpmc__lock_try(tpmc__lock *lock);
void tpmc__lock_release(tpmc__lock *lock);
/* 1 when this thread holds it. */
int tpmc__lock_is_mine(tpmc__lock *lock);

#endif
