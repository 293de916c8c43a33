/* SPDX-License-Identifier: Apache-2.0 */
#include "tpmcloud/tpmcloud.h"

/* Without a prototype, with an unused variable and a narrowing on purpose, as in sloppy.c. */
unsigned char narrow(int wide)
{
    int unused;

    return wide;
}

int main(void)
{
    tpmc_env *env = NULL;
    int result = tpmc_env_new(&env, NULL);

    tpmc_env_free(env);
    return result == 0 ? narrow(0) : 1;
}
