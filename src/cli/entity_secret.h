/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_CLI_ENTITY_SECRET_H
#define TPMC_CLI_ENTITY_SECRET_H

#include <stdint.h>

#include "cli/secret_input.h"

/* As many as a policy takes. */
#define CLI_ENTITY_MAX 16

/* The password of an NV index or object that a step of a policy needs. */
typedef struct cli_entity {
    uint32_t handle;
    cli_secret secret;
} cli_entity;

typedef struct cli_entities {
    cli_entity *items;
    size_t count;
} cli_entities;

/* Takes HANDLE=PASSWORD, which is then overwritten, or HANDLE=FILE. CLI_OK, CLI_USAGE or
 * CLI_FAILED with a message. */
int cli_entities_take(cli_entities *entities, char *text, int is_file);
/* Reads the passwords that come from files. CLI_OK or CLI_FAILED. */
int cli_entities_read(cli_entities *entities);
/* How many come from standard input. */
int cli_entities_count_stdin(const cli_entities *entities);
/* Wipes them. */
void cli_entities_free(cli_entities *entities);

#endif
