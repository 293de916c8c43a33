/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/gcp_executable.h"

#include <stdlib.h>
#include <string.h>

#include "cli/gcp_context.h"
#include "cli/message.h"
#include "cli/output_file.h"
#include "cli/result_text.h"

/* Room for everything in the JSON but the token, with every character of a message escaped. */
#define EXTRA 512
#define MESSAGE_MAX 4096
#define ESCAPED_MAX 6

static const char jwt_type[] = "urn:ietf:params:oauth:token-type:jwt";
static const char id_token_type[] = "urn:ietf:params:oauth:token-type:id_token";

static const char *wish(const char *name)
{
    const char *value = getenv(name);

    return value != NULL && value[0] != '\0' ? value : NULL;
}

/* An OpenID Connect token is both; the libraries expect the type that they asked for. */
static int find_type(const char **out)
{
    const char *asked = wish("GOOGLE_EXTERNAL_ACCOUNT_TOKEN_TYPE");

    *out = asked == NULL || strcmp(asked, jwt_type) == 0 ? jwt_type : id_token_type;
    if (asked == NULL || strcmp(asked, *out) == 0)
        return CLI_OK;
    cli_message("GOOGLE_EXTERNAL_ACCOUNT_TOKEN_TYPE is '%s'; the subject_token_type of the "
                "credential configuration must be %s or %s",
                asked, jwt_type, id_token_type);
    return CLI_USAGE;
}

static int check_kind(const cli_args *args)
{
    const char *kind = cli_args_option(args, TPMC_OBJECT_GCP, "kind");

    if (kind == NULL || strcmp(kind, "federated") == 0)
        return CLI_OK;
    cli_message("--format executable is for --kind federated");
    return CLI_USAGE;
}

/* The pool that the token is for, unless a flag names the same. */
static int set_audience(const cli_args *args, cli_gcp *self)
{
    const char *given = cli_args_option(args, TPMC_OBJECT_GCP, "pool_audience");
    const char *asked = wish("GOOGLE_EXTERNAL_ACCOUNT_AUDIENCE");

    if (asked == NULL && given == NULL) {
        cli_message(
            "GOOGLE_EXTERNAL_ACCOUNT_AUDIENCE is not set, and --pool-audience is not given");
        return CLI_USAGE;
    }
    if (asked == NULL || (given != NULL && strcmp(asked, given) == 0))
        return CLI_OK;
    if (given != NULL) {
        cli_message("GOOGLE_EXTERNAL_ACCOUNT_AUDIENCE is '%s', but --pool-audience is '%s'", asked,
                    given);
        return CLI_USAGE;
    }
    if (tpmc_gcp_set(self->gcp, "pool_audience", asked, self->context.err) != TPMC_OK)
        return cli_context_failed(&self->context);
    return CLI_OK;
}

static int get_token(cli_args *args, tpmc_token **out)
{
    cli_gcp self;
    int status = cli_gcp_open(&self, args);

    if (status == CLI_OK)
        status = set_audience(args, &self);
    if (status == CLI_OK && tpmc_gcp_make_subject_token(self.gcp, out, self.context.err) != TPMC_OK)
        status = cli_context_failed(&self.context);
    cli_gcp_close(&self);
    return status;
}

static cJSON *success_of(const tpmc_token *token, const char *type)
{
    cJSON *json = cJSON_CreateObject();
    int64_t expires_at = tpmc_token_expires_at_ms(token) / 1000;
    int complete = cJSON_AddNumberToObject(json, "version", 1) != NULL &&
                   cJSON_AddTrueToObject(json, "success") != NULL &&
                   cli_json_add_text(json, "token_type", type) &&
                   cli_json_add_text(json, "id_token", tpmc_token_value(token)) &&
                   cJSON_AddNumberToObject(json, "expiration_time", (double)expires_at) != NULL;

    if (complete)
        return json;
    cJSON_Delete(json);
    return NULL;
}

static cJSON *failure_of(int status, const char *message)
{
    cJSON *json = cJSON_CreateObject();
    int complete = cJSON_AddNumberToObject(json, "version", 1) != NULL &&
                   cJSON_AddFalseToObject(json, "success") != NULL &&
                   cli_json_add_text(json, "code", status == CLI_USAGE ? "USAGE" : "FAILED") &&
                   cli_json_add_text(json, "message", message);

    if (complete)
        return json;
    cJSON_Delete(json);
    return NULL;
}

/* The file that the libraries look into before they run the program again. */
static const char *find_path(const cli_args *args)
{
    const char *path = cli_args_text(args, "output_file");

    return strcmp(path, "-") != 0 ? path : wish("GOOGLE_EXTERNAL_ACCOUNT_OUTPUT_FILE");
}

static int make_text(cli_args *args, cli_result *out)
{
    tpmc_token *token = NULL;
    const char *type = NULL;
    int status = check_kind(args);

    if (status == CLI_OK)
        status = find_type(&type);
    if (status == CLI_OK)
        status = get_token(args, &token);
    if (status == CLI_OK)
        status = cli_result_from_json(out, success_of(token, type),
                                      strlen(tpmc_token_value(token)) + EXTRA);
    tpmc_token_free(token);
    return status;
}

/* Fails before the key is used when the file cannot be written: else it would be used each time. */
static int run(cli_args *args, cli_result *out)
{
    const char *path = find_path(args);
    cli_output file;
    int status;

    if (path == NULL)
        return make_text(args, out);
    status = cli_output_open(&file, path, CLI_OUTPUT_REPLACE);
    if (status == CLI_OK)
        status = make_text(args, out);
    if (status == CLI_OK)
        status = cli_output_write(&file, out->data, out->len);
    cli_output_close(&file);
    return status;
}

int cli_gcp_run_executable(cli_args *args)
{
    char message[MESSAGE_MAX] = "";
    cli_result text = { NULL, 0, 0 };
    int status;

    cli_message_divert(message, sizeof(message));
    status = run(args, &text);
    if (status != CLI_OK) {
        cli_result_free(&text);
        status = cli_result_from_json(&text, failure_of(status, message),
                                      ESCAPED_MAX * strlen(message) + EXTRA);
    }
    cli_message_divert(NULL, 0);
    if (status == CLI_OK)
        status = cli_output_print(text.data, text.len);
    cli_result_free(&text);
    return status;
}
