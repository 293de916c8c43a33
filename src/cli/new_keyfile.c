/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/new_keyfile.h"

#include <cjson/cJSON.h>

#include "cli/message.h"

const cli_own_flag cli_new_keyfile_flags[CLI_NEW_KEYFILE_FLAG_COUNT] = {
    { "out", TPMC_OPTION_TEXT, "KEY.pem", NULL, NULL, 1,
      "key file to write, for the owner only; - is standard output" },
    { "force", TPMC_OPTION_BOOLEAN, NULL, NULL, NULL, 0, "replace the key file if it exists" },
};

int cli_new_keyfile_output(cli_output *output, const cli_args *args)
{
    cli_output_mode mode = cli_args_is_on(args, "force") ? CLI_OUTPUT_REPLACE : CLI_OUTPUT_KEEP;

    return cli_output_open(output, cli_args_text(args, "out"), mode);
}

int cli_new_keyfile_template(cli_context *context, const cli_args *args, tpmc_key_template **out)
{
    const cli_secret *password = &args->secrets[CLI_SECRET_KEY];
    const cli_secret *parent = &args->secrets[CLI_SECRET_PARENT];
    int rv;

    if (parent->is_given &&
        cli_args_option(args, TPMC_OBJECT_KEY_TEMPLATE, "template_parent_handle") == NULL) {
        cli_message(
            "--parent-password is a persistent parent's, and --template-parent-handle names "
            "none; a hierarchy has its own, such as --ownerpassword");
        return CLI_USAGE;
    }
    rv = tpmc_key_template_new(context->env, out, context->err);
    if (rv == TPMC_OK && password->is_given)
        rv = tpmc_key_template_set_password(*out, password->bytes, password->len, context->err);
    if (rv == TPMC_OK && parent->is_given)
        rv = tpmc_key_template_set_parent_password(*out, parent->bytes, parent->len, context->err);
    if (rv != TPMC_OK)
        return cli_context_failed(context);
    return cli_context_set_template(context, args, *out);
}

/* Whether a description of a key has no steps of a policy. */
static int lacks_steps(const tpmc_bytes *description)
{
    cJSON *json = cJSON_ParseWithLength((const char *)tpmc_bytes_data(description),
                                        tpmc_bytes_len(description));
    const cJSON *steps = cJSON_GetObjectItemCaseSensitive(json, "policy");
    int lacks = cJSON_IsArray(steps) && steps->child == NULL;

    cJSON_Delete(json);
    return lacks;
}

void cli_new_keyfile_tell(cli_args *args, const tpmc_bytes *pem)
{
    cli_context context = { 0 };
    tpmc_bytes *description = NULL;
    int rv;

    if (cli_args_option(args, TPMC_OBJECT_KEY_TEMPLATE, "bind_policy_file") == NULL ||
        cli_context_open_tpm(&context, args) != CLI_OK ||
        cli_context_new_key(&context, args) != CLI_OK)
        goto out;
    rv = tpmc_key_set_pem(context.key, tpmc_bytes_data(pem), tpmc_bytes_len(pem), context.err);
    if (rv == TPMC_OK)
        rv = tpmc_key_describe(context.key, &description, context.err);
    if (rv == TPMC_OK && lacks_steps(description))
        cli_message("key files have no words for this policy: keep its file, and give it by "
                    "--policy-file whenever the key is used");
out:
    tpmc_bytes_free(description);
    cli_context_close(&context);
}
