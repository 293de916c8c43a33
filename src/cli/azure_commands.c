/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "cli/azure_context.h"
#include "cli/input_file.h"
#include "cli/message.h"
#include "cli/output_file.h"
#include "cli/token_text.h"

/* The most bytes of a file with a user's token. */
#define USER_ASSERTION_MAX (65536 + 2)

static int get_token(cli_args *args, cli_token *out)
{
    cli_azure self;
    int status = cli_azure_open(&self, args);

    if (status == CLI_OK &&
        tpmc_azure_get_token(self.azure, NULL, NULL, &out->token, self.context.err) != TPMC_OK)
        status = cli_context_failed(&self.context);
    cli_azure_close(&self);
    return status;
}

static int run_token(cli_args *args)
{
    return cli_print_token(args, get_token);
}

/* The text of a file without what is white at its end. */
static int read_user_assertion(const char *path, cli_input *input)
{
    int status = cli_input_read(input, path, USER_ASSERTION_MAX, CLI_INPUT_ANY);

    if (status != CLI_OK)
        return status;
    while (input->len > 0 && strchr(" \r\n\t", input->data[input->len - 1]) != NULL)
        input->len--;
    if (memchr(input->data, '\0', input->len) == NULL && input->len < input->capacity) {
        input->data[input->len] = '\0';
        return CLI_OK;
    }
    cli_message("'%s' does not hold a token", path);
    return CLI_FAILED;
}

static int get_for_user(cli_args *args, cli_token *out)
{
    cli_input user = { NULL, 0, 0 };
    cli_azure self;
    int status = cli_azure_open(&self, args);

    if (status == CLI_OK)
        status = read_user_assertion(cli_args_text(args, "user_assertion_file"), &user);
    if (status == CLI_OK &&
        tpmc_azure_get_token_on_behalf_of(self.azure, (const char *)user.data, NULL, NULL,
                                          &out->token, self.context.err) != TPMC_OK)
        status = cli_context_failed(&self.context);
    cli_input_free(&user);
    cli_azure_close(&self);
    return status;
}

static int run_on_behalf_of(cli_args *args)
{
    return cli_print_token(args, get_for_user);
}

static int make_assertion(cli_args *args, tpmc_bytes **out)
{
    cli_azure self;
    int status = cli_azure_open(&self, args);

    if (status == CLI_OK && tpmc_azure_make_assertion(self.azure, out, self.context.err) != TPMC_OK)
        status = cli_context_failed(&self.context);
    cli_azure_close(&self);
    return status;
}

/* Readers of a file with a token take all of it: a line end is for people only. */
static int write_assertion(const cli_output *output, const tpmc_bytes *assertion)
{
    int status = cli_output_write(output, tpmc_bytes_data(assertion), tpmc_bytes_len(assertion));

    if (status == CLI_OK && output->directory < 0)
        status = cli_output_write(output, "\n", 1);
    return status;
}

static int run_assertion(cli_args *args)
{
    tpmc_bytes *assertion = NULL;
    cli_output output;
    int status;

    status = cli_output_open(&output, cli_args_text(args, "out"), CLI_OUTPUT_REPLACE);
    if (status == CLI_OK)
        status = make_assertion(args, &assertion);
    if (status == CLI_OK)
        status = write_assertion(&output, assertion);
    tpmc_bytes_free(assertion);
    cli_output_close(&output);
    return status;
}

static const cli_own_flag user_flags[] = {
    { "user_assertion_file", TPMC_OPTION_TEXT, "FILE", NULL, NULL, 1,
      "file with the access token that the user sent; - is standard input" },
};

static const cli_own_flag assertion_flags[] = {
    { "out", TPMC_OPTION_TEXT, "FILE", "-", NULL, 0,
      "where the assertion goes, readable for the owner only; - is standard output" },
};

const cli_command cli_azure_token_command = {
    .name = "azure token",
    .synopsis = "--keyfile KEY.pem --tenant-id ID --client-id ID --certificate-path CERT.pem "
                "--scopes SCOPE [FLAG...]",
    .summary = "Print an access token for Azure",
    .about = "Signs in to Microsoft Entra as an application, with an assertion that the key in the "
             "TPM signs, and prints the access token.",
    .flags = { { cli_token_flags, CLI_TOKEN_FLAG_COUNT } },
    .objects = cli_azure_objects,
    .object_count = CLI_AZURE_OBJECT_COUNT,
    .tpm_use = CLI_TPM_USED,
    .secrets = CLI_SECRETS_USE,
    .run = run_token,
};

const cli_command cli_azure_on_behalf_of_command = {
    .name = "azure on-behalf-of",
    .synopsis = "--keyfile KEY.pem --tenant-id ID --client-id ID --certificate-path CERT.pem "
                "--scopes SCOPE --user-assertion-file FILE [FLAG...]",
    .summary = "Print an access token for Azure on behalf of a user",
    .about = "Exchanges the access token that a user sent to this application for one of another "
             "service (on-behalf-of flow), and prints it.",
    .flags = { { user_flags, sizeof(user_flags) / sizeof(user_flags[0]) },
               { cli_token_flags, CLI_TOKEN_FLAG_COUNT } },
    .objects = cli_azure_objects,
    .object_count = CLI_AZURE_OBJECT_COUNT,
    .tpm_use = CLI_TPM_USED,
    .secrets = CLI_SECRETS_USE,
    .run = run_on_behalf_of,
};

const cli_command cli_azure_assertion_command = {
    .name = "azure assertion",
    .synopsis = "--keyfile KEY.pem --tenant-id ID --client-id ID --certificate-path CERT.pem "
                "[--out FILE] [FLAG...]",
    .summary = "Print a client assertion for Azure",
    .about = "Signs the assertion by which an application signs in to Microsoft Entra, for other "
             "programs to send. With --federation-issuer it is a token of that issuer: written "
             "with --out to the file that AZURE_FEDERATED_TOKEN_FILE names, it serves every SDK of "
             "Azure. A file is replaced as a whole.",
    .flags = { { assertion_flags, sizeof(assertion_flags) / sizeof(assertion_flags[0]) } },
    .objects = cli_azure_objects,
    .object_count = CLI_AZURE_OBJECT_COUNT,
    .tpm_use = CLI_TPM_USED,
    .secrets = CLI_SECRETS_USE,
    .run = run_assertion,
};
