/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <strings.h>

#include "base/error_int.h"
#include "policy/policy_json_field.h"

#define OPERATION_MAX 11
#define PERMANENT_NAME_LEN 4
#define PERMANENT_RANGE 0x40
#define EXTENDED_SHIFT 5
#define EXTENDED_MAX 7

typedef int (*read_fn)(tpmc__json_reader *reader, const tpmc__json *object,
                       tpmc__policy_step *step);

static int read_nothing(tpmc__json_reader *reader, const tpmc__json *object,
                        tpmc__policy_step *step)
{
    (void)reader;
    (void)object;
    (void)step;
    return 0;
}

/* What binds a step to one command is nothing that a key can be used by again and again. */
static int refuse_cp_hash(tpmc__json_reader *reader, const tpmc__json *object)
{
    tpmc__policy_bytes hash = { { 0 }, 0 };
    int status = tpmc__field_short_bytes(reader, object, "cpHashA", TPMC__DIGEST_MAX, &hash);

    if (status != 0 || hash.len == 0)
        return status;
    return tpmc__fail(reader->err, TPMC_ERR_UNSUPPORTED,
                      "the field 'cpHashA' is not supported: it would allow one command with one "
                      "set of parameters only");
}

static int read_signed(tpmc__json_reader *reader, const tpmc__json *object, tpmc__policy_step *step)
{
    int status = refuse_cp_hash(reader, object);

    if (status == 0)
        status = tpmc__json_signer(reader, object, &step->u.signed_by.key);
    if (status == 0)
        status = tpmc__field_copy(reader, object, "publicKeyHint", &step->u.signed_by.hint);
    return status;
}

static int read_authorize(tpmc__json_reader *reader, const tpmc__json *object,
                          tpmc__policy_step *step)
{
    return tpmc__json_signer(reader, object, &step->u.authorize.key);
}

static uint32_t number_of(const tpmc__policy_bytes *name)
{
    return (uint32_t)name->data[0] << 24 | (uint32_t)name->data[1] << 16 |
           (uint32_t)name->data[2] << 8 | name->data[3];
}

/* The Name of a hierarchy is its handle: each stands for the other. */
static const char *match_hierarchy(tpmc__policy_bytes *name, uint32_t *handle)
{
    const uint8_t bytes[PERMANENT_NAME_LEN] = { (uint8_t)(*handle >> 24), (uint8_t)(*handle >> 16),
                                                (uint8_t)(*handle >> 8), (uint8_t)*handle };

    if (name->len == 0 && *handle >> 24 == PERMANENT_RANGE)
        (void)tpmc__policy_bytes_set(name, bytes, sizeof(bytes));
    if (name->len != PERMANENT_NAME_LEN)
        return NULL;
    if (name->data[0] != PERMANENT_RANGE)
        return "is the Name of no object and the handle of no hierarchy; other handles go into "
               "'handle'";
    if (*handle != 0 && *handle != number_of(name))
        return "is another hierarchy than 'handle'";
    *handle = number_of(name);
    return NULL;
}

/* `handle` is ours: where the entity with that Name is found. */
static int read_secret(tpmc__json_reader *reader, const tpmc__json *object, tpmc__policy_step *step)
{
    const char *flaw = NULL;
    int status = refuse_cp_hash(reader, object);

    if (status != 0)
        return status;
    if (tpmc__field(object, "objectPath") != NULL)
        return tpmc__field_refuse_path(reader, "objectPath", "objectName");
    if (tpmc__field(object, "objectName") == NULL && tpmc__field(object, "handle") == NULL)
        return tpmc__field_fail(reader, "objectName", "is missing, and so is 'handle'");
    if (tpmc__field(object, "handle") != NULL)
        status = tpmc__field_number(reader, object, "handle", UINT32_MAX, &step->u.secret.handle);
    if (status == 0)
        status = tpmc__field_short_bytes(reader, object, "objectName", TPMC__NAME_MAX,
                                         &step->u.secret.name);
    if (status == 0)
        status = tpmc__field_short_bytes(reader, object, "policyRef", TPMC__DIGEST_MAX,
                                         &step->u.secret.policy_ref);
    if (status != 0)
        return status;
    flaw = match_hierarchy(&step->u.secret.name, &step->u.secret.handle);
    return flaw == NULL ? 0 : tpmc__field_fail(reader, "objectName", flaw);
}

static const tpmc__json_word locality_list[] = {
    { "ZERO", 1u << 0 },  { "ONE", 1u << 1 },  { "TWO", 1u << 2 },
    { "THREE", 1u << 3 }, { "FOUR", 1u << 4 },
};

static const char *const locality_prefixes[] = { "TPM_",  "TPM2_", "TPMA_", "LOCALITY_",
                                                 "TPM2_", "LOC_",  NULL };

static const tpmc__json_words localities = { locality_list,
                                             sizeof(locality_list) / sizeof(locality_list[0]),
                                             locality_prefixes };

/* `extended` is the upper part of the byte. */
static const char *read_locality_flags(const tpmc__json *value, uint32_t *out)
{
    const tpmc__json *extended = tpmc__field(value, "extended");
    uint32_t number = 0;
    const char *flaw = tpmc__field_flags(value, &localities, extended != NULL, out);

    if (flaw != NULL || extended == NULL)
        return flaw;
    if (tpmc__field_value_number(extended, EXTENDED_MAX, &number) != 0)
        return "has an extended part that is not 0 to 7";
    *out |= number << EXTENDED_SHIFT;
    return NULL;
}

static int read_locality(tpmc__json_reader *reader, const tpmc__json *object,
                         tpmc__policy_step *step)
{
    const tpmc__json *value = tpmc__field(object, "locality");
    const char *word = tpmc__json_text(value);
    const char *flaw = NULL;
    uint32_t locality = 0;

    if (value == NULL)
        flaw = "is missing";
    else if (tpmc__json_is_array(value) || tpmc__json_is_object(value))
        flaw = read_locality_flags(value, &locality);
    else if ((word == NULL || tpmc__field_word(word, &localities, &locality) != 0) &&
             tpmc__field_value_number(value, UINT8_MAX, &locality) != 0)
        flaw = "names no locality, such as ONE, and is no number from 1 to 255";
    if (flaw != NULL)
        return tpmc__field_fail(reader, "locality", flaw);
    step->u.locality = (uint8_t)locality;
    return 0;
}

/* Optional numbers default to 0. */
static int read_comparison(tpmc__json_reader *reader, const tpmc__json *object,
                           tpmc__policy_bytes *operand, uint16_t *offset, uint16_t *operation)
{
    const tpmc__json *word = tpmc__field(object, "operation");
    const char *text = tpmc__json_text(word);
    uint32_t number = 0;
    int status = 0;

    if (tpmc__field(object, "operandB") == NULL)
        return tpmc__field_fail(reader, "operandB", "is missing");
    status = tpmc__field_short_bytes(reader, object, "operandB", TPMC__DIGEST_MAX, operand);
    if (status == 0 && tpmc__field(object, "offset") != NULL)
        status = tpmc__field_number(reader, object, "offset", UINT16_MAX, &number);
    *offset = (uint16_t)number;
    if (status != 0 || word == NULL)
        return status;
    if (text != NULL && tpmc__policy_word_operation(text, operation) == 0)
        return 0;
    if (tpmc__field_value_number(word, OPERATION_MAX, &number) != 0)
        return tpmc__field_fail(reader, "operation", "is no comparison, such as EQ or UNSIGNED_LT");
    *operation = (uint16_t)number;
    return 0;
}

/* The public area says which index it is. */
static int read_index(tpmc__json_reader *reader, const tpmc__json *object, uint32_t *index,
                      tpmc__policy_bytes *name)
{
    uint32_t stated = 0;
    int status = 0;

    if (tpmc__field(object, "nvPath") != NULL)
        return tpmc__field_refuse_path(reader, "nvPath", "nvPublic");
    if (tpmc__field(object, "nvPublic") == NULL)
        return tpmc__field_number(reader, object, "nvIndex", UINT32_MAX, index);
    status = tpmc__json_nv_public(reader, object, "nvPublic", index, name);
    if (status != 0 || tpmc__field(object, "nvIndex") == NULL)
        return status;
    status = tpmc__field_number(reader, object, "nvIndex", UINT32_MAX, &stated);
    if (status == 0 && stated != *index)
        status = tpmc__field_fail(reader, "nvIndex", "is another index than that of 'nvPublic'");
    return status;
}

static int read_nv(tpmc__json_reader *reader, const tpmc__json *object, tpmc__policy_step *step)
{
    int status = read_index(reader, object, &step->u.nv.index, &step->u.nv.name);

    if (status != 0)
        return status;
    return read_comparison(reader, object, &step->u.nv.operand, &step->u.nv.offset,
                           &step->u.nv.operation);
}

static int read_authorize_nv(tpmc__json_reader *reader, const tpmc__json *object,
                             tpmc__policy_step *step)
{
    return read_index(reader, object, &step->u.authorize_nv.index, &step->u.authorize_nv.name);
}

static int read_counter_timer(tpmc__json_reader *reader, const tpmc__json *object,
                              tpmc__policy_step *step)
{
    if (tpmc__field(object, "operation") == NULL)
        return tpmc__field_fail(reader, "operation", "is missing");
    return read_comparison(reader, object, &step->u.counter_timer.operand,
                           &step->u.counter_timer.offset, &step->u.counter_timer.operation);
}

static int read_command_code(tpmc__json_reader *reader, const tpmc__json *object,
                             tpmc__policy_step *step)
{
    const tpmc__json *value = tpmc__field(object, "code");
    const char *word = tpmc__json_text(value);

    if (value == NULL)
        return tpmc__field_fail(reader, "code", "is missing");
    if (word != NULL && tpmc__policy_word_command(word, &step->u.command_code) == 0)
        return 0;
    if (tpmc__field_value_number(value, UINT32_MAX, &step->u.command_code) == 0)
        return 0;
    return tpmc__field_fail(reader, "code", "is no command, such as Sign, and no number of one");
}

static int read_digest(tpmc__json_reader *reader, const tpmc__json *object, const char *name,
                       tpmc__policy_step *step)
{
    if (tpmc__field(object, name) == NULL)
        return tpmc__field_fail(reader, name, "is missing");
    return tpmc__field_short_bytes(reader, object, name, TPMC__DIGEST_MAX, &step->u.digest);
}

static int read_cp_hash(tpmc__json_reader *reader, const tpmc__json *object,
                        tpmc__policy_step *step)
{
    return read_digest(reader, object, "cpHash", step);
}

/* What the hash is made from may stand beside it. */
static int read_name_hash(tpmc__json_reader *reader, const tpmc__json *object,
                          tpmc__policy_step *step)
{
    if (tpmc__field(object, "nameHash") != NULL)
        return read_digest(reader, object, "nameHash", step);
    if (tpmc__field(object, "namePaths") != NULL)
        return tpmc__field_refuse_path(reader, "namePaths", "nameHash");
    if (tpmc__field(object, "objectNames") != NULL)
        return tpmc__fail(reader->err, TPMC_ERR_UNSUPPORTED,
                          "the field 'objectNames' is not supported; give 'nameHash' instead, the "
                          "digest over the Names");
    return tpmc__field_fail(reader, "nameHash", "is missing");
}

static int hash_area(tpmc__json_reader *reader, const tpmc__buf *tpm2b, uint16_t hash,
                     tpmc__policy_bytes *out)
{
    /* TPMT_PUBLIC is hashed, without the size of a TPM2B. */
    tpmc__span span = { tpm2b->data + 2, tpm2b->len - 2 };

    out->len = tpmc__hash_size(hash);
    return tpmc__digest(reader->env, hash, &span, 1, out->data, reader->err);
}

/* By the hash of the policy, which is not known here. */
static int hash_template(tpmc__json_reader *reader, const tpmc__json *object,
                         tpmc__policy_step *step)
{
    static const uint16_t hashes[TPMC__POLICY_HASHES] = { TPMC__HASH_SHA1, TPMC__HASH_SHA256,
                                                          TPMC__HASH_SHA384, TPMC__HASH_SHA512 };
    tpmc__public public_area;
    tpmc__buf bytes;
    int status = tpmc__json_public(reader, object, "templatePublic", &public_area);

    if (status != 0)
        return status;
    tpmc__buf_init(&bytes, TPMC__PUBLIC_MAX);
    tpmc__public_write(&public_area, &bytes);
    status = tpmc__buf_check(&bytes, "the template", reader->err);
    if (status == 0)
        status = hash_area(reader, &bytes, public_area.name_alg, &step->u.template_of.digest);
    for (size_t i = 0; i < TPMC__POLICY_HASHES && status == 0; i++)
        status = hash_area(reader, &bytes, hashes[i], &step->u.template_of.by_hash[i]);
    tpmc__buf_free(&bytes);
    return status;
}

static int read_template(tpmc__json_reader *reader, const tpmc__json *object,
                         tpmc__policy_step *step)
{
    static const char *const names[] = { "templateHash", "templatePublic", NULL };
    size_t which = 0;
    int status = tpmc__field_one_of(reader, object, names, &which);

    if (status != 0)
        return status;
    return which == 1 ? hash_template(reader, object, step)
                      : read_digest(reader, object, "templateHash", step);
}

static int read_duplication(tpmc__json_reader *reader, const tpmc__json *object,
                            tpmc__policy_step *step)
{
    static const char *const names[] = { "newParentName", "newParentPublic", "newParentPath",
                                         NULL };
    const tpmc__json *include = tpmc__field(object, "includeObject");
    tpmc__policy_bytes *parent = &step->u.duplication.new_parent_name;
    tpmc__public public_area;
    size_t which = 0;
    int status = tpmc__field_one_of(reader, object, names, &which);

    if (status == 0 && which == 2)
        status = tpmc__field_refuse_path(reader, "newParentPath", "newParentName");
    if (status == 0 && which == 1)
        status = tpmc__json_key(reader, object, "newParentPublic", &public_area);
    if (status == 0 && which == 1)
        status =
            tpmc__public_name(reader->env, &public_area, parent->data, &parent->len, reader->err);
    if (status == 0 && which == 0)
        status = tpmc__field_short_bytes(reader, object, "newParentName", TPMC__NAME_MAX, parent);
    if (status == 0)
        status = tpmc__field_short_bytes(reader, object, "objectName", TPMC__NAME_MAX,
                                         &step->u.duplication.object_name);
    /* As tpm2-tss has it, the object counts where it is named. */
    step->u.duplication.include_object = step->u.duplication.object_name.len > 0;
    if (status == 0 && include != NULL &&
        tpmc__field_boolean(include, &step->u.duplication.include_object) != 0)
        status = tpmc__field_fail(reader, "includeObject", "is neither YES nor NO");
    return status;
}

static int read_nv_written(tpmc__json_reader *reader, const tpmc__json *object,
                           tpmc__policy_step *step)
{
    const tpmc__json *written = tpmc__field(object, "writtenSet");

    step->u.nv_written = 1;
    if (written == NULL || tpmc__field_boolean(written, &step->u.nv_written) == 0)
        return 0;
    return tpmc__field_fail(reader, "writtenSet", "is neither YES nor NO");
}

static int read_action(tpmc__json_reader *reader, const tpmc__json *object, tpmc__policy_step *step)
{
    int status = tpmc__field_copy(reader, object, "action", &step->u.action);

    if (status == 0 && step->u.action == NULL)
        status = tpmc__field_fail(reader, "action", "is missing");
    return status;
}

/* PolicyOR has steps of its own, and is read elsewhere. */
static const read_fn readers[TPMC__POLICY_KIND_COUNT] = {
    [TPMC__POLICY_OR] = NULL,
    [TPMC__POLICY_SIGNED] = read_signed,
    [TPMC__POLICY_SECRET] = read_secret,
    [TPMC__POLICY_PCR] = tpmc__json_pcr,
    [TPMC__POLICY_LOCALITY] = read_locality,
    [TPMC__POLICY_NV] = read_nv,
    [TPMC__POLICY_COUNTER_TIMER] = read_counter_timer,
    [TPMC__POLICY_COMMAND_CODE] = read_command_code,
    [TPMC__POLICY_PHYSICAL_PRESENCE] = read_nothing,
    [TPMC__POLICY_CP_HASH] = read_cp_hash,
    [TPMC__POLICY_NAME_HASH] = read_name_hash,
    [TPMC__POLICY_DUPLICATION_SELECT] = read_duplication,
    [TPMC__POLICY_AUTHORIZE] = read_authorize,
    [TPMC__POLICY_AUTH_VALUE] = read_nothing,
    [TPMC__POLICY_PASSWORD] = read_nothing,
    [TPMC__POLICY_NV_WRITTEN] = read_nv_written,
    [TPMC__POLICY_TEMPLATE] = read_template,
    [TPMC__POLICY_AUTHORIZE_NV] = read_authorize_nv,
    [TPMC__POLICY_ACTION] = read_action,
};

int tpmc__json_step(tpmc__json_reader *reader, const tpmc__json *object, tpmc__policy_step *step)
{
    return readers[step->kind](reader, object, step);
}
