/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_CLI_PLAIN_KEY_H
#define TPMC_CLI_PLAIN_KEY_H

#include "cli/context.h"
#include "cli/input_file.h"

/* A key outside of the TPM, as --in, --hmac and --aws describe it. */

#define CLI_PLAIN_KEY_FLAG_COUNT 3
extern const cli_own_flag cli_plain_key_flags[CLI_PLAIN_KEY_FLAG_COUNT];

/* Checks that --hmac, --aws and --algorithm go together: CLI_OK or CLI_USAGE with a message. */
int cli_plain_key_check(const cli_args *args);
/* Makes a template say what --hmac means. CLI_OK, CLI_FAILED or CLI_USAGE with a message. */
int cli_plain_key_set(const cli_context *context, const cli_args *args,
                      tpmc_key_template *key_template);
/* Reads the key. CLI_OK or CLI_FAILED with a message; freed by the caller in both cases. */
int cli_plain_key_read(const cli_args *args, cli_input *out);

#endif
