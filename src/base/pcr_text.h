/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_BASE_PCR_TEXT_H
#define TPMC_BASE_PCR_TEXT_H

#include <stddef.h>
#include <stdint.h>

#define TPMC__PCR_COUNT 24
#define TPMC__PCR_BANKS 4

/* Registers of one bank. */
typedef struct tpmc__pcr_bank {
    uint16_t hash;      /* TPM_ALG_ID */
    uint8_t select[4];  /* PCR n is bit n % 8 of byte n / 8 */
    uint8_t select_len; /* 3, unless a key file has another */
} tpmc__pcr_bank;

/* TPML_PCR_SELECTION: banks in the order in which they are hashed. */
typedef struct tpmc__pcr_selection {
    tpmc__pcr_bank banks[TPMC__PCR_BANKS];
    size_t count;
} tpmc__pcr_selection;

/*
 * Reads "sha256:0,7,23", "23" (of SHA-256), or several banks joined by `+`. NULL, or what is wrong
 * with it, to follow the option's name: "names the register 24, and there are only 0 to 23". An
 * unknown hash, a register named twice, an empty list and a bank named twice are refused. `out` may
 * be NULL.
 */
const char *tpmc__pcr_text_parse(const char *text, tpmc__pcr_selection *out);
/* 1 when the selection has this register. */
int tpmc__pcr_bank_has(const tpmc__pcr_bank *bank, unsigned pcr);
/* How many registers it has. */
size_t tpmc__pcr_selection_size(const tpmc__pcr_selection *selection);

#endif
