/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <tpmcloud/tpmcloud.h>

/* Prints credentials of an AWS role as credential_process of AWS's configuration takes them. They
 * are got with a certificate whose key is in the TPM (AWS IAM Roles Anywhere). */

enum { KEYFILE = 1, CERTIFICATE, TRUST_ANCHOR, PROFILE, ROLE, TCTI, ENDPOINT, CA_FILE, COUNT };

static int configure(tpmc_aws_rolesanywhere *anywhere, char *const argument[], tpmc_error *err)
{
    return tpmc_aws_rolesanywhere_set(anywhere, "public_certificate_file", argument[CERTIFICATE],
                                      err) ||
           tpmc_aws_rolesanywhere_set(anywhere, "trust_anchor_arn", argument[TRUST_ANCHOR], err) ||
           tpmc_aws_rolesanywhere_set(anywhere, "profile_arn", argument[PROFILE], err) ||
           tpmc_aws_rolesanywhere_set(anywhere, "role_arn", argument[ROLE], err) ||
           tpmc_aws_rolesanywhere_set(anywhere, "endpoint", argument[ENDPOINT], err);
}

/* In AWS's tokens nothing means anything to JSON; another service's might. */
static int is_plain(const char *text)
{
    return text != NULL && strpbrk(text, "\"\\") == NULL;
}

static int print(const tpmc_aws_credentials *credentials)
{
    const char *id = tpmc_aws_credentials_access_key_id(credentials);
    const char *secret = tpmc_aws_credentials_secret_access_key(credentials);
    const char *token = tpmc_aws_credentials_session_token(credentials);
    time_t end = (time_t)(tpmc_aws_credentials_expires_at_ms(credentials) / 1000);
    const struct tm *utc = gmtime(&end);
    char expiration[32] = "";

    if (!is_plain(id) || !is_plain(secret) || !is_plain(token) || utc == NULL ||
        strftime(expiration, sizeof(expiration), "%Y-%m-%dT%H:%M:%SZ", utc) == 0) {
        fprintf(stderr, "the credentials cannot be written as JSON\n");
        return 1;
    }
    return printf("{\"Version\": 1, \"AccessKeyId\": \"%s\", \"SecretAccessKey\": \"%s\", "
                  "\"SessionToken\": \"%s\", \"Expiration\": \"%s\"}\n",
                  id, secret, token, expiration) < 0 ||
           fflush(stdout) != 0;
}

int main(int argc, char **argv)
{
    char *argument[COUNT] = { NULL };
    tpmc_error *err = NULL;
    tpmc_env *env = NULL;
    tpmc_tpm *tpm = NULL;
    tpmc_key *key = NULL;
    tpmc_aws_rolesanywhere *anywhere = NULL;
    tpmc_aws_credentials *credentials = NULL;
    int failed;

    if (argc <= ROLE || argc > COUNT) {
        fprintf(stderr, "usage: aws_rolesanywhere_credentials KEYFILE CERTIFICATE TRUST-ANCHOR-ARN "
                        "PROFILE-ARN ROLE-ARN [TCTI [ENDPOINT [CA-FILE]]]\n");
        return 2;
    }
    memcpy(argument, argv, (size_t)argc * sizeof(*argv));
    failed = tpmc_error_new(&err) || tpmc_env_new(&env, err) ||
             tpmc_env_set(env, "ca_file", argument[CA_FILE], err) || tpmc_tpm_new(env, &tpm, err) ||
             tpmc_tpm_set(tpm, "tcti", argument[TCTI], err) || tpmc_key_new(tpm, &key, err) ||
             tpmc_key_set(key, "keyfile", argument[KEYFILE], err) ||
             tpmc_aws_rolesanywhere_new(env, key, &anywhere, err) ||
             configure(anywhere, argument, err) ||
             tpmc_aws_rolesanywhere_get_credentials(anywhere, &credentials, err);
    if (failed)
        fprintf(stderr, "%s\n", tpmc_error_text(err));
    else
        failed = print(credentials);
    tpmc_aws_credentials_free(credentials); /* wipes them; in any order */
    tpmc_aws_rolesanywhere_free(anywhere);
    tpmc_key_free(key);
    tpmc_tpm_free(tpm);
    tpmc_env_free(env);
    tpmc_error_free(err);
    return failed;
}
