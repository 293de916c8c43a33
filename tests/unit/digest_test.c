/* SPDX-License-Identifier: Apache-2.0 */
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/provider.h>
#include <stdlib.h>

#include "codec/digest.h"
#include "codec/text.h"
#include "unit/codec_env.h"
#include "unit/expect.h"

static const uint16_t hashes[] = { TPMC__HASH_SHA1, TPMC__HASH_SHA256, TPMC__HASH_SHA384,
                                   TPMC__HASH_SHA512 };

#define HASH_COUNT (sizeof(hashes) / sizeof(hashes[0]))

static void check_hex(const uint8_t *data, size_t len, const char *expected)
{
    tpmc__buf hex;

    tpmc__buf_init(&hex, 1000);
    assert_int_equal(tpmc__hex_encode(data, len, &hex), 0);
    assert_string_equal((const char *)hex.data, expected);
    tpmc__buf_free(&hex);
}

static void names_are_read_both_ways(void **state)
{
    static const char *const names[] = { "sha1", "sha256", "sha384", "sha512" };
    static const char *const openssl_names[] = { "SHA1", "SHA256", "SHA384", "SHA512" };
    static const size_t sizes[] = { 20, 32, 48, 64 };

    (void)state;
    for (size_t i = 0; i < HASH_COUNT; i++) {
        assert_string_equal(tpmc__hash_name(hashes[i]), names[i]);
        assert_string_equal(tpmc__hash_openssl_name(hashes[i]), openssl_names[i]);
        assert_int_equal(tpmc__hash_size(hashes[i]), sizes[i]);
        assert_int_equal(tpmc__hash_by_name(names[i]), hashes[i]);
    }
    assert_null(tpmc__hash_name(0x0012));
    assert_null(tpmc__hash_openssl_name(0));
    assert_int_equal(tpmc__hash_size(0x0010), 0);
    assert_int_equal(tpmc__hash_by_name("sha3-256"), 0);
    assert_int_equal(tpmc__hash_by_name("SHA256"), 0);
    assert_int_equal(tpmc__hash_by_name(""), 0);
}

/* FIPS 180-4 examples: the empty message, "abc", and 112 characters. */
static void the_vectors_of_fips_180(void **state)
{
    static const char long_message[] =
        "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqr"
        "lmnopqrsmnopqrstnopqrstu";
    static const char *const messages[] = { "", "abc", long_message };
    static const char *const digests[][3] = {
        { "da39a3ee5e6b4b0d3255bfef95601890afd80709", "a9993e364706816aba3e25717850c26c9cd0d89d",
          "a49b2446a02c645bf419f995b67091253a04a259" },
        { "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
          "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
          "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1" },
        { "38b060a751ac96384cd9327eb1b1e36a21fdb71114be07434c0cc7bf63f6e1da274edebfe76f65fbd51ad2f1"
          "4898b95b",
          "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca1"
          "34c825a7",
          "09330c33f71147e83d192fc782cd1b4753111b173b3b05d22fa08086e3b0f712fcc7c71a557e2db966c3e9fa"
          "91746039" },
        { "cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce47d0d13c5d85f2b0ff8318d2"
          "877eec2f63b931bd47417a81a538327af927da3e",
          "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23"
          "a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
          "8e959b75dae313da8cf4f72814fc143f8f7779c6eb9f7fa17299aeadb6889018501d289e4900f7e4331b99de"
          "c4b5433ac7d329eeb6dd26545e96e55b874be909" },
    };
    uint8_t digest[TPMC__DIGEST_MAX];

    for (size_t i = 0; i < HASH_COUNT; i++) {
        for (size_t j = 0; j < 3; j++) {
            size_t len = strlen(messages[j]);
            tpmc__span spans[] = { { messages[j], len / 2 },
                                   { NULL, 0 },
                                   { messages[j] + len / 2, len - len / 2 } };

            assert_int_equal(tpmc__digest(*state, hashes[i], spans, 3, digest, NULL), 0);
            check_hex(digest, tpmc__hash_size(hashes[i]), digests[i][j]);
        }
        assert_int_equal(tpmc__digest(*state, hashes[i], NULL, 0, digest, NULL), 0);
        check_hex(digest, tpmc__hash_size(hashes[i]), digests[i][0]);
    }
}

static void check_hmac(tpmc_env *env, uint16_t hash, const char *key, size_t key_len,
                       const char *data, const char *expected)
{
    size_t len = strlen(data);
    tpmc__span spans[] = { { data, 1 }, { NULL, 0 }, { data + 1, len - 1 } };
    uint8_t mac[TPMC__DIGEST_MAX];

    assert_int_equal(tpmc__hmac(env, hash, key, key_len, spans, 3, mac, NULL), 0);
    check_hex(mac, tpmc__hash_size(hash), expected);
}

/* RFC 4231 test cases 2 and 6, RFC 2202 test case 2. */
static void the_vectors_of_rfc_4231(void **state)
{
    const char *what = "what do ya want for nothing?";
    const char *larger = "Test Using Larger Than Block-Size Key - Hash Key First";
    char key[131];

    memset(key, 0xaa, sizeof(key));
    check_hmac(*state, TPMC__HASH_SHA1, "Jefe", 4, what,
               "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79");
    check_hmac(*state, TPMC__HASH_SHA256, "Jefe", 4, what,
               "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    check_hmac(*state, TPMC__HASH_SHA384, "Jefe", 4, what,
               "af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e8e2240ca5e69e2c7"
               "8b3239ecfab21649");
    check_hmac(*state, TPMC__HASH_SHA512, "Jefe", 4, what,
               "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a"
               "6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737");
    check_hmac(*state, TPMC__HASH_SHA256, key, sizeof(key), larger,
               "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
    check_hmac(*state, TPMC__HASH_SHA512, key, sizeof(key), larger,
               "80b24263c7c1a3ebb71493c1dd7be8b49b46d1f41b4aeec1121b013783f8f3526b56d037e05f2598"
               "bd0fd2215d6a1e5295e64f73f63f0aec8b915a985d786598");
}

static void an_empty_key_is_a_key(void **state)
{
    uint8_t mac[TPMC__DIGEST_MAX];

    assert_int_equal(tpmc__hmac(*state, TPMC__HASH_SHA256, NULL, 0, NULL, 0, mac, NULL), 0);
    check_hex(mac, 32, "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

static void an_unknown_hash_is_refused(void **state)
{
    tpmc_error *err = NULL;
    uint8_t out[TPMC__DIGEST_MAX];

    assert_int_equal(tpmc_error_new(&err), 0);
    expect_failure(tpmc__digest(*state, 0x0012, NULL, 0, out, err), err, TPMC_ERR_UNSUPPORTED,
                   "hash algorithm 0x0012");
    expect_failure(tpmc__hmac(*state, 0, "", 0, NULL, 0, out, err), err, TPMC_ERR_UNSUPPORTED,
                   "hash algorithm 0x0000");
    tpmc_error_free(err);
}

/* An OpenSSL context without providers has no algorithm; the queue of the application stays. */
static void failures_of_openssl_are_told_and_leave_its_queue(void **state)
{
    tpmc_env *env = *state;
    struct ossl_lib_ctx_st *good = env->ossl;
    OSSL_LIB_CTX *bare = OSSL_LIB_CTX_new();
    OSSL_PROVIDER *provider = NULL;
    struct evp_mac_st *hmac = env->hmac;
    /* Which refuses an empty key. */
    EVP_MAC *poly1305 = EVP_MAC_fetch(good, "POLY1305", NULL);
    tpmc_error *err = NULL;
    uint8_t out[TPMC__DIGEST_MAX];

    assert_int_equal(tpmc_error_new(&err), 0);
    assert_non_null(bare);
    /* Empty, its fallback would be the default provider. */
    provider = OSSL_PROVIDER_load(bare, "null");
    assert_non_null(provider);
    ERR_clear_error();
    ERR_raise(ERR_LIB_USER, 42);
    env->ossl = bare;
    expect_failure(tpmc__digest(env, TPMC__HASH_SHA384, NULL, 0, out, err), err,
                   TPMC_ERR_UNSUPPORTED, "SHA384");
    env->ossl = good;
    assert_non_null(poly1305);
    env->hmac = poly1305;
    expect_failure(tpmc__hmac(env, TPMC__HASH_SHA256, "", 0, NULL, 0, out, err), err,
                   TPMC_ERR_UNSUPPORTED, "HMAC");
    env->hmac = hmac;
    EVP_MAC_free(poly1305);
    assert_int_equal(ERR_GET_REASON(ERR_get_error()), 42);
    assert_int_equal(ERR_get_error(), 0);
    expect_failure(tpmc__digest(env, 1, NULL, 0, out, err), err, TPMC_ERR_UNSUPPORTED, "0x0001");
    assert_int_equal(ERR_get_error(), 0);
    assert_int_equal(OSSL_PROVIDER_unload(provider), 1);
    OSSL_LIB_CTX_free(bare);
    tpmc_error_free(err);
}

static void a_chain_is_hmac_after_hmac(void **state)
{
    const tpmc__span spans[] = { { "us-east-1", 9 }, { "iam", 3 }, { "aws4_request", 12 } };
    uint8_t one[TPMC__DIGEST_MAX];
    uint8_t two[TPMC__DIGEST_MAX];
    uint8_t chain[TPMC__DIGEST_MAX];

    assert_int_equal(tpmc__hmac(*state, TPMC__HASH_SHA256, "k", 1, &spans[0], 1, one, NULL), 0);
    assert_int_equal(tpmc__hmac_chain(*state, TPMC__HASH_SHA256, "k", 1, spans, 1, chain, NULL), 0);
    assert_memory_equal(one, chain, 32);
    assert_int_equal(tpmc__hmac(*state, TPMC__HASH_SHA256, one, 32, &spans[1], 1, two, NULL), 0);
    assert_int_equal(tpmc__hmac(*state, TPMC__HASH_SHA256, two, 32, &spans[2], 1, one, NULL), 0);
    assert_int_equal(tpmc__hmac_chain(*state, TPMC__HASH_SHA256, "k", 1, spans, 3, chain, NULL), 0);
    assert_memory_equal(one, chain, 32);
    assert_int_equal(tpmc__hmac_chain(*state, 0x7777, "k", 1, spans, 3, chain, NULL),
                     TPMC_ERR_UNSUPPORTED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_read_both_ways),
        cmocka_unit_test(the_vectors_of_fips_180),
        cmocka_unit_test(the_vectors_of_rfc_4231),
        cmocka_unit_test(an_empty_key_is_a_key),
        cmocka_unit_test(an_unknown_hash_is_refused),
        cmocka_unit_test(failures_of_openssl_are_told_and_leave_its_queue),
        cmocka_unit_test(a_chain_is_hmac_after_hmac),
    };

    return cmocka_run_group_tests(tests, setup_env, teardown_env);
}
