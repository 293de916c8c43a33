/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_POLICY_EK_POLICY_H
#define TPMC_POLICY_EK_POLICY_H

#include "tpm/use.h"

/* The policies of the TCG's EK Credential Profile (section B.6 of version 2.5). */
typedef enum tpmc__ek_policy {
    TPMC__EK_POLICY_NONE, /* another, or none */
    TPMC__EK_POLICY_A,    /* PolicySecret(endorsement) */
    TPMC__EK_POLICY_B     /* PolicyOR(A, C), where C is an NV index's */
} tpmc__ek_policy;

/* Which of them a key has. Pure. */
tpmc__ek_policy tpmc__ek_policy_of(const tpmc__public *key);
/* The digest of PolicyA, or of PolicyB, or, for TPMC__EK_POLICY_NONE, of PolicyC with a hash; NULL
 * for a hash that the profile does not have. Pure. */
const uint8_t *tpmc__ek_policy_digest(uint16_t hash, tpmc__ek_policy which);
/* A tpmc__satisfy; its context is the key's const tpmc__public. */
int tpmc__ek_policy_satisfy(tpmc_tpm *tpm, void *context, ESYS_TR session, tpmc_error *err);

#endif
