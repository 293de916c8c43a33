/* SPDX-License-Identifier: Apache-2.0 */
#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <string.h>

#include "codec/ecdsa.h"
#include "unit/each_allocation.h"
#include "unit/expect.h"

#define SIGNATURE_MAX 256
#define COORDINATE_MAX 66

typedef struct curve_row {
    const char *name;
    unsigned bits;
    size_t len;
} curve_row;

static const curve_row curves[] = { { "P-256", 256, 32 },
                                    { "P-384", 384, 48 },
                                    { "P-521", 521, 66 } };

#define CURVES (sizeof(curves) / sizeof(curves[0]))

static size_t sign(EVP_PKEY *key, const uint8_t *digest, size_t len, uint8_t *out)
{
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
    size_t out_len = SIGNATURE_MAX;

    assert_int_equal(EVP_PKEY_sign_init(context), 1);
    assert_int_equal(EVP_PKEY_sign(context, out, &out_len, digest, len), 1);
    EVP_PKEY_CTX_free(context);
    return out_len;
}

static int verifies(EVP_PKEY *key, const uint8_t *digest, size_t len, const void *signature,
                    size_t signature_len)
{
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
    int good = 0;

    assert_int_equal(EVP_PKEY_verify_init(context), 1);
    good = EVP_PKEY_verify(context, signature, signature_len, digest, len) == 1;
    EVP_PKEY_CTX_free(context);
    return good;
}

/* What OpenSSL signs of the padded digest is a signature of the digest. */
static void check_padding(const curve_row *curve, size_t len, size_t padded_len)
{
    EVP_PKEY *key = EVP_EC_gen(curve->name);
    uint8_t digest[64];
    uint8_t padded[80];
    uint8_t signature[SIGNATURE_MAX];
    size_t signature_len = 0;

    for (unsigned first = 0; first < 256; first += 51) {
        memset(digest, 0xa7, sizeof(digest));
        digest[0] = (uint8_t)first;
        digest[len - 1] = 0x11;
        memset(padded, 0x5a, sizeof(padded));
        assert_int_equal(tpmc__ecdsa_pad_digest(digest, len, curve->bits, padded, padded_len, NULL),
                         0);
        assert_int_equal(padded[padded_len], 0x5a);
        signature_len = sign(key, padded, padded_len, signature);
        assert_true(verifies(key, digest, len, signature, signature_len));
        digest[len - 1] ^= 0x10;
        /* Unless ECDSA does not look that far. */
        if (8 * len <= curve->bits)
            assert_false(verifies(key, digest, len, signature, signature_len));
    }
    EVP_PKEY_free(key);
}

static void padded_digests_sign_alike(void **state)
{
    static const size_t sizes[] = { 20, 32, 48, 64, 65, 66, 67, 70 };
    const size_t count = sizeof(sizes) / sizeof(sizes[0]);

    (void)state;
    for (size_t i = 0; i < CURVES; i++) {
        for (size_t from = 0; from < 4; from++) {
            for (size_t to = from; to < count; to++)
                check_padding(&curves[i], sizes[from], sizes[to]);
        }
    }
}

static void zeros_stand_where_they_should(void **state)
{
    uint8_t digest[32];
    uint8_t padded[66];

    (void)state;
    for (size_t i = 0; i < sizeof(digest); i++)
        digest[i] = (uint8_t)(i + 1);
    /* P-256: behind the digest. */
    assert_int_equal(tpmc__ecdsa_pad_digest(digest, 32, 256, padded, 48, NULL), 0);
    assert_memory_equal(padded, digest, 32);
    assert_int_equal(padded[32], 0);
    assert_int_equal(padded[47], 0);
    /* P-384: before it, up to 48 bytes, then behind it. */
    assert_int_equal(tpmc__ecdsa_pad_digest(digest, 32, 384, padded, 48, NULL), 0);
    assert_int_equal(padded[15], 0);
    assert_memory_equal(padded + 16, digest, 32);
    assert_int_equal(tpmc__ecdsa_pad_digest(digest, 32, 384, padded, 64, NULL), 0);
    assert_int_equal(padded[15], 0);
    assert_memory_equal(padded + 16, digest, 32);
    assert_int_equal(padded[48], 0);
    assert_int_equal(padded[63], 0);
    /* P-521: before it. */
    assert_int_equal(tpmc__ecdsa_pad_digest(digest, 32, 521, padded, 64, NULL), 0);
    assert_int_equal(padded[31], 0);
    assert_memory_equal(padded + 32, digest, 32);
    /* As long as it is: nothing changes. */
    assert_int_equal(tpmc__ecdsa_pad_digest(digest, 32, 521, padded, 32, NULL), 0);
    assert_memory_equal(padded, digest, 32);
}

static void digests_are_not_cut(void **state)
{
    uint8_t digest[64] = { 1 };
    uint8_t padded[64];
    tpmc_error *err = *state;

    expect_failure(tpmc__ecdsa_pad_digest(digest, 64, 256, padded, 32, err), err,
                   TPMC_ERR_UNSUPPORTED, "64 bytes cannot be signed");
    expect_failure(tpmc__ecdsa_pad_digest(digest, 33, 521, padded, 32, err), err,
                   TPMC_ERR_UNSUPPORTED, "a hash of 32 bytes");
}

static void signatures_become_what_jose_takes(void **state)
{
    (void)state;
    for (size_t i = 0; i < CURVES; i++) {
        EVP_PKEY *key = EVP_EC_gen(curves[i].name);
        uint8_t digest[32] = { 7 };
        uint8_t der[SIGNATURE_MAX];
        uint8_t jose[2 * COORDINATE_MAX];
        size_t len = curves[i].len;

        /* Enough that some numbers are short. */
        for (int round = 0; round < 400; round++) {
            size_t der_len = sign(key, digest, sizeof(digest), der);
            tpmc__buf again;

            memset(jose, 0x5a, sizeof(jose));
            assert_int_equal(tpmc__ecdsa_der_to_jose(der, der_len, len, jose, NULL), 0);
            tpmc__buf_init(&again, SIGNATURE_MAX);
            assert_int_equal(tpmc__ecdsa_write_der(jose, len, jose + len, len, &again), 0);
            assert_int_equal(again.len, der_len);
            assert_memory_equal(again.data, der, der_len);
            tpmc__buf_free(&again);
        }
        EVP_PKEY_free(key);
    }
}

static void numbers_are_written_without_padding(void **state)
{
    static const uint8_t r[] = { 0x00, 0x00, 0x80 };
    static const uint8_t s[] = { 0x01, 0x02 };
    static const uint8_t expected[] = {
        0x30, 0x08, 0x02, 0x02, 0x00, 0x80, 0x02, 0x02, 0x01, 0x02
    };
    uint8_t jose[8];
    tpmc__buf out;

    (void)state;
    tpmc__buf_init(&out, SIGNATURE_MAX);
    assert_int_equal(tpmc__ecdsa_write_der(r, sizeof(r), s, sizeof(s), &out), 0);
    assert_int_equal(out.len, sizeof(expected));
    assert_memory_equal(out.data, expected, sizeof(expected));
    assert_int_equal(tpmc__ecdsa_der_to_jose(out.data, out.len, 4, jose, NULL), 0);
    assert_memory_equal(jose, "\x00\x00\x00\x80\x00\x00\x01\x02", 8);
    tpmc__buf_free(&out);
}

static void check_refused(const char *der, size_t len, const char *words, tpmc_error *err)
{
    uint8_t jose[4];

    expect_failure(tpmc__ecdsa_der_to_jose(der, len, 2, jose, err), err, TPMC_ERR_FORMAT, words);
}

static void what_is_no_signature_is_refused(void **state)
{
    static const char good[] = "\x30\x06\x02\x01\x01\x02\x01\x02";
    tpmc_error *err = *state;
    uint8_t jose[4];

    assert_int_equal(tpmc__ecdsa_der_to_jose(good, 8, 2, jose, NULL), 0);
    for (size_t len = 0; len < 8; len++)
        check_refused(good, len, "not a well-formed", err);
    check_refused("\x30\x06\x02\x01\x01\x02\x01\x02\x00", 9, "not a well-formed", err);
    check_refused("\x30\x08\x02\x01\x01\x02\x01\x02\x05\x00", 10, "not a well-formed", err);
    check_refused("\x30\x06\x02\x01\x81\x02\x01\x02", 8, "not a well-formed", err);
    check_refused("\x30\x07\x02\x02\x00\x01\x02\x01\x02", 9, "not a well-formed", err);
    check_refused("\x31\x06\x02\x01\x01\x02\x01\x02", 8, "not a well-formed", err);
    check_refused("\x30\x06\x02\x01\x00\x02\x01\x02", 8, "has 0 bytes", err);
    check_refused("\x30\x06\x02\x01\x01\x02\x01\x00", 8, "has 0 bytes", err);
    check_refused("\x30\x08\x02\x03\x01\x00\x00\x02\x01\x02", 10, "another curve", err);
    check_refused("\x30\x08\x02\x01\x02\x02\x03\x01\x00\x00", 10, "at most 2", err);
}

static int write_once(void *context)
{
    tpmc__buf out;
    int status = 0;

    (void)context;
    tpmc__buf_init(&out, SIGNATURE_MAX);
    status = tpmc__ecdsa_write_der("\x01", 1, "\x02", 1, &out);
    tpmc__buf_free(&out);
    return status;
}

static void lack_of_memory_is_told(void **state)
{
    (void)state;
    assert_true(each_allocation(write_once, NULL, TPMC_ERR_NOMEM) >= 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(padded_digests_sign_alike),
        cmocka_unit_test(zeros_stand_where_they_should),
        WITH_ERROR(digests_are_not_cut),
        cmocka_unit_test(signatures_become_what_jose_takes),
        cmocka_unit_test(numbers_are_written_without_padding),
        WITH_ERROR(what_is_no_signature_is_refused),
        cmocka_unit_test(lack_of_memory_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
