/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_CLI_NEW_KEYFILE_H
#define TPMC_CLI_NEW_KEYFILE_H

#include "cli/context.h"
#include "cli/output_file.h"

/* What the commands that make key files have in common. CLI_OK, CLI_FAILED or CLI_USAGE with a
 * message. */

/* The flags of the file: --out and --force. */
#define CLI_NEW_KEYFILE_FLAG_COUNT 2
extern const cli_own_flag cli_new_keyfile_flags[CLI_NEW_KEYFILE_FLAG_COUNT];

/* Opens --out, which replaces a file with --force only. */
int cli_new_keyfile_output(cli_output *output, const cli_args *args);

/* A template with the options and passwords given; freed by the caller in every case. */
int cli_new_keyfile_template(cli_context *context, const cli_args *args, tpmc_key_template **out);

/* Says what whoever uses the new key has to bring beside its file. */
void cli_new_keyfile_tell(cli_args *args, const tpmc_bytes *pem);

#endif
