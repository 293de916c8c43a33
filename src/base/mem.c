/* SPDX-License-Identifier: Apache-2.0 */
#include "base/mem.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

void *tpmc__mem_new(size_t count, size_t size)
{
    /* An empty block is a block too: NULL means one thing only. */
    if (count == 0 || size == 0)
        return calloc(1, 1);
    return calloc(count, size);
}

void *tpmc__mem_resize(void *block, size_t count, size_t size)
{
    if (count == 0 || size == 0)
        return realloc(block, 1);
    if (count > SIZE_MAX / size)
        return NULL;
    return realloc(block, count * size);
}

void tpmc__mem_free(void *block)
{
    free(block);
}

void *tpmc__mem_copy(const void *data, size_t len)
{
    void *copy;

    if (len == SIZE_MAX)
        return NULL;
    copy = tpmc__mem_new(len + 1, 1);
    if (copy != NULL && len > 0)
        memcpy(copy, data, len);
    return copy;
}

char *tpmc__mem_copy_text(const char *text)
{
    return tpmc__mem_copy(text, strlen(text));
}

void tpmc__mem_wipe(void *data, size_t len)
{
    if (data != NULL && len > 0)
        OPENSSL_cleanse(data, len);
}

void tpmc__mem_free_wiped(void *data, size_t len)
{
    tpmc__mem_wipe(data, len);
    tpmc__mem_free(data);
}
