/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_BASE_SECRET_H
#define TPMC_BASE_SECRET_H

#include <stddef.h>
#include <stdint.h>

#include "tpmcloud/error.h"

/* A secret in memory of its own: locked where the system allows it, left out of core dumps, wiped
 * when cleared. */
typedef struct tpmc__secret {
    uint8_t *data; /* NULL when unset; not NULL for a secret that is set and empty */
    size_t len;
    size_t mapped; /* size of the mapping that `data` begins */
} tpmc__secret;

#define TPMC__SECRET_INIT                                                                          \
    {                                                                                              \
        NULL, 0, 0                                                                                 \
    }

/* Replaces the secret by a copy of `data`; NULL with len 0 unsets it. Unchanged on failure. */
int tpmc__secret_set(tpmc__secret *secret, const void *data, size_t len, tpmc_error *err);
int tpmc__secret_is_set(const tpmc__secret *secret);
void tpmc__secret_clear(tpmc__secret *secret);
/* Reads the first line of a file without its line end; at most `max` bytes count as a password. */
int tpmc__secret_read_file(tpmc__secret *secret, const char *path, size_t max, tpmc_error *err);

/* Pages for secrets, platform by platform: NULL when there is no memory. */
void *tpmc__secret_pages_new(size_t len, size_t *mapped);
void tpmc__secret_pages_free(void *pages, size_t mapped);

#endif
