/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/context.h"
#include "cli/input_file.h"
#include "cli/message.h"
#include "cli/output_file.h"

#define MESSAGE_MAX ((size_t)64 * 1024 * 1024)

/* Finds what is wrong with the key before a long message is read. */
static int check_key(cli_context *context, const char *algorithm)
{
    tpmc_bytes *public_key = NULL;
    int rv;

    if (algorithm != NULL)
        rv = tpmc_key_supports(context->key, algorithm, context->err);
    else
        rv = tpmc_key_public(context->key, &public_key, context->err);
    tpmc_bytes_free(public_key);
    /* A key without public part is told what it is when it shall sign. */
    if (algorithm == NULL && rv == TPMC_ERR_UNSUPPORTED)
        return CLI_OK;
    return rv == TPMC_OK ? CLI_OK : cli_context_failed(context);
}

static int sign_message(cli_args *args, const char *algorithm, tpmc_bytes **signature)
{
    cli_context context = { 0 };
    cli_input message = { 0 };
    int status;
    int rv;

    status = cli_context_open_key(&context, args);
    if (status == CLI_OK)
        status = check_key(&context, algorithm);
    if (status == CLI_OK)
        status = cli_input_read(&message, cli_args_text(args, "in"), MESSAGE_MAX, CLI_INPUT_ANY);
    if (status != CLI_OK)
        goto out;
    rv = tpmc_key_sign(context.key, algorithm, message.data, message.len, signature, context.err);
    if (rv != TPMC_OK)
        status = cli_context_failed(&context);
out:
    cli_input_free(&message);
    cli_context_close(&context);
    return status;
}

static int run_sign(cli_args *args)
{
    tpmc_bytes *signature = NULL;
    cli_output output;
    int status;

    status = cli_output_open(&output, cli_args_text(args, "out"), CLI_OUTPUT_REPLACE);
    if (status == CLI_OK)
        status = sign_message(args, cli_args_text(args, "algorithm"), &signature);
    if (status == CLI_OK)
        status = cli_output_write(&output, tpmc_bytes_data(signature), tpmc_bytes_len(signature));
    tpmc_bytes_free(signature);
    cli_output_close(&output);
    return status;
}

static const cli_own_flag sign_flags[] = {
    { "algorithm", TPMC_OPTION_TEXT, "NAME", NULL, NULL, 0,
      "signature algorithm: RS256, PS256, ES256 and the like with 384 and 512, or ECDSA-SHA256, "
      "-SHA384, -SHA512; without it, what the key's type and scheme imply" },
    { "in", TPMC_OPTION_TEXT, "FILE", "-", NULL, 0, "what to sign; - is standard input" },
    { "out", TPMC_OPTION_TEXT, "FILE", "-", NULL, 0,
      "where the signature goes, as bytes; - is standard output" },
};

static const int sign_objects[] = { TPMC_OBJECT_KEY, TPMC_OBJECT_TPM, TPMC_OBJECT_ENV };

const cli_command cli_sign_command = {
    .name = "sign",
    .synopsis = "--keyfile KEY.pem [--algorithm NAME] [--in FILE] [--out FILE] [FLAG...]",
    .summary = "Sign a file with a key in the TPM",
    .about = "Signs up to 64 MiB and writes the signature as openssl has it: ECDSA in DER. The "
             "signature is verified before it is written.",
    .flags = { { sign_flags, sizeof(sign_flags) / sizeof(sign_flags[0]) } },
    .objects = sign_objects,
    .object_count = sizeof(sign_objects) / sizeof(sign_objects[0]),
    .tpm_use = CLI_TPM_USED,
    .secrets = CLI_SECRETS_USE,
    .run = run_sign,
};
