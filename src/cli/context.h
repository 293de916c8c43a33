/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_CLI_CONTEXT_H
#define TPMC_CLI_CONTEXT_H

#include "cli/args.h"
#include "tpmcloud/tpmcloud.h"

/* The library objects that the parsed flags describe. */
typedef struct cli_context {
    const cli_command *command;
    tpmc_error *err;
    tpmc_env *env;
    tpmc_tpm *tpm;
    tpmc_key *key;
} cli_context;

/* Reads the passwords and makes the environment, or it and the connection, or these and the key, as
 * the flags say. No TPM command is sent. CLI_OK, CLI_FAILED or CLI_USAGE with a message; closed by
 * the caller in every case. */
int cli_context_open_env(cli_context *context, cli_args *args);
int cli_context_open_tpm(cli_context *context, cli_args *args);
int cli_context_open_key(cli_context *context, cli_args *args);
/* Makes a key with its passwords on an open connection; its source is the caller's matter. */
int cli_context_new_key(cli_context *context, const cli_args *args);
/* Says what the last call of the library failed of: CLI_FAILED or CLI_USAGE. */
int cli_context_failed(const cli_context *context);
/* Lets go of the TPM and frees all. */
void cli_context_close(cli_context *context);

/* Sets the options given for one object. CLI_OK, CLI_FAILED or CLI_USAGE with a message. */
int cli_context_set_template(cli_context *context, const cli_args *args,
                             tpmc_key_template *key_template);
int cli_context_set_gcp(cli_context *context, const cli_args *args, tpmc_gcp *gcp);
int cli_context_set_azure(cli_context *context, const cli_args *args, tpmc_azure *azure);
int cli_context_set_aws_rolesanywhere(cli_context *context, const cli_args *args,
                                      tpmc_aws_rolesanywhere *anywhere);
int cli_context_set_aws_hmac(cli_context *context, const cli_args *args, tpmc_aws_hmac *hmac);

#endif
