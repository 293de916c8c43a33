/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/new_keyfile.h"

static int create_key(cli_args *args, tpmc_bytes **pem)
{
    cli_context context = { 0 };
    tpmc_key_template *key_template = NULL;
    int status;
    int rv;

    status = cli_context_open_tpm(&context, args);
    if (status == CLI_OK)
        status = cli_new_keyfile_template(&context, args, &key_template);
    if (status != CLI_OK)
        goto out;
    rv = tpmc_key_create(context.tpm, key_template, pem, context.err);
    if (rv != TPMC_OK)
        status = cli_context_failed(&context);
out:
    tpmc_key_template_free(key_template);
    cli_context_close(&context);
    return status;
}

static int run_create(cli_args *args)
{
    tpmc_bytes *pem = NULL;
    cli_output output;
    int status;

    status = cli_new_keyfile_output(&output, args);
    if (status == CLI_OK)
        status = create_key(args, &pem);
    if (status == CLI_OK)
        status = cli_output_write(&output, tpmc_bytes_data(pem), tpmc_bytes_len(pem));
    if (status == CLI_OK)
        cli_new_keyfile_tell(args, pem);
    tpmc_bytes_free(pem);
    cli_output_close(&output);
    return status;
}

static const int create_objects[] = { TPMC_OBJECT_KEY_TEMPLATE, TPMC_OBJECT_TPM, TPMC_OBJECT_ENV };

const cli_command cli_key_create_command = {
    .name = "key create",
    .synopsis = "--algorithm WORD --out KEY.pem [FLAG...]",
    .summary = "Make a new key inside the TPM",
    .about = "Makes a key that was never anywhere but in this TPM, and writes a TSS2 key file that "
             "only this TPM can use.",
    .flags = { { cli_new_keyfile_flags, CLI_NEW_KEYFILE_FLAG_COUNT } },
    .objects = create_objects,
    .object_count = sizeof(create_objects) / sizeof(create_objects[0]),
    .tpm_use = CLI_TPM_USED,
    .secrets = CLI_SECRETS_ALL,
    .run = run_create,
};
