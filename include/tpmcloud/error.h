/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMCLOUD_ERROR_H
#define TPMCLOUD_ERROR_H

#include <stddef.h>
#include <stdint.h>

#include "tpmcloud/export.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * \file error.h
 * \brief Result codes, and the caller-owned detail of a failure.
 *
 * Every fallible call returns 0 or one of the negative codes below and takes a `tpmc_error *` as
 * its last parameter. That parameter may be NULL. A call that is given one empties it first and
 * fills it when it fails. Later releases append codes; treat an unknown one as a failure without a
 * special remedy.
 */

/** Success. */
#define TPMC_OK 0
/** Memory ran out. */
#define TPMC_ERR_NOMEM (-1)
/** A parameter or option is wrong, or options contradict each other. */
#define TPMC_ERR_ARGUMENT (-2)
/** The call is not allowed in this state: setting after first use, or a call from inside a
 * callback. */
#define TPMC_ERR_STATE (-3)
/** A file or a callback failed. */
#define TPMC_ERR_IO (-4)
/** A file or structure is not well formed. */
#define TPMC_ERR_FORMAT (-5)
/** Well formed, but the key, the TPM or this build cannot do it. */
#define TPMC_ERR_UNSUPPORTED (-6)
/** The TPM cannot be reached: no device, no permission, connection lost. */
#define TPMC_ERR_TPM_UNAVAILABLE (-7)
/** The TPM refused a command; see tpmc_error_tpm_code(). */
#define TPMC_ERR_TPM (-8)
/** A password is wrong or missing. */
#define TPMC_ERR_WRONG_PASSWORD (-9)
/** The TPM is in dictionary-attack lockout. */
#define TPMC_ERR_LOCKOUT (-10)
/** A policy does not hold. */
#define TPMC_ERR_POLICY (-11)
/** The key belongs to another TPM or another parent. */
#define TPMC_ERR_WRONG_TPM (-12)
/** A signature of the TPM did not verify, or a pinned key was not the one found. */
#define TPMC_ERR_INTEGRITY (-13)
/** Certificate and key do not belong together. */
#define TPMC_ERR_MISMATCH (-14)
/** The system clock is unusable. */
#define TPMC_ERR_CLOCK (-15)
/** The network or the peer failed before an answer came. */
#define TPMC_ERR_NETWORK (-16)
/** TLS could not be established or verified. */
#define TPMC_ERR_TLS (-17)
/** A deadline passed. */
#define TPMC_ERR_TIMEOUT (-18)
/** The should-stop callback asked to stop. */
#define TPMC_ERR_CANCELLED (-19)
/** The provider asked to slow down; see tpmc_error_retry_after_ms(). */
#define TPMC_ERR_THROTTLED (-20)
/** The provider refused. */
#define TPMC_ERR_DENIED (-21)
/** The provider's answer is unusable. */
#define TPMC_ERR_PROTOCOL (-22)
/** The object was made before fork() and this is the child process. */
#define TPMC_ERR_FORKED (-23)

/** Detail of a failure. Owned by the caller; used by one thread at a time. */
typedef struct tpmc_error tpmc_error;

/**
 * \brief Makes an empty error object. It is the only fallible call without a `tpmc_error *`.
 * \param[out] out the new object, to be freed with tpmc_error_free(); NULL on failure.
 * \return 0, TPMC_ERR_ARGUMENT (out is NULL) or TPMC_ERR_NOMEM.
 * \par Threads any.
 * \since 0.1
 */
TPMC_API int tpmc_error_new(tpmc_error **out);

/**
 * \brief Frees an error object.
 * \param[in] error may be NULL.
 * \par Threads any, while no call uses the object.
 * \since 0.1
 */
TPMC_API void tpmc_error_free(tpmc_error *error);

/**
 * \brief The code of the failure.
 * \param[in] error may be NULL.
 * \return 0 when the last call succeeded, else a `TPMC_ERR_*` code.
 * \par Threads one at a time per object.
 * \since 0.1
 */
TPMC_API int tpmc_error_code(const tpmc_error *error);

/**
 * \brief One or more sentences for a person: what failed and what to do. Never holds a secret or
 * a control character.
 * \param[in] error may be NULL.
 * \return UTF-8 text, empty when nothing failed; never NULL; owned by the object and valid until
 * its next use.
 * \par Threads one at a time per object.
 * \since 0.1
 */
TPMC_API const char *tpmc_error_text(const tpmc_error *error);

/**
 * \brief The TPM's or TSS's response code (TCG TSS 2.0 Response Code Values), where a TPM
 * command failed.
 * \param[in] error may be NULL.
 * \return the code, or 0.
 * \par Threads one at a time per object.
 * \since 0.1
 */
TPMC_API uint32_t tpmc_error_tpm_code(const tpmc_error *error);

/**
 * \brief The HTTP status of the answer that caused the failure.
 * \param[in] error may be NULL.
 * \return 100 to 599, or 0 when there was no answer.
 * \par Threads one at a time per object.
 * \since 0.1
 */
TPMC_API int tpmc_error_http_status(const tpmc_error *error);

/**
 * \brief The provider's own code, such as `invalid_grant`, `AADSTS700027` or
 * `AccessDeniedException`.
 * \param[in] error may be NULL.
 * \return UTF-8 text, empty when there is none; never NULL; owned by the object and valid until
 * its next use.
 * \par Threads one at a time per object.
 * \since 0.1
 */
TPMC_API const char *tpmc_error_provider_code(const tpmc_error *error);

/**
 * \brief The provider's id of the failed request, for its support.
 * \param[in] error may be NULL.
 * \return UTF-8 text, empty when there is none; never NULL; owned by the object and valid until
 * its next use.
 * \par Threads one at a time per object.
 * \since 0.1
 */
TPMC_API const char *tpmc_error_request_id(const tpmc_error *error);

/**
 * \brief How long to wait before another try.
 * \param[in] error may be NULL.
 * \return milliseconds, or -1 when nothing is known.
 * \par Threads one at a time per object.
 * \since 0.1
 */
TPMC_API int64_t tpmc_error_retry_after_ms(const tpmc_error *error);

/**
 * \brief The name of a code without its prefix, such as "WRONG_PASSWORD".
 * \param[in] code 0 or a `TPMC_ERR_*` code.
 * \return static text; "UNKNOWN" for a code this release does not know.
 * \par Threads any.
 * \since 0.1
 */
TPMC_API const char *tpmc_error_name(int code);

#ifdef __cplusplus
}
#endif

#endif
