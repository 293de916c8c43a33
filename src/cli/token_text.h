/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_CLI_TOKEN_TEXT_H
#define TPMC_CLI_TOKEN_TEXT_H

#include "cli/args.h"
#include "cli/result_text.h"
#include "tpmcloud/tpmcloud.h"

/* The flags of a command that prints a token: --format and --output-file. */
extern const cli_own_flag cli_token_flags[];
#define CLI_TOKEN_FLAG_COUNT 2

/* What is printed; all NULL before. */
typedef struct cli_token {
    tpmc_token *token;
    const char *name;          /* of its member in JSON; NULL: access_token */
    tpmc_bytes *quota_project; /* NULL: none */
} cli_token;

/* Gets a token and writes it as these flags say, and frees it. CLI_OK, CLI_FAILED or CLI_USAGE. */
int cli_print_token(cli_args *args, int (*get)(cli_args *args, cli_token *out));

#endif
