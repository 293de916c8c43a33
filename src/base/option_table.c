/* SPDX-License-Identifier: Apache-2.0 */
#include "base/option_table.h"

#include "base/env_int.h"
#include "base/option_check.h"
#include "base/option_int.h"
#include "base/option_table_int.h"

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

static const char *const bus_words[] = {
    [TPMC__BUS_AUTO] = "auto",
    [TPMC__BUS_ALWAYS] = "always",
    [TPMC__BUS_NEVER] = "never",
    [TPMC__BUS_NEVER + 1] = NULL,
};

static const char *const hold_words[] = {
    [TPMC__HOLD_AUTO] = "auto",       [TPMC__HOLD_ALL] = "all",
    [TPMC__HOLD_SESSION] = "session", [TPMC__HOLD_NOTHING] = "nothing",
    [TPMC__HOLD_NOTHING + 1] = NULL,
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
    [TPMC__TPM_BUS_PROTECTION] = {
        .name = "bus_protection",
        .kind = TPMC_OPTION_CHOICE,
        .default_text = "auto",
        .summary = "what is encrypted on the way to the TPM: auto (what is secret), always (all) or "
                   "never (only passwords)",
        .choices = bus_words,
    },
    [TPMC__TPM_SALT_KEY] = {
        .name = "salt_key",
        .kind = TPMC_OPTION_TEXT,
        .default_text = "parent",
        .summary = "key of the TPM that sessions are encrypted to: parent, ek-rsa, ek-ecc or "
                   "handle:0x81xxxxxx",
        .min = 1,
        .max = 32,
        .check = tpmc__check_salt_key,
    },
    [TPMC__TPM_SALT_KEY_NAME] = {
        .name = "salt_key_name",
        .kind = TPMC_OPTION_TEXT,
        .summary = "Name that this key must have, 68 to 132 hexadecimal digits",
        .min = 68,
        .max = 134,
        .check = tpmc__check_name_hex,
    },
    [TPMC__TPM_ENC_KEY_NAME] = {
        .name = "enc_key_name",
        .kind = TPMC_OPTION_TEXT,
        .summary = "the same as salt_key=ek-rsa with this salt_key_name",
        .min = 68,
        .max = 134,
        .check = tpmc__check_name_hex,
    },
    [TPMC__TPM_EK_CA_FILE] = {
        .name = "ek_ca_file",
        .kind = TPMC_OPTION_TEXT,
        .summary = "file with PEM certificates of TPM makers, one of which must certify the "
                   "endorsement key of salt_key",
        .min = 1,
        .max = PATH_MAX_BYTES,
    },
    [TPMC__TPM_CONTEXT_DIR] = {
        .name = "context_dir",
        .kind = TPMC_OPTION_TEXT,
        .summary = "private directory for saved TPM contexts, which make starts cheaper",
        .min = 1,
        .max = PATH_MAX_BYTES,
    },
    [TPMC__TPM_HOLD] = {
        .name = "hold",
        .kind = TPMC_OPTION_CHOICE,
        .default_text = "auto",
        .summary = "what stays loaded between uses: auto, all (what fits), session (no keys) or "
                   "nothing",
        .choices = hold_words,
    },
};

static const char *const scheme_words[] = {
    [TPMC__SCHEME_NULL] = "null",     [TPMC__SCHEME_RSASSA] = "rsassa",
    [TPMC__SCHEME_RSAPSS] = "rsapss", [TPMC__SCHEME_ECDSA] = "ecdsa",
    [TPMC__SCHEME_COUNT] = NULL,
};

static const char *const algorithm_words[] = {
    [TPMC__NEW_RSA2048] = "rsa2048",         [TPMC__NEW_RSA3072] = "rsa3072",
    [TPMC__NEW_RSA4096] = "rsa4096",         [TPMC__NEW_ECC256] = "ecc256",
    [TPMC__NEW_ECC384] = "ecc384",           [TPMC__NEW_ECC521] = "ecc521",
    [TPMC__NEW_HMAC_SHA256] = "hmac-sha256", [TPMC__NEW_HMAC_SHA384] = "hmac-sha384",
    [TPMC__NEW_HMAC_SHA512] = "hmac-sha512", [TPMC__NEW_COUNT] = NULL,
};

static const char *const hash_words[] = {
    [TPMC__NEW_HASH_SHA256] = "sha256",
    [TPMC__NEW_HASH_SHA384] = "sha384",
    [TPMC__NEW_HASH_SHA512] = "sha512",
    [TPMC__NEW_HASH_COUNT] = NULL,
};

static const char *const user_with_auth_words[] = {
    [TPMC__USER_WITH_AUTH_AUTO] = "auto",
    [TPMC__USER_WITH_AUTH_NO] = "0",
    [TPMC__USER_WITH_AUTH_YES] = "1",
    [TPMC__USER_WITH_AUTH_YES + 1] = NULL,
};

static const char *const parent_words[] = {
    [TPMC__PARENT_OWNER] = "owner",
    [TPMC__PARENT_ENDORSEMENT] = "endorsement",
    [TPMC__PARENT_PLATFORM] = "platform",
    [TPMC__PARENT_NULL] = "null",
    [TPMC__PARENT_OWNER_RSA] = "owner-rsa",
    [TPMC__PARENT_ENDORSEMENT_RSA] = "endorsement-rsa",
    [TPMC__PARENT_PLATFORM_RSA] = "platform-rsa",
    [TPMC__PARENT_NULL_RSA] = "null-rsa",
    [TPMC__PARENT_COUNT] = NULL,
};

static const tpmc__option key_template_options[TPMC__KEY_TEMPLATE_OPTION_COUNT] = {
    [TPMC__KEY_TEMPLATE_ALGORITHM] = {
        .name = "algorithm",
        .kind = TPMC_OPTION_CHOICE,
        .default_text = "rsa2048",
        .summary = "kind of the new key: rsa2048, rsa3072, rsa4096, ecc256, ecc384, ecc521, "
                   "hmac-sha256, -sha384 or -sha512",
        .choices = algorithm_words,
    },
    [TPMC__KEY_TEMPLATE_SCHEME] = {
        .name = "scheme",
        .kind = TPMC_OPTION_CHOICE,
        .default_text = "null",
        .summary = "signature scheme that the key is bound to: null (none), rsassa, rsapss or "
                   "ecdsa",
        .choices = scheme_words,
    },
    [TPMC__KEY_TEMPLATE_HASH] = {
        .name = "hash",
        .kind = TPMC_OPTION_CHOICE,
        .summary = "hash of this scheme: sha256, sha384 or sha512; unset, sha256 or the curve's own",
        .choices = hash_words,
    },
    [TPMC__KEY_TEMPLATE_PARENT] = {
        .name = "parent",
        .kind = TPMC_OPTION_CHOICE,
        .default_text = "owner",
        .summary = "hierarchy whose storage primary is the parent: owner, endorsement, platform or "
                   "null; with -rsa, its RSA one",
        .choices = parent_words,
    },
    [TPMC__KEY_TEMPLATE_PARENT_HANDLE] = {
        .name = "template_parent_handle",
        .kind = TPMC_OPTION_TEXT,
        .summary = "persistent parent, 0x81xxxxxx, instead of a primary",
        .min = 10,
        .max = 10,
        .check = tpmc__check_persistent_handle,
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
    [TPMC__KEY_TEMPLATE_RESTRICTED] = {
        .name = "restricted",
        .kind = TPMC_OPTION_BOOLEAN,
        .default_text = "0",
        .summary = "make a key that signs only what the TPM has hashed; it needs a scheme, 0 or 1",
    },
    [TPMC__KEY_TEMPLATE_USER_WITH_AUTH] = {
        .name = "user_with_auth",
        .kind = TPMC_OPTION_CHOICE,
        .default_text = "auto",
        .summary = "let the password alone do, 0 or 1; auto: only for a key that no policy is bound to",
        .choices = user_with_auth_words,
    },
    [TPMC__KEY_TEMPLATE_BIND_PCR] = {
        .name = "bind_pcr",
        .alias = "pcr",
        .kind = TPMC_OPTION_TEXT,
        .summary = "bind the key to the values that PCRs have now: sha256:0,7,23 or 23 (of SHA-256)",
        .min = 1,
        .max = 255,
        .check = tpmc__check_pcr,
    },
    [TPMC__KEY_TEMPLATE_BIND_POLICY_FILE] = {
        .name = "bind_policy_file",
        .alias = "policy_file",
        .kind = TPMC_OPTION_TEXT,
        .summary = "bind the key to the policy in this file, in the TCG's JSON language",
        .min = 1,
        .max = 4096,
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
    [TPMC__KEY_HANDLE] = {
        .name = "handle",
        .kind = TPMC_OPTION_TEXT,
        .summary = "persistent key in the TPM, 0x81xxxxxx, instead of a key file",
        .min = 10,
        .max = 10,
        .check = tpmc__check_persistent_handle,
    },
    [TPMC__KEY_PUBLIC] = {
        .name = "public",
        .kind = TPMC_OPTION_TEXT,
        .summary = "file with the key's TPM2B_PUBLIC; with 'private', instead of a key file",
        .min = 1,
        .max = PATH_MAX_BYTES,
    },
    [TPMC__KEY_PRIVATE] = {
        .name = "private",
        .kind = TPMC_OPTION_TEXT,
        .summary = "file with the key's TPM2B_PRIVATE",
        .min = 1,
        .max = PATH_MAX_BYTES,
    },
    [TPMC__KEY_PARENT_HANDLE] = {
        .name = "parent_handle",
        .kind = TPMC_OPTION_TEXT,
        .summary = "persistent parent, 0x81xxxxxx, instead of the one that the key file names",
        .min = 10,
        .max = 10,
        .check = tpmc__check_persistent_handle,
    },
    [TPMC__KEY_PARENT_FALLBACK] = {
        .name = "parent_fallback",
        .kind = TPMC_OPTION_BOOLEAN,
        .default_text = "0",
        .summary = "try the other usual primaries when the key does not belong to its own, 0 or 1",
    },
    [TPMC__KEY_PCR] = {
        .name = "pcr",
        .kind = TPMC_OPTION_TEXT,
        .summary = "the key is bound to PCRs with the values of now: sha256:0,7,23 or 23 (of SHA-256)",
        .min = 1,
        .max = 255,
        .check = tpmc__check_pcr,
    },
    [TPMC__KEY_POLICY_FILE] = {
        .name = "policy_file",
        .kind = TPMC_OPTION_TEXT,
        .summary = "the policy that the key is bound to, in the TCG's JSON language",
        .min = 1,
        .max = 4096,
    },
    [TPMC__KEY_ALLOW_SEALED_HMAC] = {
        .name = "allow_sealed_hmac",
        .kind = TPMC_OPTION_BOOLEAN,
        .default_text = "0",
        .summary = "use sealed data as the secret of an HMAC made in software, 0 or 1",
    },
};

static const tpmc__option_table tables[] = {
    [TPMC_OBJECT_ENV] = { env_options, TPMC__ENV_OPTION_COUNT },
    [TPMC_OBJECT_TPM] = { tpm_options, TPMC__TPM_OPTION_COUNT },
    [TPMC_OBJECT_KEY_TEMPLATE] = { key_template_options, TPMC__KEY_TEMPLATE_OPTION_COUNT },
    [TPMC_OBJECT_KEY] = { key_options, TPMC__KEY_OPTION_COUNT },
    [TPMC_OBJECT_GCP] = { tpmc__gcp_options, TPMC__GCP_OPTION_COUNT },
    [TPMC_OBJECT_AWS_ROLESANYWHERE] = { tpmc__aws_rolesanywhere_options,
                                        TPMC__AWS_RA_OPTION_COUNT },
    [TPMC_OBJECT_AWS_HMAC] = { tpmc__aws_hmac_options, TPMC__AWS_HMAC_OPTION_COUNT },
    [TPMC_OBJECT_AZURE] = { tpmc__azure_options, TPMC__AZURE_OPTION_COUNT },
};

const tpmc__option_table *tpmc__option_table_of(int object)
{
    if (object < TPMC_OBJECT_ENV || object >= (int)(sizeof(tables) / sizeof(tables[0])))
        return NULL;
    return &tables[object];
}
