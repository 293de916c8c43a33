/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_TPMKEY_ALGORITHM_H
#define TPMC_TPMKEY_ALGORITHM_H

#include "codec/digest.h"
#include "keyfile/tpm_public.h"

/* A signature algorithm of RFC 7518 in the TPM's terms. */
typedef struct tpmc__algorithm {
    const char *name;
    uint16_t type;   /* TPMC__ALG_RSA */
    uint16_t scheme; /* TPMC__ALG_RSASSA or TPMC__ALG_RSAPSS */
    uint16_t hash;
} tpmc__algorithm;

/* What a key is, as far as its algorithms go. */
typedef struct tpmc__key_kind {
    uint16_t type;   /* TPMC__ALG_RSA, _ECC, _KEYEDHASH; 0 for another */
    uint16_t scheme; /* TPMC__ALG_NULL when any */
    uint16_t hash;   /* of the scheme; 0 when any */
} tpmc__key_kind;

/*
 * The algorithm with this name, or, for NULL, the one that the key's type and scheme imply.
 * TPMC_ERR_ARGUMENT for an unknown name, TPMC_ERR_UNSUPPORTED with the reason when the key cannot
 * do it.
 */
int tpmc__algorithm_for(const tpmc__key_kind *kind, const char *name, const tpmc__algorithm **out,
                        tpmc_error *err);

#endif
