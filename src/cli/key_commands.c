/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/context.h"
#include "cli/input_file.h"
#include "cli/key_text.h"
#include "cli/message.h"
#include "cli/output_file.h"

/* What tpmc_key_import() takes. */
#define PRIVATE_KEY_MAX ((size_t)64 * 1024)

static const int import_objects[] = { TPMC_OBJECT_KEY_TEMPLATE, TPMC_OBJECT_TPM, TPMC_OBJECT_ENV };
static const int key_objects[] = { TPMC_OBJECT_KEY };

/* The parent's Name in hexadecimal; NULL when memory ran out. */
static char *hex_of(const tpmc_bytes *bytes)
{
    const uint8_t *data = tpmc_bytes_data(bytes);
    size_t len = tpmc_bytes_len(bytes);
    char *text;
    size_t i;

    text = calloc(len + 1, 2);
    if (text == NULL)
        return NULL;
    for (i = 0; i < len; i++)
        (void)snprintf(text + 2 * i, 3, "%02x", (unsigned)data[i]);
    return text;
}

static int make_template(cli_context *context, const cli_args *args, tpmc_key_template **out)
{
    const cli_secret *password = &args->secrets[CLI_SECRET_KEY];
    int rv;

    rv = tpmc_key_template_new(context->env, out, context->err);
    if (rv == TPMC_OK && password->is_given)
        rv = tpmc_key_template_set_password(*out, password->bytes, password->len, context->err);
    if (rv != TPMC_OK)
        return cli_context_failed(context);
    return cli_context_set_template(context, args, *out);
}

/* Asks the TPM for the Name of the parent that a template describes. */
static int read_parent_name(cli_context *context, const cli_args *args, char **out)
{
    tpmc_key_template *key_template = NULL;
    tpmc_bytes *name = NULL;
    int status;
    int rv;

    status = make_template(context, args, &key_template);
    if (status != CLI_OK)
        goto out;
    rv = tpmc_tpm_read_parent(context->tpm, key_template, NULL, &name, context->err);
    if (rv != TPMC_OK) {
        status = cli_context_failed(context);
        goto out;
    }
    *out = hex_of(name);
    if (*out == NULL)
        status = cli_no_memory();
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

    status = make_template(context, args, &key_template);
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

static int read_private_key(cli_input *input, const char *path)
{
    int status;

    status = cli_input_read(input, path, PRIVATE_KEY_MAX, CLI_INPUT_REGULAR);
    if (status == CLI_OK && input->len == 0) {
        cli_message("%s is empty; it should hold a private key",
                    strcmp(path, "-") == 0 ? "standard input" : path);
        status = CLI_FAILED;
    }
    return status;
}

static int run_import(cli_args *args)
{
    cli_output_mode mode = cli_args_is_on(args, "force") ? CLI_OUTPUT_REPLACE : CLI_OUTPUT_KEEP;
    cli_input input = { 0 };
    tpmc_bytes *pem = NULL;
    char *trusted = NULL;
    cli_output output;
    int status;

    status = cli_output_open(&output, cli_args_text(args, "out"), mode);
    if (status != CLI_OK)
        goto out;
    status = read_private_key(&input, cli_args_text(args, "in"));
    if (status != CLI_OK)
        goto out;
    status = import_from(args, &input, &trusted, &pem);
    if (status != CLI_OK)
        goto out;
    status = cli_output_write(&output, tpmc_bytes_data(pem), tpmc_bytes_len(pem));
    if (status == CLI_OK && trusted != NULL)
        cli_message("the key was encrypted to the parent key that the TPM gave, which was trusted "
                    "unseen; to accept no other the next time: --parent-name %s",
                    trusted);
out:
    free(trusted);
    tpmc_bytes_free(pem);
    cli_input_free(&input);
    cli_output_close(&output);
    return status;
}

static const cli_own_flag import_flags[] = {
    { "in", TPMC_OPTION_TEXT, "FILE", NULL, NULL, 1,
      "unencrypted private key (PEM or DER), or a service-account JSON; - is standard input" },
    { "out", TPMC_OPTION_TEXT, "KEY.pem", NULL, NULL, 1,
      "key file to write, for the owner only; - is standard output" },
    { "force", TPMC_OPTION_BOOLEAN, NULL, NULL, NULL, 0, "replace the key file if it exists" },
};

const cli_command cli_key_import_command = {
    .name = "key import",
    .synopsis = "--in PRIVATE.pem|SERVICE-ACCOUNT.json --out KEY.pem [FLAG...]",
    .summary = "Move a private key into the TPM",
    .about = "Encrypts a private key to the TPM's storage key and writes a TSS2 key file that "
             "only this TPM can use. The private key that was read is left as it is: delete it "
             "when the key file works.",
    .flags = import_flags,
    .flag_count = sizeof(import_flags) / sizeof(import_flags[0]),
    .objects = import_objects,
    .object_count = sizeof(import_objects) / sizeof(import_objects[0]),
    .uses_tpm = 1,
    .run = run_import,
};

static int run_show(cli_args *args)
{
    cli_context context = { 0 };
    tpmc_bytes *json = NULL;
    char *text = NULL;
    int status;
    int rv;

    status = cli_context_open_key(&context, args);
    if (status != CLI_OK)
        goto out;
    rv = tpmc_key_describe(context.key, &json, context.err);
    if (rv != TPMC_OK) {
        status = cli_context_failed(&context);
        goto out;
    }
    if (cli_args_is_on(args, "json"))
        status = cli_key_json((const char *)tpmc_bytes_data(json), tpmc_bytes_len(json), &text);
    else
        status = cli_key_text((const char *)tpmc_bytes_data(json), tpmc_bytes_len(json), &text);
    if (status == CLI_OK)
        status = cli_output_print(text, strlen(text));
out:
    free(text);
    tpmc_bytes_free(json);
    cli_context_close(&context);
    return status;
}

static const cli_own_flag show_flags[] = {
    { "json", TPMC_OPTION_BOOLEAN, NULL, NULL, NULL, 0, "print JSON instead of text" },
};

const cli_command cli_key_show_command = {
    .name = "key show",
    .synopsis = "KEY.pem [--json]",
    .summary = "Print everything in a key file",
    .about = "Prints everything in a key file. No TPM and no password is needed.",
    .flags = show_flags,
    .flag_count = sizeof(show_flags) / sizeof(show_flags[0]),
    .objects = key_objects,
    .object_count = sizeof(key_objects) / sizeof(key_objects[0]),
    .operand = "keyfile",
    .run = run_show,
};

static int print_pem(const tpmc_bytes *der)
{
    char *pem = NULL;
    int status;

    status = cli_key_pem(tpmc_bytes_data(der), tpmc_bytes_len(der), &pem);
    if (status == CLI_OK)
        status = cli_output_print(pem, strlen(pem));
    free(pem);
    return status;
}

static int run_public(cli_args *args)
{
    cli_context context = { 0 };
    tpmc_bytes *der = NULL;
    int status;
    int rv;

    status = cli_context_open_key(&context, args);
    if (status != CLI_OK)
        goto out;
    rv = tpmc_key_public(context.key, &der, context.err);
    if (rv != TPMC_OK)
        status = cli_context_failed(&context);
    else if (strcmp(cli_args_text(args, "format"), "der") == 0)
        status = cli_output_print(tpmc_bytes_data(der), tpmc_bytes_len(der));
    else
        status = print_pem(der);
out:
    tpmc_bytes_free(der);
    cli_context_close(&context);
    return status;
}

static const char *const public_formats[] = { "pem", "der", NULL };

static const cli_own_flag public_flags[] = {
    { "format", TPMC_OPTION_CHOICE, "pem|der", "pem", public_formats, 0,
      "how the public key is written" },
};

const cli_command cli_key_public_command = {
    .name = "key public",
    .synopsis = "KEY.pem [--format pem|der]",
    .summary = "Print a key file's public key",
    .about = "Prints the public key as a SubjectPublicKeyInfo. No TPM and no password is needed.",
    .flags = public_flags,
    .flag_count = sizeof(public_flags) / sizeof(public_flags[0]),
    .objects = key_objects,
    .object_count = sizeof(key_objects) / sizeof(key_objects[0]),
    .operand = "keyfile",
    .run = run_public,
};
