/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_BASE_OPTION_CHECK_H
#define TPMC_BASE_OPTION_CHECK_H

#include <stdint.h>

/* Checks of text options beyond their length; each is a tpmc__option_check. What they get is UTF-8
 * without control characters. */

/* Only the visible characters of ASCII, so no spaces. */
const char *tpmc__check_visible(const char *value);
/* The visible characters of ASCII, and spaces between them. */
const char *tpmc__check_words(const char *value);
/* An OAuth scope, which RFC 6749 section 3.3 keeps free of quotes and backslashes. */
const char *tpmc__check_scope(const char *value);
const char *tpmc__check_email(const char *value);
/* A domain name: letters, digits and '-' in labels with '.' between them. */
const char *tpmc__check_domain(const char *value);
/* Of these the lower-case letters, digits, '-' and '.', as Kubernetes has them in names. */
const char *tpmc__check_label(const char *value);
/* The full name of a provider of a workload identity pool at Google. */
const char *tpmc__check_pool_audience(const char *value);
/* `http` or `https`, a host, perhaps a port; nothing else. */
const char *tpmc__check_proxy(const char *value);
/* The Name of a TPM object: 34 to 66 bytes as hex, perhaps with 0x before it. */
const char *tpmc__check_name_hex(const char *value);

/* Letters, digits, '-' and '.', of which the ids and domains of tenants are made; `common` and its
 * like name none. */
const char *tpmc__check_tenant_id(const char *value);
/* The label of a host name, in small letters, that begins with a letter. */
const char *tpmc__check_azure_region(const char *value);

/* A name of a region of AWS as far as a host name's label can tell. */
const char *tpmc__check_region(const char *value);
/* Letters, digits and '_', as AWS has them, and '-' and '.', as servers like it have them. */
const char *tpmc__check_access_key_id(const char *value);
/* Letters, digits and _+=,.@-, of which AWS makes the names of sessions. */
const char *tpmc__check_session_name(const char *value);
/* These and ':' and '/'. */
const char *tpmc__check_external_id(const char *value);
/* Decimal digits only. */
const char *tpmc__check_mfa_code(const char *value);
/* A key that is not empty, '=' and a value. */
const char *tpmc__check_pair(const char *value);

/* Registers, as tpmc__pcr_text_parse() reads them. */
const char *tpmc__check_pcr(const char *value);

/* A persistent handle, 0x81000000 to 0x81ffffff, in hexadecimal. */
const char *tpmc__check_persistent_handle(const char *value);
/* `parent`, `ek-rsa`, `ek-ecc`, or `handle:` and a persistent handle. */
const char *tpmc__check_salt_key(const char *value);
/* The number of what tpmc__check_persistent_handle() takes; 0 for anything else. */
uint32_t tpmc__persistent_handle(const char *value);

#endif
