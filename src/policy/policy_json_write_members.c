/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/policy_json_write_members.h"

#include <stdio.h>

#include "codec/text.h"
#include "policy/policy_json.h"

#define HEX_MAX (2 * TPMC__PUBLIC_MAX)
#define LOCALITY_COUNT 5

typedef struct source {
    tpmc_env *env;
    const tpmc__policy_step *step;
    uint16_t hash;
} source;

typedef int (*member_writer)(const source *from, tpmc__json *to);

int tpmc__policy_write_hex(tpmc__json *to, const char *name, const void *data, size_t len)
{
    tpmc__buf hex;
    tpmc__json *text = NULL;

    tpmc__buf_init(&hex, HEX_MAX);
    if (tpmc__hex_encode(data, len, &hex) == 0)
        text = tpmc__json_new_text(hex.len > 0 ? (const char *)hex.data : "");
    tpmc__buf_free(&hex);
    return tpmc__json_add(to, name, text);
}

int tpmc__policy_write_bytes(tpmc__json *to, const char *name, const tpmc__policy_bytes *bytes)
{
    return tpmc__policy_write_hex(to, name, bytes->data, bytes->len);
}

int tpmc__policy_write_known(tpmc__json *to, const char *name, const tpmc__policy_bytes *bytes)
{
    return bytes->len == 0 ? 0 : tpmc__policy_write_bytes(to, name, bytes);
}

static int write_number(tpmc__json *to, const char *name, uint32_t number)
{
    char text[16];

    (void)snprintf(text, sizeof(text), "0x%08lx", (unsigned long)number);
    return tpmc__json_add_text(to, name, text);
}

int tpmc__policy_write_hash(tpmc__json *to, const char *name, uint16_t hash)
{
    const char *word = tpmc__hash_name(hash);

    return word == NULL ? write_number(to, name, hash) : tpmc__json_add_text(to, name, word);
}

/* The selected registers of one bank. */
static tpmc__json *registers_of(const tpmc__pcr_bank *bank)
{
    tpmc__json *list = tpmc__json_new_array();

    for (unsigned pcr = 0; pcr < 8U * bank->select_len; pcr++) {
        if (tpmc__pcr_bank_has(bank, pcr))
            (void)tpmc__json_append(list, tpmc__json_new_integer(pcr));
    }
    return list;
}

static int write_banks(const tpmc__pcr_selection *selection, tpmc__json *to)
{
    tpmc__json *banks = tpmc__json_new_array();

    for (size_t i = 0; i < selection->count; i++) {
        tpmc__json *bank = tpmc__json_new_object();

        (void)tpmc__policy_write_hash(bank, "hash", selection->banks[i].hash);
        (void)tpmc__json_add(bank, "pcrSelect", registers_of(&selection->banks[i]));
        (void)tpmc__json_append(banks, bank);
    }
    return tpmc__json_add(to, "currentPCRandBanks", banks);
}

static tpmc__json *register_json(uint16_t hash, unsigned pcr)
{
    tpmc__json *object = tpmc__json_new_object();

    (void)tpmc__json_add_integer(object, "pcr", pcr);
    (void)tpmc__policy_write_hash(object, "hashAlg", hash);
    return object;
}

/* Registers of which only the digest over all values is known. */
static int write_registers(const tpmc__pcr_selection *selection, tpmc__json *to)
{
    tpmc__json *list = tpmc__json_new_array();

    for (size_t i = 0; i < selection->count; i++) {
        const tpmc__pcr_bank *bank = &selection->banks[i];

        for (unsigned pcr = 0; pcr < 8U * bank->select_len; pcr++) {
            if (tpmc__pcr_bank_has(bank, pcr))
                (void)tpmc__json_append(list, register_json(bank->hash, pcr));
        }
    }
    return tpmc__json_add(to, "pcrs", list);
}

static int write_values(const tpmc__policy_step *step, tpmc__json *to)
{
    tpmc__json *list = tpmc__json_new_array();

    for (size_t i = 0; i < step->u.pcr.value_count; i++) {
        const tpmc__policy_pcr_value *value = &step->u.pcr.values[i];
        tpmc__json *object = register_json(value->hash, value->pcr);

        (void)tpmc__policy_write_hex(object, "digest", value->value, tpmc__hash_size(value->hash));
        (void)tpmc__json_append(list, object);
    }
    return tpmc__json_add(to, "pcrs", list);
}

static int write_fixed_pcr(const source *from, tpmc__json *to)
{
    tpmc__policy_bytes digest = { { 0 }, 0 };
    int status = write_values(from->step, to);

    if (status == 0)
        status = tpmc__policy_pcr_digest(from->env, from->step, from->hash, &digest, NULL);
    /* By a hash that is not known here there is none. */
    if (status != 0)
        return status == TPMC_ERR_NOMEM ? status : 0;
    return tpmc__policy_write_bytes(to, "pcrDigest", &digest);
}

static int write_pcr(const source *from, tpmc__json *to)
{
    const tpmc__pcr_selection *selection = &from->step->u.pcr.selection;
    int status;

    if (from->step->u.pcr.known == TPMC__PCR_NOW)
        return write_banks(selection, to);
    if (from->step->u.pcr.known == TPMC__PCR_VALUES)
        return write_fixed_pcr(from, to);
    status = write_registers(selection, to);
    if (status == 0)
        status = tpmc__policy_write_bytes(to, "pcrDigest", &from->step->u.pcr.digest);
    return status;
}

static int write_public(const tpmc__public *key, tpmc__json *to)
{
    tpmc__buf public_area;
    int status;

    tpmc__buf_init(&public_area, TPMC__PUBLIC_MAX);
    status = tpmc__public_write(key, &public_area);
    if (status == 0)
        status = tpmc__policy_write_hex(to, "keyPublic", public_area.data, public_area.len);
    tpmc__buf_free(&public_area);
    return status;
}

static int write_signer(const tpmc__policy_signer *key, tpmc__json *to)
{
    int status = tpmc__policy_write_bytes(to, "keyName", &key->name);

    if (status == 0 && key->has_public)
        status = write_public(&key->public_area, to);
    if (status == 0)
        status = tpmc__policy_write_known(to, "policyRef", &key->policy_ref);
    return status;
}

static int write_signed(const source *from, tpmc__json *to)
{
    int status = write_signer(&from->step->u.signed_by.key, to);

    if (status == 0 && from->step->u.signed_by.hint != NULL)
        status = tpmc__json_add_text(to, "publicKeyHint", from->step->u.signed_by.hint);
    return status;
}

static int write_authorize(const source *from, tpmc__json *to)
{
    return write_signer(&from->step->u.authorize.key, to);
}

static int write_secret(const source *from, tpmc__json *to)
{
    int status = 0;

    if (from->step->u.secret.handle != 0)
        status = write_number(to, "handle", from->step->u.secret.handle);
    if (status == 0)
        status = tpmc__policy_write_known(to, "objectName", &from->step->u.secret.name);
    if (status == 0)
        status = tpmc__policy_write_known(to, "policyRef", &from->step->u.secret.policy_ref);
    return status;
}

/* Bits 0 to 4 stand for localities; above them the byte is one extended locality. */
static int write_locality(const source *from, tpmc__json *to)
{
    static const char *const words[LOCALITY_COUNT] = { "ZERO", "ONE", "TWO", "THREE", "FOUR" };
    unsigned locality = from->step->u.locality;
    tpmc__json *list = NULL;

    if (locality >> LOCALITY_COUNT != 0)
        return tpmc__json_add_integer(to, "locality", locality);
    list = tpmc__json_new_array();
    for (unsigned i = 0; i < LOCALITY_COUNT; i++) {
        if ((locality >> i & 1) != 0)
            (void)tpmc__json_append(list, tpmc__json_new_text(words[i]));
    }
    return tpmc__json_add(to, "locality", list);
}

static int write_comparison(const tpmc__policy_bytes *operand, uint16_t offset, uint16_t operation,
                            tpmc__json *to)
{
    const char *word = tpmc__policy_operation_name(operation);
    int status = tpmc__policy_write_bytes(to, "operandB", operand);

    if (status == 0)
        status = tpmc__json_add_integer(to, "offset", offset);
    if (status != 0)
        return status;
    if (word == NULL)
        return write_number(to, "operation", operation);
    return tpmc__json_add_text(to, "operation", word);
}

static int write_nv(const source *from, tpmc__json *to)
{
    int status = write_number(to, "nvIndex", from->step->u.nv.index);

    if (status == 0)
        status = tpmc__policy_write_known(to, "nvName", &from->step->u.nv.name);
    if (status != 0)
        return status;
    return write_comparison(&from->step->u.nv.operand, from->step->u.nv.offset,
                            from->step->u.nv.operation, to);
}

static int write_authorize_nv(const source *from, tpmc__json *to)
{
    int status = write_number(to, "nvIndex", from->step->u.authorize_nv.index);

    if (status == 0)
        status = tpmc__policy_write_known(to, "nvName", &from->step->u.authorize_nv.name);
    return status;
}

static int write_counter_timer(const source *from, tpmc__json *to)
{
    return write_comparison(&from->step->u.counter_timer.operand,
                            from->step->u.counter_timer.offset,
                            from->step->u.counter_timer.operation, to);
}

static int write_command_code(const source *from, tpmc__json *to)
{
    const char *word = tpmc__policy_command_code_name(from->step->u.command_code);

    if (word == NULL)
        return write_number(to, "code", from->step->u.command_code);
    return tpmc__json_add_text(to, "code", word);
}

static int write_cp_hash(const source *from, tpmc__json *to)
{
    return tpmc__policy_write_bytes(to, "cpHash", &from->step->u.digest);
}

static int write_name_hash(const source *from, tpmc__json *to)
{
    return tpmc__policy_write_bytes(to, "nameHash", &from->step->u.digest);
}

static int write_template(const source *from, tpmc__json *to)
{
    return tpmc__policy_write_bytes(to, "templateHash", &from->step->u.digest);
}

static int write_duplication(const source *from, tpmc__json *to)
{
    int status = tpmc__policy_write_known(to, "objectName", &from->step->u.duplication.object_name);

    if (status == 0)
        status = tpmc__policy_write_bytes(to, "newParentName",
                                          &from->step->u.duplication.new_parent_name);
    if (status == 0)
        status =
            tpmc__json_add_boolean(to, "includeObject", from->step->u.duplication.include_object);
    return status;
}

static int write_nv_written(const source *from, tpmc__json *to)
{
    return tpmc__json_add_boolean(to, "writtenSet", from->step->u.nv_written);
}

static int write_action(const source *from, tpmc__json *to)
{
    return tpmc__json_add_text(to, "action", from->step->u.action);
}

/* NULL: the type says all. */
static const member_writer writers[TPMC__POLICY_KIND_COUNT] = {
    [TPMC__POLICY_SIGNED] = write_signed,
    [TPMC__POLICY_SECRET] = write_secret,
    [TPMC__POLICY_PCR] = write_pcr,
    [TPMC__POLICY_LOCALITY] = write_locality,
    [TPMC__POLICY_NV] = write_nv,
    [TPMC__POLICY_COUNTER_TIMER] = write_counter_timer,
    [TPMC__POLICY_COMMAND_CODE] = write_command_code,
    [TPMC__POLICY_CP_HASH] = write_cp_hash,
    [TPMC__POLICY_NAME_HASH] = write_name_hash,
    [TPMC__POLICY_DUPLICATION_SELECT] = write_duplication,
    [TPMC__POLICY_AUTHORIZE] = write_authorize,
    [TPMC__POLICY_NV_WRITTEN] = write_nv_written,
    [TPMC__POLICY_TEMPLATE] = write_template,
    [TPMC__POLICY_AUTHORIZE_NV] = write_authorize_nv,
    [TPMC__POLICY_ACTION] = write_action,
};

int tpmc__policy_write_members(tpmc_env *env, const tpmc__policy_step *step, uint16_t hash,
                               tpmc__json *to)
{
    const source from = { env, step, hash };

    return writers[step->kind] == NULL ? 0 : writers[step->kind](&from, to);
}
