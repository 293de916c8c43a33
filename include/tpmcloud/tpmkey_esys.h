/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMCLOUD_TPMKEY_ESYS_H
#define TPMCLOUD_TPMKEY_ESYS_H

#include <tss2/tss2_esys.h>
#include <tss2/tss2_tcti.h>

#include "tpmcloud/policy.h"
#include "tpmcloud/tpmkey.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * \file tpmkey_esys.h
 * \brief For programs that already speak to a TPM through tpm2-tss. The only header with
 * third-party types.
 */

/**
 * \brief Uses a TCTI context of the caller instead of the `tcti` option. A caller that has an
 * ESYS context passes `Esys_GetTcti()` of it.
 * \param[in] tpm the connection.
 * \param[in] tcti borrowed: it is never finalized, must outlive the last object made from `tpm`,
 * and nobody else may use it meanwhile; NULL unsets it.
 * \param[out] err detail of a failure; may be NULL.
 * \return 0, TPMC_ERR_ARGUMENT (not a TCTI context), TPMC_ERR_STATE or TPMC_ERR_FORKED; nothing
 * changes on failure.
 * \par Threads one at a time.
 * \since 0.1
 */
TPMC_API int tpmc_tpm_set_tcti(tpmc_tpm *tpm, TSS2_TCTI_CONTEXT *tcti, tpmc_error *err);

/**
 * \brief Satisfies a policy on a policy session of the library: sends the policy commands, and
 * nothing else. Runs with the connection held: it may call only `Esys_*` on `esys`. Returns 0 or a
 * `TPMC_ERR_*`.
 */
typedef int (*tpmc_policy_satisfy_fn)(void *user, ESYS_CONTEXT *esys, ESYS_TR session);

/**
 * \brief Makes and satisfies a policy session, which the library then uses once and flushes. Runs
 * with the connection held: it may call only `Esys_*` on `esys`. `salt_key` is a loaded key that
 * the session may be salted to, or ESYS_TR_NONE. Returns 0 or a `TPMC_ERR_*`.
 */
typedef int (*tpmc_policy_provide_fn)(void *user, ESYS_CONTEXT *esys, ESYS_TR salt_key,
                                      ESYS_TR *session);

/**
 * \brief Leaves the policy of a key to a callback; the policy must have no steps.
 * \param[in] policy the policy.
 * \param[in] fn the callback; NULL unsets it.
 * \param[in] user handed to every call of `fn`.
 * \param[in] release called once when the callback is no longer needed; may be NULL.
 * \param[out] err detail of a failure; may be NULL.
 * \return 0, TPMC_ERR_ARGUMENT, TPMC_ERR_STATE or TPMC_ERR_FORKED; nothing changes on failure.
 * \par Threads one at a time.
 * \since 0.1
 */
TPMC_API int tpmc_policy_set_satisfy(tpmc_policy *policy, tpmc_policy_satisfy_fn fn, void *user,
                                     tpmc_release_fn release, tpmc_error *err);

/**
 * \brief Leaves policy and session of a key to a callback; the policy must have no steps.
 * \param[in] policy the policy.
 * \param[in] fn the callback; NULL unsets it.
 * \param[in] user handed to every call of `fn`.
 * \param[in] release called once when the callback is no longer needed; may be NULL.
 * \param[out] err detail of a failure; may be NULL.
 * \return 0, TPMC_ERR_ARGUMENT, TPMC_ERR_STATE or TPMC_ERR_FORKED; nothing changes on failure.
 * \par Threads one at a time.
 * \since 0.1
 */
TPMC_API int tpmc_policy_set_provide(tpmc_policy *policy, tpmc_policy_provide_fn fn, void *user,
                                     tpmc_release_fn release, tpmc_error *err);

#ifdef __cplusplus
}
#endif

#endif
