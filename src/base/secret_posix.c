/* SPDX-License-Identifier: Apache-2.0 */
#include "base/secret.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* POSIX has neither anonymous mappings nor a way to keep pages out of a core dump; it has whole
 * pages that can be locked. */
void *tpmc__secret_pages_new(size_t len, size_t *mapped)
{
    long page = sysconf(_SC_PAGESIZE);
    void *pages = NULL;
    size_t size;
    int reason;

    *mapped = 0;
    if (page <= 0 || len > SIZE_MAX - (size_t)page)
        return NULL;
    size = (len / (size_t)page + 1) * (size_t)page;
    reason = posix_memalign(&pages, (size_t)page, size);
    if (reason != 0)
        return NULL;
    memset(pages, 0, size);
    (void)mlock(pages, size);
    *mapped = size;
    return pages;
}

void tpmc__secret_pages_free(void *pages, size_t mapped)
{
    (void)munlock(pages, mapped);
    free(pages);
}
