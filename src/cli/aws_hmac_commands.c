/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "cli/aws_credentials_text.h"
#include "cli/aws_hmac_context.h"
#include "cli/output_file.h"

const int cli_aws_hmac_objects[CLI_AWS_HMAC_OBJECT_COUNT] = {
    TPMC_OBJECT_AWS_HMAC,
    TPMC_OBJECT_KEY,
    TPMC_OBJECT_TPM,
    TPMC_OBJECT_ENV,
};

int cli_aws_hmac_open(cli_aws_hmac *self, cli_args *args)
{
    int status;
    int rv;

    memset(self, 0, sizeof(*self));
    status = cli_context_open_key(&self->context, args);
    if (status != CLI_OK)
        return status;
    rv = tpmc_aws_hmac_new(self->context.env, self->context.key, &self->hmac, self->context.err);
    if (rv != TPMC_OK)
        return cli_context_failed(&self->context);
    return cli_context_set_aws_hmac(&self->context, args, self->hmac);
}

void cli_aws_hmac_close(cli_aws_hmac *self)
{
    tpmc_aws_hmac_free(self->hmac);
    cli_context_close(&self->context);
}

static int get_credentials(cli_args *args, tpmc_aws_credentials **out)
{
    cli_aws_hmac self;
    int status = cli_aws_hmac_open(&self, args);

    if (status == CLI_OK &&
        tpmc_aws_hmac_get_credentials(self.hmac, out, self.context.err) != TPMC_OK)
        status = cli_context_failed(&self.context);
    cli_aws_hmac_close(&self);
    return status;
}

static int run_credentials(cli_args *args)
{
    return cli_aws_print_credentials(args, get_credentials);
}

static int run_caller_identity(cli_args *args)
{
    tpmc_bytes *identity = NULL;
    cli_aws_hmac self;
    int status = cli_aws_hmac_open(&self, args);

    if (status == CLI_OK &&
        tpmc_aws_hmac_get_caller_identity(self.hmac, &identity, self.context.err) != TPMC_OK)
        status = cli_context_failed(&self.context);
    if (status == CLI_OK)
        status = cli_output_print(tpmc_bytes_data(identity), tpmc_bytes_len(identity));
    if (status == CLI_OK)
        status = cli_output_print("\n", 1);
    tpmc_bytes_free(identity);
    cli_aws_hmac_close(&self);
    return status;
}

const cli_command cli_aws_hmac_credentials_command = {
    .name = "aws-hmac credentials",
    .synopsis =
        "--keyfile KEY.pem --aws-access-key-id ID [--region REGION] [--assume-role-arn ARN] "
        "[FLAG...]",
    .summary = "Print temporary AWS credentials for a key in the TPM",
    .about = "Asks AWS STS for credentials of a role, a federated user or the user itself, with a "
             "request that the secret access key in the TPM signs, and prints them. As "
             "credential_process in AWS's configuration it serves every SDK.",
    .flags = { { cli_aws_credentials_flags, CLI_AWS_CREDENTIALS_FLAG_COUNT } },
    .objects = cli_aws_hmac_objects,
    .object_count = CLI_AWS_HMAC_OBJECT_COUNT,
    .tpm_use = CLI_TPM_USED,
    .secrets = CLI_SECRETS_USE,
    .run = run_credentials,
};

const cli_command cli_aws_hmac_caller_identity_command = {
    .name = "aws-hmac caller-identity",
    .synopsis = "--keyfile KEY.pem --aws-access-key-id ID [--region REGION] [FLAG...]",
    .summary = "Ask AWS who an access key in the TPM belongs to",
    .about = "Calls GetCallerIdentity of AWS STS, which needs no permission: the quickest way to "
             "see whether access key id and secret fit. Prints JSON.",
    .objects = cli_aws_hmac_objects,
    .object_count = CLI_AWS_HMAC_OBJECT_COUNT,
    .tpm_use = CLI_TPM_USED,
    .secrets = CLI_SECRETS_USE,
    .run = run_caller_identity,
};
