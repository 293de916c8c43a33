/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_UNIT_CACHE_FIXTURE_H
#define TESTS_UNIT_CACHE_FIXTURE_H

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "base/error_int.h"
#include "proto/cache.h"
#include "unit/fake_env.h"

#define LIFE_MS (3600 * 1000)
/* The margin of a value that lives an hour, when there is no jitter. */
#define MARGIN_MS (300 * 1000)

/* What the cache holds: a number, counted so that none is lost or freed twice. */
typedef struct number {
    atomic_int references;
    int value;
} number;

static atomic_int live_numbers;

static inline void *number_ref(void *value)
{
    number *self = value;

    check(atomic_fetch_add(&self->references, 1) > 0);
    return self;
}

static inline void number_unref(void *value)
{
    number *self = value;

    if (atomic_fetch_sub(&self->references, 1) > 1)
        return;
    free(self);
    atomic_fetch_sub(&live_numbers, 1);
}

static const tpmc__cache_type number_type = { number_ref, number_unref };

/* A cache, and where its values come from. */
typedef struct cache_bench {
    fake_env fake;
    tpmc_env *env;
    tpmc__cache *cache;
    tpmc_error *err;
    atomic_int refreshes;  /* begun so far */
    atomic_int status;     /* what the next refresh returns */
    atomic_llong life_ms;  /* of the next value, which may be negative */
    atomic_llong takes_ms; /* by both clocks */
    atomic_int gate;       /* while 1, a refresh does not end */
} cache_bench;

static inline void real_sleep_ms(long ms)
{
    struct timespec span = { ms / 1000, ms % 1000 * 1000000 };

    (void)nanosleep(&span, NULL);
}

static inline int refresh(void *context, tpmc__cache_entry *out, tpmc_error *err)
{
    cache_bench *b = context;
    int n = atomic_fetch_add(&b->refreshes, 1) + 1;
    int status = atomic_load(&b->status);
    number *made;

    while (atomic_load(&b->gate))
        real_sleep_ms(1);
    fake_env_pass(&b->fake, atomic_load(&b->takes_ms));
    if (status != 0)
        return tpmc__fail(err, status, "refresh %d failed", n);
    made = calloc(1, sizeof(*made));
    check(made != NULL);
    atomic_init(&made->references, 1);
    made->value = n;
    atomic_fetch_add(&live_numbers, 1);
    out->value = made;
    out->expires_at_ms = atomic_load(&b->fake.wall_ms) + atomic_load(&b->life_ms);
    return 0;
}

static inline cache_bench *new_cache_bench(void)
{
    cache_bench *b = calloc(1, sizeof(*b));

    check(b != NULL);
    b->env = fake_env_new(&b->fake);
    atomic_store(&b->life_ms, LIFE_MS);
    check(tpmc_error_new(&b->err) == 0);
    check(tpmc__cache_new(b->env, &number_type, &b->cache, b->err) == 0);
    return b;
}

static inline void free_cache_bench(cache_bench *b)
{
    tpmc__cache_free(b->cache);
    tpmc_env_free(b->env);
    tpmc_error_free(b->err);
    free(b);
    check(atomic_load(&live_numbers) == 0);
}

/* The number that the cache gives; a negative code on failure. */
static inline int get_number(cache_bench *b, tpmc_error *err)
{
    void *value = b;
    int status = tpmc__cache_get(b->cache, refresh, b, &value, err);
    int n;

    if (status != 0) {
        check(value == NULL);
        return status;
    }
    n = ((number *)value)->value;
    number_unref(value);
    return n;
}

#endif
