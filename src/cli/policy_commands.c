/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "cli/hex_text.h"
#include "cli/key_text.h"
#include "cli/message.h"
#include "cli/output_file.h"
#include "cli/policy_input.h"
#include "cli/policy_text.h"

#define HASH_VALUES "sha1|sha256|sha384|sha512"

static const char *const hash_words[] = { "sha1", "sha256", "sha384", "sha512", NULL };

static int print_text(char *text)
{
    int status;

    status = cli_output_print(text, strlen(text));
    free(text);
    return status;
}

static int print_digest(const tpmc_bytes *digest)
{
    char *text = cli_hex_text(digest, "\n");

    return text == NULL ? CLI_FAILED : print_text(text);
}

static int run_digest(cli_args *args)
{
    cli_context context = { 0 };
    tpmc_policy *policy = NULL;
    tpmc_bytes *digest = NULL;
    int status;
    int rv;

    status = cli_context_open_tpm(&context, args);
    if (status == CLI_OK)
        status = cli_policy_read(&context, cli_args_text(args, "policy_file"), &policy);
    if (status != CLI_OK)
        goto out;
    rv = tpmc_policy_digest(policy, context.tpm, cli_args_text(args, "hash"), &digest, context.err);
    status = rv == TPMC_OK ? print_digest(digest) : cli_context_failed(&context);
out:
    tpmc_bytes_free(digest);
    tpmc_policy_free(policy);
    cli_context_close(&context);
    return status;
}

static const cli_own_flag digest_flags[] = {
    { "policy_file", TPMC_OPTION_TEXT, "FILE", NULL, NULL, 1,
      "policy in the TCG's JSON language; - is standard input" },
    { "hash", TPMC_OPTION_CHOICE, HASH_VALUES, "sha256", hash_words, 0,
      "the name algorithm of the key" },
};

static const int digest_objects[] = { TPMC_OBJECT_TPM, TPMC_OBJECT_ENV };

const cli_command cli_policy_digest_command = {
    .name = "policy digest",
    .synopsis = "FILE [--hash " HASH_VALUES "] [FLAG...]",
    .summary = "Print the digest of a policy",
    .about = "Prints the digest of a policy, which is the authPolicy of a key that is bound to it, "
             "in hexadecimal. A TPM is needed only for a policy with values of now, such as those "
             "of registers.",
    .flags = { { digest_flags, sizeof(digest_flags) / sizeof(digest_flags[0]) } },
    .objects = digest_objects,
    .object_count = sizeof(digest_objects) / sizeof(digest_objects[0]),
    .tpm_use = CLI_TPM_USED,
    .operand = "policy_file",
    .run = run_digest,
};

/* Prints what the library says, as it is or as a tree. */
static int print_tree(const cli_args *args, const tpmc_bytes *json)
{
    const char *data = (const char *)tpmc_bytes_data(json);
    size_t len = tpmc_bytes_len(json);
    char *text = NULL;
    int status;

    if (cli_args_is_on(args, "json"))
        status = cli_key_json(data, len, &text);
    else
        status = cli_policy_text(data, len, &text);
    return status == CLI_OK ? print_text(text) : status;
}

static int show_policy(cli_args *args, const cli_input *input)
{
    cli_context context = { 0 };
    tpmc_policy *policy = NULL;
    tpmc_bytes *json = NULL;
    int status;
    int rv;

    status = cli_context_open_env(&context, args);
    if (status == CLI_OK)
        status = cli_policy_parse(&context, input, &policy);
    if (status != CLI_OK)
        goto out;
    rv = tpmc_policy_describe(policy, cli_args_text(args, "hash"), &json, context.err);
    status = rv == TPMC_OK ? print_tree(args, json) : cli_context_failed(&context);
out:
    tpmc_bytes_free(json);
    tpmc_policy_free(policy);
    cli_context_close(&context);
    return status;
}

static int show_key(cli_args *args)
{
    cli_context context = { 0 };
    tpmc_bytes *json = NULL;
    int status;
    int rv;

    if (cli_args_text(args, "hash") != NULL) {
        cli_message("--hash goes with a policy; a key has its own");
        return CLI_USAGE;
    }
    status = cli_context_open_key(&context, args);
    if (status != CLI_OK)
        goto out;
    rv = tpmc_key_describe_policy(context.key, &json, context.err);
    status = rv == TPMC_OK ? print_tree(args, json) : cli_context_failed(&context);
out:
    tpmc_bytes_free(json);
    cli_context_close(&context);
    return status;
}

/* Whether options say how the key is used, so that the file must be one of a key. */
static int names_policy(const cli_args *args)
{
    return cli_args_option(args, TPMC_OBJECT_KEY, "pcr") != NULL ||
           cli_args_option(args, TPMC_OBJECT_KEY, "policy_file") != NULL;
}

static int run_show(cli_args *args)
{
    const char *path = cli_args_option(args, TPMC_OBJECT_KEY, "keyfile");
    cli_input input = { 0 };
    int status = CLI_OK;

    if (path != NULL)
        status = cli_input_read(&input, path, CLI_POLICY_FILE_MAX, CLI_INPUT_REGULAR);
    if (status != CLI_OK)
        goto out;
    if (path != NULL && !names_policy(args) && cli_policy_is_json(&input)) {
        status = show_policy(args, &input);
    } else if (path != NULL && strcmp(path, "-") == 0) {
        cli_message("standard input holds no policy; a key file is given by its name");
        status = CLI_FAILED;
    } else {
        status = show_key(args);
    }
out:
    cli_input_free(&input);
    return status;
}

static const cli_own_flag show_flags[] = {
    { "json", TPMC_OPTION_BOOLEAN, NULL, NULL, NULL, 0, "print JSON instead of text" },
    { "hash", TPMC_OPTION_CHOICE, HASH_VALUES, NULL, hash_words, 0,
      "the name algorithm by which digests of a policy are made; sha256 when it is not given" },
};

static const int show_objects[] = { TPMC_OBJECT_KEY, TPMC_OBJECT_TPM };

const cli_command cli_policy_show_command = {
    .name = "policy show",
    .synopsis = "KEY.pem|FILE [--json] [FLAG...]",
    .summary = "Print a policy as a readable tree",
    .about = "Prints the policy that a key is bound to, or a policy in the TCG's JSON language, "
             "step by step with the digest that it leads to. No password is needed, and a TPM only "
             "with --handle.",
    .flags = { { show_flags, sizeof(show_flags) / sizeof(show_flags[0]) } },
    .objects = show_objects,
    .object_count = sizeof(show_objects) / sizeof(show_objects[0]),
    .tpm_use = CLI_TPM_FOR_HANDLE,
    .operand = "keyfile",
    .run = run_show,
};

static int print_check(const cli_args *args, const tpmc_bytes *json)
{
    int as_json = cli_args_is_on(args, "json");
    const char *data = (const char *)tpmc_bytes_data(json);
    size_t len = tpmc_bytes_len(json);
    char *text = NULL;
    int holds = 0;
    int status;

    status = cli_policy_check_text(data, len, as_json ? NULL : &text, &holds);
    if (status == CLI_OK && as_json)
        status = cli_key_json(data, len, &text);
    if (status == CLI_OK)
        status = print_text(text);
    if (status != CLI_OK || holds)
        return status;
    cli_message("the key's policy does not hold now");
    return CLI_FAILED;
}

static int run_check(cli_args *args)
{
    cli_context context = { 0 };
    tpmc_bytes *json = NULL;
    int status;
    int rv;

    status = cli_context_open_key(&context, args);
    if (status != CLI_OK)
        goto out;
    rv = tpmc_key_check_policy(context.key, &json, context.err);
    status = rv == TPMC_OK ? print_check(args, json) : cli_context_failed(&context);
out:
    tpmc_bytes_free(json);
    cli_context_close(&context);
    return status;
}

static const cli_own_flag check_flags[] = {
    { "json", TPMC_OPTION_BOOLEAN, NULL, NULL, NULL, 0, "print JSON instead of text" },
};

static const int check_objects[] = { TPMC_OBJECT_KEY, TPMC_OBJECT_TPM, TPMC_OBJECT_ENV };

const cli_command cli_policy_check_command = {
    .name = "policy check",
    .synopsis = "KEY.pem [--json] [FLAG...]",
    .summary = "Say whether a key's policy would hold now",
    .about = "Goes through each way in which the key's policy can hold and says step by step "
             "whether it does now, and what was wanted and found where it does not. The key is not "
             "used, and a step that needs a password, a signature or an action is not run. Exits "
             "with 0 when a way holds as far as that can be told, else with 1.",
    .flags = { { check_flags, sizeof(check_flags) / sizeof(check_flags[0]) } },
    .objects = check_objects,
    .object_count = sizeof(check_objects) / sizeof(check_objects[0]),
    .tpm_use = CLI_TPM_USED,
    .secrets = CLI_SECRETS_USE,
    .operand = "keyfile",
    .run = run_check,
};
