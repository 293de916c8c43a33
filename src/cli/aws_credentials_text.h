/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_CLI_AWS_CREDENTIALS_TEXT_H
#define TPMC_CLI_AWS_CREDENTIALS_TEXT_H

#include "cli/args.h"
#include "tpmcloud/aws.h"
#include "tpmcloud/option.h"

/* Flags of the commands that print credentials: `format` and `output_file`. */
extern const cli_own_flag cli_aws_credentials_flags[];
#define CLI_AWS_CREDENTIALS_FLAG_COUNT 2

/* Gets credentials as the flags say. CLI_OK, CLI_FAILED or CLI_USAGE with a message. */
typedef int (*cli_aws_get)(cli_args *args, tpmc_aws_credentials **out);
/* Runs a command that prints credentials. */
int cli_aws_print_credentials(cli_args *args, cli_aws_get get);

#endif
