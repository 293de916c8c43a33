/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include "base/env_int.h"
#include "codec/base64.h"
#include "codec/der.h"
#include "codec/spki.h"
#include "proto/jwk_int.h"
#include "unit/each_allocation.h"
#include "unit/expect.h"
#include "unit/fake_env.h"
#include "unit/software_signer.h"

#define ROOM 8192

/* RFC 7638 section 3.1. */
static const char rfc_n[] =
    "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECP"
    "ebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY"
    "368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0f"
    "M4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw";
static const char rfc_thumbprint[] = "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs";

static tpmc_env *env;
static fake_env fake;

static void rfc_spki(tpmc__buf *out)
{
    tpmc__buf n;

    tpmc__buf_init(&n, ROOM);
    tpmc__buf_init(out, ROOM);
    assert_int_equal(tpmc__base64url_decode(rfc_n, strlen(rfc_n), &n), 0);
    assert_int_equal(tpmc__spki_write_rsa(n.data, n.len, 65537, out), 0);
    tpmc__buf_free(&n);
}

static int write_jwk(const tpmc__buf *spki, const char *algorithm, tpmc__buf *out, tpmc_error *err)
{
    const tpmc__span span = { spki->data, spki->len };

    tpmc__buf_init(out, ROOM);
    return tpmc__jwk_write(env, &span, algorithm, out, err);
}

static void rsa_keys_are_as_rfc_7638_has_them(void **state)
{
    char expected[1024];
    tpmc__buf spki;
    tpmc__buf jwk;

    (void)state;
    rfc_spki(&spki);
    assert_int_equal(write_jwk(&spki, "RS256", &jwk, NULL), 0);
    (void)snprintf(expected, sizeof(expected),
                   "{\"e\":\"AQAB\",\"kty\":\"RSA\",\"n\":\"%s\",\"use\":\"sig\",\"alg\":\"RS256\","
                   "\"kid\":\"%s\"}",
                   rfc_n, rfc_thumbprint);
    assert_string_equal((const char *)jwk.data, expected);
    tpmc__buf_free(&jwk);
    assert_int_equal(write_jwk(&spki, NULL, &jwk, NULL), 0);
    (void)snprintf(expected, sizeof(expected),
                   "{\"e\":\"AQAB\",\"kty\":\"RSA\",\"n\":\"%s\",\"use\":\"sig\",\"kid\":\"%s\"}",
                   rfc_n, rfc_thumbprint);
    assert_string_equal((const char *)jwk.data, expected);
    tpmc__buf_free(&jwk);
    tpmc__buf_free(&spki);
}

static void encode(const void *data, size_t len, char *out, size_t capacity)
{
    tpmc__buf text;

    tpmc__buf_init(&text, ROOM);
    assert_int_equal(tpmc__base64url_encode(data, len, &text), 0);
    assert_true(text.len < capacity);
    memcpy(out, text.data, text.len + 1);
    tpmc__buf_free(&text);
}

static void check_point(const char *name, const char *oid, const uint8_t *x, const uint8_t *y,
                        size_t len)
{
    char coordinates[2][100];
    char canonical[512];
    char expected[1024];
    char kid[64];
    unsigned char digest[32];
    tpmc__buf spki;
    tpmc__buf jwk;

    encode(x, len, coordinates[0], sizeof(coordinates[0]));
    encode(y, len, coordinates[1], sizeof(coordinates[1]));
    (void)snprintf(canonical, sizeof(canonical),
                   "{\"crv\":\"%s\",\"kty\":\"EC\",\"x\":\"%s\",\"y\":\"%s\"}", name,
                   coordinates[0], coordinates[1]);
    assert_int_equal(EVP_Digest(canonical, strlen(canonical), digest, NULL, EVP_sha256(), NULL), 1);
    encode(digest, sizeof(digest), kid, sizeof(kid));
    (void)snprintf(expected, sizeof(expected), "%.*s,\"use\":\"sig\",\"kid\":\"%s\"}",
                   (int)strlen(canonical) - 1, canonical, kid);
    tpmc__buf_init(&spki, ROOM);
    assert_int_equal(tpmc__spki_write_ec(oid, x, y, len, &spki), 0);
    assert_int_equal(write_jwk(&spki, NULL, &jwk, NULL), 0);
    assert_string_equal((const char *)jwk.data, expected);
    tpmc__buf_free(&jwk);
    tpmc__buf_free(&spki);
}

/* RFC 7518 section 6.2.1.2: leading zeros stay. */
static void ec_keys_have_coordinates_of_full_length(void **state)
{
    uint8_t x[66];
    uint8_t y[66] = { 0 };

    (void)state;
    memset(x, 0xa7, sizeof(x));
    check_point("P-256", "1.2.840.10045.3.1.7", x, y, 32);
    check_point("P-384", "1.3.132.0.34", x, y, 48);
    check_point("P-521", "1.3.132.0.35", x, y, 66);
    check_point("P-256", "1.2.840.10045.3.1.7", y, x, 32);
}

static void check_refused(const tpmc__buf *spki, int code, const char *words)
{
    tpmc_error *err = NULL;
    tpmc__buf jwk;

    assert_int_equal(tpmc_error_new(&err), 0);
    expect_failure(write_jwk(spki, NULL, &jwk, err), err, code, words);
    assert_int_equal(jwk.len, 0);
    tpmc_error_free(err);
}

static void spki_of(EVP_PKEY *key, tpmc__buf *out)
{
    unsigned char *der = NULL;
    int len = i2d_PUBKEY(key, &der);

    assert_true(len > 0);
    tpmc__buf_init(out, ROOM);
    assert_int_equal(tpmc__buf_append(out, der, (size_t)len), 0);
    OPENSSL_free(der);
}

/* Frees the key. */
static void check_key_refused(EVP_PKEY *key, const char *words)
{
    tpmc__buf spki;

    assert_non_null(key);
    spki_of(key, &spki);
    check_refused(&spki, TPMC_ERR_UNSUPPORTED, words);
    tpmc__buf_free(&spki);
    EVP_PKEY_free(key);
}

static void other_keys_are_refused(void **state)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    tpmc__buf spki;

    (void)state;
    check_key_refused(EVP_EC_gen("P-224"), "no name in JWK");
    check_key_refused(EVP_EC_gen("secp256k1"), "no name in JWK");
    check_key_refused(EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"), "only RSA and EC keys");
    assert_int_equal(EVP_PKEY_set_utf8_string_param(key, OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT,
                                                    "compressed"),
                     1);
    check_key_refused(key, "compressed");
    rfc_spki(&spki);
    for (; spki.len > 0; spki.len--) {
        spki.len--;
        check_refused(&spki, TPMC_ERR_FORMAT, "SubjectPublicKeyInfo");
        spki.len++;
    }
    tpmc__buf_free(&spki);
}

/* rsaEncryption or P-256, and what stands in its BIT STRING. */
static void write_spki(int is_ec, const char *content, size_t len, tpmc__buf *out)
{
    tpmc__buf algorithm;
    tpmc__buf body;
    tpmc__buf key;

    tpmc__buf_init(&algorithm, ROOM);
    tpmc__buf_init(&body, ROOM);
    tpmc__buf_init(&key, ROOM);
    tpmc__buf_init(out, ROOM);
    tpmc__der_write_oid(&algorithm, is_ec ? "1.2.840.10045.2.1" : "1.2.840.113549.1.1.1");
    if (is_ec)
        tpmc__der_write_oid(&algorithm, "1.2.840.10045.3.1.7");
    tpmc__buf_append_byte(&key, 0);
    tpmc__buf_append(&key, content, len);
    tpmc__der_wrap(&body, TPMC__DER_SEQUENCE, &algorithm);
    tpmc__der_wrap(&body, TPMC__DER_BIT_STRING, &key);
    assert_int_equal(tpmc__der_wrap(out, TPMC__DER_SEQUENCE, &body), 0);
}

static void malformed_numbers_are_refused(void **state)
{
    static const struct {
        int is_ec;
        size_t len;
        const char *content;
    } rows[] = {
        { 0, 8, "\x30\x06\x02\x01\x00\x02\x01\x03" },
        { 0, 8, "\x30\x06\x02\x01\x05\x02\x01\x00" },
        { 0, 8, "\x30\x06\x02\x01\x85\x02\x01\x03" },
        { 0, 9, "\x30\x06\x02\x01\x05\x02\x01\x03\x00" },
        { 0, 10, "\x30\x08\x02\x01\x05\x02\x01\x03\x05\x00" },
        { 0, 5, "\x30\x03\x02\x01\x05" },
        { 1, 3, "\x04\x01\x02" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        tpmc__buf spki;

        write_spki(rows[i].is_ec, rows[i].content, rows[i].len, &spki);
        check_refused(&spki, TPMC_ERR_FORMAT, "SubjectPublicKeyInfo");
        tpmc__buf_free(&spki);
    }
}

static int write_once(void *context)
{
    tpmc__buf jwk;
    int status = write_jwk(context, "RS256", &jwk, NULL);

    tpmc__buf_free(&jwk);
    return status;
}

static void lack_of_memory_is_told(void **state)
{
    tpmc__buf spki;

    (void)state;
    rfc_spki(&spki);
    assert_true(each_allocation(write_once, &spki, TPMC_ERR_NOMEM) >= 8);
    tpmc__buf_free(&spki);
}

static int jwk_from_key_once(void *context)
{
    tpmc_bytes *out = NULL;
    int status = tpmc_jwk_from_key(context, "RS256", &out, NULL);

    assert_int_equal(out != NULL, status == 0);
    tpmc_bytes_free(out);
    return status;
}

static void keys_are_shown(void **state)
{
    tpmc_error *err = *state;
    software_signer signer = { 0 };
    tpmc_bytes *out = NULL;
    tpmc_key *key = NULL;
    tpmc__buf spki;
    tpmc__buf jwk;

    signer.key = EVP_RSA_gen(2048);
    key = software_signer_key(&signer, env);
    expect_success(tpmc_jwk_from_key(key, "RS256", &out, err), err);
    spki_of(signer.key, &spki);
    assert_int_equal(write_jwk(&spki, "RS256", &jwk, NULL), 0);
    assert_int_equal(tpmc_bytes_len(out), jwk.len);
    assert_memory_equal(tpmc_bytes_data(out), jwk.data, jwk.len);
    tpmc_bytes_free(out);
    assert_true(each_allocation(jwk_from_key_once, key, TPMC_ERR_NOMEM) >= 8);
    expect_failure(tpmc_jwk_from_key(key, "ES256", &out, err), err, TPMC_ERR_UNSUPPORTED, "ES256");
    assert_null(out);
    expect_failure(tpmc_jwk_from_key(key, "none", &out, err), err, TPMC_ERR_ARGUMENT, "none");
    assert_int_equal(atomic_load(&signer.calls), 0);
    tpmc__buf_free(&jwk);
    tpmc__buf_free(&spki);
    tpmc_key_free(key);
    EVP_PKEY_free(signer.key);
}

static void ec_keys_are_shown(void **state)
{
    tpmc_error *err = *state;
    software_signer signer = { 0 };
    tpmc_bytes *out = NULL;
    tpmc_key *key = NULL;

    signer.key = EVP_EC_gen("P-384");
    key = software_signer_key(&signer, env);
    expect_success(tpmc_jwk_from_key(key, "ES384", &out, err), err);
    assert_non_null(strstr((const char *)tpmc_bytes_data(out), "\"alg\":\"ES384\""));
    tpmc_bytes_free(out);
    expect_failure(tpmc_jwk_from_key(key, "ES256", &out, err), err, TPMC_ERR_UNSUPPORTED, "ES256");
    expect_failure(tpmc_jwk_from_key(key, "ECDSA-SHA256", &out, err), err, TPMC_ERR_UNSUPPORTED,
                   "no name for ECDSA-SHA256");
    assert_null(out);
    tpmc_key_free(key);
    EVP_PKEY_free(signer.key);
}

static int make_mac(void *user, const char *algorithm, const uint8_t *data, size_t len,
                    uint8_t *out, size_t capacity, size_t *out_len)
{
    (void)user;
    (void)algorithm;
    (void)data;
    (void)len;
    (void)capacity;
    memset(out, 0, 32);
    *out_len = 32;
    return 0;
}

static void hmac_keys_have_nothing_to_show(void **state)
{
    tpmc_error *err = *state;
    tpmc_bytes *out = NULL;
    tpmc_key *key = NULL;

    expect_success(tpmc_key_new_callback(env, NULL, 0, make_mac, NULL, NULL, &key, err), err);
    expect_failure(tpmc_jwk_from_key(key, NULL, &out, err), err, TPMC_ERR_UNSUPPORTED,
                   "no public part");
    assert_null(out);
    tpmc_key_free(key);
}

static void null_parameters_are_refused(void **state)
{
    tpmc_error *err = *state;
    tpmc_bytes *out = (tpmc_bytes *)(uintptr_t)1;

    expect_failure(tpmc_jwk_from_key(NULL, NULL, &out, err), err, TPMC_ERR_ARGUMENT, "'key'");
    assert_null(out);
    expect_failure(tpmc_jwk_from_key(NULL, NULL, NULL, err), err, TPMC_ERR_ARGUMENT, "'out'");
}

static int set_up(void **state)
{
    (void)state;
    env = fake_env_new(&fake);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    tpmc_env_free(env);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rsa_keys_are_as_rfc_7638_has_them),
        cmocka_unit_test(ec_keys_have_coordinates_of_full_length),
        cmocka_unit_test(other_keys_are_refused),
        cmocka_unit_test(malformed_numbers_are_refused),
        cmocka_unit_test(lack_of_memory_is_told),
        WITH_ERROR(keys_are_shown),
        WITH_ERROR(ec_keys_are_shown),
        WITH_ERROR(hmac_keys_have_nothing_to_show),
        WITH_ERROR(null_parameters_are_refused),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
