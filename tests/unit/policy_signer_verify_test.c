/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/policy_maker.h"

#include <openssl/rsa.h>

#include "base/error_int.h"
#include "unit/codec_env.h"
#include "unit/each_allocation.h"

static struct bench {
    tpmc_env *env;
    tpmc_error *err;
    maker_key ec_key;
    maker_key rsa_key;
    tpmc__policy_signer ec;
    tpmc__policy_signer rsa;
    tpmc__policy_bytes digest;
} bench;

static int setup(void **state)
{
    if (setup_env(state) != 0 || tpmc_error_new(&bench.err) != 0)
        return -1;
    bench.env = *state;
    maker_key_begin(&bench.ec_key);
    maker_key_take(&bench.rsa_key, EVP_RSA_gen(2048));
    maker_signer(bench.env, &bench.ec_key, &bench.ec);
    maker_signer(bench.env, &bench.rsa_key, &bench.rsa);
    memset(bench.digest.data, 0x5a, 32);
    bench.digest.len = 32;
    return 0;
}

static int teardown(void **state)
{
    maker_key_end(&bench.ec_key);
    maker_key_end(&bench.rsa_key);
    tpmc_error_free(bench.err);
    return teardown_env(state);
}

static int verify(const tpmc__policy_signer *signer, const uint8_t *signature, size_t len)
{
    tpmc__error_clear(bench.err);
    return tpmc__signer_verify(bench.env, signer, &bench.digest, signature, len, bench.err);
}

/* A signature by OpenSSL alone; 0 for a salt means PKCS#1 v1.5. */
static size_t sign_rsa(int salt_len, uint8_t *out)
{
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(bench.rsa_key.key, NULL);
    size_t len = 256;

    memcpy(out, salt_len == 0 ? "\0\x14\0\x0b\1\0" : "\0\x16\0\x0b\1\0", 6);
    assert_int_equal(EVP_PKEY_sign_init(context), 1);
    assert_true(EVP_PKEY_CTX_set_rsa_padding(context, salt_len == 0 ? RSA_PKCS1_PADDING
                                                                    : RSA_PKCS1_PSS_PADDING) > 0);
    assert_true(EVP_PKEY_CTX_set_signature_md(context, EVP_sha256()) > 0);
    if (salt_len != 0)
        assert_true(EVP_PKEY_CTX_set_rsa_pss_saltlen(context, salt_len) > 0);
    assert_int_equal(EVP_PKEY_sign(context, out + 6, &len, bench.digest.data, bench.digest.len), 1);
    assert_int_equal(len, 256);
    EVP_PKEY_CTX_free(context);
    return 6 + len;
}

/* Some TPMs make salts as long as the key allows. */
static void rsa_signatures_with_any_salt(void **state)
{
    static const int salts[] = { 0, 1, 32, 256 - 32 - 2 };
    uint8_t signature[TPMC__POLICY_SIGNATURE_MAX];

    (void)state;
    for (size_t i = 0; i < sizeof(salts) / sizeof(salts[0]); i++) {
        size_t len = sign_rsa(salts[i], signature);

        expect_success(verify(&bench.rsa, signature, len), bench.err);
        signature[200] ^= 1;
        expect_failure(verify(&bench.rsa, signature, len), bench.err, TPMC_ERR_POLICY,
                       "the signature of the policy does not verify");
    }
    /* The scheme is that of the signature. */
    signature[1] = 0x14;
    signature[200] ^= 1;
    expect_failure(verify(&bench.rsa, signature, 262), bench.err, TPMC_ERR_POLICY, "not verify");
}

static size_t sign_ec(uint8_t *out)
{
    tpmc__buf signature;
    size_t len = 0;

    tpmc__buf_init(&signature, TPMC__POLICY_SIGNATURE_MAX);
    assert_int_equal(tpmc__signer_sign(bench.env, &bench.ec, bench.ec_key.private_pem,
                                       strlen(bench.ec_key.private_pem), &bench.digest, &signature,
                                       NULL),
                     0);
    len = signature.len;
    memcpy(out, signature.data, len);
    tpmc__buf_free(&signature);
    return len;
}

static void ec_signatures(void **state)
{
    uint8_t signature[TPMC__POLICY_SIGNATURE_MAX];
    size_t len = sign_ec(signature);

    (void)state;
    assert_int_equal(len, 4 + 34 + 34);
    expect_success(verify(&bench.ec, signature, len), bench.err);
    signature[20] ^= 1;
    expect_failure(verify(&bench.ec, signature, len), bench.err, TPMC_ERR_POLICY, "not verify");
    memset(signature + 6, 0, 32);
    expect_failure(verify(&bench.ec, signature, len), bench.err, TPMC_ERR_POLICY, "not verify");
}

/* A TPM may leave out the zeros before a number. */
static void short_numbers(void **state)
{
    uint8_t signature[TPMC__POLICY_SIGNATURE_MAX] = { 0 };
    size_t len = sign_ec(signature + 1);

    (void)state;
    /* One zero more. */
    memmove(signature, signature + 1, 6);
    signature[5] = 33;
    signature[6] = 0;
    expect_success(verify(&bench.ec, signature, len + 1), bench.err);
    do
        len = sign_ec(signature);
    while (signature[6] != 0);
    memmove(signature + 6, signature + 7, len - 7);
    signature[5] = 31;
    expect_success(verify(&bench.ec, signature, len - 1), bench.err);
}

static void another_key(void **state)
{
    uint8_t signature[TPMC__POLICY_SIGNATURE_MAX];
    size_t len = sign_ec(signature);
    tpmc__policy_signer other;
    maker_key key;

    (void)state;
    maker_key_begin(&key);
    maker_signer(bench.env, &key, &other);
    expect_failure(verify(&other, signature, len), bench.err, TPMC_ERR_POLICY, "not verify");
    maker_key_end(&key);
    expect_failure(verify(&bench.rsa, signature, len), bench.err, TPMC_ERR_UNSUPPORTED,
                   "is not RSASSA, RSAPSS or ECDSA by a key of that type");
    len = sign_rsa(32, signature);
    expect_failure(verify(&bench.ec, signature, len), bench.err, TPMC_ERR_UNSUPPORTED,
                   "by a key of that type");
    other = bench.ec;
    other.has_public = 0;
    len = sign_ec(signature);
    expect_failure(verify(&other, signature, len), bench.err, TPMC_ERR_UNSUPPORTED,
                   "only the Name is known");
}

static void signatures_that_are_none(void **state)
{
    uint8_t signature[TPMC__POLICY_SIGNATURE_MAX + 1] = { 0 };
    size_t len = sign_ec(signature);

    (void)state;
    expect_failure(verify(&bench.ec, NULL, 0), bench.err, TPMC_ERR_FORMAT, "no TPMT_SIGNATURE");
    for (size_t i = 0; i < len; i++)
        expect_failure(verify(&bench.ec, signature, i), bench.err, TPMC_ERR_FORMAT,
                       "the signature of the policy is no TPMT_SIGNATURE");
    expect_failure(verify(&bench.ec, signature, len + 1), bench.err, TPMC_ERR_FORMAT,
                   "no TPMT_SIGNATURE");
    signature[5] = 0;
    expect_failure(verify(&bench.ec, signature, len), bench.err, TPMC_ERR_FORMAT,
                   "no TPMT_SIGNATURE");
    len = sign_ec(signature);
    signature[3] = 0x12;
    expect_failure(verify(&bench.ec, signature, len), bench.err, TPMC_ERR_FORMAT,
                   "no TPMT_SIGNATURE");
    signature[3] = TPMC__HASH_SHA384;
    expect_failure(verify(&bench.ec, signature, len), bench.err, TPMC_ERR_POLICY,
                   "a hash of another length than the nameAlg");
    memcpy(signature, "\0\5\0\x0b\0\1\1", 7);
    expect_failure(verify(&bench.ec, signature, 7), bench.err, TPMC_ERR_UNSUPPORTED,
                   "is not RSASSA, RSAPSS or ECDSA");
    /* Shorter or longer than the key. */
    memcpy(signature, "\0\x14\0\x0b\0\1\1", 7);
    expect_failure(verify(&bench.rsa, signature, 7), bench.err, TPMC_ERR_POLICY, "not verify");
    memcpy(signature, "\0\x14\0\x0b\2\0", 6);
    expect_failure(verify(&bench.rsa, signature, 6 + 512), bench.err, TPMC_ERR_POLICY,
                   "not verify");
}

static int verify_once(void *context)
{
    return verify(&bench.ec, context, 4 + 34 + 34);
}

static void without_memory(void **state)
{
    uint8_t signature[TPMC__POLICY_SIGNATURE_MAX];

    (void)state;
    (void)sign_ec(signature);
    assert_true(each_allocation(verify_once, signature, TPMC_ERR_NOMEM) > 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rsa_signatures_with_any_salt),
        cmocka_unit_test(ec_signatures),
        cmocka_unit_test(short_numbers),
        cmocka_unit_test(another_key),
        cmocka_unit_test(signatures_that_are_none),
        cmocka_unit_test(without_memory),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
