/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <time.h>

#include "cli/gcp_context.h"
#include "cli/gcp_executable.h"
#include "cli/message.h"
#include "cli/output_file.h"
#include "cli/result_text.h"

/* Room for everything in the JSON but the token itself. */
#define JSON_EXTRA 1024

typedef struct outcome {
    tpmc_token *token;
    tpmc_bytes *quota_project; /* NULL: none */
} outcome;

static int raw_text(const tpmc_token *token, cli_result *out)
{
    const char *value = tpmc_token_value(token);
    int status;

    status = cli_result_new(out, strlen(value) + 2);
    if (status != CLI_OK)
        return status;
    cli_result_append(out, value);
    cli_result_append(out, "\n");
    return CLI_OK;
}

/* An ID token goes by its own name, as token endpoints give it. */
static const char *value_name(const cli_args *args)
{
    const char *kind = cli_args_option(args, TPMC_OBJECT_GCP, "kind");

    return kind != NULL && strcmp(kind, "id") == 0 ? "id_token" : "access_token";
}

static cJSON *json_of(const cli_args *args, const outcome *got, const char *expires_at)
{
    const tpmc_token *token = got->token;
    double left = difftime((time_t)(tpmc_token_expires_at_ms(token) / 1000), time(NULL));
    cJSON *json = cJSON_CreateObject();
    int complete;

    complete = cli_json_add_text(json, value_name(args), tpmc_token_value(token)) &&
               cli_json_add_text(json, "token_type", tpmc_token_type(token)) &&
               cJSON_AddNumberToObject(json, "expires_in", left > 0 ? left : 0) != NULL &&
               cli_json_add_text(json, "expires_at", expires_at);
    if (complete && got->quota_project != NULL)
        complete = cli_json_add_text(json, "quota_project",
                                     (const char *)tpmc_bytes_data(got->quota_project));
    if (complete)
        return json;
    cJSON_Delete(json);
    return NULL;
}

static int json_text(const cli_args *args, const outcome *got, cli_result *out)
{
    char expires_at[CLI_TIME_SIZE];

    if (!cli_time_text(tpmc_token_expires_at_ms(got->token), expires_at)) {
        cli_message("the token's expiry is no time that can be written");
        return CLI_FAILED;
    }
    return cli_result_from_json(out, json_of(args, got, expires_at),
                                strlen(tpmc_token_value(got->token)) + JSON_EXTRA);
}

static int get_token(cli_args *args, outcome *out)
{
    cli_gcp self;
    int status = cli_gcp_open(&self, args);

    if (status == CLI_OK && tpmc_gcp_get_token(self.gcp, &out->token, self.context.err) != TPMC_OK)
        status = cli_context_failed(&self.context);
    if (status == CLI_OK &&
        tpmc_gcp_get_quota_project(self.gcp, &out->quota_project, self.context.err) != TPMC_OK)
        status = cli_context_failed(&self.context);
    cli_gcp_close(&self);
    return status;
}

static int run_token(cli_args *args)
{
    const char *format = cli_args_text(args, "format");
    outcome got = { NULL, NULL };
    cli_result text = { NULL, 0, 0 };
    cli_output output;
    int status;

    if (strcmp(format, "executable") == 0)
        return cli_gcp_run_executable(args);
    status = cli_output_open(&output, cli_args_text(args, "output_file"), CLI_OUTPUT_REPLACE);
    if (status == CLI_OK)
        status = get_token(args, &got);
    if (status == CLI_OK)
        status =
            strcmp(format, "json") == 0 ? json_text(args, &got, &text) : raw_text(got.token, &text);
    if (status == CLI_OK)
        status = cli_output_write(&output, text.data, text.len);
    cli_result_free(&text);
    tpmc_bytes_free(got.quota_project);
    tpmc_token_free(got.token);
    cli_output_close(&output);
    return status;
}

static const char *const formats[] = { "raw", "json", "executable", NULL };

static const cli_own_flag token_flags[] = {
    { "format", TPMC_OPTION_CHOICE, "raw|json|executable", "raw", formats, 0,
      "the bare token, JSON with its type and expiry, or a subject token as Google's libraries "
      "take it from an executable" },
    { "output_file", TPMC_OPTION_TEXT, "FILE", "-", NULL, 0,
      "where the token goes, readable for the owner only; - is standard output. With executable "
      "the token goes to both, and the libraries may name the file" },
};

const cli_command cli_gcp_token_command = {
    .name = "gcp token",
    .synopsis = "--keyfile KEY.pem --email ADDRESS [--kind KIND] [--scopes SCOPE]... [FLAG...]",
    .summary = "Print a token for Google's APIs",
    .about =
        "Makes a token of a Google service account, or of a workload identity pool to which the "
        "key is an OpenID Connect issuer, and prints it. Without --kind it is an access token "
        "that the key signs by itself, with no request to Google. With --format executable "
        "the command serves as the executable in a credential configuration of type "
        "external_account: it prints a subject token for the pool, or what failed, as JSON, "
        "and writes nothing to standard error.",
    .flags = { { token_flags, sizeof(token_flags) / sizeof(token_flags[0]) } },
    .objects = cli_gcp_objects,
    .object_count = CLI_GCP_OBJECT_COUNT,
    .tpm_use = CLI_TPM_USED,
    .secrets = CLI_SECRETS_USE,
    .run = run_token,
};
