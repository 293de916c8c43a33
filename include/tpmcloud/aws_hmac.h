/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMCLOUD_AWS_HMAC_H
#define TPMCLOUD_AWS_HMAC_H

#include <stddef.h>
#include <stdint.h>

#include "tpmcloud/aws.h"
#include "tpmcloud/bytes.h"
#include "tpmcloud/env.h"
#include "tpmcloud/error.h"
#include "tpmcloud/export.h"
#include "tpmcloud/http.h"
#include "tpmcloud/token.h"
#include "tpmcloud/tpmkey.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * \file aws_hmac.h
 * \brief AWS with an access key whose secret is an HMAC key in a TPM: temporary credentials from
 * STS, and signatures (Signature Version 4) for an application's own requests.
 *
 * The secret access key never leaves the TPM, which makes of it the first of the four HMACs that
 * lead to a signing key: one for a UTC day. That one is a secret as good as the access key for its
 * day. It comes out of the TPM encrypted (unless the connection's `bus_protection` is never) and is
 * wiped as soon as the signing key is made, which is for one day, region and service. The signing
 * key is wiped after the signature, or with the option `cache_signing_key` kept.
 *
 * Who signs is what the options describe: with `assume_role_arn` or `federation_name` the role or
 * federated user, whose credentials are got from STS, cached and used in software; else the key in
 * the TPM itself, which needs no network.
 */

/** One access key of AWS. */
typedef struct tpmc_aws_hmac tpmc_aws_hmac;

/**
 * \brief Asks for the code that an MFA device shows. Runs with no lock held, once for each time
 * that credentials are got. STS takes a code once: a request with one is not sent again, unless STS
 * says that the clock was wrong.
 *
 * Writes 6 digits and a NUL to `code`, which has room for `capacity` bytes; the library wipes it.
 * Returns 0 or a `TPMC_ERR_*` code, which becomes that of the call.
 */
typedef int (*tpmc_mfa_code_fn)(void *user, char *code, size_t capacity);

/** For tpmc_aws_hmac_sign_request(): the path is signed as it is: dot segments and repeated '/'
 * stay. */
#define TPMC_AWS_SIGN_KEEP_PATH 1
/** What is percent-encoded in the path is not encoded again for the signature. */
#define TPMC_AWS_SIGN_ENCODE_ONCE 2
/** Adds the header X-Amz-Content-Sha256 with the hash of the body, and signs it. */
#define TPMC_AWS_SIGN_BODY 4
/** The header X-Amz-Security-Token is added after the signature was made, and not signed. */
#define TPMC_AWS_SIGN_OMIT_TOKEN 8

/**
 * \brief Makes an identity object. Nothing is read or opened yet.
 * \param[in] env the environment; a reference is kept and it freezes.
 * \param[in] key an HMAC key for SHA-256 that holds "AWS4" and the secret access key, as `tpmcloud
 * key import --hmac --aws` makes it; a reference is kept and it freezes.
 * \param[out] out the identity, to be freed with tpmc_aws_hmac_free(); NULL on failure.
 * \param[out] err detail of a failure; may be NULL.
 * \return 0, TPMC_ERR_ARGUMENT, TPMC_ERR_NOMEM, TPMC_ERR_STATE or TPMC_ERR_FORKED.
 * \par Threads any.
 * \since 0.1
 */
TPMC_API int tpmc_aws_hmac_new(tpmc_env *env, tpmc_key *key, tpmc_aws_hmac **out, tpmc_error *err);

/**
 * \brief Drops the caller's reference.
 * \param[in] hmac may be NULL.
 * \par Threads any; inside callbacks too, but for the object whose call is running.
 * \since 0.1
 */
TPMC_API void tpmc_aws_hmac_free(tpmc_aws_hmac *hmac);

/**
 * \brief Sets an option by name; see tpmc_option_name() with TPMC_OBJECT_AWS_HMAC. Every call needs
 * `aws_access_key_id`. `region` is needed for signatures, unless they are told theirs, and says
 * which STS is asked: without it, the global one.
 * \param[in] hmac the identity.
 * \param[in] name an option's name.
 * \param[in] value its value, copied; NULL resets it to the default.
 * \param[out] err detail of a failure; may be NULL.
 * \return 0, TPMC_ERR_ARGUMENT, TPMC_ERR_STATE, TPMC_ERR_NOMEM or TPMC_ERR_FORKED; nothing
 * changes on failure.
 * \par Threads one at a time.
 * \since 0.1
 */
TPMC_API int tpmc_aws_hmac_set(tpmc_aws_hmac *hmac, const char *name, const char *value,
                               tpmc_error *err);

/**
 * \brief Sets a callback that is asked for the code of the device in `mfa_serial`, unless `mfa_code`
 * is set.
 * \param[in] hmac the identity.
 * \param[in] fn the callback; NULL unsets it.
 * \param[in] user handed to every call.
 * \param[in] release called once when the callback is no longer needed; may be NULL.
 * \param[out] err detail of a failure; may be NULL.
 * \return 0, TPMC_ERR_ARGUMENT, TPMC_ERR_STATE or TPMC_ERR_FORKED; nothing changes on failure.
 * \par Threads one at a time.
 * \since 0.1
 */
TPMC_API int tpmc_aws_hmac_set_mfa_callback(tpmc_aws_hmac *hmac, tpmc_mfa_code_fn fn, void *user,
                                            tpmc_release_fn release, tpmc_error *err);

/**
 * \brief Temporary credentials from STS: with `assume_role_arn` those of a role (AssumeRole), with
 * `federation_name` those of a federated user (GetFederationToken), else those of the user itself
 * (GetSessionToken). They are cached: until shortly before their expiry further calls return them
 * without a TPM command or a request.
 * \param[in] hmac the identity; it freezes as soon as its options pass: after a refusal of them,
 * what is missing can still be set.
 * \param[out] out the credentials, to be freed with tpmc_aws_credentials_free(); NULL on failure.
 * \param[out] err detail of a failure, with the code, message and request id of STS; may be NULL.
 * \return 0; TPMC_ERR_ARGUMENT (an option is missing, or options contradict each other);
 * TPMC_ERR_UNSUPPORTED (the key is no HMAC key for SHA-256); the codes of tpmc_key_hmac();
 * TPMC_ERR_DENIED (STS refused), TPMC_ERR_THROTTLED, TPMC_ERR_CLOCK (the clock is wrong and could
 * not be corrected by what STS says), TPMC_ERR_NETWORK, TPMC_ERR_TLS, TPMC_ERR_TIMEOUT,
 * TPMC_ERR_CANCELLED, TPMC_ERR_PROTOCOL (an unusable answer) or TPMC_ERR_STATE (the MFA code was
 * used before).
 * \par Threads any number at once: while one caller gets the credentials, others wait for them or
 * get those still valid.
 * \par Source AWS STS API version 2011-06-15.
 * \since 0.1
 */
TPMC_API int tpmc_aws_hmac_get_credentials(tpmc_aws_hmac *hmac, tpmc_aws_credentials **out,
                                           tpmc_error *err);

/**
 * \brief Asks STS who the identity is (GetCallerIdentity), which needs no permission: whether the
 * key and the access key id belong together. With a role or federated user it is their session.
 * \param[in] hmac the identity; it freezes as soon as its options pass.
 * \param[out] out a JSON object with the members `UserId`, `Account` and `Arn`, to be freed with
 * tpmc_bytes_free(); NULL on failure.
 * \param[out] err detail of a failure; may be NULL.
 * \return 0 or the codes of tpmc_aws_hmac_get_credentials().
 * \par Threads any number at once.
 * \par Source AWS STS API version 2011-06-15.
 * \since 0.1
 */
TPMC_API int tpmc_aws_hmac_get_caller_identity(tpmc_aws_hmac *hmac, tpmc_bytes **out,
                                               tpmc_error *err);

/**
 * \brief Signs a request of the application's own with AWS Signature Version 4: adds the header
 * fields X-Amz-Date, Authorization and, where they belong, X-Amz-Security-Token and
 * X-Amz-Content-Sha256. All fields that the request has are signed, but for those that proxies
 * change. The application sends it, with the Host that the URL names in small letters.
 * \param[in] hmac the identity; it freezes as soon as its options pass.
 * \param[in] service the name that the service signs under, such as "s3", "execute-api" or "sts":
 * 1 to 64 characters. For S3 and its relatives the rules of S3 hold: the first three flags count as
 * set.
 * \param[in] region the region, 1 to 64 characters; NULL for the option `region`.
 * \param[in,out] request the request, with its body or payload hash; unchanged on failure.
 * \param[in] flags TPMC_AWS_SIGN_* or 0.
 * \param[out] err detail of a failure; may be NULL.
 * \return 0; TPMC_ERR_ARGUMENT, also for a request that is signed or dated already;
 * TPMC_ERR_CLOCK; the codes of tpmc_key_hmac(), or with a role or federated user those of
 * tpmc_aws_hmac_get_credentials().
 * \par Threads any number at once, each with a request of its own.
 * \par Source AWS General Reference, Signature Version 4.
 * \since 0.1
 */
TPMC_API int tpmc_aws_hmac_sign_request(tpmc_aws_hmac *hmac, const char *service,
                                        const char *region, tpmc_http_request *request, int flags,
                                        tpmc_error *err);

/**
 * \brief The URL of a request with a signature in its query, which anybody may use until it ends.
 * \param[in] hmac the identity; it freezes as soon as its options pass.
 * \param[in] service as for tpmc_aws_hmac_sign_request().
 * \param[in] region as for tpmc_aws_hmac_sign_request().
 * \param[in] request the request. Its header fields are signed and must be sent with the URL. For
 * S3 the body is not signed unless a payload hash is set.
 * \param[in] expires_seconds 1 to 604800; the URL ends before that with temporary credentials, and
 * STS takes one for 15 minutes whatever it says.
 * \param[out] url the URL, a secret, to be freed with tpmc_bytes_free(); NULL on failure.
 * \param[out] err detail of a failure; may be NULL.
 * \return as tpmc_aws_hmac_sign_request().
 * \par Threads any number at once.
 * \par Source AWS General Reference, Signature Version 4.
 * \since 0.1
 */
TPMC_API int tpmc_aws_hmac_presign(tpmc_aws_hmac *hmac, const char *service, const char *region,
                                   const tpmc_http_request *request, int64_t expires_seconds,
                                   tpmc_bytes **url, tpmc_error *err);

/**
 * \brief A token for the Kubernetes API of an EKS cluster, as `aws eks get-token` makes it. It is
 * made anew by each call.
 * \param[in] hmac the identity; it freezes as soon as its options pass.
 * \param[in] cluster the cluster's name, 1 to 100 letters, digits, '-' and '_' of which the first is
 * a letter or digit. The option `region` is the cluster's.
 * \param[out] out the token, good for 14 minutes or until the credentials of the role end, to be
 * freed with tpmc_token_free(); NULL on failure.
 * \param[out] err detail of a failure; may be NULL.
 * \return as tpmc_aws_hmac_sign_request(); TPMC_ERR_UNSUPPORTED for a token of more than 4096 bytes,
 * which EKS does not take.
 * \par Threads any number at once.
 * \since 0.1
 */
TPMC_API int tpmc_aws_hmac_eks_token(tpmc_aws_hmac *hmac, const char *cluster, tpmc_token **out,
                                     tpmc_error *err);

#ifdef __cplusplus
}
#endif

#endif
