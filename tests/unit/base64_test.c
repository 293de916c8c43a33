/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "codec/base64.h"
#include "unit/each_allocation.h"

#define ROOM 4096

typedef int (*encode_fn)(const void *data, size_t len, tpmc__buf *out);
typedef int (*decode_fn)(const char *text, size_t len, tpmc__buf *out);

static void check_both_ways(encode_fn encode, decode_fn decode, const void *data, size_t len,
                            const char *text)
{
    tpmc__buf out;

    tpmc__buf_init(&out, ROOM);
    assert_int_equal(encode(data, len, &out), 0);
    assert_int_equal(out.len, strlen(text));
    assert_memory_equal(out.len == 0 ? "" : (const char *)out.data, text, strlen(text) + 1);
    tpmc__buf_clear(&out);
    assert_int_equal(decode(text, strlen(text), &out), 0);
    assert_int_equal(out.len, len);
    if (len > 0)
        assert_memory_equal(out.data, data, len);
    tpmc__buf_free(&out);
}

/* RFC 4648 section 10. */
static void the_vectors_of_the_rfc(void **state)
{
    static const char *const vectors[][3] = {
        { "", "", "" },
        { "f", "Zg==", "Zg" },
        { "fo", "Zm8=", "Zm8" },
        { "foo", "Zm9v", "Zm9v" },
        { "foob", "Zm9vYg==", "Zm9vYg" },
        { "fooba", "Zm9vYmE=", "Zm9vYmE" },
        { "foobar", "Zm9vYmFy", "Zm9vYmFy" },
        { "\xfb\xff\xbf", "+/+/", "-_-_" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
        const char *data = vectors[i][0];

        check_both_ways(tpmc__base64_encode, tpmc__base64_decode, data, strlen(data),
                        vectors[i][1]);
        check_both_ways(tpmc__base64url_encode, tpmc__base64url_decode, data, strlen(data),
                        vectors[i][2]);
    }
}

static void check_round_trip(encode_fn encode, decode_fn decode, const uint8_t *data, size_t len,
                             tpmc__buf *text, tpmc__buf *back)
{
    tpmc__buf_clear(text);
    tpmc__buf_clear(back);
    if (encode(data, len, text) != 0 || decode((const char *)text->data, text->len, back) != 0 ||
        back->len != len || memcmp(back->data, data, len) != 0)
        fail_msg("%zu bytes %02x %02x %02x", len, data[0], data[1], data[2]);
}

static void round_trips_of_all_up_to_three_bytes(void **state)
{
    tpmc__buf text;
    tpmc__buf back;
    uint8_t data[3];

    (void)state;
    tpmc__buf_init(&text, ROOM);
    tpmc__buf_init(&back, ROOM);
    for (uint32_t i = 0; i < 1u << 24; i++) {
        data[0] = (uint8_t)i;
        data[1] = (uint8_t)(i >> 8);
        data[2] = (uint8_t)(i >> 16);
        check_round_trip(tpmc__base64_encode, tpmc__base64_decode, data, 3, &text, &back);
        for (size_t len = 1; len < 3 && data[2] == 0; len++) {
            check_round_trip(tpmc__base64_encode, tpmc__base64_decode, data, len, &text, &back);
            check_round_trip(tpmc__base64url_encode, tpmc__base64url_decode, data, len, &text,
                             &back);
        }
    }
    tpmc__buf_free(&text);
    tpmc__buf_free(&back);
}

/* Exactly the 64 characters are taken, at each place of a group. */
static void check_alphabet(decode_fn decode, const char *alphabet)
{
    tpmc__buf out;

    tpmc__buf_init(&out, ROOM);
    for (int c = 0; c < 256; c++) {
        for (size_t place = 0; place < 4; place++) {
            char text[4] = { 'A', 'A', 'A', 'A' };
            int known = c != 0 && strchr(alphabet, c) != NULL;

            text[place] = (char)c;
            /* One padding character at the end is another question. */
            if (c == '=')
                continue;
            tpmc__buf_clear(&out);
            assert_int_equal(decode(text, 4, &out), known ? 0 : TPMC_ERR_FORMAT);
            assert_int_equal(out.len, known ? 3 : 0);
        }
    }
    tpmc__buf_free(&out);
}

static void only_the_alphabet_is_taken(void **state)
{
    (void)state;
    check_alphabet(tpmc__base64_decode,
                   "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/");
    check_alphabet(tpmc__base64url_decode,
                   "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_");
}

static void check_refused(decode_fn decode, const char *text)
{
    tpmc__buf out;

    tpmc__buf_init(&out, ROOM);
    assert_int_equal(tpmc__buf_append_text(&out, "kept"), 0);
    if (decode(text, strlen(text), &out) != TPMC_ERR_FORMAT)
        fail_msg("taken: %s", text);
    assert_string_equal((const char *)out.data, "kept");
    assert_int_equal(tpmc__buf_status(&out), 0);
    tpmc__buf_free(&out);
}

static void malformed_text_is_refused_and_adds_nothing(void **state)
{
    static const char *const standard[] = {
        "Z",    "Zg",   "Zm8",  "Zg=",      "Zg===",   "=",       "==",       "====",
        "Z===", "=Zg=", "Zg=a", "Zm9v====", "Zm9v=",   "Zm9vYg=", "Zg==Zg==", "Zg= ",
        "Zh==", "Zm9=", "Zm9 ", " Zm9",     "Zm9v\n",  "Zm-v",    "Zm_v",     "Zm9v\r\n",
        "Zx==", "Z/==", "ZmB=", "AAA\xff",  "A\x80QA",
    };
    static const char *const url[] = {
        "Z", "Zg==", "Zm8=", "Zm9v=", "Zm+v", "Zm/v", "Zh", "Zm9", "Zm9vY", "Zm9v\n", "Z_", "Zm_",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(standard) / sizeof(standard[0]); i++)
        check_refused(tpmc__base64_decode, standard[i]);
    for (size_t i = 0; i < sizeof(url) / sizeof(url[0]); i++)
        check_refused(tpmc__base64url_decode, url[i]);
}

/* RFC 4648 section 3.5: of 16 or 4 spellings of the last byte one is right. */
static void left_over_bits_must_be_zero(void **state)
{
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    tpmc__buf out;

    (void)state;
    tpmc__buf_init(&out, ROOM);
    for (size_t i = 0; i < 64; i++) {
        char one[] = "A?==";
        char two[] = "AA?=";

        one[1] = alphabet[i];
        two[2] = alphabet[i];
        assert_int_equal(tpmc__base64_decode(one, 4, &out), i % 16 == 0 ? 0 : TPMC_ERR_FORMAT);
        assert_int_equal(tpmc__base64_decode(two, 4, &out), i % 4 == 0 ? 0 : TPMC_ERR_FORMAT);
    }
    tpmc__buf_free(&out);
}

static void the_ceiling_of_the_buffer_holds(void **state)
{
    tpmc__buf out;

    (void)state;
    tpmc__buf_init(&out, 3);
    assert_int_equal(tpmc__base64_decode("Zm9v", 4, &out), 0);
    assert_int_equal(tpmc__base64_decode("Zg==", 4, &out), TPMC_ERR_ARGUMENT);
    tpmc__buf_free(&out);
    tpmc__buf_init(&out, 3);
    assert_int_equal(tpmc__base64_encode("foo", 3, &out), TPMC_ERR_ARGUMENT);
    assert_int_equal(tpmc__base64_encode("", 0, &out), TPMC_ERR_ARGUMENT);
    assert_int_equal(tpmc__base64_decode("", 0, &out), TPMC_ERR_ARGUMENT);
    tpmc__buf_free(&out);
}

static int encode_and_decode(void *context)
{
    tpmc__buf text;
    tpmc__buf back;
    int status = 0;

    tpmc__buf_init(&text, ROOM);
    tpmc__buf_init(&back, ROOM);
    status = tpmc__base64_encode(context, 200, &text);
    if (status == 0)
        status = tpmc__base64_decode((const char *)text.data, text.len, &back);
    tpmc__buf_free(&text);
    tpmc__buf_free(&back);
    return status;
}

static void lack_of_memory_is_told(void **state)
{
    uint8_t data[200] = { 1, 2, 3 };

    (void)state;
    assert_true(each_allocation(encode_and_decode, data, TPMC_ERR_NOMEM) >= 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_vectors_of_the_rfc),
        cmocka_unit_test(round_trips_of_all_up_to_three_bytes),
        cmocka_unit_test(only_the_alphabet_is_taken),
        cmocka_unit_test(malformed_text_is_refused_and_adds_nothing),
        cmocka_unit_test(left_over_bits_must_be_zero),
        cmocka_unit_test(the_ceiling_of_the_buffer_holds),
        cmocka_unit_test(lack_of_memory_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
