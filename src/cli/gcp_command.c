/* SPDX-License-Identifier: Apache-2.0 */
#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli/context.h"
#include "cli/message.h"
#include "cli/output_file.h"

/* Room for everything in the JSON but the token itself. */
#define JSON_EXTRA 512

/* A text with a token in it; wiped when freed. */
typedef struct token_text {
    char *data;
    size_t capacity;
} token_text;

static int token_text_new(token_text *text, size_t capacity)
{
    text->data = calloc(1, capacity);
    text->capacity = capacity;
    return text->data == NULL ? cli_no_memory() : CLI_OK;
}

static void token_text_free(token_text *text)
{
    if (text->data != NULL)
        cli_wipe(text->data, text->capacity);
    free(text->data);
}

static int raw_text(const tpmc_token *token, token_text *out)
{
    const char *value = tpmc_token_value(token);
    int status;

    status = token_text_new(out, strlen(value) + 2);
    if (status == CLI_OK)
        (void)snprintf(out->data, out->capacity, "%s\n", value);
    return status;
}

/* RFC 3339, in UTC. */
static int format_time(time_t when, char *out, size_t capacity)
{
    struct tm parts;

    if (gmtime_r(&when, &parts) == NULL)
        return 0;
    return strftime(out, capacity, "%Y-%m-%dT%H:%M:%SZ", &parts) > 0;
}

/* The text is referred to, not copied, so that the token stays in one place. */
static int add_text(cJSON *json, const char *name, const char *text)
{
    cJSON *item = cJSON_CreateStringReference(text);

    if (cJSON_AddItemToObject(json, name, item))
        return 1;
    cJSON_Delete(item);
    return 0;
}

static cJSON *json_of(const tpmc_token *token, double expires_in, const char *expires_at)
{
    cJSON *json = cJSON_CreateObject();
    int complete;

    complete = add_text(json, "access_token", tpmc_token_value(token)) &&
               add_text(json, "token_type", tpmc_token_type(token)) &&
               cJSON_AddNumberToObject(json, "expires_in", expires_in) != NULL &&
               add_text(json, "expires_at", expires_at);
    if (complete)
        return json;
    cJSON_Delete(json);
    return NULL;
}

static int json_text(const tpmc_token *token, token_text *out)
{
    time_t expiry = (time_t)(tpmc_token_expires_at_ms(token) / 1000);
    double left = difftime(expiry, time(NULL));
    char expires_at[32];
    cJSON *json = NULL;
    int status;

    if (!format_time(expiry, expires_at, sizeof(expires_at))) {
        cli_message("the token's expiry is no time that can be written");
        return CLI_FAILED;
    }
    status = token_text_new(out, strlen(tpmc_token_value(token)) + JSON_EXTRA);
    if (status != CLI_OK)
        return status;
    json = json_of(token, left > 0 ? left : 0, expires_at);
    if (json == NULL ||
        !cJSON_PrintPreallocated(json, out->data, (int)out->capacity - 1, 0 /* one line */))
        status = cli_no_memory();
    else
        out->data[strlen(out->data)] = '\n';
    cJSON_Delete(json);
    return status;
}

static int get_token(cli_args *args, tpmc_token **out)
{
    cli_context context = { 0 };
    tpmc_gcp *gcp = NULL;
    int status;
    int rv;

    status = cli_context_open_key(&context, args);
    if (status != CLI_OK)
        goto out;
    rv = tpmc_gcp_new(context.env, context.key, &gcp, context.err);
    if (rv != TPMC_OK) {
        status = cli_context_failed(&context);
        goto out;
    }
    status = cli_context_set_gcp(&context, args, gcp);
    if (status != CLI_OK)
        goto out;
    rv = tpmc_gcp_get_token(gcp, out, context.err);
    if (rv != TPMC_OK)
        status = cli_context_failed(&context);
out:
    tpmc_gcp_free(gcp);
    cli_context_close(&context);
    return status;
}

static int run_token(cli_args *args)
{
    int as_json = strcmp(cli_args_text(args, "format"), "json") == 0;
    tpmc_token *token = NULL;
    token_text text = { NULL, 0 };
    cli_output output;
    int status;

    status = cli_output_open(&output, cli_args_text(args, "output_file"), CLI_OUTPUT_REPLACE);
    if (status == CLI_OK)
        status = get_token(args, &token);
    if (status == CLI_OK)
        status = as_json ? json_text(token, &text) : raw_text(token, &text);
    if (status == CLI_OK)
        status = cli_output_write(&output, text.data, strlen(text.data));
    token_text_free(&text);
    tpmc_token_free(token);
    cli_output_close(&output);
    return status;
}

static const char *const formats[] = { "raw", "json", NULL };

static const cli_own_flag token_flags[] = {
    { "format", TPMC_OPTION_CHOICE, "raw|json", "raw", formats, 0,
      "the bare token, or JSON with its type and expiry" },
    { "output_file", TPMC_OPTION_TEXT, "FILE", "-", NULL, 0,
      "where the token goes, readable for the owner only; - is standard output" },
};

static const int token_objects[] = { TPMC_OBJECT_GCP, TPMC_OBJECT_KEY, TPMC_OBJECT_TPM,
                                     TPMC_OBJECT_ENV };

const cli_command cli_gcp_token_command = {
    .name = "gcp token",
    .synopsis = "--keyfile KEY.pem --email ADDRESS [--scopes SCOPE]... [FLAG...]",
    .summary = "Print a token for Google's APIs",
    .about = "Makes a self-signed JWT for a Google service account, with the scopes given, the "
             "cloud-platform scope, or for an audience, and prints it.",
    .flags = { { token_flags, sizeof(token_flags) / sizeof(token_flags[0]) } },
    .objects = token_objects,
    .object_count = sizeof(token_objects) / sizeof(token_objects[0]),
    .tpm_use = CLI_TPM_USED,
    .secrets = CLI_SECRETS_USE,
    .run = run_token,
};
