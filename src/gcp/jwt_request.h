/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_GCP_JWT_REQUEST_H
#define TPMC_GCP_JWT_REQUEST_H

#include "base/buf.h"
#include "base/option_int.h"

/* How far `iat` lies in the past, for verifiers whose clock is behind ours. */
#define TPMC__GCP_BACKDATE_S 10
/* The longest life that Google accepts, from `iat` to `exp`. */
#define TPMC__GCP_MAX_LIFE_S 3600

/* Checks that the options together make a self-signed JWT possible. Pure. */
int tpmc__gcp_check_options(const tpmc__options *options, tpmc_error *err);
/*
 * The signing input of a self-signed JWT (AIP-4111) at a time, in scope form or, with `audience`
 * set, in audience form; and when the token ends. Pure.
 */
int tpmc__gcp_self_signed_jwt(const tpmc__options *options, int64_t now_ms,
                              tpmc__buf *signing_input, int64_t *expires_at_ms, tpmc_error *err);

#endif
