/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/cache_lines.h"

#include <string.h>

#include "base/error_int.h"
#include "base/mem.h"

/* A line is held by the table and by each caller that uses it, so that one that gives place goes
 * when the last caller is done. */
typedef struct line {
    tpmc__ref ref;
    tpmc_env *env;
    tpmc__cache *cache;
    uint8_t key[TPMC__CACHE_KEY_SIZE];
    uint64_t last_use;        /* under the table's mutex */
    int64_t blocked_until_ms; /* monotonic; this and what follows: of the refreshing thread */
    int blocked_status;
    tpmc_error *blocked_error;
} line;

struct tpmc__cache_lines {
    tpmc_env *env;
    const tpmc__cache_type *type;
    size_t max;
    pthread_mutex_t mutex; /* guards what follows; no callback runs under it */
    size_t count;
    uint64_t uses;
    line **items;
};

/* One caller's refresh. */
typedef struct renewal {
    line *line;
    tpmc__cache_refresh_fn refresh;
    void *context;
} renewal;

static void drop_line(line *old)
{
    if (old == NULL || !tpmc__ref_drop(&old->ref))
        return;
    tpmc__cache_free(old->cache);
    tpmc_error_free(old->blocked_error);
    tpmc__mem_free(old);
}

static int new_line(tpmc__cache_lines *lines, const uint8_t *key, line **out, tpmc_error *err)
{
    line *made = tpmc__mem_new(1, sizeof(*made));
    int status;

    if (made == NULL)
        return tpmc__fail_nomem(err);
    tpmc__ref_init(&made->ref);
    made->env = lines->env;
    memcpy(made->key, key, sizeof(made->key));
    status = tpmc_error_new(&made->blocked_error);
    if (status != 0)
        status = tpmc__fail_nomem(err);
    else
        status = tpmc__cache_new(lines->env, lines->type, &made->cache, err);
    if (status == 0)
        *out = made;
    else
        drop_line(made);
    return status;
}

int tpmc__cache_lines_new(tpmc_env *env, const tpmc__cache_type *type, size_t max,
                          tpmc__cache_lines **out, tpmc_error *err)
{
    tpmc__cache_lines *lines;

    *out = NULL;
    lines = tpmc__mem_new(1, sizeof(*lines));
    if (lines == NULL)
        return tpmc__fail_nomem(err);
    lines->env = env;
    lines->type = type;
    lines->max = max;
    lines->items = tpmc__mem_new(max, sizeof(line *));
    if (lines->items == NULL || pthread_mutex_init(&lines->mutex, NULL) != 0) {
        tpmc__mem_free(lines->items);
        tpmc__mem_free(lines);
        return tpmc__fail_nomem(err);
    }
    *out = lines;
    return 0;
}

void tpmc__cache_lines_free(tpmc__cache_lines *lines)
{
    if (lines == NULL)
        return;
    for (size_t i = 0; i < lines->count; i++)
        drop_line(lines->items[i]);
    /* In a child process the parent's threads may seem to hold it for ever. */
    if (!tpmc__env_forked(lines->env))
        (void)pthread_mutex_destroy(&lines->mutex);
    tpmc__mem_free(lines->items);
    tpmc__mem_free(lines);
}

/* The place of a key, or that of a line that gives place to it, or a free one. */
static size_t place_of(const tpmc__cache_lines *lines, const uint8_t *key)
{
    size_t oldest = 0;

    for (size_t i = 0; i < lines->count; i++) {
        if (memcmp(lines->items[i]->key, key, TPMC__CACHE_KEY_SIZE) == 0)
            return i;
        if (lines->items[i]->last_use < lines->items[oldest]->last_use)
            oldest = i;
    }
    return lines->count < lines->max ? lines->count : oldest;
}

/* Finds the line of a key under the mutex, and makes it if need be. `*former` is the one that gave
 * place. */
static int find_line(tpmc__cache_lines *lines, const uint8_t *key, line **out, line **former,
                     tpmc_error *err)
{
    size_t at = place_of(lines, key);
    int is_free = at == lines->count;
    line *made = NULL;
    int status;

    if (is_free || memcmp(lines->items[at]->key, key, TPMC__CACHE_KEY_SIZE) != 0) {
        status = new_line(lines, key, &made, err);
        if (status != 0)
            return status;
        if (is_free)
            lines->count++;
        else
            *former = lines->items[at];
        lines->items[at] = made;
    }
    lines->uses++;
    lines->items[at]->last_use = lines->uses;
    tpmc__ref_take(&lines->items[at]->ref);
    *out = lines->items[at];
    return 0;
}

/* Remembers what a failing answer asks to wait. */
static void block(line *self, int status, const tpmc_error *err)
{
    int64_t wait_ms = tpmc_error_retry_after_ms(err);
    int64_t now_ms = 0;

    if (wait_ms <= 0 || tpmc__env_monotonic_ms(self->env, &now_ms, NULL) != 0)
        return;
    if (wait_ms > TPMC__CACHE_MAX_WAIT_MS)
        wait_ms = TPMC__CACHE_MAX_WAIT_MS;
    self->blocked_until_ms = now_ms + wait_ms;
    self->blocked_status = status;
    tpmc__error_copy(self->blocked_error, err);
}

static int renew(void *context, tpmc__cache_entry *out, tpmc_error *err)
{
    const renewal *self = context;
    line *own = self->line;
    int64_t now_ms = 0;
    int status;

    status = tpmc__env_monotonic_ms(own->env, &now_ms, err);
    if (status != 0)
        return status;
    if (now_ms < own->blocked_until_ms) {
        tpmc__error_copy(err, own->blocked_error);
        tpmc__error_prefix(err, "not asked again, since the last answer said to wait");
        tpmc__error_set_retry_after_ms(err, own->blocked_until_ms - now_ms);
        return own->blocked_status;
    }
    status = self->refresh(self->context, out, err);
    if (status != 0)
        block(own, status, err);
    return status;
}

int tpmc__cache_lines_get(tpmc__cache_lines *lines, const uint8_t key[TPMC__CACHE_KEY_SIZE],
                          tpmc__cache_refresh_fn refresh, void *context, void **out,
                          tpmc_error *err)
{
    renewal self = { NULL, refresh, context };
    line *former = NULL;
    int status;

    *out = NULL;
    (void)pthread_mutex_lock(&lines->mutex);
    status = find_line(lines, key, &self.line, &former, err);
    (void)pthread_mutex_unlock(&lines->mutex);
    drop_line(former);
    if (status != 0)
        return status;
    status = tpmc__cache_get(self.line->cache, renew, &self, out, err);
    /* No lock: a callback may have forked, and in the child it may be held for ever. */
    drop_line(self.line);
    return status;
}
