/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_TPMKEY_SIGN_INT_H
#define TPMC_TPMKEY_SIGN_INT_H

#include "tpmkey/key_int.h"

#define TPMC__SIGNATURE_MAX 1024

/* One signature to be made. */
typedef struct tpmc__job {
    const tpmc__algorithm *algorithm;
    const uint8_t *message; /* what a restricted key signs; NULL with `message_len` 0 */
    size_t message_len;
    uint8_t digest[TPMC__DIGEST_MAX];
    size_t digest_len;
    uint8_t signature[TPMC__SIGNATURE_MAX];
    size_t signature_len;
    int was_suspect; /* a signature did not verify, and the key was loaded again */
    int by_decrypt;  /* the TPM has refused the hash: TPM2_RSA_Decrypt is to do it */
} tpmc__job;

/* Bytes that the TPM hashes in several commands. */
typedef struct tpmc__sequence {
    const uint8_t *message;
    size_t len;
    unsigned carries;          /* TPMC__CARRIES_* of the result */
    TPM2B_DIGEST *result;      /* freed with Esys_Free() */
    TPMT_TK_HASHCHECK *ticket; /* freed with Esys_Free() */
} tpmc__sequence;

/* 1 for a key that only signs what the TPM itself has hashed. */
int tpmc__key_is_restricted(const tpmc_key *key);
/* The bit of `missing_hashes` for a hash. */
unsigned tpmc__key_hash_bit(uint16_t hash);
/* Whether the key makes signatures by TPM2_RSA_Decrypt of what is padded in software: whether it
 * can, and whether it must. */
int tpmc__sign_can_decrypt(const tpmc_key *key);
int tpmc__sign_must_decrypt(const tpmc_key *key, const tpmc__algorithm *algorithm);
int tpmc__sign_refuse_salt(const tpmc__algorithm *algorithm, tpmc_error *err);
/* A password that has been refused is not tried again: TPMC_ERR_WRONG_PASSWORD. */
int tpmc__key_check_refused(tpmc_key *key, tpmc_error *err);

/* Verifies `job->signature`: 0 with the verdict GOOD or OTHER_SALT, or TPMC_ERR_INTEGRITY. */
int tpmc__sign_check(tpmc_key *key, const tpmc__job *job, tpmc__verdict *verdict, tpmc_error *err);
/* Makes and verifies `job->signature` in the TPM. */
int tpmc__sign_by_tpm(tpmc_key *key, tpmc__job *job, tpmc_error *err);
/* Within an operation, the key being loaded: makes `job->signature` by TPM2_RSA_Decrypt. */
int tpmc__sign_by_decrypt(tpmc_key *key, tpmc__job *job, tpmc_error *err);

/* Has the TPM hash the message. `digest` has room for TPMC__DIGEST_MAX bytes; `ticket` is the TPM's
 * word that it did. Within an operation. */
int tpmc__ticket_get(tpmc_tpm *tpm, const tpmc__job *job, uint8_t *digest,
                     TPMT_TK_HASHCHECK *ticket, tpmc_error *err);

/* How many bytes the TPM takes at once, as far as is known. */
size_t tpmc__input_max(const tpmc_tpm *tpm);
/* After a failure: 1 when the TPM has said that it takes fewer bytes at once than tpmc__input_max()
 * said, which is now remembered. */
int tpmc__input_is_smaller(tpmc_tpm *tpm);
/* Runs a sequence that ESAPI has just started, and ends it. */
int tpmc__sequence_run(tpmc_tpm *tpm, ESYS_TR tr, tpmc__sequence *sequence, tpmc_error *err);

#endif
