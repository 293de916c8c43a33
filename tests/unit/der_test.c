/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "codec/der.h"
#include "unit/each_allocation.h"

#define ROOM 100000

/* Bytes of a string literal without its NUL. */
#define BYTES(literal) (const uint8_t *)(literal), sizeof(literal) - 1

static void elements_are_taken_from_the_left(void **state)
{
    tpmc__der in = { BYTES("\x30\x03\x02\x01\x05\x05\x00") };
    tpmc__der sequence = { NULL, 0 };
    tpmc__der content = { NULL, 0 };
    int tag = 0;

    (void)state;
    assert_int_equal(tpmc__der_peek(&in), TPMC__DER_SEQUENCE);
    assert_int_equal(tpmc__der_expect(&in, TPMC__DER_SEQUENCE, &sequence), 0);
    assert_int_equal(sequence.len, 3);
    assert_int_equal(tpmc__der_next(&in, &tag, &content), 0);
    assert_int_equal(tag, TPMC__DER_NULL);
    assert_int_equal(content.len, 0);
    assert_int_equal(tpmc__der_peek(&in), -1);
    assert_int_equal(tpmc__der_next(&in, &tag, &content), TPMC_ERR_FORMAT);
    assert_int_equal(tpmc__der_expect(&in, TPMC__DER_NULL, &content), TPMC_ERR_FORMAT);
    assert_int_equal(tpmc__der_expect_unsigned(&sequence, &content), 0);
    assert_int_equal(content.len, 1);
    assert_int_equal(content.data[0], 5);
    assert_int_equal(sequence.len, 0);
}

static void check_next_refused(const uint8_t *data, size_t len)
{
    tpmc__der in = { data, len };
    tpmc__der content = { NULL, 0 };
    int tag = 0;

    assert_int_equal(tpmc__der_next(&in, &tag, &content), TPMC_ERR_FORMAT);
    assert_ptr_equal(in.data, data);
    assert_int_equal(in.len, len);
}

/* X.690 sections 8.1 and 10.1. */
static void what_der_does_not_allow_is_refused(void **state)
{
    (void)state;
    check_next_refused(BYTES("\x04"));                         /* no length */
    check_next_refused(BYTES("\x04\x02\x00"));                 /* cut short */
    check_next_refused(BYTES("\x04\x80\x00\x00"));             /* indefinite */
    check_next_refused(BYTES("\x30\x80\x00\x00"));             /* indefinite */
    check_next_refused(BYTES("\x04\xff\x01"));                 /* reserved */
    check_next_refused(BYTES("\x04\x81\x01\x00"));             /* longer than needed */
    check_next_refused(BYTES("\x04\x81"));                     /* length cut short */
    check_next_refused(BYTES("\x04\x82\x01"));                 /* length cut short */
    check_next_refused(BYTES("\x04\x82\x00\x80\x00"));         /* leading zero */
    check_next_refused(BYTES("\x04\x84\xff\xff\xff\xff\x00")); /* beyond the end */
    check_next_refused(BYTES("\x04\x85\x01\x00\x00\x00\x00")); /* five octets of length */
    check_next_refused(BYTES("\x04\x88\x80\x00\x00\x00\x00\x00\x00\x00"));
    check_next_refused(BYTES("\x1f\x01\x00")); /* tag of several bytes */
    check_next_refused(BYTES("\xbf\x81\x01\x00"));
    check_next_refused(BYTES("\x00\x00")); /* end of contents */
}

static void lengths_at_their_boundaries(void **state)
{
    static const struct {
        size_t len;
        const char *header;
        size_t header_len;
    } cases[] = {
        { 0, "\x04\x00", 2 },
        { 1, "\x04\x01", 2 },
        { 127, "\x04\x7f", 2 },
        { 128, "\x04\x81\x80", 3 },
        { 255, "\x04\x81\xff", 3 },
        { 256, "\x04\x82\x01\x00", 4 },
        { 65535, "\x04\x82\xff\xff", 4 },
        { 65536, "\x04\x83\x01\x00\x00", 5 },
    };
    uint8_t *content = calloc(1, 65536);
    tpmc__buf out;

    (void)state;
    assert_non_null(content);
    tpmc__buf_init(&out, ROOM);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        tpmc__der in = { NULL, 0 };
        tpmc__der back = { NULL, 0 };

        tpmc__buf_clear(&out);
        assert_int_equal(tpmc__der_write(&out, TPMC__DER_OCTET_STRING, content, cases[i].len), 0);
        assert_int_equal(out.len, cases[i].header_len + cases[i].len);
        assert_memory_equal(out.data, cases[i].header, cases[i].header_len);
        in = (tpmc__der){ out.data, out.len };
        assert_int_equal(tpmc__der_expect(&in, TPMC__DER_OCTET_STRING, &back), 0);
        assert_int_equal(back.len, cases[i].len);
        in = (tpmc__der){ out.data, out.len - 1 };
        assert_int_equal(tpmc__der_expect(&in, TPMC__DER_OCTET_STRING, &back), TPMC_ERR_FORMAT);
    }
    tpmc__buf_free(&out);
    free(content);
}

static void check_unsigned(const uint8_t *data, size_t len, int status, const char *number,
                           size_t number_len)
{
    tpmc__der in = { data, len };
    tpmc__der content = { NULL, 0 };

    assert_int_equal(tpmc__der_expect_unsigned(&in, &content), status);
    if (status != 0) {
        assert_ptr_equal(in.data, data);
        return;
    }
    assert_int_equal(content.len, number_len);
    if (number_len > 0)
        assert_memory_equal(content.data, number, number_len);
}

static void unsigned_integers(void **state)
{
    (void)state;
    check_unsigned(BYTES("\x02\x01\x00"), 0, "", 0);
    check_unsigned(BYTES("\x02\x01\x7f"), 0, "\x7f", 1);
    check_unsigned(BYTES("\x02\x02\x00\x80"), 0, "\x80", 1);
    check_unsigned(BYTES("\x02\x03\x01\x00\x01"), 0, "\x01\x00\x01", 3);
    check_unsigned(BYTES("\x02\x00"), TPMC_ERR_FORMAT, NULL, 0);
    check_unsigned(BYTES("\x02\x01\x80"), TPMC_ERR_FORMAT, NULL, 0);
    check_unsigned(BYTES("\x02\x02\xff\x01"), TPMC_ERR_FORMAT, NULL, 0);
    check_unsigned(BYTES("\x02\x02\x00\x00"), TPMC_ERR_FORMAT, NULL, 0);
    check_unsigned(BYTES("\x02\x02\x00\x7f"), TPMC_ERR_FORMAT, NULL, 0);
    check_unsigned(BYTES("\x02\x03\x00\x00\x80"), TPMC_ERR_FORMAT, NULL, 0);
    check_unsigned(BYTES("\x0a\x01\x01"), TPMC_ERR_FORMAT, NULL, 0);
}

static void check_written(tpmc__buf *out, int status, const uint8_t *data, size_t len)
{
    assert_int_equal(status, 0);
    assert_int_equal(out->len, len);
    assert_memory_equal(out->data, data, len);
    tpmc__buf_clear(out);
}

static void integers_and_booleans_are_written_minimally(void **state)
{
    tpmc__buf out;

    (void)state;
    tpmc__buf_init(&out, ROOM);
    check_written(&out, tpmc__der_write_unsigned(&out, "", 0), BYTES("\x02\x01\x00"));
    check_written(&out, tpmc__der_write_unsigned(&out, "\0\0", 2), BYTES("\x02\x01\x00"));
    check_written(&out, tpmc__der_write_unsigned(&out, "\0\x7f", 2), BYTES("\x02\x01\x7f"));
    check_written(&out, tpmc__der_write_unsigned(&out, "\x80", 1), BYTES("\x02\x02\x00\x80"));
    check_written(&out, tpmc__der_write_uint32(&out, 0), BYTES("\x02\x01\x00"));
    check_written(&out, tpmc__der_write_uint32(&out, 65537), BYTES("\x02\x03\x01\x00\x01"));
    check_written(&out, tpmc__der_write_uint32(&out, 0x81000001),
                  BYTES("\x02\x05\x00\x81\x00\x00\x01"));
    check_written(&out, tpmc__der_write_boolean(&out, 7), BYTES("\x01\x01\xff"));
    check_written(&out, tpmc__der_write_boolean(&out, 0), BYTES("\x01\x01\x00"));
    tpmc__buf_free(&out);
}

/* X.690 section 8.19, and OIDs as OpenSSL encodes them. */
static void oids_both_ways(void **state)
{
    static const struct {
        const char *dotted;
        const char *content;
        size_t len;
    } oids[] = {
        { "0.0", "\x00", 1 },
        { "1.39", "\x4f", 1 },
        { "2.0", "\x50", 1 },
        { "2.5.4.3", "\x55\x04\x03", 3 },
        { "2.999.3", "\x88\x37\x03", 3 },
        { "1.2.840.113549.1.1.1", "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01", 9 },
        { "1.2.840.10045.3.1.7", "\x2a\x86\x48\xce\x3d\x03\x01\x07", 8 },
        { "2.23.133.10.1.3", "\x67\x81\x05\x0a\x01\x03", 6 },
        { "1.0.4294967295", "\x28\x8f\xff\xff\xff\x7f", 6 },
        { "2.4294967295", "\x90\x80\x80\x80\x4f", 5 },
    };
    tpmc__buf out;
    char text[128];

    (void)state;
    tpmc__buf_init(&out, ROOM);
    for (size_t i = 0; i < sizeof(oids) / sizeof(oids[0]); i++) {
        tpmc__der oid = { (const uint8_t *)oids[i].content, oids[i].len };

        tpmc__buf_clear(&out);
        assert_int_equal(tpmc__der_write_oid(&out, oids[i].dotted), 0);
        assert_int_equal(out.len, oids[i].len + 2);
        assert_int_equal(out.data[0], TPMC__DER_OID);
        assert_memory_equal(out.data + 2, oids[i].content, oids[i].len);
        assert_int_equal(tpmc__der_oid_text(&oid, text, sizeof(text)), 0);
        assert_string_equal(text, oids[i].dotted);
        for (size_t j = 0; j < sizeof(oids) / sizeof(oids[0]); j++)
            assert_int_equal(tpmc__der_oid_is(&oid, oids[j].dotted), i == j);
    }
    tpmc__buf_free(&out);
}

static void check_oid_text(const uint8_t *data, size_t len, size_t capacity, int status,
                           const char *expected)
{
    tpmc__der oid = { data, len };
    char text[128];

    memset(text, 'x', sizeof(text));
    assert_int_equal(tpmc__der_oid_text(&oid, text, capacity), status);
    assert_string_equal(text, expected);
}

static void odd_oids(void **state)
{
    static const char *const bad[] = { "",
                                       "1",
                                       "1.",
                                       ".1",
                                       "1..2",
                                       "1.2.",
                                       "3.1",
                                       "1.40",
                                       "0.40",
                                       "a.b",
                                       "1.4294967296",
                                       "1.02",
                                       "1.2.a",
                                       "1.2 ",
                                       "-1.2",
                                       "01.2",
                                       "1.2.99999999999999999999" };
    tpmc__der empty = { NULL, 0 };
    char none = 'x';

    (void)state;
    check_oid_text(BYTES("\x2a\x86\x48\x86\xf7\x0d"), 8, 0, "1.2.840");
    check_oid_text(BYTES("\x2a\x86\x48\x86\xf7\x0d"), 1, 0, "");
    check_oid_text(BYTES(""), 128, TPMC_ERR_FORMAT, "?");
    check_oid_text(BYTES("\x2a\x86"), 128, TPMC_ERR_FORMAT, "1.2.?");
    check_oid_text(BYTES("\x2a\x80\x01"), 128, TPMC_ERR_FORMAT, "1.2.?");
    check_oid_text(BYTES("\x80\x01"), 128, TPMC_ERR_FORMAT, "?");
    check_oid_text(BYTES("\x2a\xff\xff\xff\xff\xff\xff\xff\xff\x7f"), 128, 0,
                   "1.2.9223372036854775807");
    check_oid_text(BYTES("\x2a\x81\x80\x80\x80\x80\x80\x80\x80\x80\x00\x01"), 128, TPMC_ERR_FORMAT,
                   "1.2.?");
    assert_int_equal(tpmc__der_oid_text(&empty, &none, 0), TPMC_ERR_FORMAT);
    assert_int_equal(none, 'x');
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        tpmc__buf out;

        tpmc__buf_init(&out, ROOM);
        assert_int_equal(tpmc__der_write_oid(&out, bad[i]), TPMC_ERR_ARGUMENT);
        assert_int_equal(tpmc__buf_status(&out), TPMC_ERR_ARGUMENT);
        assert_int_equal(tpmc__der_oid_is(&empty, bad[i]), 0);
        tpmc__buf_free(&out);
    }
}

static void a_very_long_oid_is_refused(void **state)
{
    char dotted[400] = "1.2";
    tpmc__buf out;

    (void)state;
    for (size_t i = 0; i < 63; i++)
        strcat(dotted, ".1");
    tpmc__buf_init(&out, ROOM);
    assert_int_equal(tpmc__der_write_oid(&out, dotted), 0);
    strcat(dotted, ".1");
    assert_int_equal(tpmc__der_write_oid(&out, dotted), TPMC_ERR_ARGUMENT);
    tpmc__buf_free(&out);
}

static void wrapping_takes_over_a_failure(void **state)
{
    tpmc__buf inner;
    tpmc__buf out;

    (void)state;
    tpmc__buf_init(&inner, 2);
    tpmc__buf_init(&out, ROOM);
    assert_int_equal(tpmc__buf_append_text(&out, "before"), 0);
    assert_int_equal(tpmc__buf_append_text(&inner, "too long"), TPMC_ERR_ARGUMENT);
    assert_int_equal(tpmc__der_wrap(&out, TPMC__DER_SEQUENCE, &inner), TPMC_ERR_ARGUMENT);
    assert_int_equal(tpmc__buf_status(&out), TPMC_ERR_ARGUMENT);
    assert_int_equal(tpmc__buf_append_text(&out, "more"), TPMC_ERR_ARGUMENT);
    assert_int_equal(inner.status, 0);
    tpmc__buf_free(&out);

    tpmc__buf_init(&inner, 2);
    assert_int_equal(tpmc__der_wrap(&out, TPMC__DER_SEQUENCE, &inner), 0);
    tpmc__buf_init(&inner, 2);
    assert_int_equal(tpmc__buf_append_text(&inner, "ab"), 0);
    assert_int_equal(tpmc__der_wrap(&out, TPMC__DER_CONTEXT(1), &inner), 0);
    assert_null(inner.data);
    assert_int_equal(out.len, 6);
    assert_memory_equal(out.data,
                        "\x30\x00\xa1\x02"
                        "ab",
                        6);
    tpmc__buf_free(&out);
}

/* Walks a structure as far as it goes. */
static size_t walk(tpmc__der in, int depth)
{
    tpmc__der content = { NULL, 0 };
    tpmc__der number = { NULL, 0 };
    char text[32];
    size_t count = 0;
    int tag = 0;

    for (;;) {
        tpmc__der copy = in;

        if (tpmc__der_expect_unsigned(&copy, &number) == 0)
            assert_true(number.len == 0 || number.data[0] != 0);
        if (tpmc__der_next(&in, &tag, &content) != 0)
            return count;
        count++;
        if (tag == TPMC__DER_OID)
            (void)tpmc__der_oid_text(&content, text, sizeof(text));
        if ((tag & 0x20) != 0 && depth < 20)
            count += walk(content, depth + 1);
    }
}

/* The sanitizers look for reads outside of the block. */
static void mutations_never_crash(void **state)
{
    static const uint8_t original[] =
        "\x30\x22\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00\x04\x0b\x30\x09\x02"
        "\x01\x00\x02\x01\x11\xa1\x01\x03\x01\x01\xff\xa0\x00";
    uint32_t seed = 12345;

    (void)state;
    for (int round = 0; round < 200000; round++) {
        size_t len = sizeof(original) - 1;
        uint8_t *copy = NULL;

        seed = seed * 1664525u + 1013904223u;
        len -= (seed >> 28) == 0 ? (seed >> 8) % len : 0;
        copy = malloc(len);
        assert_non_null(copy);
        memcpy(copy, original, len);
        for (int i = 0; i < 3; i++) {
            seed = seed * 1664525u + 1013904223u;
            copy[(seed >> 8) % len] = (uint8_t)(seed >> 24);
        }
        (void)walk((tpmc__der){ copy, len }, 0);
        free(copy);
    }
}

static int write_all(void *context)
{
    tpmc__buf inner;
    tpmc__buf out;
    int status = 0;

    (void)context;
    tpmc__buf_init(&inner, ROOM);
    tpmc__buf_init(&out, ROOM);
    tpmc__der_write_oid(&inner, "1.2.840.113549.1.1.1");
    tpmc__der_write_uint32(&inner, 65537);
    tpmc__der_write(&inner, TPMC__DER_OCTET_STRING, "0123456789012345678901234567890123456789", 40);
    tpmc__der_write_boolean(&inner, 1);
    status = tpmc__der_wrap(&out, TPMC__DER_SEQUENCE, &inner);
    tpmc__buf_free(&out);
    return status;
}

static void lack_of_memory_is_told(void **state)
{
    (void)state;
    assert_true(each_allocation(write_all, NULL, TPMC_ERR_NOMEM) >= 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(elements_are_taken_from_the_left),
        cmocka_unit_test(what_der_does_not_allow_is_refused),
        cmocka_unit_test(lengths_at_their_boundaries),
        cmocka_unit_test(unsigned_integers),
        cmocka_unit_test(integers_and_booleans_are_written_minimally),
        cmocka_unit_test(oids_both_ways),
        cmocka_unit_test(odd_oids),
        cmocka_unit_test(a_very_long_oid_is_refused),
        cmocka_unit_test(wrapping_takes_over_a_failure),
        cmocka_unit_test(mutations_never_crash),
        cmocka_unit_test(lack_of_memory_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
