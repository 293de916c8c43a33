/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/policy_json_fixture.h"

#include "unit/each_allocation.h"

#define ENTRY(pcr, hash, digest) "{'pcr':" pcr ",'hashAlg':'" hash "','digest':'" digest "'}"
#define ZERO(pcr) ENTRY(pcr, "SHA256", ZEROS32)
#define PCRS(entries) STEP("'type':'PCR','pcrs':[" entries "]")
#define TWENTY_ZEROS "0000000000000000000000000000000000000000"

static void expect_bank(const tpmc__policy_step *step, size_t at, uint16_t hash, const char *select)
{
    const tpmc__pcr_bank *bank = &step->u.pcr.selection.banks[at];

    assert_true(at < step->u.pcr.selection.count);
    assert_int_equal(bank->hash, hash);
    expect_hex(bank->select, bank->select_len, select);
}

static void expect_register(const tpmc__policy_step *step, size_t at, uint16_t hash, unsigned pcr,
                            uint8_t first)
{
    const tpmc__policy_pcr_value *value = &step->u.pcr.values[at];

    assert_true(at < step->u.pcr.value_count);
    assert_int_equal(value->hash, hash);
    assert_int_equal(value->pcr, pcr);
    assert_int_equal(value->value[0], first);
}

static void values(void **state)
{
    static const char *const texts[] = {
        PCRS("{'pcr':23,'hashAlg':'TPM2_ALG_SHA256','digest':'" ZEROS32 "'}"),
        PCRS("{'pcr':'23','hashAlg':11,'digest':'0x" ZEROS32 "'}"),
        PCRS("{'PCR':1,'pcr':'0x17','hashalg':'sha256','digest':'" ZEROS32 "0'}"),
        PCRS("{'pcr':23,'hashAlg':'SHA256','digest':[0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,"
             "0,0,0,0,0,0,0,0,0,0,0,0]}"),
    };

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        const tpmc__policy_step *step = read_step(state, texts[i]);

        assert_int_equal(step->u.pcr.known, TPMC__PCR_VALUES);
        assert_int_equal(step->u.pcr.selection.count, 1);
        expect_bank(step, 0, TPMC__HASH_SHA256, "000080");
        assert_int_equal(step->u.pcr.value_count, 1);
        expect_register(step, 0, TPMC__HASH_SHA256, 23, 0);
    }
}

/* Banks as they come, and registers ascending in each. */
static void values_in_any_order(void **state)
{
    const tpmc__policy_step *step = read_step(
        state,
        PCRS(
            ENTRY("9", "SHA256", "0900000000000000000000000000000000000000000000000000000000000000") "," ENTRY("0", "SHA1", "a000000000000000000000000000000000000000") "," ENTRY(
                "1", "SHA256",
                "010000000000000000000000000000000000000000000000000000000"
                "0000000") "," ENTRY("23", "SHA1",
                                     "b70000000000000000000000000000000000"
                                     "0000") "," ENTRY("7", "SHA1",
                                                       "a70000000000000000"
                                                       "000000000000000000"
                                                       "0000") "," ENTRY("4", "SHA256",
                                                                         "0400000000000000000000000"
                                                                         "0000000000000000000000000"
                                                                         "00000000000000")));

    assert_int_equal(step->u.pcr.selection.count, 2);
    expect_bank(step, 0, TPMC__HASH_SHA256, "120200");
    expect_bank(step, 1, TPMC__HASH_SHA1, "810080");
    assert_int_equal(step->u.pcr.value_count, 6);
    expect_register(step, 0, TPMC__HASH_SHA256, 1, 0x01);
    expect_register(step, 1, TPMC__HASH_SHA256, 4, 0x04);
    expect_register(step, 2, TPMC__HASH_SHA256, 9, 0x09);
    expect_register(step, 3, TPMC__HASH_SHA1, 0, 0xa0);
    expect_register(step, 4, TPMC__HASH_SHA1, 7, 0xa7);
    expect_register(step, 5, TPMC__HASH_SHA1, 23, 0xb7);
}

static void all_registers_of_all_banks(void **state)
{
    static const struct row {
        const char *name;
        int digits;
    } banks[] = { { "SHA1", 40 }, { "SHA256", 64 }, { "SHA384", 96 }, { "SHA512", 128 } };
    static char text[JSON_TEXT_MAX];
    size_t len = (size_t)snprintf(text, sizeof(text), "{'policy':[{'type':'PCR','pcrs':[");

    for (size_t i = 0; i < 4; i++) {
        for (int pcr = 23; pcr >= 0; pcr--)
            len += (size_t)snprintf(text + len, sizeof(text) - len,
                                    "{'pcr':%d,'hashAlg':'%s','digest':'%0*d'},", pcr,
                                    banks[i].name, banks[i].digits, 0);
    }
    (void)snprintf(text + len, sizeof(text) - len, "]}]}");
    assert_int_equal(read_step(state, text)->u.pcr.value_count, 96);
    expect_bank(&document.steps.items[0], 3, TPMC__HASH_SHA512, "ffffff");
    (void)snprintf(text + len, sizeof(text) - len, ZERO("0") "]}]}");
    refuse_policy(state, text, TPMC_ERR_FORMAT, "the field 'pcrs' names a register twice");
}

static void values_that_are_none(void **state)
{
    static const struct row {
        const char *text;
        const char *words;
    } rows[] = {
        { STEP("'type':'PCR'"),
          "step 1 (PolicyPCR): none of the fields 'pcrs', 'currentPCRs' and 'currentPCRandBanks'" },
        { STEP("'type':'PCR','pcrs':[" ZERO("1") "],'currentPCRs':[1]"), "more than one of" },
        { STEP("'type':'PCR','pcrs':{}"), "the field 'pcrs' is no array of registers" },
        { PCRS(""), "the field 'pcrs' is no array of registers, or an empty one" },
        { PCRS("7"), "the field 'pcr' is missing" },
        { PCRS("{'hashAlg':'SHA256','digest':'" ZEROS32 "'}"), "the field 'pcr' is missing" },
        { PCRS(ZERO("24")), "the field 'pcr' names a register that is not 0 to 23" },
        { PCRS(ZERO("-1")), "names a register that is not 0 to 23" },
        { PCRS(ZERO("'a'")), "names a register that is not 0 to 23" },
        { PCRS(ZERO("1.5")), "names a register that is not 0 to 23" },
        { PCRS("{'pcr':1,'digest':'" ZEROS32 "'}"), "the field 'hashAlg' is missing" },
        { PCRS(ENTRY("1", "SHA3_256", ZEROS32)), "the field 'hashAlg' names a hash that is not" },
        { PCRS(ENTRY("1", "SM3_256", ZEROS32)), "the field 'hashAlg' names a hash that is not" },
        { PCRS("{'pcr':1,'hashAlg':'SHA256'}"),
          "the field 'digest' of the register 1 has 0 bytes, and sha256 has 32" },
        { PCRS(ENTRY("2", "SHA1", ZEROS32)), "of the register 2 has 32 bytes, and sha1 has 20" },
        { PCRS(ENTRY("2", "SHA512", ZEROS32)), "has 32 bytes, and sha512 has 64" },
        { PCRS(ENTRY("2", "SHA256",
                     "0000000000000000000000000000000000000000000000000000000000000")),
          "has 30 bytes" },
        { PCRS(ENTRY("2", "SHA256", "x")), "the field 'digest' is neither a text of hexadecimal" },
        { PCRS(ZERO("1") "," ZERO("2") "," ZERO("1")), "the field 'pcrs' names a register twice" },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        refuse_policy(state, rows[i].text, TPMC_ERR_FORMAT, rows[i].words);
}

static void registers_of_now(void **state)
{
    tpmc__policy_bytes digest;
    const tpmc__policy_step *step =
        read_step(state, STEP("'type':'PCR','currentPCRs':[16,'0',23]"));

    assert_int_equal(step->u.pcr.known, TPMC__PCR_NOW);
    assert_int_equal(step->u.pcr.value_count, 0);
    assert_int_equal(step->u.pcr.selection.count, 1);
    expect_bank(step, 0, TPMC__HASH_SHA256, "010081");
    expect_failure(
        tpmc__policy_digest(*state, &document.steps, TPMC__HASH_SHA256, NULL, &digest, err), err,
        TPMC_ERR_STATE, "only a TPM can tell");
    tpmc__error_clear(err);
    step = read_step(state, STEP("'type':'PCR','currentPCRandBanks':["
                                 "{'hash':'SHA384','pcrSelect':[7]},"
                                 "{'hash':'TPM2_ALG_SHA256','pcrselect':[8,15]},"
                                 "{'hash':12,'pcrSelect':['1']}]"));
    assert_int_equal(step->u.pcr.known, TPMC__PCR_NOW);
    assert_int_equal(step->u.pcr.selection.count, 2);
    expect_bank(step, 0, TPMC__HASH_SHA384, "820000");
    expect_bank(step, 1, TPMC__HASH_SHA256, "008100");
}

static void registers_of_now_that_are_none(void **state)
{
#define BANKS(list) STEP("'type':'PCR','currentPCRandBanks':" list)
    static const struct row {
        const char *text;
        const char *words;
    } rows[] = {
        { STEP("'type':'PCR','currentPCRs':[]"), "the field 'currentPCRs' is no array" },
        { STEP("'type':'PCR','currentPCRs':7"), "the field 'currentPCRs' is no array" },
        { STEP("'type':'PCR','currentPCRs':[24]"), "'currentPCRs' names a register that is not" },
        { STEP("'type':'PCR','currentPCRs':[7,7]"), "'currentPCRs' names a register twice" },
        { BANKS("[]"), "the field 'currentPCRandBanks' is no array of banks, or an empty one" },
        { BANKS("{}"), "the field 'currentPCRandBanks' is no array of banks" },
        { BANKS("[7]"), "the field 'hash' is missing" },
        { BANKS("[{'pcrSelect':[1]}]"), "the field 'hash' is missing" },
        { BANKS("[{'hash':'MD5','pcrSelect':[1]}]"), "the field 'hash' names a hash" },
        { BANKS("[{'hash':'SHA1'}]"), "the field 'pcrSelect' is no array of registers" },
        { BANKS("[{'hash':'SHA1','pcrSelect':[]}]"), "the field 'pcrSelect' is no array" },
        { BANKS("[{'hash':'SHA1','pcrSelect':[-1]}]"), "the field 'pcrSelect' names a register" },
        { BANKS("[{'hash':'SHA1','pcrSelect':[1]},{'hash':'SHA','pcrSelect':[1]}]"),
          "the field 'pcrSelect' names a register twice" },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        refuse_policy(state, rows[i].text, TPMC_ERR_FORMAT, rows[i].words);
}

static int read_once(void *context)
{
    return try_policy(context, PCRS(ZERO("1") "," ENTRY("2", "SHA1", TWENTY_ZEROS)));
}

static void without_memory(void **state)
{
    assert_true(each_allocation(read_once, *state, TPMC_ERR_NOMEM) > 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_DOCUMENT(values),
        WITH_DOCUMENT(values_in_any_order),
        WITH_DOCUMENT(all_registers_of_all_banks),
        WITH_DOCUMENT(values_that_are_none),
        WITH_DOCUMENT(registers_of_now),
        WITH_DOCUMENT(registers_of_now_that_are_none),
        WITH_DOCUMENT(without_memory),
    };

    return cmocka_run_group_tests(tests, setup_env, teardown_env);
}
