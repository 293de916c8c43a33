/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_TPM_FORGER_H
#define TESTS_TPM_FORGER_H

#include <stddef.h>
#include <stdint.h>

#include <tss2/tss2_tcti.h>

#include "support/tpm_fixture.h"

#define FORGERIES_MAX 2

/* A TCTI in front of the tap that puts other responses in the place of the TPM's. */
typedef struct forger {
    TSS2_TCTI_CONTEXT_COMMON_V1 common;
    TSS2_TCTI_CONTEXT *inner;
    uint32_t code; /* of the command under way */
    struct forgery {
        uint32_t code;
        size_t count; /* how many responses are still to be replaced */
        uint8_t bytes[1024];
        size_t len;
    } forgeries[FORGERIES_MAX];
} forger;

/* Replaces the fixture's connection by one through the forger. */
void forger_open(forger *self, fixture *f);
/* The next `count` responses to a command become these parameters, without sessions or with the
 * authorization of a password. Slots are FORGERIES_MAX. */
void forger_set(forger *self, size_t slot, uint32_t code, size_t count, int sessions,
                const void *parameters, size_t len);
/* The TPM refuses the next command for its size, and claims this TPM2_PT_INPUT_BUFFER from then on.
 * Takes slot 1, and the tap's fault. */
void forger_shrink_input(forger *self, fixture *f, uint32_t input_buffer);

#endif
