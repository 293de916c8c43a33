/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/gcp_context.h"
#include "cli/message.h"
#include "cli/output_file.h"

#define PATH_MAX_BYTES 4096
#define DIRECTORY_MODE 0755
#define FILE_MODE 0644

typedef int (*document_fn)(tpmc_gcp *gcp, tpmc_bytes **out, tpmc_error *err);

static const char folder[] = ".well-known";

static int make_directory(const char *path)
{
    if (mkdir(path, DIRECTORY_MODE) == 0 || errno == EEXIST)
        return CLI_OK;
    cli_message("cannot make the directory '%s': %s", path, strerror(errno));
    return CLI_FAILED;
}

static int make_directories(const char *out)
{
    char path[PATH_MAX_BYTES];
    int len = snprintf(path, sizeof(path), "%s/%s", out, folder);
    int status;

    if (len < 0 || (size_t)len >= sizeof(path) - sizeof("/openid-configuration")) {
        cli_message("the path in --out is too long");
        return CLI_USAGE;
    }
    status = make_directory(out);
    return status == CLI_OK ? make_directory(path) : status;
}

/* They are public, and a web server is to read them. */
static int write_document(cli_gcp *self, const char *out, const char *name, document_fn make)
{
    char path[PATH_MAX_BYTES];
    tpmc_bytes *document = NULL;
    cli_output output;
    int status;

    (void)snprintf(path, sizeof(path), "%s/%s/%s", out, folder, name);
    if (make(self->gcp, &document, self->context.err) != TPMC_OK)
        return cli_context_failed(&self->context);
    status = cli_output_open(&output, path, CLI_OUTPUT_REPLACE);
    if (status == CLI_OK)
        status = cli_output_write(&output, tpmc_bytes_data(document), tpmc_bytes_len(document));
    cli_output_close(&output);
    tpmc_bytes_free(document);
    if (status == CLI_OK && chmod(path, FILE_MODE) != 0) {
        cli_message("cannot make '%s' readable: %s", path, strerror(errno));
        status = CLI_FAILED;
    }
    return status;
}

static int run(cli_args *args)
{
    const char *out = cli_args_text(args, "out");
    tpmc_bytes *discovery = NULL;
    cli_gcp self;
    int status = cli_gcp_open(&self, args);

    /* What is missing is said before anything is written. */
    if (status == CLI_OK &&
        tpmc_gcp_make_discovery(self.gcp, &discovery, self.context.err) != TPMC_OK)
        status = cli_context_failed(&self.context);
    tpmc_bytes_free(discovery);
    if (status == CLI_OK)
        status = make_directories(out);
    if (status == CLI_OK)
        status = write_document(&self, out, "jwks.json", tpmc_gcp_make_jwks);
    if (status == CLI_OK)
        status = write_document(&self, out, "openid-configuration", tpmc_gcp_make_discovery);
    cli_gcp_close(&self);
    return status;
}

static const cli_own_flag flags[] = {
    { "out", TPMC_OPTION_TEXT, "DIR", NULL, NULL, 1,
      "directory that becomes the root of the issuer; it is made where it is missing" },
};

const cli_command cli_gcp_oidc_documents_command = {
    .name = "gcp oidc-documents",
    .synopsis = "--keyfile KEY.pem --issuer URL --out DIR [FLAG...]",
    .summary = "Write the documents of a key that is an OIDC issuer",
    .about = "Writes .well-known/jwks.json and .well-known/openid-configuration into a directory. "
             "Upload the first with 'gcloud iam workload-identity-pools providers create-oidc "
             "--jwk-json-path', or serve both under the issuer's URL. Needs no password, and a TPM "
             "only for a key that is persistent in it.",
    .flags = { { flags, sizeof(flags) / sizeof(flags[0]) } },
    .objects = cli_gcp_objects,
    .object_count = CLI_GCP_OBJECT_COUNT,
    .tpm_use = CLI_TPM_FOR_HANDLE,
    .run = run,
};
