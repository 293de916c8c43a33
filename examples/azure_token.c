/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include <tpmcloud/tpmcloud.h>

/* Prints an access token of Microsoft Entra for an application whose certificate is about a key in
 * the TPM. A program that runs on keeps the tpmc_azure and asks it before each request: it hands
 * out the token that it has until that is to be renewed, and keeps one for each scope. */

enum { KEYFILE = 1, CERTIFICATE, TENANT, CLIENT, SCOPE, TCTI, AUTHORITY, CA_FILE, COUNT };

static int configure(tpmc_azure *azure, char *const argument[], tpmc_error *err)
{
    return tpmc_azure_set(azure, "certificate_path", argument[CERTIFICATE], err) ||
           tpmc_azure_set(azure, "tenant_id", argument[TENANT], err) ||
           tpmc_azure_set(azure, "client_id", argument[CLIENT], err) ||
           tpmc_azure_set(azure, "authority_host", argument[AUTHORITY], err);
}

/* What tells the reasons for a failure apart is the code, not the text. */
static void explain(const tpmc_error *err)
{
    const char *id = tpmc_error_request_id(err);

    fprintf(stderr, "%s\n", tpmc_error_text(err));
    if (tpmc_error_code(err) == TPMC_ERR_THROTTLED)
        fprintf(stderr, "wait %lld ms\n", (long long)tpmc_error_retry_after_ms(err));
    if (id != NULL && id[0] != '\0')
        fprintf(stderr, "for Microsoft's support: trace id %s\n", id);
}

int main(int argc, char **argv)
{
    char *argument[COUNT] = { NULL };
    tpmc_error *err = NULL;
    tpmc_env *env = NULL;
    tpmc_tpm *tpm = NULL;
    tpmc_key *key = NULL;
    tpmc_azure *azure = NULL;
    tpmc_token *token = NULL;
    int failed;

    if (argc <= SCOPE || argc > COUNT) {
        fprintf(stderr, "usage: azure_token KEYFILE CERTIFICATE TENANT CLIENT-ID SCOPE "
                        "[TCTI [AUTHORITY-HOST [CA-FILE]]]\n");
        return 2;
    }
    memcpy(argument, argv, (size_t)argc * sizeof(*argv));
    failed = tpmc_error_new(&err) || tpmc_env_new(&env, err) ||
             tpmc_env_set(env, "ca_file", argument[CA_FILE], err) || tpmc_tpm_new(env, &tpm, err) ||
             tpmc_tpm_set(tpm, "tcti", argument[TCTI], err) || tpmc_key_new(tpm, &key, err) ||
             tpmc_key_set(key, "keyfile", argument[KEYFILE], err) ||
             tpmc_azure_new(env, key, &azure, err) || configure(azure, argument, err) ||
             tpmc_azure_get_token(azure, argument[SCOPE], NULL, &token, err);
    if (failed)
        explain(err);
    else
        printf("%s\n", tpmc_token_value(token));
    tpmc_token_free(token); /* wipes it; in any order */
    tpmc_azure_free(azure);
    tpmc_key_free(key);
    tpmc_tpm_free(tpm);
    tpmc_env_free(env);
    tpmc_error_free(err);
    return failed != 0;
}
