/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMCLOUD_TPMKEY_ESYS_H
#define TPMCLOUD_TPMKEY_ESYS_H

#include <tss2/tss2_tcti.h>

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

#ifdef __cplusplus
}
#endif

#endif
