/* SPDX-License-Identifier: Apache-2.0 */
#include "base/option_check.h"
#include "base/option_table.h"
#include "base/option_table_int.h"

static const char *const azure_algorithm_words[] = {
    [TPMC__AZURE_ALGORITHM_AUTO] = "auto",
    [TPMC__AZURE_ALGORITHM_RS256] = "RS256",
    [TPMC__AZURE_ALGORITHM_PS256] = "PS256",
    [TPMC__AZURE_ALGORITHM_PS256 + 1] = NULL,
};

static const char *const azure_thumbprint_words[] = {
    [TPMC__AZURE_THUMBPRINT_SHA256] = "sha256",
    [TPMC__AZURE_THUMBPRINT_SHA1] = "sha1",
    [TPMC__AZURE_THUMBPRINT_SHA1 + 1] = NULL,
};

const tpmc__option tpmc__azure_options[TPMC__AZURE_OPTION_COUNT] = {
    [TPMC__AZURE_TENANT_ID] = {
        .name = "tenant_id",
        .kind = TPMC_OPTION_TEXT,
        .summary = "id or domain of the tenant (directory), or adfs for an AD FS server",
        .min = 1,
        .max = 253,
        .check = tpmc__check_tenant_id,
    },
    [TPMC__AZURE_CLIENT_ID] = {
        .name = "client_id",
        .kind = TPMC_OPTION_TEXT,
        .summary = "id of the registered application (client)",
        .min = 1,
        .max = 256,
        .check = tpmc__check_visible,
    },
    [TPMC__AZURE_CERTIFICATE_PATH] = {
        .name = "certificate_path",
        .kind = TPMC_OPTION_TEXT,
        .summary = "file with the key's certificate that is registered for the application, PEM "
                   "or DER",
        .min = 1,
        .max = PATH_MAX_BYTES,
    },
    [TPMC__AZURE_SCOPES] = {
        .name = "scopes",
        .kind = TPMC_OPTION_LIST,
        .summary = "what the token is for, such as https://graph.microsoft.com/.default",
        .min = 1,
        .max = 1024,
        .check = tpmc__check_scope,
        .split = 1,
    },
    [TPMC__AZURE_AUTHORITY_HOST] = {
        .name = "authority_host",
        .kind = TPMC_OPTION_TEXT,
        .default_text = "https://login.microsoftonline.com",
        .summary = "https URL of the sign-in service of the cloud that the tenant is in",
        .min = 8,
        .max = 2048,
        .check = tpmc__check_visible,
    },
    [TPMC__AZURE_TOKEN_URL] = {
        .name = "token_url",
        .kind = TPMC_OPTION_TEXT,
        .summary = "full https URL of the token endpoint, instead of one made of authority_host "
                   "and tenant_id",
        .min = 8,
        .max = 2048,
        .check = tpmc__check_visible,
    },
    [TPMC__AZURE_REGION] = {
        .name = "region",
        .kind = TPMC_OPTION_TEXT,
        .summary = "region of Azure whose own endpoint shall be asked, such as westeurope",
        .min = 2,
        .max = 63,
        .check = tpmc__check_azure_region,
    },
    [TPMC__AZURE_ALGORITHM] = {
        .name = "algorithm",
        .kind = TPMC_OPTION_CHOICE,
        .default_text = "auto",
        .summary = "signature of assertions: RS256, PS256, or auto: PS256 where key and server "
                   "can, else RS256",
        .choices = azure_algorithm_words,
    },
    [TPMC__AZURE_THUMBPRINT] = {
        .name = "thumbprint",
        .kind = TPMC_OPTION_CHOICE,
        .default_text = "sha256",
        .summary = "hash that names the certificate in assertions: sha256 or sha1; to AD FS, "
                   "unset, sha1",
        .choices = azure_thumbprint_words,
    },
    [TPMC__AZURE_SEND_CERTIFICATE_CHAIN] = {
        .name = "send_certificate_chain",
        .kind = TPMC_OPTION_BOOLEAN,
        .default_text = "0",
        .summary = "put the certificates into assertions, for trust by subject name and issuer, "
                   "0 or 1",
    },
    [TPMC__AZURE_ASSERTION_LIFETIME] = {
        .name = "assertion_lifetime",
        .kind = TPMC_OPTION_NUMBER,
        .default_text = "600",
        .summary = "seconds from an assertion's begin, a minute ago, to its end, 120 to 86400",
        .min = 120,
        .max = 86400,
    },
    [TPMC__AZURE_CLAIMS] = {
        .name = "claims",
        .kind = TPMC_OPTION_TEXT,
        .summary = "claims request: JSON, or the base64 that a resource's challenge holds",
        .min = 1,
        .max = 16384,
        .many_lines = 1,
    },
    [TPMC__AZURE_CLIENT_CAPABILITY] = {
        .name = "client_capability",
        .kind = TPMC_OPTION_LIST,
        .summary = "what the caller can handle; cp1: claims challenges (continuous access "
                   "evaluation)",
        .min = 1,
        .max = 64,
        .check = tpmc__check_visible,
    },
    [TPMC__AZURE_FEDERATION_ISSUER] = {
        .name = "federation_issuer",
        .kind = TPMC_OPTION_TEXT,
        .summary = "issuer URL of a federated credential; assertions are then its tokens, without "
                   "certificate",
        .min = 8,
        .max = 600,
        .check = tpmc__check_visible,
    },
    [TPMC__AZURE_FEDERATION_SUBJECT] = {
        .name = "federation_subject",
        .kind = TPMC_OPTION_TEXT,
        .summary = "subject of the federated credential",
        .min = 1,
        .max = 600,
    },
    [TPMC__AZURE_FEDERATION_AUDIENCE] = {
        .name = "federation_audience",
        .kind = TPMC_OPTION_TEXT,
        .default_text = "api://AzureADTokenExchange",
        .summary = "audience of the federated credential",
        .min = 1,
        .max = 600,
        .check = tpmc__check_visible,
    },
};
