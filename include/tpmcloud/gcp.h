/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMCLOUD_GCP_H
#define TPMCLOUD_GCP_H

#include <stddef.h>
#include <stdint.h>

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
 * \brief Google Cloud: tokens for a service account whose private key is in a TPM.
 */

/** One Google service account. */
typedef struct tpmc_gcp tpmc_gcp;

/**
 * \brief Makes an identity object. Nothing is read or opened yet.
 * \param[in] env the environment; a reference is kept and it freezes.
 * \param[in] key the service account's private key; a reference is kept and it freezes.
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
 * \brief A token for Google's APIs: a JWT that the key signs (AIP-4111), in scope form or, with
 * `audience`, in audience form. It is cached: until shortly before its expiry further calls
 * return it without a TPM command.
 * \param[in] gcp the identity; it freezes as soon as its options pass: after a refusal of them,
 * what is missing can still be set.
 * \param[out] out the token, to be freed with tpmc_token_free(); NULL on failure.
 * \param[out] err detail of a failure; may be NULL.
 * \return 0, the codes of tpmc_key_sign(), TPMC_ERR_ARGUMENT (an option is missing, or options
 * contradict each other), TPMC_ERR_UNSUPPORTED (the key cannot do RS256) or TPMC_ERR_CLOCK (the
 * system's clock is before 2020).
 * \par Threads any number at once: while one caller makes the token, others wait for it or get
 * the one still valid.
 * \since 0.1
 */
TPMC_API int tpmc_gcp_get_token(tpmc_gcp *gcp, tpmc_token **out, tpmc_error *err);

#ifdef __cplusplus
}
#endif

#endif
