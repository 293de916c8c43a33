/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_KEYFILE_TPM_KDF_H
#define TPMC_KEYFILE_TPM_KDF_H

#include "codec/digest.h"

/* What the TPM's key derivations are fed with. */
typedef struct tpmc__kdf_input {
    uint16_t hash;     /* TPMC__HASH_* */
    tpmc__span key;    /* KDFa: the HMAC key; KDFe: the shared x coordinate */
    const char *label; /* its NUL counts as part of it */
    tpmc__span u;
    tpmc__span v;
} tpmc__kdf_input;

/* KDFa and KDFe of TPM 2.0 Part 1, 11.4.10.2 and 11.4.10.3. `out` is wiped on failure. */
int tpmc__kdfa(tpmc_env *env, const tpmc__kdf_input *input, uint8_t *out, size_t len,
               tpmc_error *err);
int tpmc__kdfe(tpmc_env *env, const tpmc__kdf_input *input, uint8_t *out, size_t len,
               tpmc_error *err);

#endif
