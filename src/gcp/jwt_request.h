/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_GCP_JWT_REQUEST_H
#define TPMC_GCP_JWT_REQUEST_H

#include "base/buf.h"
#include "gcp/gcp_settings.h"

/* How far `iat` lies in the past, for verifiers whose clock is behind ours. */
#define TPMC__GCP_BACKDATE_S 10
/* The longest life that Google accepts, from `iat` to `exp`. */
#define TPMC__GCP_MAX_LIFE_S 3600
/* What the token endpoint calls itself, wherever it is reached. */
#define TPMC__GCP_TOKEN_AUDIENCE "https://oauth2.googleapis.com/token"

/* How a JWT is signed, and when. */
typedef struct tpmc__gcp_jwt_frame {
    const char *algorithm;
    const char *key_id; /* NULL: left out */
    int64_t time_ms;    /* now, as the verifier has it */
} tpmc__gcp_jwt_frame;

/*
 * Each appends the signing input of one kind of JWT and says when it ends, in the verifier's time.
 * TPMC_ERR_CLOCK for a time that was never set, TPMC_ERR_ARGUMENT, TPMC_ERR_NOMEM. All are pure.
 */

/* A self-signed access token (AIP-4111), in scope form or, with `audience` set, in audience form;
 * for impersonation, one for IAM. */
int tpmc__gcp_self_signed_jwt(const tpmc__gcp_settings *settings, const tpmc__gcp_jwt_frame *frame,
                              tpmc__buf *out, int64_t *expires_at_ms, tpmc_error *err);
/* The assertion for the token endpoint (AIP-4112): for scopes, or for an ID token. */
int tpmc__gcp_assertion(const tpmc__gcp_settings *settings, const tpmc__gcp_jwt_frame *frame,
                        tpmc__buf *out, int64_t *expires_at_ms, tpmc_error *err);
/* A token of the key's own issuer, for a workload identity pool. */
int tpmc__gcp_subject_token(const tpmc__gcp_settings *settings, const tpmc__gcp_jwt_frame *frame,
                            tpmc__buf *out, int64_t *expires_at_ms, tpmc_error *err);
/* The token that a service account of Google Distributed Cloud exchanges. */
int tpmc__gcp_gdch_assertion(const tpmc__gcp_settings *settings, const tpmc__gcp_jwt_frame *frame,
                             tpmc__buf *out, int64_t *expires_at_ms, tpmc_error *err);

#endif
