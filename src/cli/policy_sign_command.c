/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/message.h"
#include "cli/output_file.h"
#include "cli/policy_input.h"

/* What tpmc_key_sign_policy() takes. */
#define PRIVATE_KEY_MAX ((size_t)64 * 1024)

/* The key is only read from its file. */
static int open_keyfile(cli_context *context, const cli_args *args)
{
    int status;
    int rv;

    status = cli_context_new_key(context, args);
    if (status != CLI_OK)
        return status;
    rv = tpmc_key_set(context->key, "keyfile", cli_args_text(args, "keyfile"), context->err);
    return rv == TPMC_OK ? CLI_OK : cli_context_failed(context);
}

static int sign_policy(cli_args *args, const cli_input *signing_key, tpmc_bytes **pem)
{
    cli_context context = { 0 };
    tpmc_policy *policy = NULL;
    int status;
    int rv;

    status = cli_context_open_tpm(&context, args);
    if (status == CLI_OK)
        status = cli_policy_read(&context, cli_args_text(args, "policy_file"), &policy);
    if (status == CLI_OK)
        status = open_keyfile(&context, args);
    if (status != CLI_OK)
        goto out;
    rv = tpmc_key_sign_policy(context.key, policy, cli_args_text(args, "name"), signing_key->data,
                              signing_key->len, pem, context.err);
    if (rv != TPMC_OK)
        status = cli_context_failed(&context);
out:
    tpmc_policy_free(policy);
    cli_context_close(&context);
    return status;
}

static int run_sign(cli_args *args)
{
    const char *path = cli_args_text(args, "out");
    cli_input signing_key = { 0 };
    tpmc_bytes *pem = NULL;
    cli_output output;
    int status;

    if (path == NULL)
        path = cli_args_text(args, "keyfile");
    status = cli_output_open(&output, path, CLI_OUTPUT_REPLACE);
    if (status == CLI_OK)
        status = cli_input_read(&signing_key, cli_args_text(args, "signing_key"), PRIVATE_KEY_MAX,
                                CLI_INPUT_REGULAR);
    if (status == CLI_OK)
        status = sign_policy(args, &signing_key, &pem);
    if (status == CLI_OK)
        status = cli_output_write(&output, tpmc_bytes_data(pem), tpmc_bytes_len(pem));
    cli_input_free(&signing_key);
    tpmc_bytes_free(pem);
    cli_output_close(&output);
    return status;
}

static const cli_own_flag sign_flags[] = {
    { "keyfile", TPMC_OPTION_TEXT, "KEY.pem", NULL, NULL, 1,
      "key file of a key that is bound to a PolicyAuthorize step" },
    { "policy_file", TPMC_OPTION_TEXT, "FILE", NULL, NULL, 1,
      "policy to approve, in the TCG's JSON language; - is standard input" },
    { "signing_key", TPMC_OPTION_TEXT, "PRIVATE.pem", NULL, NULL, 1,
      "unencrypted private key of the PolicyAuthorize step; - is standard input" },
    { "name", TPMC_OPTION_TEXT, "NAME", NULL, NULL, 0,
      "what the signed policy is called; one of the same name is replaced" },
    { "out", TPMC_OPTION_TEXT, "FILE", NULL, NULL, 0,
      "where the new key file goes, for the owner only; - is standard output; without it, the key "
      "file is replaced" },
};

static const int sign_objects[] = { TPMC_OBJECT_TPM, TPMC_OBJECT_ENV };

const cli_command cli_policy_sign_command = {
    .name = "policy sign",
    .synopsis = "--keyfile KEY.pem --policy-file FILE --signing-key PRIVATE.pem [FLAG...]",
    .summary = "Add a signed policy to a key file",
    .about = "Signs a policy with the key that a PolicyAuthorize step names, and adds it to the "
             "key file, so that the key can be used when that policy holds: after an update of "
             "the firmware, for example. A TPM is needed only for a policy with values of now; "
             "they are those of this machine.",
    .flags = { { sign_flags, sizeof(sign_flags) / sizeof(sign_flags[0]) } },
    .objects = sign_objects,
    .object_count = sizeof(sign_objects) / sizeof(sign_objects[0]),
    .tpm_use = CLI_TPM_USED,
    .run = run_sign,
};
