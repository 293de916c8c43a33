/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMCLOUD_AZURE_H
#define TPMCLOUD_AZURE_H

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
 * \file azure.h
 * \brief Azure: access tokens of Microsoft Entra (or AD FS) for an application whose credential is
 * a private key in a TPM, with a registered certificate or as a federated credential.
 *
 * Every application needs the options `tenant_id` (or `token_url`) and `client_id`. What Entra
 * knows its key by is either the option `certificate_path` (or tpmc_azure_set_certificate()), or
 * `federation_issuer` with `federation_subject`, not both. A cloud other than the public one is the
 * option `authority_host`; for AD FS, `tenant_id` is "adfs" beside it. The key is RSA of 2048 bits
 * or more, which may sign with RSASSA or with RSA-PSS; a federated one with RSASSA.
 *
 * Tokens are sent as `Authorization: Bearer`.
 */

/** One registered application. */
typedef struct tpmc_azure tpmc_azure;

/**
 * \brief Makes an identity object. Nothing is read or opened yet.
 * \param[in] env the environment; a reference is kept and it freezes.
 * \param[in] key the application's private key, RSA of 2048 bits or more; a reference is kept and
 * it freezes.
 * \param[out] out the identity, to be freed with tpmc_azure_free(); NULL on failure.
 * \param[out] err detail of a failure; may be NULL.
 * \return 0, TPMC_ERR_ARGUMENT, TPMC_ERR_NOMEM, TPMC_ERR_STATE or TPMC_ERR_FORKED.
 * \par Threads any.
 * \since 0.1
 */
TPMC_API int tpmc_azure_new(tpmc_env *env, tpmc_key *key, tpmc_azure **out, tpmc_error *err);

/**
 * \brief Drops the caller's reference.
 * \param[in] azure may be NULL.
 * \par Threads any; inside callbacks too, but for the object whose call is running.
 * \since 0.1
 */
TPMC_API void tpmc_azure_free(tpmc_azure *azure);

/**
 * \brief Sets an option by name; see tpmc_option_name() with TPMC_OBJECT_AZURE.
 * \param[in] azure the identity.
 * \param[in] name an option's name.
 * \param[in] value its value, copied; NULL resets it to the default.
 * \param[out] err detail of a failure; may be NULL.
 * \return 0, TPMC_ERR_ARGUMENT, TPMC_ERR_STATE, TPMC_ERR_NOMEM or TPMC_ERR_FORKED; nothing
 * changes on failure.
 * \par Threads one at a time.
 * \since 0.1
 */
TPMC_API int tpmc_azure_set(tpmc_azure *azure, const char *name, const char *value,
                            tpmc_error *err);

/**
 * \brief Sets the certificate itself, instead of a file with it. The certificates between it and
 * its root may stand in it too. It is looked at when it is first used: what is wrong with it, the
 * operations say.
 * \param[in] azure the identity.
 * \param[in] certificate `len` bytes of PEM or DER, copied; NULL with `len` 0 unsets them.
 * \param[in] len 1 to 65536 bytes.
 * \param[out] err detail of a failure; may be NULL.
 * \return 0, TPMC_ERR_ARGUMENT, TPMC_ERR_STATE, TPMC_ERR_NOMEM or TPMC_ERR_FORKED; nothing
 * changes on failure.
 * \par Threads one at a time.
 * \since 0.1
 */
TPMC_API int tpmc_azure_set_certificate(tpmc_azure *azure, const void *certificate, size_t len,
                                        tpmc_error *err);

/**
 * \brief An access token for the application itself (client credentials grant). Tokens are cached,
 * each combination of scopes and claims by itself and 64 of them at most: until it is to be renewed
 * further calls return a token without a TPM command or a request. An answer that says to wait
 * (Retry-After) makes calls for the same token fail until then, but for at most an hour, while no
 * token is valid.
 * \param[in] azure the identity; it freezes as soon as its options pass: after a refusal of them,
 * what is missing can still be set.
 * \param[in] scopes what the token is for: one resource and "/.default", such as
 * "https://graph.microsoft.com/.default"; of AD FS, the identifier of the web API; NULL: the option
 * `scopes`.
 * \param[in] claims a claims request as JSON, or as the base64 that a resource's challenge holds;
 * NULL: the option `claims`. A new challenge gives a new token, since it is not in the cache yet.
 * Services send challenges only for tokens that were asked for with the option `client_capability`
 * set to "cp1".
 * \param[out] out the token, to be freed with tpmc_token_free(); NULL on failure.
 * \param[out] err detail of a failure, with Entra's code (such as "AADSTS700027"), message and
 * trace id; may be NULL.
 * \return 0; TPMC_ERR_ARGUMENT (an option is missing, options contradict each other, or scopes or
 * claims that would be refused); TPMC_ERR_IO or TPMC_ERR_FORMAT (the certificate cannot be read);
 * TPMC_ERR_MISMATCH (it is about another key); TPMC_ERR_UNSUPPORTED (a key or a certificate that
 * Entra does not take, such as an EC key); TPMC_ERR_CLOCK (the clock is wrong); the codes of
 * tpmc_key_sign(); TPMC_ERR_DENIED (Entra refused), TPMC_ERR_THROTTLED, TPMC_ERR_NETWORK,
 * TPMC_ERR_TLS, TPMC_ERR_TIMEOUT, TPMC_ERR_CANCELLED or TPMC_ERR_PROTOCOL (an unusable answer).
 * \par Threads any number at once: while one caller gets a token, others who ask for the same wait
 * for it or get the one still valid.
 * \par Source RFC 6749 section 4.4; RFC 7523; Microsoft identity platform, client credentials flow
 * and certificate credentials.
 * \since 0.1
 */
TPMC_API int tpmc_azure_get_token(tpmc_azure *azure, const char *scopes, const char *claims,
                                  tpmc_token **out, tpmc_error *err);

/**
 * \brief An access token for a service that the application calls on behalf of a user. Cached as by
 * tpmc_azure_get_token(), by each user's token too, of which only a hash is kept.
 * \param[in] azure the identity; it freezes as soon as its options pass.
 * \param[in] user_assertion the access token for this application that the user sent, 1 to 65536
 * visible ASCII characters. It is not looked into: Entra does that.
 * \param[in] scopes scopes of one resource, separated by spaces, such as
 * "https://graph.microsoft.com/User.Read"; NULL: the option `scopes`.
 * \param[in] claims as for tpmc_azure_get_token().
 * \param[out] out the token, to be freed with tpmc_token_free(); NULL on failure.
 * \param[out] err detail of a failure; may be NULL.
 * \return the codes of tpmc_azure_get_token().
 * \par Threads any number at once.
 * \par Source Microsoft identity platform, on-behalf-of flow.
 * \since 0.1
 */
TPMC_API int tpmc_azure_get_token_on_behalf_of(tpmc_azure *azure, const char *user_assertion,
                                               const char *scopes, const char *claims,
                                               tpmc_token **out, tpmc_error *err);

/**
 * \brief A client assertion, which other libraries of OAuth take as `client_assertion`: a JWT of
 * the application for its token endpoint or, with the option `federation_issuer`, one of that
 * issuer, as the file named by AZURE_FEDERATED_TOKEN_FILE holds, for which neither tenant nor
 * client is needed. Each call signs a new one, good for `assertion_lifetime` seconds from a minute
 * ago.
 * \param[in] azure the identity; it freezes as soon as its options pass.
 * \param[out] out the compact JWS in ASCII, a secret until it ends, freed with tpmc_bytes_free();
 * NULL on failure.
 * \param[out] err detail of a failure; may be NULL.
 * \return 0, or those codes of tpmc_azure_get_token() that need no answer.
 * \par Threads any number at once.
 * \par Source RFC 7523 section 3; Microsoft identity platform, certificate credentials and workload
 * identity federation.
 * \since 0.1
 */
TPMC_API int tpmc_azure_make_assertion(tpmc_azure *azure, tpmc_bytes **out, tpmc_error *err);

/**
 * \brief The JSON Web Key Set with the public key, to be served at /.well-known/jwks.json below the
 * issuer of a federated credential. The key's id in it is its thumbprint (RFC 7638).
 * \param[in] azure the identity; it freezes.
 * \param[out] out JSON, to be freed with tpmc_bytes_free(); NULL on failure.
 * \param[out] err detail of a failure; may be NULL.
 * \return 0, TPMC_ERR_ARGUMENT, TPMC_ERR_UNSUPPORTED (a key that Entra does not take, such as an EC
 * key) or the codes of tpmc_key_public().
 * \par Threads any number at once.
 * \par Source RFC 7517 section 5; Microsoft identity platform, workload identity federation.
 * \since 0.1
 */
TPMC_API int tpmc_azure_make_jwks(tpmc_azure *azure, tpmc_bytes **out, tpmc_error *err);

/**
 * \brief The discovery document of the issuer, to be served at its
 * /.well-known/openid-configuration.
 * \param[in] azure the identity, with the option `federation_issuer`; it freezes as soon as this
 * passes.
 * \param[out] out JSON, to be freed with tpmc_bytes_free(); NULL on failure.
 * \param[out] err detail of a failure; may be NULL.
 * \return as tpmc_azure_make_jwks().
 * \par Threads any number at once.
 * \par Source OpenID Connect Discovery 1.0 section 4.
 * \since 0.1
 */
TPMC_API int tpmc_azure_make_discovery(tpmc_azure *azure, tpmc_bytes **out, tpmc_error *err);

#ifdef __cplusplus
}
#endif

#endif
