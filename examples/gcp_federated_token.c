/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include <tpmcloud/tpmcloud.h>

/* Prints what a workload identity pool needs: without a subject the JSON Web Key Set that is
 * uploaded to the pool's provider, with one an access token. No service account's key is involved.
 */

enum { KEYFILE = 1, ISSUER, SUBJECT, POOL, TCTI, STS, CA_FILE, COUNT };

static int print_key_set(tpmc_gcp *gcp, tpmc_error *err)
{
    tpmc_bytes *jwks = NULL;
    int status = tpmc_gcp_make_jwks(gcp, &jwks, err);

    if (status == 0)
        printf("%.*s\n", (int)tpmc_bytes_len(jwks), (const char *)tpmc_bytes_data(jwks));
    tpmc_bytes_free(jwks);
    return status;
}

static int print_token(tpmc_gcp *gcp, char *const argument[], tpmc_error *err)
{
    tpmc_token *token = NULL;
    int failed = tpmc_gcp_set(gcp, "kind", "federated", err) ||
                 tpmc_gcp_set(gcp, "issuer", argument[ISSUER], err) ||
                 tpmc_gcp_set(gcp, "federation_subject", argument[SUBJECT], err) ||
                 tpmc_gcp_set(gcp, "pool_audience", argument[POOL], err) ||
                 tpmc_gcp_set(gcp, "sts_endpoint", argument[STS], err) ||
                 tpmc_gcp_get_token(gcp, &token, err);

    if (!failed)
        printf("%s\n", tpmc_token_value(token));
    tpmc_token_free(token);
    return failed;
}

int main(int argc, char **argv)
{
    char *argument[COUNT] = { NULL };
    tpmc_error *err = NULL;
    tpmc_env *env = NULL;
    tpmc_tpm *tpm = NULL;
    tpmc_key *key = NULL;
    tpmc_gcp *gcp = NULL;
    int failed;

    if (argc != 2 && (argc <= POOL || argc > COUNT)) {
        fprintf(stderr, "usage: gcp_federated_token KEYFILE "
                        "[ISSUER SUBJECT POOL-AUDIENCE [TCTI [STS-ENDPOINT [CA-FILE]]]]\n");
        return 2;
    }
    memcpy(argument, argv, (size_t)argc * sizeof(*argv));
    failed = tpmc_error_new(&err) || tpmc_env_new(&env, err) ||
             tpmc_env_set(env, "ca_file", argument[CA_FILE], err) || tpmc_tpm_new(env, &tpm, err) ||
             tpmc_tpm_set(tpm, "tcti", argument[TCTI], err) || tpmc_key_new(tpm, &key, err) ||
             tpmc_key_set(key, "keyfile", argument[KEYFILE], err) ||
             tpmc_gcp_new(env, key, &gcp, err) ||
             (argc == 2 ? print_key_set(gcp, err) : print_token(gcp, argument, err));
    if (failed)
        fprintf(stderr, "%s\n", tpmc_error_text(err));
    tpmc_gcp_free(gcp); /* in any order */
    tpmc_key_free(key);
    tpmc_tpm_free(tpm);
    tpmc_env_free(env);
    tpmc_error_free(err);
    return failed != 0;
}
