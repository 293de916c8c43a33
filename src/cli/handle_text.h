/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_CLI_HANDLE_TEXT_H
#define TPMC_CLI_HANDLE_TEXT_H

#include <stddef.h>
#include <stdint.h>

/* Reads "0x" and eight hexadecimal digits, which are all of the `len` bytes; 0 when they are not.
 * Which handles are allowed, the library knows. */
int cli_handle_parse(const char *text, size_t len, uint32_t *handle);

#endif
