/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_FAULT_MATRIX_OPERATIONS_H
#define TESTS_FAULT_MATRIX_OPERATIONS_H

#include "support/tpm_fixture.h"
#include "tpm/turns.h"

#define MATRIX_KEY_PASSWORD "matrix key password"
#define MATRIX_OWNER_PASSWORD "matrix owner password"

/* Key files, made once before the cells. */
typedef struct matrix_keys {
    tpmc_bytes *plain;     /* no password, noDA */
    tpmc_bytes *password;  /* noDA */
    tpmc_bytes *protected; /* password, subject to dictionary-attack lockout */
    tpmc_bytes *importable;
    char decrypt[TSS2_FILE_TEXT_MAX]; /* RSA, signs by TPM2_RSA_Decrypt only */
    turn_files turns;
} matrix_keys;

/* What a cell works with. */
typedef struct matrix_cell {
    fixture fixture;
    const matrix_keys *keys;
    tpmc_key *key;
    tpmc_key *other_key;
    turn_sort sort;
    char folder[64]; /* of saved contexts; "" for none */
} matrix_cell;

typedef struct matrix_operation {
    const char *name;
    int owner_password;
    /* Up to where nothing breaks; 0 or an error. */
    int (*prepare)(matrix_cell *cell);
    /* What breaks; also called again afterwards. */
    int (*run)(matrix_cell *cell);
    /* The same with objects that are new but for the connection. */
    int (*run_anew)(matrix_cell *cell);
    int two_sessions; /* it needs that many at a time */
} matrix_operation;

extern const matrix_operation matrix_operations[];
extern const size_t matrix_operation_count;

/* Makes the key files on the TPM of this process. */
void matrix_keys_make(matrix_keys *keys);
void matrix_keys_free(matrix_keys *keys);

/* Makes the environment and connection of a cell. */
void matrix_cell_begin(matrix_cell *cell, const matrix_keys *keys,
                       const matrix_operation *operation, int pollable);
/* Drops the connection, keys included, and makes a new one. */
void matrix_cell_reconnect(matrix_cell *cell, const matrix_operation *operation);
/* Frees what the library made. */
void matrix_cell_free(matrix_cell *cell);

#endif
