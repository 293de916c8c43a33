/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_FAULT_MATRIX_FAULTS_H
#define TESTS_FAULT_MATRIX_FAULTS_H

#include "support/tcti_tap.h"

/* One way in which a command can go wrong. */
typedef struct matrix_fault {
    const char *name;
    tap_fault_kind kind;
    uint32_t value;
    int pollable;
    size_t count; /* how many commands in a row; TAP_STICKY: all from there on */
} matrix_fault;

extern const matrix_fault matrix_faults[];
extern const size_t matrix_fault_count;

/* 1 when the TPM seems to say that a password is wrong. */
int matrix_fault_is_wrong_password(const matrix_fault *fault);

/* 1 when the TPM seems to say that it has no such handle. */
int matrix_fault_denies_handle(const matrix_fault *fault);

#endif
