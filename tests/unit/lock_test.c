/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/expect.h"

#include <errno.h>
#include <stdatomic.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/lock.h"

#define THREADS 8
#define ROUNDS 300
#define NEVER_MS (INT64_MAX / 8)

int __real_pthread_cond_init(pthread_cond_t *condition, const pthread_condattr_t *attributes);
int __wrap_pthread_cond_init(pthread_cond_t *condition, const pthread_condattr_t *attributes);

static int no_condition;

int __wrap_pthread_cond_init(pthread_cond_t *condition, const pthread_condattr_t *attributes)
{
    return no_condition ? EAGAIN : __real_pthread_cond_init(condition, attributes);
}

/* A clock that stands still unless it is moved, and a word to stop. */
typedef struct fixture {
    tpmc_error *err;
    tpmc_env *env;
    tpmc__lock lock;
    atomic_llong now_ms;
    atomic_int stop;
    atomic_int clock_status;
    atomic_int looks;   /* how often the clock was read */
    atomic_int waiting; /* threads about to wait */
    atomic_int inside;
    atomic_int wrong;
    int order[THREADS];
    atomic_int done;
} fixture;

static int read_time(void *user, int64_t *ms)
{
    fixture *fixed = user;

    atomic_fetch_add(&fixed->looks, 1);
    *ms = atomic_load(&fixed->now_ms);
    return atomic_load(&fixed->clock_status);
}

static int should_stop(void *user)
{
    fixture *fixed = user;

    return atomic_load(&fixed->stop);
}

static int setup(void **state)
{
    static const tpmc__env_defaults defaults;
    static fixture fixed;

    memset(&fixed, 0, sizeof(fixed));
    *state = &fixed;
    if (tpmc_error_new(&fixed.err) != 0 || tpmc__env_create(&defaults, &fixed.env, NULL) != 0)
        return -1;
    if (tpmc_env_set_monotonic_clock(fixed.env, read_time, &fixed, NULL, NULL) != 0 ||
        tpmc_env_set_should_stop(fixed.env, should_stop, &fixed, NULL, NULL) != 0)
        return -1;
    return tpmc__lock_init(&fixed.lock, fixed.err);
}

static int teardown(void **state)
{
    fixture *fixed = *state;

    tpmc__lock_destroy(&fixed->lock);
    tpmc_env_free(fixed->env);
    tpmc_error_free(fixed->err);
    return 0;
}

static void pause_ms(long ms)
{
    const struct timespec time = { ms / 1000, (ms % 1000) * 1000000L };

    (void)nanosleep(&time, NULL);
}

static void await(atomic_int *value, int at_least)
{
    int i;

    for (i = 0; i < 20000 && atomic_load(value) < at_least; i++)
        pause_ms(1);
    assert_true(atomic_load(value) >= at_least);
}

static int acquire(fixture *fixed, int64_t deadline_ms)
{
    return tpmc__lock_acquire(&fixed->lock, fixed->env, deadline_ms, "the connection", fixed->err);
}

static void *hold_and_release(void *arg)
{
    fixture *fixed = arg;

    if (!tpmc__lock_try(&fixed->lock))
        return arg;
    atomic_store(&fixed->inside, 1);
    while (atomic_load(&fixed->inside) == 1)
        pause_ms(1);
    tpmc__lock_release(&fixed->lock);
    return NULL;
}

static pthread_t start_holder(fixture *fixed)
{
    pthread_t thread;

    assert_int_equal(pthread_create(&thread, NULL, hold_and_release, fixed), 0);
    await(&fixed->inside, 1);
    return thread;
}

static void end_holder(fixture *fixed, pthread_t thread)
{
    void *failed = NULL;

    atomic_store(&fixed->inside, 2);
    assert_int_equal(pthread_join(thread, &failed), 0);
    assert_null(failed);
}

static void one_thread(void **state)
{
    fixture *fixed = *state;

    assert_false(tpmc__lock_is_mine(&fixed->lock));
    /* A free lock is taken without a look at clock or deadline. */
    expect_success(acquire(fixed, -1), fixed->err);
    assert_int_equal(atomic_load(&fixed->looks), 0);
    assert_true(tpmc__lock_is_mine(&fixed->lock));
    assert_false(tpmc__lock_try(&fixed->lock));
    tpmc__lock_release(&fixed->lock);
    assert_false(tpmc__lock_is_mine(&fixed->lock));
    assert_true(tpmc__lock_try(&fixed->lock));
    assert_true(tpmc__lock_is_mine(&fixed->lock));
    tpmc__lock_release(&fixed->lock);
}

static void a_thread_does_not_wait_for_itself(void **state)
{
    fixture *fixed = *state;

    expect_success(acquire(fixed, NEVER_MS), fixed->err);
    expect_failure(acquire(fixed, NEVER_MS), fixed->err, TPMC_ERR_STATE,
                   "this thread already uses the connection");
    assert_true(tpmc__lock_is_mine(&fixed->lock));
    tpmc__lock_release(&fixed->lock);
    assert_true(tpmc__lock_try(&fixed->lock));
    tpmc__lock_release(&fixed->lock);
}

static void a_held_lock_is_not_mine(void **state)
{
    fixture *fixed = *state;
    pthread_t holder = start_holder(fixed);

    assert_false(tpmc__lock_is_mine(&fixed->lock));
    assert_false(tpmc__lock_try(&fixed->lock));
    end_holder(fixed, holder);
    assert_true(tpmc__lock_try(&fixed->lock));
    tpmc__lock_release(&fixed->lock);
}

static void waiting_ends_at_the_deadline(void **state)
{
    fixture *fixed = *state;
    pthread_t holder = start_holder(fixed);

    atomic_store(&fixed->now_ms, 1000);
    expect_failure(acquire(fixed, 1000), fixed->err, TPMC_ERR_TIMEOUT,
                   "the connection was busy with other calls");
    expect_failure(acquire(fixed, INT64_MIN), fixed->err, TPMC_ERR_TIMEOUT, "the connection");
    assert_null(fixed->lock.first);
    end_holder(fixed, holder);
}

typedef struct waiter {
    fixture *fixed;
    int status;
} waiter;

static void *wait_for_lock(void *arg)
{
    waiter *self = arg;
    fixture *fixed = self->fixed;

    atomic_fetch_add(&fixed->waiting, 1);
    self->status = tpmc__lock_acquire(&fixed->lock, fixed->env, 5000, "it", NULL);
    if (self->status == 0)
        tpmc__lock_release(&fixed->lock);
    return NULL;
}

/* Runs `change` while a thread waits; returns how the wait ended. */
static int disturb(fixture *fixed, void (*change)(fixture *))
{
    pthread_t holder = start_holder(fixed);
    waiter self = { fixed, 99 };
    pthread_t thread;

    assert_int_equal(pthread_create(&thread, NULL, wait_for_lock, &self), 0);
    await(&fixed->looks, 2);
    change(fixed);
    assert_int_equal(pthread_join(thread, NULL), 0);
    end_holder(fixed, holder);
    assert_null(fixed->lock.first);
    assert_true(tpmc__lock_try(&fixed->lock));
    tpmc__lock_release(&fixed->lock);
    return self.status;
}

static void pass_time(fixture *fixed)
{
    atomic_store(&fixed->now_ms, 5000);
}

static void ask_to_stop(fixture *fixed)
{
    atomic_store(&fixed->stop, TPMC_ERR_CANCELLED);
}

static void break_clock(fixture *fixed)
{
    atomic_store(&fixed->clock_status, TPMC_ERR_CLOCK);
}

static void let_go(fixture *fixed)
{
    atomic_store(&fixed->inside, 2);
}

static void the_environments_clock_counts(void **state)
{
    assert_int_equal(disturb(*state, pass_time), TPMC_ERR_TIMEOUT);
}

static void waiting_can_be_cancelled(void **state)
{
    assert_int_equal(disturb(*state, ask_to_stop), TPMC_ERR_CANCELLED);
}

static void a_broken_clock_ends_waiting(void **state)
{
    assert_int_equal(disturb(*state, break_clock), TPMC_ERR_CLOCK);
}

static void waiting_ends_with_the_lock(void **state)
{
    assert_int_equal(disturb(*state, let_go), 0);
}

static void *count_inside(void *arg)
{
    fixture *fixed = arg;
    int i;

    for (i = 0; i < ROUNDS; i++) {
        if (tpmc__lock_acquire(&fixed->lock, fixed->env, NEVER_MS, "it", NULL) != 0)
            return arg;
        if (atomic_fetch_add(&fixed->inside, 1) != 0 || !tpmc__lock_is_mine(&fixed->lock))
            atomic_store(&fixed->wrong, 1);
        atomic_fetch_sub(&fixed->inside, 1);
        tpmc__lock_release(&fixed->lock);
    }
    return NULL;
}

static void many_threads_exclude_each_other(void **state)
{
    fixture *fixed = *state;
    pthread_t threads[THREADS];
    void *failed = NULL;
    size_t i;

    for (i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, count_inside, fixed), 0);
    for (i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(threads[i], &failed), 0);
        assert_null(failed);
    }
    assert_int_equal(atomic_load(&fixed->wrong), 0);
    assert_true(tpmc__lock_try(&fixed->lock));
    tpmc__lock_release(&fixed->lock);
}

typedef struct runner {
    fixture *fixed;
    int number;
} runner;

static void *note_order(void *arg)
{
    runner *self = arg;
    fixture *fixed = self->fixed;

    if (tpmc__lock_acquire(&fixed->lock, fixed->env, NEVER_MS, "it", NULL) != 0)
        return arg;
    fixed->order[atomic_fetch_add(&fixed->done, 1)] = self->number;
    tpmc__lock_release(&fixed->lock);
    return NULL;
}

static size_t queue_len(tpmc__lock *lock)
{
    const tpmc__lock_waiter *next;
    size_t len = 0;

    assert_int_equal(pthread_mutex_lock(&lock->mutex), 0);
    for (next = lock->first; next != NULL; next = next->next)
        len++;
    assert_int_equal(pthread_mutex_unlock(&lock->mutex), 0);
    return len;
}

static void who_waits_longest_is_next(void **state)
{
    fixture *fixed = *state;
    runner runners[THREADS];
    pthread_t threads[THREADS];
    void *failed = NULL;
    int i;

    expect_success(acquire(fixed, NEVER_MS), fixed->err);
    for (i = 0; i < THREADS; i++) {
        runners[i].fixed = fixed;
        runners[i].number = i;
        assert_int_equal(pthread_create(&threads[i], NULL, note_order, &runners[i]), 0);
        while (queue_len(&fixed->lock) < (size_t)i + 1)
            pause_ms(1);
    }
    tpmc__lock_release(&fixed->lock);
    /* Whoever wants it again at once stands behind them all. */
    assert_int_equal(acquire(fixed, NEVER_MS), 0);
    assert_int_equal(atomic_load(&fixed->done), THREADS);
    tpmc__lock_release(&fixed->lock);
    for (i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(threads[i], &failed), 0);
        assert_null(failed);
        assert_int_equal(fixed->order[i], i);
    }
}

/* The lock is released while the waiter's own callback cancels it: nobody may be left out. */
static int stop_and_let_go(void *user)
{
    fixture *fixed = user;

    if (atomic_load(&fixed->inside) != 1)
        return 0;
    atomic_store(&fixed->inside, 2);
    while (atomic_load(&fixed->done) == 0)
        pause_ms(1);
    return TPMC_ERR_CANCELLED;
}

static void *hold_and_tell(void *arg)
{
    fixture *fixed = arg;
    void *failed = hold_and_release(fixed);

    atomic_store(&fixed->done, 1);
    return failed;
}

static void a_lock_granted_too_late_is_passed_on(void **state)
{
    fixture *fixed = *state;
    pthread_t holder;
    pthread_t other;
    waiter self = { fixed, 99 };
    void *failed = NULL;

    assert_int_equal(pthread_create(&holder, NULL, hold_and_tell, fixed), 0);
    await(&fixed->inside, 1);
    assert_int_equal(tpmc_env_set_should_stop(fixed->env, stop_and_let_go, fixed, NULL, fixed->err),
                     0);
    expect_failure(acquire(fixed, NEVER_MS), fixed->err, TPMC_ERR_CANCELLED, "stop");
    assert_int_equal(pthread_join(holder, &failed), 0);
    assert_null(failed);
    assert_false(tpmc__lock_is_mine(&fixed->lock));
    assert_int_equal(pthread_create(&other, NULL, wait_for_lock, &self), 0);
    assert_int_equal(pthread_join(other, NULL), 0);
    assert_int_equal(self.status, 0);
}

static void a_lock_that_cannot_be_made(void **state)
{
    tpmc__lock lock;

    no_condition = 1;
    expect_failure(tpmc__lock_init(&lock, *state), *state, TPMC_ERR_IO,
                   "a lock cannot be made: Resource");
    no_condition = 0;
}

/* pthread_cond_destroy() would wait for waiters that the child does not have. */
static void a_child_may_drop_a_lock_in_use(void **state)
{
    fixture *fixed = *state;
    pthread_t holder = start_holder(fixed);
    waiter self = { fixed, 99 };
    pthread_t thread;
    int status = -1;
    pid_t child;

    assert_int_equal(pthread_create(&thread, NULL, wait_for_lock, &self), 0);
    await(&fixed->looks, 2);
    child = fork();
    if (child == 0) {
        (void)alarm(20);
        tpmc__lock_destroy(&fixed->lock);
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    end_holder(fixed, holder);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(self.status, 0);
}

#define WITH_LOCK(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_LOCK(one_thread),
        WITH_LOCK(a_thread_does_not_wait_for_itself),
        WITH_LOCK(a_held_lock_is_not_mine),
        WITH_LOCK(waiting_ends_at_the_deadline),
        WITH_LOCK(the_environments_clock_counts),
        WITH_LOCK(waiting_can_be_cancelled),
        WITH_LOCK(a_broken_clock_ends_waiting),
        WITH_LOCK(waiting_ends_with_the_lock),
        WITH_LOCK(many_threads_exclude_each_other),
        WITH_LOCK(who_waits_longest_is_next),
        WITH_LOCK(a_lock_granted_too_late_is_passed_on),
        WITH_ERROR(a_lock_that_cannot_be_made),
        WITH_LOCK(a_child_may_drop_a_lock_in_use),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
