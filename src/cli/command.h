/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_CLI_COMMAND_H
#define TPMC_CLI_COMMAND_H

#include <stddef.h>

/* What the program exits with. */
enum { CLI_OK = 0, CLI_FAILED = 1, CLI_USAGE = 2 };

struct cli_args;

/* A flag of a command that is no option of a library object. */
typedef struct cli_own_flag {
    const char *name;       /* spelt with `_` */
    int kind;               /* TPMC_OPTION_TEXT, _CHOICE or _BOOLEAN */
    const char *value_name; /* TEXT: what stands for the value in the usage */
    const char *default_text;
    const char *const *words; /* CHOICE: NULL at the end */
    int required;
    const char *summary;
} cli_own_flag;

/* One command. Its flags are its own ones, every option of `objects` and, if
 * it uses a TPM, the password flags. */
typedef struct cli_command {
    const char *name;     /* words with one space between them: "key import" */
    const char *synopsis; /* what follows the name in the usage line */
    const char *summary;  /* one line */
    const char *about;    /* a paragraph */
    const cli_own_flag *flags;
    size_t flag_count;
    const int *objects; /* TPMC_OBJECT_*, in the order of the help */
    size_t object_count;
    int uses_tpm;
    const char *operand; /* the option of the key that an argument without flag sets, or NULL */
    int (*run)(struct cli_args *args);
} cli_command;

typedef struct cli_command_list {
    const cli_command *const *items;
    size_t count;
} cli_command_list;

extern const cli_command cli_key_import_command;
extern const cli_command cli_key_show_command;
extern const cli_command cli_key_public_command;
extern const cli_command cli_sign_command;
extern const cli_command cli_gcp_token_command;

#endif
