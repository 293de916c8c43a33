/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMCLOUD_JWK_H
#define TPMCLOUD_JWK_H

#include "tpmcloud/bytes.h"
#include "tpmcloud/error.h"
#include "tpmcloud/export.h"
#include "tpmcloud/tpmkey.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * \file jwk.h
 * \brief Public keys as JSON Web Keys (RFC 7517).
 */

/**
 * \brief The public key as a JSON Web Key (RFC 7517; members as RFC 7518 section 6 has them) with
 * `use` "sig" and, as `kid`, its SHA-256 thumbprint (RFC 7638). Needs no password, and a TPM only
 * for a key that is given by its handle.
 * \param[in] key the key; it freezes.
 * \param[in] algorithm an RFC 7518 name for the member `alg`, such as "RS256"; NULL leaves it out.
 * \param[out] out UTF-8 JSON text of one object, freed with tpmc_bytes_free(); NULL on failure.
 * \param[out] err detail of a failure; may be NULL.
 * \return 0, the codes of tpmc_key_public(), or TPMC_ERR_UNSUPPORTED (the key cannot do the
 * algorithm, or has no form in JWK).
 * \par Threads any number at once.
 * \since 0.1
 */
TPMC_API int tpmc_jwk_from_key(tpmc_key *key, const char *algorithm, tpmc_bytes **out,
                               tpmc_error *err);

#ifdef __cplusplus
}
#endif

#endif
