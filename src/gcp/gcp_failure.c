/* SPDX-License-Identifier: Apache-2.0 */
#include "gcp/gcp_failure.h"

#define DENIED TPMC_ERR_DENIED, TPMC__HTTP_FAIL
#define CLOCK TPMC_ERR_CLOCK, TPMC__HTTP_SKEW, "the clock of this machine is wrong: set it"
#define COUNT(rules) (sizeof(rules) / sizeof((rules)[0]))

static const tpmc__oauth_rule token_rules[] = {
    { "invalid_grant", "reasonable timeframe", CLOCK },
    { "invalid_grant", "JWT Signature", DENIED,
      "the key in the TPM is none of this account's, or option 'keyid' names another one of them" },
    { "invalid_grant", "account not found", DENIED,
      "look at option 'email': the account does not exist or is disabled" },
    { "invalid_grant", "email or user ID", DENIED,
      "look at options 'email' and 'subject': one of them does not exist" },
    { "unauthorized_client", NULL, DENIED,
      "an administrator must allow this account domain-wide delegation for just these scopes" },
    { "access_denied", NULL, DENIED,
      "an administrator must allow this account domain-wide delegation for just these scopes" },
    { "admin_policy_enforced", NULL, DENIED, "a policy of the user's organization forbids it" },
    { "invalid_scope", NULL, DENIED, "look at option 'scopes'" },
    { "deleted_client", NULL, DENIED, "the account was deleted" },
    { "disabled_client", NULL, DENIED, "the account is disabled" },
};

/* The key's own tokens are always fresh: what the service finds old is its or our clock. */
static const tpmc__oauth_rule sts_rules[] = {
    { "invalid_grant", "stale", CLOCK },
    { "invalid_grant", "expired", CLOCK },
    { "invalid_grant", "in the future", CLOCK },
    { "invalid_grant", "not valid before", CLOCK },
    { "invalid_grant", "issuer in ID Token", DENIED,
      "option 'issuer' must be just what the pool's provider has" },
    { "invalid_grant", "audience in ID Token", DENIED,
      "set option 'audience' to one that the pool's provider allows" },
    { "invalid_grant", NULL, DENIED,
      "upload the key's JWKS to the pool's provider, as 'tpmcloud gcp oidc-documents' writes it" },
    { "invalid_target", NULL, DENIED,
      "option 'pool_audience' names no provider, or one that is disabled" },
    { "invalid_request", "audience", DENIED,
      "option 'pool_audience' names no provider, or one that is disabled" },
    { "unauthorized_client", NULL, DENIED,
      "the attribute mapping or condition of the pool's provider refuses option "
      "'federation_subject'" },
};

static const tpmc__oauth_rule iam_rules[] = {
    /* A request that the key itself signs; our clock is learned from the answer if it is wrong. */
    { "UNAUTHENTICATED", NULL, TPMC_ERR_DENIED, TPMC__HTTP_SKEW,
      "the key in the TPM is none of this account's, option 'keyid' names another one, or the "
      "clock "
      "of this machine is wrong" },
    { "PERMISSION_DENIED", "has not been used", DENIED,
      "enable the IAM Service Account Credentials API in the project" },
    { "PERMISSION_DENIED", "disabled", DENIED,
      "enable the IAM Service Account Credentials API in the project" },
    { "PERMISSION_DENIED", NULL, DENIED,
      "the caller needs the role roles/iam.serviceAccountTokenCreator on the account, and each "
      "delegate on the next one; for federation roles/iam.workloadIdentityUser" },
    { "NOT_FOUND", NULL, DENIED, "look at option 'impersonate': there is no such account" },
    { "INVALID_ARGUMENT", "lifetime", DENIED,
      "more than 3600 seconds in option 'lifetime' need the organization's policy "
      "iam.allowServiceAccountCredentialLifetimeExtension" },
    { "INVALID_ARGUMENT", "scope", DENIED, "look at option 'scopes'" },
};

static const tpmc__oauth_rule gdch_rules[] = {
    { "invalid_grant", "reasonable timeframe", CLOCK },
    { "invalid_grant", "expired", CLOCK },
    { "invalid_grant", NULL, DENIED,
      "look at options 'gdch_project', 'gdch_name' and 'keyid', and whether the key is that "
      "account's" },
    { "invalid_target", NULL, DENIED, "look at option 'audience'" },
};

const tpmc__oauth_service tpmc__gcp_token_endpoint = { "Google's token endpoint", token_rules,
                                                       COUNT(token_rules) };
const tpmc__oauth_service tpmc__gcp_sts = { "Google's Security Token Service", sts_rules,
                                            COUNT(sts_rules) };
const tpmc__oauth_service tpmc__gcp_iam = { "Google's IAM API", iam_rules, COUNT(iam_rules) };
const tpmc__oauth_service tpmc__gcp_gdch = { "the token endpoint of Google Distributed Cloud",
                                             gdch_rules, COUNT(gdch_rules) };
