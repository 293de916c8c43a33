/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMCLOUD_TOKEN_H
#define TPMCLOUD_TOKEN_H

#include <stddef.h>
#include <stdint.h>

#include "tpmcloud/export.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * \file token.h
 * \brief A bearer token with its expiry.
 */

/** An immutable token; any number of threads may read it at once, also in a child after fork(). */
typedef struct tpmc_token tpmc_token;

/**
 * \brief The token itself, ready for `Authorization: Bearer`. It is a secret.
 * \param[in] token may be NULL.
 * \return visible ASCII, owned by the token; NULL when `token` is NULL.
 * \par Threads any number at once.
 * \since 0.1
 */
TPMC_API const char *tpmc_token_value(const tpmc_token *token);

/**
 * \brief The token's type as RFC 6750 has it.
 * \param[in] token may be NULL.
 * \return "Bearer", owned by the token; NULL when `token` is NULL.
 * \par Threads any number at once.
 * \since 0.1
 */
TPMC_API const char *tpmc_token_type(const tpmc_token *token);

/**
 * \brief When the token stops being valid.
 * \param[in] token may be NULL.
 * \return milliseconds since 1970-01-01 UTC; 0 when `token` is NULL.
 * \par Threads any number at once.
 * \since 0.1
 */
TPMC_API int64_t tpmc_token_expires_at_ms(const tpmc_token *token);

/**
 * \brief Drops the caller's reference; the token is wiped with the last one.
 * \param[in] token may be NULL.
 * \par Threads any; inside callbacks too.
 * \since 0.1
 */
TPMC_API void tpmc_token_free(tpmc_token *token);

#ifdef __cplusplus
}
#endif

#endif
