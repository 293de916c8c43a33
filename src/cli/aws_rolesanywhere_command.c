/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/aws_credentials_text.h"
#include "cli/context.h"

static int get(cli_args *args, tpmc_aws_credentials **out)
{
    cli_context context = { 0 };
    tpmc_aws_rolesanywhere *anywhere = NULL;
    int status;
    int rv;

    status = cli_context_open_key(&context, args);
    if (status != CLI_OK)
        goto out;
    rv = tpmc_aws_rolesanywhere_new(context.env, context.key, &anywhere, context.err);
    if (rv != TPMC_OK) {
        status = cli_context_failed(&context);
        goto out;
    }
    status = cli_context_set_aws_rolesanywhere(&context, args, anywhere);
    if (status != CLI_OK)
        goto out;
    rv = tpmc_aws_rolesanywhere_get_credentials(anywhere, out, context.err);
    if (rv != TPMC_OK)
        status = cli_context_failed(&context);
out:
    tpmc_aws_rolesanywhere_free(anywhere);
    cli_context_close(&context);
    return status;
}

static int run(cli_args *args)
{
    return cli_aws_print_credentials(args, get);
}

static const int objects[] = { TPMC_OBJECT_AWS_ROLESANYWHERE, TPMC_OBJECT_KEY, TPMC_OBJECT_TPM,
                               TPMC_OBJECT_ENV };

const cli_command cli_aws_rolesanywhere_credentials_command = {
    .name = "aws-rolesanywhere credentials",
    .synopsis = "--keyfile KEY.pem --public-certificate-file CERT.pem --trust-anchor-arn ARN "
                "--profile-arn ARN --role-arn ARN [FLAG...]",
    .summary = "Print credentials of an AWS role for a certificate's key",
    .about = "Opens a session with AWS IAM Roles Anywhere, which the key in the TPM signs for, and "
             "prints the credentials of the role. As credential_process in AWS's configuration it "
             "serves every SDK.",
    .flags = { { cli_aws_credentials_flags, CLI_AWS_CREDENTIALS_FLAG_COUNT } },
    .objects = objects,
    .object_count = sizeof(objects) / sizeof(objects[0]),
    .tpm_use = CLI_TPM_USED,
    .secrets = CLI_SECRETS_USE,
    .run = run,
};
