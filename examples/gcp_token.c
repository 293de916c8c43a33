/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <tpmcloud/tpmcloud.h>

int main(int argc, char **argv)
{
    const char *text = "usage: gcp_token KEYFILE EMAIL [TCTI]";
    tpmc_error *err = NULL;
    tpmc_env *env = NULL;
    tpmc_tpm *tpm = NULL;
    tpmc_key *key = NULL;
    tpmc_gcp *gcp = NULL;
    tpmc_token *token = NULL;
    int failed = argc < 3 || tpmc_error_new(&err) || tpmc_env_new(&env, err) ||
                 tpmc_tpm_new(env, &tpm, err) || tpmc_tpm_set(tpm, "tcti", argv[3], err) ||
                 tpmc_key_new(tpm, &key, err) || tpmc_key_set(key, "keyfile", argv[1], err) ||
                 tpmc_gcp_new(env, key, &gcp, err) || tpmc_gcp_set(gcp, "email", argv[2], err) ||
                 tpmc_gcp_get_token(gcp, &token, err);

    if (argc >= 3)
        text = failed ? tpmc_error_text(err) : tpmc_token_value(token);
    fprintf(failed ? stderr : stdout, "%s\n", text);
    tpmc_token_free(token); /* in any order */
    tpmc_gcp_free(gcp);
    tpmc_key_free(key);
    tpmc_tpm_free(tpm);
    tpmc_env_free(env);
    tpmc_error_free(err);
    return failed;
}
