/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_PROTO_CACHE_LINES_H
#define TPMC_PROTO_CACHE_LINES_H

#include "proto/cache.h"

/* The bytes of a key: the SHA-256 of what tells one request from another. */
#define TPMC__CACHE_KEY_SIZE 32
/* The longest time for which a request is not repeated because an answer asked to wait. */
#define TPMC__CACHE_MAX_WAIT_MS (INT64_C(3600) * 1000)

/*
 * Expiring values of one object that many kinds of requests are made to, one tpmc__cache for each
 * kind. There is room for a fixed number of them; the one that was not asked for longest gives
 * place to a new one.
 *
 * A refresh that fails with retry-after in its error is not repeated before that time: until then
 * the same failure is the answer, with the time that is left.
 */
typedef struct tpmc__cache_lines tpmc__cache_lines;

/* `env` must outlive it. `max` is at least 1. */
int tpmc__cache_lines_new(tpmc_env *env, const tpmc__cache_type *type, size_t max,
                          tpmc__cache_lines **out, tpmc_error *err);
/* NULL is fine. Takes no lock: nobody else uses it any more. Safe in a forked child. */
void tpmc__cache_lines_free(tpmc__cache_lines *lines);
/* As tpmc__cache_get() for the value of a key; TPMC_ERR_NOMEM also when there is none for a new
 * line. */
int tpmc__cache_lines_get(tpmc__cache_lines *lines, const uint8_t key[TPMC__CACHE_KEY_SIZE],
                          tpmc__cache_refresh_fn refresh, void *context, void **out,
                          tpmc_error *err);

#endif
