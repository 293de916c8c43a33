/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_CLI_FLAGS_H
#define TPMC_CLI_FLAGS_H

#include "cli/command.h"

typedef enum cli_flag_source {
    CLI_FLAG_OWN,        /* of the command itself */
    CLI_FLAG_OPTION,     /* an option of a library object */
    CLI_FLAG_SECRET,     /* a password in argv */
    CLI_FLAG_SECRET_FILE /* a file with a password */
} cli_flag_source;

/* One flag of a command, wherever it is declared. */
typedef struct cli_flag {
    cli_flag_source source;
    int object;   /* OPTION: TPMC_OBJECT_* */
    size_t index; /* in the table it comes from */
    int kind;     /* TPMC_OPTION_* */
    int required;
    const char *name;  /* spelt with `_` */
    const char *alias; /* another accepted spelling, or NULL */
    const char *value_name;
    const char *default_text; /* NULL when there is none */
    const char *summary;
    const char *const *words; /* OWN of kind CHOICE */
} cli_flag;

/* The longest flag name, with its NUL. */
#define CLI_FLAG_NAME_MAX 64

/* The i-th flag of a command, in the order of its help; 0 when there are no more. */
int cli_flag_at(const cli_command *command, size_t i, cli_flag *flag);

/* The i-th flag of the command's own; NULL when there are no more. */
const cli_own_flag *cli_own_flag_at(const cli_command *command, size_t i);

/* Finds a flag by its name or alias of `len` bytes, `-` or `_` alike; 0 when there is none. */
int cli_flag_find(const cli_command *command, const char *name, size_t len, cli_flag *flag);

/* Says on stderr that there is no such flag, with the nearest one. */
void cli_flag_unknown(const cli_command *command, const char *name, size_t len);

/* Writes "--name" as a person types it. */
void cli_flag_spell(const char *name, char out[CLI_FLAG_NAME_MAX]);
/* Copies a text of the library; what it calls option 'a_name' becomes option --a-name where the
 * command has such a flag. A text that leaves no room for one more flag
 * is cut; `capacity` is at least CLI_FLAG_NAME_MAX. */
void cli_flag_spell_options(const cli_command *command, const char *text, char *out,
                            size_t capacity);

#endif
