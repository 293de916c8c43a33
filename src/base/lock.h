/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_BASE_LOCK_H
#define TPMC_BASE_LOCK_H

#include <pthread.h>

#include "base/env_int.h"

/* A thread that waits; lives on that call's stack. */
typedef struct tpmc__lock_waiter {
    pthread_t thread;
    int granted;
    struct tpmc__lock_waiter *next;
} tpmc__lock_waiter;

/*
 * A lock that may be held over I/O: waiting for it has a deadline, can be cancelled, and a thread
 * that would wait for itself gets TPMC_ERR_STATE instead. Who waits longest is next.
 */
typedef struct tpmc__lock {
    pthread_mutex_t mutex;
    pthread_cond_t released;
    int held;
    pthread_t owner;
    tpmc__lock_waiter *first;
    pid_t pid; /* the process that made it */
} tpmc__lock;

int tpmc__lock_init(tpmc__lock *lock, tpmc_error *err);
/* Does nothing in a child process, where the copy may look as if it were in use. */
void tpmc__lock_destroy(tpmc__lock *lock);
/*
 * `deadline_ms` is a time of the environment's monotonic clock. `what` names what is waited for,
 * such as "the TPM connection". Returns 0, TPMC_ERR_STATE, TPMC_ERR_TIMEOUT, TPMC_ERR_CANCELLED or
 * a code of the clock.
 */
int tpmc__lock_acquire(tpmc__lock *lock, tpmc_env *env, int64_t deadline_ms, const char *what,
                       tpmc_error *err);
/* Never waits: 1 when this thread now holds it, 0 when somebody (this thread included) did. */
int tpmc__lock_try(tpmc__lock *lock);
void tpmc__lock_release(tpmc__lock *lock);
/* 1 when this thread holds it. */
int tpmc__lock_is_mine(tpmc__lock *lock);

#endif
