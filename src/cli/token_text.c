/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/token_text.h"

#include <string.h>
#include <time.h>

#include "cli/message.h"
#include "cli/output_file.h"

/* Room for everything in the JSON but the token itself. */
#define JSON_EXTRA 1024

static int raw_text(const tpmc_token *token, cli_result *out)
{
    const char *value = tpmc_token_value(token);
    int status = cli_result_new(out, strlen(value) + 2);

    if (status != CLI_OK)
        return status;
    cli_result_append(out, value);
    cli_result_append(out, "\n");
    return CLI_OK;
}

static cJSON *json_of(const cli_token *got, const char *expires_at)
{
    const tpmc_token *token = got->token;
    double left = difftime((time_t)(tpmc_token_expires_at_ms(token) / 1000), time(NULL));
    const char *name = got->name != NULL ? got->name : "access_token";
    const char *project = (const char *)tpmc_bytes_data(got->quota_project);
    cJSON *json = cJSON_CreateObject();
    int complete;

    complete = cli_json_add_text(json, name, tpmc_token_value(token)) &&
               cli_json_add_text(json, "token_type", tpmc_token_type(token)) &&
               cJSON_AddNumberToObject(json, "expires_in", left > 0 ? left : 0) != NULL &&
               cli_json_add_text(json, "expires_at", expires_at) &&
               (got->quota_project == NULL || cli_json_add_text(json, "quota_project", project));
    if (complete)
        return json;
    cJSON_Delete(json);
    return NULL;
}

static int json_text(const cli_token *got, cli_result *out)
{
    char expires_at[CLI_TIME_SIZE];

    if (!cli_time_text(tpmc_token_expires_at_ms(got->token), expires_at)) {
        cli_message("the token's expiry is no time that can be written");
        return CLI_FAILED;
    }
    return cli_result_from_json(out, json_of(got, expires_at),
                                strlen(tpmc_token_value(got->token)) + JSON_EXTRA);
}

int cli_print_token(cli_args *args, int (*get)(cli_args *args, cli_token *out))
{
    int as_json = strcmp(cli_args_text(args, "format"), "json") == 0;
    cli_token got = { NULL, NULL, NULL };
    cli_result text = { NULL, 0, 0 };
    cli_output output;
    int status;

    status = cli_output_open(&output, cli_args_text(args, "output_file"), CLI_OUTPUT_REPLACE);
    if (status == CLI_OK)
        status = get(args, &got);
    if (status == CLI_OK)
        status = as_json ? json_text(&got, &text) : raw_text(got.token, &text);
    if (status == CLI_OK)
        status = cli_output_write(&output, text.data, text.len);
    cli_result_free(&text);
    tpmc_bytes_free(got.quota_project);
    tpmc_token_free(got.token);
    cli_output_close(&output);
    return status;
}

static const char *const formats[] = { "raw", "json", NULL };

const cli_own_flag cli_token_flags[CLI_TOKEN_FLAG_COUNT] = {
    { "format", TPMC_OPTION_CHOICE, "raw|json", "raw", formats, 0,
      "the bare token, or JSON with its type and expiry" },
    { "output_file", TPMC_OPTION_TEXT, "FILE", "-", NULL, 0,
      "where the token goes, readable for the owner only; - is standard output" },
};
