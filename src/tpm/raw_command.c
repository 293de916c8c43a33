/* SPDX-License-Identifier: Apache-2.0 */
#include "tpm/raw_command.h"

#include "tpm/frame.h"

#define CAP_HANDLES 0x00000001u
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
    guard->command[5] = (uint8_t)guard->command_len; /* all of these are shorter than 256 bytes */
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

/* GetCapability(TPM_CAP_HANDLES); the list in the answer begins at the offset. */
static int get_handles(tpmc__guard *guard, uint32_t first, uint32_t count, size_t *offset)
{
    int status = 0;

    begin(guard, TPMC__CC_GET_CAPABILITY);
    put32(guard, CAP_HANDLES);
    put32(guard, first);
    put32(guard, count);
    status = run(guard);
    if (status != 0)
        return status;
    /* moreData, capability, count */
    *offset = TPMC__HEADER_LEN + 1 + 4;
    if (guard->response_len < *offset + 4 ||
        tpmc__be32(guard->response + *offset - 4) != CAP_HANDLES)
        return TPMC_ERR_TPM;
    return 0;
}

int tpmc__raw_handles(tpmc__guard *guard, uint32_t first, uint32_t *handles, size_t *count,
                      size_t capacity)
{
    size_t at = 0;
    size_t found = 0;
    int status = get_handles(guard, first, (uint32_t)capacity, &at);

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
