/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "cli/input_file.h"
#include "cli/message.h"
#include "cli/new_keyfile.h"

/* What tpmc_key_convert() takes. */
#define PUBLIC_MAX ((size_t)1024)
#define PRIVATE_MAX ((size_t)2048)

static const char *key_option(const cli_args *args, const char *name)
{
    return cli_args_option(args, TPMC_OBJECT_KEY, name);
}

static int is_pair(const cli_args *args)
{
    return key_option(args, "keyfile") == NULL;
}

static int is_one_of(const cli_flag *flag, const char *const *names)
{
    for (; *names != NULL; names++) {
        if (strcmp(flag->name, *names) == 0)
            return 1;
    }
    return 0;
}

static int refuse_flag(const cli_flag *flag, const char *why)
{
    char spelt[CLI_FLAG_NAME_MAX];

    cli_flag_spell(flag->name, spelt);
    cli_message("%s %s", spelt, why);
    return CLI_USAGE;
}

static const char *const pair_flags[] = { "public", "private", "pcr", "policy_file", NULL };
static const char *const part_flags[] = { "public", "private", NULL };
static const char *const pair_template_flags[] = { "parent", "template_parent_handle",
                                                   "description", "bind_policy_file", NULL };

/* A pair gets what the template says of its parent, and a key file keeps what it says: other flags
 * would be ignored. */
static int check_flag(const cli_flag *flag, int pair)
{
    if (flag->source != CLI_FLAG_OPTION)
        return CLI_OK;
    if (pair && strcmp(flag->name, "parent_handle") == 0)
        return refuse_flag(flag, "is for --keyfile; what --public and --private shall name as "
                                 "their parent is --template-parent-handle");
    if (pair && flag->object == TPMC_OBJECT_KEY && !is_one_of(flag, pair_flags))
        return refuse_flag(flag, "does not go with --public and --private here");
    if (pair && flag->object == TPMC_OBJECT_KEY_TEMPLATE && !is_one_of(flag, pair_template_flags))
        return refuse_flag(flag, "is for a new key, and --public and --private hold one");
    if (!pair && (flag->object == TPMC_OBJECT_KEY_TEMPLATE || is_one_of(flag, part_flags)))
        return refuse_flag(flag, "does not go with --keyfile, which says it all");
    return CLI_OK;
}

static int check_flags(const cli_args *args)
{
    int pair = is_pair(args);
    int status = CLI_OK;
    size_t i;

    if (pair && (key_option(args, "public") == NULL || key_option(args, "private") == NULL)) {
        cli_message("'%s' needs --public and --private, or --keyfile", args->command->name);
        return CLI_USAGE;
    }
    for (i = 0; status == CLI_OK && i < args->given_count; i++)
        status = check_flag(&args->given[i].flag, pair);
    return status;
}

static int read_part(const char *path, size_t ceiling, const char *what, cli_input *out)
{
    int status;

    status = cli_input_read(out, path, ceiling, CLI_INPUT_REGULAR);
    if (status == CLI_OK && out->len == 0) {
        cli_message("'%s' is empty; it should hold the key's %s", path, what);
        status = CLI_FAILED;
    }
    return status;
}

/* Of the password only this counts: whether there is one. It may be longer than what a new key can
 * have. */
static int set_has_password(const cli_context *context, const cli_args *args,
                            tpmc_key_template *key_template)
{
    const cli_secret *password = &args->secrets[CLI_SECRET_KEY];
    int rv;

    if (!password->is_given)
        return CLI_OK;
    rv = tpmc_key_template_set_password(key_template, "1", password->len > 0, context->err);
    return rv == TPMC_OK ? CLI_OK : cli_context_failed(context);
}

/* Of a pair --policy-file says what it is bound to, so that its file can tell. */
static int set_policy(const cli_context *context, const cli_args *args,
                      tpmc_key_template *key_template)
{
    const char *path = key_option(args, "policy_file");
    int rv;

    if (path == NULL)
        return CLI_OK;
    if (cli_args_option(args, TPMC_OBJECT_KEY_TEMPLATE, "bind_policy_file") != NULL) {
        cli_message("--policy-file and --bind-policy-file mean the same here; give one of them");
        return CLI_USAGE;
    }
    rv = tpmc_key_template_set(key_template, "bind_policy_file", path, context->err);
    return rv == TPMC_OK ? CLI_OK : cli_context_failed(context);
}

static int convert_parts(cli_context *context, const cli_args *args, const cli_input *public_part,
                         const cli_input *private_part, tpmc_bytes **pem)
{
    tpmc_key_template *key_template = NULL;
    int status = CLI_OK;
    int rv;

    rv = tpmc_key_template_new(context->env, &key_template, context->err);
    if (rv != TPMC_OK)
        status = cli_context_failed(context);
    if (status == CLI_OK)
        status = set_has_password(context, args, key_template);
    if (status == CLI_OK)
        status = cli_context_set_template(context, args, key_template);
    if (status == CLI_OK)
        status = set_policy(context, args, key_template);
    if (status != CLI_OK)
        goto out;
    rv = tpmc_key_convert(key_template, public_part->data, public_part->len, private_part->data,
                          private_part->len, pem, context->err);
    if (rv != TPMC_OK)
        status = cli_context_failed(context);
out:
    tpmc_key_template_free(key_template);
    return status;
}

static int open_result(cli_context *context, const cli_args *args, const tpmc_bytes *pem)
{
    int status;
    int rv;

    status = cli_context_new_key(context, args);
    if (status != CLI_OK)
        return status;
    rv = tpmc_key_set_pem(context->key, tpmc_bytes_data(pem), tpmc_bytes_len(pem), context->err);
    if (rv == TPMC_OK)
        rv = tpmc_key_set(context->key, "pcr", key_option(args, "pcr"), context->err);
    if (rv == TPMC_OK)
        rv = tpmc_key_open(context->key, context->err);
    return rv == TPMC_OK ? CLI_OK : cli_context_failed(context);
}

/* Loads the key once, where a TPM is named, so that a wrong parent is said now. With --pcr the TPM
 * tells the values that go into the file. */
static int try_key(cli_context *context, const cli_args *args, tpmc_bytes **pem)
{
    tpmc_bytes *again = NULL;
    int has_pcr = key_option(args, "pcr") != NULL;
    int status;
    int rv;

    if (!has_pcr && cli_args_option(args, TPMC_OBJECT_TPM, "tcti") == NULL)
        return CLI_OK;
    status = open_result(context, args, *pem);
    if (status != CLI_OK || !has_pcr)
        return status;
    rv = tpmc_key_export(context->key, &again, context->err);
    if (rv != TPMC_OK)
        return cli_context_failed(context);
    tpmc_bytes_free(*pem);
    *pem = again;
    return CLI_OK;
}

static int convert_pair(cli_args *args, tpmc_bytes **pem)
{
    cli_context context = { 0 };
    cli_input public_part = { 0 };
    cli_input private_part = { 0 };
    int status;

    status = read_part(key_option(args, "public"), PUBLIC_MAX, "TPM2B_PUBLIC", &public_part);
    if (status == CLI_OK)
        status =
            read_part(key_option(args, "private"), PRIVATE_MAX, "TPM2B_PRIVATE", &private_part);
    if (status == CLI_OK)
        status = cli_context_open_tpm(&context, args);
    if (status == CLI_OK)
        status = convert_parts(&context, args, &public_part, &private_part, pem);
    if (status == CLI_OK)
        status = try_key(&context, args, pem);
    cli_input_free(&private_part);
    cli_input_free(&public_part);
    cli_context_close(&context);
    return status;
}

static int convert_keyfile(cli_args *args, tpmc_bytes **pem)
{
    cli_context context = { 0 };
    int status;
    int rv;

    status = cli_context_open_key(&context, args);
    if (status != CLI_OK)
        goto out;
    rv = tpmc_key_export(context.key, pem, context.err);
    if (rv != TPMC_OK)
        status = cli_context_failed(&context);
out:
    cli_context_close(&context);
    return status;
}

static int run_convert(cli_args *args)
{
    tpmc_bytes *pem = NULL;
    cli_output output;
    int status;

    status = check_flags(args);
    if (status != CLI_OK)
        return status;
    status = cli_new_keyfile_output(&output, args);
    if (status == CLI_OK)
        status = is_pair(args) ? convert_pair(args, &pem) : convert_keyfile(args, &pem);
    if (status == CLI_OK)
        status = cli_output_write(&output, tpmc_bytes_data(pem), tpmc_bytes_len(pem));
    tpmc_bytes_free(pem);
    cli_output_close(&output);
    return status;
}

static const int convert_objects[] = { TPMC_OBJECT_KEY, TPMC_OBJECT_KEY_TEMPLATE, TPMC_OBJECT_TPM,
                                       TPMC_OBJECT_ENV };

const cli_command cli_key_convert_command = {
    .name = "key convert",
    .synopsis = "--public F.pub --private F.prv|--keyfile KEY.pem --out NEW.pem [FLAG...]",
    .summary = "Make a key file from TPM2B files or an importable one",
    .about =
        "Makes a key file from the two files that tpm2-tools write for a key. That needs no "
        "TPM; where --tcti is given the key is also loaded once, so that a wrong parent is "
        "said now. --password (or --keyPassword) then says only that the key has one. The policy "
        "that the key is bound to is written into the file with --policy-file, or with --pcr and "
        "the values that a TPM has now. With "
        "--keyfile, imports an importable key file into the TPM and writes one that is "
        "loaded without importing.",
    .flags = { { cli_new_keyfile_flags, CLI_NEW_KEYFILE_FLAG_COUNT } },
    .objects = convert_objects,
    .object_count = sizeof(convert_objects) / sizeof(convert_objects[0]),
    .tpm_use = CLI_TPM_USED,
    .secrets = CLI_SECRETS_ALL,
    .run = run_convert,
};
