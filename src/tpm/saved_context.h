/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_TPM_SAVED_CONTEXT_H
#define TPMC_TPM_SAVED_CONTEXT_H

#include "codec/digest.h"
#include "tpm/tpm_int.h"

/* What a saved context is said to be of. */
typedef struct tpmc__context_of {
    const tpmc__public *public; /* of a key: its own; of a primary: its template */
    int is_template;
    uint32_t hierarchy; /* of a primary: its permanent handle; else 0 */
    tpmc__span origin;  /* of a key: its private part, which holds the password too */
} tpmc__context_of;

/*
 * With the option `context_dir`: loads the object from its saved context, within an operation.
 * `*out` stays NULL, and 0 is returned, when there is none that the TPM takes. What was loaded is
 * not proven to be what it should be: a use that fails says nothing about a password. `public_out`,
 * which may be NULL, is the object's public area: of a primary, as the TPM says.
 */
int tpmc__context_load(tpmc_tpm *tpm, const tpmc__context_of *of, tpmc__public *public_out,
                       tpmc__loaded **out, tpmc_error *err);
/* Saves the object's context for the next start. That it cannot be saved is no failure; one of the
 * connection is. */
int tpmc__context_save(tpmc_tpm *tpm, const tpmc__context_of *of, const tpmc__loaded *loaded,
                       tpmc_error *err);
/* The object was not what its saved context was said to be of: that is removed, and none is used
 * for the rest of the operation. 0 when it does not come from one. */
int tpmc__context_distrust(tpmc_tpm *tpm, tpmc__loaded *loaded);

#endif
