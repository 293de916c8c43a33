/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_TPM_PRIMARY_H
#define TPMC_TPM_PRIMARY_H

#include "keyfile/tpm_template.h"
#include "tpm/hierarchy.h"

/*
 * TPM2_CreatePrimary from a template, within an operation. A hierarchy with a password gets a
 * session first, and a wrong one is remembered: it is not sent again. `public_out` may be NULL. The
 * primary is dropped with tpmc__loaded_drop().
 */
int tpmc__primary_create(tpmc_tpm *tpm, int hierarchy, const tpmc__public *key_template,
                         tpmc__public *public_out, tpmc__loaded **out, tpmc_error *err);

/*
 * The same from one of the usual templates. A TPM without elliptic curves gets the RSA one where
 * the H2 template was meant: tools make their keys under that there and do not write it into the
 * file.
 */
int tpmc__primary_create_storage(tpmc_tpm *tpm, int hierarchy, tpmc__template which,
                                 tpmc__public *public_out, tpmc__loaded **out, tpmc_error *err);

/* The same only if a saved context of it can be loaded; else `*out` is NULL. */
int tpmc__primary_from_context(tpmc_tpm *tpm, int hierarchy, tpmc__template which,
                               tpmc__public *public_out, tpmc__loaded **out, tpmc_error *err);

/* The public area as libtss2 has it, made from the bytes of our own strict writer. */
int tpmc__tss_public(const tpmc__public *key, TPM2B_PUBLIC *out, tpmc_error *err);

/* What the TPM says it made, read by our own strict reader: the key that was asked for. */
int tpmc__public_made(const TPM2B_PUBLIC *made, const tpmc__public *wanted, tpmc__public *out,
                      tpmc_error *err);

#endif
