/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_KEYFILE_TPM_TEMPLATE_H
#define TPMC_KEYFILE_TPM_TEMPLATE_H

#include "keyfile/tpm_public.h"

/* The primaries that key files and tools mean. A primary is derived from its hierarchy's seed and
 * every byte of its template, the sizes in `unique` included. */
typedef enum tpmc__template {
    TPMC__TEMPLATE_H2,        /* ECC P-256 storage key of the TCG provisioning guidance */
    TPMC__TEMPLATE_H1,        /* RSA 2048 storage key of the same */
    TPMC__TEMPLATE_OLD,       /* of TSS2 KEY BLOB: H2 without fixedTPM and fixedParent */
    TPMC__TEMPLATE_RSA_DA,    /* H1 without noDA: what tpm2_createprimary makes by default */
    TPMC__TEMPLATE_ECC_DA,    /* H2 without noDA */
    TPMC__TEMPLATE_ECC_ZEROS, /* H2 with coordinates of 32 zero bytes */
    TPMC__TEMPLATE_RSA_ZEROS, /* H1 with a modulus of 256 zero bytes */
    TPMC__TEMPLATE_EK_RSA,    /* L-1 of the EK Credential Profile: RSA 2048 */
    TPMC__TEMPLATE_EK_ECC,    /* L-2 of the same: ECC P-256 */
    TPMC__TEMPLATE_COUNT
} tpmc__template;

void tpmc__template_fill(tpmc__template which, tpmc__public *out);
/* What the primary is, for messages: "the ECC storage primary (H-2)". */
const char *tpmc__template_text(tpmc__template which);
/* The templates to try, in this order, for a key that does not belong to its H2 parent; index 0 to
 * TPMC__FALLBACK_COUNT - 1. */
#define TPMC__FALLBACK_COUNT 5
tpmc__template tpmc__template_fallback(size_t index);

#endif
