/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMCLOUD_GCP_H
#define TPMCLOUD_GCP_H

#include <stddef.h>
#include <stdint.h>

#include "tpmcloud/bytes.h"
#include "tpmcloud/env.h"
#include "tpmcloud/error.h"
#include "tpmcloud/export.h"
#include "tpmcloud/token.h"
#include "tpmcloud/tpmkey.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * \file gcp.h
 * \brief Google Cloud: tokens for service accounts and for workload identity federation with a key
 * in a TPM.
 *
 * The option `kind` says what tpmc_gcp_get_token() makes:
 * - `jwt`, the default: an access token that the key itself signs (AIP-4111), which needs no
 * request. It is for `scopes`, by default cloud-platform, or for the service in `audience`.
 * - `access`: an access token from Google's token endpoint (AIP-4112), with `subject` for a user by
 *   domain-wide delegation.
 * - `id`: an ID token for `audience`, from the same endpoint.
 * - `federated`: an access token from Google's Security Token Service for a workload identity pool
 * to which the key is an OpenID Connect issuer (AIP-4117). It needs `issuer`, `federation_subject`
 * and `pool_audience`.
 * - `gdch`: an access token of Google Distributed Cloud for `audience`. It needs `gdch_project`,
 *   `gdch_name` and `token_uri`.
 *
 * The first three need `email`. What a service account's JSON says need not be set if
 * `service_account_file` names that file; a private key in it is never used. With `impersonate` the
 * token is another service account's, made by the IAM API. An option that has no effect on a kind
 * is refused.
 *
 * A service account's key must be an RSA key that may sign with RSASSA, that of `gdch` EC on P-256;
 * a federated one may be either.
 */

/** One identity at Google. */
typedef struct tpmc_gcp tpmc_gcp;

/**
 * \brief Makes an identity object. Nothing is read or opened yet.
 * \param[in] env the environment; a reference is kept and it freezes.
 * \param[in] key the private key of the service account or issuer; a reference is kept and it
 * freezes.
 * \param[out] out the identity, to be freed with tpmc_gcp_free(); NULL on failure.
 * \param[out] err detail of a failure; may be NULL.
 * \return 0, TPMC_ERR_ARGUMENT, TPMC_ERR_NOMEM, TPMC_ERR_STATE or TPMC_ERR_FORKED.
 * \par Threads any.
 * \since 0.1
 */
TPMC_API int tpmc_gcp_new(tpmc_env *env, tpmc_key *key, tpmc_gcp **out, tpmc_error *err);

/**
 * \brief Drops the caller's reference.
 * \param[in] gcp may be NULL.
 * \par Threads any; inside callbacks too, but for the object whose call is running.
 * \since 0.1
 */
TPMC_API void tpmc_gcp_free(tpmc_gcp *gcp);

/**
 * \brief Sets an option by name; see tpmc_option_name() with TPMC_OBJECT_GCP.
 * \param[in] gcp the identity.
 * \param[in] name an option's name.
 * \param[in] value its value, copied; NULL resets it to the default.
 * \param[out] err detail of a failure; may be NULL.
 * \return 0, TPMC_ERR_ARGUMENT, TPMC_ERR_STATE, TPMC_ERR_NOMEM or TPMC_ERR_FORKED; nothing
 * changes on failure.
 * \par Threads one at a time.
 * \since 0.1
 */
TPMC_API int tpmc_gcp_set(tpmc_gcp *gcp, const char *name, const char *value, tpmc_error *err);

/**
 * \brief A token of the kind that the options describe. It is cached: until shortly before its expiry
 * further calls return it without a TPM command or a request.
 *
 * It is sent as `Authorization: Bearer`, an ID token too. Where tpmc_gcp_get_quota_project() names
 * a project, it belongs into the header x-goog-user-project beside it.
 * \param[in] gcp the identity; it freezes as soon as its options pass: after a refusal of them,
 * what is missing can still be set.
 * \param[out] out the token, to be freed with tpmc_token_free(); NULL on failure.
 * \param[out] err detail of a failure, with the provider's code, such as "invalid_grant" or
 * "PERMISSION_DENIED"; may be NULL.
 * \return 0, the codes of tpmc_key_sign(), TPMC_ERR_ARGUMENT (an option is missing, has no effect on
 * this kind, or contradicts another), TPMC_ERR_UNSUPPORTED (the key cannot sign as this kind
 * needs), TPMC_ERR_CLOCK (the system's clock is before 2020, or wrong and could not be corrected by
 * what Google says), TPMC_ERR_FORMAT or TPMC_ERR_IO (the service-account file); of the requests
 * TPMC_ERR_DENIED (Google refused), TPMC_ERR_THROTTLED, TPMC_ERR_NETWORK, TPMC_ERR_TLS,
 * TPMC_ERR_TIMEOUT, TPMC_ERR_CANCELLED or TPMC_ERR_PROTOCOL (an unusable answer).
 * \par Threads any number at once: while one caller makes the token, others wait for it or get
 * the one still valid.
 * \since 0.1
 */
TPMC_API int tpmc_gcp_get_token(tpmc_gcp *gcp, tpmc_token **out, tpmc_error *err);

/**
 * \brief Signs a token of the key's own issuer for the workload identity pool in `pool_audience`, for
 * others to exchange: it is what executable-sourced credentials hand to Google's libraries. It is
 * made anew by each call, whatever `kind` says, and nothing is sent.
 * \param[in] gcp the identity, with the options `issuer`, `federation_subject` and `pool_audience`; it
 * freezes as soon as these pass.
 * \param[out] out the token, a JWT, to be freed with tpmc_token_free(); NULL on failure.
 * \param[out] err detail of a failure; may be NULL.
 * \return 0, the codes of tpmc_key_sign(), TPMC_ERR_ARGUMENT, TPMC_ERR_UNSUPPORTED (the key can do
 * neither RS256 nor ES256) or TPMC_ERR_CLOCK.
 * \par Threads any number at once.
 * \since 0.1
 */
TPMC_API int tpmc_gcp_make_subject_token(tpmc_gcp *gcp, tpmc_token **out, tpmc_error *err);

/**
 * \brief The JSON Web Key Set with the public key, to be uploaded to the provider of a workload
 * identity pool or to be served at the issuer's /.well-known/jwks.json. The key's id in it is its
 * thumbprint (RFC 7638).
 * \param[in] gcp the identity; it freezes.
 * \param[out] out JSON, to be freed with tpmc_bytes_free(); NULL on failure.
 * \param[out] err detail of a failure; may be NULL.
 * \return 0, TPMC_ERR_ARGUMENT, TPMC_ERR_UNSUPPORTED (the key can do neither RS256 nor ES256) or the
 * codes of tpmc_key_public().
 * \par Threads any number at once.
 * \since 0.1
 */
TPMC_API int tpmc_gcp_make_jwks(tpmc_gcp *gcp, tpmc_bytes **out, tpmc_error *err);

/**
 * \brief The discovery document of the issuer, to be served at its /.well-known/openid-configuration.
 * \param[in] gcp the identity, with the option `issuer`; it freezes as soon as this passes.
 * \param[out] out JSON, to be freed with tpmc_bytes_free(); NULL on failure.
 * \param[out] err detail of a failure; may be NULL.
 * \return as tpmc_gcp_make_jwks().
 * \par Threads any number at once.
 * \since 0.1
 */
TPMC_API int tpmc_gcp_make_discovery(tpmc_gcp *gcp, tpmc_bytes **out, tpmc_error *err);

/**
 * \brief The project that the use of Google's APIs is counted for, for the header
 * x-goog-user-project of requests with the token: the option `quota_project` or what the
 * service-account file says, which is read at each call. It does not freeze the identity.
 * \param[in] gcp the identity.
 * \param[out] out the project, to be freed with tpmc_bytes_free(); NULL when none is set, and on
 * failure.
 * \param[out] err detail of a failure; may be NULL.
 * \return 0, TPMC_ERR_ARGUMENT, TPMC_ERR_STATE, TPMC_ERR_FORKED, TPMC_ERR_NOMEM, or TPMC_ERR_FORMAT
 * and TPMC_ERR_IO of the service-account file.
 * \par Threads any number at once, once the identity is frozen.
 * \since 0.1
 */
TPMC_API int tpmc_gcp_get_quota_project(tpmc_gcp *gcp, tpmc_bytes **out, tpmc_error *err);

#ifdef __cplusplus
}
#endif

#endif
