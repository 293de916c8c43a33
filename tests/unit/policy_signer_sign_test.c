/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/policy_maker.h"

#include <openssl/rsa.h>

#include "base/error_int.h"
#include "policy/policy_signer_int.h"
#include "unit/codec_env.h"
#include "unit/each_allocation.h"

/* Software keys of all kinds, made once. */
static const struct kind_row {
    const char *group; /* NULL: RSA */
    tpmc__signer_form form;
} kinds[] = {
    { NULL, { TPMC__HASH_SHA256, TPMC__ALG_RSASSA } },
    { NULL, { TPMC__HASH_SHA384, TPMC__ALG_RSAPSS } },
    { "P-256", { TPMC__HASH_SHA256, TPMC__ALG_RSAPSS } },
    { "P-384", { TPMC__HASH_SHA384, TPMC__ALG_RSAPSS } },
    { "P-521", { TPMC__HASH_SHA512, TPMC__ALG_RSAPSS } },
    { "P-384", { TPMC__HASH_SHA1, TPMC__ALG_RSAPSS } },
};

#define KIND_COUNT (sizeof(kinds) / sizeof(kinds[0]))

static struct bench {
    tpmc_env *env;
    tpmc_error *err;
    maker_key keys[KIND_COUNT];
    tpmc__policy_signer signers[KIND_COUNT];
} bench;

static int setup(void **state)
{
    if (setup_env(state) != 0 || tpmc_error_new(&bench.err) != 0)
        return -1;
    bench.env = *state;
    for (size_t i = 0; i < KIND_COUNT; i++) {
        maker_key_take(&bench.keys[i],
                       kinds[i].group == NULL ? EVP_RSA_gen(2048) : EVP_EC_gen(kinds[i].group));
        if (tpmc__signer_read(bench.env, bench.keys[i].public_pem, strlen(bench.keys[i].public_pem),
                              &kinds[i].form, "the key", &bench.signers[i], bench.err) != 0)
            return -1;
    }
    return 0;
}

static int teardown(void **state)
{
    for (size_t i = 0; i < KIND_COUNT; i++)
        maker_key_end(&bench.keys[i]);
    tpmc_error_free(bench.err);
    return teardown_env(state);
}

/* Some digest of the kind's nameAlg. */
static tpmc__policy_bytes digest_for(size_t kind)
{
    tpmc__policy_bytes digest = { { 1, 2, 3 }, tpmc__hash_size(kinds[kind].form.name_alg) };

    return digest;
}

static int sign_with(size_t signer, const char *private_pem, const tpmc__policy_bytes *digest,
                     tpmc__buf *out)
{
    tpmc__buf_init(out, TPMC__POLICY_SIGNATURE_MAX);
    tpmc__error_clear(bench.err);
    return tpmc__signer_sign(bench.env, &bench.signers[signer], private_pem, strlen(private_pem),
                             digest, out, bench.err);
}

static void signatures_verify(void **state)
{
    (void)state;
    for (size_t i = 0; i < KIND_COUNT; i++) {
        tpmc__policy_bytes digest = digest_for(i);
        tpmc__buf signature;

        expect_success(sign_with(i, bench.keys[i].private_pem, &digest, &signature), bench.err);
        /* Its hash is the nameAlg, whatever the scheme of the key says. */
        assert_int_equal(signature.data[2] << 8 | signature.data[3], kinds[i].form.name_alg);
        expect_success(tpmc__signer_verify(bench.env, &bench.signers[i], &digest, signature.data,
                                           signature.len, bench.err),
                       bench.err);
        digest.data[0] ^= 1;
        expect_failure(tpmc__signer_verify(bench.env, &bench.signers[i], &digest, signature.data,
                                           signature.len, bench.err),
                       bench.err, TPMC_ERR_POLICY, "does not verify");
        tpmc__buf_free(&signature);
    }
}

/* A TPM makes its salts as long, and some take no other. */
static void salts_are_as_long_as_the_digest(void **state)
{
    tpmc__policy_bytes digest = digest_for(1);
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(bench.keys[1].key, NULL);
    tpmc__buf signature;

    (void)state;
    expect_success(sign_with(1, bench.keys[1].private_pem, &digest, &signature), bench.err);
    assert_memory_equal(signature.data, "\0\x16\0\x0c\1\0", 6);
    assert_int_equal(signature.len, 6 + 256);
    assert_int_equal(EVP_PKEY_verify_init(context), 1);
    assert_true(EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING) > 0);
    assert_true(EVP_PKEY_CTX_set_signature_md(context, EVP_sha384()) > 0);
    assert_true(EVP_PKEY_CTX_set_rsa_pss_saltlen(context, 48) > 0);
    assert_int_equal(EVP_PKEY_verify(context, signature.data + 6, 256, digest.data, digest.len), 1);
    EVP_PKEY_CTX_free(context);
    tpmc__buf_free(&signature);
}

/* A key in other containers: traditional PEM, DER, and a service account's JSON. */
static void private_keys_in_other_forms(void **state)
{
    tpmc__policy_bytes digest = digest_for(2);
    BIO *bio = BIO_new(BIO_s_mem());
    char json[2 * MAKER_PEM_MAX] = "{\"private_key\": \"";
    uint8_t *der = NULL;
    char *pem = NULL;
    long pem_len = 0;
    int der_len = i2d_PrivateKey(bench.keys[2].key, &der);
    size_t len = strlen(json);
    tpmc__buf signature;

    (void)state;
    assert_true(der_len > 0);
    assert_int_equal(
        PEM_write_bio_PrivateKey_traditional(bio, bench.keys[2].key, NULL, NULL, 0, NULL, NULL), 1);
    pem_len = BIO_get_mem_data(bio, &pem);
    tpmc__buf_init(&signature, TPMC__POLICY_SIGNATURE_MAX);
    expect_success(tpmc__signer_sign(bench.env, &bench.signers[2], pem, (size_t)pem_len, &digest,
                                     &signature, bench.err),
                   bench.err);
    tpmc__buf_clear(&signature);
    expect_success(tpmc__signer_sign(bench.env, &bench.signers[2], der, (size_t)der_len, &digest,
                                     &signature, bench.err),
                   bench.err);
    for (const char *at = bench.keys[2].private_pem; *at != '\0'; at++) {
        if (*at == '\n')
            json[len++] = '\\';
        json[len++] = *at == '\n' ? 'n' : *at;
    }
    memcpy(json + len, "\"}", 3);
    tpmc__buf_clear(&signature);
    expect_success(tpmc__signer_sign(bench.env, &bench.signers[2], json, strlen(json), &digest,
                                     &signature, bench.err),
                   bench.err);
    expect_success(tpmc__signer_verify(bench.env, &bench.signers[2], &digest, signature.data,
                                       signature.len, bench.err),
                   bench.err);
    tpmc__buf_free(&signature);
    OPENSSL_free(der);
    BIO_free(bio);
}

static void another_private_key(void **state)
{
    static const size_t others[KIND_COUNT] = { 1, 0, 3, 5, 4, 3 };
    tpmc__buf signature;

    (void)state;
    for (size_t i = 0; i < KIND_COUNT; i++) {
        tpmc__policy_bytes digest = digest_for(i);

        if (others[i] == i)
            continue;
        expect_failure(sign_with(i, bench.keys[others[i]].private_pem, &digest, &signature),
                       bench.err, TPMC_ERR_MISMATCH,
                       "the private key is not the one whose signatures the policy accepts");
        assert_int_equal(signature.len, 0);
        tpmc__buf_free(&signature);
    }
}

static void what_cannot_be_signed(void **state)
{
    tpmc__policy_bytes digest = digest_for(0);
    tpmc__buf signature;

    (void)state;
    expect_failure(sign_with(0, bench.keys[0].public_pem, &digest, &signature), bench.err,
                   TPMC_ERR_FORMAT, "");
    tpmc__buf_free(&signature);
    digest.len = 20;
    expect_failure(sign_with(0, bench.keys[0].private_pem, &digest, &signature), bench.err,
                   TPMC_ERR_UNSUPPORTED, "no digest by the nameAlg of the signing key");
    assert_int_equal(signature.len, 0);
    tpmc__buf_free(&signature);
}

static int marshal(const tpmc__policy_signer *signer, const void *signature, size_t len,
                   tpmc__buf *out)
{
    tpmc__buf_init(out, TPMC__POLICY_SIGNATURE_MAX);
    tpmc__error_clear(bench.err);
    return tpmc__signer_marshal(signer, signature, len, out, bench.err);
}

static void rsa_signatures(void **state)
{
    static const uint8_t bytes[257];
    tpmc__buf out;

    (void)state;
    expect_success(marshal(&bench.signers[0], bytes, 256, &out), bench.err);
    assert_int_equal(out.len, 262);
    assert_memory_equal(out.data, "\0\x14\0\x0b\1\0\0", 7);
    tpmc__buf_free(&out);
    expect_failure(marshal(&bench.signers[0], bytes, 255, &out), bench.err, TPMC_ERR_FORMAT,
                   "the signature has 255 bytes, and its RSA key makes ones of 256");
    tpmc__buf_free(&out);
    expect_failure(marshal(&bench.signers[0], bytes, 257, &out), bench.err, TPMC_ERR_FORMAT,
                   "the signature has 257 bytes");
    tpmc__buf_free(&out);
}

static void ec_signatures(void **state)
{
    static const uint8_t der[] = { 0x30, 0x07, 0x02, 0x01, 0x05, 0x02, 0x02, 0x00, 0x80 };
    uint8_t expected[4 + 34 + 34] = { 0, 0x18, 0, 0x0b, 0, 32 };
    tpmc__buf out;

    (void)state;
    expected[37] = 5;
    expected[39] = 32;
    expected[71] = 0x80;
    expect_success(marshal(&bench.signers[2], der, sizeof(der), &out), bench.err);
    assert_int_equal(out.len, sizeof(expected));
    assert_memory_equal(out.data, expected, sizeof(expected));
    tpmc__buf_free(&out);
    /* The hash of the scheme, which is not that of the Name. */
    expect_success(marshal(&bench.signers[3], der, sizeof(der), &out), bench.err);
    assert_memory_equal(out.data, "\0\x18\0\x0b\0\x30", 6);
    tpmc__buf_free(&out);
    expect_failure(marshal(&bench.signers[2], der, sizeof(der) - 1, &out), bench.err,
                   TPMC_ERR_FORMAT, "");
    tpmc__buf_free(&out);
    expect_failure(marshal(&bench.signers[2], "", 0, &out), bench.err, TPMC_ERR_FORMAT, "");
    tpmc__buf_free(&out);
}

static void macs(void **state)
{
    static const uint8_t mac[33] = { 7 };
    tpmc__policy_signer signer = { .has_public = 1 };
    tpmc__buf out;

    (void)state;
    signer.public_area.type = TPMC__ALG_KEYEDHASH;
    signer.public_area.name_alg = TPMC__HASH_SHA256;
    signer.public_area.scheme.algorithm = TPMC__ALG_NULL;
    expect_success(marshal(&signer, mac, 32, &out), bench.err);
    assert_int_equal(out.len, 36);
    assert_memory_equal(out.data, "\0\5\0\x0b\7", 5);
    tpmc__buf_free(&out);
    expect_failure(marshal(&signer, mac, 33, &out), bench.err, TPMC_ERR_FORMAT,
                   "the MAC has 33 bytes, and its hash has 32");
    tpmc__buf_free(&out);
}

static void an_unknown_curve(void **state)
{
    tpmc__policy_signer signer = bench.signers[2];
    tpmc__buf out;

    (void)state;
    signer.public_area.curve = 0x7777;
    expect_failure(marshal(&signer, "", 0, &out), bench.err, TPMC_ERR_UNSUPPORTED,
                   "the signing key's curve is not known");
    tpmc__buf_free(&out);
}

static int sign_once(void *context)
{
    tpmc__policy_bytes digest = digest_for(2);
    tpmc__buf signature;
    int status = sign_with(2, bench.keys[2].private_pem, &digest, &signature);

    (void)context;
    tpmc__buf_free(&signature);
    return status;
}

static void without_memory(void **state)
{
    (void)state;
    assert_true(each_allocation(sign_once, NULL, TPMC_ERR_NOMEM) > 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(signatures_verify),
        cmocka_unit_test(salts_are_as_long_as_the_digest),
        cmocka_unit_test(private_keys_in_other_forms),
        cmocka_unit_test(another_private_key),
        cmocka_unit_test(what_cannot_be_signed),
        cmocka_unit_test(rsa_signatures),
        cmocka_unit_test(ec_signatures),
        cmocka_unit_test(macs),
        cmocka_unit_test(an_unknown_curve),
        cmocka_unit_test(without_memory),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
