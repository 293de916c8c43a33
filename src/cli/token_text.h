/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_CLI_TOKEN_TEXT_H
#define TPMC_CLI_TOKEN_TEXT_H

#include "cli/args.h"
#include "cli/result_text.h"
#include "tpmcloud/tpmcloud.h"

/* The flags of a command that prints a token: --format and --output-file. */
extern const cli_own_flag cli_token_flags[];
#define CLI_TOKEN_FLAG_COUNT 2

/* Gets a token and writes it as these flags say. CLI_OK, CLI_FAILED or CLI_USAGE. */
int cli_print_token(cli_args *args, int (*get)(cli_args *args, tpmc_token **out));

#endif
