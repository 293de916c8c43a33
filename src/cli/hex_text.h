/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_CLI_HEX_TEXT_H
#define TPMC_CLI_HEX_TEXT_H

#include "tpmcloud/bytes.h"

/* Lower-case hexadecimal digits and what follows them; NULL with a message when memory ran out.
 * Freed with free(). */
char *cli_hex_text(const tpmc_bytes *bytes, const char *tail);

#endif
