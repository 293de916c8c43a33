/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/context.h"

#include <stdlib.h>
#include <string.h>

#include "cli/message.h"
#include "cli/stop_signal.h"

/* One shape for the setters of all objects. */
typedef int (*setter)(void *object, const char *name, const char *value, tpmc_error *err);

static int set_env(void *object, const char *name, const char *value, tpmc_error *err)
{
    return tpmc_env_set(object, name, value, err);
}

static int set_tpm(void *object, const char *name, const char *value, tpmc_error *err)
{
    return tpmc_tpm_set(object, name, value, err);
}

static int set_key(void *object, const char *name, const char *value, tpmc_error *err)
{
    return tpmc_key_set(object, name, value, err);
}

static int set_template(void *object, const char *name, const char *value, tpmc_error *err)
{
    return tpmc_key_template_set(object, name, value, err);
}

static int set_gcp(void *object, const char *name, const char *value, tpmc_error *err)
{
    return tpmc_gcp_set(object, name, value, err);
}

static int set_azure(void *object, const char *name, const char *value, tpmc_error *err)
{
    return tpmc_azure_set(object, name, value, err);
}

static int set_aws_rolesanywhere(void *object, const char *name, const char *value, tpmc_error *err)
{
    return tpmc_aws_rolesanywhere_set(object, name, value, err);
}

static int set_aws_hmac(void *object, const char *name, const char *value, tpmc_error *err)
{
    return tpmc_aws_hmac_set(object, name, value, err);
}

int cli_context_failed(const cli_context *context)
{
    return cli_library_failed(context->command, context->err);
}

static int apply(cli_context *context, const cli_args *args, int kind, setter set, void *object)
{
    const cli_given *given;
    size_t i;
    int rv;

    for (i = 0; i < args->given_count; i++) {
        given = &args->given[i];
        if (given->flag.source != CLI_FLAG_OPTION || given->flag.object != kind)
            continue;
        rv = set(object, given->flag.name, given->text, context->err);
        if (rv != TPMC_OK)
            return cli_context_failed(context);
    }
    return CLI_OK;
}

int cli_context_set_template(cli_context *context, const cli_args *args,
                             tpmc_key_template *key_template)
{
    return apply(context, args, TPMC_OBJECT_KEY_TEMPLATE, set_template, key_template);
}

int cli_context_set_gcp(cli_context *context, const cli_args *args, tpmc_gcp *gcp)
{
    return apply(context, args, TPMC_OBJECT_GCP, set_gcp, gcp);
}

int cli_context_set_azure(cli_context *context, const cli_args *args, tpmc_azure *azure)
{
    return apply(context, args, TPMC_OBJECT_AZURE, set_azure, azure);
}

int cli_context_set_aws_rolesanywhere(cli_context *context, const cli_args *args,
                                      tpmc_aws_rolesanywhere *anywhere)
{
    return apply(context, args, TPMC_OBJECT_AWS_ROLESANYWHERE, set_aws_rolesanywhere, anywhere);
}

int cli_context_set_aws_hmac(cli_context *context, const cli_args *args, tpmc_aws_hmac *hmac)
{
    return apply(context, args, TPMC_OBJECT_AWS_HMAC, set_aws_hmac, hmac);
}

static const char *environment_tcti(void)
{
    static const char *const names[] = { "TPMCLOUD_TCTI", "TPM2TOOLS_TCTI" };
    const char *value;
    size_t i;

    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        value = getenv(names[i]);
        if (value != NULL && value[0] != '\0')
            return value;
    }
    return NULL;
}

static int read_secrets(cli_args *args)
{
    int status = CLI_OK;
    size_t i;

    for (i = 0; status == CLI_OK && i < CLI_SECRET_COUNT; i++)
        status = cli_secret_read(&args->secrets[i], cli_secret_flag_of(i)->noun);
    return status == CLI_OK ? cli_entities_read(&args->entities) : status;
}

static int set_hierarchy_passwords(cli_context *context, const cli_args *args)
{
    const cli_secret *secret;
    int hierarchy;
    size_t i;
    int rv;

    for (i = 0; i < CLI_SECRET_COUNT; i++) {
        secret = &args->secrets[i];
        hierarchy = cli_secret_flag_of(i)->hierarchy;
        if (!secret->is_given || hierarchy == 0)
            continue;
        rv = tpmc_tpm_set_hierarchy_password(context->tpm, hierarchy, secret->bytes, secret->len,
                                             context->err);
        if (rv != TPMC_OK)
            return cli_context_failed(context);
    }
    return CLI_OK;
}

/* What the library points out beside its results. */
static int show_warning(void *user, int level, const char *text)
{
    (void)user;
    if (level == TPMC_LOG_WARNING)
        cli_message("%s", text);
    return 0;
}

int cli_context_open_env(cli_context *context, cli_args *args)
{
    int status;
    int rv;

    memset(context, 0, sizeof(*context));
    context->command = args->command;
    rv = tpmc_error_new(&context->err);
    if (rv != TPMC_OK)
        return cli_no_memory();
    rv = tpmc_env_new(&context->env, context->err);
    if (rv == TPMC_OK)
        rv = tpmc_env_set_should_stop(context->env, cli_stop_callback, NULL, NULL, context->err);
    if (rv == TPMC_OK)
        rv = tpmc_env_set_log(context->env, show_warning, NULL, NULL, context->err);
    if (rv != TPMC_OK)
        return cli_context_failed(context);
    status = apply(context, args, TPMC_OBJECT_ENV, set_env, context->env);
    return status == CLI_OK ? read_secrets(args) : status;
}

static int may_use_tpm(const cli_args *args)
{
    switch (args->command->tpm_use) {
    case CLI_TPM_USED:
        return 1;
    case CLI_TPM_FOR_HANDLE:
        return cli_args_option(args, TPMC_OBJECT_KEY, "handle") != NULL;
    default:
        return 0;
    }
}

static int set_tcti(cli_context *context, const cli_args *args)
{
    const char *tcti = environment_tcti();
    int rv;

    if (tcti == NULL || !may_use_tpm(args) ||
        cli_args_option(args, TPMC_OBJECT_TPM, "tcti") != NULL)
        return CLI_OK;
    rv = tpmc_tpm_set(context->tpm, "tcti", tcti, context->err);
    return rv == TPMC_OK ? CLI_OK : cli_context_failed(context);
}

int cli_context_open_tpm(cli_context *context, cli_args *args)
{
    int status;
    int rv;

    status = cli_context_open_env(context, args);
    if (status != CLI_OK)
        return status;
    rv = tpmc_tpm_new(context->env, &context->tpm, context->err);
    if (rv != TPMC_OK)
        return cli_context_failed(context);
    status = set_tcti(context, args);
    if (status == CLI_OK)
        status = apply(context, args, TPMC_OBJECT_TPM, set_tpm, context->tpm);
    if (status == CLI_OK)
        status = set_hierarchy_passwords(context, args);
    return status;
}

int cli_context_new_key(cli_context *context, const cli_args *args)
{
    const cli_secret *password = &args->secrets[CLI_SECRET_KEY];
    const cli_secret *parent = &args->secrets[CLI_SECRET_PARENT];
    int rv;

    rv = tpmc_key_new(context->tpm, &context->key, context->err);
    if (rv == TPMC_OK && password->is_given)
        rv = tpmc_key_set_password(context->key, password->bytes, password->len, context->err);
    if (rv == TPMC_OK && parent->is_given)
        rv = tpmc_key_set_parent_password(context->key, parent->bytes, parent->len, context->err);
    return rv == TPMC_OK ? CLI_OK : cli_context_failed(context);
}

/* A policy without steps of its own brings passwords for those that the key has. */
static int set_entity_passwords(cli_context *context, const cli_args *args)
{
    const cli_entity *entity;
    tpmc_policy *answers = NULL;
    size_t i;
    int rv;

    if (args->entities.count == 0)
        return CLI_OK;
    rv = tpmc_policy_new(context->env, &answers, context->err);
    for (i = 0; rv == TPMC_OK && i < args->entities.count; i++) {
        entity = &args->entities.items[i];
        rv = tpmc_policy_set_password(answers, entity->handle, entity->secret.bytes,
                                      entity->secret.len, context->err);
    }
    if (rv == TPMC_OK)
        rv = tpmc_key_set_policy(context->key, answers, context->err);
    tpmc_policy_free(answers);
    return rv == TPMC_OK ? CLI_OK : cli_context_failed(context);
}

int cli_context_open_key(cli_context *context, cli_args *args)
{
    int status;

    status = cli_context_open_tpm(context, args);
    if (status == CLI_OK)
        status = cli_context_new_key(context, args);
    if (status == CLI_OK)
        status = apply(context, args, TPMC_OBJECT_KEY, set_key, context->key);
    if (status == CLI_OK)
        status = set_entity_passwords(context, args);
    return status;
}

void cli_context_close(cli_context *context)
{
    tpmc_key_free(context->key);
    tpmc_tpm_free(context->tpm);
    tpmc_env_free(context->env);
    tpmc_error_free(context->err);
    memset(context, 0, sizeof(*context));
}
