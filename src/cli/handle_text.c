/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/handle_text.h"

#include <stdlib.h>
#include <string.h>

#define PREFIX_LEN 2
#define HANDLE_DIGITS 8

int cli_handle_parse(const char *text, size_t len, uint32_t *handle)
{
    char digits[HANDLE_DIGITS + 1] = "";

    if (len != PREFIX_LEN + HANDLE_DIGITS || strncmp(text, "0x", PREFIX_LEN) != 0)
        return 0;
    memcpy(digits, text + PREFIX_LEN, HANDLE_DIGITS);
    if (strspn(digits, "0123456789abcdefABCDEF") != HANDLE_DIGITS)
        return 0;
    *handle = (uint32_t)strtoul(digits, NULL, 16);
    return 1;
}
