/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "tpmcloud/tpmcloud.h"

/* Makes and frees one object, so that the whole library must have been linked. */
int main(void)
{
    tpmc_env *env = NULL;
    tpmc_tpm *tpm = NULL;
    tpmc_error *err = NULL;
    int result;

    result = tpmc_error_new(&err);
    if (result == 0)
        result = tpmc_env_new(&env, err);
    if (result == 0)
        result = tpmc_tpm_new(env, &tpm, err);
    printf("%s: %d %s\n", tpmc_version(), result, tpmc_error_text(err));
    tpmc_tpm_free(tpm);
    tpmc_env_free(env);
    tpmc_error_free(err);
    return result == 0 && strcmp(tpmc_version(), TPMC_VERSION) == 0 ? 0 : 1;
}
