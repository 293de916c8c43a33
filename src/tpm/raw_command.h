/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_TPM_RAW_COMMAND_H
#define TPMC_TPM_RAW_COMMAND_H

#include "tpm/context_file.h"
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

/* TPM2_ContextSave of an object, and TPM2_ContextLoad. */
int tpmc__raw_context_save(tpmc__guard *guard, uint32_t handle, tpmc__context *out);
int tpmc__raw_context_load(tpmc__guard *guard, const tpmc__context *context, uint32_t *handle);
/* The value of a TPM_PT. */
int tpmc__raw_property(tpmc__guard *guard, uint32_t property, uint32_t *value);
/* How many bytes an NV index holds. */
int tpmc__raw_nv_size(tpmc__guard *guard, uint32_t index, size_t *size);
/* Some of them, by the index's own empty password; `*data` is the guard's until its next command.
 */
int tpmc__raw_nv_read(tpmc__guard *guard, uint32_t index, size_t offset, size_t len,
                      const uint8_t **data);

#endif
