/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_AWS_HMAC_SIGNING_KEYS_H
#define TPMC_AWS_HMAC_SIGNING_KEYS_H

#include "base/lock.h"
#include "base/secret.h"
#include "proto/sigv4_key.h"

/* How many are kept at once. */
#define TPMC__SIGNING_KEYS_MAX 8

/* A signing key and what it is for. */
typedef struct tpmc__kept_key {
    tpmc__secret key;
    char date[9];
    char region[TPMC__SIGV4_NAME_MAX + 1];
    char service[TPMC__SIGV4_NAME_MAX + 1];
} tpmc__kept_key;

/* The signing keys that were used last. Any threads may use them at once. */
typedef struct tpmc__signing_keys {
    tpmc__lock making;     /* held while a key is made, so that it is made once */
    pthread_mutex_t mutex; /* guards what follows, held for a few instructions */
    tpmc__kept_key items[TPMC__SIGNING_KEYS_MAX];
    size_t next; /* the one to be replaced next */
} tpmc__signing_keys;

int tpmc__signing_keys_init(tpmc__signing_keys *keys, tpmc_error *err);
/* Wipes them. In a child process too. */
void tpmc__signing_keys_free(tpmc__signing_keys *keys, const tpmc_env *env);
/*
 * Copies the key of a scope to `key`; one that is not kept is made by `make` with no mutex held,
 * while others who want it wait, at most for the environment's `timeout_ms`. A key is only kept for
 * the day that it is for: the scope says which that is.
 */
int tpmc__signing_keys_get(tpmc__signing_keys *keys, tpmc_env *env, tpmc__sigv4_key_fn make,
                           void *context, const tpmc__sigv4_scope *scope,
                           uint8_t key[TPMC__SIGV4_KEY_SIZE], tpmc_error *err);

#endif
