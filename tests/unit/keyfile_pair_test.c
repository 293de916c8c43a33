/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/each_allocation.h"
#include "unit/keyfile_data.h"
#include "unit/keyfile_fixture.h"

#include "keyfile/keyfile.h"

static int read_pair(const char *public_hex, const char *private_hex, tpmc__keyfile *out,
                     tpmc_error *err)
{
    static blob public_area;
    static blob private_part;

    set_hex(&public_area, public_hex);
    set_hex(&private_part, private_hex);
    return tpmc__keyfile_from_pair(public_area.data, public_area.len, private_part.data,
                                   private_part.len, out, err);
}

static void a_pair_makes_a_loadable_key_of_the_owner(void **state)
{
    tpmc_error *err = *state;
    tpmc__keyfile file;

    expect_success(read_pair(ecc_public_hex, "0003 010203", &file, err), err);
    assert_int_equal(file.type, TPMC__KEYFILE_LOADABLE);
    assert_int_equal(file.parent, 0x40000001);
    assert_int_equal(tpmc__keyfile_parent_template(&file), TPMC__TEMPLATE_H2);
    assert_int_equal(file.has_empty_auth, 0);
    assert_int_equal(file.handle, 0);
    assert_int_equal(file.key.type, TPMC__ALG_ECC);
    assert_hex(file.public_bytes, file.public_len, ecc_public_hex);
    assert_hex(file.private_bytes, file.private_len, "0003 010203");
    tpmc__keyfile_free(&file);
}

static void a_pair_can_be_written_as_a_file(void **state)
{
    tpmc_error *err = *state;
    tpmc__keyfile file;
    tpmc__keyfile back;
    tpmc__buf pem;

    expect_success(read_pair(rsa_public_hex, "0003 010203", &file, err), err);
    tpmc__buf_init(&pem, TPMC__KEYFILE_MAX);
    assert_int_equal(tpmc__keyfile_write(&file, &pem), 0);
    expect_success(tpmc__keyfile_parse(pem.data, pem.len, &back, err), err);
    assert_hex(back.public_bytes, back.public_len, rsa_public_hex);
    tpmc__buf_free(&pem);
    tpmc__keyfile_free(&back);
    tpmc__keyfile_free(&file);
}

static void each_flaw_is_named(void **state)
{
    static const struct {
        const char *public_hex;
        const char *private_hex;
        const char *words;
    } flaws[] = {
        { "", "0003 010203", "the public area: bad TPM2B_PUBLIC: truncated" },
        { "0000", "0003 010203", "the public area: bad TPM2B_PUBLIC: it is empty" },
        { "0003 0023", "0003 010203", "the public area: bad TPM2B_PUBLIC: it states 3 bytes" },
        { "001a0023000b000304720000000600800043001000030010 00000000", "0003 010203",
          "the public area is not that of a key: its point is missing" },
        { ecc_public_hex, "", "the private part is empty" },
        { ecc_public_hex, "0000", "the private part is empty" },
        { ecc_public_hex, "00", "the private part is a bad TPM2B_PRIVATE: its 1 bytes" },
        { ecc_public_hex, "0003 0102", "the private part is a bad TPM2B_PRIVATE: its 4 bytes" },
        { ecc_public_hex, "0001 0102", "the private part is a bad TPM2B_PRIVATE" },
        { ecc_public_hex, "81000001", "the private part is a bad TPM2B_PRIVATE" },
    };
    static const tpmc__keyfile empty;
    tpmc_error *err = *state;
    tpmc__keyfile file;
    size_t i;

    for (i = 0; i < sizeof(flaws) / sizeof(flaws[0]); i++) {
        expect_failure(read_pair(flaws[i].public_hex, flaws[i].private_hex, &file, err), err,
                       TPMC_ERR_FORMAT, flaws[i].words);
        assert_memory_equal(&file, &empty, sizeof(file));
    }
}

static void the_private_part_has_a_ceiling(void **state)
{
    static uint8_t part[TPMC__KEYFILE_PRIVATE_MAX + 1];
    tpmc_error *err = *state;
    static blob area;
    tpmc__keyfile file;

    set_hex(&area, ecc_public_hex);
    part[0] = (uint8_t)((TPMC__KEYFILE_PRIVATE_MAX - 2) >> 8);
    part[1] = (uint8_t)(TPMC__KEYFILE_PRIVATE_MAX - 2);
    expect_success(tpmc__keyfile_from_pair(area.data, area.len, part, sizeof(part) - 1, &file, err),
                   err);
    assert_int_equal(file.private_len, TPMC__KEYFILE_PRIVATE_MAX);
    tpmc__keyfile_free(&file);
    part[1]++;
    expect_failure(tpmc__keyfile_from_pair(area.data, area.len, part, sizeof(part), &file, err),
                   err, TPMC_ERR_FORMAT, "the private part has 2049 bytes, more than the 2048");
}

static int pair_once(void *context)
{
    tpmc__keyfile file;
    int status = read_pair(context, "0003 010203", &file, NULL);

    if (status == 0)
        tpmc__keyfile_free(&file);
    return status;
}

static void lack_of_memory_is_reported(void **state)
{
    char text[sizeof(rsa_public_hex)];

    (void)state;
    memcpy(text, rsa_public_hex, sizeof(text));
    assert_true(each_allocation(pair_once, text, TPMC_ERR_NOMEM) >= 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ERROR(a_pair_makes_a_loadable_key_of_the_owner),
        WITH_ERROR(a_pair_can_be_written_as_a_file),
        WITH_ERROR(each_flaw_is_named),
        WITH_ERROR(the_private_part_has_a_ceiling),
        cmocka_unit_test(lack_of_memory_is_reported),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
