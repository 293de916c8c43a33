/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_CLI_AZURE_CONTEXT_H
#define TPMC_CLI_AZURE_CONTEXT_H

#include "cli/context.h"

/* The objects that commands for Azure use, in the order of the help. */
extern const int cli_azure_objects[];
#define CLI_AZURE_OBJECT_COUNT 4

/* An identity and what it is made from. */
typedef struct cli_azure {
    cli_context context;
    tpmc_azure *azure;
} cli_azure;

/* Makes the identity that the flags describe. CLI_OK, CLI_FAILED or CLI_USAGE with a message;
 * closed by the caller in every case. */
int cli_azure_open(cli_azure *self, cli_args *args);
void cli_azure_close(cli_azure *self);

#endif
