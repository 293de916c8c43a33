/* SPDX-License-Identifier: Apache-2.0 */
#define _DEFAULT_SOURCE
#include "base/secret.h"

#include <sys/mman.h>
#include <unistd.h>

void *tpmc__secret_pages_new(size_t len, size_t *mapped)
{
    long page = sysconf(_SC_PAGESIZE);
    size_t size;
    void *pages;

    *mapped = 0;
    if (page <= 0 || len > SIZE_MAX - (size_t)page)
        return NULL;
    /* Whole pages, and at least one: a secret may be empty. */
    size = (len / (size_t)page + 1) * (size_t)page;
    pages = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (pages == MAP_FAILED)
        return NULL;
    /* An old kernel or a small RLIMIT_MEMLOCK is no reason to refuse to work. */
    (void)madvise(pages, size, MADV_DONTDUMP);
    (void)mlock(pages, size);
    *mapped = size;
    return pages;
}

void tpmc__secret_pages_free(void *pages, size_t mapped)
{
    (void)munlock(pages, mapped);
    (void)munmap(pages, mapped);
}
