/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_SUPPORT_TPM_RAW_H
#define TESTS_SUPPORT_TPM_RAW_H

#include <stddef.h>
#include <stdint.h>

/*
 * What another program does with the TPM of this process: commands that go past the library, past
 * its connection and past the tap. Each returns the TPM's response code unless it says otherwise.
 */

#define TPM_RAW_TRANSIENT 0x80000000u
#define TPM_RAW_LOADED_SESSION 0x02000000u
#define TPM_RAW_HANDLES_MAX 16

typedef struct tpm_raw_handles {
    uint32_t items[TPM_RAW_HANDLES_MAX];
    size_t count;
} tpm_raw_handles;

/* Handles of a kind that the TPM holds now. */
tpm_raw_handles tpm_raw_list(uint32_t kind);
/* How many transient objects and loaded sessions there are. */
size_t tpm_raw_transient_count(void);
size_t tpm_raw_session_count(void);
int tpm_raw_holds(uint32_t handle);
/* How many failed authorisations the dictionary-attack logic has counted. */
uint32_t tpm_raw_lockout_counter(void);

uint32_t tpm_raw_startup(void);
uint32_t tpm_raw_flush(uint32_t handle);
/* Flushes all transient objects and loaded sessions. */
void tpm_raw_flush_all(void);
/* Replaces the owner's password; `old` and `password` may be "". */
uint32_t tpm_raw_set_owner_password(const char *old, const char *password);
/* TPM2_DictionaryAttackLockReset with the empty lockout password. */
uint32_t tpm_raw_lockout_reset(void);
/* How many failures lock the TPM out. */
uint32_t tpm_raw_set_max_tries(uint32_t tries);

/* A foreign object: a storage key of the null hierarchy. */
uint32_t tpm_raw_load_foreign(uint32_t *handle);
/* A foreign RSA 2048 signing key of any scheme with an empty password. */
uint32_t tpm_raw_load_foreign_signer(uint32_t *handle);
/* A foreign HMAC session. */
uint32_t tpm_raw_start_foreign_session(uint32_t *handle);

/* A storage primary of the owner made from this TPMT_PUBLIC, and its Name (at least 66 bytes). */
uint32_t tpm_raw_owner_primary(const uint8_t *public_area, size_t len, uint32_t *handle,
                               uint8_t *name, size_t *name_len);
/* The TPMT_PUBLIC of the H2 template. */
extern const uint8_t tpm_raw_h2_template[26];

/* What TPM2_Create makes under a parent with an empty password: the TPM2B structures, sizes
 * included; each has room for 1024 bytes. */
typedef struct tpm_raw_key {
    uint8_t public_area[1024];
    size_t public_len;
    uint8_t private_area[1024];
    size_t private_len;
} tpm_raw_key;

uint32_t tpm_raw_create(uint32_t parent, const uint8_t *public_area, size_t len, const void *sealed,
                        size_t sealed_len, tpm_raw_key *out);

#endif
