/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_UNIT_EACH_ALLOCATION_H
#define TESTS_UNIT_EACH_ALLOCATION_H

#include "unit/failing_alloc.h"

/*
 * Runs `attempt` with its first, second, ... allocation failing until it needs no more. It returns
 * what the library returned and checks its own results. Returns how many allocations there are, or
 * -1 when a failing one was reported as something else than `nomem`.
 */
static inline int each_allocation(int (*attempt)(void *context), void *context, int nomem)
{
    int status;
    int n;

    for (n = 1; n < 10000; n++) {
        fail_allocation((size_t)n);
        status = attempt(context);
        if (!allocation_failed())
            return status == 0 ? n - 1 : -1;
        if (status != nomem)
            return -1;
    }
    return -1;
}

#endif
