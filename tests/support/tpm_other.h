/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_SUPPORT_TPM_OTHER_H
#define TESTS_SUPPORT_TPM_OTHER_H

#include <stddef.h>
#include <stdint.h>

#include <tss2/tss2_esys.h>

#include "support/tpm_fixture.h"

/*
 * Another program that administers the TPM of this process through libtss2, past the library and
 * the tap. What goes wrong here ends the process. Nothing transient stays behind unless it says so.
 */

typedef enum other_template {
    OTHER_H2, /* ECC P-256 storage primary */
    OTHER_H1, /* RSA 2048 storage primary */
    OTHER_RSA_DA,
    OTHER_ECC_DA,
    OTHER_ECC_ZEROS,
    OTHER_RSA_ZEROS,
    OTHER_EK_RSA, /* L-1 */
    OTHER_EK_ECC, /* L-2 */
    OTHER_SIGNER, /* ECC P-256, sign, scheme NULL, noDA */
    OTHER_HMAC,   /* HMAC-SHA256 key */
    OTHER_SEALED
} other_template;

void other_template_fill(other_template which, TPM2B_PUBLIC *out);

/* An object at a persistent handle. */
typedef struct other_persistent {
    ESYS_TR hierarchy; /* ESYS_TR_RH_OWNER or ESYS_TR_RH_ENDORSEMENT, and so on */
    const char *hierarchy_password;
    const char *password; /* of the object; may be NULL */
    uint32_t handle;
} other_persistent;

/* Makes a primary and keeps it at a persistent handle; `name` may be NULL. */
void other_persist(const other_persistent *place, const TPM2B_PUBLIC *in, TPM2B_NAME *name);
void other_evict(uint32_t handle);
/* The Name of the primary that a template makes. */
void other_primary_name(ESYS_TR hierarchy, const TPM2B_PUBLIC *in, TPM2B_NAME *name);
/* Lower-case hexadecimal with a NUL; `out` has room for 133 bytes. */
void other_name_hex(const TPM2B_NAME *name, char *out);
void other_set_password(ESYS_TR hierarchy, const char *old, const char *password);

/* A key to be made under a parent. */
typedef struct other_key {
    const TPM2B_PUBLIC *parent; /* a primary of `hierarchy` by this template; NULL: persistent */
    ESYS_TR hierarchy;
    uint32_t handle;             /* of a persistent parent; also what the key file says, if set */
    const char *parent_password; /* NULL: none */
    int by_policy;               /* 1: PolicySecret(endorsement); 2: and PolicyOR */
    const char *endorsement_password;
    other_template kind;
    const char *password;
    const char *secret; /* what is sealed */
} other_key;

/* Makes it and writes a key file, PEM with a NUL, of at most TSS2_FILE_TEXT_MAX bytes. */
void other_make_key(const other_key *key, char *pem);
/* A persistent key under no parent file: makes a primary signer or HMAC key; as other_persist(). */
void other_persist_key(const other_persistent *place, other_template kind);
/* Defines an NV index as platform makers do and fills it. */
void other_write_nv(uint32_t index, const void *data, size_t len);
void other_remove_nv(uint32_t index);

/* An NV index that the owner defines, and writes when its attributes allow that. */
typedef struct other_index {
    uint32_t index;
    uint32_t attributes; /* TPMA_NV_* */
    const char *password;
    size_t size;
} other_index;

void other_define_index(const other_index *index);
void other_write_index(uint32_t index, const void *data, size_t len);
void other_undefine_index(uint32_t index);
/* Leaves the bank of SHA-256 alone, from the next start on. */
void other_keep_one_bank(void);
/* Extends a PCR in all banks. */
void other_extend_pcr(unsigned int pcr);
/* Makes a PCR that programs may reset what it was in the beginning. */
void other_reset_pcr(unsigned int pcr);

#endif
