/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include <tpmcloud/tpmcloud.h>

/* Signs a GET request for a service of AWS with an access key whose secret is in the TPM, and
 * prints its header fields, as `curl -H @FILE` takes them. It needs no network. */

enum { KEYFILE = 1, ACCESS_KEY_ID, REGION, SERVICE, URL, TCTI, COUNT };

/* The header fields that an application would send with the request. */
static int print(const tpmc_http_request *request)
{
    size_t count = tpmc_http_request_header_count(request);

    for (size_t i = 0; i < count; i++) {
        if (printf("%s: %s\n", tpmc_http_request_header_name(request, i),
                   tpmc_http_request_header_value(request, i)) < 0)
            return 1;
    }
    return fflush(stdout) != 0;
}

int main(int argc, char **argv)
{
    char *argument[COUNT] = { NULL };
    tpmc_error *err = NULL;
    tpmc_env *env = NULL;
    tpmc_tpm *tpm = NULL;
    tpmc_key *key = NULL;
    tpmc_aws_hmac *hmac = NULL;
    tpmc_http_request *request = NULL;
    int failed;

    if (argc <= URL || argc > COUNT) {
        fprintf(stderr,
                "usage: aws_sign_request KEYFILE ACCESS-KEY-ID REGION SERVICE URL [TCTI]\n");
        return 2;
    }
    memcpy(argument, argv, (size_t)argc * sizeof(*argv));
    failed = tpmc_error_new(&err) || tpmc_env_new(&env, err) || tpmc_tpm_new(env, &tpm, err) ||
             tpmc_tpm_set(tpm, "tcti", argument[TCTI], err) || tpmc_key_new(tpm, &key, err) ||
             tpmc_key_set(key, "keyfile", argument[KEYFILE], err) ||
             tpmc_aws_hmac_new(env, key, &hmac, err) ||
             tpmc_aws_hmac_set(hmac, "aws_access_key_id", argument[ACCESS_KEY_ID], err) ||
             tpmc_http_request_new("GET", argument[URL], &request, err) ||
             tpmc_aws_hmac_sign_request(hmac, argument[SERVICE], argument[REGION], request, 0, err);
    if (failed)
        fprintf(stderr, "%s\n", tpmc_error_text(err));
    else
        failed = print(request);
    tpmc_http_request_free(request); /* in any order */
    tpmc_aws_hmac_free(hmac);
    tpmc_key_free(key);
    tpmc_tpm_free(tpm);
    tpmc_env_free(env);
    tpmc_error_free(err);
    return failed;
}
