/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_CLI_COMMAND_LIST_H
#define TPMC_CLI_COMMAND_LIST_H

#include <stdio.h>

#include "cli/command.h"

/* The command that the arguments begin with, and how many of them spell its name; NULL when there
 * is none. */
const cli_command *cli_command_find(const cli_command_list *commands, int argc, char **argv,
                                    int *words);

/* Whether commands of two words begin with this one, as "key" does. */
int cli_command_is_group(const cli_command_list *commands, const char *word);
/* Writes the usage of each of them. */
void cli_command_put_group(FILE *out, const cli_command_list *commands, const char *word);

/* Says on stderr that there is no such command, with the nearest one: CLI_USAGE. */
int cli_command_unknown(const cli_command_list *commands, int argc, char **argv);

#endif
