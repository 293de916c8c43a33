/* SPDX-License-Identifier: Apache-2.0 */
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>

#include "codec/der.h"
#include "codec/json.h"
#include "codec/pem.h"
#include "codec/private_key.h"
#include "unit/codec_env.h"
#include "unit/each_allocation.h"
#include "unit/expect.h"

#define ROOM 200000
#define OID_RSA "1.2.840.113549.1.1.1"
#define NUMBERS 8 /* of RSAPrivateKey, behind its version */

static tpmc_env *env;
static EVP_PKEY *rsa_key; /* of 1024 bits, made once */

static EVP_PKEY *generate(const char *type, int bits, int primes, unsigned long long exponent)
{
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
    BIGNUM *e = BN_new();
    EVP_PKEY *key = NULL;
    char text[32];

    (void)snprintf(text, sizeof(text), "%llu", exponent);
    assert_true(BN_dec2bn(&e, text) > 0);
    assert_int_equal(EVP_PKEY_keygen_init(context), 1);
    if (bits > 0) {
        assert_int_equal(EVP_PKEY_CTX_set_rsa_keygen_bits(context, bits), 1);
        assert_int_equal(EVP_PKEY_CTX_set_rsa_keygen_primes(context, primes), 1);
        assert_int_equal(EVP_PKEY_CTX_set1_rsa_keygen_pubexp(context, e), 1);
    }
    assert_int_equal(EVP_PKEY_generate(context, &key), 1);
    BN_free(e);
    EVP_PKEY_CTX_free(context);
    return key;
}

/* Moves the content of a memory BIO. */
static void take_bio(BIO *bio, tpmc__buf *out)
{
    char *data = NULL;
    long len = BIO_get_mem_data(bio, &data);

    tpmc__buf_init(out, ROOM);
    assert_true(len > 0);
    assert_int_equal(tpmc__buf_append(out, data, (size_t)len), 0);
    BIO_free(bio);
}

static void pkcs8_der(EVP_PKEY *key, tpmc__buf *out)
{
    PKCS8_PRIV_KEY_INFO *info = EVP_PKEY2PKCS8(key);
    BIO *bio = BIO_new(BIO_s_mem());

    assert_int_equal(i2d_PKCS8_PRIV_KEY_INFO_bio(bio, info), 1);
    PKCS8_PRIV_KEY_INFO_free(info);
    take_bio(bio, out);
}

static void traditional_der(EVP_PKEY *key, tpmc__buf *out)
{
    unsigned char *data = NULL;
    int len = i2d_PrivateKey(key, &data);

    assert_true(len > 0);
    tpmc__buf_init(out, ROOM);
    assert_int_equal(tpmc__buf_append(out, data, (size_t)len), 0);
    OPENSSL_free(data);
}

static void traditional_pem(EVP_PKEY *key, const EVP_CIPHER *cipher, tpmc__buf *out)
{
    BIO *bio = BIO_new(BIO_s_mem());
    unsigned char password[] = "password";

    assert_int_equal(PEM_write_bio_PrivateKey_traditional(bio, key, cipher, password,
                                                          cipher == NULL ? 0 : 8, NULL, NULL),
                     1);
    take_bio(bio, out);
}

static void pkcs8_pem(EVP_PKEY *key, const EVP_CIPHER *cipher, tpmc__buf *out)
{
    BIO *bio = BIO_new(BIO_s_mem());
    char password[] = "password";

    assert_int_equal(PEM_write_bio_PKCS8PrivateKey(bio, key, cipher, password,
                                                   cipher == NULL ? 0 : 8, NULL, NULL),
                     1);
    take_bio(bio, out);
}

static void check_number(EVP_PKEY *key, const char *name, const void *data, size_t len)
{
    uint8_t bytes[1024];
    BIGNUM *number = NULL;

    assert_int_equal(EVP_PKEY_get_bn_param(key, name, &number), 1);
    assert_int_equal(BN_num_bytes(number), len);
    BN_bn2bin(number, bytes);
    assert_memory_equal(data, bytes, len);
    BN_clear_free(number);
}

/* Frees `data`. */
static void check_taken(EVP_PKEY *key, tpmc__buf *data, uint32_t exponent)
{
    tpmc_error *err = NULL;
    tpmc__private_key out;

    assert_int_equal(tpmc_error_new(&err), 0);
    memset(&out, 0x5a, sizeof(out));
    expect_success(tpmc__private_key_parse(env, data->data, data->len, &out, err), err);
    assert_int_equal(out.kind, TPMC__PRIVATE_RSA);
    assert_int_equal(out.exponent, exponent);
    check_number(key, OSSL_PKEY_PARAM_RSA_N, out.modulus, out.modulus_len);
    check_number(key, OSSL_PKEY_PARAM_RSA_FACTOR1, out.secret.data, out.secret.len);
    assert_int_equal(out.secret.len * 2, out.modulus_len);
    tpmc__private_key_free(&out);
    assert_null(out.secret.data);
    tpmc_error_free(err);
    tpmc__buf_free(data);
}

static void check_refused_bytes(const void *data, size_t len, int code, const char *words)
{
    tpmc_error *err = NULL;
    tpmc__private_key out;

    assert_int_equal(tpmc_error_new(&err), 0);
    memset(&out, 0x5a, sizeof(out));
    ERR_clear_error();
    ERR_raise(ERR_LIB_USER, 42);
    expect_failure(tpmc__private_key_parse(env, data, len, &out, err), err, code, words);
    assert_int_equal(ERR_GET_REASON(ERR_get_error()), 42);
    assert_int_equal(ERR_get_error(), 0);
    assert_null(out.secret.data);
    assert_int_equal(out.modulus_len, 0);
    tpmc_error_free(err);
}

/* Frees `data`. */
static void check_refused(tpmc__buf *data, int code, const char *words)
{
    check_refused_bytes(data->data, data->len, code, words);
    tpmc__buf_free(data);
}

static void check_refused_text(const char *text, int code, const char *words)
{
    check_refused_bytes(text, strlen(text), code, words);
}

static void check_all_forms(EVP_PKEY *key, uint32_t exponent)
{
    tpmc__buf data;

    pkcs8_der(key, &data);
    check_taken(key, &data, exponent);
    traditional_der(key, &data);
    check_taken(key, &data, exponent);
    pkcs8_pem(key, NULL, &data);
    check_taken(key, &data, exponent);
    traditional_pem(key, NULL, &data);
    check_taken(key, &data, exponent);
}

static void keys_of_every_size_and_form_are_taken(void **state)
{
    static const int sizes[] = { 1024, 1040, 2048, 3072, 4096 };

    (void)state;
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        EVP_PKEY *key = generate("RSA", sizes[i], 2, 65537);

        check_all_forms(key, 65537);
        EVP_PKEY_free(key);
    }
}

static void exponents_fit_32_bits(void **state)
{
    static const unsigned long long taken[] = { 3, 17, 4294967291u };
    tpmc__buf data;
    EVP_PKEY *key = NULL;

    (void)state;
    for (size_t i = 0; i < sizeof(taken) / sizeof(taken[0]); i++) {
        key = generate("RSA", 1024, 2, taken[i]);
        traditional_der(key, &data);
        check_taken(key, &data, (uint32_t)taken[i]);
        EVP_PKEY_free(key);
    }
    key = generate("RSA", 1024, 2, 4294967297u);
    traditional_der(key, &data);
    check_refused(&data, TPMC_ERR_UNSUPPORTED, "more than 32 bits");
    EVP_PKEY_free(key);
}

static void sizes_no_tpm_takes_are_refused(void **state)
{
    EVP_PKEY *key = generate("RSA", 512, 2, 65537);
    tpmc__buf data;

    (void)state;
    pkcs8_pem(key, NULL, &data);
    check_refused(&data, TPMC_ERR_UNSUPPORTED, "has 512 bits; keys of 1024 to 4096 bits");
    EVP_PKEY_free(key);
    key = generate("RSA", 1030, 2, 65537);
    pkcs8_pem(key, NULL, &data);
    check_refused(&data, TPMC_ERR_UNSUPPORTED, "has 1030 bits and primes of 515 and 515 bits");
    EVP_PKEY_free(key);
}

/* RSAPrivateKey of these numbers. */
static void write_pkcs1(unsigned version, BIGNUM *const *numbers, tpmc__buf *out)
{
    uint8_t bytes[2000];
    tpmc__buf body;

    tpmc__buf_init(out, ROOM);
    tpmc__buf_init(&body, ROOM);
    tpmc__der_write_uint32(&body, version);
    for (size_t i = 0; i < NUMBERS; i++)
        tpmc__der_write_unsigned(&body, bytes, (size_t)BN_bn2bin(numbers[i], bytes));
    assert_int_equal(tpmc__der_wrap(out, TPMC__DER_SEQUENCE, &body), 0);
}

static void get_numbers(EVP_PKEY *key, BIGNUM **numbers)
{
    static const char *const names[NUMBERS] = {
        OSSL_PKEY_PARAM_RSA_N,         OSSL_PKEY_PARAM_RSA_E,
        OSSL_PKEY_PARAM_RSA_D,         OSSL_PKEY_PARAM_RSA_FACTOR1,
        OSSL_PKEY_PARAM_RSA_FACTOR2,   OSSL_PKEY_PARAM_RSA_EXPONENT1,
        OSSL_PKEY_PARAM_RSA_EXPONENT2, OSSL_PKEY_PARAM_RSA_COEFFICIENT1,
    };

    for (size_t i = 0; i < NUMBERS; i++) {
        numbers[i] = NULL;
        assert_int_equal(EVP_PKEY_get_bn_param(key, names[i], &numbers[i]), 1);
    }
}

static void free_numbers(BIGNUM **numbers)
{
    for (size_t i = 0; i < NUMBERS; i++)
        BN_free(numbers[i]);
}

static void any_wrong_number_is_noticed(void **state)
{
    BIGNUM *numbers[NUMBERS];
    tpmc__buf data;

    (void)state;
    get_numbers(rsa_key, numbers);
    write_pkcs1(0, numbers, &data);
    check_taken(rsa_key, &data, 65537);
    for (size_t i = 0; i < NUMBERS; i++) {
        BN_add_word(numbers[i], 2);
        write_pkcs1(0, numbers, &data);
        check_refused(&data, TPMC_ERR_FORMAT, "do not belong together");
        BN_sub_word(numbers[i], 2);
    }
    free_numbers(numbers);
}

static void zero_and_huge_numbers_are_refused(void **state)
{
    BIGNUM *numbers[NUMBERS];
    tpmc__buf data;

    (void)state;
    get_numbers(rsa_key, numbers);
    for (size_t i = 1; i < NUMBERS; i++) {
        BIGNUM *kept = BN_dup(numbers[i]);

        BN_zero(numbers[i]);
        write_pkcs1(0, numbers, &data);
        check_refused(&data, TPMC_ERR_FORMAT, "zero or larger than its modulus");
        BN_lshift(numbers[i], BN_value_one(), 1024);
        write_pkcs1(0, numbers, &data);
        check_refused(&data, TPMC_ERR_FORMAT, "zero or larger than its modulus");
        BN_copy(numbers[i], kept);
        BN_free(kept);
    }
    BN_set_word(numbers[1], 65536);
    write_pkcs1(0, numbers, &data);
    check_refused(&data, TPMC_ERR_FORMAT, "odd number from 3 on");
    BN_set_word(numbers[1], 1);
    write_pkcs1(0, numbers, &data);
    check_refused(&data, TPMC_ERR_FORMAT, "odd number from 3 on");
    BN_lshift(numbers[0], BN_value_one(), 4096);
    write_pkcs1(0, numbers, &data);
    check_refused(&data, TPMC_ERR_UNSUPPORTED, "has 4097 bits");
    BN_zero(numbers[0]);
    write_pkcs1(0, numbers, &data);
    check_refused(&data, TPMC_ERR_UNSUPPORTED, "has 0 bits");
    free_numbers(numbers);
}

/* A sound key of 1024 bits whose primes have other sizes than a TPM's. */
static void primes_of_unequal_size_are_refused(void **state)
{
    BN_CTX *context = BN_CTX_new();
    BIGNUM *numbers[NUMBERS];
    BIGNUM *phi = BN_new();
    BIGNUM *p1 = BN_new();
    BIGNUM *q1 = BN_new();
    tpmc__buf data;

    (void)state;
    get_numbers(rsa_key, numbers);
    do {
        assert_int_equal(BN_generate_prime_ex(numbers[3], 600, 0, NULL, NULL, NULL), 1);
        assert_int_equal(BN_generate_prime_ex(numbers[4], 424, 0, NULL, NULL, NULL), 1);
        BN_mul(numbers[0], numbers[3], numbers[4], context);
        BN_sub(p1, numbers[3], BN_value_one());
        BN_sub(q1, numbers[4], BN_value_one());
        BN_mul(phi, p1, q1, context);
    } while (BN_num_bits(numbers[0]) != 1024 ||
             BN_mod_inverse(numbers[2], numbers[1], phi, context) == NULL);
    BN_mod(numbers[5], numbers[2], p1, context);
    BN_mod(numbers[6], numbers[2], q1, context);
    BN_mod_inverse(numbers[7], numbers[4], numbers[3], context);
    write_pkcs1(0, numbers, &data);
    check_refused(&data, TPMC_ERR_UNSUPPORTED, "primes of 600 and 424 bits");
    free_numbers(numbers);
    BN_free(phi);
    BN_free(p1);
    BN_free(q1);
    BN_CTX_free(context);
}

static void versions_are_checked(void **state)
{
    EVP_PKEY *key = generate("RSA", 2048, 3, 65537);
    BIGNUM *numbers[NUMBERS];
    tpmc__buf data;

    (void)state;
    pkcs8_pem(key, NULL, &data);
    check_refused(&data, TPMC_ERR_UNSUPPORTED, "more than two primes");
    traditional_der(key, &data);
    check_refused(&data, TPMC_ERR_UNSUPPORTED, "more than two primes");
    EVP_PKEY_free(key);
    get_numbers(rsa_key, numbers);
    write_pkcs1(2, numbers, &data);
    check_refused(&data, TPMC_ERR_FORMAT, "unknown version");
    free_numbers(numbers);
}

/* A PKCS#8 structure around the PKCS#1 form of the test's key. */
static void write_pkcs8(unsigned version, const char *oid, const char *parameters, size_t len,
                        const char *rest, size_t rest_len, tpmc__buf *out)
{
    tpmc__buf algorithm;
    tpmc__buf body;
    tpmc__buf key;

    traditional_der(rsa_key, &key);
    tpmc__buf_init(out, ROOM);
    tpmc__buf_init(&algorithm, ROOM);
    tpmc__buf_init(&body, ROOM);
    tpmc__der_write_uint32(&body, version);
    tpmc__der_write_oid(&algorithm, oid);
    tpmc__buf_append(&algorithm, parameters, len);
    tpmc__der_wrap(&body, TPMC__DER_SEQUENCE, &algorithm);
    tpmc__der_wrap(&body, TPMC__DER_OCTET_STRING, &key);
    tpmc__buf_append(&body, rest, rest_len);
    assert_int_equal(tpmc__der_wrap(out, TPMC__DER_SEQUENCE, &body), 0);
}

static void pkcs8_is_read_strictly(void **state)
{
    tpmc__buf data;

    (void)state;
    write_pkcs8(0, OID_RSA, "\x05\x00", 2, "", 0, &data);
    check_taken(rsa_key, &data, 65537);
    write_pkcs8(0, OID_RSA, "", 0, "", 0, &data);
    check_taken(rsa_key, &data, 65537);
    write_pkcs8(1, OID_RSA, "\x05\x00", 2, "\xa0\x00\x81\x01\x00", 5, &data);
    check_taken(rsa_key, &data, 65537);
    write_pkcs8(2, OID_RSA, "\x05\x00", 2, "", 0, &data);
    check_refused(&data, TPMC_ERR_FORMAT, "PKCS#8 key has an unknown version");
    write_pkcs8(0, OID_RSA, "\x05\x01\x00", 3, "", 0, &data);
    check_refused(&data, TPMC_ERR_FORMAT, "damaged");
    write_pkcs8(0, OID_RSA, "\x05\x00\x05\x00", 4, "", 0, &data);
    check_refused(&data, TPMC_ERR_FORMAT, "damaged");
    write_pkcs8(0, OID_RSA, "\x30\x00", 2, "", 0, &data);
    check_refused(&data, TPMC_ERR_FORMAT, "damaged");
    write_pkcs8(0, OID_RSA, "\x05\x00", 2, "\x04\x00", 2, &data);
    check_refused(&data, TPMC_ERR_FORMAT, "something follows");
    write_pkcs8(0, OID_RSA, "\x05\x00", 2, "\xa0\x7f", 2, &data);
    check_refused(&data, TPMC_ERR_FORMAT, "damaged");
    write_pkcs8(0, "1.2.3.4", "", 0, "", 0, &data);
    check_refused(&data, TPMC_ERR_UNSUPPORTED, "the algorithm 1.2.3.4");
    write_pkcs8(0, "1.2.840.113549.1.1.7", "", 0, "", 0, &data);
    check_refused(&data, TPMC_ERR_UNSUPPORTED, "fixed to OAEP");
    write_pkcs8(0, "1.2.840.113549.1.3.1", "", 0, "", 0, &data);
    check_refused(&data, TPMC_ERR_UNSUPPORTED, "a Diffie-Hellman key");
    write_pkcs8(0, "1.3.132.1.12", "", 0, "", 0, &data);
    check_refused(&data, TPMC_ERR_UNSUPPORTED, "fixed to ECDH");
}

static void trailing_and_missing_bytes_are_refused(void **state)
{
    tpmc__buf data;

    (void)state;
    pkcs8_der(rsa_key, &data);
    for (size_t len = 1; len < data.len; len++)
        check_refused_bytes(data.data, len, TPMC_ERR_FORMAT, "damaged or cut short");
    assert_int_equal(tpmc__buf_append_byte(&data, 0), 0);
    check_refused(&data, TPMC_ERR_FORMAT, "something follows");
    traditional_der(rsa_key, &data);
    for (size_t len = 1; len < data.len; len++)
        check_refused_bytes(data.data, len, TPMC_ERR_FORMAT, "damaged or cut short");
    assert_int_equal(tpmc__buf_append_byte(&data, '\n'), 0);
    check_refused(&data, TPMC_ERR_FORMAT, "something follows");
}

static void encrypted_keys_are_named(void **state)
{
    tpmc__buf data;
    tpmc__pem_block block;
    size_t offset = 0;

    (void)state;
    traditional_pem(rsa_key, EVP_aes_128_cbc(), &data);
    check_refused(&data, TPMC_ERR_FORMAT, "is encrypted; decrypt it first");
    pkcs8_pem(rsa_key, EVP_aes_256_cbc(), &data);
    check_refused_bytes(data.data, data.len, TPMC_ERR_FORMAT, "openssl pkey -in FILE -out PLAIN");
    assert_int_equal(tpmc__pem_next((const char *)data.data, data.len, &offset, &block, NULL), 1);
    check_refused(&block.der, TPMC_ERR_FORMAT, "is encrypted");
    tpmc__buf_free(&data);
}

static void check_other_key(const char *type, const char *words)
{
    EVP_PKEY *key = generate(type, 0, 0, 3);
    tpmc__buf data;

    pkcs8_pem(key, NULL, &data);
    check_refused(&data, TPMC_ERR_UNSUPPORTED, words);
    pkcs8_der(key, &data);
    check_refused(&data, TPMC_ERR_UNSUPPORTED, words);
    EVP_PKEY_free(key);
}

static void other_kinds_of_keys_are_named(void **state)
{
    EVP_PKEY *key = NULL;
    tpmc__buf data;

    (void)state;
    check_other_key("ED25519", "an Ed25519 key");
    check_other_key("ED448", "an Ed448 key");
    check_other_key("X25519", "an X25519 key");
    check_other_key("X448", "an X448 key");
    key = generate("RSA-PSS", 1024, 2, 65537);
    pkcs8_pem(key, NULL, &data);
    check_refused(&data, TPMC_ERR_UNSUPPORTED, "fixed to RSASSA-PSS");
    EVP_PKEY_free(key);
    check_refused_text("-----BEGIN DSA PRIVATE KEY-----\nMAA=\n-----END DSA PRIVATE KEY-----\n",
                       TPMC_ERR_UNSUPPORTED, "a DSA key");
    check_refused_text("-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n"
                       "-----END EC PARAMETERS-----\n",
                       TPMC_ERR_FORMAT, "parameters alone");
    check_refused_text("-----BEGIN OPENSSH PRIVATE KEY-----\nMAA=\n"
                       "-----END OPENSSH PRIVATE KEY-----\n",
                       TPMC_ERR_FORMAT, "ssh-keygen -p -m PEM");
    check_refused_text("-----BEGIN TSS2 PRIVATE KEY-----\nMAA=\n-----END TSS2 PRIVATE KEY-----\n",
                       TPMC_ERR_FORMAT, "already in a TPM");
    check_refused_text("-----BEGIN TSS2 KEY BLOB-----\nMAA=\n-----END TSS2 KEY BLOB-----\n",
                       TPMC_ERR_FORMAT, "'TSS2 KEY BLOB'");
    check_refused_bytes("\x30\x0d\x06\x06\x67\x81\x05\x0a\x01\x03\xa0\x03\x01\x01\xff", 15,
                        TPMC_ERR_FORMAT, "already in a TPM");
    /* CMS begins with another OID. */
    check_refused_bytes("\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02\xa0\x00", 15,
                        TPMC_ERR_FORMAT, "this DER is no RSA or EC private key");
    check_refused_bytes("\x30\x07\x02\x01\x03\x30\x00\x30\x00", 9, TPMC_ERR_FORMAT, "PKCS#12");
}

static void check_der_both_ways(const unsigned char *der, int len, const char *label,
                                const char *words)
{
    tpmc__buf pem;

    assert_true(len > 0);
    check_refused_bytes(der, (size_t)len, TPMC_ERR_FORMAT, words);
    tpmc__buf_init(&pem, ROOM);
    assert_int_equal(tpmc__pem_write(label, der, (size_t)len, &pem), 0);
    check_refused(&pem, TPMC_ERR_FORMAT, words);
}

static void public_things_are_named(void **state)
{
    X509 *certificate = X509_new();
    X509_REQ *request = X509_REQ_new();
    unsigned char *der = NULL;
    int len = i2d_PUBKEY(rsa_key, &der);

    (void)state;
    check_der_both_ways(der, len, "PUBLIC KEY", "a public key");
    OPENSSL_free(der);
    der = NULL;
    len = i2d_PublicKey(rsa_key, &der);
    check_der_both_ways(der, len, "RSA PUBLIC KEY", "a public key");
    OPENSSL_free(der);
    der = NULL;
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate), 0);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 60);
    assert_int_equal(X509_set_pubkey(certificate, rsa_key), 1);
    assert_true(X509_sign(certificate, rsa_key, EVP_sha256()) > 0);
    len = i2d_X509(certificate, &der);
    check_der_both_ways(der, len, "CERTIFICATE", "a certificate");
    OPENSSL_free(der);
    X509_free(certificate);
    der = NULL;
    assert_int_equal(X509_REQ_set_pubkey(request, rsa_key), 1);
    assert_true(X509_REQ_sign(request, rsa_key, EVP_sha256()) > 0);
    len = i2d_X509_REQ(request, &der);
    check_der_both_ways(der, len, "CERTIFICATE REQUEST", "a certificate request");
    OPENSSL_free(der);
    X509_REQ_free(request);
}

static void what_is_nothing_known_is_told(void **state)
{
    char *large = calloc(1, TPMC__PRIVATE_KEY_MAX + 1);

    (void)state;
    assert_non_null(large);
    check_refused_bytes("", 0, TPMC_ERR_FORMAT, "is empty");
    check_refused_bytes(large, TPMC__PRIVATE_KEY_MAX + 1, TPMC_ERR_FORMAT, "larger than 65536");
    check_refused_bytes(large, TPMC__PRIVATE_KEY_MAX, TPMC_ERR_FORMAT, "no RSA or EC private key");
    free(large);
    check_refused_text("hello", TPMC_ERR_FORMAT, "no RSA or EC private key");
    check_refused_text("\xef\xbb\xbf-----BEGIN PRIVATE KEY-----\n", TPMC_ERR_FORMAT,
                       "byte order mark");
    check_refused_text("-----BEGIN FISH-----\nMAA=\n-----END FISH-----\n", TPMC_ERR_FORMAT,
                       "no RSA or EC private key");
    check_refused_text("-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----\n", TPMC_ERR_FORMAT,
                       "no RSA or EC private key");
    check_refused_text("-----BEGIN PRIVATE KEY-----\nMAA=\n-----END PRIVATE KEY-----\n",
                       TPMC_ERR_FORMAT, "damaged");
    check_refused_text("-----BEGIN PRIVATE KEY-----\nMAA=\n", TPMC_ERR_FORMAT, "no END line");
}

static void the_key_is_found_among_other_blocks(void **state)
{
    tpmc__buf data;
    tpmc__buf text;

    (void)state;
    pkcs8_pem(rsa_key, NULL, &data);
    tpmc__buf_init(&text, ROOM);
    tpmc__buf_append_text(&text, "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n");
    tpmc__buf_append(&text, data.data, data.len);
    tpmc__buf_append_text(&text, "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n");
    check_taken(rsa_key, &text, 65537);
    tpmc__buf_append(&text, data.data, data.len);
    tpmc__buf_append(&text, data.data, data.len);
    check_refused(&text, TPMC_ERR_FORMAT, "more than one private key");
    tpmc__buf_append(&text, data.data, data.len);
    tpmc__buf_append_text(&text, "-----BEGIN X-----\n");
    check_refused(&text, TPMC_ERR_FORMAT, "\"X\" has no END line");
    tpmc__buf_free(&data);
}

/* The JSON that Google hands out for a service account. */
static void write_account(const char *member, const char *value, tpmc__buf *out)
{
    tpmc__json *json = tpmc__json_new_object();

    tpmc__json_add_text(json, "type", "service_account");
    tpmc__json_add_text(json, "private_key_id", "0123");
    tpmc__json_add_text(json, member, value);
    tpmc__json_add_text(json, "client_email", "robot@project.iam.gserviceaccount.com");
    tpmc__buf_init(out, ROOM);
    assert_int_equal(tpmc__buf_append_text(out, " \n"), 0);
    assert_int_equal(tpmc__json_print(json, out), 0);
    tpmc__json_free(json);
}

static void a_service_account_works_too(void **state)
{
    tpmc__buf pem;
    tpmc__buf data;

    (void)state;
    pkcs8_pem(rsa_key, NULL, &pem);
    write_account("private_key", (const char *)pem.data, &data);
    check_taken(rsa_key, &data, 65537);
    write_account("privateKey", (const char *)pem.data, &data);
    check_refused(&data, TPMC_ERR_FORMAT, "no text member \"private_key\"");
    tpmc__buf_free(&pem);
    pkcs8_pem(rsa_key, EVP_aes_256_cbc(), &pem);
    write_account("private_key", (const char *)pem.data, &data);
    check_refused(&data, TPMC_ERR_FORMAT, "of the JSON: the private key is encrypted");
    tpmc__buf_free(&pem);
    write_account("private_key", "redacted", &data);
    check_refused(&data, TPMC_ERR_FORMAT, "holds no PEM text");
    check_refused_text("{\"private_key\": 7}", TPMC_ERR_FORMAT, "no text member");
    check_refused_text("{\"private_key\": ", TPMC_ERR_FORMAT, "not usable JSON");
    check_refused_text("{\"private_key\":\"a\",\"private_key\":\"b\"}", TPMC_ERR_FORMAT, "twice");
    check_refused_text("{}", TPMC_ERR_FORMAT, "service account");
}

/* The sanitizers look for reads outside of the block; most mutations hit a number. */
static void mutations_never_crash(void **state)
{
    tpmc__private_key out;
    tpmc__buf data;
    uint32_t seed = 1;

    (void)state;
    pkcs8_der(rsa_key, &data);
    for (int round = 0; round < 3000; round++) {
        uint8_t *copy = malloc(data.len);

        assert_non_null(copy);
        memcpy(copy, data.data, data.len);
        for (int i = 0; i < 2; i++) {
            seed = seed * 1664525u + 1013904223u;
            copy[(seed >> 8) % (i == 0 ? 40 : data.len)] = (uint8_t)(seed >> 24);
        }
        if (tpmc__private_key_parse(env, copy, data.len, &out, NULL) == 0)
            tpmc__private_key_free(&out);
        free(copy);
    }
    tpmc__buf_free(&data);
}

static int parse_account(void *context)
{
    tpmc__buf *data = context;
    tpmc__private_key out;
    int status = tpmc__private_key_parse(env, data->data, data->len, &out, NULL);

    assert_true(status == 0 || out.secret.data == NULL);
    tpmc__private_key_free(&out);
    return status;
}

static void lack_of_memory_is_told(void **state)
{
    tpmc__buf pem;
    tpmc__buf data;

    (void)state;
    pkcs8_pem(rsa_key, NULL, &pem);
    write_account("private_key", (const char *)pem.data, &data);
    assert_true(each_allocation(parse_account, &data, TPMC_ERR_NOMEM) >= 3);
    tpmc__buf_free(&pem);
    tpmc__buf_free(&data);
    tpmc__private_key_free(NULL);
}

static int set_up(void **state)
{
    if (setup_env(state) != 0)
        return -1;
    env = *state;
    rsa_key = generate("RSA", 1024, 2, 65537);
    return 0;
}

static int tear_down(void **state)
{
    EVP_PKEY_free(rsa_key);
    return teardown_env(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_of_every_size_and_form_are_taken),
        cmocka_unit_test(exponents_fit_32_bits),
        cmocka_unit_test(sizes_no_tpm_takes_are_refused),
        cmocka_unit_test(any_wrong_number_is_noticed),
        cmocka_unit_test(zero_and_huge_numbers_are_refused),
        cmocka_unit_test(primes_of_unequal_size_are_refused),
        cmocka_unit_test(versions_are_checked),
        cmocka_unit_test(pkcs8_is_read_strictly),
        cmocka_unit_test(trailing_and_missing_bytes_are_refused),
        cmocka_unit_test(encrypted_keys_are_named),
        cmocka_unit_test(other_kinds_of_keys_are_named),
        cmocka_unit_test(public_things_are_named),
        cmocka_unit_test(what_is_nothing_known_is_told),
        cmocka_unit_test(the_key_is_found_among_other_blocks),
        cmocka_unit_test(a_service_account_works_too),
        cmocka_unit_test(mutations_never_crash),
        cmocka_unit_test(lack_of_memory_is_told),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
