/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "cli/context.h"
#include "cli/hex_text.h"
#include "cli/input_file.h"
#include "cli/message.h"
#include "cli/output_file.h"

#define MESSAGE_MAX ((size_t)64 * 1024 * 1024)

/* Finds out that the key makes no HMAC before a long message is read. Which hash the key is bound
 * to is not known here, so one that fits is enough; what is said of SHA-256 is said last. */
static int check_key(cli_context *context)
{
    static const char *const algorithms[] = { "HS512", "HS384", "HS256" };
    size_t count = sizeof(algorithms) / sizeof(algorithms[0]);
    int rv = TPMC_ERR_UNSUPPORTED;
    size_t i;

    for (i = 0; rv == TPMC_ERR_UNSUPPORTED && i < count; i++)
        rv = tpmc_key_supports(context->key, algorithms[i], context->err);
    return rv == TPMC_OK ? CLI_OK : cli_context_failed(context);
}

static int make_hmac(cli_args *args, tpmc_bytes **mac)
{
    cli_context context = { 0 };
    cli_input message = { 0 };
    int status;
    int rv;

    status = cli_context_open_key(&context, args);
    if (status == CLI_OK)
        status = check_key(&context);
    if (status == CLI_OK)
        status = cli_input_read(&message, cli_args_text(args, "in"), MESSAGE_MAX, CLI_INPUT_ANY);
    if (status != CLI_OK)
        goto out;
    rv = tpmc_key_hmac(context.key, message.data, message.len, mac, context.err);
    if (rv != TPMC_OK)
        status = cli_context_failed(&context);
out:
    cli_input_free(&message);
    cli_context_close(&context);
    return status;
}

static int write_hex(const cli_output *output, const tpmc_bytes *mac)
{
    char *text;
    size_t len;
    int status;

    text = cli_hex_text(mac, "\n");
    if (text == NULL)
        return CLI_FAILED;
    len = strlen(text);
    status = cli_output_write(output, text, len);
    cli_wipe(text, len);
    free(text);
    return status;
}

static int run_hmac(cli_args *args)
{
    tpmc_bytes *mac = NULL;
    cli_output output;
    int status;

    status = cli_output_open(&output, cli_args_text(args, "out"), CLI_OUTPUT_REPLACE);
    if (status == CLI_OK)
        status = make_hmac(args, &mac);
    if (status == CLI_OK && cli_args_is_on(args, "hex"))
        status = write_hex(&output, mac);
    else if (status == CLI_OK)
        status = cli_output_write(&output, tpmc_bytes_data(mac), tpmc_bytes_len(mac));
    tpmc_bytes_free(mac);
    cli_output_close(&output);
    return status;
}

static const cli_own_flag hmac_flags[] = {
    { "in", TPMC_OPTION_TEXT, "FILE", "-", NULL, 0,
      "what the HMAC is made of; - is standard input" },
    { "out", TPMC_OPTION_TEXT, "FILE", "-", NULL, 0,
      "where the HMAC goes, readable for the owner only; - is standard output" },
    { "hex", TPMC_OPTION_BOOLEAN, NULL, NULL, NULL, 0,
      "write hexadecimal digits and a line end instead of bytes" },
};

static const int hmac_objects[] = { TPMC_OBJECT_KEY, TPMC_OBJECT_TPM, TPMC_OBJECT_ENV };

const cli_command cli_hmac_command = {
    .name = "hmac",
    .synopsis = "--keyfile KEY.pem [--in FILE] [--out FILE] [--hex] [FLAG...]",
    .summary = "Make the HMAC of a file with a key in the TPM",
    .about = "Makes the HMAC of up to 64 MiB with the hash that the key is bound to, else SHA-256. "
             "It may itself be a secret, as the keys are that AWS signatures are made with: it "
             "crosses to and from the TPM encrypted.",
    .flags = { { hmac_flags, sizeof(hmac_flags) / sizeof(hmac_flags[0]) } },
    .objects = hmac_objects,
    .object_count = sizeof(hmac_objects) / sizeof(hmac_objects[0]),
    .tpm_use = CLI_TPM_USED,
    .secrets = CLI_SECRETS_USE,
    .run = run_hmac,
};
