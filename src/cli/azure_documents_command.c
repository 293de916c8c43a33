/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/context.h"
#include "cli/message.h"
#include "cli/output_file.h"
#include "cli/result_text.h"

#define PATH_SIZE 4608
#define URL_SIZE 1024
#define ISSUER_MAX 600

static const char folder[] = "/.well-known";
static const char discovery_name[] = "/openid-configuration";
static const char jwks_name[] = "/jwks.json";

/* Joins three texts; 0 when they have no room. */
static int join(char *out, size_t size, const char *a, const char *b, const char *c)
{
    int len = snprintf(out, size, "%s%s%s", a, b, c);

    return len >= 0 && (size_t)len < size;
}

static int add_words(cJSON *json, const char *name, const char *word)
{
    cJSON *list = cJSON_AddArrayToObject(json, name);
    cJSON *item = cJSON_CreateString(word);

    if (list != NULL && cJSON_AddItemToArray(list, item))
        return 1;
    cJSON_Delete(item);
    return 0;
}

/* OpenID Connect Discovery 1.0 section 3. */
static cJSON *discovery_of(const char *issuer, const char *jwks_uri)
{
    cJSON *json = cJSON_CreateObject();
    int complete = cJSON_AddStringToObject(json, "issuer", issuer) != NULL &&
                   cJSON_AddStringToObject(json, "jwks_uri", jwks_uri) != NULL &&
                   add_words(json, "response_types_supported", "id_token") &&
                   add_words(json, "subject_types_supported", "public") &&
                   add_words(json, "id_token_signing_alg_values_supported", "RS256");

    if (complete)
        return json;
    cJSON_Delete(json);
    return NULL;
}

static cJSON *jwks_of(const char *jwk, size_t len)
{
    cJSON *json = cJSON_CreateObject();
    cJSON *list = cJSON_AddArrayToObject(json, "keys");
    cJSON *item = cJSON_ParseWithLength(jwk, len);

    if (list != NULL && item != NULL && cJSON_AddItemToArray(list, item))
        return json;
    cJSON_Delete(item);
    cJSON_Delete(json);
    return NULL;
}

static int make_folder(const char *path)
{
    if (mkdir(path, S_IRWXU | S_IRGRP | S_IXGRP | S_IROTH | S_IXOTH) == 0 || errno == EEXIST)
        return CLI_OK;
    cli_message("cannot make the directory '%s': %s", path, strerror(errno));
    return CLI_FAILED;
}

/* `json` may be NULL for one that found no memory, and is freed. */
static int write_document(const char *dir, const char *name, cJSON *json, size_t capacity)
{
    char path[PATH_SIZE];
    cli_result text = { NULL, 0, 0 };
    cli_output output = { .fd = -1, .directory = -1 };
    int status = cli_result_from_json(&text, json, capacity);

    if (status == CLI_OK && !join(path, sizeof(path), dir, folder, name)) {
        cli_message("the path of --out is too long");
        status = CLI_USAGE;
    }
    if (status == CLI_OK)
        status = cli_output_open(&output, path, CLI_OUTPUT_REPLACE);
    if (status == CLI_OK)
        status = cli_output_write(&output, text.data, text.len);
    cli_output_close(&output);
    cli_result_free(&text);
    return status;
}

static int check_issuer(const char *issuer)
{
    if (strncmp(issuer, "https://", 8) == 0 && strlen(issuer) <= ISSUER_MAX &&
        strpbrk(issuer + 8, "?#@ \"\\") == NULL && strcspn(issuer + 8, "/") > 0)
        return CLI_OK;
    cli_message("--federation-issuer must be an https:// URL without user, query and fragment, of "
                "at most 600 bytes");
    return CLI_USAGE;
}

/* Cuts in place. */
static const char *without_slashes(char *url)
{
    size_t len = strlen(url);

    while (len > 0 && url[len - 1] == '/')
        url[--len] = '\0';
    return url;
}

static int write_all(const char *dir, const char *issuer, const tpmc_bytes *jwk)
{
    char trimmed[URL_SIZE];
    char jwks_uri[URL_SIZE];
    char path[PATH_SIZE];
    size_t len = tpmc_bytes_len(jwk);
    int status;

    if (!join(trimmed, sizeof(trimmed), issuer, "", "") ||
        !join(jwks_uri, sizeof(jwks_uri), without_slashes(trimmed), folder, jwks_name) ||
        !join(path, sizeof(path), dir, folder, "")) {
        cli_message("the path of --out is too long");
        return CLI_USAGE;
    }
    status = make_folder(dir);
    if (status == CLI_OK)
        status = make_folder(path);
    if (status == CLI_OK)
        status = write_document(dir, jwks_name, jwks_of((const char *)tpmc_bytes_data(jwk), len),
                                len + URL_SIZE);
    if (status == CLI_OK)
        status = write_document(dir, discovery_name, discovery_of(issuer, jwks_uri),
                                (size_t)4 * URL_SIZE);
    return status;
}

static int run(cli_args *args)
{
    const char *issuer = cli_args_text(args, "federation_issuer");
    cli_context context = { 0 };
    tpmc_bytes *jwk = NULL;
    int status = check_issuer(issuer);

    if (status != CLI_OK)
        return status;
    status = cli_context_open_key(&context, args);
    if (status == CLI_OK && tpmc_jwk_from_key(context.key, "RS256", &jwk, context.err) != TPMC_OK)
        status = cli_context_failed(&context);
    if (status == CLI_OK)
        status = write_all(cli_args_text(args, "out"), issuer, jwk);
    tpmc_bytes_free(jwk);
    cli_context_close(&context);
    return status;
}

static const cli_own_flag flags[] = {
    { "federation_issuer", TPMC_OPTION_TEXT, "URL", NULL, NULL, 1,
      "issuer URL of the federated credential, below which the documents will stand" },
    { "out", TPMC_OPTION_TEXT, "DIR", NULL, NULL, 1,
      "directory that the web server shows at the issuer URL" },
};

static const int objects[] = { TPMC_OBJECT_KEY, TPMC_OBJECT_TPM, TPMC_OBJECT_ENV };

const cli_command cli_azure_oidc_documents_command = {
    .name = "azure oidc-documents",
    .synopsis = "--keyfile KEY.pem --federation-issuer URL --out DIR",
    .summary = "Write the documents of an issuer whose key is in the TPM",
    .about = "Writes .well-known/openid-configuration and .well-known/jwks.json, by which Entra "
             "verifies the assertions of a federated credential. No password is needed, and a TPM "
             "only with --handle.",
    .flags = { { flags, sizeof(flags) / sizeof(flags[0]) } },
    .objects = objects,
    .object_count = sizeof(objects) / sizeof(objects[0]),
    .tpm_use = CLI_TPM_FOR_HANDLE,
    .run = run,
};
