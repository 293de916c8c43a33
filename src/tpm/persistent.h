/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_TPM_PERSISTENT_H
#define TPMC_TPM_PERSISTENT_H

#include "tpm/tpm_int.h"

/*
 * The object at a persistent handle, within an operation: read by one TPM2_ReadPublic the first
 * time, then known for as long as nothing contradicts. `*out` is the connection's; it is not
 * dropped. TPMC_ERR_WRONG_TPM when there is none. `public_out` may be NULL.
 */
int tpmc__persistent_get(tpmc_tpm *tpm, uint32_t handle, tpmc__public *public_out,
                         tpmc__loaded **out, tpmc_error *err);
/* Something contradicts what is known of it: it is read anew when it is next needed. */
void tpmc__persistent_forget(tpmc_tpm *tpm, uint32_t handle);
void tpmc__persistent_forget_all(tpmc_tpm *tpm);

#endif
