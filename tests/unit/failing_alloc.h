/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_UNIT_FAILING_ALLOC_H
#define TESTS_UNIT_FAILING_ALLOC_H

/* For a test that is linked with tpmc_wrap_allocator(): makes the n-th allocation from now fail. */

#include <stddef.h>

/* 0: none fails; n: the n-th does. */
static size_t fail_countdown;

void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *block, size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *block, size_t size);

static int fails_now(void)
{
    if (fail_countdown == 0)
        return 0;
    fail_countdown--;
    return fail_countdown == 0;
}

void *__wrap_calloc(size_t count, size_t size)
{
    return fails_now() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *block, size_t size)
{
    return fails_now() ? NULL : __real_realloc(block, size);
}

static inline void fail_allocation(size_t n)
{
    fail_countdown = n;
}

/* 1 when the failure that was asked for has happened; asks for no more. */
static inline int allocation_failed(void)
{
    int failed = fail_countdown == 0;

    fail_countdown = 0;
    return failed;
}

#endif
