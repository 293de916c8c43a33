/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/hex_text.h"

#include <stdlib.h>
#include <string.h>

#include "cli/message.h"

char *cli_hex_text(const tpmc_bytes *bytes, const char *tail)
{
    static const char digits[] = "0123456789abcdef";
    const uint8_t *data = tpmc_bytes_data(bytes);
    size_t len = tpmc_bytes_len(bytes);
    size_t tail_len = strlen(tail);
    char *text;
    size_t i;

    text = malloc(2 * len + tail_len + 1);
    if (text == NULL) {
        (void)cli_no_memory();
        return NULL;
    }
    for (i = 0; i < len; i++) {
        text[2 * i] = digits[data[i] >> 4];
        text[2 * i + 1] = digits[data[i] & 15];
    }
    memcpy(text + 2 * len, tail, tail_len + 1);
    return text;
}
