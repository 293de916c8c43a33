/* SPDX-License-Identifier: Apache-2.0 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "tpm/context_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    tpmc__context context;

    if (tpmc__context_parse(data, size, &context) != 0)
        return 0;
    /* What is taken is bounded, and of an object. */
    if (context.blob_len == 0 || context.blob_len > TPMC__CONTEXT_BLOB_MAX ||
        context.saved_handle >> 24 != 0x80)
        abort();
    return 0;
}
