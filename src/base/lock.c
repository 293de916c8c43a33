/* SPDX-License-Identifier: Apache-2.0 */
#include "base/lock.h"

#include <time.h>
#include <unistd.h>

#include "base/error_int.h"

/* How long the should-stop callback and a deadline may go unseen, in real time. */
#define SLICE_MS 50

static int init_released(tpmc__lock *lock)
{
    pthread_condattr_t attributes;
    int reason;

    reason = pthread_condattr_init(&attributes);
    if (reason != 0)
        return reason;
    /* A step of the wall clock must not stretch a slice. */
    reason = pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    if (reason == 0)
        reason = pthread_cond_init(&lock->released, &attributes);
    (void)pthread_condattr_destroy(&attributes);
    return reason;
}

int tpmc__lock_init(tpmc__lock *lock, tpmc_error *err)
{
    int reason;

    lock->held = 0;
    lock->owner = pthread_self();
    lock->first = NULL;
    lock->pid = getpid();
    reason = pthread_mutex_init(&lock->mutex, NULL);
    if (reason != 0)
        return tpmc__fail_errno(err, reason, "a lock cannot be made");
    reason = init_released(lock);
    if (reason != 0) {
        (void)pthread_mutex_destroy(&lock->mutex);
        return tpmc__fail_errno(err, reason, "a lock cannot be made");
    }
    return 0;
}

void tpmc__lock_destroy(tpmc__lock *lock)
{
    if (getpid() != lock->pid)
        return;
    (void)pthread_cond_destroy(&lock->released);
    (void)pthread_mutex_destroy(&lock->mutex);
}

int tpmc__lock_try(tpmc__lock *lock)
{
    int taken;

    (void)pthread_mutex_lock(&lock->mutex);
    taken = !lock->held;
    if (taken) {
        lock->held = 1;
        lock->owner = pthread_self();
    }
    (void)pthread_mutex_unlock(&lock->mutex);
    return taken;
}

int tpmc__lock_is_mine(tpmc__lock *lock)
{
    int mine;

    (void)pthread_mutex_lock(&lock->mutex);
    mine = lock->held && pthread_equal(lock->owner, pthread_self());
    (void)pthread_mutex_unlock(&lock->mutex);
    return mine;
}

/*
 * Hands the lock to whoever waits longest. It stays held on the way: were it set free, a thread
 * that takes it again and again could keep all others out. The mutex is held.
 */
static void hand_over(tpmc__lock *lock)
{
    tpmc__lock_waiter *next = lock->first;

    if (next == NULL) {
        lock->held = 0;
        return;
    }
    lock->first = next->next;
    lock->owner = next->thread;
    next->granted = 1;
    (void)pthread_cond_broadcast(&lock->released);
}

void tpmc__lock_release(tpmc__lock *lock)
{
    (void)pthread_mutex_lock(&lock->mutex);
    hand_over(lock);
    (void)pthread_mutex_unlock(&lock->mutex);
}

/* Takes a free lock at once and returns 1, else queues up behind the others. */
static int queue_up(tpmc__lock *lock, tpmc__lock_waiter *self)
{
    tpmc__lock_waiter **place = &lock->first;
    int taken;

    self->thread = pthread_self();
    self->next = NULL;
    (void)pthread_mutex_lock(&lock->mutex);
    taken = !lock->held;
    self->granted = taken;
    if (taken) {
        lock->held = 1;
        lock->owner = self->thread;
    } else {
        while (*place != NULL)
            place = &(*place)->next;
        *place = self;
    }
    (void)pthread_mutex_unlock(&lock->mutex);
    return taken;
}

/* Leaves the queue; a lock that was granted meanwhile goes to the next one. */
static void give_up(tpmc__lock *lock, tpmc__lock_waiter *self)
{
    tpmc__lock_waiter **place = &lock->first;

    (void)pthread_mutex_lock(&lock->mutex);
    if (self->granted) {
        hand_over(lock);
    } else {
        while (*place != self)
            place = &(*place)->next;
        *place = self->next;
    }
    (void)pthread_mutex_unlock(&lock->mutex);
}

static void slice_end(struct timespec *end, int64_t ms)
{
    (void)clock_gettime(CLOCK_MONOTONIC, end);
    end->tv_nsec += (long)ms * 1000000L;
    if (end->tv_nsec >= 1000000000L) {
        end->tv_nsec -= 1000000000L;
        end->tv_sec++;
    }
}

/* Waits for at most `ms`; 1 when the lock is now this thread's. */
static int wait_slice(tpmc__lock *lock, const tpmc__lock_waiter *self, int64_t ms)
{
    struct timespec end;
    int reason = 0;
    int granted;

    slice_end(&end, ms);
    (void)pthread_mutex_lock(&lock->mutex);
    while (!self->granted && reason == 0)
        reason = pthread_cond_timedwait(&lock->released, &lock->mutex, &end);
    granted = self->granted;
    (void)pthread_mutex_unlock(&lock->mutex);
    return granted;
}

/* Whether waiting may go on, and for how long until the next look. Runs callbacks, so no mutex may
 * be held. */
static int next_slice(tpmc_env *env, int64_t deadline_ms, const char *what, int64_t *slice_ms,
                      tpmc_error *err)
{
    int64_t now_ms = 0;
    int status;

    status = tpmc__env_should_stop(env, err);
    if (status != 0)
        return status;
    status = tpmc__env_monotonic_ms(env, &now_ms, err);
    if (status != 0)
        return status;
    if (now_ms >= deadline_ms)
        return tpmc__fail(err, TPMC_ERR_TIMEOUT,
                          "%s was busy with other calls until the deadline of this one", what);
    *slice_ms = deadline_ms - now_ms < SLICE_MS ? deadline_ms - now_ms : SLICE_MS;
    return 0;
}

int tpmc__lock_acquire(tpmc__lock *lock, tpmc_env *env, int64_t deadline_ms, const char *what,
                       tpmc_error *err)
{
    tpmc__lock_waiter self;
    int64_t slice_ms = 0;
    int granted;
    int status = 0;

    if (tpmc__lock_is_mine(lock))
        return tpmc__fail(err, TPMC_ERR_STATE,
                          "this thread already uses %s: a callback cannot wait for the call that "
                          "runs it",
                          what);
    granted = queue_up(lock, &self);
    while (!granted && status == 0) {
        status = next_slice(env, deadline_ms, what, &slice_ms, err);
        if (status == 0)
            granted = wait_slice(lock, &self, slice_ms);
    }
    /* A callback may have forked: in the child the mutex may be held for ever. */
    if (status != 0 && !tpmc__env_forked(env))
        give_up(lock, &self);
    return status;
}
