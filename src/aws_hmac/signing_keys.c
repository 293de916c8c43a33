/* SPDX-License-Identifier: Apache-2.0 */
#include "aws_hmac/signing_keys.h"

#include <string.h>

#include "base/error_int.h"

int tpmc__signing_keys_init(tpmc__signing_keys *keys, tpmc_error *err)
{
    int status;

    memset(keys, 0, sizeof(*keys));
    status = tpmc__lock_init(&keys->making, err);
    if (status != 0)
        return status;
    if (pthread_mutex_init(&keys->mutex, NULL) != 0) {
        tpmc__lock_destroy(&keys->making);
        return tpmc__fail_nomem(err);
    }
    return 0;
}

void tpmc__signing_keys_free(tpmc__signing_keys *keys, const tpmc_env *env)
{
    for (size_t i = 0; i < TPMC__SIGNING_KEYS_MAX; i++)
        tpmc__secret_clear(&keys->items[i].key);
    /* In a child process a thread of the parent may seem to hold it for ever. */
    if (!tpmc__env_forked(env))
        (void)pthread_mutex_destroy(&keys->mutex);
    tpmc__lock_destroy(&keys->making);
}

static int is_for(const tpmc__kept_key *kept, const tpmc__sigv4_scope *scope)
{
    return tpmc__secret_is_set(&kept->key) && strcmp(kept->date, scope->date) == 0 &&
           strcmp(kept->region, scope->region) == 0 && strcmp(kept->service, scope->service) == 0;
}

static int find(tpmc__signing_keys *keys, const tpmc__sigv4_scope *scope,
                uint8_t key[TPMC__SIGV4_KEY_SIZE])
{
    int found = 0;

    (void)pthread_mutex_lock(&keys->mutex);
    for (size_t i = 0; i < TPMC__SIGNING_KEYS_MAX && !found; i++) {
        if (!is_for(&keys->items[i], scope))
            continue;
        memcpy(key, keys->items[i].key.data, TPMC__SIGV4_KEY_SIZE);
        found = 1;
    }
    (void)pthread_mutex_unlock(&keys->mutex);
    return found;
}

/* One of the same region and service is of a day that is over. */
static tpmc__kept_key *place_for(tpmc__signing_keys *keys, const tpmc__sigv4_scope *scope)
{
    tpmc__kept_key *kept;

    for (size_t i = 0; i < TPMC__SIGNING_KEYS_MAX; i++) {
        kept = &keys->items[i];
        if (strcmp(kept->region, scope->region) == 0 && strcmp(kept->service, scope->service) == 0)
            return kept;
    }
    kept = &keys->items[keys->next];
    keys->next = (keys->next + 1) % TPMC__SIGNING_KEYS_MAX;
    return kept;
}

/* The parts of a scope that was signed for fit. */
static void copy_scope(tpmc__kept_key *kept, const tpmc__sigv4_scope *scope)
{
    memcpy(kept->date, scope->date, strlen(scope->date) + 1);
    memcpy(kept->region, scope->region, strlen(scope->region) + 1);
    memcpy(kept->service, scope->service, strlen(scope->service) + 1);
}

static int keep(tpmc__signing_keys *keys, const tpmc__sigv4_scope *scope,
                const uint8_t key[TPMC__SIGV4_KEY_SIZE], tpmc_error *err)
{
    tpmc__kept_key *kept;
    int status;

    (void)pthread_mutex_lock(&keys->mutex);
    kept = place_for(keys, scope);
    status = tpmc__secret_set(&kept->key, key, TPMC__SIGV4_KEY_SIZE, err);
    if (status == 0)
        copy_scope(kept, scope);
    (void)pthread_mutex_unlock(&keys->mutex);
    return status;
}

static int make_and_keep(tpmc__signing_keys *keys, tpmc__sigv4_key_fn make, void *context,
                         const tpmc__sigv4_scope *scope, uint8_t key[TPMC__SIGV4_KEY_SIZE],
                         tpmc_error *err)
{
    int status;

    if (find(keys, scope, key))
        return 0;
    status = make(context, scope, key, err);
    return status == 0 ? keep(keys, scope, key, err) : status;
}

int tpmc__signing_keys_get(tpmc__signing_keys *keys, tpmc_env *env, tpmc__sigv4_key_fn make,
                           void *context, const tpmc__sigv4_scope *scope,
                           uint8_t key[TPMC__SIGV4_KEY_SIZE], tpmc_error *err)
{
    int64_t now_ms = 0;
    int status;

    if (find(keys, scope, key))
        return 0;
    status = tpmc__env_monotonic_ms(env, &now_ms, err);
    if (status == 0)
        status = tpmc__lock_acquire(
            &keys->making, env, now_ms + tpmc__options_number(&env->options, TPMC__ENV_TIMEOUT_MS),
            "the signing key that another thread makes", err);
    if (status != 0)
        return status;
    status = make_and_keep(keys, make, context, scope, key, err);
    tpmc__lock_release(&keys->making);
    return status;
}
