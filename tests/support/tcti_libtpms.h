/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_SUPPORT_TCTI_LIBTPMS_H
#define TESTS_SUPPORT_TCTI_LIBTPMS_H

#include <stddef.h>
#include <stdint.h>

#include <tss2/tss2_tcti.h>

/*
 * A software TPM inside the test process (libtpms), and a TCTI in front of it. libtpms keeps its
 * state in globals, so there is one TPM per process; fork() clones it. Its NVRAM is memory only.
 */

/* The largest command and response of this TPM. */
#define LIBTPMS_BUFFER_MAX 4096

/* Makes a new TPM with empty NVRAM, switches it on and sends TPM2_Startup. Also replaces the one
 * that is there: keys of the former TPM are then keys of another TPM. */
void libtpms_start(void);
/* Switches off and on, NVRAM kept. `clean` sends TPM2_Shutdown before, `startup` TPM2_Startup
 * afterwards. */
void libtpms_power_cycle(int clean, int startup);
/* Switches off and forgets the NVRAM. */
void libtpms_stop(void);

/* Runs one command, from any thread. `response` has room for LIBTPMS_BUFFER_MAX bytes. */
void libtpms_run(const uint8_t *command, size_t len, uint8_t *response, size_t *response_len);

/* Makes a TCTI context for the TPM of this process; Tss2_Tcti_Finalize() and free() end it. Any
 * number of them may exist. */
TSS2_TCTI_CONTEXT *libtpms_tcti_new(void);
/* Finalizes and frees. */
void libtpms_tcti_free(TSS2_TCTI_CONTEXT *tcti);

#endif
