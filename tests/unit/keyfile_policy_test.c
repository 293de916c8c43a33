/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/each_allocation.h"
#include "unit/keyfile_fixture.h"

#include "keyfile/keyfile_policy.h"

/* PolicyPCR with four bytes, PolicyAuthValue with none. */
#define PCR_STEP "300e a004 0202017f a106 0404 deadbeef"
#define AUTH_VALUE_STEP "300a a004 0202016b a102 0400"

static tpmc__cursor cursor_at(blob *bytes, const char *hex, tpmc_error *err)
{
    tpmc__cursor cursor = { { NULL, 0 }, 0, err };

    set_hex(bytes, hex);
    wrap_from(bytes, 0, 0x30);
    cursor.in.data = bytes->data;
    cursor.in.len = bytes->len;
    return cursor;
}

static void steps_keep_their_order(void **state)
{
    tpmc_error *err = *state;
    static blob bytes;
    tpmc__cursor cursor = cursor_at(&bytes, PCR_STEP AUTH_VALUE_STEP, err);
    tpmc__keyfile_steps steps = { NULL, 0 };

    expect_success(tpmc__keyfile_read_steps(&cursor, &steps), err);
    assert_int_equal(cursor.in.len, 0);
    assert_int_equal(steps.count, 2);
    assert_int_equal(steps.items[0].command, 0x17f);
    assert_hex(steps.items[0].data, steps.items[0].len, "deadbeef");
    assert_int_equal(steps.items[1].command, 0x16b);
    assert_null(steps.items[1].data);
    tpmc__keyfile_free_steps(&steps);
}

static void command_codes_have_32_bits(void **state)
{
    tpmc_error *err = *state;
    static blob bytes;
    tpmc__cursor cursor = cursor_at(&bytes, "300d a007 0205 00ffffffff a102 0400", err);
    tpmc__keyfile_steps steps = { NULL, 0 };

    expect_success(tpmc__keyfile_read_steps(&cursor, &steps), err);
    assert_int_equal(steps.items[0].command, 0xffffffff);
    tpmc__keyfile_free_steps(&steps);
    steps = (tpmc__keyfile_steps){ NULL, 0 };
    cursor = cursor_at(&bytes, "300d a007 0205 0100000000 a102 0400", err);
    expect_failure(tpmc__keyfile_read_steps(&cursor, &steps), err, TPMC_ERR_FORMAT,
                   "not a number of 32 bits");
    tpmc__keyfile_free_steps(&steps);
}

#define BYTES_16 "00000000000000000000000000000000"
#define LONG_DIGEST BYTES_16 BYTES_16 BYTES_16 BYTES_16 "00"

/* Reads one step PolicyOR with this list. */
static int read_or(const char *list, size_t *len, tpmc_error *err)
{
    tpmc__cursor cursor = { { NULL, 0 }, 0, err };
    tpmc__keyfile_steps steps = { NULL, 0 };
    static blob bytes;
    int status;

    set_hex(&bytes, list);
    wrap_from(&bytes, 0, 0x04);
    wrap_from(&bytes, 0, 0xa1);
    memmove(bytes.data + 6, bytes.data, bytes.len);
    memcpy(bytes.data, "\xa0\x04\x02\x02\x01\x71", 6);
    bytes.len += 6;
    wrap_from(&bytes, 0, 0x30);
    wrap_from(&bytes, 0, 0x30);
    cursor.in.data = bytes.data;
    cursor.in.len = bytes.len;
    status = tpmc__keyfile_read_steps(&cursor, &steps);
    *len = status == 0 ? steps.items[0].len : 0;
    tpmc__keyfile_free_steps(&steps);
    return status;
}

static void policy_or_has_two_to_eight_digests(void **state)
{
    static const char *const flaws[] = {
        "",
        "000000",
        "00000000",
        "00000001 0001aa",
        "00000002 0001aa",
        "00000002 0001aa 00",
        "00000002 0001aa 0002bb",
        "00000002 0001aa 0000",
        "00000002 0001aa 0001bb 00",
        "00000009 0001aa 0001aa 0001aa 0001aa 0001aa 0001aa 0001aa 0001aa 0001aa",
        "ffffffff 0001aa 0001aa",
        "01000002 0001aa 0001aa",
        "00000002 0041" LONG_DIGEST "0001aa",
    };
    tpmc_error *err = *state;
    size_t len;
    size_t i;

    expect_success(read_or("00000002 0001aa 0001bb", &len, err), err);
    assert_int_equal(len, 10);
    expect_success(
        read_or("00000008 0001aa 0001aa 0001aa 0001aa 0001aa 0001aa 0001aa 0001aa", &len, err),
        err);
    assert_int_equal(len, 28);
    for (i = 0; i < sizeof(flaws) / sizeof(flaws[0]); i++)
        expect_failure(read_or(flaws[i], &len, err), err, TPMC_ERR_FORMAT,
                       "PolicyOR of a policy of the key file is no list of 2 to 8 digests");
}

static void what_was_read_before_a_flaw_can_be_freed(void **state)
{
    tpmc_error *err = *state;
    static blob bytes;
    tpmc__cursor cursor = cursor_at(&bytes, PCR_STEP PCR_STEP "3000", err);
    tpmc__keyfile_steps steps = { NULL, 0 };

    expect_failure(tpmc__keyfile_read_steps(&cursor, &steps), err, TPMC_ERR_FORMAT,
                   "lacks the field 'commandCode'");
    assert_int_equal(steps.count, 3);
    tpmc__keyfile_free_steps(&steps);
}

static void signed_policies_may_have_names(void **state)
{
    tpmc_error *err = *state;
    static blob bytes;
    tpmc__cursor cursor = cursor_at(
        &bytes, "3019 a007 0c05 6669727374 a10e 300c" AUTH_VALUE_STEP "3004 a102 3000", err);
    tpmc__keyfile file;

    memset(&file, 0, sizeof(file));
    expect_success(tpmc__keyfile_read_auth_policies(&cursor, &file), err);
    assert_int_equal(file.auth_policy_count, 2);
    assert_string_equal(file.auth_policies[0].name, "first");
    assert_int_equal(file.auth_policies[0].policy.count, 1);
    assert_null(file.auth_policies[1].name);
    tpmc__keyfile_free_auth_policies(&file);
}

static int read_once(void *context)
{
    tpmc__cursor cursor = *(tpmc__cursor *)context;
    tpmc__keyfile file;
    int status;

    memset(&file, 0, sizeof(file));
    status = tpmc__keyfile_read_auth_policies(&cursor, &file);
    tpmc__keyfile_free_auth_policies(&file);
    return status;
}

static void lack_of_memory_is_reported(void **state)
{
    static blob bytes;
    tpmc__cursor cursor =
        cursor_at(&bytes, "301d a007 0c05 6669727374 a112 3010" PCR_STEP "3004 a102 3000", NULL);

    (void)state;
    assert_int_equal(each_allocation(read_once, &cursor, TPMC_ERR_NOMEM), 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ERROR(steps_keep_their_order),
        WITH_ERROR(command_codes_have_32_bits),
        WITH_ERROR(policy_or_has_two_to_eight_digests),
        WITH_ERROR(what_was_read_before_a_flaw_can_be_freed),
        WITH_ERROR(signed_policies_may_have_names),
        cmocka_unit_test(lack_of_memory_is_reported),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
