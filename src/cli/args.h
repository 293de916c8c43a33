/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_CLI_ARGS_H
#define TPMC_CLI_ARGS_H

#include "cli/entity_secret.h"
#include "cli/flags.h"
#include "cli/secret_input.h"

/* One flag that was given. */
typedef struct cli_given {
    cli_flag flag;
    const char *text; /* points into argv */
} cli_given;

/* A parsed command line. */
typedef struct cli_args {
    const cli_command *command;
    int wants_help;
    cli_given *given;
    size_t given_count;
    cli_secret secrets[CLI_SECRET_COUNT];
    cli_entities entities;
} cli_args;

/*
 * Parses what follows the command's name. Passwords are copied and then overwritten in argv.
 * CLI_OK, CLI_USAGE or CLI_FAILED, with a message on stderr; freed by the caller in every case.
 */
int cli_args_parse(cli_args *args, const cli_command *command, int argc, char **argv);
void cli_args_free(cli_args *args);

/* The last value of a flag of the command itself, or its default, or NULL. */
const char *cli_args_text(const cli_args *args, const char *name);
/* Whether a flag of the command itself of kind BOOLEAN is on. */
int cli_args_is_on(const cli_args *args, const char *name);
/* The last value given for an object's option, or NULL. */
const char *cli_args_option(const cli_args *args, int object, const char *name);

#endif
