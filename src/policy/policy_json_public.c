/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/error_int.h"
#include "policy/policy_json_field.h"

#define NV_WRITTEN 0x20000000u
#define NV_TYPE_SHIFT 4
#define NV_TYPE_MAX 0xf

static const tpmc__json_word algorithm_list[] = {
    { "RSA", TPMC__ALG_RSA },
    { "HMAC", TPMC__ALG_HMAC },
    { "AES", TPMC__ALG_AES },
    { "MGF1", TPMC__ALG_MGF1 },
    { "KEYEDHASH", TPMC__ALG_KEYEDHASH },
    { "XOR", TPMC__ALG_XOR },
    { "NULL", TPMC__ALG_NULL },
    { "SM4", TPMC__ALG_SM4 },
    { "RSASSA", TPMC__ALG_RSASSA },
    { "RSAES", TPMC__ALG_RSAES },
    { "RSAPSS", TPMC__ALG_RSAPSS },
    { "OAEP", TPMC__ALG_OAEP },
    { "ECDSA", TPMC__ALG_ECDSA },
    { "ECDH", TPMC__ALG_ECDH },
    { "ECDAA", TPMC__ALG_ECDAA },
    { "SM2", TPMC__ALG_SM2 },
    { "ECSCHNORR", TPMC__ALG_ECSCHNORR },
    { "ECMQV", TPMC__ALG_ECMQV },
    { "KDF1_SP800_56A", TPMC__ALG_KDF1_SP800_56A },
    { "KDF2", TPMC__ALG_KDF2 },
    { "KDF1_SP800_108", TPMC__ALG_KDF1_SP800_108 },
    { "ECC", TPMC__ALG_ECC },
    { "CAMELLIA", TPMC__ALG_CAMELLIA },
    { "CTR", TPMC__ALG_CTR },
    { "OFB", TPMC__ALG_OFB },
    { "CBC", TPMC__ALG_CBC },
    { "CFB", TPMC__ALG_CFB },
    { "ECB", TPMC__ALG_ECB },
};

static const tpmc__json_word curve_list[] = {
    { "NIST_P256", TPMC__CURVE_P256 },
    { "NIST_P384", TPMC__CURVE_P384 },
    { "NIST_P521", TPMC__CURVE_P521 },
};

static const tpmc__json_word object_list[] = {
    { "fixedTPM", TPMC__OBJECT_FIXED_TPM },
    { "stClear", TPMC__OBJECT_ST_CLEAR },
    { "fixedParent", TPMC__OBJECT_FIXED_PARENT },
    { "sensitiveDataOrigin", TPMC__OBJECT_SENSITIVE_DATA_ORIGIN },
    { "userWithAuth", TPMC__OBJECT_USER_WITH_AUTH },
    { "adminWithPolicy", TPMC__OBJECT_ADMIN_WITH_POLICY },
    { "noDA", TPMC__OBJECT_NO_DA },
    { "encryptedDuplication", TPMC__OBJECT_ENCRYPTED_DUPLICATION },
    { "restricted", TPMC__OBJECT_RESTRICTED },
    { "decrypt", TPMC__OBJECT_DECRYPT },
    { "sign", TPMC__OBJECT_SIGN },
};

/* A type of index may stand among the others. */
static const tpmc__json_word index_list[] = {
    { "PPWRITE", 1u << 0 },     { "OWNERWRITE", 1u << 1 },      { "AUTHWRITE", 1u << 2 },
    { "POLICYWRITE", 1u << 3 }, { "POLICY_DELETE", 1u << 10 },  { "WRITELOCKED", 1u << 11 },
    { "WRITEALL", 1u << 12 },   { "WRITEDEFINE", 1u << 13 },    { "WRITE_STCLEAR", 1u << 14 },
    { "GLOBALLOCK", 1u << 15 }, { "PPREAD", 1u << 16 },         { "OWNERREAD", 1u << 17 },
    { "AUTHREAD", 1u << 18 },   { "POLICYREAD", 1u << 19 },     { "NO_DA", 1u << 25 },
    { "ORDERLY", 1u << 26 },    { "CLEAR_STCLEAR", 1u << 27 },  { "READLOCKED", 1u << 28 },
    { "WRITTEN", NV_WRITTEN },  { "PLATFORMCREATE", 1u << 30 }, { "READ_STCLEAR", 1u << 31 },
    { "ORDINARY", 0u << 4 },    { "COUNTER", 1u << 4 },         { "BITS", 2u << 4 },
    { "EXTEND", 4u << 4 },      { "PIN_FAIL", 8u << 4 },        { "PIN_PASS", 9u << 4 },
};

static const tpmc__json_word index_type_list[] = {
    { "ORDINARY", 0 }, { "COUNTER", 1 },  { "BITS", 2 },
    { "EXTEND", 4 },   { "PIN_FAIL", 8 }, { "PIN_PASS", 9 },
};

static const char *const algorithm_prefixes[] = { "TPM_", "TPM2_", "ALG_", "ID_", NULL };
static const char *const curve_prefixes[] = { "TPM_", "TPM2_", "ECC_", "CURVE_", NULL };
static const char *const object_prefixes[] = { "TPM_", "TPM2_", "TPMA_", "OBJECT_", NULL };
static const char *const index_prefixes[] = {
    "TPM_", "TPM2_", "TPMA_", "NV_", "TPM2_", "NT_", NULL
};

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static const tpmc__json_words algorithms = { algorithm_list, COUNT(algorithm_list),
                                             algorithm_prefixes };
static const tpmc__json_words curves = { curve_list, COUNT(curve_list), curve_prefixes };
static const tpmc__json_words object_attributes = { object_list, COUNT(object_list),
                                                    object_prefixes };
static const tpmc__json_words index_attributes = { index_list, COUNT(index_list), index_prefixes };
static const tpmc__json_words index_types = { index_type_list, COUNT(index_type_list),
                                              index_prefixes };

/* A number is a word too. */
static int find_word(const tpmc__json *value, const tpmc__json_words *words, uint32_t *out)
{
    const char *text = tpmc__json_text(value);

    if (text != NULL && tpmc__field_word(text, words, out) == 0)
        return 0;
    return tpmc__field_value_number(value, UINT16_MAX, out);
}

int tpmc__json_algorithm(tpmc__json_reader *reader, const tpmc__json *object, const char *name,
                         uint16_t *out)
{
    const tpmc__json *value = tpmc__field(object, name);
    uint32_t found = TPMC__ALG_NULL;

    if (value != NULL && find_word(value, &algorithms, &found) != 0)
        return tpmc__field_fail(reader, name, "names an algorithm that is not known");
    *out = (uint16_t)found;
    return 0;
}

/* Attributes as flags, or as a number. */
static int read_attributes(tpmc__json_reader *reader, const tpmc__json *object, const char *name,
                           const tpmc__json_words *words, size_t others, uint32_t *out)
{
    const tpmc__json *value = tpmc__field(object, name);
    const char *flaw = NULL;

    if (value == NULL)
        flaw = "is missing";
    else if (tpmc__json_is_object(value) || tpmc__json_is_array(value))
        flaw = tpmc__field_flags(value, words, others, out);
    else if (tpmc__field_value_number(value, UINT32_MAX, out) != 0)
        flaw = "is neither an object of flags nor a number";
    return flaw == NULL ? 0 : tpmc__field_fail(reader, name, flaw);
}

static int read_scheme(tpmc__json_reader *reader, const tpmc__json *parameters, const char *name,
                       tpmc__scheme *out)
{
    const tpmc__json *scheme = tpmc__field(parameters, name);
    const tpmc__json *details = tpmc__field(scheme, "details");
    uint32_t count = 0;
    int status = tpmc__json_algorithm(reader, scheme, "scheme", &out->algorithm);

    if (status != 0 || out->algorithm == TPMC__ALG_NULL || out->algorithm == TPMC__ALG_RSAES)
        return status;
    status = tpmc__field_hash(reader, details, "hashAlg", 0, &out->hash);
    if (status == 0 && out->algorithm == TPMC__ALG_XOR)
        status = tpmc__json_algorithm(reader, details, "kdf", &out->kdf);
    if (status == 0 && out->algorithm == TPMC__ALG_ECDAA)
        status = tpmc__field_number(reader, details, "count", UINT16_MAX, &count);
    out->count = (uint16_t)count;
    return status;
}

static int read_symmetric(tpmc__json_reader *reader, const tpmc__json *parameters,
                          tpmc__sym_def *out)
{
    const tpmc__json *symmetric = tpmc__field(parameters, "symmetric");
    uint32_t bits = 0;
    int status = tpmc__json_algorithm(reader, symmetric, "algorithm", &out->algorithm);

    if (status != 0 || out->algorithm == TPMC__ALG_NULL)
        return status;
    status = tpmc__field_number(reader, symmetric, "keyBits", UINT16_MAX, &bits);
    out->key_bits = (uint16_t)bits;
    if (status == 0)
        status = tpmc__json_algorithm(reader, symmetric, "mode", &out->mode);
    return status;
}

static int read_unique(tpmc__json_reader *reader, const tpmc__json *object, const char *name,
                       uint8_t *out, size_t max, size_t *len)
{
    tpmc__buf bytes;
    int status = 0;

    tpmc__buf_init(&bytes, max);
    status = tpmc__field_bytes(reader, object, name, &bytes);
    if (status == 0 && bytes.len > 0)
        memcpy(out, bytes.data, bytes.len);
    *len = status == 0 ? bytes.len : 0;
    tpmc__buf_free(&bytes);
    return status;
}

static int read_rsa(tpmc__json_reader *reader, const tpmc__json *object,
                    const tpmc__json *parameters, tpmc__public *out)
{
    uint32_t bits = 0;
    int status = read_symmetric(reader, parameters, &out->symmetric);

    if (status == 0)
        status = read_scheme(reader, parameters, "scheme", &out->scheme);
    if (status == 0)
        status = tpmc__field_number(reader, parameters, "keyBits", UINT16_MAX, &bits);
    out->key_bits = (uint16_t)bits;
    if (status == 0)
        status = tpmc__field_number(reader, parameters, "exponent", UINT32_MAX, &out->exponent);
    if (status == 0)
        status = read_unique(reader, object, "unique", out->unique, sizeof(out->unique),
                             &out->unique_len);
    return status;
}

static int read_curve(tpmc__json_reader *reader, const tpmc__json *parameters, uint16_t *out)
{
    const tpmc__json *value = tpmc__field(parameters, "curveID");
    uint32_t found = 0;

    if (value == NULL)
        return tpmc__field_fail(reader, "curveID", "is missing");
    if (find_word(value, &curves, &found) != 0)
        return tpmc__field_fail(reader, "curveID", "names a curve that is not known");
    *out = (uint16_t)found;
    return 0;
}

static int read_ecc(tpmc__json_reader *reader, const tpmc__json *object,
                    const tpmc__json *parameters, tpmc__public *out)
{
    const tpmc__json *unique = tpmc__field(object, "unique");
    int status = read_symmetric(reader, parameters, &out->symmetric);

    if (status == 0)
        status = read_scheme(reader, parameters, "scheme", &out->scheme);
    if (status == 0)
        status = read_curve(reader, parameters, &out->curve);
    if (status == 0)
        status = read_scheme(reader, parameters, "kdf", &out->kdf);
    if (status == 0)
        status =
            read_unique(reader, unique, "x", out->unique, TPMC__POLICY_BYTES_MAX, &out->unique_len);
    if (status == 0)
        status = read_unique(reader, unique, "y", out->unique_y, TPMC__POLICY_BYTES_MAX,
                             &out->unique_y_len);
    return status;
}

static int read_keyed_hash(tpmc__json_reader *reader, const tpmc__json *object,
                           const tpmc__json *parameters, tpmc__public *out)
{
    int status = read_scheme(reader, parameters, "scheme", &out->scheme);

    if (status == 0)
        status =
            read_unique(reader, object, "unique", out->unique, TPMC__DIGEST_MAX, &out->unique_len);
    return status;
}

static int read_kind(tpmc__json_reader *reader, const tpmc__json *object, tpmc__public *out)
{
    const tpmc__json *parameters = tpmc__field(object, "parameters");

    switch (out->type) {
    case TPMC__ALG_RSA:
        return read_rsa(reader, object, parameters, out);
    case TPMC__ALG_ECC:
        return read_ecc(reader, object, parameters, out);
    case TPMC__ALG_KEYEDHASH:
        return read_keyed_hash(reader, object, parameters, out);
    default:
        return tpmc__field_fail(reader, "type", "is none of RSA, ECC and KEYEDHASH");
    }
}

static int read_object(tpmc__json_reader *reader, const tpmc__json *object, tpmc__public *out)
{
    tpmc__policy_bytes policy = { { 0 }, 0 };
    int status = tpmc__json_algorithm(reader, object, "type", &out->type);

    if (status == 0)
        status = tpmc__field_hash(reader, object, "nameAlg", 0, &out->name_alg);
    if (status == 0)
        status = read_attributes(reader, object, "objectAttributes", &object_attributes, 0,
                                 &out->attributes);
    if (status == 0)
        status = tpmc__field_short_bytes(reader, object, "authPolicy", TPMC__DIGEST_MAX, &policy);
    if (status != 0)
        return status;
    memcpy(out->auth_policy, policy.data, policy.len);
    out->auth_policy_len = policy.len;
    return read_kind(reader, object, out);
}

/* What the structure does not allow is found out by writing and reading it again. */
static int check_public(tpmc__json_reader *reader, const char *name, tpmc__public *public_area)
{
    tpmc__public again;
    tpmc__buf bytes;
    int status = 0;

    tpmc__buf_init(&bytes, TPMC__PUBLIC_MAX);
    tpmc__public_write(public_area, &bytes);
    status = tpmc__buf_check(&bytes, "the public area", reader->err);
    if (status == 0)
        status = tpmc__public_parse(bytes.data, bytes.len, &again, reader->err);
    if (status != 0)
        tpmc__error_prefix(reader->err, "the field '%s'", name);
    tpmc__buf_free(&bytes);
    return status;
}

static int read_marshalled(tpmc__json_reader *reader, const tpmc__json *object, const char *name,
                           tpmc__public *out)
{
    tpmc__buf bytes;
    int status = 0;

    tpmc__buf_init(&bytes, TPMC__PUBLIC_MAX);
    status = tpmc__field_bytes(reader, object, name, &bytes);
    if (status == 0) {
        status = tpmc__public_parse(bytes.data, bytes.len, out, reader->err);
        if (status != 0)
            tpmc__error_prefix(reader->err, "the field '%s'", name);
    }
    tpmc__buf_free(&bytes);
    return status;
}

int tpmc__json_public(tpmc__json_reader *reader, const tpmc__json *object, const char *name,
                      tpmc__public *out)
{
    const tpmc__json *value = tpmc__field(object, name);
    const tpmc__json *inner = tpmc__field(value, "publicArea");
    int status = 0;

    memset(out, 0, sizeof(*out));
    if (value == NULL)
        return tpmc__field_fail(reader, name, "is missing");
    if (!tpmc__json_is_object(value))
        return read_marshalled(reader, object, name, out);
    status = read_object(reader, inner != NULL ? inner : value, out);
    if (status != 0) {
        tpmc__error_prefix(reader->err, "the field '%s'", name);
        return status;
    }
    return check_public(reader, name, out);
}

int tpmc__json_key(tpmc__json_reader *reader, const tpmc__json *object, const char *name,
                   tpmc__public *out)
{
    const char *flaw = NULL;
    int status = tpmc__json_public(reader, object, name, out);

    if (status != 0)
        return status;
    flaw = tpmc__public_unique_flaw(out);
    if (flaw == NULL)
        return 0;
    return tpmc__fail(reader->err, TPMC_ERR_FORMAT, "the field '%s' is not that of a key: %s", name,
                      flaw);
}

/* The type of an index is a field of its attributes, beside the flags. */
static int read_index_attributes(tpmc__json_reader *reader, const tpmc__json *area, uint32_t *out)
{
    const tpmc__json *type = tpmc__field(tpmc__field(area, "attributes"), "TPM2_NT");
    uint32_t number = 0;
    int status = read_attributes(reader, area, "attributes", &index_attributes, type != NULL, out);

    if (status != 0 || type == NULL)
        return status;
    if (find_word(type, &index_types, &number) != 0 || number > NV_TYPE_MAX)
        return tpmc__field_fail(reader, "TPM2_NT", "names no type of NV index");
    *out |= number << NV_TYPE_SHIFT;
    return 0;
}

static void put_be(uint8_t *out, uint32_t value, size_t len)
{
    for (size_t i = 0; i < len; i++)
        out[i] = (uint8_t)(value >> (8 * (len - 1 - i)));
}

/* The Name of TPMS_NV_PUBLIC (Part 1, 16). */
static int name_index(tpmc__json_reader *reader, uint32_t index, uint16_t name_alg,
                      uint32_t attributes, const tpmc__policy_bytes *policy, uint32_t size,
                      tpmc__policy_bytes *out)
{
    uint8_t head[12];
    uint8_t tail[2];
    tpmc__span spans[3] = { { head, sizeof(head) },
                            { policy->data, policy->len },
                            { tail, sizeof(tail) } };

    put_be(head, index, 4);
    put_be(head + 4, name_alg, 2);
    put_be(head + 6, attributes | NV_WRITTEN, 4);
    put_be(head + 10, (uint32_t)policy->len, 2);
    put_be(tail, size, 2);
    put_be(out->data, name_alg, 2);
    out->len = 2 + tpmc__hash_size(name_alg);
    return tpmc__digest(reader->env, name_alg, spans, 3, out->data + 2, reader->err);
}

int tpmc__json_nv_public(tpmc__json_reader *reader, const tpmc__json *object, const char *name,
                         uint32_t *index, tpmc__policy_bytes *nv_name)
{
    const tpmc__json *outer = tpmc__field(object, name);
    const tpmc__json *inner = tpmc__field(outer, "nvPublic");
    const tpmc__json *area = inner != NULL ? inner : outer;
    tpmc__policy_bytes policy = { { 0 }, 0 };
    uint16_t name_alg = 0;
    uint32_t attributes = 0;
    uint32_t size = 0;
    int status = tpmc__field_number(reader, area, "nvIndex", UINT32_MAX, index);

    if (status == 0)
        status = tpmc__field_hash(reader, area, "nameAlg", 0, &name_alg);
    if (status == 0)
        status = read_index_attributes(reader, area, &attributes);
    if (status == 0)
        status = tpmc__field_short_bytes(reader, area, "authPolicy", TPMC__DIGEST_MAX, &policy);
    if (status == 0)
        status = tpmc__field_number(reader, area, "dataSize", UINT16_MAX, &size);
    if (status == 0)
        status = name_index(reader, *index, name_alg, attributes, &policy, size, nv_name);
    if (status != 0)
        tpmc__error_prefix(reader->err, "the field '%s'", name);
    return status;
}
