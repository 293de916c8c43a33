/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_AZURE_ENTRA_SCOPE_H
#define TPMC_AZURE_ENTRA_SCOPE_H

#include "azure/entra_endpoint.h"

/* The most bytes of all scopes of a request. */
#define TPMC__SCOPES_MAX 16384

/*
 * Appends the field `scope` of a request: `scopes`, separated by spaces, or, when it is NULL, those
 * of the option, each once. A client asks for one resource's ".default"; on behalf of a user for
 * scopes of one resource, and names without one, such as openid. AD FS gets a resource without
 * ".default". TPMC_ERR_ARGUMENT when there is none, or for what Entra would refuse. Pure.
 */
int tpmc__entra_scope_text(const tpmc__options *options, int grant, const char *scopes,
                           tpmc__buf *out, tpmc_error *err);

#endif
