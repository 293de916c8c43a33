/* SPDX-License-Identifier: Apache-2.0 */
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <string.h>

#include "codec/emsa.h"
#include "unit/codec_env.h"
#include "unit/expect.h"

#define EM_MAX 520

static const uint16_t hashes[] = { TPMC__HASH_SHA256, TPMC__HASH_SHA384, TPMC__HASH_SHA512 };

static const uint8_t digest[TPMC__DIGEST_MAX] = "what a digest of 64 bytes may look like, all of "
                                                "it readable text";

static tpmc_env *env;

/* The private operation alone, as a TPM does it for RSA_Decrypt without a scheme. */
static size_t sign_raw(EVP_PKEY *key, const uint8_t *em, size_t len, uint8_t *out)
{
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
    size_t out_len = EM_MAX;

    assert_int_equal(EVP_PKEY_decrypt_init(context), 1);
    assert_int_equal(EVP_PKEY_CTX_set_rsa_padding(context, RSA_NO_PADDING), 1);
    assert_int_equal(EVP_PKEY_decrypt(context, out, &out_len, em, len), 1);
    EVP_PKEY_CTX_free(context);
    return out_len;
}

static int verifies(EVP_PKEY *key, uint16_t hash, int padding, const uint8_t *signature, size_t len)
{
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
    EVP_MD *md = EVP_MD_fetch(NULL, tpmc__hash_openssl_name(hash), NULL);
    int good = 0;

    assert_int_equal(EVP_PKEY_verify_init(context), 1);
    assert_int_equal(EVP_PKEY_CTX_set_rsa_padding(context, padding), 1);
    assert_int_equal(EVP_PKEY_CTX_set_signature_md(context, md), 1);
    if (padding == RSA_PKCS1_PSS_PADDING)
        assert_int_equal(EVP_PKEY_CTX_set_rsa_pss_saltlen(context, RSA_PSS_SALTLEN_DIGEST), 1);
    good = EVP_PKEY_verify(context, signature, len, digest, tpmc__hash_size(hash)) == 1;
    EVP_MD_free(md);
    EVP_PKEY_CTX_free(context);
    return good;
}

static void check_pss(EVP_PKEY *key, unsigned bits, uint16_t hash)
{
    size_t len = (bits + 7) / 8;
    uint8_t em[EM_MAX];
    uint8_t again[EM_MAX];
    uint8_t signature[EM_MAX];

    /* What is written is neither more nor less than the modulus is long. */
    memset(em, 0x5a, sizeof(em));
    assert_int_equal(tpmc__emsa_pss(env, hash, digest, bits, em, NULL), 0);
    assert_int_equal(em[len], 0x5a);
    assert_int_equal(em[len - 1], 0xbc);
    if (bits % 8 == 1)
        assert_int_equal(em[0], 0);
    len = sign_raw(key, em, len, signature);
    assert_true(verifies(key, hash, RSA_PKCS1_PSS_PADDING, signature, len));
    assert_int_equal(tpmc__emsa_pss(env, hash, digest, bits, again, NULL), 0);
    assert_memory_not_equal(em, again, len);
}

static void check_pkcs1(EVP_PKEY *key, unsigned bits, uint16_t hash)
{
    size_t len = (bits + 7) / 8;
    uint8_t em[EM_MAX];
    uint8_t signature[EM_MAX];

    memset(em, 0x5a, sizeof(em));
    assert_int_equal(tpmc__emsa_pkcs1(hash, digest, em, len, NULL), 0);
    assert_int_equal(em[len], 0x5a);
    len = sign_raw(key, em, len, signature);
    assert_true(verifies(key, hash, RSA_PKCS1_PADDING, signature, len));
}

static void openssl_verifies_them_at_every_size(void **state)
{
    static const unsigned sizes[] = { 1024, 1034, 1041, 1045, 1537, 2048, 3072, 4096 };

    (void)state;
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        EVP_PKEY *key = EVP_RSA_gen(sizes[i]);

        assert_non_null(key);
        for (size_t j = 0; j < sizeof(hashes) / sizeof(hashes[0]); j++) {
            check_pkcs1(key, sizes[i], hashes[j]);
            if (sizes[i] > 1024 || hashes[j] != TPMC__HASH_SHA512)
                check_pss(key, sizes[i], hashes[j]);
        }
        EVP_PKEY_free(key);
    }
}

/* A salt may begin with any byte, and so may the masked data. */
static void every_salt_will_do(void **state)
{
    EVP_PKEY *key = EVP_RSA_gen(1024);

    (void)state;
    for (int i = 0; i < 300; i++)
        check_pss(key, 1024, TPMC__HASH_SHA256);
    EVP_PKEY_free(key);
}

/* RFC 8017 section 9.2, spelled out. */
static void pkcs1_is_as_the_rfc_has_it(void **state)
{
    static const uint8_t head[] = { 0x00, 0x01, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                                    0x00, 0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48,
                                    0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20 };
    uint8_t em[sizeof(head) + 32];

    (void)state;
    assert_int_equal(tpmc__emsa_pkcs1(TPMC__HASH_SHA256, digest, em, sizeof(em), NULL), 0);
    assert_memory_equal(em, head, sizeof(head));
    assert_memory_equal(em + sizeof(head), digest, 32);
}

static void sha1_is_encoded_for_old_keys(void **state)
{
    EVP_PKEY *key = EVP_RSA_gen(1024);

    (void)state;
    check_pkcs1(key, 1024, TPMC__HASH_SHA1);
    check_pss(key, 1024, TPMC__HASH_SHA1);
    EVP_PKEY_free(key);
}

static void short_moduli_are_refused(void **state)
{
    uint8_t em[EM_MAX];
    tpmc_error *err = *state;

    expect_failure(tpmc__emsa_pkcs1(TPMC__HASH_SHA256, digest, em, 61, err), err,
                   TPMC_ERR_UNSUPPORTED, "488 bits is too short for RSASSA-PKCS1-v1_5 with sha256");
    expect_failure(tpmc__emsa_pkcs1(TPMC__HASH_SHA512, digest, em, 93, err), err,
                   TPMC_ERR_UNSUPPORTED, "too short");
    assert_int_equal(tpmc__emsa_pkcs1(TPMC__HASH_SHA512, digest, em, 94, NULL), 0);
    expect_failure(tpmc__emsa_pss(env, TPMC__HASH_SHA512, digest, 1024, em, err), err,
                   TPMC_ERR_UNSUPPORTED, "1024 bits is too short for RSASSA-PSS with sha512");
    expect_failure(tpmc__emsa_pss(env, TPMC__HASH_SHA512, digest, 1033, em, err), err,
                   TPMC_ERR_UNSUPPORTED, "1033 bits");
    assert_int_equal(tpmc__emsa_pss(env, TPMC__HASH_SHA512, digest, 1034, em, NULL), 0);
    expect_failure(tpmc__emsa_pss(env, TPMC__HASH_SHA256, digest, 0, em, err), err,
                   TPMC_ERR_UNSUPPORTED, "0 bits");
}

static void unknown_hashes_are_refused(void **state)
{
    uint8_t em[EM_MAX];
    tpmc_error *err = *state;

    expect_failure(tpmc__emsa_pkcs1(0x0012, digest, em, 256, err), err, TPMC_ERR_UNSUPPORTED,
                   "0x0012");
    expect_failure(tpmc__emsa_pss(env, 0x0012, digest, 2048, em, err), err, TPMC_ERR_UNSUPPORTED,
                   "0x0012");
}

static int set_up(void **state)
{
    int status = setup_env(state);

    env = *state;
    return status;
}

static int tear_down(void **state)
{
    *state = env;
    return teardown_env(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(openssl_verifies_them_at_every_size),
        cmocka_unit_test(every_salt_will_do),
        cmocka_unit_test(pkcs1_is_as_the_rfc_has_it),
        cmocka_unit_test(sha1_is_encoded_for_old_keys),
        WITH_ERROR(short_moduli_are_refused),
        WITH_ERROR(unknown_hashes_are_refused),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
