/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_CLI_HELP_COMMAND_H
#define TPMC_CLI_HELP_COMMAND_H

#include "cli/command.h"

/* Whether an argument is --help. */
int cli_help_is_asked(const char *text);
/* Runs "help", followed by nothing, a command, the first word of some, or --man. */
int cli_help_run(const cli_command_list *commands, int argc, char **argv);
/* Prints the help of one command. */
int cli_help_print(const cli_command *command);
int cli_help_print_version(void);

#endif
