/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMCLOUD_AWS_H
#define TPMCLOUD_AWS_H

#include <stddef.h>
#include <stdint.h>

#include "tpmcloud/export.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * \file aws.h
 * \brief Temporary credentials of AWS, whichever way they were got.
 */

/** Immutable credentials; any number of threads may read them at once, also in a child after
 * fork(). */
typedef struct tpmc_aws_credentials tpmc_aws_credentials;

/**
 * \brief The access key id, which names the credentials and is no secret.
 * \param[in] credentials may be NULL.
 * \return 16 to 128 letters, digits and '_', owned by the credentials; NULL when `credentials` is
 * NULL.
 * \par Threads any number at once.
 * \since 0.1
 */
TPMC_API const char *tpmc_aws_credentials_access_key_id(const tpmc_aws_credentials *credentials);

/**
 * \brief The secret access key. It is a secret.
 * \param[in] credentials may be NULL.
 * \return visible ASCII, owned by the credentials; NULL when `credentials` is NULL.
 * \par Threads any number at once.
 * \since 0.1
 */
TPMC_API const char *tpmc_aws_credentials_secret_access_key(
    const tpmc_aws_credentials *credentials);

/**
 * \brief The session token, which goes with every request that is signed with the credentials. It
 * is a secret.
 * \param[in] credentials may be NULL.
 * \return visible ASCII of up to 64 KiB, owned by the credentials; NULL when they have none or
 * `credentials` is NULL.
 * \par Threads any number at once.
 * \since 0.1
 */
TPMC_API const char *tpmc_aws_credentials_session_token(const tpmc_aws_credentials *credentials);

/**
 * \brief When the credentials stop being valid.
 * \param[in] credentials may be NULL.
 * \return milliseconds since 1970-01-01 UTC; 0 when `credentials` is NULL.
 * \par Threads any number at once.
 * \since 0.1
 */
TPMC_API int64_t tpmc_aws_credentials_expires_at_ms(const tpmc_aws_credentials *credentials);

/**
 * \brief The ARN of the session, such as arn:aws:sts::123456789012:assumed-role/name/session, or of
 * the federated user.
 * \param[in] credentials may be NULL.
 * \return visible ASCII, owned by the credentials; NULL when the service did not say or
 * `credentials` is NULL.
 * \par Threads any number at once.
 * \since 0.1
 */
TPMC_API const char *tpmc_aws_credentials_assumed_role_arn(const tpmc_aws_credentials *credentials);

/**
 * \brief The account that the credentials are for.
 * \param[in] credentials may be NULL.
 * \return 12 digits, owned by the credentials; NULL when the service did not say or `credentials`
 * is NULL.
 * \par Threads any number at once.
 * \since 0.1
 */
TPMC_API const char *tpmc_aws_credentials_account_id(const tpmc_aws_credentials *credentials);

/**
 * \brief The unique id of the session as policies and logs have it (`aws:userid`).
 * \param[in] credentials may be NULL.
 * \return visible ASCII, owned by the credentials; NULL when the service did not say or
 * `credentials` is NULL.
 * \par Threads any number at once.
 * \since 0.1
 */
TPMC_API const char *tpmc_aws_credentials_user_id(const tpmc_aws_credentials *credentials);

/**
 * \brief Drops the caller's reference; the credentials are wiped with the last one.
 * \param[in] credentials may be NULL.
 * \par Threads any; inside callbacks too.
 * \since 0.1
 */
TPMC_API void tpmc_aws_credentials_free(tpmc_aws_credentials *credentials);

#ifdef __cplusplus
}
#endif

#endif
