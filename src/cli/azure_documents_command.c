/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/azure_context.h"
#include "cli/issuer_site.h"

static int make(cli_args *args, cli_issuer_site *out)
{
    cli_azure self;
    int status = cli_azure_open(&self, args);

    if (status == CLI_OK &&
        (tpmc_azure_make_discovery(self.azure, &out->discovery, self.context.err) != TPMC_OK ||
         tpmc_azure_make_jwks(self.azure, &out->jwks, self.context.err) != TPMC_OK))
        status = cli_context_failed(&self.context);
    cli_azure_close(&self);
    return status;
}

static int run(cli_args *args)
{
    return cli_issuer_site_write(args, make);
}

const cli_command cli_azure_oidc_documents_command = {
    .name = "azure oidc-documents",
    .synopsis = "--keyfile KEY.pem --federation-issuer URL --out DIR [FLAG...]",
    .summary = "Write the documents of an issuer whose key is in the TPM",
    .about = "Writes .well-known/jwks.json and .well-known/openid-configuration into a directory, "
             "by which Entra verifies the assertions of a federated credential. Serve both under "
             "the issuer's URL. Needs no password, and a TPM only for a key that is persistent in "
             "it.",
    .flags = { { cli_issuer_site_flags, CLI_ISSUER_SITE_FLAG_COUNT } },
    .objects = cli_azure_objects,
    .object_count = CLI_AZURE_OBJECT_COUNT,
    .tpm_use = CLI_TPM_FOR_HANDLE,
    .run = run,
};
