/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/gcp_context.h"
#include "cli/issuer_site.h"

static int make(cli_args *args, cli_issuer_site *out)
{
    cli_gcp self;
    int status = cli_gcp_open(&self, args);

    if (status == CLI_OK &&
        (tpmc_gcp_make_discovery(self.gcp, &out->discovery, self.context.err) != TPMC_OK ||
         tpmc_gcp_make_jwks(self.gcp, &out->jwks, self.context.err) != TPMC_OK))
        status = cli_context_failed(&self.context);
    cli_gcp_close(&self);
    return status;
}

static int run(cli_args *args)
{
    return cli_issuer_site_write(args, make);
}

const cli_command cli_gcp_oidc_documents_command = {
    .name = "gcp oidc-documents",
    .synopsis = "--keyfile KEY.pem --issuer URL --out DIR [FLAG...]",
    .summary = "Write the documents of a key that is an OIDC issuer",
    .about = "Writes .well-known/jwks.json and .well-known/openid-configuration into a directory. "
             "Upload the first with 'gcloud iam workload-identity-pools providers create-oidc "
             "--jwk-json-path', or serve both under the issuer's URL. Needs no password, and a TPM "
             "only for a key that is persistent in it.",
    .flags = { { cli_issuer_site_flags, CLI_ISSUER_SITE_FLAG_COUNT } },
    .objects = cli_gcp_objects,
    .object_count = CLI_GCP_OBJECT_COUNT,
    .tpm_use = CLI_TPM_FOR_HANDLE,
    .run = run,
};
