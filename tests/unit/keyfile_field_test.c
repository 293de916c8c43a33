/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/each_allocation.h"
#include "unit/keyfile_data.h"
#include "unit/keyfile_fixture.h"

#include "keyfile/keyfile_field.h"

/* Reads the content of [6], which holds these bytes as an OCTET STRING. */
static int read_id(const blob *bytes, tpmc__keyfile *file, tpmc_error *err)
{
    static blob element;
    tpmc__cursor in = { { NULL, 0 }, 0, err };
    int status;

    element.len = 0;
    add_bytes(&element, bytes->data, bytes->len);
    wrap_from(&element, 0, 0x04);
    memset(file, 0, sizeof(*file));
    in.in.data = element.data;
    in.in.len = element.len;
    status = tpmc__keyfile_read_parent_id(&in, file);
    assert_int_equal(in.in.len, 0);
    return status;
}

static void assert_kept(const char *hex, tpmc_error *err)
{
    static blob bytes;
    tpmc__keyfile file;

    set_hex(&bytes, hex);
    expect_success(read_id(&bytes, &file, err), err);
    assert_hex(file.parent_id, file.parent_id_len, hex);
    tpmc__keyfile_free(&file);
}

static void assert_passed_over(const char *hex, tpmc_error *err)
{
    static blob bytes;
    tpmc__keyfile file;

    set_hex(&bytes, hex);
    expect_success(read_id(&bytes, &file, err), err);
    assert_null(file.parent_id);
    assert_int_equal(file.parent_id_len, 0);
}

#define BYTES_16 "000102030405060708090a0b0c0d0e0f"

static void names_and_public_areas_of_a_parent_are_kept(void **state)
{
    tpmc_error *err = *state;

    assert_kept("0004" BYTES_16 "00010203", err);
    assert_kept(h2_name_hex, err);
    assert_kept(ecc384_name_hex, err);
    assert_kept("000d" BYTES_16 BYTES_16 BYTES_16 BYTES_16, err);
    assert_kept(h2_public_hex, err);
    assert_kept(h1_public_hex, err);
}

static void other_identities_are_passed_over(void **state)
{
    static const char *const others[] = {
        "",
        "00",
        "000b",
        "000b" BYTES_16 BYTES_16 "00",
        "000b" BYTES_16 "0001020304050607",
        "0012" BYTES_16 BYTES_16,
        "0003 010203",
        "0004 010203",
        /* A template is the public area of no parent. */
        "001a0023000b000304720000000600800043001000030010 00000000",
    };
    tpmc_error *err = *state;
    size_t i;

    for (i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        assert_passed_over(others[i], err);
}

/* The field may hold anything: others may have given it another meaning. */
static void other_types_are_passed_over(void **state)
{
    static const char *const others[] = { "",     "0500",   "0101ff",           "3003 020101",
                                          "0405", "0480ff", "0403 010203 0500", "ffff" };
    tpmc_error *err = *state;
    static blob bytes;
    tpmc__keyfile file;
    size_t i;

    memset(&file, 0, sizeof(file));
    for (i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        tpmc__cursor in = { { bytes.data, 0 }, 0, err };

        set_hex(&bytes, others[i]);
        in.in.len = bytes.len;
        expect_success(tpmc__keyfile_read_parent_id(&in, &file), err);
        assert_null(file.parent_id);
        assert_int_equal(in.in.len, 0);
    }
}

static void names_are_told_by_their_size(void **state)
{
    static blob bytes;

    (void)state;
    set_hex(&bytes, h2_name_hex);
    assert_true(tpmc__keyfile_is_name(bytes.data, 34));
    assert_false(tpmc__keyfile_is_name(bytes.data, 33));
    assert_false(tpmc__keyfile_is_name(bytes.data, 35));
    assert_false(tpmc__keyfile_is_name(bytes.data, 1));
    assert_false(tpmc__keyfile_is_name(bytes.data, 0));
    bytes.data[1] = 0x10;
    assert_false(tpmc__keyfile_is_name(bytes.data, 2));
}

static int read_private(const char *hex, tpmc__keyfile *file, tpmc_error *err)
{
    static blob element;
    tpmc__cursor in = { { NULL, 0 }, 0, err };

    set_hex(&element, hex);
    wrap_from(&element, 0, 0x04);
    memset(file, 0, sizeof(*file));
    in.in.data = element.data;
    in.in.len = element.len;
    return tpmc__keyfile_read_private(&in, file);
}

static void four_bytes_may_be_a_handle(void **state)
{
    tpmc_error *err = *state;
    tpmc__keyfile file;

    expect_success(read_private("81ffffff", &file, err), err);
    assert_int_equal(file.handle, 0x81ffffff);
    assert_int_equal(file.private_len, 0);
    expect_success(read_private("0002 8100", &file, err), err);
    assert_int_equal(file.handle, 0);
    assert_int_equal(file.private_len, 4);
    expect_failure(read_private("80000001", &file, err), err, TPMC_ERR_FORMAT, "TPM2B_PRIVATE");
    expect_failure(read_private("8100000100", &file, err), err, TPMC_ERR_FORMAT, "TPM2B_PRIVATE");
    expect_failure(read_private("810000", &file, err), err, TPMC_ERR_FORMAT, "TPM2B_PRIVATE");
}

static int read_id_once(void *context)
{
    tpmc__keyfile file;
    int status = read_id(context, &file, NULL);

    assert_int_equal(file.parent_id == NULL, status != 0);
    if (status == 0)
        tpmc__keyfile_free(&file);
    return status;
}

static void lack_of_memory_is_reported(void **state)
{
    static blob bytes;

    (void)state;
    set_hex(&bytes, h2_public_hex);
    assert_true(each_allocation(read_id_once, &bytes, TPMC_ERR_NOMEM) >= 2);
    set_hex(&bytes, h2_name_hex);
    assert_int_equal(each_allocation(read_id_once, &bytes, TPMC_ERR_NOMEM), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ERROR(names_and_public_areas_of_a_parent_are_kept),
        WITH_ERROR(other_identities_are_passed_over),
        WITH_ERROR(other_types_are_passed_over),
        cmocka_unit_test(names_are_told_by_their_size),
        WITH_ERROR(four_bytes_may_be_a_handle),
        cmocka_unit_test(lack_of_memory_is_reported),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
