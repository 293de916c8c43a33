/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_TPM_SALT_KEY_H
#define TPMC_TPM_SALT_KEY_H

#include "tpm/tpm_int.h"

/* The key that a session's salt is encrypted to. */
typedef struct tpmc__salt {
    const tpmc__loaded *key;
    tpmc__loaded *made; /* not NULL: made for this, to be dropped */
    int level;          /* TPMC_BUS_* that it gives */
} tpmc__salt;

/*
 * The key that the options want: the pinned or certified one; else `at_hand`; else a primary of the
 * null hierarchy. TPMC_ERR_INTEGRITY when a pin or certificate does not hold.
 */
int tpmc__salt_get(tpmc_tpm *tpm, const tpmc__loaded *at_hand, tpmc__salt *out, tpmc_error *err);

#endif
