/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_BASE_OPTION_TABLE_H
#define TPMC_BASE_OPTION_TABLE_H

/* Indices into the option tables of option_table.c, object by object. The environment's stand in
 * env_int.h. */

enum {
    TPMC__TPM_TCTI,
    TPMC__TPM_ALLOW_ANY_TCTI,
    TPMC__TPM_TPM_TIMEOUT_MS,
    TPMC__TPM_ALLOW_STARTUP,
    TPMC__TPM_OPTION_COUNT
};

enum {
    TPMC__KEY_TEMPLATE_SCHEME,
    TPMC__KEY_TEMPLATE_DESCRIPTION,
    TPMC__KEY_TEMPLATE_PARENT_NAME,
    TPMC__KEY_TEMPLATE_DICTIONARY_ATTACK,
    TPMC__KEY_TEMPLATE_OPTION_COUNT
};

/* The words of the template's `scheme`. */
enum { TPMC__SCHEME_NULL, TPMC__SCHEME_RSASSA, TPMC__SCHEME_RSAPSS };

enum { TPMC__KEY_KEYFILE, TPMC__KEY_OPTION_COUNT };

enum {
    TPMC__GCP_EMAIL,
    TPMC__GCP_SCOPES,
    TPMC__GCP_KEYID,
    TPMC__GCP_EXPIRE_IN,
    TPMC__GCP_AUDIENCE,
    TPMC__GCP_OPTION_COUNT
};

#endif
