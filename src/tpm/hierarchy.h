/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_TPM_HIERARCHY_H
#define TPMC_TPM_HIERARCHY_H

#include "tpm/use.h"

/* TPMC_HIERARCHY_*, or this for the null hierarchy, which never has a password. */
#define TPMC__PRIMARY_NULL 0

/* The hierarchy with this permanent handle, such as 0x40000001; -1 for none that has primaries. */
int tpmc__hierarchy_by_handle(uint32_t handle);
uint32_t tpmc__hierarchy_handle(int hierarchy);
ESYS_TR tpmc__hierarchy_tr(int hierarchy);
/* Authorization by the hierarchy's password. */
void tpmc__hierarchy_use(tpmc_tpm *tpm, int hierarchy, tpmc__use *out);

#endif
