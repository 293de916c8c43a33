/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_TPMKEY_ALGORITHM_H
#define TPMC_TPMKEY_ALGORITHM_H

#include "codec/digest.h"
#include "keyfile/tpm_public.h"

/* A signature or MAC algorithm in the TPM's terms. */
typedef struct tpmc__algorithm {
    const char *name;
    uint16_t type;   /* TPMC__ALG_RSA, _ECC, or _KEYEDHASH for a MAC */
    uint16_t scheme; /* TPMC__ALG_RSASSA, _RSAPSS, _ECDSA or _HMAC */
    uint16_t hash;
    uint16_t curve; /* TPMC__CURVE_*; 0: any of them, or no EC algorithm */
} tpmc__algorithm;

/* What a key is, as far as its algorithms go. */
typedef struct tpmc__key_kind {
    uint16_t type;       /* TPMC__ALG_RSA, _ECC, _KEYEDHASH; 0 for another */
    uint16_t scheme;     /* TPMC__ALG_NULL when any */
    uint16_t hash;       /* of the scheme; 0 when any */
    uint16_t curve;      /* of an EC key: TPM_ECC_CURVE; 0 for one that the TPM does not know */
    uint32_t attributes; /* TPMC__OBJECT_*; 0 for a callback key */
} tpmc__key_kind;

/* The kind of a key that a TPM holds. */
void tpmc__key_kind_of(const tpmc__public *public_area, tpmc__key_kind *out);

/*
 * The algorithm with this name, or, for NULL, the one that the key's type and scheme imply.
 * TPMC_ERR_ARGUMENT for an unknown name, TPMC_ERR_UNSUPPORTED with the reason when the key cannot
 * do it. For an HMAC key it is "HS256" or a longer one, which tpmc_key_hmac() computes.
 */
int tpmc__algorithm_for(const tpmc__key_kind *kind, const char *name, const tpmc__algorithm **out,
                        tpmc_error *err);

#endif
