/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_KEYFILE_WRAP_H
#define TPMC_KEYFILE_WRAP_H

#include "base/secret.h"
#include "keyfile/tpm_public.h"

/* What TPM2_Import takes: the object encrypted to the new parent's public key (Part 1, 23.3.2.3:
 * outer wrapper only). */
typedef struct tpmc__wrapped {
    tpmc__buf duplicate; /* TPM2B_PRIVATE with its size */
    tpmc__buf seed;      /* TPM2B_ENCRYPTED_SECRET with its size */
} tpmc__wrapped;

/*
 * Wraps a private part for a parent. `sensitive` is what TPM2B_PRIVATE_KEY_RSA and its kin hold:
 * the prime of an RSA key. `auth` may be unset. The parent must be a storage key: ECC on a NIST
 * curve or RSA, with AES-CFB. Free after success.
 */
int tpmc__wrap(tpmc_env *env, const tpmc__public *parent, const tpmc__public *key,
               const tpmc__secret *auth, const tpmc__secret *sensitive, tpmc__wrapped *out,
               tpmc_error *err);
/*
 * As tpmc__wrap(), for a KEYEDHASH or SYMCIPHER object, which tpmc__wrap() refuses: their `unique`
 * depends on a random seed that is made here. It is filled in, so write `key` after this call;
 * unchanged on failure.
 */
int tpmc__wrap_symmetric(tpmc_env *env, const tpmc__public *parent, tpmc__public *key,
                         const tpmc__secret *auth, const tpmc__secret *sensitive,
                         tpmc__wrapped *out, tpmc_error *err);
void tpmc__wrapped_free(tpmc__wrapped *wrapped);

#endif
