/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/gcp_context.h"

#include <string.h>

const int cli_gcp_objects[CLI_GCP_OBJECT_COUNT] = {
    TPMC_OBJECT_GCP,
    TPMC_OBJECT_KEY,
    TPMC_OBJECT_TPM,
    TPMC_OBJECT_ENV,
};

int cli_gcp_open(cli_gcp *self, cli_args *args)
{
    int status;
    int rv;

    memset(self, 0, sizeof(*self));
    status = cli_context_open_key(&self->context, args);
    if (status != CLI_OK)
        return status;
    rv = tpmc_gcp_new(self->context.env, self->context.key, &self->gcp, self->context.err);
    if (rv != TPMC_OK)
        return cli_context_failed(&self->context);
    return cli_context_set_gcp(&self->context, args, self->gcp);
}

void cli_gcp_close(cli_gcp *self)
{
    tpmc_gcp_free(self->gcp);
    cli_context_close(&self->context);
}
