/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_TPM_EK_CERTIFICATE_H
#define TPMC_TPM_EK_CERTIFICATE_H

#include "tpm/tpm_int.h"

/*
 * Reads the certificate of an endorsement key from the TPM's NV memory, where the EK Credential
 * Profile keeps it, and checks it against the PEM certificates in a file. TPMC_ERR_INTEGRITY when
 * it does not hold or there is none. Within an operation.
 */
int tpmc__ek_certificate_check(tpmc_tpm *tpm, const char *roots_file, const tpmc__public *ek,
                               tpmc_error *err);

#endif
