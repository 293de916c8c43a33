/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_CLI_POLICY_INPUT_H
#define TPMC_CLI_POLICY_INPUT_H

#include "cli/context.h"
#include "cli/input_file.h"

/* What tpmc_policy_new_json() and tpmc_key_set_pem() take at most. */
#define CLI_POLICY_FILE_MAX ((size_t)64 * 1024)

/* Whether a text is a policy rather than a key file: an object of JSON, perhaps after comments. */
int cli_policy_is_json(const cli_input *input);
/* Makes a policy of a JSON text. CLI_OK, CLI_FAILED or CLI_USAGE with a message. */
int cli_policy_parse(const cli_context *context, const cli_input *input, tpmc_policy **out);
/* Reads a file, or standard input for "-", and makes a policy of it. */
int cli_policy_read(const cli_context *context, const char *path, tpmc_policy **out);

#endif
