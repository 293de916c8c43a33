/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/expect.h"

#include "base/pcr_text.h"

#define SHA1 0x0004
#define SHA256 0x000b
#define SHA384 0x000c
#define SHA512 0x000d

static void expect_bank(const tpmc__pcr_bank *bank, uint16_t hash, uint32_t registers)
{
    assert_int_equal(bank->hash, hash);
    assert_int_equal(bank->select_len, 3);
    for (unsigned pcr = 0; pcr < 32; pcr++)
        assert_int_equal(tpmc__pcr_bank_has(bank, pcr), registers >> pcr & 1);
}

static void one_bank(void **state)
{
    static const struct {
        const char *text;
        uint16_t hash;
        uint32_t registers;
        uint8_t select[3];
    } rows[] = {
        { "0", SHA256, 0x000001, { 0x01, 0x00, 0x00 } },
        { "23", SHA256, 0x800000, { 0x00, 0x00, 0x80 } },
        { "sha256:0,7,23", SHA256, 0x800081, { 0x81, 0x00, 0x80 } },
        { "sha256:23,7,0", SHA256, 0x800081, { 0x81, 0x00, 0x80 } },
        { "sha1:8", SHA1, 0x000100, { 0x00, 0x01, 0x00 } },
        { "sha384:16", SHA384, 0x010000, { 0x00, 0x00, 0x01 } },
        { "sha512:01,15", SHA512, 0x008002, { 0x02, 0x80, 0x00 } },
    };
    tpmc__pcr_selection selection;

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        memset(&selection, 0xa5, sizeof(selection));
        assert_null(tpmc__pcr_text_parse(rows[i].text, &selection));
        assert_int_equal(selection.count, 1);
        expect_bank(&selection.banks[0], rows[i].hash, rows[i].registers);
        assert_memory_equal(selection.banks[0].select, rows[i].select, 3);
        assert_int_equal(selection.banks[0].select[3], 0);
    }
}

static void banks_keep_their_order(void **state)
{
    tpmc__pcr_selection selection;

    (void)state;
    assert_null(tpmc__pcr_text_parse("sha512:3+16,17+sha1:1,2+sha384:0", &selection));
    assert_int_equal(selection.count, 4);
    expect_bank(&selection.banks[0], SHA512, 0x000008);
    expect_bank(&selection.banks[1], SHA256, 0x030000);
    expect_bank(&selection.banks[2], SHA1, 0x000006);
    expect_bank(&selection.banks[3], SHA384, 0x000001);
    assert_int_equal(tpmc__pcr_selection_size(&selection), 6);
}

static void all_registers(void **state)
{
    tpmc__pcr_selection selection;

    (void)state;
    assert_null(tpmc__pcr_text_parse(
        "0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23", &selection));
    expect_bank(&selection.banks[0], SHA256, 0xffffff);
    assert_int_equal(tpmc__pcr_selection_size(&selection), TPMC__PCR_COUNT);
}

static void refused_texts(void **state)
{
    static const struct {
        const char *text;
        const char *words;
    } rows[] = {
        { "", "no register" },
        { "sha256:", "no register" },
        { "sha1:1+", "no register" },
        { "+sha1:1", "no register" },
        { "sha1:1++sha256:1", "no register" },
        { ",", "no register in one place" },
        { "1,", "no register in one place" },
        { ",1", "no register in one place" },
        { "1,,2", "no register in one place" },
        { "24", "only 0 to 23" },
        { "99", "only 0 to 23" },
        { "sha1:1,24", "only 0 to 23" },
        { "001", "only 0 to 23" },
        { "4294967296", "only 0 to 23" },
        { "1,1", "register twice" },
        { "1,2,01", "register twice" },
        { "sha256:1+2", "bank twice" },
        { "1+2", "bank twice" },
        { "sha1:1+sha1:2", "bank twice" },
        { "sha1:1+sha256:1+sha384:1+sha512:1+sha1:2", "bank twice" },
        { "sha3:1", "unknown bank" },
        { "sha:1", "unknown bank" },
        { "sha25:1", "unknown bank" },
        { "sha2560:1", "unknown bank" },
        { "SHA256:1", "unknown bank" },
        { ":1", "unknown bank" },
        { "sm3_256:1", "unknown bank" },
        { "sha256", "no list of registers" },
        { "sha256:all", "no list of registers" },
        { "sha256:1:2", "no list of registers" },
        { "-1", "no list of registers" },
        { "+1", "no register" },
        { "1 ,2", "no list of registers" },
        { " 1", "no list of registers" },
        { "0x1", "no list of registers" },
        { "1-3", "no list of registers" },
    };
    tpmc__pcr_selection selection;
    tpmc__pcr_selection before;

    (void)state;
    memset(&before, 0xa5, sizeof(before));
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *flaw = NULL;

        selection = before;
        flaw = tpmc__pcr_text_parse(rows[i].text, &selection);
        if (flaw == NULL)
            fail_msg("'%s' is accepted", rows[i].text);
        else if (strstr(flaw, rows[i].words) == NULL)
            fail_msg("'%s': '%s' does not hold '%s'", rows[i].text, flaw, rows[i].words);
        assert_memory_equal(&selection, &before, sizeof(before));
        assert_ptr_equal(tpmc__pcr_text_parse(rows[i].text, NULL), flaw);
    }
}

static void a_bank_ends_where_its_selection_does(void **state)
{
    tpmc__pcr_bank bank = { SHA256, { 0xff, 0xff, 0xff, 0xff }, 1 };
    tpmc__pcr_selection selection = { { { 0 } }, 0 };

    (void)state;
    assert_int_equal(tpmc__pcr_bank_has(&bank, 7), 1);
    assert_int_equal(tpmc__pcr_bank_has(&bank, 8), 0);
    assert_int_equal(tpmc__pcr_bank_has(&bank, 4000000000u), 0);
    assert_int_equal(tpmc__pcr_selection_size(&selection), 0);
    selection.banks[0] = bank;
    selection.count = 1;
    assert_int_equal(tpmc__pcr_selection_size(&selection), 8);
    selection.banks[0].select_len = 4;
    assert_int_equal(tpmc__pcr_bank_has(&selection.banks[0], 31), 1);
    assert_int_equal(tpmc__pcr_selection_size(&selection), 32);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_bank),
        cmocka_unit_test(banks_keep_their_order),
        cmocka_unit_test(all_registers),
        cmocka_unit_test(refused_texts),
        cmocka_unit_test(a_bank_ends_where_its_selection_does),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
