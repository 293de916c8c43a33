/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/each_allocation.h"
#include "unit/keyfile_fixture.h"

#include "base/error_int.h"
#include "base/mem.h"
#include "keyfile/keyfile_cursor.h"

static tpmc__cursor cursor_at(blob *bytes, const char *hex, tpmc_error *err)
{
    tpmc__cursor cursor = { { NULL, 0 }, 0, err };

    set_hex(bytes, hex);
    cursor.in.data = bytes->data;
    cursor.in.len = bytes->len;
    tpmc__error_clear(err);
    return cursor;
}

static void a_claim_of_too_many_bytes_is_seen(void **state)
{
    static const struct {
        const char *hex;
        int cut;
    } rows[] = {
        { "04", 1 },          { "0400", 0 },
        { "0401", 1 },        { "0401 aa", 0 },
        { "0481", 1 },        { "048180", 1 },
        { "04820100 aa", 1 }, { "0484ffffffff", 1 },
        { "0480 aa", 0 },     { "0485 0000000000", 0 },
        { "048101 aa", 0 },   { "04ff", 0 },
    };
    static blob bytes;
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        tpmc__cursor cursor = cursor_at(&bytes, rows[i].hex, NULL);

        assert_int_equal(tpmc__cursor_cut_short(&cursor.in), rows[i].cut);
    }
}

static void elements_are_taken_one_by_one(void **state)
{
    tpmc_error *err = *state;
    static blob bytes;
    tpmc__cursor cursor = cursor_at(&bytes, "a004 0402aabb 0500", err);
    tpmc__cursor inner;
    tpmc__der content;

    expect_success(tpmc__cursor_enter(&cursor, 0xa0, "outer", &inner), err);
    assert_int_equal(cursor.in.len, 2);
    expect_success(tpmc__cursor_take(&inner, 0x04, "bytes", &content), err);
    assert_hex(content.data, content.len, "aabb");
    expect_success(tpmc__cursor_leave(&inner, "outer"), err);
    expect_failure(tpmc__cursor_leave(&cursor, "file"), err, TPMC_ERR_FORMAT,
                   "'file' of the key file has 2 bytes after its value");
}

static void what_stands_in_the_way_is_named(void **state)
{
    tpmc_error *err = *state;
    static blob bytes;
    tpmc__der content;
    tpmc__cursor cursor = cursor_at(&bytes, "", err);

    expect_failure(tpmc__cursor_take(&cursor, 0x04, "here", &content), err, TPMC_ERR_FORMAT,
                   "lacks the field 'here'");
    cursor.cut = 1;
    expect_failure(tpmc__cursor_take(&cursor, 0x04, "here", &content), err, TPMC_ERR_FORMAT,
                   "truncated before the field 'here'");
    cursor = cursor_at(&bytes, "0500", err);
    expect_failure(tpmc__cursor_take(&cursor, 0x04, "here", &content), err, TPMC_ERR_FORMAT,
                   "tag 0x05 where the field 'here' should have tag 0x04");
    cursor = cursor_at(&bytes, "0402aa", err);
    expect_failure(tpmc__cursor_take(&cursor, 0x04, "here", &content), err, TPMC_ERR_FORMAT,
                   "truncated in the field 'here'");
    cursor = cursor_at(&bytes, "048101aa", err);
    expect_failure(tpmc__cursor_take(&cursor, 0x04, "here", &content), err, TPMC_ERR_FORMAT,
                   "'here' of the key file is not valid DER");
    assert_int_equal(cursor.in.len, 4);
}

static void texts_are_clean(void **state)
{
    static const char *const bad[] = { "0c0109",   "0c011f", "0c017f", "0c02c280",
                                       "0c02c29f", "0c01c3", "0c0180", "0c03eda080" };
    tpmc_error *err = *state;
    static blob bytes;
    tpmc__cursor cursor = cursor_at(&bytes, "0c06 61c2a0 e282ac", err);
    char *text = NULL;
    size_t i;

    expect_success(tpmc__cursor_text(&cursor, "words", &text), err);
    assert_string_equal(text, "a\xc2\xa0\xe2\x82\xac");
    tpmc__mem_free(text);
    cursor = cursor_at(&bytes, "0c00", err);
    expect_success(tpmc__cursor_text(&cursor, "words", &text), err);
    assert_string_equal(text, "");
    tpmc__mem_free(text);
    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        text = NULL;
        cursor = cursor_at(&bytes, bad[i], err);
        expect_failure(tpmc__cursor_text(&cursor, "words", &text), err, TPMC_ERR_FORMAT, "'words'");
        assert_null(text);
    }
}

static int text_once(void *context)
{
    tpmc__cursor cursor = *(tpmc__cursor *)context;
    char *text = NULL;
    int status = tpmc__cursor_text(&cursor, "words", &text);

    tpmc__mem_free(text);
    return status;
}

static void lack_of_memory_is_reported(void **state)
{
    static blob bytes;
    tpmc__cursor cursor = cursor_at(&bytes, "0c0161", NULL);

    (void)state;
    assert_int_equal(each_allocation(text_once, &cursor, TPMC_ERR_NOMEM), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_claim_of_too_many_bytes_is_seen),
        WITH_ERROR(elements_are_taken_one_by_one),
        WITH_ERROR(what_stands_in_the_way_is_named),
        WITH_ERROR(texts_are_clean),
        cmocka_unit_test(lack_of_memory_is_reported),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
