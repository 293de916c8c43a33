/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_CLI_GCP_CONTEXT_H
#define TPMC_CLI_GCP_CONTEXT_H

#include "cli/context.h"

/* The objects that commands for Google use, in the order of the help. */
extern const int cli_gcp_objects[];
#define CLI_GCP_OBJECT_COUNT 4

/* An identity and what it is made from. */
typedef struct cli_gcp {
    cli_context context;
    tpmc_gcp *gcp;
} cli_gcp;

/* Makes the identity that the flags describe. CLI_OK, CLI_FAILED or CLI_USAGE with a message;
 * closed by the caller in every case. */
int cli_gcp_open(cli_gcp *self, cli_args *args);
void cli_gcp_close(cli_gcp *self);

#endif
