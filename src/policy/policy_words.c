/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <strings.h>

#include "policy/policy_json.h"

struct word {
    const char *text;
    uint32_t value;
};

/* The numbers by which the language knows the kinds. */
static const struct kind_word {
    const char *text;
    const char *number;
    tpmc__policy_kind kind;
} kinds[] = {
    { "OR", "1", TPMC__POLICY_OR },
    { "SIGNED", "2", TPMC__POLICY_SIGNED },
    { "SECRET", "3", TPMC__POLICY_SECRET },
    { "PCR", "4", TPMC__POLICY_PCR },
    { "LOCALITY", "5", TPMC__POLICY_LOCALITY },
    { "NV", "6", TPMC__POLICY_NV },
    { "COUNTERTIMER", "7", TPMC__POLICY_COUNTER_TIMER },
    { "COMMANDCODE", "8", TPMC__POLICY_COMMAND_CODE },
    { "PHYSICALPRESENCE", "9", TPMC__POLICY_PHYSICAL_PRESENCE },
    { "CPHASH", "10", TPMC__POLICY_CP_HASH },
    { "NAMEHASH", "11", TPMC__POLICY_NAME_HASH },
    { "DUPLICATIONSELECT", "12", TPMC__POLICY_DUPLICATION_SELECT },
    { "AUTHORIZE", "13", TPMC__POLICY_AUTHORIZE },
    { "AUTHVALUE", "14", TPMC__POLICY_AUTH_VALUE },
    { "PASSWORD", "15", TPMC__POLICY_PASSWORD },
    { "NVWRITTEN", "16", TPMC__POLICY_NV_WRITTEN },
    { "TEMPLATE", "17", TPMC__POLICY_TEMPLATE },
    { "AUTHORIZENV", "18", TPMC__POLICY_AUTHORIZE_NV },
    { "ACTION", "19", TPMC__POLICY_ACTION },
};

static const struct word hashes[] = {
    { "SHA", TPMC__HASH_SHA1 },      { "SHA1", TPMC__HASH_SHA1 },
    { "SHA256", TPMC__HASH_SHA256 }, { "SHA384", TPMC__HASH_SHA384 },
    { "SHA512", TPMC__HASH_SHA512 },
};

static const struct word operations[] = {
    { "EQ", 0 },        { "NEQ", 1 },         { "SIGNED_GT", 2 }, { "UNSIGNED_GT", 3 },
    { "SIGNED_LT", 4 }, { "UNSIGNED_LT", 5 }, { "SIGNED_GE", 6 }, { "UNSIGNED_GE", 7 },
    { "SIGNED_LE", 8 }, { "UNSIGNED_LE", 9 }, { "BITSET", 10 },   { "BITCLEAR", 11 },
};

/* Command codes, Part 2, 6.5.2. */
static const struct word commands[] = {
    { "NV_UndefineSpaceSpecial", 0x11f },
    { "EvictControl", 0x120 },
    { "HierarchyControl", 0x121 },
    { "NV_UndefineSpace", 0x122 },
    { "ChangeEPS", 0x124 },
    { "ChangePPS", 0x125 },
    { "Clear", 0x126 },
    { "ClearControl", 0x127 },
    { "ClockSet", 0x128 },
    { "HierarchyChangeAuth", 0x129 },
    { "NV_DefineSpace", 0x12a },
    { "PCR_Allocate", 0x12b },
    { "PCR_SetAuthPolicy", 0x12c },
    { "PP_Commands", 0x12d },
    { "SetPrimaryPolicy", 0x12e },
    { "FieldUpgradeStart", 0x12f },
    { "ClockRateAdjust", 0x130 },
    { "CreatePrimary", 0x131 },
    { "NV_GlobalWriteLock", 0x132 },
    { "GetCommandAuditDigest", 0x133 },
    { "NV_Increment", 0x134 },
    { "NV_SetBits", 0x135 },
    { "NV_Extend", 0x136 },
    { "NV_Write", 0x137 },
    { "NV_WriteLock", 0x138 },
    { "DictionaryAttackLockReset", 0x139 },
    { "DictionaryAttackParameters", 0x13a },
    { "NV_ChangeAuth", 0x13b },
    { "PCR_Event", 0x13c },
    { "PCR_Reset", 0x13d },
    { "SequenceComplete", 0x13e },
    { "SetAlgorithmSet", 0x13f },
    { "SetCommandCodeAuditStatus", 0x140 },
    { "FieldUpgradeData", 0x141 },
    { "IncrementalSelfTest", 0x142 },
    { "SelfTest", 0x143 },
    { "Startup", 0x144 },
    { "Shutdown", 0x145 },
    { "StirRandom", 0x146 },
    { "ActivateCredential", 0x147 },
    { "Certify", 0x148 },
    { "PolicyNV", 0x149 },
    { "CertifyCreation", 0x14a },
    { "Duplicate", 0x14b },
    { "GetTime", 0x14c },
    { "GetSessionAuditDigest", 0x14d },
    { "NV_Read", 0x14e },
    { "NV_ReadLock", 0x14f },
    { "ObjectChangeAuth", 0x150 },
    { "PolicySecret", 0x151 },
    { "Rewrap", 0x152 },
    { "Create", 0x153 },
    { "ECDH_ZGen", 0x154 },
    { "HMAC", 0x155 },
    { "Import", 0x156 },
    { "Load", 0x157 },
    { "Quote", 0x158 },
    { "RSA_Decrypt", 0x159 },
    { "HMAC_Start", 0x15b },
    { "SequenceUpdate", 0x15c },
    { "Sign", 0x15d },
    { "Unseal", 0x15e },
    { "PolicySigned", 0x160 },
    { "ContextLoad", 0x161 },
    { "ContextSave", 0x162 },
    { "ECDH_KeyGen", 0x163 },
    { "EncryptDecrypt", 0x164 },
    { "FlushContext", 0x165 },
    { "LoadExternal", 0x167 },
    { "MakeCredential", 0x168 },
    { "NV_ReadPublic", 0x169 },
    { "PolicyAuthorize", 0x16a },
    { "PolicyAuthValue", 0x16b },
    { "PolicyCommandCode", 0x16c },
    { "PolicyCounterTimer", 0x16d },
    { "PolicyCpHash", 0x16e },
    { "PolicyLocality", 0x16f },
    { "PolicyNameHash", 0x170 },
    { "PolicyOR", 0x171 },
    { "PolicyTicket", 0x172 },
    { "ReadPublic", 0x173 },
    { "RSA_Encrypt", 0x174 },
    { "StartAuthSession", 0x176 },
    { "VerifySignature", 0x177 },
    { "ECC_Parameters", 0x178 },
    { "FirmwareRead", 0x179 },
    { "GetCapability", 0x17a },
    { "GetRandom", 0x17b },
    { "GetTestResult", 0x17c },
    { "Hash", 0x17d },
    { "PCR_Read", 0x17e },
    { "PolicyPCR", 0x17f },
    { "PolicyRestart", 0x180 },
    { "ReadClock", 0x181 },
    { "PCR_Extend", 0x182 },
    { "PCR_SetAuthValue", 0x183 },
    { "NV_Certify", 0x184 },
    { "EventSequenceComplete", 0x185 },
    { "HashSequenceStart", 0x186 },
    { "PolicyPhysicalPresence", 0x187 },
    { "PolicyDuplicationSelect", 0x188 },
    { "PolicyGetDigest", 0x189 },
    { "TestParms", 0x18a },
    { "Commit", 0x18b },
    { "PolicyPassword", 0x18c },
    { "ZGen_2Phase", 0x18d },
    { "EC_Ephemeral", 0x18e },
    { "PolicyNvWritten", 0x18f },
    { "PolicyTemplate", 0x190 },
    { "CreateLoaded", 0x191 },
    { "PolicyAuthorizeNV", 0x192 },
    { "EncryptDecrypt2", 0x193 },
    { "AC_GetCapability", 0x194 },
    { "AC_Send", 0x195 },
    { "Policy_AC_SendSelect", 0x196 },
    { "CertifyX509", 0x197 },
    { "ACT_SetTimeout", 0x198 },
};

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static const char *skip(const char *word, const char *prefix)
{
    size_t len = strlen(prefix);

    return strncasecmp(word, prefix, len) == 0 ? word + len : word;
}

/* Each prefix may stand once, in this order. */
static const char *strip(const char *word, const char *const *prefixes)
{
    for (size_t i = 0; prefixes[i] != NULL; i++)
        word = skip(word, prefixes[i]);
    return word;
}

static int lower(char c)
{
    return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c;
}

/* 1 when they are the same but for case and underscores. */
static int is_same(const char *a, const char *b)
{
    for (;;) {
        while (*a == '_')
            a++;
        while (*b == '_')
            b++;
        if (lower(*a) != lower(*b))
            return 0;
        if (*a == '\0')
            return 1;
        a++;
        b++;
    }
}

static int find(const struct word *table, size_t count, const char *text, uint32_t *out)
{
    for (size_t i = 0; i < count; i++) {
        if (is_same(table[i].text, text)) {
            *out = table[i].value;
            return 0;
        }
    }
    return -1;
}

/* A beginning of a name is not taken for it, which tpm2-tss does: "N" would be NV. */
int tpmc__policy_word_kind(const char *word, tpmc__policy_kind *out)
{
    static const char *const prefixes[] = { "TPM2_ALG_", "TPM2_", "TPM_", "TPMA_", "POLICY", NULL };
    const char *stripped = strip(word, prefixes);

    for (size_t i = 0; i < COUNT(kinds); i++) {
        if (is_same(kinds[i].text, stripped) || strcmp(kinds[i].number, word) == 0) {
            *out = kinds[i].kind;
            return 0;
        }
    }
    return -1;
}

int tpmc__policy_word_hash(const char *word, uint16_t *out)
{
    static const char *const prefixes[] = { "TPM_", "TPM2_", "ALG_", "ID_", NULL };
    uint32_t value = 0;

    if (find(hashes, COUNT(hashes), strip(word, prefixes), &value) != 0)
        return -1;
    *out = (uint16_t)value;
    return 0;
}

int tpmc__policy_word_operation(const char *word, uint16_t *out)
{
    static const char *const prefixes[] = { "TPM_", "TPM2_", "EO_", NULL };
    uint32_t value = 0;

    if (find(operations, COUNT(operations), strip(word, prefixes), &value) != 0)
        return -1;
    *out = (uint16_t)value;
    return 0;
}

int tpmc__policy_word_command(const char *word, uint32_t *out)
{
    static const char *const prefixes[] = { "TPM_", "TPM2_", "CC_", NULL };

    return find(commands, COUNT(commands), strip(word, prefixes), out);
}

const char *tpmc__policy_operation_name(uint16_t operation)
{
    return operation < COUNT(operations) ? operations[operation].text : "an unknown operation";
}

const char *tpmc__policy_command_code_name(uint32_t command)
{
    for (size_t i = 0; i < COUNT(commands); i++) {
        if (commands[i].value == command)
            return commands[i].text;
    }
    return NULL;
}
