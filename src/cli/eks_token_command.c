/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/aws_hmac_context.h"
#include "cli/message.h"
#include "cli/output_file.h"
#include "cli/result_text.h"

/* Room for everything in the JSON but the token. */
#define EXTRA 512
#define KUBECTL_MAX 65536

static const char group[] = "client.authentication.k8s.io/";

/* What kubectl asks for in its environment, else the version that all know. */
static const char *find_version(const cli_args *args)
{
    static const char *const versions[] = { "v1", "v1beta1" };
    const char *asked = getenv("KUBERNETES_EXEC_INFO");
    const char *given = cli_args_text(args, "api_version");
    const char *found = "v1beta1";
    cJSON *info = NULL;
    const char *text;

    if (given != NULL)
        return given;
    if (asked != NULL && strnlen(asked, KUBECTL_MAX) < KUBECTL_MAX)
        info = cJSON_Parse(asked);
    text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(info, "apiVersion"));
    for (size_t i = 0; text != NULL && i < sizeof(versions) / sizeof(versions[0]); i++) {
        if (strncmp(text, group, strlen(group)) == 0 &&
            strcmp(text + strlen(group), versions[i]) == 0)
            found = versions[i];
    }
    cJSON_Delete(info);
    return found;
}

static cJSON *json_of(const tpmc_token *token, const char *version, const char *expires_at)
{
    char api_version[64];
    cJSON *json = cJSON_CreateObject();
    cJSON *status = NULL;
    int complete;

    (void)snprintf(api_version, sizeof(api_version), "%s%s", group, version);
    complete = cJSON_AddStringToObject(json, "kind", "ExecCredential") != NULL &&
               cJSON_AddStringToObject(json, "apiVersion", api_version) != NULL &&
               cJSON_AddObjectToObject(json, "spec") != NULL;
    status = complete ? cJSON_AddObjectToObject(json, "status") : NULL;
    complete = status != NULL && cli_json_add_text(status, "expirationTimestamp", expires_at) &&
               cli_json_add_text(status, "token", tpmc_token_value(token));
    if (complete)
        return json;
    cJSON_Delete(json);
    return NULL;
}

static int make_text(const cli_args *args, const tpmc_token *token, cli_result *text)
{
    const char *value = tpmc_token_value(token);
    char expires_at[CLI_TIME_SIZE];
    int status;

    if (strcmp(cli_args_text(args, "format"), "exec") == 0) {
        if (!cli_time_text(tpmc_token_expires_at_ms(token), expires_at)) {
            cli_message("the token's expiry is no time that can be written");
            return CLI_FAILED;
        }
        return cli_result_from_json(text, json_of(token, find_version(args), expires_at),
                                    strlen(value) + EXTRA);
    }
    status = cli_result_new(text, strlen(value) + 2);
    if (status != CLI_OK)
        return status;
    cli_result_append(text, value);
    cli_result_append(text, "\n");
    return CLI_OK;
}

static int run(cli_args *args)
{
    cli_result text = { NULL, 0, 0 };
    tpmc_token *token = NULL;
    cli_aws_hmac self;
    int status = cli_aws_hmac_open(&self, args);

    if (status == CLI_OK && tpmc_aws_hmac_eks_token(self.hmac, cli_args_text(args, "cluster"),
                                                    &token, self.context.err) != TPMC_OK)
        status = cli_context_failed(&self.context);
    if (status == CLI_OK)
        status = make_text(args, token, &text);
    if (status == CLI_OK)
        status = cli_output_print(text.data, text.len);
    cli_result_free(&text);
    tpmc_token_free(token);
    cli_aws_hmac_close(&self);
    return status;
}

static const char *const formats[] = { "exec", "raw", NULL };
static const char *const versions[] = { "v1", "v1beta1", NULL };

static const cli_own_flag flags[] = {
    { "cluster", TPMC_OPTION_TEXT, "NAME", NULL, NULL, 1, "name of the EKS cluster" },
    { "format", TPMC_OPTION_CHOICE, "exec|raw", "exec", formats, 0,
      "an ExecCredential as kubectl takes it, or the bare token" },
    { "api_version", TPMC_OPTION_CHOICE, "v1|v1beta1", NULL, versions, 0,
      "version of the ExecCredential; unset, the one that kubectl asks for, else v1beta1" },
};

const cli_command cli_aws_hmac_eks_token_command = {
    .name = "aws-hmac eks-token",
    .synopsis = "--keyfile KEY.pem --aws-access-key-id ID --region REGION --cluster NAME [FLAG...]",
    .summary = "Print a token for the Kubernetes API of an EKS cluster",
    .about =
        "Makes a token as 'aws eks get-token' does, signed by an access key in the TPM or, with "
        "--assume-role-arn, by that role. In a kubeconfig it is a user's exec command.",
    .flags = { { flags, sizeof(flags) / sizeof(flags[0]) } },
    .objects = cli_aws_hmac_objects,
    .object_count = CLI_AWS_HMAC_OBJECT_COUNT,
    .tpm_use = CLI_TPM_USED,
    .secrets = CLI_SECRETS_USE,
    .run = run,
};
