/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_KEYFILE_TPM_NAMES_H
#define TPMC_KEYFILE_TPM_NAMES_H

#include <stddef.h>
#include <stdint.h>

/* A curve of the TCG Algorithm Registry. */
typedef struct tpmc__curve {
    uint16_t number;   /* TPM_ECC_CURVE */
    const char *name;  /* "P-256" */
    size_t size;       /* bytes of a coordinate */
    const char *oid;   /* NULL for a curve that is not NIST's */
    const char *group; /* OpenSSL's name; NULL for a curve that nothing here computes with */
} tpmc__curve;

/* NULL for an unknown curve. */
const tpmc__curve *tpmc__curve_find(uint16_t number);
/* The name of a TPMA_OBJECT bit as TPM tools print it, such as "fixedtpm"; NULL for a reserved bit.
 */
const char *tpmc__attribute_name(unsigned bit);
/* "PolicyPCR" for 0x0000017f; NULL for what is not a policy command. */
const char *tpmc__policy_command_name(uint32_t command);

#endif
