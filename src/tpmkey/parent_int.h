/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_TPMKEY_PARENT_INT_H
#define TPMC_TPMKEY_PARENT_INT_H

#include "keyfile/keyfile.h"
#include "keyfile/tpm_template.h"
#include "keyfile/wrap.h"
#include "tpm/use.h"

/* Where a parent is found. */
typedef struct tpmc__parent_place {
    uint32_t handle;              /* a hierarchy 0x400000xx, or persistent 0x81xxxxxx */
    tpmc__template which;         /* of a primary */
    const tpmc__secret *password; /* of a persistent parent; may be NULL or unset */
    int *refused;                 /* remembers that this password is wrong; may be NULL */
} tpmc__parent_place;

/* A parent at hand within one try of an operation. */
typedef struct tpmc__parent {
    tpmc__public public;
    tpmc__loaded *loaded;
    int is_primary; /* made for this use: dropped after it */
    tpmc__use use;
} tpmc__parent;

/* A private part that TPM2_Load takes: TPM2B_PRIVATE with its size. */
typedef struct tpmc__private_part {
    uint8_t bytes[TPMC__KEYFILE_PRIVATE_MAX];
    size_t len;
} tpmc__private_part;

/* Makes the primary or finds the persistent object, which must be a storage key. */
int tpmc__parent_get(tpmc_tpm *tpm, const tpmc__parent_place *place, tpmc__parent *out,
                     tpmc_error *err);
void tpmc__parent_drop(tpmc_tpm *tpm, tpmc__parent *parent);
/* TPM2_Load. `name` is what tpmc__public_name() says of `key`. */
int tpmc__parent_load(tpmc_tpm *tpm, tpmc__parent *parent, const tpmc__public *key,
                      const uint8_t *private_bytes, size_t private_len, tpmc__loaded **out,
                      tpmc_error *err);
/* TPM2_Import of what tpmc__wrap() made, or an importable key file holds: outer wrapper only. */
int tpmc__parent_import(tpmc_tpm *tpm, tpmc__parent *parent, const tpmc__public *key,
                        const tpmc__wrapped *wrapped, tpmc__private_part *out, tpmc_error *err);
/* What the TPM made of a private part. */
int tpmc__private_take(const TPM2B_PRIVATE *made, tpmc__private_part *out, tpmc_error *err);
/* 0 unless a pinned Name (hex text, NULL for none) is not the parent's: TPMC_ERR_INTEGRITY. */
int tpmc__parent_check_pin(tpmc_env *env, const tpmc__public *parent, const char *pin,
                           tpmc_error *err);

#endif
