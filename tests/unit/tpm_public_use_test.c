/* SPDX-License-Identifier: Apache-2.0 */
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include "unit/each_allocation.h"
#include "unit/keyfile_data.h"
#include "unit/keyfile_fixture.h"

#include "keyfile/tpm_template.h"

#define SPKI_MAX 1024

static EVP_PKEY *spki_of(const tpmc__public *key)
{
    EVP_PKEY *pkey;
    const unsigned char *at;
    tpmc__buf out;

    tpmc__buf_init(&out, SPKI_MAX);
    assert_int_equal(tpmc__public_spki(key, &out, NULL), 0);
    at = out.data;
    pkey = d2i_PUBKEY(NULL, &at, (long)out.len);
    assert_non_null(pkey);
    assert_ptr_equal(at, out.data + out.len);
    tpmc__buf_free(&out);
    return pkey;
}

static void rsa_keys_are_what_openssl_reads(void **state)
{
    uint8_t modulus[512];
    tpmc__public key;
    EVP_PKEY *pkey;
    BIGNUM *n = NULL;
    BIGNUM *e = NULL;

    (void)state;
    parse_hex(rsa_public_hex, &key);
    pkey = spki_of(&key);
    assert_int_equal(EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_RSA_N, &n), 1);
    assert_int_equal(EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_RSA_E, &e), 1);
    assert_int_equal(BN_bn2bin(n, modulus), 256);
    assert_memory_equal(modulus, key.unique, 256);
    assert_int_equal(BN_get_word(e), 65537);
    BN_free(n);
    BN_free(e);
    EVP_PKEY_free(pkey);
}

static void check_point(const tpmc__public *key, const char *group)
{
    uint8_t x[66];
    BIGNUM *number = NULL;
    char name[32];
    EVP_PKEY *pkey = spki_of(key);

    assert_int_equal(EVP_PKEY_get_group_name(pkey, name, sizeof(name), NULL), 1);
    assert_string_equal(name, group);
    assert_int_equal(EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_EC_PUB_X, &number), 1);
    assert_int_equal(BN_bn2binpad(number, x, (int)key->unique_len), (int)key->unique_len);
    assert_memory_equal(x, key->unique, key->unique_len);
    BN_free(number);
    EVP_PKEY_free(pkey);
}

static void points_are_what_openssl_reads(void **state)
{
    tpmc__public key;

    (void)state;
    parse_hex(ecc_public_hex, &key);
    check_point(&key, "prime256v1");
    parse_hex(ecc384_public_hex, &key);
    check_point(&key, "secp384r1");
}

/* Some writers leave the zeros before a coordinate out: the key is the same. */
static void short_coordinates_are_padded(void **state)
{
    static const char padded_hex[] =
        "0056 0023 000b 00040072 0000 0010 0010 0003 0010"
        "0020 0000000000000000000000000000000000000000000000000000000000000005"
        "0020 459243b9aa581806fe913bce99817ade11ca503c64d9a3c533415c083248fbcc";
    static const char short_hex[] =
        "0037 0023 000b 00040072 0000 0010 0010 0003 0010"
        "0001 05"
        "0020 459243b9aa581806fe913bce99817ade11ca503c64d9a3c533415c083248fbcc";
    tpmc__public padded;
    tpmc__public stripped;
    EVP_PKEY *a;
    EVP_PKEY *b;

    (void)state;
    parse_hex(padded_hex, &padded);
    parse_hex(short_hex, &stripped);
    a = spki_of(&padded);
    b = spki_of(&stripped);
    assert_int_equal(EVP_PKEY_eq(a, b), 1);
    EVP_PKEY_free(a);
    EVP_PKEY_free(b);
}

static void other_keys_have_no_subject_public_key_info(void **state)
{
    tpmc_error *err = *state;
    tpmc__public key;
    tpmc__buf out;

    tpmc__buf_init(&out, SPKI_MAX);
    parse_hex(hmac_public_hex, &key);
    expect_failure(tpmc__public_spki(&key, &out, err), err, TPMC_ERR_UNSUPPORTED, "keyed-hash");
    parse_hex(aes_public_hex, &key);
    expect_failure(tpmc__public_spki(&key, &out, err), err, TPMC_ERR_UNSUPPORTED, "symmetric");
    parse_hex(ecc_public_hex, &key);
    key.curve = 0x0020;
    expect_failure(tpmc__public_spki(&key, &out, err), err, TPMC_ERR_UNSUPPORTED, "SM2-P256");
    tpmc__template_fill(TPMC__TEMPLATE_H2, &key);
    expect_failure(tpmc__public_spki(&key, &out, err), err, TPMC_ERR_ARGUMENT, "point is missing");
    assert_int_equal(out.len, 0);
    tpmc__buf_free(&out);
    tpmc__buf_init(&out, 16);
    parse_hex(ecc_public_hex, &key);
    assert_int_equal(tpmc__public_spki(&key, &out, err), TPMC_ERR_ARGUMENT);
    tpmc__buf_free(&out);
}

static void primaries_match_their_template_alone(void **state)
{
    tpmc__public h2;
    tpmc__public h1;
    tpmc__public key;

    (void)state;
    tpmc__template_fill(TPMC__TEMPLATE_H2, &h2);
    parse_hex("001a 0001 000b 00030472 0000 0006 0080 0043 0010 0800 00000000 0000", &h1);
    parse_hex(h2_public_hex, &key);
    assert_true(tpmc__public_matches_template(&key, &h2));
    assert_false(tpmc__public_matches_template(&key, &h1));
    key.attributes &= ~TPMC__OBJECT_NO_DA;
    assert_false(tpmc__public_matches_template(&key, &h2));
    parse_hex(h1_public_hex, &key);
    assert_true(tpmc__public_matches_template(&key, &h1));
    key.exponent = 65537;
    assert_true(tpmc__public_matches_template(&key, &h1));
    key.exponent = 3;
    assert_false(tpmc__public_matches_template(&key, &h1));
}

/* Each member but `unique` counts. */
static void one_difference_is_no_match(void **state)
{
    tpmc__public h2;
    tpmc__public key;

    (void)state;
    tpmc__template_fill(TPMC__TEMPLATE_H2, &h2);
    key = h2;
    key.name_alg = 0x000c;
    assert_false(tpmc__public_matches_template(&key, &h2));
    key = h2;
    key.auth_policy_len = 32;
    assert_false(tpmc__public_matches_template(&key, &h2));
    key = h2;
    key.symmetric.key_bits = 256;
    assert_false(tpmc__public_matches_template(&key, &h2));
    key = h2;
    key.symmetric.mode = TPMC__ALG_CTR;
    assert_false(tpmc__public_matches_template(&key, &h2));
    key = h2;
    key.curve = TPMC__CURVE_P384;
    assert_false(tpmc__public_matches_template(&key, &h2));
    key = h2;
    key.kdf.algorithm = TPMC__ALG_KDF1_SP800_56A;
    assert_false(tpmc__public_matches_template(&key, &h2));
    key = h2;
    key.scheme.algorithm = TPMC__ALG_ECDH;
    assert_false(tpmc__public_matches_template(&key, &h2));
    key = h2;
    key.unique_len = 32;
    key.unique_y_len = 32;
    assert_true(tpmc__public_matches_template(&key, &h2));
}

static void assert_kind(const char *hex, const char *expected)
{
    tpmc__public key;
    char text[64];

    parse_hex(hex, &key);
    assert_int_equal(tpmc__public_kind_text(&key, text, sizeof(text)), 0);
    assert_string_equal(text, expected);
}

static void storage_keys_are_told_from_others(void **state)
{
    static const char *const others[] = { rsa_public_hex,        plain_public_hex, oaep_public_hex,
                                          ecc_public_hex,        hmac_public_hex,  aes_public_hex,
                                          restricted_public_hex, seal_public_hex,  xor_public_hex };
    tpmc__public key;
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        parse_hex(others[i], &key);
        assert_false(tpmc__public_is_storage(&key));
    }
    parse_hex(h1_public_hex, &key);
    assert_true(tpmc__public_is_storage(&key));
    parse_hex(h2_public_hex, &key);
    assert_true(tpmc__public_is_storage(&key));
    key.attributes |= TPMC__OBJECT_SIGN;
    assert_false(tpmc__public_is_storage(&key));
    parse_hex(h2_public_hex, &key);
    key.symmetric.algorithm = TPMC__ALG_NULL;
    assert_false(tpmc__public_is_storage(&key));
    parse_hex(h2_public_hex, &key);
    key.attributes &= ~TPMC__OBJECT_RESTRICTED;
    assert_false(tpmc__public_is_storage(&key));
    parse_hex(h2_public_hex, &key);
    key.attributes &= ~TPMC__OBJECT_DECRYPT;
    assert_false(tpmc__public_is_storage(&key));
}

static void kinds_are_named(void **state)
{
    tpmc__public key;
    char text[8];

    (void)state;
    assert_kind(rsa_public_hex, "RSA 2048");
    assert_kind(ecc384_public_hex, "ECC P-384");
    assert_kind(hmac_public_hex, "HMAC");
    assert_kind(xor_public_hex, "XOR");
    assert_kind(seal_public_hex, "sealed data");
    assert_kind(aes_public_hex, "aes 128");
    parse_hex(rsa_public_hex, &key);
    assert_int_equal(tpmc__public_kind_text(&key, text, sizeof(text)), TPMC_ERR_ARGUMENT);
    assert_string_equal(text, "RSA 204");
}

static void objects_are_told_from_templates(void **state)
{
    tpmc__public key;

    (void)state;
    parse_hex(rsa_public_hex, &key);
    assert_null(tpmc__public_unique_flaw(&key));
    key.unique[0] &= 0x7f;
    assert_non_null(strstr(tpmc__public_unique_flaw(&key), "modulus"));
    key.unique[0] |= 0x80;
    key.unique[255] &= 0xfe;
    assert_non_null(strstr(tpmc__public_unique_flaw(&key), "modulus"));
    key.unique_len = 0;
    assert_non_null(strstr(tpmc__public_unique_flaw(&key), "missing"));
    parse_hex(ecc_public_hex, &key);
    assert_null(tpmc__public_unique_flaw(&key));
    key.unique_y_len = 0;
    assert_non_null(strstr(tpmc__public_unique_flaw(&key), "point"));
    parse_hex(hmac_public_hex, &key);
    assert_null(tpmc__public_unique_flaw(&key));
    key.unique_len = 31;
    assert_non_null(strstr(tpmc__public_unique_flaw(&key), "digest"));
    key.type = 0;
    assert_non_null(tpmc__public_unique_flaw(&key));
}

static int spki_once(void *context)
{
    tpmc__buf out;
    int status;

    tpmc__buf_init(&out, SPKI_MAX);
    status = tpmc__public_spki(context, &out, NULL);
    tpmc__buf_free(&out);
    return status;
}

static void lack_of_memory_is_reported(void **state)
{
    tpmc__public key;

    (void)state;
    parse_hex(rsa_public_hex, &key);
    assert_true(each_allocation(spki_once, &key, TPMC_ERR_NOMEM) > 0);
    parse_hex(ecc_public_hex, &key);
    assert_true(each_allocation(spki_once, &key, TPMC_ERR_NOMEM) > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rsa_keys_are_what_openssl_reads),
        cmocka_unit_test(points_are_what_openssl_reads),
        cmocka_unit_test(short_coordinates_are_padded),
        WITH_ERROR(other_keys_have_no_subject_public_key_info),
        cmocka_unit_test(primaries_match_their_template_alone),
        cmocka_unit_test(one_difference_is_no_match),
        cmocka_unit_test(storage_keys_are_told_from_others),
        cmocka_unit_test(kinds_are_named),
        cmocka_unit_test(objects_are_told_from_templates),
        cmocka_unit_test(lack_of_memory_is_reported),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
