/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_CLI_AWS_HMAC_CONTEXT_H
#define TPMC_CLI_AWS_HMAC_CONTEXT_H

#include "cli/context.h"

/* The objects that commands with an access key use, in the order of the help. */
extern const int cli_aws_hmac_objects[];
#define CLI_AWS_HMAC_OBJECT_COUNT 4

/* An identity and what it is made from. */
typedef struct cli_aws_hmac {
    cli_context context;
    tpmc_aws_hmac *hmac;
} cli_aws_hmac;

/* Makes the identity that the flags describe. CLI_OK, CLI_FAILED or CLI_USAGE with a message;
 * closed by the caller in every case. */
int cli_aws_hmac_open(cli_aws_hmac *self, cli_args *args);
void cli_aws_hmac_close(cli_aws_hmac *self);

#endif
