/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_AZURE_ENTRA_ENDPOINT_H
#define TPMC_AZURE_ENTRA_ENDPOINT_H

#include "base/buf.h"
#include "base/option_int.h"

/* What a token is asked for with. */
enum { TPMC__GRANT_CLIENT, TPMC__GRANT_ON_BEHALF_OF };

/* 1 when the tenant is an AD FS server, which differs in more than its path. Pure. */
int tpmc__entra_is_adfs(const tpmc__options *options);
/*
 * Appends the URL of the token endpoint, which is also the audience of client assertions. Regional
 * endpoints answer to the grant of clients only; others go to the central one. TPMC_ERR_ARGUMENT:
 * an option is missing, no URL of a service, or contradicts another. Pure.
 */
int tpmc__entra_token_url(const tpmc__options *options, int grant, tpmc__buf *out, tpmc_error *err);

#endif
