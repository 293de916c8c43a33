/* SPDX-License-Identifier: Apache-2.0 */
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include "unit/each_allocation.h"
#include "unit/keyfile_data.h"
#include "unit/keyfile_fixture.h"

#include "keyfile/tpm_kdf.h"
#include "keyfile/tpm_template.h"
#include "keyfile/wrap.h"

#define STORAGE                                                                                    \
    (TPMC__OBJECT_FIXED_TPM | TPMC__OBJECT_FIXED_PARENT | TPMC__OBJECT_RESTRICTED |                \
     TPMC__OBJECT_DECRYPT)

/* What is wrapped for what, with the private key that a TPM would have. */
typedef struct bench {
    tpmc_env *env;
    EVP_PKEY *pkey;
    tpmc__public parent;
    tpmc__public key;
    tpmc__secret auth;
    tpmc__secret sensitive;
} bench;

static size_t number_of(const EVP_PKEY *pkey, const char *which, uint8_t *out, size_t pad)
{
    BIGNUM *number = NULL;
    int len;

    assert_int_equal(EVP_PKEY_get_bn_param(pkey, which, &number), 1);
    len = BN_bn2binpad(number, out, pad ? (int)pad : BN_num_bytes(number));
    assert_true(len > 0);
    BN_free(number);
    return (size_t)len;
}

static void init_parent(tpmc__public *parent, uint16_t type, uint16_t hash, uint16_t bits)
{
    memset(parent, 0, sizeof(*parent));
    parent->type = type;
    parent->name_alg = hash;
    parent->attributes = STORAGE;
    parent->symmetric.algorithm = TPMC__ALG_AES;
    parent->symmetric.key_bits = bits;
    parent->symmetric.mode = TPMC__ALG_CFB;
    parent->scheme.algorithm = TPMC__ALG_NULL;
    parent->kdf.algorithm = TPMC__ALG_NULL;
}

static void ecc_parent(bench *b, uint16_t curve, uint16_t hash, uint16_t bits)
{
    static const char *const groups[] = { "P-256", "P-384", "P-521" };
    static const size_t sizes[] = { 32, 48, 66 };
    size_t size = sizes[curve - TPMC__CURVE_P256];

    EVP_PKEY_free(b->pkey);
    b->pkey = EVP_EC_gen(groups[curve - TPMC__CURVE_P256]);
    assert_non_null(b->pkey);
    init_parent(&b->parent, TPMC__ALG_ECC, hash, bits);
    b->parent.curve = curve;
    b->parent.unique_len = number_of(b->pkey, OSSL_PKEY_PARAM_EC_PUB_X, b->parent.unique, size);
    b->parent.unique_y_len = number_of(b->pkey, OSSL_PKEY_PARAM_EC_PUB_Y, b->parent.unique_y, size);
}

static void rsa_parent(bench *b, uint16_t key_bits, uint16_t hash, uint16_t bits)
{
    EVP_PKEY_free(b->pkey);
    b->pkey = EVP_RSA_gen(key_bits);
    assert_non_null(b->pkey);
    init_parent(&b->parent, TPMC__ALG_RSA, hash, bits);
    b->parent.key_bits = key_bits;
    b->parent.unique_len = number_of(b->pkey, OSSL_PKEY_PARAM_RSA_N, b->parent.unique, 0);
}

/* Any 128 bytes do for a prime: nobody here computes with it. */
static void rsa_key(bench *b)
{
    uint8_t prime[128];

    parse_hex(plain_public_hex, &b->key);
    b->key.attributes &= ~(TPMC__OBJECT_FIXED_TPM | TPMC__OBJECT_FIXED_PARENT);
    memset(prime, 0xc3, sizeof(prime));
    assert_int_equal(tpmc__secret_set(&b->sensitive, prime, sizeof(prime), NULL), 0);
}

static int setup(void **state)
{
    static bench b;

    memset(&b, 0, sizeof(b));
    b.env = bare_env_new();
    ecc_parent(&b, TPMC__CURVE_P256, TPMC__HASH_SHA256, 128);
    rsa_key(&b);
    *state = &b;
    return 0;
}

static int teardown(void **state)
{
    bench *b = *state;

    EVP_PKEY_free(b->pkey);
    tpmc__secret_clear(&b->auth);
    tpmc__secret_clear(&b->sensitive);
    tpmc_env_free(b->env);
    return 0;
}

/* Takes a run of bytes with a size of 16 bits before it. */
static const uint8_t *take_sized(const uint8_t **at, const uint8_t *end, size_t *len)
{
    const uint8_t *bytes = *at + 2;

    assert_true(end - *at >= 2);
    *len = (size_t)((*at)[0] << 8 | (*at)[1]);
    assert_true(*len <= (size_t)(end - bytes));
    *at = bytes + *len;
    return bytes;
}

static void open_seed_rsa(const bench *b, const uint8_t *secret, size_t len, uint8_t *seed)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(b->pkey, NULL);
    const char *hash = tpmc__hash_openssl_name(b->parent.name_alg);
    uint8_t plain[512];
    size_t plain_len = sizeof(plain);

    assert_int_equal(EVP_PKEY_decrypt_init(ctx), 1);
    assert_int_equal(EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_OAEP_PADDING), 1);
    assert_int_equal(EVP_PKEY_CTX_set_rsa_oaep_md_name(ctx, hash, NULL), 1);
    assert_int_equal(EVP_PKEY_CTX_set_rsa_mgf1_md_name(ctx, hash, NULL), 1);
    /* OpenSSL takes the label over. */
    assert_int_equal(EVP_PKEY_CTX_set0_rsa_oaep_label(ctx, OPENSSL_memdup("DUPLICATE", 10), 10), 1);
    assert_int_equal(EVP_PKEY_decrypt(ctx, plain, &plain_len, secret, len), 1);
    assert_int_equal(plain_len, tpmc__hash_size(b->parent.name_alg));
    memcpy(seed, plain, plain_len);
    EVP_PKEY_CTX_free(ctx);
}

static EVP_PKEY *peer_of(const bench *b, const uint8_t *x, const uint8_t *y, size_t size)
{
    uint8_t point[1 + 2 * 66] = { 4 };
    EVP_PKEY *peer = EVP_PKEY_new();

    memcpy(point + 1, x, size);
    memcpy(point + 1 + size, y, size);
    assert_int_equal(EVP_PKEY_copy_parameters(peer, b->pkey), 1);
    assert_int_equal(EVP_PKEY_set1_encoded_public_key(peer, point, 1 + 2 * size), 1);
    return peer;
}

static void open_seed_ecc(const bench *b, const uint8_t *secret, size_t len, uint8_t *seed)
{
    const uint8_t *end = secret + len;
    size_t size = b->parent.unique_len;
    size_t x_len;
    size_t y_len;
    const uint8_t *x = take_sized(&secret, end, &x_len);
    const uint8_t *y = take_sized(&secret, end, &y_len);
    uint8_t z[66];
    size_t z_len = sizeof(z);
    const tpmc__kdf_input input = {
        b->parent.name_alg, { z, size }, "DUPLICATE", { x, size }, { b->parent.unique, size }
    };
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(b->pkey, NULL);
    EVP_PKEY *peer;

    assert_ptr_equal(secret, end);
    assert_int_equal(x_len, size);
    assert_int_equal(y_len, size);
    peer = peer_of(b, x, y, size);
    assert_int_equal(EVP_PKEY_derive_init(ctx), 1);
    assert_int_equal(EVP_PKEY_derive_set_peer(ctx, peer), 1);
    assert_int_equal(EVP_PKEY_derive(ctx, z, &z_len), 1);
    assert_int_equal(z_len, size);
    assert_int_equal(tpmc__kdfe(b->env, &input, seed, tpmc__hash_size(b->parent.name_alg), NULL),
                     0);
    EVP_PKEY_free(peer);
    EVP_PKEY_CTX_free(ctx);
}

static void open_seed(const bench *b, const tpmc__wrapped *wrapped, uint8_t *seed)
{
    const uint8_t *at = wrapped->seed.data;
    const uint8_t *end = at + wrapped->seed.len;
    size_t len;
    const uint8_t *secret = take_sized(&at, end, &len);

    assert_ptr_equal(at, end);
    if (b->parent.type == TPMC__ALG_RSA)
        open_seed_rsa(b, secret, len, seed);
    else
        open_seed_ecc(b, secret, len, seed);
}

static void derive(const bench *b, const uint8_t *seed, const char *label, tpmc__span name,
                   uint8_t *out, size_t len)
{
    const tpmc__kdf_input input = {
        b->parent.name_alg, { seed, tpmc__hash_size(b->parent.name_alg) }, label, name, { NULL, 0 }
    };

    assert_int_equal(tpmc__kdfa(b->env, &input, out, len, NULL), 0);
}

static void decrypt(const bench *b, const uint8_t *key, const uint8_t *data, size_t len, blob *out)
{
    static const uint8_t zeros[16];
    const EVP_CIPHER *cipher = b->parent.symmetric.key_bits == 256   ? EVP_aes_256_cfb128()
                               : b->parent.symmetric.key_bits == 192 ? EVP_aes_192_cfb128()
                                                                     : EVP_aes_128_cfb128();
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    int done = 0;

    assert_int_equal(EVP_DecryptInit_ex(ctx, cipher, NULL, key, zeros), 1);
    assert_int_equal(EVP_DecryptUpdate(ctx, out->data, &done, data, (int)len), 1);
    out->len = (size_t)done;
    EVP_CIPHER_CTX_free(ctx);
}

/* What a TPM does in TPM2_Import: checks the integrity, and leaves TPM2B_SENSITIVE in `out`. */
static void unwrap(const bench *b, const tpmc__wrapped *wrapped, blob *out)
{
    const uint8_t *at = wrapped->duplicate.data;
    const uint8_t *end = at + wrapped->duplicate.len;
    const tpmc__span nothing = { NULL, 0 };
    size_t hash_size = tpmc__hash_size(b->parent.name_alg);
    uint8_t name[TPMC__NAME_MAX];
    uint8_t seed[TPMC__DIGEST_MAX];
    uint8_t key[TPMC__DIGEST_MAX];
    uint8_t mac[TPMC__DIGEST_MAX];
    tpmc__span spans[2] = { { NULL, 0 }, { name, 0 } };
    const uint8_t *integrity;
    size_t len;

    take_sized(&at, end, &len);
    assert_ptr_equal(at, end);
    at = wrapped->duplicate.data + 2;
    integrity = take_sized(&at, end, &len);
    assert_int_equal(len, hash_size);
    open_seed(b, wrapped, seed);
    assert_int_equal(tpmc__public_name(b->env, &b->key, name, &spans[1].len, NULL), 0);
    spans[0] = (tpmc__span){ at, (size_t)(end - at) };
    derive(b, seed, "INTEGRITY", nothing, key, hash_size);
    assert_int_equal(tpmc__hmac(b->env, b->parent.name_alg, key, hash_size, spans, 2, mac, NULL),
                     0);
    assert_memory_equal(mac, integrity, hash_size);
    derive(b, seed, "STORAGE", spans[1], key, b->parent.symmetric.key_bits / 8u);
    decrypt(b, key, at, (size_t)(end - at), out);
}

/* TPM2B_SENSITIVE has the type, the auth value and the private part; `seed_len` bytes of seed. */
static void check_sensitive(const bench *b, const blob *plain, const char *auth, size_t seed_len)
{
    const uint8_t *at = plain->data;
    const uint8_t *end = at + plain->len;
    const uint8_t *bytes;
    size_t len;

    take_sized(&at, end, &len);
    assert_ptr_equal(at, end);
    at = plain->data + 2;
    assert_int_equal(at[0] << 8 | at[1], b->key.type);
    at += 2;
    bytes = take_sized(&at, end, &len);
    assert_int_equal(len, strlen(auth));
    assert_memory_equal(bytes, auth, len);
    take_sized(&at, end, &len);
    assert_int_equal(len, seed_len);
    bytes = take_sized(&at, end, &len);
    assert_int_equal(len, b->sensitive.len);
    assert_memory_equal(bytes, b->sensitive.data, len);
    assert_ptr_equal(at, end);
}

static void wrap_and_unwrap(bench *b, const char *auth)
{
    static blob plain;
    tpmc__wrapped wrapped;

    assert_int_equal(
        tpmc__wrap(b->env, &b->parent, &b->key, &b->auth, &b->sensitive, &wrapped, NULL), 0);
    unwrap(b, &wrapped, &plain);
    check_sensitive(b, &plain, auth, 0);
    tpmc__wrapped_free(&wrapped);
}

static void each_parent_opens_what_is_wrapped_for_it(void **state)
{
    bench *b = *state;

    wrap_and_unwrap(b, "");
    ecc_parent(b, TPMC__CURVE_P256, TPMC__HASH_SHA1, 128);
    wrap_and_unwrap(b, "");
    ecc_parent(b, TPMC__CURVE_P384, TPMC__HASH_SHA384, 256);
    wrap_and_unwrap(b, "");
    ecc_parent(b, TPMC__CURVE_P521, TPMC__HASH_SHA512, 192);
    wrap_and_unwrap(b, "");
    rsa_parent(b, 2048, TPMC__HASH_SHA256, 128);
    wrap_and_unwrap(b, "");
    rsa_parent(b, 3072, TPMC__HASH_SHA384, 256);
    wrap_and_unwrap(b, "");
}

static void auth_values_lose_their_trailing_zeros(void **state)
{
    static const char longest[] = "0123456789abcdef0123456789abcdef";
    bench *b = *state;

    parse_hex(rsa_public_hex, &b->key);
    b->key.attributes &= ~(TPMC__OBJECT_FIXED_TPM | TPMC__OBJECT_FIXED_PARENT);
    assert_int_equal(tpmc__secret_set(&b->auth, "secret", 6, NULL), 0);
    wrap_and_unwrap(b, "secret");
    assert_int_equal(tpmc__secret_set(&b->auth, "ab\0\0", 4, NULL), 0);
    wrap_and_unwrap(b, "ab");
    assert_int_equal(tpmc__secret_set(&b->auth, "\0\0", 2, NULL), 0);
    wrap_and_unwrap(b, "");
    assert_int_equal(tpmc__secret_set(&b->auth, longest, 32, NULL), 0);
    wrap_and_unwrap(b, longest);
    /* The zero that makes it too long does not count. */
    assert_int_equal(tpmc__secret_set(&b->auth, longest, 33, NULL), 0);
    wrap_and_unwrap(b, longest);
}

/* A template of a primary, as a TPM would have filled it in. */
static void parent_of_template(bench *b, tpmc__template which)
{
    const tpmc__public made = b->parent;

    tpmc__template_fill(which, &b->parent);
    memcpy(b->parent.unique, made.unique, sizeof(made.unique));
    b->parent.unique_len = made.unique_len;
    memcpy(b->parent.unique_y, made.unique_y, sizeof(made.unique_y));
    b->parent.unique_y_len = made.unique_y_len;
}

static void primaries_of_each_template_open_what_is_wrapped(void **state)
{
    bench *b = *state;
    int i;

    for (i = 0; i < TPMC__TEMPLATE_COUNT; i++) {
        tpmc__public key_template;

        tpmc__template_fill((tpmc__template)i, &key_template);
        if (key_template.type == TPMC__ALG_RSA)
            rsa_parent(b, 2048, TPMC__HASH_SHA256, 128);
        else
            ecc_parent(b, TPMC__CURVE_P256, TPMC__HASH_SHA256, 128);
        parent_of_template(b, (tpmc__template)i);
        wrap_and_unwrap(b, "");
    }
}

/* An EC key of this curve, whose private part is its scalar in the length of a coordinate. */
static void ec_key(bench *b, uint16_t curve, const char *group, size_t size)
{
    uint8_t scalar[66];
    EVP_PKEY *pkey = EVP_EC_gen(group);

    assert_non_null(pkey);
    parse_hex(ecc_public_hex, &b->key);
    b->key.attributes &= ~(TPMC__OBJECT_FIXED_TPM | TPMC__OBJECT_FIXED_PARENT);
    b->key.curve = curve;
    b->key.unique_len = number_of(pkey, OSSL_PKEY_PARAM_EC_PUB_X, b->key.unique, size);
    b->key.unique_y_len = number_of(pkey, OSSL_PKEY_PARAM_EC_PUB_Y, b->key.unique_y, size);
    number_of(pkey, OSSL_PKEY_PARAM_PRIV_KEY, scalar, size);
    assert_int_equal(tpmc__secret_set(&b->sensitive, scalar, size, NULL), 0);
    EVP_PKEY_free(pkey);
}

static void ecc_keys_of_each_curve_are_wrapped(void **state)
{
    static const struct {
        uint16_t curve;
        const char *group;
        size_t size;
    } curves[] = {
        { TPMC__CURVE_P256, "P-256", 32 },
        { TPMC__CURVE_P384, "P-384", 48 },
        { TPMC__CURVE_P521, "P-521", 66 },
    };
    bench *b = *state;
    size_t i;

    for (i = 0; i < sizeof(curves) / sizeof(curves[0]); i++) {
        ecc_parent(b, TPMC__CURVE_P256, TPMC__HASH_SHA256, 128);
        ec_key(b, curves[i].curve, curves[i].group, curves[i].size);
        wrap_and_unwrap(b, "");
        ecc_parent(b, TPMC__CURVE_P384, TPMC__HASH_SHA384, 256);
        assert_int_equal(tpmc__secret_set(&b->auth, "word", 4, NULL), 0);
        wrap_and_unwrap(b, "word");
        assert_int_equal(tpmc__secret_set(&b->auth, "", 0, NULL), 0);
    }
}

static void check_unique(const bench *b, const blob *plain)
{
    const uint8_t *at = plain->data + 4;
    const uint8_t *end = plain->data + plain->len;
    uint8_t digest[TPMC__DIGEST_MAX];
    tpmc__span spans[2];

    take_sized(&at, end, &spans[0].len);
    spans[0].data = take_sized(&at, end, &spans[0].len);
    spans[1] = (tpmc__span){ b->sensitive.data, b->sensitive.len };
    assert_int_equal(tpmc__digest(b->env, b->key.name_alg, spans, 2, digest, NULL), 0);
    assert_int_equal(b->key.unique_len, tpmc__hash_size(b->key.name_alg));
    assert_memory_equal(b->key.unique, digest, b->key.unique_len);
}

static void symmetric_keys_commit_to_their_seed(void **state)
{
    bench *b = *state;
    static blob plain;
    tpmc__wrapped wrapped;

    parse_hex(hmac_public_hex, &b->key);
    b->key.attributes &= ~(TPMC__OBJECT_FIXED_TPM | TPMC__OBJECT_FIXED_PARENT);
    b->key.unique_len = 0;
    assert_int_equal(tpmc__secret_set(&b->sensitive, "AWS4secret", 10, NULL), 0);
    assert_int_equal(
        tpmc__wrap_symmetric(b->env, &b->parent, &b->key, NULL, &b->sensitive, &wrapped, NULL), 0);
    unwrap(b, &wrapped, &plain);
    check_sensitive(b, &plain, "", 32);
    check_unique(b, &plain);
    tpmc__wrapped_free(&wrapped);
}

/* Keys of a whole block, the longest that a TPM takes. */
static void hmac_keys_of_a_whole_block_are_wrapped(void **state)
{
    static const struct {
        uint16_t hash;
        size_t block;
    } blocks[] = { { TPMC__HASH_SHA1, 64 },
                   { TPMC__HASH_SHA256, 64 },
                   { TPMC__HASH_SHA384, 128 },
                   { TPMC__HASH_SHA512, 128 } };
    static uint8_t secret[128];
    bench *b = *state;
    static blob plain;
    tpmc__wrapped wrapped;
    size_t i;

    ecc_parent(b, TPMC__CURVE_P384, TPMC__HASH_SHA384, 256);
    memset(secret, 0x77, sizeof(secret));
    for (i = 0; i < sizeof(blocks) / sizeof(blocks[0]); i++) {
        parse_hex(hmac_public_hex, &b->key);
        b->key.attributes &= ~(TPMC__OBJECT_FIXED_TPM | TPMC__OBJECT_FIXED_PARENT);
        b->key.scheme.hash = blocks[i].hash;
        assert_int_equal(tpmc__secret_set(&b->sensitive, secret, blocks[i].block, NULL), 0);
        assert_int_equal(
            tpmc__wrap_symmetric(b->env, &b->parent, &b->key, NULL, &b->sensitive, &wrapped, NULL),
            0);
        unwrap(b, &wrapped, &plain);
        check_sensitive(b, &plain, "", 32);
        check_unique(b, &plain);
        tpmc__wrapped_free(&wrapped);
    }
}

static void nothing_is_wrapped_alike_twice(void **state)
{
    bench *b = *state;
    tpmc__wrapped one;
    tpmc__wrapped two;

    assert_int_equal(tpmc__wrap(b->env, &b->parent, &b->key, NULL, &b->sensitive, &one, NULL), 0);
    assert_int_equal(tpmc__wrap(b->env, &b->parent, &b->key, NULL, &b->sensitive, &two, NULL), 0);
    assert_int_equal(one.seed.len, two.seed.len);
    assert_memory_not_equal(one.seed.data, two.seed.data, one.seed.len);
    assert_memory_not_equal(one.duplicate.data, two.duplicate.data, one.duplicate.len);
    tpmc__wrapped_free(&one);
    tpmc__wrapped_free(&two);
    tpmc__wrapped_free(&two);
    tpmc__wrapped_free(NULL);
}

static void expect_refusal(bench *b, int code, const char *words)
{
    tpmc_error *err = NULL;
    tpmc__wrapped wrapped;

    assert_int_equal(tpmc_error_new(&err), 0);
    expect_failure(tpmc__wrap(b->env, &b->parent, &b->key, &b->auth, &b->sensitive, &wrapped, err),
                   err, code, words);
    assert_null(wrapped.duplicate.data);
    assert_null(wrapped.seed.data);
    tpmc_error_free(err);
}

static void unfit_parents_are_refused(void **state)
{
    bench *b = *state;
    const tpmc__public good = b->parent;

    b->parent.attributes &= ~TPMC__OBJECT_RESTRICTED;
    expect_refusal(b, TPMC_ERR_ARGUMENT, "no storage key");
    b->parent = good;
    b->parent.attributes &= ~TPMC__OBJECT_DECRYPT;
    expect_refusal(b, TPMC_ERR_ARGUMENT, "no storage key");
    b->parent = good;
    b->parent.attributes |= TPMC__OBJECT_SIGN;
    expect_refusal(b, TPMC_ERR_ARGUMENT, "no storage key");
    b->parent = good;
    b->parent.symmetric.mode = TPMC__ALG_CTR;
    expect_refusal(b, TPMC_ERR_UNSUPPORTED, "AES-CFB");
    b->parent = good;
    b->parent.symmetric.algorithm = TPMC__ALG_CAMELLIA;
    expect_refusal(b, TPMC_ERR_UNSUPPORTED, "AES-CFB");
    b->parent = good;
    b->parent.name_alg = 0x0012;
    expect_refusal(b, TPMC_ERR_UNSUPPORTED, "nameAlg 0x0012 of the parent");
    b->parent = good;
    b->parent.unique_len = 0;
    expect_refusal(b, TPMC_ERR_ARGUMENT, "the parent is not a key");
    b->parent = good;
    b->parent.unique[31] ^= 1;
    expect_refusal(b, TPMC_ERR_ARGUMENT, "not on the curve P-256");
    b->parent = good;
    b->parent.unique_len = 33;
    expect_refusal(b, TPMC_ERR_ARGUMENT, "too long for P-256");
    b->parent = good;
    b->parent.curve = 0x0020;
    expect_refusal(b, TPMC_ERR_UNSUPPORTED, "SM2-P256");
    b->parent.curve = 0x7777;
    expect_refusal(b, TPMC_ERR_UNSUPPORTED, "0x7777");
    parse_hex(aes_public_hex, &b->parent);
    expect_refusal(b, TPMC_ERR_UNSUPPORTED, "only an RSA or ECC parent");
}

static void unfit_keys_are_refused(void **state)
{
    bench *b = *state;
    const tpmc__public good = b->key;

    b->key.attributes |= TPMC__OBJECT_FIXED_TPM;
    expect_refusal(b, TPMC_ERR_ARGUMENT, "'fixedtpm'");
    b->key = good;
    b->key.attributes |= TPMC__OBJECT_FIXED_PARENT;
    expect_refusal(b, TPMC_ERR_ARGUMENT, "'fixedparent'");
    b->key = good;
    b->key.attributes |= TPMC__OBJECT_ENCRYPTED_DUPLICATION;
    expect_refusal(b, TPMC_ERR_ARGUMENT, "'encryptedduplication'");
    b->key = good;
    b->key.name_alg = 0x0012;
    expect_refusal(b, TPMC_ERR_UNSUPPORTED, "nameAlg 0x0012 of the key");
    b->key = good;
    b->key.unique_len = 0;
    expect_refusal(b, TPMC_ERR_ARGUMENT, "not that of a key");
    parse_hex(hmac_public_hex, &b->key);
    expect_refusal(b, TPMC_ERR_ARGUMENT, "seed");
}

static void unfit_secrets_are_refused(void **state)
{
    static const uint8_t bytes[129] = { 1 };
    bench *b = *state;

    assert_int_equal(tpmc__secret_set(&b->sensitive, bytes, 127, NULL), 0);
    expect_refusal(b, TPMC_ERR_UNSUPPORTED, "128 bytes, this one has 127");
    assert_int_equal(tpmc__secret_set(&b->sensitive, NULL, 0, NULL), 0);
    expect_refusal(b, TPMC_ERR_ARGUMENT, "no private part");
    parse_hex(ecc_public_hex, &b->key);
    b->key.attributes &= ~(TPMC__OBJECT_FIXED_TPM | TPMC__OBJECT_FIXED_PARENT);
    assert_int_equal(tpmc__secret_set(&b->sensitive, bytes, 33, NULL), 0);
    expect_refusal(b, TPMC_ERR_ARGUMENT, "33 bytes is too long for the curve");
    assert_int_equal(tpmc__secret_set(&b->sensitive, bytes, 32, NULL), 0);
    assert_int_equal(tpmc__secret_set(&b->auth, "0123456789abcdef0123456789abcdefX", 33, NULL), 0);
    expect_refusal(b, TPMC_ERR_ARGUMENT, "longer than 32 bytes");
}

static void unfit_symmetric_keys_are_refused(void **state)
{
    static const uint8_t bytes[129] = { 1 };
    bench *b = *state;
    tpmc_error *err = NULL;
    tpmc__wrapped wrapped;
    tpmc__public before;

    assert_int_equal(tpmc_error_new(&err), 0);
    expect_failure(
        tpmc__wrap_symmetric(b->env, &b->parent, &b->key, NULL, &b->sensitive, &wrapped, err), err,
        TPMC_ERR_ARGUMENT, "not a symmetric key");
    parse_hex(hmac_public_hex, &b->key);
    b->key.attributes &= ~(TPMC__OBJECT_FIXED_TPM | TPMC__OBJECT_FIXED_PARENT);
    before = b->key;
    assert_int_equal(tpmc__secret_set(&b->sensitive, bytes, 129, NULL), 0);
    expect_failure(
        tpmc__wrap_symmetric(b->env, &b->parent, &b->key, NULL, &b->sensitive, &wrapped, err), err,
        TPMC_ERR_ARGUMENT, "the HMAC key has 129 bytes; a TPM takes at most the 64 of a block");
    assert_memory_equal(&before, &b->key, sizeof(before));
    assert_int_equal(tpmc__secret_set(&b->sensitive, bytes, 65, NULL), 0);
    expect_failure(
        tpmc__wrap_symmetric(b->env, &b->parent, &b->key, NULL, &b->sensitive, &wrapped, err), err,
        TPMC_ERR_ARGUMENT, "65 bytes");
    assert_int_equal(tpmc__secret_set(&b->sensitive, bytes, 129, NULL), 0);
    b->key.scheme.hash = TPMC__HASH_SHA512;
    expect_failure(
        tpmc__wrap_symmetric(b->env, &b->parent, &b->key, NULL, &b->sensitive, &wrapped, err), err,
        TPMC_ERR_ARGUMENT, "at most the 128 of a block of sha512");
    b->key.scheme.hash = 0x0012;
    expect_failure(
        tpmc__wrap_symmetric(b->env, &b->parent, &b->key, NULL, &b->sensitive, &wrapped, err), err,
        TPMC_ERR_UNSUPPORTED, "the hash 0x0012 of the HMAC key");
    b->key.scheme.algorithm = TPMC__ALG_NULL;
    b->key.scheme.hash = 0;
    expect_failure(
        tpmc__wrap_symmetric(b->env, &b->parent, &b->key, NULL, &b->sensitive, &wrapped, err), err,
        TPMC_ERR_ARGUMENT, "takes at most 128");
    assert_int_equal(tpmc__secret_set(&b->sensitive, NULL, 0, NULL), 0);
    expect_failure(
        tpmc__wrap_symmetric(b->env, &b->parent, &b->key, NULL, &b->sensitive, &wrapped, err), err,
        TPMC_ERR_ARGUMENT, "no private part");
    b->key.name_alg = 0x0012;
    expect_failure(
        tpmc__wrap_symmetric(b->env, &b->parent, &b->key, NULL, &b->sensitive, &wrapped, err), err,
        TPMC_ERR_UNSUPPORTED, "nameAlg 0x0012");
    parse_hex(aes_public_hex, &b->key);
    b->key.attributes &= ~(TPMC__OBJECT_FIXED_TPM | TPMC__OBJECT_FIXED_PARENT);
    assert_int_equal(tpmc__secret_set(&b->sensitive, bytes, 17, NULL), 0);
    expect_failure(
        tpmc__wrap_symmetric(b->env, &b->parent, &b->key, NULL, &b->sensitive, &wrapped, err), err,
        TPMC_ERR_ARGUMENT, "16 bytes, this one has 17");
    tpmc_error_free(err);
}

static void openssl_error_queue_stays_the_callers(void **state)
{
    bench *b = *state;

    ERR_clear_error();
    ERR_raise(ERR_LIB_USER, 1);
    wrap_and_unwrap(b, "");
    b->parent.unique[31] ^= 1;
    expect_refusal(b, TPMC_ERR_ARGUMENT, "not on the curve");
    assert_int_equal(ERR_GET_REASON(ERR_get_error()), 1);
    assert_int_equal(ERR_get_error(), 0);
}

static int wrap_once(void *context)
{
    bench *b = context;
    tpmc__wrapped wrapped;
    int status = tpmc__wrap(b->env, &b->parent, &b->key, &b->auth, &b->sensitive, &wrapped, NULL);

    if (status == 0)
        tpmc__wrapped_free(&wrapped);
    return status;
}

static void lack_of_memory_is_reported(void **state)
{
    bench *b = *state;

    assert_true(each_allocation(wrap_once, b, TPMC_ERR_NOMEM) > 3);
    rsa_parent(b, 2048, TPMC__HASH_SHA256, 128);
    assert_true(each_allocation(wrap_once, b, TPMC_ERR_NOMEM) > 3);
}

#define WITH_BENCH(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_BENCH(each_parent_opens_what_is_wrapped_for_it),
        WITH_BENCH(auth_values_lose_their_trailing_zeros),
        WITH_BENCH(primaries_of_each_template_open_what_is_wrapped),
        WITH_BENCH(ecc_keys_of_each_curve_are_wrapped),
        WITH_BENCH(symmetric_keys_commit_to_their_seed),
        WITH_BENCH(hmac_keys_of_a_whole_block_are_wrapped),
        WITH_BENCH(nothing_is_wrapped_alike_twice),
        WITH_BENCH(unfit_parents_are_refused),
        WITH_BENCH(unfit_keys_are_refused),
        WITH_BENCH(unfit_secrets_are_refused),
        WITH_BENCH(unfit_symmetric_keys_are_refused),
        WITH_BENCH(openssl_error_queue_stays_the_callers),
        WITH_BENCH(lack_of_memory_is_reported),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
