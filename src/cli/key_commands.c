/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "cli/context.h"
#include "cli/key_text.h"
#include "cli/message.h"
#include "cli/output_file.h"
#include "cli/policy_text.h"

static const int key_objects[] = { TPMC_OBJECT_KEY, TPMC_OBJECT_TPM };

/* The policy in words, where the file tells it. What keeps the key from being used is said when
 * somebody wants to use it. */
static int print_policy(const cli_context *context)
{
    tpmc_bytes *json = NULL;
    char *text = NULL;
    int status = CLI_OK;
    int rv;

    rv = tpmc_key_describe_policy(context->key, &json, context->err);
    if (rv == TPMC_OK)
        status = cli_policy_text((const char *)tpmc_bytes_data(json), tpmc_bytes_len(json), &text);
    if (status == CLI_OK && text != NULL)
        status = cli_output_print(text, strlen(text));
    free(text);
    tpmc_bytes_free(json);
    return status;
}

static int run_show(cli_args *args)
{
    int as_json = cli_args_is_on(args, "json");
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
    if (as_json)
        status = cli_key_json((const char *)tpmc_bytes_data(json), tpmc_bytes_len(json), &text);
    else
        status = cli_key_text((const char *)tpmc_bytes_data(json), tpmc_bytes_len(json), &text);
    if (status == CLI_OK)
        status = cli_output_print(text, strlen(text));
    if (status == CLI_OK && !as_json)
        status = print_policy(&context);
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
    .about =
        "Prints everything in a key file, with the policy that the key is bound to in words. No "
        "password is needed, and a TPM only with --handle.",
    .flags = { { show_flags, sizeof(show_flags) / sizeof(show_flags[0]) } },
    .objects = key_objects,
    .object_count = sizeof(key_objects) / sizeof(key_objects[0]),
    .tpm_use = CLI_TPM_FOR_HANDLE,
    .operand = "keyfile",
    .run = run_show,
};

static int print_text(char *text)
{
    int status;

    status = cli_output_print(text, strlen(text));
    free(text);
    return status;
}

static int print_spki(const cli_context *context, const cli_args *args)
{
    tpmc_bytes *der = NULL;
    char *pem = NULL;
    int status;
    int rv;

    rv = tpmc_key_public(context->key, &der, context->err);
    if (rv != TPMC_OK)
        return cli_context_failed(context);
    if (strcmp(cli_args_text(args, "format"), "der") == 0) {
        status = cli_output_print(tpmc_bytes_data(der), tpmc_bytes_len(der));
    } else {
        status = cli_key_pem(tpmc_bytes_data(der), tpmc_bytes_len(der), &pem);
        if (status == CLI_OK)
            status = print_text(pem);
    }
    tpmc_bytes_free(der);
    return status;
}

static int print_jwk(const cli_context *context, const cli_args *args)
{
    int is_set = strcmp(cli_args_text(args, "format"), "jwks") == 0;
    tpmc_bytes *jwk = NULL;
    char *text = NULL;
    int status;
    int rv;

    rv = tpmc_jwk_from_key(context->key, cli_args_text(args, "algorithm"), &jwk, context->err);
    if (rv != TPMC_OK)
        return cli_context_failed(context);
    status = cli_key_jwk((const char *)tpmc_bytes_data(jwk), tpmc_bytes_len(jwk), is_set, &text);
    if (status == CLI_OK)
        status = print_text(text);
    tpmc_bytes_free(jwk);
    return status;
}

static int run_public(cli_args *args)
{
    int is_jwk = strncmp(cli_args_text(args, "format"), "jwk", 3) == 0;
    cli_context context = { 0 };
    int status;

    if (!is_jwk && cli_args_text(args, "algorithm") != NULL) {
        cli_message("--algorithm goes with --format jwk or jwks");
        return CLI_USAGE;
    }
    status = cli_context_open_key(&context, args);
    if (status == CLI_OK)
        status = is_jwk ? print_jwk(&context, args) : print_spki(&context, args);
    cli_context_close(&context);
    return status;
}

static const char *const public_formats[] = { "pem", "der", "jwk", "jwks", NULL };

static const cli_own_flag public_flags[] = {
    { "format", TPMC_OPTION_CHOICE, "pem|der|jwk|jwks", "pem", public_formats, 0,
      "how the public key is written: a SubjectPublicKeyInfo as PEM or DER, a JSON Web Key, or a "
      "set that holds this one" },
    { "algorithm", TPMC_OPTION_TEXT, "NAME", NULL, NULL, 0,
      "what the JSON Web Key says that it is used for, such as RS256" },
};

const cli_command cli_key_public_command = {
    .name = "key public",
    .synopsis = "KEY.pem [--format pem|der|jwk|jwks]",
    .summary = "Print a key's public key",
    .about = "Prints the public key as a SubjectPublicKeyInfo or a JSON Web Key. No password is "
             "needed, and a TPM only with --handle.",
    .flags = { { public_flags, sizeof(public_flags) / sizeof(public_flags[0]) } },
    .objects = key_objects,
    .object_count = sizeof(key_objects) / sizeof(key_objects[0]),
    .tpm_use = CLI_TPM_FOR_HANDLE,
    .operand = "keyfile",
    .run = run_public,
};
