/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_CLI_SECRET_INPUT_H
#define TPMC_CLI_SECRET_INPUT_H

#include <stddef.h>

/* The most that a password file or a password on the command line may hold. The library asks for
 * less. */
#define CLI_SECRET_MAX 4096

typedef enum cli_secret_id {
    CLI_SECRET_KEY,
    CLI_SECRET_PARENT,
    CLI_SECRET_OWNER,
    CLI_SECRET_ENDORSEMENT,
    CLI_SECRET_PLATFORM,
    CLI_SECRET_COUNT,
    CLI_SECRET_ENTITY = CLI_SECRET_COUNT, /* any number of them: entity_secret.h */
    CLI_SECRET_FLAG_COUNT
} cli_secret_id;

/* Sets of them, for what a command takes. */
#define CLI_SECRETS_HIERARCHIES                                                                    \
    (1U << CLI_SECRET_OWNER | 1U << CLI_SECRET_ENDORSEMENT | 1U << CLI_SECRET_PLATFORM)
#define CLI_SECRETS_ALL (1U << CLI_SECRET_KEY | 1U << CLI_SECRET_PARENT | CLI_SECRETS_HIERARCHIES)
/* What a key may need to be used. */
#define CLI_SECRETS_USE (CLI_SECRETS_ALL | 1U << CLI_SECRET_ENTITY)

/* One password: not given, given in argv, or to be read from a file. */
typedef struct cli_secret {
    int is_given;
    const char *path; /* of the file; NULL once it is read, or when argv gave the password */
    size_t len;
    char bytes[CLI_SECRET_MAX];
} cli_secret;

/* How a password is asked for. */
typedef struct cli_secret_flag {
    const char *name;
    const char *alias; /* another accepted spelling, or NULL */
    const char *file_name;
    const char *value_name;
    const char *file_value_name;
    const char *summary;
    const char *file_summary;
    const char *noun; /* ENTITY: NULL */
    int hierarchy;    /* TPMC_HIERARCHY_*, or 0 */
} cli_secret_flag;

/* NULL when there is no such password. */
const cli_secret_flag *cli_secret_flag_of(size_t id);

/* Copies a password from argv and overwrites it there. */
int cli_secret_take(cli_secret *secret, char *text);
/* Reads the first line of the file, or of standard input for "-", if the password comes from one.
 * At a terminal it asks, and what is typed is not shown. CLI_OK or CLI_FAILED. */
int cli_secret_read(cli_secret *secret, const char *noun);

/* Overwrites memory in a way that no compiler leaves out. */
void cli_wipe(void *data, size_t len);

#endif
