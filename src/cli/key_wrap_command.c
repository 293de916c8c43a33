/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/message.h"
#include "cli/new_keyfile.h"
#include "cli/plain_key.h"

/* What tpmc_key_wrap() takes. */
#define PARENT_PUBLIC_MAX ((size_t)1024)

static int read_parent(const cli_args *args, cli_input *out)
{
    const char *path = cli_args_text(args, "parent_public");
    int status;

    status = cli_input_read(out, path, PARENT_PUBLIC_MAX, CLI_INPUT_REGULAR);
    if (status == CLI_OK && out->len == 0) {
        cli_message("'%s' is empty; it should hold the parent's public key, as 'key parent' writes "
                    "it",
                    path);
        status = CLI_FAILED;
    }
    return status;
}

static int wrap_key(cli_args *args, const cli_input *parent, const cli_input *input,
                    tpmc_bytes **pem)
{
    cli_context context = { 0 };
    tpmc_key_template *key_template = NULL;
    int status;
    int rv;

    status = cli_context_open_env(&context, args);
    if (status == CLI_OK)
        status = cli_new_keyfile_template(&context, args, &key_template);
    if (status == CLI_OK)
        status = cli_plain_key_set(&context, args, key_template);
    if (status != CLI_OK)
        goto out;
    rv = tpmc_key_wrap(key_template, parent->data, parent->len, input->data, input->len, pem,
                       context.err);
    if (rv != TPMC_OK)
        status = cli_context_failed(&context);
out:
    tpmc_key_template_free(key_template);
    cli_context_close(&context);
    return status;
}

static int run_wrap(cli_args *args)
{
    cli_input parent = { 0 };
    cli_input input = { 0 };
    tpmc_bytes *pem = NULL;
    cli_output output;
    int status;

    status = cli_plain_key_check(args);
    if (status != CLI_OK)
        return status;
    status = cli_new_keyfile_output(&output, args);
    if (status == CLI_OK)
        status = read_parent(args, &parent);
    if (status == CLI_OK)
        status = cli_plain_key_read(args, &input);
    if (status == CLI_OK)
        status = wrap_key(args, &parent, &input, &pem);
    if (status == CLI_OK)
        status = cli_output_write(&output, tpmc_bytes_data(pem), tpmc_bytes_len(pem));
    if (status == CLI_OK)
        cli_new_keyfile_tell(args, pem);
    tpmc_bytes_free(pem);
    cli_input_free(&input);
    cli_input_free(&parent);
    cli_output_close(&output);
    return status;
}

static const cli_own_flag wrap_flags[] = {
    { "parent_public", TPMC_OPTION_TEXT, "P.pub", NULL, NULL, 1,
      "public key of the other machine's parent, as 'key parent' writes it there; - is standard "
      "input" },
};

static const int wrap_objects[] = { TPMC_OBJECT_KEY_TEMPLATE };

const cli_command cli_key_wrap_command = {
    .name = "key wrap",
    .synopsis = "--in PRIVATE.pem|--hmac SECRET --parent-public P.pub --out KEY.pem [FLAG...]",
    .summary = "Encrypt a key for the TPM of another machine",
    .about = "Encrypts a private key, or with --hmac or --aws a secret, to the parent key of "
             "another machine's TPM, without a TPM here. The key file is imported there whenever "
             "it is opened; 'key convert --keyfile' replaces it by one that is not. Whoever slips "
             "in another parent gets the key: pin the Name that 'key parent' prints with "
             "--parent-name.",
    .flags = { { cli_plain_key_flags, CLI_PLAIN_KEY_FLAG_COUNT },
               { wrap_flags, sizeof(wrap_flags) / sizeof(wrap_flags[0]) },
               { cli_new_keyfile_flags, CLI_NEW_KEYFILE_FLAG_COUNT } },
    .objects = wrap_objects,
    .object_count = sizeof(wrap_objects) / sizeof(wrap_objects[0]),
    .secrets = 1U << CLI_SECRET_KEY,
    .operand = "in",
    .run = run_wrap,
};
