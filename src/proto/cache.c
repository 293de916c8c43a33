/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/cache.h"

#include <time.h>

#include "base/error_int.h"
#include "base/mem.h"

/* A value is refreshed this long before its end, or a fifth of its life when that is less... */
#define MARGIN_MAX_MS (5 * 60 * 1000)
#define MARGIN_DIVISOR 5
/* ... and up to a quarter of the margin earlier, so that many machines do not ask in one moment. */
#define JITTER_DIVISOR 4
/* A wall clock that lost more than this was wrong when the value was made, or is wrong now. */
#define WALL_STEP_MS (60 * 1000)
/* Between early refreshes that fail. */
#define BACKOFF_FIRST_MS (10 * 1000)
#define BACKOFF_MAX_MS (2 * 60 * 1000)
/* How often a waiting thread looks at its deadline and at the call for a stop, in real time. */
#define WAIT_SLICE_NS (50 * 1000 * 1000)
#define SECOND_NS (1000 * 1000 * 1000)

/* Both clocks at one moment. */
typedef struct instant {
    int64_t wall_ms;
    int64_t monotonic_ms;
} instant;

typedef struct held_value {
    void *value; /* NULL: none */
    int64_t expires_at_ms;
    int64_t lifetime_ms;
    int64_t early_ms; /* how long before its end it is to be refreshed */
    instant obtained;
} held_value;

struct tpmc__cache {
    tpmc_env *env;
    const tpmc__cache_type *type;
    tpmc_error *refresh_error; /* belongs to the refreshing thread while there is one */
    pthread_mutex_t mutex;     /* guards what follows; no callback runs under it */
    pthread_cond_t ended;
    held_value held;
    int refreshing;
    pthread_t refresher;
    uint64_t refreshes; /* ended so far */
    int last_status;    /* of the last refresh */
    tpmc_error *last_error;
    int64_t backoff_ms;    /* 0: the last refresh succeeded */
    int64_t next_early_ms; /* monotonic */
};

/* One caller of tpmc__cache_get(). */
typedef struct caller {
    instant now;
    int64_t deadline_ms; /* monotonic */
    int has_waited;
    uint64_t ticket; /* `refreshes` when it began to wait */
} caller;

/* What a caller is to do. */
enum { TAKE_RESULT, REFRESH, WAIT };

static int64_t smaller(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* The environment keeps both within bounds, so that sums and differences do not overflow. */
static int read_clocks(tpmc_env *env, instant *now, tpmc_error *err)
{
    int status;

    status = tpmc__env_wall_ms(env, &now->wall_ms, err);
    if (status != 0)
        return status;
    status = tpmc__env_monotonic_ms(env, &now->monotonic_ms, err);
    if (status != 0)
        return status;
    /* In a child process that a callback made, the mutex may be held for ever. */
    if (tpmc__env_forked(env))
        return tpmc__env_enter(env, err);
    return 0;
}

/* How long the value has lived. Another thread may have obtained it after this one read the clock.
 */
static int64_t age(const held_value *held, const instant *now)
{
    int64_t ms = now->monotonic_ms - held->obtained.monotonic_ms;

    return ms < 0 ? 0 : ms;
}

/* By the clock that says less. */
static int64_t time_left(const held_value *held, const instant *now)
{
    return smaller(held->expires_at_ms - now->wall_ms, held->lifetime_ms - age(held, now));
}

static int is_valid(const held_value *held, const instant *now)
{
    return held->value != NULL && time_left(held, now) > 0;
}

static int wall_clock_stepped_back(const held_value *held, const instant *now)
{
    int64_t wall = now->wall_ms - held->obtained.wall_ms;
    int64_t monotonic = now->monotonic_ms - held->obtained.monotonic_ms;

    return monotonic - wall > WALL_STEP_MS;
}

static int is_fresh(const held_value *held, const instant *now)
{
    return held->value != NULL && time_left(held, now) > held->early_ms &&
           !wall_clock_stepped_back(held, now);
}

static int init_sync(tpmc__cache *cache)
{
    pthread_condattr_t attributes;

    if (pthread_condattr_init(&attributes) != 0)
        return TPMC_ERR_NOMEM;
    /* Setting the wall clock must not stretch a wait. */
    (void)pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    if (pthread_cond_init(&cache->ended, &attributes) != 0) {
        (void)pthread_condattr_destroy(&attributes);
        return TPMC_ERR_NOMEM;
    }
    (void)pthread_condattr_destroy(&attributes);
    if (pthread_mutex_init(&cache->mutex, NULL) != 0) {
        (void)pthread_cond_destroy(&cache->ended);
        return TPMC_ERR_NOMEM;
    }
    return 0;
}

int tpmc__cache_new(tpmc_env *env, const tpmc__cache_type *type, tpmc__cache **out, tpmc_error *err)
{
    tpmc__cache *cache;

    *out = NULL;
    cache = tpmc__mem_new(1, sizeof(*cache));
    if (cache == NULL)
        return tpmc__fail_nomem(err);
    cache->env = env;
    cache->type = type;
    if (tpmc_error_new(&cache->refresh_error) != 0 || tpmc_error_new(&cache->last_error) != 0 ||
        init_sync(cache) != 0) {
        tpmc_error_free(cache->refresh_error);
        tpmc_error_free(cache->last_error);
        tpmc__mem_free(cache);
        return tpmc__fail_nomem(err);
    }
    *out = cache;
    return 0;
}

void tpmc__cache_free(tpmc__cache *cache)
{
    if (cache == NULL)
        return;
    if (cache->held.value != NULL)
        cache->type->unref(cache->held.value);
    /* In a child process the parent's threads may seem to hold them for ever. */
    if (!tpmc__env_forked(cache->env)) {
        (void)pthread_mutex_destroy(&cache->mutex);
        (void)pthread_cond_destroy(&cache->ended);
    }
    tpmc_error_free(cache->refresh_error);
    tpmc_error_free(cache->last_error);
    tpmc__mem_free(cache);
}

/* The refresh that this caller waited for failed. A failure that comes from the state of the
 * refreshing thread, or from a stop that it was asked for, says nothing about the others. */
static int shares_failure(const tpmc__cache *cache, const caller *self)
{
    return self->has_waited && cache->refreshes != self->ticket && cache->last_status != 0 &&
           cache->last_status != TPMC_ERR_STATE && cache->last_status != TPMC_ERR_CANCELLED;
}

/* Decides under the mutex. With TAKE_RESULT the outcome is in `*status` and `*out`. */
static int decide(tpmc__cache *cache, caller *self, int *status, void **out, tpmc_error *err)
{
    if (cache->refreshing && pthread_equal(cache->refresher, pthread_self())) {
        *status = tpmc__fail(err, TPMC_ERR_STATE,
                             "this thread is already obtaining the same value: a callback must not "
                             "ask for what it is needed for");
        return TAKE_RESULT;
    }
    if (is_fresh(&cache->held, &self->now) ||
        (is_valid(&cache->held, &self->now) &&
         (cache->refreshing || self->now.monotonic_ms < cache->next_early_ms))) {
        *out = cache->type->ref(cache->held.value);
        return TAKE_RESULT;
    }
    if (shares_failure(cache, self)) {
        tpmc__error_copy(err, cache->last_error);
        *status = cache->last_status;
        return TAKE_RESULT;
    }
    if (cache->refreshing) {
        self->has_waited = 1;
        self->ticket = cache->refreshes;
        return WAIT;
    }
    cache->refreshing = 1;
    cache->refresher = pthread_self();
    return REFRESH;
}

static void wait_slice(tpmc__cache *cache, const caller *self)
{
    struct timespec until = { 0, 0 };

    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += WAIT_SLICE_NS;
    if (until.tv_nsec >= SECOND_NS) {
        until.tv_nsec -= SECOND_NS;
        until.tv_sec++;
    }
    (void)pthread_mutex_lock(&cache->mutex);
    if (cache->refreshing && cache->refreshes == self->ticket)
        (void)pthread_cond_timedwait(&cache->ended, &cache->mutex, &until);
    (void)pthread_mutex_unlock(&cache->mutex);
}

/* Waits a little, unless this caller's time is over. */
static int wait_for_refresh(tpmc__cache *cache, caller *self, tpmc_error *err)
{
    int status;

    if (self->now.monotonic_ms >= self->deadline_ms)
        return tpmc__fail(err, TPMC_ERR_TIMEOUT,
                          "another thread is obtaining the same value and did not end within the "
                          "environment's 'timeout_ms'");
    wait_slice(cache, self);
    status = tpmc__env_should_stop(cache->env, err);
    if (status != 0)
        return status;
    return read_clocks(cache->env, &self->now, err);
}

static int64_t jitter(tpmc_env *env, int64_t margin_ms)
{
    uint8_t bytes[4];
    uint32_t number;

    if (tpmc__env_random(env, bytes, sizeof(bytes), NULL) != 0)
        return 0;
    number = (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 |
             (uint32_t)bytes[3];
    return (int64_t)number % (margin_ms / JITTER_DIVISOR + 1);
}

/* How long before its end a value is to be refreshed: at least the usual margin. */
static int64_t margin_of(const tpmc__cache_entry *entry, int64_t usual_ms)
{
    int64_t wished_ms = entry->expires_at_ms - entry->renew_at_ms;

    return entry->renew_at_ms > 0 && wished_ms > usual_ms ? wished_ms : usual_ms;
}

/* Works out the times of a value that was obtained just now. */
static int assess(tpmc__cache *cache, const tpmc__cache_entry *entry, held_value *held,
                  tpmc_error *err)
{
    int64_t margin;
    int status;

    status = read_clocks(cache->env, &held->obtained, err);
    if (status != 0)
        return status;
    held->value = entry->value;
    held->expires_at_ms = entry->expires_at_ms;
    if (entry->expires_at_ms <= held->obtained.wall_ms)
        return tpmc__fail(
            err, TPMC_ERR_CLOCK,
            "what was obtained has expired already: its life is shorter than the time "
            "it takes to obtain it, or the system's clock was set meanwhile");
    held->lifetime_ms = entry->expires_at_ms - held->obtained.wall_ms;
    margin = smaller(MARGIN_MAX_MS, held->lifetime_ms / MARGIN_DIVISOR);
    held->early_ms = margin_of(entry, margin);
    /* Half of the time until then remains, whatever the jitter. */
    held->early_ms = smaller(held->early_ms + jitter(cache->env, margin),
                             held->lifetime_ms - (held->lifetime_ms - held->early_ms) / 2);
    /* The random callback may have forked. */
    if (tpmc__env_forked(cache->env))
        return tpmc__env_enter(cache->env, err);
    return 0;
}

/* With the mutex held: tells the waiting threads. */
static void end_refresh(tpmc__cache *cache, int status)
{
    cache->last_status = status;
    cache->refreshing = 0;
    cache->refreshes++;
    (void)pthread_cond_broadcast(&cache->ended);
}

static void publish(tpmc__cache *cache, const held_value *held, void **out)
{
    void *former;

    (void)pthread_mutex_lock(&cache->mutex);
    former = cache->held.value;
    cache->held = *held;
    cache->backoff_ms = 0;
    cache->next_early_ms = 0;
    *out = cache->type->ref(held->value);
    end_refresh(cache, 0);
    (void)pthread_mutex_unlock(&cache->mutex);
    if (former != NULL)
        cache->type->unref(former);
}

/* The held value while it is valid; else NULL. */
static void *take_valid(tpmc__cache *cache, const instant *now)
{
    void *value = NULL;

    (void)pthread_mutex_lock(&cache->mutex);
    if (is_valid(&cache->held, now))
        value = cache->type->ref(cache->held.value);
    (void)pthread_mutex_unlock(&cache->mutex);
    return value;
}

/* A refresh failed: what is still valid is served, and the next early attempt waits. */
static int fall_back(tpmc__cache *cache, const instant *now, int status, void **out,
                     tpmc_error *err)
{
    tpmc_error *error = cache->refresh_error;

    *out = take_valid(cache, now);
    if (*out != NULL)
        tpmc__env_log(cache->env, TPMC_LOG_WARNING,
                      "early renewal failed and will be tried again, what is held is still valid: "
                      "%s",
                      tpmc_error_text(error));
    else
        tpmc__error_copy(err, error);
    /* The log callback may have forked. */
    if (tpmc__env_forked(cache->env)) {
        if (*out != NULL)
            cache->type->unref(*out);
        *out = NULL;
        return tpmc__env_enter(cache->env, err);
    }
    (void)pthread_mutex_lock(&cache->mutex);
    cache->refresh_error = cache->last_error;
    cache->last_error = error;
    cache->backoff_ms =
        cache->backoff_ms == 0 ? BACKOFF_FIRST_MS : smaller(cache->backoff_ms * 2, BACKOFF_MAX_MS);
    cache->next_early_ms = now->monotonic_ms + cache->backoff_ms;
    end_refresh(cache, status);
    (void)pthread_mutex_unlock(&cache->mutex);
    return *out != NULL ? 0 : status;
}

/* This thread alone is refreshing. */
static int run_refresh(tpmc__cache *cache, tpmc__cache_refresh_fn refresh, void *context,
                       const instant *before, void **out, tpmc_error *err)
{
    tpmc__cache_entry entry = { NULL, 0, 0 };
    held_value held = { NULL, 0, 0, 0, { 0, 0 } };
    instant now;
    int status;

    tpmc__error_clear(cache->refresh_error);
    status = refresh(context, &entry, cache->refresh_error);
    if (status == 0) {
        status = assess(cache, &entry, &held, cache->refresh_error);
        if (status == 0) {
            publish(cache, &held, out);
            return 0;
        }
        cache->type->unref(entry.value);
    }
    if (read_clocks(cache->env, &now, NULL) != 0)
        now = *before;
    if (tpmc__env_forked(cache->env))
        return tpmc__env_enter(cache->env, err);
    return fall_back(cache, &now, status, out, err);
}

static int start(tpmc__cache *cache, caller *self, tpmc_error *err)
{
    int status = read_clocks(cache->env, &self->now, err);

    self->has_waited = 0;
    self->ticket = 0;
    self->deadline_ms =
        self->now.monotonic_ms + tpmc__options_number(&cache->env->options, TPMC__ENV_TIMEOUT_MS);
    return status;
}

int tpmc__cache_get(tpmc__cache *cache, tpmc__cache_refresh_fn refresh, void *context, void **out,
                    tpmc_error *err)
{
    caller self = { { 0, 0 }, 0, 0, 0 };
    int status;
    int step;

    *out = NULL;
    status = start(cache, &self, err);
    while (status == 0) {
        (void)pthread_mutex_lock(&cache->mutex);
        step = decide(cache, &self, &status, out, err);
        (void)pthread_mutex_unlock(&cache->mutex);
        if (step == TAKE_RESULT)
            return status;
        if (step == REFRESH)
            return run_refresh(cache, refresh, context, &self.now, out, err);
        status = wait_for_refresh(cache, &self, err);
    }
    return status;
}
