/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/handle_text.h"
#include "cli/hex_text.h"
#include "cli/message.h"
#include "cli/new_keyfile.h"

static const int parent_objects[] = { TPMC_OBJECT_KEY_TEMPLATE, TPMC_OBJECT_TPM, TPMC_OBJECT_ENV };

static int read_parent(cli_args *args, tpmc_bytes **public_area, tpmc_bytes **name)
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
    rv = tpmc_tpm_read_parent(context.tpm, key_template, public_area, name, context.err);
    if (rv != TPMC_OK)
        status = cli_context_failed(&context);
out:
    tpmc_key_template_free(key_template);
    cli_context_close(&context);
    return status;
}

/* Prints the Name, or says it where standard output is taken by the public key. */
static int put_name(const tpmc_bytes *name, int as_message)
{
    char *text;
    int status = CLI_OK;

    text = cli_hex_text(name, as_message ? "" : "\n");
    if (text == NULL)
        return CLI_FAILED;
    if (as_message)
        cli_message("the parent's Name is %s", text);
    else
        status = cli_output_print(text, strlen(text));
    free(text);
    return status;
}

static int run_parent(cli_args *args)
{
    const char *path = cli_args_text(args, "out");
    int is_stdout = path != NULL && strcmp(path, "-") == 0;
    tpmc_bytes *public_area = NULL;
    tpmc_bytes *name = NULL;
    cli_output output;
    int status;

    status = cli_output_open(&output, path, CLI_OUTPUT_REPLACE);
    if (status == CLI_OK)
        status = read_parent(args, &public_area, &name);
    if (status == CLI_OK && path != NULL)
        status =
            cli_output_write(&output, tpmc_bytes_data(public_area), tpmc_bytes_len(public_area));
    if (status == CLI_OK)
        status = put_name(name, is_stdout);
    tpmc_bytes_free(public_area);
    tpmc_bytes_free(name);
    cli_output_close(&output);
    return status;
}

static const cli_own_flag parent_flags[] = {
    { "out", TPMC_OPTION_TEXT, "P.pub", NULL, NULL, 0,
      "where the parent's public key (TPM2B_PUBLIC) goes; - is standard output" },
};

const cli_command cli_key_parent_command = {
    .name = "key parent",
    .synopsis = "[--out P.pub] [--parent WORD] [FLAG...]",
    .summary = "Print the parent key's Name and export its public key",
    .about = "Prints the Name of the key under which new keys are made, to be pinned with "
             "--parent-name, and writes its public key for 'key wrap' on another machine.",
    .flags = { { parent_flags, sizeof(parent_flags) / sizeof(parent_flags[0]) } },
    .objects = parent_objects,
    .object_count = sizeof(parent_objects) / sizeof(parent_objects[0]),
    .tpm_use = CLI_TPM_USED,
    .secrets = CLI_SECRETS_HIERARCHIES,
    .run = run_parent,
};

static int parse_handle(const char *text, uint32_t *handle)
{
    if (cli_handle_parse(text, strlen(text), handle))
        return CLI_OK;
    cli_message("--handle must be a persistent handle, 0x81 and six hexadecimal digits");
    return CLI_USAGE;
}

static int persist_parent(cli_args *args, uint32_t handle, tpmc_bytes **name)
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
    rv = tpmc_tpm_persist_parent(context.tpm, key_template, handle, name, context.err);
    if (rv != TPMC_OK)
        status = cli_context_failed(&context);
out:
    tpmc_key_template_free(key_template);
    cli_context_close(&context);
    return status;
}

static int print_persisted(uint32_t handle, const tpmc_bytes *name)
{
    char prefix[16];
    char *text;
    int status;

    text = cli_hex_text(name, "\n");
    if (text == NULL)
        return CLI_FAILED;
    (void)snprintf(prefix, sizeof(prefix), "0x%08lx ", (unsigned long)handle);
    status = cli_output_print(prefix, strlen(prefix));
    if (status == CLI_OK)
        status = cli_output_print(text, strlen(text));
    free(text);
    return status;
}

static int run_persist_parent(cli_args *args)
{
    tpmc_bytes *name = NULL;
    uint32_t handle;
    int status;

    status = parse_handle(cli_args_text(args, "handle"), &handle);
    if (status == CLI_OK)
        status = persist_parent(args, handle, &name);
    if (status == CLI_OK)
        status = print_persisted(handle, name);
    tpmc_bytes_free(name);
    return status;
}

static const cli_own_flag persist_flags[] = {
    { "handle", TPMC_OPTION_TEXT, "HANDLE", "0x81000001", NULL, 0,
      "where the key is kept, 0x81 and six hexadecimal digits" },
};

const cli_command cli_key_persist_parent_command = {
    .name = "key persist-parent",
    .synopsis = "[--handle 0x81000001] [--parent WORD] [FLAG...]",
    .summary = "Keep the parent key in the TPM",
    .about = "Makes the storage key of a hierarchy and keeps it in the TPM for good, so that keys "
             "under it open faster and without the hierarchy's password. Prints its handle and "
             "Name. Where it already stands at that handle, nothing is changed.",
    .flags = { { persist_flags, sizeof(persist_flags) / sizeof(persist_flags[0]) } },
    .objects = parent_objects,
    .object_count = sizeof(parent_objects) / sizeof(parent_objects[0]),
    .tpm_use = CLI_TPM_USED,
    .secrets = CLI_SECRETS_HIERARCHIES,
    .run = run_persist_parent,
};
