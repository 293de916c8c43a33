/* SPDX-License-Identifier: Apache-2.0 */
#include "keyfile/tpm_public.h"

#include <string.h>

#include "base/error_int.h"
#include "codec/digest.h"
#include "keyfile/tpm_names.h"

/* Where a scheme stands: in an object of this type, or as the key derivation of an ECC key. */
#define SLOT_KDF 0x0000

typedef enum scheme_details {
    DETAILS_NONE,
    DETAILS_HASH,
    DETAILS_HASH_AND_COUNT,
    DETAILS_HASH_AND_KDF
} scheme_details;

typedef struct scheme_rule {
    uint16_t slot;
    uint16_t algorithm;
    scheme_details details;
} scheme_rule;

static const scheme_rule scheme_rules[] = {
    { TPMC__ALG_KEYEDHASH, TPMC__ALG_NULL, DETAILS_NONE },
    { TPMC__ALG_KEYEDHASH, TPMC__ALG_HMAC, DETAILS_HASH },
    { TPMC__ALG_KEYEDHASH, TPMC__ALG_XOR, DETAILS_HASH_AND_KDF },
    { TPMC__ALG_RSA, TPMC__ALG_NULL, DETAILS_NONE },
    { TPMC__ALG_RSA, TPMC__ALG_RSASSA, DETAILS_HASH },
    { TPMC__ALG_RSA, TPMC__ALG_RSAPSS, DETAILS_HASH },
    { TPMC__ALG_RSA, TPMC__ALG_OAEP, DETAILS_HASH },
    { TPMC__ALG_RSA, TPMC__ALG_RSAES, DETAILS_NONE },
    { TPMC__ALG_ECC, TPMC__ALG_NULL, DETAILS_NONE },
    { TPMC__ALG_ECC, TPMC__ALG_ECDSA, DETAILS_HASH },
    { TPMC__ALG_ECC, TPMC__ALG_ECDH, DETAILS_HASH },
    { TPMC__ALG_ECC, TPMC__ALG_ECDAA, DETAILS_HASH_AND_COUNT },
    { TPMC__ALG_ECC, TPMC__ALG_SM2, DETAILS_HASH },
    { TPMC__ALG_ECC, TPMC__ALG_ECSCHNORR, DETAILS_HASH },
    { TPMC__ALG_ECC, TPMC__ALG_ECMQV, DETAILS_HASH },
    { SLOT_KDF, TPMC__ALG_NULL, DETAILS_NONE },
    { SLOT_KDF, TPMC__ALG_MGF1, DETAILS_HASH },
    { SLOT_KDF, TPMC__ALG_KDF1_SP800_56A, DETAILS_HASH },
    { SLOT_KDF, TPMC__ALG_KDF2, DETAILS_HASH },
    { SLOT_KDF, TPMC__ALG_KDF1_SP800_108, DETAILS_HASH },
};

typedef struct cipher_rule {
    uint16_t algorithm;
    uint16_t key_bits;
} cipher_rule;

static const cipher_rule cipher_rules[] = {
    { TPMC__ALG_AES, 128 },      { TPMC__ALG_AES, 192 },      { TPMC__ALG_AES, 256 },
    { TPMC__ALG_CAMELLIA, 128 }, { TPMC__ALG_CAMELLIA, 192 }, { TPMC__ALG_CAMELLIA, 256 },
    { TPMC__ALG_SM4, 128 },      { TPMC__ALG_TDES, 128 },     { TPMC__ALG_TDES, 192 },
};

static const uint16_t cipher_modes[] = {
    TPMC__ALG_CFB, TPMC__ALG_CTR, TPMC__ALG_OFB, TPMC__ALG_CBC, TPMC__ALG_ECB, TPMC__ALG_CMAC,
};

static const uint16_t rsa_sizes[] = { 1024, 2048, 3072, 4096 };

/* What is left to read. The first failure stays; everything read after it is 0. */
typedef struct reader {
    const uint8_t *data;
    size_t len;
    int status;
    tpmc_error *err;
} reader;

static const scheme_rule *find_scheme_rule(uint16_t slot, uint16_t algorithm)
{
    size_t i;

    for (i = 0; i < sizeof(scheme_rules) / sizeof(scheme_rules[0]); i++) {
        if (scheme_rules[i].slot == slot && scheme_rules[i].algorithm == algorithm)
            return &scheme_rules[i];
    }
    return NULL;
}

static int in_list(const uint16_t *list, size_t count, uint16_t value)
{
    size_t i;

    for (i = 0; i < count; i++) {
        if (list[i] == value)
            return 1;
    }
    return 0;
}

static const uint8_t *read_bytes(reader *in, size_t len, const char *field)
{
    const uint8_t *bytes = in->data;

    if (in->status)
        return NULL;
    if (len > in->len) {
        in->status = tpmc__fail(in->err, TPMC_ERR_FORMAT,
                                "bad TPM2B_PUBLIC: truncated in the field '%s'", field);
        return NULL;
    }
    in->data += len;
    in->len -= len;
    return bytes;
}

static uint16_t read_u16(reader *in, const char *field)
{
    const uint8_t *bytes = read_bytes(in, 2, field);

    if (!bytes)
        return 0;
    return (uint16_t)(bytes[0] << 8 | bytes[1]);
}

static uint32_t read_u32(reader *in, const char *field)
{
    const uint8_t *bytes = read_bytes(in, 4, field);

    if (!bytes)
        return 0;
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

static size_t read_sized(reader *in, const char *field, uint8_t *out, size_t max)
{
    size_t len = read_u16(in, field);
    const uint8_t *bytes = NULL;

    if (in->status == 0 && len > max)
        in->status = tpmc__fail(in->err, TPMC_ERR_FORMAT,
                                "bad TPM2B_PUBLIC: the field '%s' has %zu bytes, at most %zu are "
                                "allowed",
                                field, len, max);
    bytes = read_bytes(in, len, field);
    if (!bytes)
        return 0;
    memcpy(out, bytes, len);
    return len;
}

static void refuse_number(reader *in, const char *field, uint16_t number)
{
    const char *name = tpmc__alg_name(number);

    if (in->status)
        return;
    if (name)
        in->status = tpmc__fail(in->err, TPMC_ERR_FORMAT,
                                "bad TPM2B_PUBLIC: the algorithm %s (0x%04x) does not fit in the "
                                "field '%s'",
                                name, number, field);
    else
        in->status = tpmc__fail(in->err, TPMC_ERR_UNSUPPORTED,
                                "the algorithm 0x%04x in the field '%s' of the public area is not "
                                "known to this library",
                                number, field);
}

static uint16_t read_hash(reader *in, const char *field)
{
    uint16_t hash = read_u16(in, field);

    if (in->status == 0 && tpmc__hash_size(hash) == 0)
        refuse_number(in, field, hash);
    return hash;
}

static void read_scheme(reader *in, uint16_t slot, const char *field, tpmc__scheme *out)
{
    const scheme_rule *rule;

    out->algorithm = read_u16(in, field);
    if (in->status)
        return;
    rule = find_scheme_rule(slot, out->algorithm);
    if (!rule) {
        refuse_number(in, field, out->algorithm);
        return;
    }
    if (rule->details == DETAILS_NONE)
        return;
    out->hash = read_hash(in, field);
    if (rule->details == DETAILS_HASH_AND_COUNT)
        out->count = read_u16(in, field);
    if (rule->details == DETAILS_HASH_AND_KDF) {
        out->kdf = read_u16(in, field);
        if (in->status == 0 && !find_scheme_rule(SLOT_KDF, out->kdf))
            refuse_number(in, field, out->kdf);
    }
}

static void check_key_bits(reader *in, const tpmc__sym_def *symmetric)
{
    int known = 0;
    size_t i;

    if (in->status)
        return;
    for (i = 0; i < sizeof(cipher_rules) / sizeof(cipher_rules[0]); i++) {
        if (cipher_rules[i].algorithm != symmetric->algorithm)
            continue;
        known = 1;
        if (cipher_rules[i].key_bits == symmetric->key_bits)
            return;
    }
    if (!known)
        refuse_number(in, "symmetric", symmetric->algorithm);
    else
        in->status =
            tpmc__fail(in->err, TPMC_ERR_FORMAT, "bad TPM2B_PUBLIC: %s has no keys of %u bits",
                       tpmc__alg_name(symmetric->algorithm), symmetric->key_bits);
}

static void read_symmetric(reader *in, uint16_t type, tpmc__sym_def *out)
{
    out->algorithm = read_u16(in, "symmetric");
    if (out->algorithm == TPMC__ALG_NULL && type != TPMC__ALG_SYMCIPHER)
        return;
    out->key_bits = read_u16(in, "symmetric");
    check_key_bits(in, out);
    out->mode = read_u16(in, "symmetric");
    /* Only a key that does nothing but encrypt may leave its mode open. */
    if (out->mode == TPMC__ALG_NULL && type == TPMC__ALG_SYMCIPHER)
        return;
    if (!in_list(cipher_modes, sizeof(cipher_modes) / sizeof(cipher_modes[0]), out->mode))
        refuse_number(in, "symmetric", out->mode);
}

static void read_rsa(reader *in, tpmc__public *out)
{
    read_symmetric(in, out->type, &out->symmetric);
    read_scheme(in, out->type, "scheme", &out->scheme);
    out->key_bits = read_u16(in, "keyBits");
    if (in->status == 0 &&
        !in_list(rsa_sizes, sizeof(rsa_sizes) / sizeof(rsa_sizes[0]), out->key_bits))
        in->status = tpmc__fail(in->err, TPMC_ERR_UNSUPPORTED,
                                "the public area is that of an RSA key of %u bits; 1024, 2048, "
                                "3072 and 4096 are known",
                                out->key_bits);
    out->exponent = read_u32(in, "exponent");
    if (in->status == 0 && out->exponent != 0 && (out->exponent < 3 || out->exponent % 2 == 0))
        in->status = tpmc__fail(in->err, TPMC_ERR_FORMAT,
                                "bad TPM2B_PUBLIC: %lu is no public exponent of RSA",
                                (unsigned long)out->exponent);
    out->unique_len = read_sized(in, "unique", out->unique, out->key_bits / 8u);
    if (in->status == 0 && out->unique_len != 0 && out->unique_len != out->key_bits / 8u)
        in->status = tpmc__fail(in->err, TPMC_ERR_FORMAT,
                                "bad TPM2B_PUBLIC: the modulus of an RSA key of %u bits has %zu "
                                "bytes instead of %u",
                                out->key_bits, out->unique_len, out->key_bits / 8u);
}

static void read_ecc(reader *in, tpmc__public *out)
{
    const tpmc__curve *curve;

    read_symmetric(in, out->type, &out->symmetric);
    read_scheme(in, out->type, "scheme", &out->scheme);
    out->curve = read_u16(in, "curveID");
    if (in->status)
        return;
    curve = tpmc__curve_find(out->curve);
    if (!curve) {
        in->status = tpmc__fail(in->err, TPMC_ERR_UNSUPPORTED,
                                "the curve 0x%04x in the public area is not known to this library",
                                out->curve);
        return;
    }
    read_scheme(in, SLOT_KDF, "kdf", &out->kdf);
    out->unique_len = read_sized(in, "unique.x", out->unique, curve->size);
    out->unique_y_len = read_sized(in, "unique.y", out->unique_y, curve->size);
    if (in->status == 0 && (out->unique_len == 0) != (out->unique_y_len == 0))
        in->status = tpmc__fail(in->err, TPMC_ERR_FORMAT,
                                "bad TPM2B_PUBLIC: the point has only one coordinate");
}

static void read_parameters(reader *in, tpmc__public *out)
{
    switch (out->type) {
    case TPMC__ALG_RSA:
        read_rsa(in, out);
        break;
    case TPMC__ALG_ECC:
        read_ecc(in, out);
        break;
    case TPMC__ALG_KEYEDHASH:
        read_scheme(in, out->type, "scheme", &out->scheme);
        out->unique_len = read_sized(in, "unique", out->unique, TPMC__DIGEST_MAX);
        break;
    case TPMC__ALG_SYMCIPHER:
        read_symmetric(in, out->type, &out->symmetric);
        out->unique_len = read_sized(in, "unique", out->unique, TPMC__DIGEST_MAX);
        break;
    default:
        refuse_number(in, "type", out->type);
        break;
    }
}

static void read_attributes(reader *in, tpmc__public *out)
{
    unsigned bit;

    out->attributes = read_u32(in, "objectAttributes");
    if (in->status)
        return;
    for (bit = 0; bit < 32; bit++) {
        if (out->attributes >> bit & 1 && !tpmc__attribute_name(bit)) {
            in->status = tpmc__fail(in->err, TPMC_ERR_FORMAT,
                                    "bad TPM2B_PUBLIC: the reserved bit %u of the field "
                                    "'objectAttributes' is set",
                                    bit);
            return;
        }
    }
}

static void read_auth_policy(reader *in, tpmc__public *out)
{
    size_t size = tpmc__hash_size(out->name_alg);

    out->auth_policy_len = read_sized(in, "authPolicy", out->auth_policy, TPMC__DIGEST_MAX);
    if (in->status == 0 && out->auth_policy_len != 0 && out->auth_policy_len != size)
        in->status = tpmc__fail(in->err, TPMC_ERR_FORMAT,
                                "bad TPM2B_PUBLIC: the field 'authPolicy' has %zu bytes; a digest "
                                "of nameAlg %s has %zu",
                                out->auth_policy_len, tpmc__hash_name(out->name_alg), size);
}

static void read_area(reader *in, tpmc__public *out)
{
    out->type = read_u16(in, "type");
    out->name_alg = read_hash(in, "nameAlg");
    read_attributes(in, out);
    read_auth_policy(in, out);
    if (in->status == 0)
        read_parameters(in, out);
    if (in->status == 0 && in->len != 0)
        in->status = tpmc__fail(in->err, TPMC_ERR_FORMAT,
                                "bad TPM2B_PUBLIC: %zu bytes are left over at its end", in->len);
}

/* The guard against a structure that this parser takes and the TPM would read in another way. */
static int check_same_bytes(const tpmc__public *key, const void *data, size_t len, tpmc_error *err)
{
    tpmc__buf again;
    int status;

    tpmc__buf_init(&again, TPMC__PUBLIC_MAX);
    status = tpmc__public_write(key, &again);
    if (status == TPMC_ERR_NOMEM)
        status = tpmc__fail_nomem(err);
    else if (status || again.len != len || memcmp(again.data, data, len) != 0)
        status = tpmc__fail(err, TPMC_ERR_FORMAT, "bad TPM2B_PUBLIC: it has more than one reading");
    tpmc__buf_free(&again);
    return status;
}

static void read_size(reader *in)
{
    size_t size = read_u16(in, "size");

    if (in->status == 0 && size != in->len)
        in->status = tpmc__fail(in->err, TPMC_ERR_FORMAT,
                                "bad TPM2B_PUBLIC: it states %zu bytes and %zu bytes follow it",
                                size, in->len);
    if (in->status == 0 && size == 0)
        in->status = tpmc__fail(in->err, TPMC_ERR_FORMAT, "bad TPM2B_PUBLIC: it is empty");
}

int tpmc__public_parse(const void *data, size_t len, tpmc__public *out, tpmc_error *err)
{
    reader in = { data, len, 0, err };
    int status;

    memset(out, 0, sizeof(*out));
    if (len > TPMC__PUBLIC_MAX)
        return tpmc__fail(err, TPMC_ERR_FORMAT,
                          "bad TPM2B_PUBLIC: it has %zu bytes, at most %d are taken", len,
                          TPMC__PUBLIC_MAX);
    read_size(&in);
    read_area(&in, out);
    status = in.status;
    if (status == 0)
        status = check_same_bytes(out, data, len, err);
    if (status)
        memset(out, 0, sizeof(*out));
    return status;
}

static void write_sized(tpmc__buf *out, const uint8_t *data, size_t len)
{
    tpmc__buf_append_be16(out, (uint16_t)len);
    tpmc__buf_append(out, data, len);
}

static void write_symmetric(tpmc__buf *out, uint16_t type, const tpmc__sym_def *symmetric)
{
    tpmc__buf_append_be16(out, symmetric->algorithm);
    if (symmetric->algorithm == TPMC__ALG_NULL && type != TPMC__ALG_SYMCIPHER)
        return;
    tpmc__buf_append_be16(out, symmetric->key_bits);
    tpmc__buf_append_be16(out, symmetric->mode);
}

static int write_scheme(tpmc__buf *out, uint16_t slot, const tpmc__scheme *scheme)
{
    const scheme_rule *rule = find_scheme_rule(slot, scheme->algorithm);

    if (!rule)
        return TPMC_ERR_ARGUMENT;
    tpmc__buf_append_be16(out, scheme->algorithm);
    if (rule->details != DETAILS_NONE)
        tpmc__buf_append_be16(out, scheme->hash);
    if (rule->details == DETAILS_HASH_AND_COUNT)
        tpmc__buf_append_be16(out, scheme->count);
    if (rule->details == DETAILS_HASH_AND_KDF)
        tpmc__buf_append_be16(out, scheme->kdf);
    return 0;
}

static int write_parameters(const tpmc__public *key, tpmc__buf *out)
{
    int status = 0;

    if (key->type != TPMC__ALG_KEYEDHASH)
        write_symmetric(out, key->type, &key->symmetric);
    if (key->type != TPMC__ALG_SYMCIPHER)
        status = write_scheme(out, key->type, &key->scheme);
    if (status)
        return status;
    if (key->type == TPMC__ALG_RSA) {
        tpmc__buf_append_be16(out, key->key_bits);
        tpmc__buf_append_be32(out, key->exponent);
    }
    if (key->type == TPMC__ALG_ECC) {
        tpmc__buf_append_be16(out, key->curve);
        status = write_scheme(out, SLOT_KDF, &key->kdf);
    }
    write_sized(out, key->unique, key->unique_len);
    if (key->type == TPMC__ALG_ECC)
        write_sized(out, key->unique_y, key->unique_y_len);
    return status;
}

/* Writes TPMT_PUBLIC: what is hashed to the Name. */
static int write_area(const tpmc__public *key, tpmc__buf *out)
{
    static const uint16_t types[] = { TPMC__ALG_RSA, TPMC__ALG_ECC, TPMC__ALG_KEYEDHASH,
                                      TPMC__ALG_SYMCIPHER };
    int status;

    if (!in_list(types, sizeof(types) / sizeof(types[0]), key->type) ||
        key->auth_policy_len > sizeof(key->auth_policy) || key->unique_len > sizeof(key->unique) ||
        key->unique_y_len > sizeof(key->unique_y))
        return TPMC_ERR_ARGUMENT;
    tpmc__buf_append_be16(out, key->type);
    tpmc__buf_append_be16(out, key->name_alg);
    tpmc__buf_append_be32(out, key->attributes);
    write_sized(out, key->auth_policy, key->auth_policy_len);
    status = write_parameters(key, out);
    return status ? status : tpmc__buf_status(out);
}

int tpmc__public_write(const tpmc__public *key, tpmc__buf *out)
{
    tpmc__buf area;
    int status;

    tpmc__buf_init(&area, TPMC__PUBLIC_MAX);
    status = write_area(key, &area);
    if (status == 0) {
        write_sized(out, area.data, area.len);
        status = tpmc__buf_status(out);
    }
    tpmc__buf_free(&area);
    return status == 0 ? 0 : tpmc__buf_fail(out, status);
}

int tpmc__public_name(tpmc_env *env, const tpmc__public *key, uint8_t *name, size_t *len,
                      tpmc_error *err)
{
    size_t size = tpmc__hash_size(key->name_alg);
    tpmc__span span = { NULL, 0 };
    tpmc__buf area;
    int status;

    *len = 0;
    tpmc__buf_init(&area, TPMC__PUBLIC_MAX);
    status = size ? write_area(key, &area) : TPMC_ERR_ARGUMENT;
    if (status == TPMC_ERR_NOMEM) {
        status = tpmc__fail_nomem(err);
        goto out;
    }
    if (status) {
        status = tpmc__fail(err, status, "the public area cannot be written, so it has no Name");
        goto out;
    }
    span.data = area.data;
    span.len = area.len;
    status = tpmc__digest(env, key->name_alg, &span, 1, name + 2, err);
    if (status)
        goto out;
    name[0] = (uint8_t)(key->name_alg >> 8);
    name[1] = (uint8_t)(key->name_alg & 0xff);
    *len = size + 2;
out:
    tpmc__buf_free(&area);
    return status;
}
