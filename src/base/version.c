/* SPDX-License-Identifier: Apache-2.0 */
#include "tpmcloud/version.h"

#include <stddef.h>

typedef struct module {
    int id;
    int built;
} module;

/* The build says which modules it has. */
static const module modules[] = {
    { TPMC_MODULE_TPMKEY, 1 },
    { TPMC_MODULE_CURL, TPMCLOUD_WITH_CURL },
    { TPMC_MODULE_GCP, TPMCLOUD_WITH_GCP },
    { TPMC_MODULE_AWS_ROLESANYWHERE, TPMCLOUD_WITH_AWS_ROLESANYWHERE },
    { TPMC_MODULE_AWS_HMAC, TPMCLOUD_WITH_AWS_HMAC },
    { TPMC_MODULE_AZURE, TPMCLOUD_WITH_AZURE },
};

const char *tpmc_version(void)
{
    return TPMC_VERSION;
}

int tpmc_has(int id)
{
    size_t i;

    for (i = 0; i < sizeof(modules) / sizeof(modules[0]); i++) {
        if (modules[i].id == id)
            return modules[i].built;
    }
    return 0;
}
