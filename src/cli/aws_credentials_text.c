/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/aws_credentials_text.h"

#include <string.h>

#include "cli/message.h"
#include "cli/output_file.h"
#include "cli/result_text.h"

/* Room for everything but the values. */
#define EXTRA 512

static const char *const formats[] = { "process", "env", NULL };

const cli_own_flag cli_aws_credentials_flags[CLI_AWS_CREDENTIALS_FLAG_COUNT] = {
    { "format", TPMC_OPTION_CHOICE, "process|env", "process", formats, 0,
      "JSON as credential_process of AWS's configuration takes it, or exports for a shell" },
    { "output_file", TPMC_OPTION_TEXT, "FILE", "-", NULL, 0,
      "where they go, readable for the owner only; - is standard output" },
};

/* Everything that is printed of credentials. */
typedef struct parts {
    const char *access_key_id;
    const char *secret_access_key;
    const char *session_token;
    char expires_at[CLI_TIME_SIZE];
} parts;

static int read_parts(const tpmc_aws_credentials *credentials, parts *out)
{
    out->access_key_id = tpmc_aws_credentials_access_key_id(credentials);
    out->secret_access_key = tpmc_aws_credentials_secret_access_key(credentials);
    out->session_token = tpmc_aws_credentials_session_token(credentials);
    if (cli_time_text(tpmc_aws_credentials_expires_at_ms(credentials), out->expires_at))
        return CLI_OK;
    cli_message("the expiry of the credentials is no time that can be written");
    return CLI_FAILED;
}

/* JSON writes a character in up to 6 bytes, a shell a quote in 4. */
static size_t room_for(const parts *p)
{
    return EXTRA + 6 * (strlen(p->access_key_id) + strlen(p->secret_access_key) +
                        (p->session_token == NULL ? 0 : strlen(p->session_token)));
}

static int process_text(const parts *p, cli_result *out)
{
    cJSON *json = cJSON_CreateObject();
    int complete;

    complete =
        cJSON_AddNumberToObject(json, "Version", 1) != NULL &&
        cli_json_add_text(json, "AccessKeyId", p->access_key_id) &&
        cli_json_add_text(json, "SecretAccessKey", p->secret_access_key) &&
        (p->session_token == NULL || cli_json_add_text(json, "SessionToken", p->session_token)) &&
        cli_json_add_text(json, "Expiration", p->expires_at);
    if (!complete) {
        cJSON_Delete(json);
        json = NULL;
    }
    return cli_result_from_json(out, json, room_for(p));
}

/* A line for any POSIX shell: nothing in the value means anything to it. */
static void append_export(cli_result *out, const char *name, const char *value)
{
    char one[2] = { 0 };

    cli_result_append(out, "export ");
    cli_result_append(out, name);
    cli_result_append(out, "='");
    for (; *value != '\0'; value++) {
        one[0] = *value;
        cli_result_append(out, *value == '\'' ? "'\\''" : one);
    }
    cli_result_append(out, "'\n");
}

static int env_text(const parts *p, cli_result *out)
{
    int status = cli_result_new(out, room_for(p));

    if (status != CLI_OK)
        return status;
    append_export(out, "AWS_ACCESS_KEY_ID", p->access_key_id);
    append_export(out, "AWS_SECRET_ACCESS_KEY", p->secret_access_key);
    if (p->session_token != NULL)
        append_export(out, "AWS_SESSION_TOKEN", p->session_token);
    append_export(out, "AWS_CREDENTIAL_EXPIRATION", p->expires_at);
    return CLI_OK;
}

int cli_aws_print_credentials(cli_args *args, cli_aws_get get)
{
    int for_shell = strcmp(cli_args_text(args, "format"), "env") == 0;
    tpmc_aws_credentials *credentials = NULL;
    cli_result text = { NULL, 0, 0 };
    cli_output output;
    parts p;
    int status;

    status = cli_output_open(&output, cli_args_text(args, "output_file"), CLI_OUTPUT_REPLACE);
    if (status == CLI_OK)
        status = get(args, &credentials);
    if (status == CLI_OK)
        status = read_parts(credentials, &p);
    if (status == CLI_OK)
        status = for_shell ? env_text(&p, &text) : process_text(&p, &text);
    if (status == CLI_OK)
        status = cli_output_write(&output, text.data, text.len);
    cli_result_free(&text);
    tpmc_aws_credentials_free(credentials);
    cli_output_close(&output);
    return status;
}
