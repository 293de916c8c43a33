/* SPDX-License-Identifier: Apache-2.0 */
#include "tpm/raw_command.h"

#include <string.h>

#include "tpm/frame.h"

#define CAP_HANDLES 0x00000001u
#define CAP_TPM_PROPERTIES 0x00000006u
#define CC_CONTEXT_SAVE 0x00000162u
#define CC_NV_READ 0x0000014eu
#define CC_NV_READ_PUBLIC 0x00000169u
#define RS_PW 0x40000009u
#define SU_CLEAR 0x0000
#define RC_INITIALIZE 0x100u

static void put16(tpmc__guard *guard, uint16_t value)
{
    guard->command[guard->command_len++] = (uint8_t)(value >> 8);
    guard->command[guard->command_len++] = (uint8_t)value;
}

static void put32(tpmc__guard *guard, uint32_t value)
{
    put16(guard, (uint16_t)(value >> 16));
    put16(guard, (uint16_t)value);
}

static void begin(tpmc__guard *guard, uint32_t code)
{
    guard->command_len = 0;
    put16(guard, TPMC__ST_NO_SESSIONS);
    put32(guard, 0);
    put32(guard, code);
}

static int run(tpmc__guard *guard)
{
    guard->command[4] = (uint8_t)(guard->command_len >> 8);
    guard->command[5] = (uint8_t)guard->command_len;
    tpmc__guard_exchange(guard);
    if (guard->outcome != TPMC__OUTCOME_ANSWERED)
        return guard->cause;
    return guard->rc == 0 ? 0 : TPMC_ERR_TPM;
}

int tpmc__raw_flush(tpmc__guard *guard, uint32_t handle)
{
    begin(guard, TPMC__CC_FLUSH_CONTEXT);
    put32(guard, handle);
    return run(guard);
}

int tpmc__raw_startup(tpmc__guard *guard)
{
    int status = 0;

    begin(guard, TPMC__CC_STARTUP);
    put16(guard, SU_CLEAR);
    status = run(guard);
    /* Somebody else was quicker. */
    if (status == TPMC_ERR_TPM && guard->rc == RC_INITIALIZE)
        return 0;
    return status;
}

/* TPM2_GetCapability; the list in the answer begins, with its count, at the offset. */
static int get_capability(tpmc__guard *guard, uint32_t capability, uint32_t first, uint32_t count,
                          size_t *offset)
{
    int status = 0;

    begin(guard, TPMC__CC_GET_CAPABILITY);
    put32(guard, capability);
    put32(guard, first);
    put32(guard, count);
    status = run(guard);
    if (status != 0)
        return status;
    /* moreData, capability, count */
    *offset = TPMC__HEADER_LEN + 1 + 4;
    if (guard->response_len < *offset + 4 ||
        tpmc__be32(guard->response + *offset - 4) != capability)
        return TPMC_ERR_TPM;
    return 0;
}

int tpmc__raw_handles(tpmc__guard *guard, uint32_t first, uint32_t *handles, size_t *count,
                      size_t capacity)
{
    size_t at = 0;
    size_t found = 0;
    int status = get_capability(guard, CAP_HANDLES, first, (uint32_t)capacity, &at);

    *count = 0;
    if (status != 0)
        return status;
    found = tpmc__be32(guard->response + at);
    if (found > capacity || guard->response_len - at - 4 != found * 4)
        return TPMC_ERR_TPM;
    for (size_t i = 0; i < found; i++)
        handles[i] = tpmc__be32(guard->response + at + 4 + i * 4);
    *count = found;
    return 0;
}

int tpmc__raw_read_public(tpmc__guard *guard, uint32_t handle, const uint8_t **area, size_t *len)
{
    int status = 0;

    begin(guard, TPMC__CC_READ_PUBLIC);
    put32(guard, handle);
    status = run(guard);
    if (status != 0)
        return status;
    if (guard->response_len < TPMC__HEADER_LEN + 2)
        return TPMC_ERR_TPM;
    *area = guard->response + TPMC__HEADER_LEN;
    *len = 2u + tpmc__be16(*area);
    return *len <= guard->response_len - TPMC__HEADER_LEN ? 0 : TPMC_ERR_TPM;
}

int tpmc__raw_property(tpmc__guard *guard, uint32_t property, uint32_t *value)
{
    size_t at = 0;
    int status = get_capability(guard, CAP_TPM_PROPERTIES, property, 1, &at);

    *value = 0;
    if (status != 0)
        return status;
    /* count, property, value */
    if (tpmc__be32(guard->response + at) != 1 || guard->response_len - at != 12 ||
        tpmc__be32(guard->response + at + 4) != property)
        return TPMC_ERR_TPM;
    *value = tpmc__be32(guard->response + at + 8);
    return 0;
}

int tpmc__raw_nv_size(tpmc__guard *guard, uint32_t index, size_t *size)
{
    size_t len = 0;
    int status = 0;

    *size = 0;
    begin(guard, CC_NV_READ_PUBLIC);
    put32(guard, index);
    status = run(guard);
    if (status != 0)
        return status;
    if (guard->response_len < TPMC__HEADER_LEN + 2)
        return TPMC_ERR_TPM;
    /* TPM2B_NV_PUBLIC, of which the size of the data is the last member */
    len = tpmc__be16(guard->response + TPMC__HEADER_LEN);
    if (len < 14 || len > guard->response_len - TPMC__HEADER_LEN - 2 ||
        tpmc__be32(guard->response + TPMC__HEADER_LEN + 2) != index)
        return TPMC_ERR_TPM;
    *size = tpmc__be16(guard->response + TPMC__HEADER_LEN + len);
    return 0;
}

int tpmc__raw_nv_read(tpmc__guard *guard, uint32_t index, size_t offset, size_t len,
                      const uint8_t **data)
{
    const size_t at = TPMC__HEADER_LEN + 4;
    int status = 0;

    begin(guard, CC_NV_READ);
    guard->command[1] = TPMC__ST_SESSIONS & 0xff;
    put32(guard, index);
    put32(guard, index);
    /* one authorization by the empty password: handle, no nonce, no attributes, no HMAC */
    put32(guard, 9);
    put32(guard, RS_PW);
    put16(guard, 0);
    guard->command[guard->command_len++] = 0;
    put16(guard, 0);
    put16(guard, (uint16_t)len);
    put16(guard, (uint16_t)offset);
    status = run(guard);
    if (status != 0)
        return status;
    if (guard->response_len < at + 2 + len || tpmc__be16(guard->response + at) != len)
        return TPMC_ERR_TPM;
    *data = guard->response + at + 2;
    return 0;
}

/* sequence, saved handle, hierarchy */
#define CONTEXT_HEADER_LEN 16

static void put_bytes(tpmc__guard *guard, const uint8_t *data, size_t len)
{
    memcpy(guard->command + guard->command_len, data, len);
    guard->command_len += len;
}

int tpmc__raw_context_save(tpmc__guard *guard, uint32_t handle, tpmc__context *out)
{
    const uint8_t *at = guard->response + TPMC__HEADER_LEN;
    int status = 0;

    begin(guard, CC_CONTEXT_SAVE);
    put32(guard, handle);
    status = run(guard);
    if (status != 0)
        return status;
    if (guard->response_len < TPMC__HEADER_LEN + CONTEXT_HEADER_LEN + 2)
        return TPMC_ERR_TPM;
    memcpy(out->sequence, at, sizeof(out->sequence));
    out->saved_handle = tpmc__be32(at + 8);
    out->hierarchy = tpmc__be32(at + 12);
    out->blob_len = tpmc__be16(at + CONTEXT_HEADER_LEN);
    if (out->blob_len > sizeof(out->blob) ||
        out->blob_len != guard->response_len - TPMC__HEADER_LEN - CONTEXT_HEADER_LEN - 2)
        return TPMC_ERR_TPM;
    memcpy(out->blob, at + CONTEXT_HEADER_LEN + 2, out->blob_len);
    return 0;
}

int tpmc__raw_context_load(tpmc__guard *guard, const tpmc__context *context, uint32_t *handle)
{
    int status = 0;

    *handle = 0;
    begin(guard, TPMC__CC_CONTEXT_LOAD);
    put_bytes(guard, context->sequence, sizeof(context->sequence));
    put32(guard, context->saved_handle);
    put32(guard, context->hierarchy);
    put16(guard, (uint16_t)context->blob_len);
    put_bytes(guard, context->blob, context->blob_len);
    status = run(guard);
    if (status == 0)
        *handle = guard->handle;
    return status;
}
