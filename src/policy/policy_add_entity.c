/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/error_int.h"
#include "base/mem.h"
#include "policy/policy_add.h"

/* Steps about something that stands in the TPM: registers, NV indices, objects, the clock. */

#define MAX_OPERAND 64
#define MAX_NV_OFFSET 2047
#define TIME_INFO_LEN 25
#define MAX_OPERATION 11
#define HANDLE_NV_INDEX 0x01
#define HANDLE_PERSISTENT 0x81

static const uint32_t hierarchies[] = { 0x40000001, 0x4000000b, 0x4000000c, 0x4000000a };

/* Spreads the caller's values, which have the right length, over the registers of the selection. */
static int take_values(tpmc__policy_step *step, const uint8_t *values, tpmc_error *err)
{
    const tpmc__pcr_selection *selection = &step->u.pcr.selection;
    size_t count = tpmc__pcr_selection_size(selection);
    tpmc__policy_pcr_value *value = tpmc__mem_new(count, sizeof(*value));

    if (value == NULL)
        return tpmc__fail_nomem(err);
    step->u.pcr.values = value;
    step->u.pcr.value_count = count;
    step->u.pcr.known = TPMC__PCR_VALUES;
    for (size_t i = 0; i < selection->count; i++) {
        const size_t size = tpmc__hash_size(selection->banks[i].hash);

        for (uint8_t pcr = 0; pcr < TPMC__PCR_COUNT; pcr++) {
            if (!tpmc__pcr_bank_has(&selection->banks[i], pcr))
                continue;
            value->hash = selection->banks[i].hash;
            value->pcr = pcr;
            memcpy(value->value, values, size);
            values += size;
            value++;
        }
    }
    return 0;
}

/* How many bytes the values of all registers have. */
static size_t values_size(const tpmc__pcr_selection *selection)
{
    size_t size = 0;

    for (size_t i = 0; i < selection->count; i++) {
        for (unsigned pcr = 0; pcr < TPMC__PCR_COUNT; pcr++) {
            if (tpmc__pcr_bank_has(&selection->banks[i], pcr))
                size += tpmc__hash_size(selection->banks[i].hash);
        }
    }
    return size;
}

int tpmc_policy_add_pcr(tpmc_policy *policy, const char *selection, const void *values, size_t len,
                        tpmc_error *err)
{
    tpmc__policy_step *step = NULL;
    int status = tpmc__policy_enter_add(policy, err);

    if (status != 0)
        return status;
    if (selection == NULL)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT, "the parameter 'selection' is NULL");
    if ((values == NULL) != (len == 0))
        return tpmc__fail(err, TPMC_ERR_ARGUMENT,
                          "the parameter 'values' has a length without bytes, or bytes without a "
                          "length");
    status = tpmc__policy_append_pcr(&policy->document.steps, selection, err);
    if (status != 0)
        return status;
    step = &policy->document.steps.items[policy->document.steps.count - 1];
    if (values != NULL && len != values_size(&step->u.pcr.selection))
        status = tpmc__fail(err, TPMC_ERR_ARGUMENT,
                            "the parameter 'values' has %zu bytes, and the registers have %zu", len,
                            values_size(&step->u.pcr.selection));
    else if (values != NULL)
        status = take_values(step, values, err);
    return tpmc__policy_end_add(policy, status, err);
}

static int is_hierarchy(uint32_t handle)
{
    for (size_t i = 0; i < sizeof(hierarchies) / sizeof(hierarchies[0]); i++) {
        if (hierarchies[i] == handle)
            return 1;
    }
    return 0;
}

static uint32_t handle_of_name(const tpmc__policy_bytes *name)
{
    return (uint32_t)name->data[0] << 24 | (uint32_t)name->data[1] << 16 |
           (uint32_t)name->data[2] << 8 | name->data[3];
}

static int check_secret(uint32_t handle, const tpmc__policy_bytes *name, tpmc_error *err)
{
    const uint32_t type = handle >> 24;

    if (handle != 0 && !is_hierarchy(handle) && type != HANDLE_NV_INDEX &&
        type != HANDLE_PERSISTENT)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT,
                          "0x%08x is no hierarchy (0x40000001, 0x4000000b, 0x4000000c, "
                          "0x4000000a), NV index (0x01xxxxxx) or persistent object (0x81xxxxxx)",
                          (unsigned)handle);
    if (name->len == 4 &&
        (!is_hierarchy(handle_of_name(name)) || (handle != 0 && handle != handle_of_name(name))))
        return tpmc__fail(err, TPMC_ERR_ARGUMENT,
                          "the parameter 'name' has four bytes, and is not the hierarchy's handle");
    if (name->len != 0 && name->len != 4 && is_hierarchy(handle))
        return tpmc__fail(err, TPMC_ERR_ARGUMENT,
                          "the parameter 'name' is not that of the hierarchy 0x%08x, which is its "
                          "handle",
                          (unsigned)handle);
    return 0;
}

/* A hierarchy is known by its handle alone, now and later. */
static void name_hierarchy(uint32_t *handle, tpmc__policy_bytes *name)
{
    const uint8_t bytes[4] = { (uint8_t)(*handle >> 24), (uint8_t)(*handle >> 16),
                               (uint8_t)(*handle >> 8), (uint8_t)*handle };

    if (name->len == 4)
        *handle = handle_of_name(name);
    else if (is_hierarchy(*handle))
        (void)tpmc__policy_bytes_set(name, bytes, sizeof(bytes));
}

int tpmc_policy_add_secret(tpmc_policy *policy, uint32_t handle, const void *name, size_t name_len,
                           const void *policy_ref, size_t policy_ref_len, tpmc_error *err)
{
    tpmc__policy_bytes name_bytes = { { 0 }, 0 };
    tpmc__policy_bytes reference = { { 0 }, 0 };
    tpmc__policy_step *step = NULL;
    int status = tpmc__policy_enter_add(policy, err);

    if (status == 0)
        status = tpmc__policy_take_name(&name_bytes, name, name_len, "name", err);
    if (status == 0)
        status = tpmc__policy_take_bytes(&reference, policy_ref, policy_ref_len, 0,
                                         TPMC__POLICY_MAX_REFERENCE, "policy_ref", err);
    if (status == 0)
        status = check_secret(handle, &name_bytes, err);
    if (status == 0)
        status = tpmc__policy_begin_add(policy, TPMC__POLICY_SECRET, &step, err);
    if (status != 0)
        return status;
    name_hierarchy(&handle, &name_bytes);
    step->u.secret.handle = handle;
    step->u.secret.name = name_bytes;
    step->u.secret.policy_ref = reference;
    return tpmc__policy_end_add(policy, 0, err);
}

static int check_numbers(int offset, int max_offset, int operation, tpmc_error *err)
{
    if (offset < 0 || offset > max_offset)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT, "the parameter 'offset' is not 0 to %d",
                          max_offset);
    if (operation < 0 || operation > MAX_OPERATION)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT,
                          "the parameter 'operation' is none of TPMC_OPERATION_*");
    return 0;
}

int tpmc_policy_add_nv(tpmc_policy *policy, uint32_t index, const void *operand, size_t operand_len,
                       int offset, int operation, tpmc_error *err)
{
    tpmc__policy_bytes bytes = { { 0 }, 0 };
    tpmc__policy_step *step = NULL;
    int status = tpmc__policy_enter_add(policy, err);

    if (status == 0)
        status =
            tpmc__policy_take_bytes(&bytes, operand, operand_len, 1, MAX_OPERAND, "operand", err);
    if (status == 0)
        status = check_numbers(offset, MAX_NV_OFFSET, operation, err);
    if (status == 0)
        status = tpmc__policy_begin_add(policy, TPMC__POLICY_NV, &step, err);
    if (status != 0)
        return status;
    step->u.nv.index = index;
    step->u.nv.operand = bytes;
    step->u.nv.offset = (uint16_t)offset;
    step->u.nv.operation = (uint16_t)operation;
    return tpmc__policy_end_add(policy, 0, err);
}

int tpmc_policy_add_counter_timer(tpmc_policy *policy, const void *operand, size_t operand_len,
                                  int offset, int operation, tpmc_error *err)
{
    tpmc__policy_bytes bytes = { { 0 }, 0 };
    tpmc__policy_step *step = NULL;
    int status = tpmc__policy_enter_add(policy, err);

    if (status == 0)
        status =
            tpmc__policy_take_bytes(&bytes, operand, operand_len, 1, TIME_INFO_LEN, "operand", err);
    if (status == 0)
        status = check_numbers(offset, TIME_INFO_LEN - 1, operation, err);
    if (status == 0)
        status = tpmc__policy_begin_add(policy, TPMC__POLICY_COUNTER_TIMER, &step, err);
    if (status != 0)
        return status;
    step->u.counter_timer.operand = bytes;
    step->u.counter_timer.offset = (uint16_t)offset;
    step->u.counter_timer.operation = (uint16_t)operation;
    return tpmc__policy_end_add(policy, 0, err);
}
