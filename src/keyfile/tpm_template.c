/* SPDX-License-Identifier: Apache-2.0 */
#include "keyfile/tpm_template.h"

#include <string.h>

#include "codec/digest.h"

#define STORAGE_ATTRIBUTES                                                                         \
    (TPMC__OBJECT_FIXED_TPM | TPMC__OBJECT_FIXED_PARENT | TPMC__OBJECT_SENSITIVE_DATA_ORIGIN |     \
     TPMC__OBJECT_USER_WITH_AUTH | TPMC__OBJECT_RESTRICTED | TPMC__OBJECT_DECRYPT)
#define OLD_ATTRIBUTES                                                                             \
    (TPMC__OBJECT_SENSITIVE_DATA_ORIGIN | TPMC__OBJECT_USER_WITH_AUTH | TPMC__OBJECT_NO_DA |       \
     TPMC__OBJECT_RESTRICTED | TPMC__OBJECT_DECRYPT)
#define EK_ATTRIBUTES                                                                              \
    (TPMC__OBJECT_FIXED_TPM | TPMC__OBJECT_FIXED_PARENT | TPMC__OBJECT_SENSITIVE_DATA_ORIGIN |     \
     TPMC__OBJECT_ADMIN_WITH_POLICY | TPMC__OBJECT_RESTRICTED | TPMC__OBJECT_DECRYPT)

#define RSA_BITS 2048
#define MODULUS_SIZE (RSA_BITS / 8)
#define COORDINATE_SIZE 32

typedef struct template_row {
    uint16_t type;
    uint32_t attributes;
    int is_ek;
    int has_zeros; /* `unique` is zero bytes of the key's size */
    const char *text;
} template_row;

static const template_row rows[TPMC__TEMPLATE_COUNT] = {
    [TPMC__TEMPLATE_H2] = { TPMC__ALG_ECC, STORAGE_ATTRIBUTES | TPMC__OBJECT_NO_DA, 0, 0,
                            "the ECC storage primary (H-2)" },
    [TPMC__TEMPLATE_H1] = { TPMC__ALG_RSA, STORAGE_ATTRIBUTES | TPMC__OBJECT_NO_DA, 0, 0,
                            "the RSA storage primary (H-1)" },
    [TPMC__TEMPLATE_OLD] = { TPMC__ALG_ECC, OLD_ATTRIBUTES, 0, 0,
                             "the ECC storage primary of the old layout" },
    [TPMC__TEMPLATE_RSA_DA] = { TPMC__ALG_RSA, STORAGE_ATTRIBUTES, 0, 0,
                                "the RSA storage primary without noDA" },
    [TPMC__TEMPLATE_ECC_DA] = { TPMC__ALG_ECC, STORAGE_ATTRIBUTES, 0, 0,
                                "the ECC storage primary without noDA" },
    [TPMC__TEMPLATE_ECC_ZEROS] = { TPMC__ALG_ECC, STORAGE_ATTRIBUTES | TPMC__OBJECT_NO_DA, 0, 1,
                                   "the ECC storage primary of a zeroed point" },
    [TPMC__TEMPLATE_RSA_ZEROS] = { TPMC__ALG_RSA, STORAGE_ATTRIBUTES | TPMC__OBJECT_NO_DA, 0, 1,
                                   "the RSA storage primary of a zeroed modulus" },
    [TPMC__TEMPLATE_EK_RSA] = { TPMC__ALG_RSA, EK_ATTRIBUTES, 1, 1,
                                "the RSA endorsement key (L-1)" },
    [TPMC__TEMPLATE_EK_ECC] = { TPMC__ALG_ECC, EK_ATTRIBUTES, 1, 1,
                                "the ECC endorsement key (L-2)" },
};

/* PolicyA of the EK Credential Profile: PolicySecret of the endorsement hierarchy. */
static const uint8_t ek_policy[] = {
    0x83, 0x71, 0x97, 0x67, 0x44, 0x84, 0xb3, 0xf8, 0x1a, 0x90, 0xcc, 0x8d, 0x46, 0xa5, 0xd7, 0x24,
    0xfd, 0x52, 0xd7, 0x6e, 0x06, 0x52, 0x0b, 0x64, 0xf2, 0xa1, 0xda, 0x1b, 0x33, 0x14, 0x69, 0xaa,
};

static const tpmc__template fallbacks[TPMC__FALLBACK_COUNT] = {
    TPMC__TEMPLATE_H1,        TPMC__TEMPLATE_RSA_DA,    TPMC__TEMPLATE_ECC_DA,
    TPMC__TEMPLATE_ECC_ZEROS, TPMC__TEMPLATE_RSA_ZEROS,
};

static void fill_rsa(const template_row *row, tpmc__public *out)
{
    out->key_bits = RSA_BITS;
    out->unique_len = row->has_zeros ? MODULUS_SIZE : 0;
}

static void fill_ecc(const template_row *row, tpmc__public *out)
{
    out->curve = TPMC__CURVE_P256;
    out->kdf.algorithm = TPMC__ALG_NULL;
    out->unique_len = row->has_zeros ? COORDINATE_SIZE : 0;
    out->unique_y_len = out->unique_len;
}

void tpmc__template_fill(tpmc__template which, tpmc__public *out)
{
    const template_row *row = &rows[which];

    memset(out, 0, sizeof(*out));
    out->type = row->type;
    out->name_alg = TPMC__HASH_SHA256;
    out->attributes = row->attributes;
    if (row->is_ek) {
        memcpy(out->auth_policy, ek_policy, sizeof(ek_policy));
        out->auth_policy_len = sizeof(ek_policy);
    }
    out->symmetric.algorithm = TPMC__ALG_AES;
    out->symmetric.key_bits = 128;
    out->symmetric.mode = TPMC__ALG_CFB;
    out->scheme.algorithm = TPMC__ALG_NULL;
    if (row->type == TPMC__ALG_RSA)
        fill_rsa(row, out);
    else
        fill_ecc(row, out);
}

const char *tpmc__template_text(tpmc__template which)
{
    return (size_t)which < TPMC__TEMPLATE_COUNT ? rows[which].text : "an unknown primary";
}

tpmc__template tpmc__template_fallback(size_t index)
{
    return index < TPMC__FALLBACK_COUNT ? fallbacks[index] : TPMC__TEMPLATE_H2;
}
