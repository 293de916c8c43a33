/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/error_int.h"
#include "base/mem.h"
#include "policy/policy_json_field.h"

#define SELECT_LEN 3

/* One entry of `pcrs`. */
struct entry {
    uint16_t hash;
    uint32_t pcr;
    tpmc__policy_bytes value;
};

static tpmc__pcr_bank *find_bank(tpmc__pcr_selection *selection, uint16_t hash)
{
    for (size_t i = 0; i < selection->count; i++) {
        if (selection->banks[i].hash == hash)
            return &selection->banks[i];
    }
    if (selection->count == TPMC__PCR_BANKS)
        return NULL;
    selection->banks[selection->count].hash = hash;
    selection->banks[selection->count].select_len = SELECT_LEN;
    return &selection->banks[selection->count++];
}

static int select_register(tpmc__json_reader *reader, const char *name, uint16_t hash, uint32_t pcr,
                           tpmc__pcr_selection *selection)
{
    tpmc__pcr_bank *bank = find_bank(selection, hash);

    if (bank == NULL)
        return tpmc__field_fail(reader, name, "names more than four banks");
    if (tpmc__pcr_bank_has(bank, pcr))
        return tpmc__field_fail(reader, name, "names a register twice");
    bank->select[pcr / 8] |= (uint8_t)(1u << (pcr % 8));
    return 0;
}

static int read_register(tpmc__json_reader *reader, const tpmc__json *value, const char *name,
                         uint32_t *out)
{
    if (tpmc__field_value_number(value, TPMC__PCR_COUNT - 1, out) == 0)
        return 0;
    return tpmc__field_fail(reader, name, "names a register that is not 0 to 23");
}

static int read_entry(tpmc__json_reader *reader, const tpmc__json *object, struct entry *out)
{
    const tpmc__json *pcr = tpmc__field(object, "pcr");
    size_t size = 0;
    int status = 0;

    if (pcr == NULL)
        return tpmc__field_fail(reader, "pcr", "is missing");
    status = read_register(reader, pcr, "pcr", &out->pcr);
    if (status == 0)
        status = tpmc__field_hash(reader, object, "hashAlg", 0, &out->hash);
    if (status == 0)
        status = tpmc__field_short_bytes(reader, object, "digest", TPMC__DIGEST_MAX, &out->value);
    if (status != 0)
        return status;
    size = tpmc__hash_size(out->hash);
    if (out->value.len == size)
        return 0;
    return tpmc__fail(reader->err, TPMC_ERR_FORMAT,
                      "the field 'digest' of the register %u has %zu bytes, and %s has %zu",
                      (unsigned)out->pcr, out->value.len, tpmc__hash_name(out->hash), size);
}

/* Values stand in the order of the banks, and ascending within each. */
static size_t place_of(const tpmc__pcr_selection *selection, const struct entry *entry)
{
    size_t place = 0;

    for (size_t i = 0; i < selection->count; i++) {
        const tpmc__pcr_bank *bank = &selection->banks[i];
        unsigned end = bank->hash == entry->hash ? entry->pcr : TPMC__PCR_COUNT;

        for (unsigned pcr = 0; pcr < end; pcr++)
            place += (size_t)tpmc__pcr_bank_has(bank, pcr);
        if (bank->hash == entry->hash)
            break;
    }
    return place;
}

static void put_values(const struct entry *entries, size_t count, tpmc__policy_step *step)
{
    for (size_t i = 0; i < count; i++) {
        tpmc__policy_pcr_value *value =
            &step->u.pcr.values[place_of(&step->u.pcr.selection, &entries[i])];

        value->hash = entries[i].hash;
        value->pcr = (uint8_t)entries[i].pcr;
        memcpy(value->value, entries[i].value.data, entries[i].value.len);
    }
}

static int read_entries(tpmc__json_reader *reader, const tpmc__json *list, struct entry *entries,
                        size_t count, tpmc__policy_step *step)
{
    int status = 0;

    for (size_t i = 0; i < count && status == 0; i++) {
        status = read_entry(reader, tpmc__json_item(list, i), &entries[i]);
        if (status == 0)
            status = select_register(reader, "pcrs", entries[i].hash, entries[i].pcr,
                                     &step->u.pcr.selection);
    }
    return status;
}

static int read_values(tpmc__json_reader *reader, const tpmc__json *list, tpmc__policy_step *step)
{
    size_t count = tpmc__json_count(list);
    struct entry *entries = NULL;
    int status = 0;

    if (!tpmc__json_is_array(list) || count == 0)
        return tpmc__field_fail(reader, "pcrs", "is no array of registers, or an empty one");
    entries = tpmc__mem_new(count, sizeof(*entries));
    if (entries == NULL)
        return tpmc__fail_nomem(reader->err);
    status = read_entries(reader, list, entries, count, step);
    if (status == 0) {
        step->u.pcr.values = tpmc__mem_new(count, sizeof(*step->u.pcr.values));
        if (step->u.pcr.values == NULL)
            status = tpmc__fail_nomem(reader->err);
    }
    if (status == 0) {
        step->u.pcr.value_count = count;
        step->u.pcr.known = TPMC__PCR_VALUES;
        put_values(entries, count, step);
    }
    tpmc__mem_free(entries);
    return status;
}

static int read_registers(tpmc__json_reader *reader, const tpmc__json *list, const char *name,
                          uint16_t hash, tpmc__pcr_selection *selection)
{
    size_t count = tpmc__json_count(list);
    int status = 0;

    if (!tpmc__json_is_array(list) || count == 0)
        return tpmc__field_fail(reader, name, "is no array of registers, or an empty one");
    for (size_t i = 0; i < count && status == 0; i++) {
        uint32_t pcr = 0;

        status = read_register(reader, tpmc__json_item(list, i), name, &pcr);
        if (status == 0)
            status = select_register(reader, name, hash, pcr, selection);
    }
    return status;
}

static int read_banks(tpmc__json_reader *reader, const tpmc__json *list,
                      tpmc__pcr_selection *selection)
{
    size_t count = tpmc__json_count(list);
    int status = 0;

    if (!tpmc__json_is_array(list) || count == 0)
        return tpmc__field_fail(reader, "currentPCRandBanks",
                                "is no array of banks, or an empty one");
    for (size_t i = 0; i < count && status == 0; i++) {
        const tpmc__json *bank = tpmc__json_item(list, i);
        uint16_t hash = 0;

        status = tpmc__field_hash(reader, bank, "hash", 0, &hash);
        if (status == 0)
            status = read_registers(reader, tpmc__field(bank, "pcrSelect"), "pcrSelect", hash,
                                    selection);
    }
    return status;
}

int tpmc__json_pcr(tpmc__json_reader *reader, const tpmc__json *object, tpmc__policy_step *step)
{
    static const char *const names[] = { "pcrs", "currentPCRs", "currentPCRandBanks", NULL };
    size_t which = 0;
    int status = tpmc__field_one_of(reader, object, names, &which);

    if (status != 0)
        return status;
    if (which == 0)
        return read_values(reader, tpmc__field(object, names[which]), step);
    if (which == 1)
        return read_registers(reader, tpmc__field(object, names[which]), names[which],
                              TPMC__HASH_SHA256, &step->u.pcr.selection);
    return read_banks(reader, tpmc__field(object, names[which]), &step->u.pcr.selection);
}
