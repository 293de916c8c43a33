/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include <tpmcloud/tpmcloud.h>

/* Prints credentials of an AWS role, got with an access key whose secret is in the TPM. They are
 * secrets: read them from a pipe. A role of "-" is the user itself. */

enum { KEYFILE = 1, ACCESS_KEY_ID, REGION, ROLE, TCTI, ENDPOINT, CA_FILE, ARGUMENT_COUNT };

/* Sets what is given, and leaves the rest at its default. */
static int configure(tpmc_aws_hmac *hmac, char *const argument[], tpmc_error *err)
{
    const char *role = strcmp(argument[ROLE], "-") == 0 ? NULL : argument[ROLE];

    return tpmc_aws_hmac_set(hmac, "aws_access_key_id", argument[ACCESS_KEY_ID], err) ||
           tpmc_aws_hmac_set(hmac, "region", argument[REGION], err) ||
           tpmc_aws_hmac_set(hmac, "assume_role_arn", role, err) ||
           tpmc_aws_hmac_set(hmac, "endpoint", argument[ENDPOINT], err);
}

static int print(const tpmc_aws_credentials *credentials)
{
    const char *token = tpmc_aws_credentials_session_token(credentials);

    return printf("AWS_ACCESS_KEY_ID=%s\nAWS_SECRET_ACCESS_KEY=%s\nAWS_SESSION_TOKEN=%s\n",
                  tpmc_aws_credentials_access_key_id(credentials),
                  tpmc_aws_credentials_secret_access_key(credentials),
                  token != NULL ? token : "") < 0 ||
           fflush(stdout) != 0;
}

int main(int argc, char **argv)
{
    char *argument[ARGUMENT_COUNT] = { NULL };
    tpmc_error *err = NULL;
    tpmc_env *env = NULL;
    tpmc_tpm *tpm = NULL;
    tpmc_key *key = NULL;
    tpmc_aws_hmac *hmac = NULL;
    tpmc_aws_credentials *credentials = NULL;
    int failed;

    if (argc <= ROLE || argc > ARGUMENT_COUNT) {
        fprintf(stderr, "usage: aws_hmac_credentials KEYFILE ACCESS-KEY-ID REGION ROLE-ARN|- "
                        "[TCTI [ENDPOINT [CA-FILE]]]\n");
        return 2;
    }
    memcpy(argument, argv, (size_t)argc * sizeof(*argv));
    failed = tpmc_error_new(&err) || tpmc_env_new(&env, err) ||
             tpmc_env_set(env, "ca_file", argument[CA_FILE], err) || tpmc_tpm_new(env, &tpm, err) ||
             tpmc_tpm_set(tpm, "tcti", argument[TCTI], err) || tpmc_key_new(tpm, &key, err) ||
             tpmc_key_set(key, "keyfile", argument[KEYFILE], err) ||
             tpmc_aws_hmac_new(env, key, &hmac, err) || configure(hmac, argument, err) ||
             tpmc_aws_hmac_get_credentials(hmac, &credentials, err);
    if (failed)
        fprintf(stderr, "%s\n", tpmc_error_text(err));
    else
        failed = print(credentials);
    tpmc_aws_credentials_free(credentials); /* wipes them; in any order */
    tpmc_aws_hmac_free(hmac);
    tpmc_key_free(key);
    tpmc_tpm_free(tpm);
    tpmc_env_free(env);
    tpmc_error_free(err);
    return failed;
}
