/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_CLI_HELP_H
#define TPMC_CLI_HELP_H

#include <stdio.h>

#include "cli/flags.h"

/* A name and what it stands for. */
typedef struct cli_help_row {
    const char *term;
    const char *text;
} cli_help_row;

/* Rows up to a NULL term. */
extern const cli_help_row cli_help_environment[];
extern const cli_help_row cli_help_exit_status[];

/* What a flag and its neighbours of the same origin have in common. */
const char *cli_help_heading(const cli_flag *flag);
/* "--name VALUE", or "--name, --alias VALUE", and what follows the summary: "", " (required)" or "
 * (default: X)". */
void cli_help_put_usage(FILE *out, const cli_flag *flag);
void cli_help_put_note(FILE *out, const cli_flag *flag);

void cli_help_overview(FILE *out, const cli_command_list *commands);
void cli_help_command(FILE *out, const cli_command *command);
/* In man_page.c: all of it, in the man macros. */
void cli_help_man_page(FILE *out, const cli_command_list *commands);

#endif
