/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_POLICY_POLICY_SIGNER_H
#define TPMC_POLICY_POLICY_SIGNER_H

#include "policy/policy_tree.h"

/* The scheme that an RSA key in PEM stands for. */
typedef struct tpmc__signer_form {
    uint16_t name_alg;   /* also the hash of the scheme */
    uint16_t rsa_scheme; /* TPMC__ALG_RSAPSS or TPMC__ALG_RSASSA */
} tpmc__signer_form;

/* What tpm2-tss takes where nothing is said: SHA-256 and RSASSA-PSS. */
extern const tpmc__signer_form tpmc__signer_default;

/*
 * Reads the key of a PolicySigned or PolicyAuthorize step: a marshalled TPM2B_PUBLIC, or a
 * SubjectPublicKeyInfo as PEM or DER, from which the public area is made that tpm2-tss makes
 * (ifapi_initialize_sign_public()), so that the Names agree. TPMC_ERR_FORMAT or
 * TPMC_ERR_UNSUPPORTED; `what` begins the text.
 */
int tpmc__signer_read(tpmc_env *env, const void *data, size_t len, const tpmc__signer_form *form,
                      const char *what, tpmc__policy_signer *out, tpmc_error *err);
/* From a public area. */
int tpmc__signer_set(tpmc_env *env, const tpmc__public *public_area, tpmc__policy_signer *out,
                     tpmc_error *err);
/* 1 when both are the same public key, whatever their attributes and schemes. */
int tpmc__signer_same_key(const tpmc__public *a, const tpmc__public *b);

/*
 * Verifies a marshalled TPMT_SIGNATURE (RSASSA, RSAPSS, ECDSA; its hash is its own) over a digest.
 * TPMC_ERR_POLICY when it does not verify, TPMC_ERR_FORMAT for no signature, TPMC_ERR_UNSUPPORTED.
 */
int tpmc__signer_verify(tpmc_env *env, const tpmc__policy_signer *signer,
                        const tpmc__policy_bytes *digest, const uint8_t *signature, size_t len,
                        tpmc_error *err);
/* The name of the algorithm that a signer for the step is asked for ("PS256"); NULL for a key that
 * fixes none: RSASSA then, and ECDSA by the hash of nameAlg, or "HS256" for a keyed hash. */
const char *tpmc__signer_algorithm(const tpmc__policy_signer *signer);
/* A marshalled TPMT_SIGNATURE of what OpenSSL calls a signature (ECDSA in DER), a MAC for a keyed
 * hash. TPMC_ERR_FORMAT. */
int tpmc__signer_marshal(const tpmc__policy_signer *signer, const uint8_t *signature, size_t len,
                         tpmc__buf *out, tpmc_error *err);
/* Signs a digest with a software private key, as the signer's public area says: a marshalled
 * TPMT_SIGNATURE. TPMC_ERR_MISMATCH when it is another key. */
int tpmc__signer_sign(tpmc_env *env, const tpmc__policy_signer *signer, const void *private_key,
                      size_t private_key_len, const tpmc__policy_bytes *digest, tpmc__buf *out,
                      tpmc_error *err);

#endif
