/* SPDX-License-Identifier: Apache-2.0 */
#include "base/option_table.h"

#include "base/env_int.h"
#include "base/option_check.h"
#include "base/option_int.h"

#define PATH_MAX_BYTES 4096

static const tpmc__option env_options[TPMC__ENV_OPTION_COUNT] = {
    [TPMC__ENV_CA_FILE] = {
        .name = "ca_file",
        .kind = TPMC_OPTION_TEXT,
        .summary = "file with the PEM certificates of the authorities trusted for TLS, instead of "
                   "the system's",
        .min = 1,
        .max = PATH_MAX_BYTES,
    },
    [TPMC__ENV_CA_DIR] = {
        .name = "ca_dir",
        .kind = TPMC_OPTION_TEXT,
        .summary = "directory with the hashed certificates of the authorities trusted for TLS, "
                   "instead of the system's",
        .min = 1,
        .max = PATH_MAX_BYTES,
    },
    [TPMC__ENV_PROXY] = {
        .name = "proxy",
        .kind = TPMC_OPTION_TEXT,
        .summary = "http:// or https:// URL of a proxy, never used for loopback and link-local "
                   "addresses",
        .min = 1,
        .max = 2048,
        .check = tpmc__check_proxy,
    },
    [TPMC__ENV_CONNECT_TIMEOUT_MS] = {
        .name = "connect_timeout_ms",
        .kind = TPMC_OPTION_NUMBER,
        .default_text = "5000",
        .summary = "milliseconds that connecting to a server may take, 100 to 600000",
        .min = 100,
        .max = 600000,
    },
    [TPMC__ENV_TIMEOUT_MS] = {
        .name = "timeout_ms",
        .kind = TPMC_OPTION_NUMBER,
        .default_text = "30000",
        .summary = "milliseconds that one call may take in all, retries included, 100 to 3600000",
        .min = 100,
        .max = 3600000,
    },
    [TPMC__ENV_MAX_ATTEMPTS] = {
        .name = "max_attempts",
        .kind = TPMC_OPTION_NUMBER,
        .default_text = "3",
        .summary = "HTTP requests that one call may try, 1 to 10",
        .min = 1,
        .max = 10,
    },
    [TPMC__ENV_USER_AGENT] = {
        .name = "user_agent",
        .kind = TPMC_OPTION_TEXT,
        .summary = "words appended to the User-Agent of HTTP requests, up to 256 ASCII characters",
        .min = 1,
        .max = 256,
        .check = tpmc__check_words,
    },
    [TPMC__ENV_ALLOW_HTTP_LOOPBACK] = {
        .name = "allow_http_loopback",
        .kind = TPMC_OPTION_BOOLEAN,
        .default_text = "0",
        .summary = "allow plain http to loopback addresses, for tests and local agents, 0 or 1",
    },
};

static const tpmc__option tpm_options[TPMC__TPM_OPTION_COUNT] = {
    [TPMC__TPM_TCTI] = {
        .name = "tcti",
        .kind = TPMC_OPTION_TEXT,
        .default_text = "device:/dev/tpmrm0",
        .summary = "how to reach the TPM: device:<path>, tabrmd:, or swtpm: and mssim: on loopback",
        .min = 1,
        .max = PATH_MAX_BYTES,
    },
    [TPMC__TPM_ALLOW_ANY_TCTI] = {
        .name = "allow_any_tcti",
        .kind = TPMC_OPTION_BOOLEAN,
        .default_text = "0",
        .summary = "accept every other TCTI too, which lets its text run code, 0 or 1",
    },
    [TPMC__TPM_TPM_TIMEOUT_MS] = {
        .name = "tpm_timeout_ms",
        .kind = TPMC_OPTION_NUMBER,
        .default_text = "30000",
        .summary = "milliseconds that one operation of the TPM may take in all, 100 to 3600000",
        .min = 100,
        .max = 3600000,
    },
    [TPMC__TPM_ALLOW_STARTUP] = {
        .name = "allow_startup",
        .kind = TPMC_OPTION_BOOLEAN,
        .default_text = "0",
        .summary = "start up a TPM behind device: that the firmware has not, 0 or 1",
    },
};

static const char *const scheme_words[] = {
    [TPMC__SCHEME_NULL] = "null",
    [TPMC__SCHEME_RSASSA] = "rsassa",
    [TPMC__SCHEME_RSAPSS] = "rsapss",
    [TPMC__SCHEME_RSAPSS + 1] = NULL,
};

static const tpmc__option key_template_options[TPMC__KEY_TEMPLATE_OPTION_COUNT] = {
    [TPMC__KEY_TEMPLATE_SCHEME] = {
        .name = "scheme",
        .kind = TPMC_OPTION_CHOICE,
        .default_text = "null",
        .summary = "signature scheme that the key is bound to: null (none), rsassa or rsapss",
        .choices = scheme_words,
    },
    [TPMC__KEY_TEMPLATE_DESCRIPTION] = {
        .name = "description",
        .kind = TPMC_OPTION_TEXT,
        .summary = "words kept in the key file for people, up to 1024 bytes",
        .min = 1,
        .max = 1024,
    },
    [TPMC__KEY_TEMPLATE_PARENT_NAME] = {
        .name = "parent_name",
        .kind = TPMC_OPTION_TEXT,
        .summary = "Name that the parent key must have, 68 to 132 hexadecimal digits",
        .min = 68,
        .max = 134,
        .check = tpmc__check_name_hex,
    },
    [TPMC__KEY_TEMPLATE_DICTIONARY_ATTACK] = {
        .name = "dictionary_attack",
        .kind = TPMC_OPTION_BOOLEAN,
        .default_text = "0",
        .summary = "count wrong passwords of the key towards the TPM's lockout, 0 or 1",
    },
};

static const tpmc__option key_options[TPMC__KEY_OPTION_COUNT] = {
    [TPMC__KEY_KEYFILE] = {
        .name = "keyfile",
        .kind = TPMC_OPTION_TEXT,
        .summary = "TSS2 key file, PEM or DER",
        .min = 1,
        .max = PATH_MAX_BYTES,
    },
};

static const tpmc__option gcp_options[TPMC__GCP_OPTION_COUNT] = {
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
        .summary = "seconds that a token lives, 1 to 3600",
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
};

static const tpmc__option_table tables[] = {
    [TPMC_OBJECT_ENV] = { env_options, TPMC__ENV_OPTION_COUNT },
    [TPMC_OBJECT_TPM] = { tpm_options, TPMC__TPM_OPTION_COUNT },
    [TPMC_OBJECT_KEY_TEMPLATE] = { key_template_options, TPMC__KEY_TEMPLATE_OPTION_COUNT },
    [TPMC_OBJECT_KEY] = { key_options, TPMC__KEY_OPTION_COUNT },
    [TPMC_OBJECT_GCP] = { gcp_options, TPMC__GCP_OPTION_COUNT },
};

const tpmc__option_table *tpmc__option_table_of(int object)
{
    if (object < TPMC_OBJECT_ENV || object >= (int)(sizeof(tables) / sizeof(tables[0])))
        return NULL;
    return &tables[object];
}
