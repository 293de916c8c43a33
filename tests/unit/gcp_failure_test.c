/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/aws_response.h"

#include <stdio.h>

#include "gcp/gcp_failure.h"
#include "unit/failing_alloc.h"

#define OAUTH(code, text) "{\"error\":\"" code "\",\"error_description\":\"" text "\"}"
#define API(code, text) "{\"error\":{\"code\":1,\"status\":\"" code "\",\"message\":\"" text "\"}}"

static const struct {
    const tpmc__oauth_service *service;
    const char *body;
    int code;
    int verdict;
    const char *hint;
} rows[] = {
    { &tpmc__gcp_token_endpoint,
      OAUTH("invalid_grant", "Invalid JWT: Token must be a short-lived token (60 minutes) and in a "
                             "reasonable timeframe. Check your iat and exp values."),
      TPMC_ERR_CLOCK, TPMC__HTTP_SKEW, "clock of this machine" },
    { &tpmc__gcp_token_endpoint, OAUTH("invalid_grant", "Invalid JWT Signature."), TPMC_ERR_DENIED,
      TPMC__HTTP_FAIL, "none of this account's" },
    { &tpmc__gcp_token_endpoint, OAUTH("invalid_grant", "Invalid grant: account not found"),
      TPMC_ERR_DENIED, TPMC__HTTP_FAIL, "'email'" },
    { &tpmc__gcp_token_endpoint, OAUTH("invalid_grant", "Invalid email or User ID"),
      TPMC_ERR_DENIED, TPMC__HTTP_FAIL, "'subject'" },
    { &tpmc__gcp_token_endpoint, OAUTH("unauthorized_client", "x"), TPMC_ERR_DENIED,
      TPMC__HTTP_FAIL, "domain-wide delegation" },
    { &tpmc__gcp_token_endpoint, OAUTH("invalid_scope", "x"), TPMC_ERR_DENIED, TPMC__HTTP_FAIL,
      "'scopes'" },
    { &tpmc__gcp_token_endpoint, OAUTH("disabled_client", "x"), TPMC_ERR_DENIED, TPMC__HTTP_FAIL,
      "disabled" },
    { &tpmc__gcp_sts, OAUTH("invalid_grant", "ID Token issued at 1 is stale to sign-in."),
      TPMC_ERR_CLOCK, TPMC__HTTP_SKEW, "clock of this machine" },
    { &tpmc__gcp_sts, OAUTH("invalid_grant", "ID Token issued at 1 is in the future."),
      TPMC_ERR_CLOCK, TPMC__HTTP_SKEW, "clock of this machine" },
    { &tpmc__gcp_sts,
      OAUTH("invalid_grant", "The issuer in ID Token https://a does not match the expected one"),
      TPMC_ERR_DENIED, TPMC__HTTP_FAIL, "'issuer'" },
    { &tpmc__gcp_sts,
      OAUTH("invalid_grant", "The audience in ID Token [x] does not match the expected audience."),
      TPMC_ERR_DENIED, TPMC__HTTP_FAIL, "'audience'" },
    { &tpmc__gcp_sts, OAUTH("invalid_grant", "Invalid signature for ID Token."), TPMC_ERR_DENIED,
      TPMC__HTTP_FAIL, "oidc-documents" },
    { &tpmc__gcp_sts, OAUTH("invalid_target", "x"), TPMC_ERR_DENIED, TPMC__HTTP_FAIL,
      "'pool_audience'" },
    { &tpmc__gcp_sts, OAUTH("unauthorized_client", "x"), TPMC_ERR_DENIED, TPMC__HTTP_FAIL,
      "'federation_subject'" },
    { &tpmc__gcp_iam, API("UNAUTHENTICATED", "x"), TPMC_ERR_DENIED, TPMC__HTTP_SKEW, "'keyid'" },
    { &tpmc__gcp_iam, API("PERMISSION_DENIED", "The API has not been used in project 1"),
      TPMC_ERR_DENIED, TPMC__HTTP_FAIL, "enable the IAM" },
    { &tpmc__gcp_iam, API("PERMISSION_DENIED", "Permission 'x' denied"), TPMC_ERR_DENIED,
      TPMC__HTTP_FAIL, "roles/iam.serviceAccountTokenCreator" },
    { &tpmc__gcp_iam, API("NOT_FOUND", "x"), TPMC_ERR_DENIED, TPMC__HTTP_FAIL, "'impersonate'" },
    { &tpmc__gcp_iam, API("INVALID_ARGUMENT", "The lifetime is too long"), TPMC_ERR_DENIED,
      TPMC__HTTP_FAIL, "allowServiceAccountCredentialLifetimeExtension" },
    { &tpmc__gcp_gdch, OAUTH("invalid_grant", "in a reasonable timeframe"), TPMC_ERR_CLOCK,
      TPMC__HTTP_SKEW, "clock of this machine" },
    { &tpmc__gcp_gdch, OAUTH("invalid_grant", "x"), TPMC_ERR_DENIED, TPMC__HTTP_FAIL,
      "'gdch_name'" },
};

static void refusals_come_with_a_hint(void **state)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        tpmc_http_response *response = new_answer(400, rows[i].body);
        int verdict = 77;

        expect_failure(tpmc__oauth_failure(response, rows[i].service, &verdict, *state), *state,
                       rows[i].code, rows[i].hint);
        assert_int_equal(verdict, rows[i].verdict);
        assert_memory_equal(tpmc_error_text(*state), rows[i].service->name,
                            strlen(rows[i].service->name));
        tpmc__http_response_free(response);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ERROR(refusals_come_with_a_hint),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
