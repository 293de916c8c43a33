/* SPDX-License-Identifier: Apache-2.0 */
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "codec/der.h"
#include "codec/spki.h"
#include "unit/each_allocation.h"
#include "unit/expect.h"

#define ROOM 2048

/* Compares with what OpenSSL writes for the key. */
static void check_same(EVP_PKEY *key, tpmc__buf *written)
{
    unsigned char *der = NULL;
    int len = i2d_PUBKEY(key, &der);

    assert_true(len > 0);
    assert_int_equal(tpmc__buf_status(written), 0);
    assert_int_equal(written->len, len);
    assert_memory_equal(written->data, der, written->len);
    OPENSSL_free(der);
    tpmc__buf_free(written);
}

static void check_rsa(unsigned bits)
{
    EVP_PKEY *key = EVP_RSA_gen(bits);
    BIGNUM *n = NULL;
    uint8_t modulus[600] = { 0 };
    int len = 0;
    tpmc__buf out;

    assert_non_null(key);
    assert_int_equal(EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_N, &n), 1);
    len = BN_num_bytes(n);
    BN_bn2bin(n, modulus + 1);
    tpmc__buf_init(&out, ROOM);
    assert_int_equal(tpmc__spki_write_rsa(modulus + 1, (size_t)len, 65537, &out), 0);
    check_same(key, &out);
    /* Leading zeros change nothing. */
    assert_int_equal(tpmc__spki_write_rsa(modulus, (size_t)len + 1, 65537, &out), 0);
    check_same(key, &out);
    BN_free(n);
    EVP_PKEY_free(key);
}

static void rsa_keys_are_as_openssl_writes_them(void **state)
{
    (void)state;
    check_rsa(1024);
    check_rsa(1031); /* no top bit in the first byte */
    check_rsa(2048);
}

static void check_ec(const char *curve, const char *oid, size_t size)
{
    EVP_PKEY *key = EVP_EC_gen(curve);
    uint8_t point[200];
    size_t len = 0;
    tpmc__buf out;

    assert_non_null(key);
    assert_int_equal(
        EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof(point), &len),
        1);
    assert_int_equal(len, 1 + 2 * size);
    tpmc__buf_init(&out, ROOM);
    assert_int_equal(tpmc__spki_write_ec(oid, point + 1, point + 1 + size, size, &out), 0);
    check_same(key, &out);
    EVP_PKEY_free(key);
}

static void ec_keys_are_as_openssl_writes_them(void **state)
{
    (void)state;
    check_ec("P-256", "1.2.840.10045.3.1.7", 32);
    check_ec("P-384", "1.3.132.0.34", 48);
    check_ec("P-521", "1.3.132.0.35", 66);
}

static void parts_are_found(void **state)
{
    static const uint8_t point[] = { 0x04, 1, 1, 2, 2 };
    tpmc__spki_parts parts;
    tpmc__buf out;

    (void)state;
    tpmc__buf_init(&out, ROOM);
    assert_int_equal(tpmc__spki_write_ec("1.3.132.0.34", point + 1, point + 3, 2, &out), 0);
    assert_int_equal(tpmc__spki_read(out.data, out.len, &parts), 0);
    assert_true(tpmc__der_oid_is(&parts.algorithm, "1.2.840.10045.2.1"));
    assert_int_equal(parts.parameters.len, 7);
    assert_int_equal(tpmc__der_peek(&parts.parameters), TPMC__DER_OID);
    assert_int_equal(parts.key.len, sizeof(point));
    assert_memory_equal(parts.key.data, point, sizeof(point));
    for (size_t len = 0; len < out.len; len++)
        assert_int_equal(tpmc__spki_read(out.data, len, &parts), TPMC_ERR_FORMAT);
    tpmc__buf_append_byte(&out, 0);
    assert_int_equal(tpmc__spki_read(out.data, out.len, &parts), TPMC_ERR_FORMAT);
    tpmc__buf_free(&out);
}

static void malformed_ones_are_refused(void **state)
{
    static const struct {
        size_t len;
        const char *bytes;
    } rows[] = {
        { 12, "\x31\x0a\x30\x03\x06\x01\x2a\x03\x03\x00\x04\x01" }, /* a SET */
        { 12, "\x30\x0a\x31\x03\x06\x01\x2a\x03\x03\x00\x04\x01" },
        { 12, "\x30\x0a\x30\x03\x02\x01\x2a\x03\x03\x00\x04\x01" }, /* no OID */
        { 12, "\x30\x0a\x30\x03\x06\x01\x2a\x04\x03\x00\x04\x01" }, /* no BIT STRING */
        { 12, "\x30\x0a\x30\x03\x06\x01\x2a\x03\x03\x01\x04\x02" }, /* an unused bit */
        { 10, "\x30\x08\x30\x03\x06\x01\x2a\x03\x01\x00" },         /* no key */
        { 14, "\x30\x0c\x30\x03\x06\x01\x2a\x03\x03\x00\x04\x01\x05\x00" },
    };
    tpmc__spki_parts parts;

    (void)state;
    assert_int_equal(
        tpmc__spki_read("\x30\x0a\x30\x03\x06\x01\x2a\x03\x03\x00\x04\x01", 12, &parts), 0);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_int_equal(tpmc__spki_read(rows[i].bytes, rows[i].len, &parts), TPMC_ERR_FORMAT);
}

static void failures_stick(void **state)
{
    tpmc__buf out;

    (void)state;
    tpmc__buf_init(&out, 30);
    assert_int_equal(tpmc__spki_write_rsa("0123456789", 10, 3, &out), TPMC_ERR_ARGUMENT);
    assert_int_equal(tpmc__buf_status(&out), TPMC_ERR_ARGUMENT);
    tpmc__buf_free(&out);
    tpmc__buf_init(&out, ROOM);
    assert_int_equal(tpmc__spki_write_ec("P-256", "x", "y", 1, &out), TPMC_ERR_ARGUMENT);
    assert_int_equal(tpmc__buf_status(&out), TPMC_ERR_ARGUMENT);
    tpmc__buf_free(&out);
}

static int write_both(void *context)
{
    uint8_t number[256] = { 0x80 };
    tpmc__buf out;
    int status = 0;

    (void)context;
    tpmc__buf_init(&out, ROOM);
    tpmc__spki_write_rsa(number, sizeof(number), 65537, &out);
    status = tpmc__spki_write_ec("1.2.840.10045.3.1.7", number, number, 32, &out);
    tpmc__buf_free(&out);
    return status;
}

static void lack_of_memory_is_told(void **state)
{
    (void)state;
    assert_true(each_allocation(write_both, NULL, TPMC_ERR_NOMEM) >= 8);
}

static void rsa_labels_do_not_make_another_key(void **state)
{
    static const uint8_t key[] = { 1, 2, 3 };
    static const uint8_t rsa[] = { 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01 };
    static const uint8_t pss[] = { 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0a };
    static const uint8_t ec[] = { 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01 };
    tpmc__spki_parts a = { { rsa, sizeof(rsa) }, { key, 2 }, { key, 3 } };
    tpmc__spki_parts b = { { pss, sizeof(pss) }, { NULL, 0 }, { key, 3 } };

    (void)state;
    assert_int_equal(tpmc__spki_is_same(&a, &b), 1);
    b.key.len = 2;
    assert_int_equal(tpmc__spki_is_same(&a, &b), 0);
    b.key.len = 3;
    b.algorithm = (tpmc__der){ ec, sizeof(ec) };
    assert_int_equal(tpmc__spki_is_same(&a, &b), 0);
    a.algorithm = b.algorithm;
    assert_int_equal(tpmc__spki_is_same(&a, &b), 0);
    b.parameters = a.parameters;
    assert_int_equal(tpmc__spki_is_same(&a, &b), 1);
}

static void the_size_of_an_rsa_key_is_told(void **state)
{
    static const struct {
        uint8_t modulus[4];
        size_t len;
        size_t bits;
    } samples[] = { { { 0x80, 0, 0, 1 }, 4, 32 },
                    { { 0x01, 0, 0, 1 }, 4, 25 },
                    { { 0x7f }, 1, 7 } };
    tpmc__buf spki;

    (void)state;
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        tpmc__buf_init(&spki, 1000);
        assert_int_equal(tpmc__spki_write_rsa(samples[i].modulus, samples[i].len, 65537, &spki), 0);
        assert_int_equal(tpmc__spki_rsa_bits(spki.data, spki.len), samples[i].bits);
        assert_int_equal(tpmc__spki_rsa_bits(spki.data, spki.len - 1), 0);
        tpmc__buf_free(&spki);
    }
    tpmc__buf_init(&spki, 1000);
    assert_int_equal(tpmc__spki_write_ec("1.2.840.10045.3.1.7", "x", "y", 1, &spki), 0);
    assert_int_equal(tpmc__spki_rsa_bits(spki.data, spki.len), 0);
    tpmc__buf_free(&spki);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_size_of_an_rsa_key_is_told),
        cmocka_unit_test(rsa_keys_are_as_openssl_writes_them),
        cmocka_unit_test(ec_keys_are_as_openssl_writes_them),
        cmocka_unit_test(parts_are_found),
        cmocka_unit_test(malformed_ones_are_refused),
        cmocka_unit_test(failures_stick),
        cmocka_unit_test(lack_of_memory_is_told),
        cmocka_unit_test(rsa_labels_do_not_make_another_key),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
