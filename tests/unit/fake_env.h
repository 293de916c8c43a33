/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_UNIT_FAKE_ENV_H
#define TESTS_UNIT_FAKE_ENV_H

#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "support/check.h"
#include "tpmcloud/env.h"

#define FAKE_WALL_MS INT64_C(1750000000000)
#define FAKE_MONOTONIC_MS INT64_C(5000000)

/* Services that a test turns by hand, from any thread. */
typedef struct fake_env {
    atomic_llong wall_ms;
    atomic_llong monotonic_ms;
    atomic_int clock_status;
    atomic_int stop_status;
    atomic_int random_status;
    atomic_int random_byte;
    atomic_int logged;
    atomic_int log_level; /* of the last line */
    char log_text[1024];  /* of the last line; read it when no other thread logs */
} fake_env;

static inline int fake_wall_clock(void *user, int64_t *ms)
{
    fake_env *fake = user;

    *ms = atomic_load(&fake->wall_ms);
    return atomic_load(&fake->clock_status);
}

static inline int fake_monotonic_clock(void *user, int64_t *ms)
{
    fake_env *fake = user;

    *ms = atomic_load(&fake->monotonic_ms);
    return atomic_load(&fake->clock_status);
}

static inline int fake_should_stop(void *user)
{
    fake_env *fake = user;

    return atomic_load(&fake->stop_status);
}

static inline int fake_random(void *user, uint8_t *out, size_t len)
{
    fake_env *fake = user;

    memset(out, atomic_load(&fake->random_byte), len);
    return atomic_load(&fake->random_status);
}

static inline int fake_log(void *user, int level, const char *text)
{
    fake_env *fake = user;

    check(level == TPMC_LOG_WARNING || level == TPMC_LOG_INFO);
    atomic_store(&fake->log_level, level);
    atomic_fetch_add(&fake->logged, 1);
    (void)snprintf(fake->log_text, sizeof(fake->log_text), "%s", text);
    return 0;
}

/* An environment whose services are `fake`, which must outlive it. */
static inline tpmc_env *fake_env_new(fake_env *fake)
{
    tpmc_env *env = NULL;

    memset(fake->log_text, 0, sizeof(fake->log_text));
    atomic_init(&fake->wall_ms, FAKE_WALL_MS);
    atomic_init(&fake->monotonic_ms, FAKE_MONOTONIC_MS);
    atomic_init(&fake->clock_status, 0);
    atomic_init(&fake->stop_status, 0);
    atomic_init(&fake->random_status, 0);
    atomic_init(&fake->random_byte, 0);
    atomic_init(&fake->logged, 0);
    atomic_init(&fake->log_level, 0);
    check(tpmc_env_new(&env, NULL) == 0);
    check(tpmc_env_set_wall_clock(env, fake_wall_clock, fake, NULL, NULL) == 0);
    check(tpmc_env_set_monotonic_clock(env, fake_monotonic_clock, fake, NULL, NULL) == 0);
    check(tpmc_env_set_should_stop(env, fake_should_stop, fake, NULL, NULL) == 0);
    check(tpmc_env_set_random(env, fake_random, fake, NULL, NULL) == 0);
    check(tpmc_env_set_log(env, fake_log, fake, NULL, NULL) == 0);
    return env;
}

/* Lets both clocks run. */
static inline void fake_env_pass(fake_env *fake, int64_t ms)
{
    atomic_fetch_add(&fake->wall_ms, ms);
    atomic_fetch_add(&fake->monotonic_ms, ms);
}

#endif
