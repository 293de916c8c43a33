/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_CLI_TERMINAL_TEXT_H
#define TPMC_CLI_TERMINAL_TEXT_H

#include <stdio.h>

/* Writes a text that may come from anywhere: what a terminal would obey is spelt out. */
void cli_put_text(FILE *out, const char *text);

#endif
