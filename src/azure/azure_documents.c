/* SPDX-License-Identifier: Apache-2.0 */
#include "azure/azure_check.h"
#include "azure/azure_int.h"
#include "base/error_int.h"
#include "base/option_table.h"
#include "proto/oidc_documents.h"

static int check_nothing(const tpmc__options *options, tpmc_error *err)
{
    (void)options;
    (void)err;
    return 0;
}

/* The door of both. `*algorithm` is what the issuer signs with. */
static int begin(tpmc_azure *azure, int (*check)(const tpmc__options *, tpmc_error *),
                 const char **algorithm, tpmc_bytes **out, tpmc_error *err)
{
    int status;

    tpmc__error_clear(err);
    if (out == NULL)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT, "out is NULL");
    *out = NULL;
    status = tpmc__azure_enter(azure, err);
    if (status == 0)
        status = check(&azure->options, err);
    if (status != 0)
        return status;
    tpmc__ref_freeze(&azure->ref);
    return tpmc__azure_issuer_algorithm(azure, algorithm, err);
}

int tpmc_azure_make_jwks(tpmc_azure *azure, tpmc_bytes **out, tpmc_error *err)
{
    const char *algorithm = NULL;
    int status = begin(azure, check_nothing, &algorithm, out, err);

    return status == 0 ? tpmc__oidc_jwks(azure->key, algorithm, out, err) : status;
}

int tpmc_azure_make_discovery(tpmc_azure *azure, tpmc_bytes **out, tpmc_error *err)
{
    const char *algorithm = NULL;
    int status = begin(azure, tpmc__azure_check_issuer, &algorithm, out, err);

    if (status != 0)
        return status;
    return tpmc__oidc_discovery(tpmc__options_text(&azure->options, TPMC__AZURE_FEDERATION_ISSUER),
                                algorithm, out, err);
}
