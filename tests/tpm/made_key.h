/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_TPM_MADE_KEY_H
#define TESTS_TPM_MADE_KEY_H

#include <stddef.h>
#include <stdint.h>

#include <tss2/tss2_tpm2_types.h>

#include "support/tss2_file.h"

/* What other programs make: a key under the owner's H2 primary, by ESAPI and without the library.
 */
typedef struct made_key {
    uint16_t type;       /* TPM2_ALG_RSA, _ECC, _KEYEDHASH */
    uint32_t attributes; /* TPMA_OBJECT_* */
    uint16_t scheme;     /* TPM2_ALG_NULL for none */
    uint16_t hash;       /* of the scheme */
    uint16_t size;       /* bits of an RSA key, or TPM2_ECC_* */
    const char *secret;  /* of an HMAC key or of sealed data; NULL: the TPM makes one */
    const char *password;
    size_t password_len;
} made_key;

#define MADE_FIXED                                                                                 \
    (TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT | TPMA_OBJECT_SENSITIVEDATAORIGIN)
/* Signs by itself, or decrypts too, as tools make their RSA and EC keys. */
#define MADE_SIGN (MADE_FIXED | TPMA_OBJECT_USERWITHAUTH | TPMA_OBJECT_SIGN_ENCRYPT)
#define MADE_SIGN_DECRYPT (MADE_SIGN | TPMA_OBJECT_DECRYPT)
#define MADE_RESTRICTED (MADE_SIGN | TPMA_OBJECT_RESTRICTED)
#define MADE_DECRYPT                                                                               \
    (TPMA_OBJECT_SENSITIVEDATAORIGIN | TPMA_OBJECT_USERWITHAUTH | TPMA_OBJECT_NODA |               \
     TPMA_OBJECT_DECRYPT)
/* With a secret from outside. */
#define MADE_SECRET                                                                                \
    (TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT | TPMA_OBJECT_USERWITHAUTH | TPMA_OBJECT_NODA)

/* Writes the key file, as text with a NUL; `pem` has room for TSS2_FILE_TEXT_MAX bytes. The TPM's
 * response code: it may not have what the key needs. */
TPM2_RC made_key_write(const made_key *key, char *pem);
/* The same with an authPolicy. */
TPM2_RC made_key_write_bound(const made_key *key, const void *policy, size_t len, char *pem);

#endif
