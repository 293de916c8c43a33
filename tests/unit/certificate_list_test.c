/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/certificate_list.h"

#include "base/error_int.h"

#include "unit/certificate_maker.h"
#include "unit/each_allocation.h"
#include "unit/expect.h"

#define ROOM (256 * 1024)

static made_wish wish;

static int setup(void **state)
{
    (void)state;
    wish.key = EVP_EC_gen("P-256");
    wish.subject = "device";
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    EVP_PKEY_free(wish.key);
    return 0;
}

static int add(tpmc__certificate_list *list, const tpmc__buf *text, tpmc_error *err)
{
    const tpmc__span source = { text->data, text->len };

    return tpmc__certificate_list_add(list, &source, "the file \"a\"", err);
}

/* Frees the text. */
static void check_text(tpmc__buf *text, size_t count, const char *words, tpmc_error *err)
{
    tpmc__certificate_list list = { 0 };
    int status = 0;

    tpmc__error_clear(err);
    status = add(&list, text, err);

    if (words == NULL) {
        expect_success(status, err);
        assert_int_equal(list.count, count);
    } else {
        expect_failure(status, err, TPMC_ERR_FORMAT, words);
        expect_failure(status, err, TPMC_ERR_FORMAT, "the file \"a\": ");
    }
    for (size_t i = 0; i < list.count; i++) {
        assert_string_equal(list.entries[i].where, "the file \"a\"");
        assert_ptr_equal(list.entries[i].facts.der.data, list.entries[i].der.data);
    }
    tpmc__certificate_list_free(&list);
    assert_int_equal(list.count, 0);
    tpmc__buf_free(text);
}

static void start(tpmc__buf *text, const char *words)
{
    tpmc__buf_init(text, ROOM);
    tpmc__buf_append_text(text, words);
}

static void bundles_are_taken(void **state)
{
    tpmc__buf text;
    tpmc__buf plain;

    start(&text, "");
    made_pem(&wish, &text);
    check_text(&text, 1, NULL, *state);
    start(&text, "\xef\xbb\xbf");
    made_pem(&wish, &text);
    check_text(&text, 1, NULL, *state);
    start(&text, "Bag Attributes\n    localKeyID: 01\nsubject=CN = device\n");
    made_pem(&wish, &text);
    tpmc__buf_append_text(&text, "-----BEGIN TSS2 PRIVATE KEY-----\nMAA=\n"
                                 "-----END TSS2 PRIVATE KEY-----\n"
                                 "-----BEGIN PRIVATE KEY-----\nMAA=\n-----END PRIVATE KEY-----\n");
    made_pem(&wish, &text);
    tpmc__buf_append_text(&text, "garbage at the end");
    check_text(&text, 2, NULL, *state);
    start(&plain, "");
    made_pem(&wish, &plain);
    start(&text, "");
    for (size_t i = 0; i < plain.len; i++) {
        if (plain.data[i] == '\n')
            tpmc__buf_append_byte(&text, '\r');
        tpmc__buf_append_byte(&text, plain.data[i]);
    }
    tpmc__buf_free(&plain);
    check_text(&text, 1, NULL, *state);
    start(&text, "");
    made_der(&wish, &text);
    check_text(&text, 1, NULL, *state);
}

static void what_is_no_certificate_is_refused(void **state)
{
    tpmc__buf text;

    start(&text, "");
    check_text(&text, 0, "it is empty", *state);
    start(&text, "hello");
    check_text(&text, 0, "it is neither PEM nor a certificate in DER", *state);
    start(&text, "-----BEGIN CERTIFICATE REQUEST-----\nMAA=\n-----END CERTIFICATE REQUEST-----\n");
    check_text(&text, 0, "there is no CERTIFICATE block in it", *state);
    start(&text, "");
    made_pem(&wish, &text);
    tpmc__buf_append_text(&text, "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n");
    check_text(&text, 1, "certificate 2 of it: the content of the certificate", *state);
    start(&text, "-----BEGIN CERTIFICATE-----\nDEK-Info: x\n\nMAA=\n-----END CERTIFICATE-----\n");
    check_text(&text, 0, "certificate 1 of it has RFC 1421 headers", *state);
    start(&text, "-----BEGIN CERTIFICATE-----\nMAA=\n");
    check_text(&text, 0, "has no END line", *state);
    start(&text, "");
    made_der(&wish, &text);
    text.len--;
    check_text(&text, 0, "cut short", *state);
}

static void ceilings_hold(void **state)
{
    tpmc__buf text;

    start(&text, "");
    for (int i = 0; i < 16; i++)
        made_pem(&wish, &text);
    check_text(&text, 16, NULL, *state);
    start(&text, "");
    for (int i = 0; i < 17; i++)
        made_pem(&wish, &text);
    check_text(&text, 16, "there are more than 16 certificates in it", *state);
    start(&text, "");
    made_pem(&wish, &text);
    while (text.len < 64 * 1024)
        tpmc__buf_append_byte(&text, '\n');
    check_text(&text, 1, NULL, *state);
    start(&text, "");
    made_pem(&wish, &text);
    while (text.len < 64 * 1024 + 1)
        tpmc__buf_append_byte(&text, '\n');
    check_text(&text, 0, "it is larger than 65536 bytes", *state);
}

static int attempt(void *context)
{
    tpmc__certificate_list list = { 0 };
    int status = add(&list, context, NULL);

    tpmc__certificate_list_free(&list);
    return status;
}

static void running_out_of_memory_is_an_error(void **state)
{
    tpmc__buf text;

    (void)state;
    start(&text, "");
    made_pem(&wish, &text);
    made_pem(&wish, &text);
    assert_true(each_allocation(attempt, &text, TPMC_ERR_NOMEM) > 2);
    tpmc__buf_free(&text);
    start(&text, "");
    made_der(&wish, &text);
    assert_true(each_allocation(attempt, &text, TPMC_ERR_NOMEM) > 0);
    tpmc__buf_free(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ERROR(bundles_are_taken),
        WITH_ERROR(what_is_no_certificate_is_refused),
        WITH_ERROR(ceilings_hold),
        cmocka_unit_test(running_out_of_memory_is_an_error),
    };

    return cmocka_run_group_tests_name("codec/certificate_list", tests, setup, teardown);
}
