/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_TPM_RAW_COMMAND_H
#define TPMC_TPM_RAW_COMMAND_H

#include "tpm/guard.h"

/*
 * The few commands that cleaning up needs, sent through the guard without ESAPI and without an
 * allocation. Each returns 0 when the TPM answered with success; the TPM's code otherwise is in
 * `guard->rc`.
 */
int tpmc__raw_flush(tpmc__guard *guard, uint32_t handle);
int tpmc__raw_startup(tpmc__guard *guard);
/* Handles that the TPM holds from `first` on (Part 2, 6.12: TPM_CAP_HANDLES). */
int tpmc__raw_handles(tpmc__guard *guard, uint32_t first, uint32_t *handles, size_t *count,
                      size_t capacity);
/* The TPM2B_PUBLIC of an object; `*area` points into the guard's response until its next command.
 */
int tpmc__raw_read_public(tpmc__guard *guard, uint32_t handle, const uint8_t **area, size_t *len);

#endif
