/* SPDX-License-Identifier: Apache-2.0 */
#include "keyfile/tpm_names.h"

#include "codec/digest.h"
#include "keyfile/tpm_public.h"

typedef struct named {
    uint32_t number;
    const char *name;
} named;

static const named algorithms[] = {
    { TPMC__ALG_RSA, "rsa" },           { TPMC__ALG_TDES, "tdes" },
    { TPMC__ALG_HMAC, "hmac" },         { TPMC__ALG_AES, "aes" },
    { TPMC__ALG_MGF1, "mgf1" },         { TPMC__ALG_KEYEDHASH, "keyedhash" },
    { TPMC__ALG_XOR, "xor" },           { TPMC__ALG_NULL, "null" },
    { TPMC__ALG_SM4, "sm4" },           { TPMC__ALG_RSASSA, "rsassa" },
    { TPMC__ALG_RSAES, "rsaes" },       { TPMC__ALG_RSAPSS, "rsapss" },
    { TPMC__ALG_OAEP, "oaep" },         { TPMC__ALG_ECDSA, "ecdsa" },
    { TPMC__ALG_ECDH, "ecdh" },         { TPMC__ALG_ECDAA, "ecdaa" },
    { TPMC__ALG_SM2, "sm2" },           { TPMC__ALG_ECSCHNORR, "ecschnorr" },
    { TPMC__ALG_ECMQV, "ecmqv" },       { TPMC__ALG_KDF1_SP800_56A, "kdf1_sp800_56a" },
    { TPMC__ALG_KDF2, "kdf2" },         { TPMC__ALG_KDF1_SP800_108, "kdf1_sp800_108" },
    { TPMC__ALG_ECC, "ecc" },           { TPMC__ALG_SYMCIPHER, "symcipher" },
    { TPMC__ALG_CAMELLIA, "camellia" }, { TPMC__ALG_CMAC, "cmac" },
    { TPMC__ALG_CTR, "ctr" },           { TPMC__ALG_OFB, "ofb" },
    { TPMC__ALG_CBC, "cbc" },           { TPMC__ALG_CFB, "cfb" },
    { TPMC__ALG_ECB, "ecb" },
};

static const named attributes[] = {
    { TPMC__OBJECT_FIXED_TPM, "fixedtpm" },
    { TPMC__OBJECT_ST_CLEAR, "stclear" },
    { TPMC__OBJECT_FIXED_PARENT, "fixedparent" },
    { TPMC__OBJECT_SENSITIVE_DATA_ORIGIN, "sensitivedataorigin" },
    { TPMC__OBJECT_USER_WITH_AUTH, "userwithauth" },
    { TPMC__OBJECT_ADMIN_WITH_POLICY, "adminwithpolicy" },
    { TPMC__OBJECT_FIRMWARE_LIMITED, "firmwarelimited" },
    { TPMC__OBJECT_SVN_LIMITED, "svnlimited" },
    { TPMC__OBJECT_NO_DA, "noda" },
    { TPMC__OBJECT_ENCRYPTED_DUPLICATION, "encryptedduplication" },
    { TPMC__OBJECT_RESTRICTED, "restricted" },
    { TPMC__OBJECT_DECRYPT, "decrypt" },
    { TPMC__OBJECT_SIGN, "sign" },
    { TPMC__OBJECT_X509_SIGN, "x509sign" },
};

static const named policy_commands[] = {
    { 0x0149, "PolicyNV" },
    { 0x0151, "PolicySecret" },
    { 0x0160, "PolicySigned" },
    { 0x016a, "PolicyAuthorize" },
    { 0x016b, "PolicyAuthValue" },
    { 0x016c, "PolicyCommandCode" },
    { 0x016d, "PolicyCounterTimer" },
    { 0x016e, "PolicyCpHash" },
    { 0x016f, "PolicyLocality" },
    { 0x0170, "PolicyNameHash" },
    { 0x0171, "PolicyOR" },
    { 0x0172, "PolicyTicket" },
    { 0x017f, "PolicyPCR" },
    { 0x0187, "PolicyPhysicalPresence" },
    { 0x0188, "PolicyDuplicationSelect" },
    { 0x018c, "PolicyPassword" },
    { 0x018f, "PolicyNvWritten" },
    { 0x0190, "PolicyTemplate" },
    { 0x0192, "PolicyAuthorizeNV" },
};

static const tpmc__curve curves[] = {
    { 0x0001, "P-192", 24, "1.2.840.10045.3.1.1", NULL },
    { 0x0002, "P-224", 28, "1.3.132.0.33", NULL },
    { TPMC__CURVE_P256, "P-256", 32, "1.2.840.10045.3.1.7", "P-256" },
    { TPMC__CURVE_P384, "P-384", 48, "1.3.132.0.34", "P-384" },
    { TPMC__CURVE_P521, "P-521", 66, "1.3.132.0.35", "P-521" },
    { 0x0010, "BN-256", 32, NULL, NULL },
    { 0x0011, "BN-638", 80, NULL, NULL },
    { 0x0020, "SM2-P256", 32, NULL, NULL },
};

static const char *name_of(const named *table, size_t count, uint32_t number)
{
    size_t i;

    for (i = 0; i < count; i++) {
        if (table[i].number == number)
            return table[i].name;
    }
    return NULL;
}

const char *tpmc__alg_name(uint16_t algorithm)
{
    const char *name = name_of(algorithms, sizeof(algorithms) / sizeof(algorithms[0]), algorithm);

    return name ? name : tpmc__hash_name(algorithm);
}

const char *tpmc__attribute_name(unsigned bit)
{
    if (bit > 31)
        return NULL;
    return name_of(attributes, sizeof(attributes) / sizeof(attributes[0]), UINT32_C(1) << bit);
}

const char *tpmc__policy_command_name(uint32_t command)
{
    return name_of(policy_commands, sizeof(policy_commands) / sizeof(policy_commands[0]), command);
}

const tpmc__curve *tpmc__curve_find(uint16_t number)
{
    size_t i;

    for (i = 0; i < sizeof(curves) / sizeof(curves[0]); i++) {
        if (curves[i].number == number)
            return &curves[i];
    }
    return NULL;
}
