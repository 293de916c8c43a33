/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMCLOUD_AWS_ROLESANYWHERE_H
#define TPMCLOUD_AWS_ROLESANYWHERE_H

#include <stddef.h>
#include <stdint.h>

#include "tpmcloud/aws.h"
#include "tpmcloud/env.h"
#include "tpmcloud/error.h"
#include "tpmcloud/export.h"
#include "tpmcloud/tpmkey.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * \file aws_rolesanywhere.h
 * \brief AWS IAM Roles Anywhere: credentials of a role for a machine that has an X.509 certificate
 * and its private key in a TPM.
 */

/** One certificate and role of AWS IAM Roles Anywhere. */
typedef struct tpmc_aws_rolesanywhere tpmc_aws_rolesanywhere;

/**
 * \brief Makes an identity object. Nothing is read or opened yet.
 * \param[in] env the environment; a reference is kept and it freezes.
 * \param[in] key the certificate's private key: RSA that may use RSASSA with SHA-256, or EC on
 * P-256, P-384 or P-521; a reference is kept and it freezes.
 * \param[out] out the identity, to be freed with tpmc_aws_rolesanywhere_free(); NULL on failure.
 * \param[out] err detail of a failure; may be NULL.
 * \return 0, TPMC_ERR_ARGUMENT, TPMC_ERR_NOMEM, TPMC_ERR_STATE or TPMC_ERR_FORKED.
 * \par Threads any.
 * \since 0.1
 */
TPMC_API int tpmc_aws_rolesanywhere_new(tpmc_env *env, tpmc_key *key, tpmc_aws_rolesanywhere **out,
                                        tpmc_error *err);

/**
 * \brief Drops the caller's reference.
 * \param[in] anywhere may be NULL.
 * \par Threads any; inside callbacks too, but for the object whose call is running.
 * \since 0.1
 */
TPMC_API void tpmc_aws_rolesanywhere_free(tpmc_aws_rolesanywhere *anywhere);

/**
 * \brief Sets an option by name; see tpmc_option_name() with TPMC_OBJECT_AWS_ROLESANYWHERE. Needed are
 * `trust_anchor_arn`, `profile_arn`, `role_arn`, and a certificate: `public_certificate_file` or
 * tpmc_aws_rolesanywhere_set_certificate(). The region is the trust anchor's.
 * \param[in] anywhere the identity.
 * \param[in] name an option's name.
 * \param[in] value its value, copied; NULL resets it to the default.
 * \param[out] err detail of a failure; may be NULL.
 * \return 0, TPMC_ERR_ARGUMENT, TPMC_ERR_STATE, TPMC_ERR_NOMEM or TPMC_ERR_FORKED; nothing
 * changes on failure.
 * \par Threads one at a time.
 * \since 0.1
 */
TPMC_API int tpmc_aws_rolesanywhere_set(tpmc_aws_rolesanywhere *anywhere, const char *name,
                                        const char *value, tpmc_error *err);

/**
 * \brief Sets the certificate itself, instead of a file with it. Intermediate certificates may
 * stand in it too.
 * \param[in] anywhere the identity.
 * \param[in] certificate `len` bytes of PEM or DER, copied; NULL with `len` 0 unsets them.
 * \param[in] len 1 to 65536 bytes.
 * \param[out] err detail of a failure; may be NULL.
 * \return 0, TPMC_ERR_ARGUMENT, TPMC_ERR_STATE, TPMC_ERR_NOMEM or TPMC_ERR_FORKED; nothing
 * changes on failure.
 * \par Threads one at a time.
 * \since 0.1
 */
TPMC_API int tpmc_aws_rolesanywhere_set_certificate(tpmc_aws_rolesanywhere *anywhere,
                                                    const void *certificate, size_t len,
                                                    tpmc_error *err);

/**
 * \brief Credentials of the role (CreateSession). They are cached: until shortly before their expiry
 * further calls return them without a TPM command or a request. The files of the certificate are
 * looked at each time that credentials are got, and read again when they have changed; new ones
 * that cannot be used are logged and passed over while the old certificate is valid.
 * \param[in] anywhere the identity; it freezes as soon as its options pass: after a refusal of them,
 * what is missing can still be set.
 * \param[out] out the credentials, to be freed with tpmc_aws_credentials_free(); NULL on failure.
 * \param[out] err detail of a failure, with the service's code, message and request id; may be NULL.
 * \return 0; TPMC_ERR_ARGUMENT (an option is missing, or options contradict each other);
 * TPMC_ERR_IO or TPMC_ERR_FORMAT (the certificate cannot be read); TPMC_ERR_MISMATCH (it is about
 * another key); TPMC_ERR_UNSUPPORTED (a key or a certificate that the service does not take);
 * TPMC_ERR_CLOCK (the certificate is not yet or no longer valid, or the clock is wrong); the codes
 * of tpmc_key_sign(); TPMC_ERR_DENIED (the service refused), TPMC_ERR_THROTTLED, TPMC_ERR_NETWORK,
 * TPMC_ERR_TLS, TPMC_ERR_TIMEOUT, TPMC_ERR_CANCELLED or TPMC_ERR_PROTOCOL (an unusable answer).
 * \par Threads any number at once: while one caller gets the credentials, others wait for them or
 * get those still valid.
 * \par Source AWS IAM Roles Anywhere User Guide, authentication and CreateSession.
 * \since 0.1
 */
TPMC_API int tpmc_aws_rolesanywhere_get_credentials(tpmc_aws_rolesanywhere *anywhere,
                                                    tpmc_aws_credentials **out, tpmc_error *err);

#ifdef __cplusplus
}
#endif

#endif
