/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_BASE_MEM_H
#define TPMC_BASE_MEM_H

#include <stddef.h>

/* The only place that calls the allocator, so that tests can make every allocation fail in turn. */

/* Zeroed memory; NULL when there is none, also for a product that overflows. */
void *tpmc__mem_new(size_t count, size_t size);
/* As realloc: on failure the old block stays. `count * size` may overflow: then NULL. */
void *tpmc__mem_resize(void *block, size_t count, size_t size);
void tpmc__mem_free(void *block);
/* Copies `len` bytes and appends a NUL; NULL when there is no memory. */
void *tpmc__mem_copy(const void *data, size_t len);
char *tpmc__mem_copy_text(const char *text);
/* Overwrites in a way the compiler keeps. */
void tpmc__mem_wipe(void *data, size_t len);
/* Wipes, then frees. */
void tpmc__mem_free_wiped(void *data, size_t len);

#endif
