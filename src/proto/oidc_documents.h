/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_PROTO_OIDC_DOCUMENTS_H
#define TPMC_PROTO_OIDC_DOCUMENTS_H

#include "base/buf.h"
#include "tpmcloud/tpmkey.h"

/* Where the keys of an issuer stand, below its URL. */
#define TPMC__OIDC_JWKS_PATH "/.well-known/jwks.json"

/*
 * What lets others verify the tokens of a key that is an OpenID Connect issuer of its own. No
 * password and, but for a persistent key, no TPM is needed.
 */

/* 0 for an https URL without user info, query and fragment (OpenID Connect Core section 2);
 * `option` names where it was given. TPMC_ERR_ARGUMENT. Pure. */
int tpmc__oidc_check_issuer(const char *issuer, const char *option, tpmc_error *err);
/* The algorithm that the key signs such tokens with: RS256 or ES256, the two that clouds take.
 * TPMC_ERR_UNSUPPORTED for a key that can do neither. `*out` is a literal. */
int tpmc__oidc_algorithm(tpmc_key *key, const char **out, tpmc_error *err);
/* Appends the id of the key in its JWKS, which is its thumbprint by RFC 7638. */
int tpmc__oidc_key_id(tpmc_key *key, const char *algorithm, tpmc__buf *out, tpmc_error *err);
/* The JSON Web Key Set of the key alone (RFC 7517 section 5). */
int tpmc__oidc_jwks(tpmc_key *key, const char *algorithm, tpmc_bytes **out, tpmc_error *err);
/* What belongs at <issuer>/.well-known/openid-configuration (OpenID Connect Discovery section 4).
 * Pure. */
int tpmc__oidc_discovery(const char *issuer, const char *algorithm, tpmc_bytes **out,
                         tpmc_error *err);

#endif
