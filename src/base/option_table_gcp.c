/* SPDX-License-Identifier: Apache-2.0 */
#include "base/option_check.h"
#include "base/option_table.h"
#include "base/option_table_int.h"

static const char *const gcp_kind_words[] = {
    [TPMC__GCP_KIND_JWT] = "jwt",   [TPMC__GCP_KIND_ACCESS] = "access",
    [TPMC__GCP_KIND_ID] = "id",     [TPMC__GCP_KIND_FEDERATED] = "federated",
    [TPMC__GCP_KIND_GDCH] = "gdch", [TPMC__GCP_KIND_GDCH + 1] = NULL,
};

const tpmc__option tpmc__gcp_options[TPMC__GCP_OPTION_COUNT] = {
    [TPMC__GCP_EMAIL] = {
        .name = "email",
        .kind = TPMC_OPTION_TEXT,
        .summary = "e-mail address of the service account, 3 to 254 bytes",
        .min = 3,
        .max = 254,
        .check = tpmc__check_email,
    },
    [TPMC__GCP_SCOPES] = {
        .name = "scopes",
        .kind = TPMC_OPTION_LIST,
        .default_text = "https://www.googleapis.com/auth/cloud-platform",
        .summary = "OAuth scopes of the token, given one by one or separated by spaces",
        .min = 1,
        .max = 1024,
        .check = tpmc__check_scope,
        .split = 1,
    },
    [TPMC__GCP_KEYID] = {
        .name = "keyid",
        .alias = "key_id",
        .kind = TPMC_OPTION_TEXT,
        .summary = "id of the service account's key, up to 256 characters",
        .min = 1,
        .max = 256,
        .check = tpmc__check_visible,
    },
    [TPMC__GCP_EXPIRE_IN] = {
        .name = "expire_in",
        .kind = TPMC_OPTION_NUMBER,
        .default_text = "3600",
        .summary = "seconds that a JWT made here lives, 1 to 3600",
        .min = 1,
        .max = 3600,
    },
    [TPMC__GCP_AUDIENCE] = {
        .name = "audience",
        .kind = TPMC_OPTION_TEXT,
        .summary = "service that the token is for, instead of scopes, up to 2048 characters",
        .min = 1,
        .max = 2048,
        .check = tpmc__check_visible,
    },
    [TPMC__GCP_KIND] = {
        .name = "kind",
        .kind = TPMC_OPTION_CHOICE,
        .default_text = "jwt",
        .summary = "jwt (signed by the key), access or id (from the token endpoint), federated (from "
                   "a workload identity pool), or gdch",
        .choices = gcp_kind_words,
    },
    [TPMC__GCP_SUBJECT] = {
        .name = "subject",
        .kind = TPMC_OPTION_TEXT,
        .summary = "user that the token acts as, by domain-wide delegation, up to 254 bytes",
        .min = 3,
        .max = 254,
        .check = tpmc__check_email,
    },
    [TPMC__GCP_SERVICE_ACCOUNT_FILE] = {
        .name = "service_account_file",
        .kind = TPMC_OPTION_TEXT,
        .summary = "file with the service account's JSON, for what is not set here; a private key "
                   "in it is never used",
        .min = 1,
        .max = PATH_MAX_BYTES,
    },
    [TPMC__GCP_TOKEN_URI] = {
        .name = "token_uri",
        .kind = TPMC_OPTION_TEXT,
        .summary = "URL of the token endpoint; unset, the service account's or Google's",
        .min = 1,
        .max = 2048,
        .check = tpmc__check_visible,
    },
    [TPMC__GCP_UNIVERSE_DOMAIN] = {
        .name = "universe_domain",
        .kind = TPMC_OPTION_TEXT,
        .summary = "domain under which the services stand; unset, the service account's or "
                   "googleapis.com",
        .min = 1,
        .max = 253,
        .check = tpmc__check_domain,
    },
    [TPMC__GCP_QUOTA_PROJECT] = {
        .name = "quota_project",
        .kind = TPMC_OPTION_TEXT,
        .summary = "project that the use is counted for, to be sent as x-goog-user-project",
        .min = 1,
        .max = 256,
        .check = tpmc__check_visible,
    },
    [TPMC__GCP_IMPERSONATE] = {
        .name = "impersonate",
        .kind = TPMC_OPTION_TEXT,
        .summary = "e-mail address of another service account, for which the token is to be",
        .min = 3,
        .max = 254,
        .check = tpmc__check_email,
    },
    [TPMC__GCP_DELEGATE] = {
        .name = "delegate",
        .kind = TPMC_OPTION_LIST,
        .summary = "e-mail address of a service account on the way to the impersonated one, given "
                   "one by one in their order",
        .min = 3,
        .max = 254,
        .check = tpmc__check_email,
    },
    [TPMC__GCP_LIFETIME] = {
        .name = "lifetime",
        .kind = TPMC_OPTION_NUMBER,
        .default_text = "3600",
        .summary = "seconds that an impersonated token lives, 600 to 43200; more than 3600 only "
                   "where the organization allows it",
        .min = 600,
        .max = 43200,
    },
    [TPMC__GCP_POOL_AUDIENCE] = {
        .name = "pool_audience",
        .kind = TPMC_OPTION_TEXT,
        .summary = "full name of the provider of the workload identity pool, which begins with "
                   "//iam.googleapis.com/",
        .min = 1,
        .max = 2048,
        .check = tpmc__check_pool_audience,
    },
    [TPMC__GCP_ISSUER] = {
        .name = "issuer",
        .kind = TPMC_OPTION_TEXT,
        .summary = "https URL of the OpenID Connect issuer that the key is",
        .min = 1,
        .max = 2048,
        .check = tpmc__check_visible,
    },
    [TPMC__GCP_FEDERATION_SUBJECT] = {
        .name = "federation_subject",
        .kind = TPMC_OPTION_TEXT,
        .summary = "subject that the key's own tokens name, up to 255 characters",
        .min = 1,
        .max = 255,
        .check = tpmc__check_visible,
    },
    [TPMC__GCP_STS_ENDPOINT] = {
        .name = "sts_endpoint",
        .kind = TPMC_OPTION_TEXT,
        .summary = "URL of the Security Token Service, without /v1/token; unset, that of the "
                   "universe",
        .min = 1,
        .max = 2048,
        .check = tpmc__check_visible,
    },
    [TPMC__GCP_IAM_ENDPOINT] = {
        .name = "iam_endpoint",
        .kind = TPMC_OPTION_TEXT,
        .summary = "URL of the IAM Service Account Credentials API; unset, that of the universe",
        .min = 1,
        .max = 2048,
        .check = tpmc__check_visible,
    },
    [TPMC__GCP_GDCH_PROJECT] = {
        .name = "gdch_project",
        .kind = TPMC_OPTION_TEXT,
        .summary = "project of a service account of Google Distributed Cloud, up to 63 "
                   "characters",
        .min = 1,
        .max = 63,
        .check = tpmc__check_label,
    },
    [TPMC__GCP_GDCH_NAME] = {
        .name = "gdch_name",
        .kind = TPMC_OPTION_TEXT,
        .summary = "name of that service account, up to 253 characters",
        .min = 1,
        .max = 253,
        .check = tpmc__check_label,
    },
};
