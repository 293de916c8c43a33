/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "codec/json.h"

#define MAX_LEN 65536

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void print(const tpmc__json *json, tpmc__buf *out)
{
    tpmc__buf_init(out, 8 * MAX_LEN);
    (void)tpmc__json_print(json, out);
}

/* What is taken can be printed (but for an infinite number), read again and printed alike. Whatever
 * the scan takes cJSON must take too: a lack of memory would be a lie. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    tpmc__json *json = NULL;
    tpmc__json *again = NULL;
    tpmc__buf first;
    tpmc__buf second;
    int status = tpmc__json_parse(data, size, MAX_LEN, "the text", &json, NULL);

    if (status != 0 && (status != TPMC_ERR_FORMAT || json != NULL))
        abort();
    if (status != 0)
        return 0;
    print(json, &first);
    if (tpmc__buf_status(&first) == 0) {
        if (tpmc__json_parse(first.data, first.len, first.len, "the text", &again, NULL) != 0)
            abort();
        print(again, &second);
        if (first.len != second.len || memcmp(first.data, second.data, first.len) != 0)
            abort();
        tpmc__buf_free(&second);
        tpmc__json_free(again);
    }
    tpmc__buf_free(&first);
    tpmc__json_free(json);
    return 0;
}
