/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/azure_context.h"

#include <string.h>

const int cli_azure_objects[CLI_AZURE_OBJECT_COUNT] = {
    TPMC_OBJECT_AZURE,
    TPMC_OBJECT_KEY,
    TPMC_OBJECT_TPM,
    TPMC_OBJECT_ENV,
};

int cli_azure_open(cli_azure *self, cli_args *args)
{
    int status;
    int rv;

    memset(self, 0, sizeof(*self));
    status = cli_context_open_key(&self->context, args);
    if (status != CLI_OK)
        return status;
    rv = tpmc_azure_new(self->context.env, self->context.key, &self->azure, self->context.err);
    if (rv != TPMC_OK)
        return cli_context_failed(&self->context);
    return cli_context_set_azure(&self->context, args, self->azure);
}

void cli_azure_close(cli_azure *self)
{
    tpmc_azure_free(self->azure);
    cli_context_close(&self->context);
}
