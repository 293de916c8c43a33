/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "codec/pem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A block that was read, written again and read once more is the same. */
static void check_round_trip(const tpmc__pem_block *block)
{
    tpmc__pem_block again;
    tpmc__buf text;
    size_t offset = 0;

    tpmc__buf_init(&text, 2 * block->der.len + 1000);
    if (tpmc__pem_write(block->label, block->der.data, block->der.len, &text) != 0)
        abort();
    if (tpmc__pem_next((const char *)text.data, text.len, &offset, &again, NULL) != 1)
        abort();
    if (offset != text.len || strcmp(again.label, block->label) != 0 ||
        again.der.len != block->der.len)
        abort();
    if (again.der.len > 0 && memcmp(again.der.data, block->der.data, again.der.len) != 0)
        abort();
    tpmc__pem_block_free(&again);
    tpmc__buf_free(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    tpmc__pem_block block;
    size_t offset = 0;
    size_t count = 0;

    while (tpmc__pem_next(text, size, &offset, &block, NULL) == 1) {
        count++;
        if (offset > size)
            abort();
        check_round_trip(&block);
        tpmc__pem_block_free(&block);
    }
    if (count > 0 && !tpmc__pem_looks_like(data, size))
        abort();
    return 0;
}
