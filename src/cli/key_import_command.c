/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "cli/hex_text.h"
#include "cli/message.h"
#include "cli/new_keyfile.h"
#include "cli/plain_key.h"

/* Asks the TPM for the Name of the parent that a template describes. */
static int read_parent_name(cli_context *context, const cli_args *args, char **out)
{
    tpmc_key_template *key_template = NULL;
    tpmc_bytes *name = NULL;
    int status;
    int rv;

    status = cli_new_keyfile_template(context, args, &key_template);
    if (status != CLI_OK)
        goto out;
    rv = tpmc_tpm_read_parent(context->tpm, key_template, NULL, &name, context->err);
    if (rv != TPMC_OK) {
        status = cli_context_failed(context);
        goto out;
    }
    *out = cli_hex_text(name, "");
    if (*out == NULL)
        status = CLI_FAILED;
out:
    tpmc_bytes_free(name);
    tpmc_key_template_free(key_template);
    return status;
}

/* Imports under the pinned parent, or under the one just read, so that it cannot change meanwhile.
 */
static int import_key(cli_context *context, const cli_args *args, const char *parent_name,
                      const cli_input *input, tpmc_bytes **pem)
{
    tpmc_key_template *key_template = NULL;
    int status;
    int rv = TPMC_OK;

    status = cli_new_keyfile_template(context, args, &key_template);
    if (status == CLI_OK)
        status = cli_plain_key_set(context, args, key_template);
    if (status != CLI_OK)
        goto out;
    if (parent_name != NULL)
        rv = tpmc_key_template_set(key_template, "parent_name", parent_name, context->err);
    if (rv == TPMC_OK)
        rv =
            tpmc_key_import(context->tpm, key_template, input->data, input->len, pem, context->err);
    if (rv != TPMC_OK)
        status = cli_context_failed(context);
out:
    tpmc_key_template_free(key_template);
    return status;
}

static int import_from(cli_args *args, const cli_input *input, char **trusted, tpmc_bytes **pem)
{
    cli_context context = { 0 };
    int status;

    status = cli_context_open_tpm(&context, args);
    if (status != CLI_OK)
        goto out;
    if (cli_args_option(args, TPMC_OBJECT_KEY_TEMPLATE, "parent_name") == NULL)
        status = read_parent_name(&context, args, trusted);
    if (status == CLI_OK)
        status = import_key(&context, args, *trusted, input, pem);
out:
    cli_context_close(&context);
    return status;
}

static int run_import(cli_args *args)
{
    cli_input input = { 0 };
    tpmc_bytes *pem = NULL;
    char *trusted = NULL;
    cli_output output;
    int status;

    status = cli_plain_key_check(args);
    if (status != CLI_OK)
        return status;
    status = cli_new_keyfile_output(&output, args);
    if (status == CLI_OK)
        status = cli_plain_key_read(args, &input);
    if (status == CLI_OK)
        status = import_from(args, &input, &trusted, &pem);
    if (status == CLI_OK)
        status = cli_output_write(&output, tpmc_bytes_data(pem), tpmc_bytes_len(pem));
    if (status == CLI_OK && trusted != NULL)
        cli_message("the key was encrypted to the parent key that the TPM gave, which was trusted "
                    "unseen; to accept no other the next time: --parent-name %s",
                    trusted);
    if (status == CLI_OK)
        cli_new_keyfile_tell(args, pem);
    free(trusted);
    tpmc_bytes_free(pem);
    cli_input_free(&input);
    cli_output_close(&output);
    return status;
}

static const int import_objects[] = { TPMC_OBJECT_KEY_TEMPLATE, TPMC_OBJECT_TPM, TPMC_OBJECT_ENV };

const cli_command cli_key_import_command = {
    .name = "key import",
    .synopsis = "--in PRIVATE.pem|SERVICE-ACCOUNT.json --out KEY.pem [FLAG...]",
    .summary = "Move a private key or an HMAC secret into the TPM",
    .about = "Encrypts a private key, or with --hmac or --aws a secret, to the TPM's storage key "
             "and writes a TSS2 key file that only this TPM can use. What was read is left as it "
             "is: delete it when the key file works.",
    .flags = { { cli_plain_key_flags, CLI_PLAIN_KEY_FLAG_COUNT },
               { cli_new_keyfile_flags, CLI_NEW_KEYFILE_FLAG_COUNT } },
    .objects = import_objects,
    .object_count = sizeof(import_objects) / sizeof(import_objects[0]),
    .tpm_use = CLI_TPM_USED,
    .secrets = CLI_SECRETS_ALL,
    .operand = "in",
    .run = run_import,
};
