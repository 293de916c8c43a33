/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_CLI_COMMAND_H
#define TPMC_CLI_COMMAND_H

#include <stddef.h>

/* What the program exits with. */
enum { CLI_OK = 0, CLI_FAILED = 1, CLI_USAGE = 2 };

struct cli_args;

/* A flag of a command that is no option of a library object. */
typedef struct cli_own_flag {
    const char *name; /* spelt with `_` */
    int kind; /* TPMC_OPTION_TEXT, _NUMBER, _CHOICE, _BOOLEAN, or _LIST: given several times */
    const char *value_name; /* what stands for the value in the usage; BOOLEAN: NULL */
    const char *default_text;
    const char *const *words; /* CHOICE: NULL at the end */
    int required;
    const char *summary;
} cli_own_flag;

/* Some of them that belong together. */
typedef struct cli_own_flags {
    const cli_own_flag *items;
    size_t count;
} cli_own_flags;

#define CLI_OWN_FLAGS_MAX 3

/* When a command speaks to a TPM. */
typedef enum cli_tpm_use {
    CLI_TPM_NEVER,
    CLI_TPM_FOR_HANDLE, /* only where --handle names the key */
    CLI_TPM_USED
} cli_tpm_use;

/* One command. Its flags are its own ones, every option of `objects` and those of the passwords in
 * `secrets`. */
typedef struct cli_command {
    const char *name;     /* words with one space between them: "key import" */
    const char *synopsis; /* what follows the name in the usage line */
    const char *summary;  /* one line */
    const char *about;    /* a paragraph */
    cli_own_flags flags[CLI_OWN_FLAGS_MAX];
    const int *objects; /* TPMC_OBJECT_*, in the order of the help */
    size_t object_count;
    cli_tpm_use tpm_use;
    unsigned secrets;    /* CLI_SECRETS_*, or bits of their own: 1 << CLI_SECRET_* */
    const char *operand; /* the flag that an argument without flag sets, or NULL */
    int (*run)(struct cli_args *args);
} cli_command;

typedef struct cli_command_list {
    const cli_command *const *items;
    size_t count;
} cli_command_list;

extern const cli_command cli_key_create_command;
extern const cli_command cli_key_import_command;
extern const cli_command cli_key_convert_command;
extern const cli_command cli_key_wrap_command;
extern const cli_command cli_key_show_command;
extern const cli_command cli_key_public_command;
extern const cli_command cli_key_csr_command;
extern const cli_command cli_key_certificate_command;
extern const cli_command cli_key_parent_command;
extern const cli_command cli_key_persist_parent_command;
extern const cli_command cli_sign_command;
extern const cli_command cli_hmac_command;
extern const cli_command cli_policy_digest_command;
extern const cli_command cli_policy_show_command;
extern const cli_command cli_policy_check_command;
extern const cli_command cli_policy_sign_command;
extern const cli_command cli_gcp_token_command;
extern const cli_command cli_gcp_oidc_documents_command;
extern const cli_command cli_azure_token_command;
extern const cli_command cli_azure_on_behalf_of_command;
extern const cli_command cli_azure_assertion_command;
extern const cli_command cli_azure_oidc_documents_command;
extern const cli_command cli_aws_rolesanywhere_credentials_command;
extern const cli_command cli_aws_hmac_credentials_command;
extern const cli_command cli_aws_hmac_sign_request_command;
extern const cli_command cli_aws_hmac_presign_command;
extern const cli_command cli_aws_hmac_eks_token_command;
extern const cli_command cli_aws_hmac_caller_identity_command;

#endif
