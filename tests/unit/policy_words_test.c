/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "policy/policy_json.h"
#include "unit/expect.h"

static const struct kind_row {
    const char *name;
    tpmc__policy_kind kind;
} kinds[] = {
    { "Or", TPMC__POLICY_OR },
    { "Signed", TPMC__POLICY_SIGNED },
    { "Secret", TPMC__POLICY_SECRET },
    { "PCR", TPMC__POLICY_PCR },
    { "Locality", TPMC__POLICY_LOCALITY },
    { "NV", TPMC__POLICY_NV },
    { "CounterTimer", TPMC__POLICY_COUNTER_TIMER },
    { "CommandCode", TPMC__POLICY_COMMAND_CODE },
    { "PhysicalPresence", TPMC__POLICY_PHYSICAL_PRESENCE },
    { "CpHash", TPMC__POLICY_CP_HASH },
    { "NameHash", TPMC__POLICY_NAME_HASH },
    { "DuplicationSelect", TPMC__POLICY_DUPLICATION_SELECT },
    { "Authorize", TPMC__POLICY_AUTHORIZE },
    { "AuthValue", TPMC__POLICY_AUTH_VALUE },
    { "Password", TPMC__POLICY_PASSWORD },
    { "NvWritten", TPMC__POLICY_NV_WRITTEN },
    { "Template", TPMC__POLICY_TEMPLATE },
    { "AuthorizeNv", TPMC__POLICY_AUTHORIZE_NV },
    { "Action", TPMC__POLICY_ACTION },
};

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static void expect_kind(const char *word, tpmc__policy_kind kind)
{
    tpmc__policy_kind found = TPMC__POLICY_KIND_COUNT;

    if (tpmc__policy_word_kind(word, &found) != 0)
        fail_msg("not known: %s", word);
    assert_int_equal(found, kind);
}

static void kinds_by_name_and_number(void **state)
{
    static const char *const prefixes[] = { "",      "POLICY", "policy", "TPM2_POLICY",
                                            "TPM2_", "TPM_",   "TPMA_",  "TPM2_ALG_" };
    char word[64];

    (void)state;
    assert_int_equal(COUNT(kinds), TPMC__POLICY_KIND_COUNT);
    for (size_t i = 0; i < COUNT(kinds); i++) {
        for (size_t j = 0; j < COUNT(prefixes); j++) {
            (void)snprintf(word, sizeof(word), "%s%s", prefixes[j], kinds[i].name);
            expect_kind(word, kinds[i].kind);
        }
        (void)snprintf(word, sizeof(word), "%zu", i + 1);
        expect_kind(word, kinds[i].kind);
    }
    expect_kind("POLICYAUTHORIZENV", TPMC__POLICY_AUTHORIZE_NV);
    expect_kind("PolicyPCR", TPMC__POLICY_PCR);
}

/* Beginnings of names are taken by tpm2-tss: "" is Or there, and "Auth" Authorize. */
static void no_kinds(void **state)
{
    static const char *const words[] = { "",  "POLICY", "N",   "Auth", "AuthorizeN", "PCRS",
                                         "0", "20",     "100", "PC R", "TPM2_",      "-1",
                                         " ", "Or ",    "01",  "XPCR" };
    tpmc__policy_kind kind = TPMC__POLICY_PCR;

    (void)state;
    for (size_t i = 0; i < COUNT(words); i++) {
        if (tpmc__policy_word_kind(words[i], &kind) == 0)
            fail_msg("taken: '%s'", words[i]);
    }
    assert_int_equal(kind, TPMC__POLICY_PCR);
}

static void hashes(void **state)
{
    static const struct row {
        const char *word;
        uint16_t hash;
    } rows[] = {
        { "SHA", TPMC__HASH_SHA1 },
        { "SHA1", TPMC__HASH_SHA1 },
        { "sha256", TPMC__HASH_SHA256 },
        { "TPM2_ALG_SHA256", TPMC__HASH_SHA256 },
        { "TPM_ALG_ID_SHA384", TPMC__HASH_SHA384 },
        { "alg_sha512", TPMC__HASH_SHA512 },
    };
    uint16_t hash = 0;

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        assert_int_equal(tpmc__policy_word_hash(rows[i].word, &hash), 0);
        assert_int_equal(hash, rows[i].hash);
    }
    hash = 7;
    assert_int_not_equal(tpmc__policy_word_hash("SM3_256", &hash), 0);
    assert_int_not_equal(tpmc__policy_word_hash("SHA25", &hash), 0);
    assert_int_not_equal(tpmc__policy_word_hash("SHA2567", &hash), 0);
    assert_int_not_equal(tpmc__policy_word_hash("", &hash), 0);
    assert_int_not_equal(tpmc__policy_word_hash("TPM2_ALG_", &hash), 0);
    assert_int_equal(hash, 7);
}

static void operations_both_ways(void **state)
{
    static const char *const names[] = { "EQ",        "NEQ",         "SIGNED_GT", "UNSIGNED_GT",
                                         "SIGNED_LT", "UNSIGNED_LT", "SIGNED_GE", "UNSIGNED_GE",
                                         "SIGNED_LE", "UNSIGNED_LE", "BITSET",    "BITCLEAR" };
    uint16_t operation = 0;
    char word[32];

    (void)state;
    for (uint16_t i = 0; i < (uint16_t)COUNT(names); i++) {
        assert_string_equal(tpmc__policy_operation_name(i), names[i]);
        assert_int_equal(tpmc__policy_word_operation(names[i], &operation), 0);
        assert_int_equal(operation, i);
        (void)snprintf(word, sizeof(word), "tpm2_eo_%s", names[i]);
        assert_int_equal(tpmc__policy_word_operation(word, &operation), 0);
        assert_int_equal(operation, i);
    }
    assert_int_not_equal(tpmc__policy_word_operation("LT", &operation), 0);
    assert_int_not_equal(tpmc__policy_word_operation("", &operation), 0);
    assert_string_equal(tpmc__policy_operation_name(12), "an unknown operation");
    assert_string_equal(tpmc__policy_operation_name(0xffff), "an unknown operation");
}

/* TPM 2.0 Part 2, 6.5.2. */
static void commands_both_ways(void **state)
{
    static const struct row {
        const char *name;
        uint32_t code;
    } rows[] = {
        { "NV_UndefineSpaceSpecial", 0x11f },
        { "NV_ChangeAuth", 0x13b },
        { "Duplicate", 0x14b },
        { "HMAC", 0x155 },
        { "Quote", 0x158 },
        { "RSA_Decrypt", 0x159 },
        { "Sign", 0x15d },
        { "Unseal", 0x15e },
        { "PolicyCpHash", 0x16e },
        { "ECDH_KeyGen", 0x163 },
        { "EncryptDecrypt2", 0x193 },
        { "Policy_AC_SendSelect", 0x196 },
        { "CertifyX509", 0x197 },
    };
    uint32_t code = 0;

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        assert_int_equal(tpmc__policy_word_command(rows[i].name, &code), 0);
        assert_int_equal(code, rows[i].code);
        assert_string_equal(tpmc__policy_command_code_name(rows[i].code), rows[i].name);
    }
    assert_int_equal(tpmc__policy_word_command("TPM2_CC_SIGN", &code), 0);
    assert_int_equal(code, 0x15d);
    assert_int_equal(tpmc__policy_word_command("TPM_CC_nv_changeauth", &code), 0);
    assert_int_equal(code, 0x13b);
    assert_int_not_equal(tpmc__policy_word_command("Sig", &code), 0);
    assert_int_not_equal(tpmc__policy_word_command("", &code), 0);
    assert_int_not_equal(tpmc__policy_word_command("0x15d", &code), 0);
    assert_null(tpmc__policy_command_code_name(0));
    assert_null(tpmc__policy_command_code_name(0x123));
    assert_null(tpmc__policy_command_code_name(0x2000015d));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kinds_by_name_and_number),
        cmocka_unit_test(no_kinds),
        cmocka_unit_test(hashes),
        cmocka_unit_test(operations_both_ways),
        cmocka_unit_test(commands_both_ways),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
