/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/pem.h"

#include "unit/each_allocation.h"
#include "unit/expect.h"

#define ROOM 100000
#define FOOBAR "-----BEGIN X-----\nZm9vYmFy\n-----END X-----\n"

static void check_block(const char *text, const char *label, const char *der, int has_headers)
{
    tpmc_error *err = NULL;
    tpmc__pem_block block;
    size_t offset = 0;

    assert_int_equal(tpmc_error_new(&err), 0);
    memset(&block, 0x5a, sizeof(block));
    if (tpmc__pem_next(text, strlen(text), &offset, &block, err) != 1)
        fail_msg("%s in %s", tpmc_error_text(err), text);
    assert_string_equal(block.label, label);
    assert_int_equal(block.has_headers, has_headers);
    assert_int_equal(block.der.len, strlen(der));
    if (block.der.len > 0)
        assert_memory_equal(block.der.data, der, strlen(der));
    tpmc__pem_block_free(&block);
    assert_int_equal(tpmc__pem_next(text, strlen(text), &offset, &block, err), 0);
    assert_int_equal(offset, strlen(text));
    tpmc_error_free(err);
}

static void lax_forms_are_taken(void **state)
{
    (void)state;
    check_block(FOOBAR, "X", "foobar", 0);
    check_block("-----BEGIN X-----\r\nZm9v\r\nYmFy\r\n-----END X-----\r\n", "X", "foobar", 0);
    check_block("-----BEGIN X-----\rZm9vYmFy\r-----END X-----\r", "X", "foobar", 0);
    check_block("-----BEGIN X-----\nZm9vYmFy\n-----END X-----", "X", "foobar", 0);
    check_block("  -----BEGIN X-----  \n\n Zm 9v\t\nYm\n\nFy \n\t-----END X----- \n", "X", "foobar",
                0);
    check_block("words -----BEGIN no-----\nSubject: x\n" FOOBAR "-----END behind\n", "X", "foobar",
                0);
    check_block("-----BEGIN A B-----\n-----END A B-----\n", "A B", "", 0);
    check_block("-----BEGIN -----\nZg==\n-----END -----\n", "", "f", 0);
}

static void headers_are_noticed(void **state)
{
    (void)state;
    check_block("-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n"
                "DEK-Info: AES-128-CBC,00112233445566778899AABBCCDDEEFF\n\nZm9vYmFy\n"
                "-----END RSA PRIVATE KEY-----\n",
                "RSA PRIVATE KEY", "", 1);
    check_block("-----BEGIN X-----\r\nProc-Type: 4,ENCRYPTED\r\n\r\nZm9v\r\n-----END X-----\r\n",
                "X", "", 1);
}

static void several_blocks_come_one_by_one(void **state)
{
    static const char text[] = "first\n" FOOBAR "second\n-----BEGIN Y-----\nZg==\n-----END Y-----";
    tpmc__pem_block block;
    size_t offset = 0;

    (void)state;
    assert_int_equal(tpmc__pem_next(text, strlen(text), &offset, &block, NULL), 1);
    assert_string_equal(block.label, "X");
    tpmc__pem_block_free(&block);
    assert_ptr_equal(text + offset, strstr(text, "second"));
    assert_int_equal(tpmc__pem_next(text, strlen(text), &offset, &block, NULL), 1);
    assert_string_equal(block.label, "Y");
    assert_int_equal(block.der.len, 1);
    tpmc__pem_block_free(&block);
    assert_int_equal(tpmc__pem_next(text, strlen(text), &offset, &block, NULL), 0);
    assert_int_equal(tpmc__pem_next("", 0, &(size_t){ 0 }, &block, NULL), 0);
    assert_int_equal(tpmc__pem_next("no block\n", 9, &(size_t){ 0 }, &block, NULL), 0);
}

static void check_refused(tpmc_error *err, const char *text, size_t len, const char *words)
{
    tpmc__pem_block block;
    size_t offset = 0;
    int status = tpmc__pem_next(text, len, &offset, &block, err);

    expect_failure(status, err, TPMC_ERR_FORMAT, words);
    assert_int_equal(offset, 0);
    assert_null(block.der.data);
}

static void malformed_blocks_are_refused(void **state)
{
    static const char *const bad[][2] = {
        { "-----BEGIN X-----\nZm9vYmFy\n", "\"X\" has no END line" },
        { "-----BEGIN X-----\nZm9vYmFy\n-----END Y-----\n", "END line of another label" },
        { "-----BEGIN X-----\nZm9vYmFy\n-----END X\n", "END line of another label" },
        { "-----BEGIN X-----\nZm9vYmFy\n-----BEGIN X-----\nZg==\n-----END X-----\n",
          "before the next BEGIN" },
        { "-----BEGIN X-----\nZm9vYmF\n-----END X-----\n", "bad base64" },
        { "-----BEGIN X-----\nZm9*YmFy\n-----END X-----\n", "bad base64" },
        { "-----BEGIN X-----\nZh==\n-----END X-----\n", "bad base64" },
        { "-----BEGIN X-----\nZg==Zg==\n-----END X-----\n", "bad base64" },
        { "-----BEGIN X-----\nZm9v-----END X-----\n", "no END line" },
        { "-----BEGIN X----\nZm9v\n-----END X----\n", "a BEGIN line" },
        { "-----BEGIN X\x7f-----\nZm9v\n-----END X\x7f-----\n", "a BEGIN line" },
        { "-----BEGIN \xc3\xa9-----\nZm9v\n-----END \xc3\xa9-----\n", "a BEGIN line" },
        { "-----BEGIN 0123456789012345678901234567890123456789012345678901234567890123-----\n",
          "a BEGIN line" },
    };

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        check_refused(*state, bad[i][0], strlen(bad[i][0]), bad[i][1]);
    check_refused(*state, FOOBAR "\0", sizeof(FOOBAR), "NUL");
    check_refused(*state, "\0\n" FOOBAR, sizeof(FOOBAR) + 1, "NUL");
    check_block("-----BEGIN 012345678901234567890123456789012345678901234567890123456789012-----\n"
                "-----END 012345678901234567890123456789012345678901234567890123456789012-----\n",
                "012345678901234567890123456789012345678901234567890123456789012", "", 0);
}

static void blocks_are_recognised(void **state)
{
    (void)state;
    assert_true(tpmc__pem_looks_like(FOOBAR, strlen(FOOBAR)));
    assert_true(tpmc__pem_looks_like("x\r\n -----BEGIN X", 16));
    assert_false(tpmc__pem_looks_like("x -----BEGIN X-----\n", 20));
    assert_false(tpmc__pem_looks_like("-----BEGIN", 10));
    assert_false(tpmc__pem_looks_like("", 0));
    assert_false(tpmc__pem_looks_like(NULL, 0));
    assert_false(tpmc__pem_looks_like("0\x82\x01\x00", 4));
}

static void lines_are_64_characters(void **state)
{
    uint8_t data[100];
    tpmc__buf out;

    (void)state;
    memset(data, 0, sizeof(data));
    tpmc__buf_init(&out, ROOM);
    assert_int_equal(tpmc__pem_write("X", data, 49, &out), 0);
    assert_string_equal((const char *)out.data,
                        "-----BEGIN X-----\n"
                        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n"
                        "AA==\n"
                        "-----END X-----\n");
    tpmc__buf_clear(&out);
    assert_int_equal(tpmc__pem_write("X", data, 48, &out), 0);
    assert_string_equal((const char *)out.data,
                        "-----BEGIN X-----\n"
                        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n"
                        "-----END X-----\n");
    tpmc__buf_clear(&out);
    assert_int_equal(tpmc__pem_write("X", NULL, 0, &out), 0);
    assert_string_equal((const char *)out.data, "-----BEGIN X-----\n-----END X-----\n");
    tpmc__buf_free(&out);
    tpmc__buf_init(&out, 40);
    assert_int_equal(tpmc__pem_write("X", data, 48, &out), TPMC_ERR_ARGUMENT);
    tpmc__buf_free(&out);
}

static void what_is_written_is_read_again(void **state)
{
    uint8_t data[200];

    (void)state;
    for (size_t i = 0; i < sizeof(data); i++)
        data[i] = (uint8_t)(i * 37);
    for (size_t len = 0; len <= sizeof(data); len++) {
        tpmc__pem_block block;
        size_t offset = 0;
        tpmc__buf text;

        tpmc__buf_init(&text, ROOM);
        assert_int_equal(tpmc__pem_write("A KEY", data, len, &text), 0);
        assert_int_equal(tpmc__pem_next((const char *)text.data, text.len, &offset, &block, NULL),
                         1);
        assert_int_equal(block.der.len, len);
        if (len > 0)
            assert_memory_equal(block.der.data, data, len);
        tpmc__pem_block_free(&block);
        tpmc__buf_free(&text);
    }
}

static int write_and_read(void *context)
{
    uint8_t data[200] = { 1 };
    tpmc__pem_block block;
    size_t offset = 0;
    tpmc__buf text;
    int status = 0;

    tpmc__buf_init(&text, ROOM);
    status = tpmc__pem_write("X", data, sizeof(data), &text);
    if (status == 0) {
        status = tpmc__pem_next((const char *)text.data, text.len, &offset, &block, context);
        assert_true(status == 1 || block.der.data == NULL);
        tpmc__pem_block_free(&block);
    }
    tpmc__buf_free(&text);
    return status == 1 ? 0 : status;
}

static void lack_of_memory_is_told(void **state)
{
    assert_true(each_allocation(write_and_read, *state, TPMC_ERR_NOMEM) >= 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lax_forms_are_taken),
        cmocka_unit_test(headers_are_noticed),
        cmocka_unit_test(several_blocks_come_one_by_one),
        WITH_ERROR(malformed_blocks_are_refused),
        cmocka_unit_test(blocks_are_recognised),
        cmocka_unit_test(lines_are_64_characters),
        cmocka_unit_test(what_is_written_is_read_again),
        WITH_ERROR(lack_of_memory_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
