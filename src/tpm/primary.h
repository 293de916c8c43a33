/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_TPM_PRIMARY_H
#define TPMC_TPM_PRIMARY_H

#include "keyfile/tpm_public.h"
#include "tpm/tpm_int.h"

/* TPMC_HIERARCHY_*, or this for the null hierarchy, which never has a password. */
#define TPMC__PRIMARY_NULL 0

/*
 * TPM2_CreatePrimary from a template, within an operation. A hierarchy with a password gets a
 * session first, and a wrong one is remembered: it is not sent again. `public_out` may be NULL. The
 * primary is dropped with tpmc__loaded_drop().
 */
int tpmc__primary_create(tpmc_tpm *tpm, int hierarchy, const tpmc__public *key_template,
                         tpmc__public *public_out, tpmc__loaded **out, tpmc_error *err);

/* The public area as libtss2 has it, made from the bytes of our own strict writer. */
int tpmc__tss_public(const tpmc__public *key, TPM2B_PUBLIC *out, tpmc_error *err);

#endif
