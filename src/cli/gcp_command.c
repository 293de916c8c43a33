/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "cli/gcp_context.h"
#include "cli/gcp_executable.h"
#include "cli/token_text.h"

/* An ID token goes by its own name, as token endpoints give it. */
static const char *value_name(const cli_args *args)
{
    const char *kind = cli_args_option(args, TPMC_OBJECT_GCP, "kind");

    return kind != NULL && strcmp(kind, "id") == 0 ? "id_token" : "access_token";
}

static int get_token(cli_args *args, cli_token *out)
{
    cli_gcp self;
    int status = cli_gcp_open(&self, args);

    out->name = value_name(args);
    if (status == CLI_OK &&
        (tpmc_gcp_get_token(self.gcp, &out->token, self.context.err) != TPMC_OK ||
         tpmc_gcp_get_quota_project(self.gcp, &out->quota_project, self.context.err) != TPMC_OK))
        status = cli_context_failed(&self.context);
    cli_gcp_close(&self);
    return status;
}

static int run_token(cli_args *args)
{
    if (strcmp(cli_args_text(args, "format"), "executable") == 0)
        return cli_gcp_run_executable(args);
    return cli_print_token(args, get_token);
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
