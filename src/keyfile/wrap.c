/* SPDX-License-Identifier: Apache-2.0 */
#include "keyfile/wrap.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <string.h>

#include "base/error_int.h"
#include "base/mem.h"
#include "codec/digest.h"
#include "codec/openssl_error.h"
#include "keyfile/tpm_kdf.h"
#include "keyfile/tpm_names.h"

#define LABEL "DUPLICATE" /* with its NUL, in both ways of sharing the seed */
#define COORDINATE_MAX 66
#define AES_KEY_MAX 32
#define SENSITIVE_MAX 2048
#define SEED_MAX 512 /* RSA 4096 */
#define WRAPPED_MAX 2048

/* A seed or a key made from one; `hash` is that of the key derivation. */
typedef struct small_key {
    uint16_t hash;
    uint8_t bytes[TPMC__DIGEST_MAX];
    size_t len;
} small_key;

/* What is wrapped; `seed` is that of a symmetric object and NULL for others. */
typedef struct object {
    const tpmc__public *key;
    const tpmc__secret *auth;
    const tpmc__secret *sensitive;
    const small_key *seed;
} object;

static int check_parent(const tpmc__public *parent, tpmc_error *err)
{
    const uint32_t storage = TPMC__OBJECT_RESTRICTED | TPMC__OBJECT_DECRYPT;
    const char *flaw = tpmc__public_unique_flaw(parent);

    if (parent->type != TPMC__ALG_RSA && parent->type != TPMC__ALG_ECC)
        return tpmc__fail(err, TPMC_ERR_UNSUPPORTED,
                          "only an RSA or ECC parent can be wrapped for; this one is symmetric");
    if ((parent->attributes & (storage | TPMC__OBJECT_SIGN)) != storage)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT,
                          "the parent is no storage key: 'restricted' and 'decrypt' have to be "
                          "set and 'sign' clear");
    if (parent->symmetric.algorithm != TPMC__ALG_AES || parent->symmetric.mode != TPMC__ALG_CFB ||
        parent->symmetric.key_bits / 8u > AES_KEY_MAX)
        return tpmc__fail(err, TPMC_ERR_UNSUPPORTED,
                          "the parent protects its children by another cipher than AES-CFB");
    if (tpmc__hash_size(parent->name_alg) == 0)
        return tpmc__fail(err, TPMC_ERR_UNSUPPORTED, "the nameAlg 0x%04x of the parent is unknown",
                          parent->name_alg);
    if (flaw)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT, "the parent is not a key: %s", flaw);
    return 0;
}

static int check_rsa_sensitive(const tpmc__public *key, const tpmc__secret *sensitive,
                               tpmc_error *err)
{
    if (sensitive->len != key->key_bits / 16u)
        return tpmc__fail(err, TPMC_ERR_UNSUPPORTED,
                          "the prime of an RSA key of %u bits has to have %u bytes, this one has "
                          "%zu; a TPM takes only keys of two primes of equal size",
                          key->key_bits, key->key_bits / 16u, sensitive->len);
    return 0;
}

static int check_sensitive(const tpmc__public *key, const tpmc__secret *sensitive, tpmc_error *err)
{
    const tpmc__curve *curve = tpmc__curve_find(key->curve);

    if (!tpmc__secret_is_set(sensitive) || sensitive->len == 0)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT, "there is no private part to wrap");
    if (key->type == TPMC__ALG_RSA)
        return check_rsa_sensitive(key, sensitive, err);
    if (key->type == TPMC__ALG_ECC && (!curve || sensitive->len > curve->size))
        return tpmc__fail(err, TPMC_ERR_ARGUMENT,
                          "the private part of %zu bytes is too long for the curve",
                          sensitive->len);
    if (key->type == TPMC__ALG_SYMCIPHER && sensitive->len != key->symmetric.key_bits / 8u)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT,
                          "the private part has to have %u bytes, this one has %zu",
                          key->symmetric.key_bits / 8u, sensitive->len);
    if (key->type == TPMC__ALG_KEYEDHASH && sensitive->len > 128)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT,
                          "the private part has %zu bytes; a TPM takes at most 128",
                          sensitive->len);
    return 0;
}

/* A TPM takes trailing zeros of an auth value for padding. */
static size_t auth_size(const tpmc__secret *auth)
{
    size_t len = auth && tpmc__secret_is_set(auth) ? auth->len : 0;

    while (len > 0 && auth->data[len - 1] == 0)
        len--;
    return len;
}

static int check_key(const object *what, tpmc_error *err)
{
    const tpmc__public *key = what->key;
    size_t max = tpmc__hash_size(key->name_alg);
    const char *flaw = tpmc__public_unique_flaw(key);

    if (max == 0)
        return tpmc__fail(err, TPMC_ERR_UNSUPPORTED, "the nameAlg 0x%04x of the key is unknown",
                          key->name_alg);
    if (flaw)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT, "the public part is not that of a key: %s", flaw);
    if (key->attributes & (TPMC__OBJECT_FIXED_TPM | TPMC__OBJECT_FIXED_PARENT))
        return tpmc__fail(err, TPMC_ERR_ARGUMENT,
                          "a key with 'fixedtpm' or 'fixedparent' cannot be wrapped: a TPM "
                          "imports only keys without");
    if (key->attributes & TPMC__OBJECT_ENCRYPTED_DUPLICATION)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT,
                          "a key with 'encryptedduplication' needs an inner wrapper, which is not "
                          "made here");
    if (auth_size(what->auth) > max)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT,
                          "the password of the key is longer than %zu bytes, the size of its "
                          "nameAlg",
                          max);
    return check_sensitive(key, what->sensitive, err);
}

static void append_sized(tpmc__buf *out, const void *data, size_t len)
{
    tpmc__buf_append_be16(out, (uint16_t)len);
    tpmc__buf_append(out, data, len);
}

/* TPM2B_SENSITIVE. */
static int write_sensitive(const object *what, tpmc__buf *out)
{
    const tpmc__secret *auth = what->auth;
    const small_key *seed = what->seed;
    tpmc__buf area;
    int status;

    tpmc__buf_init(&area, SENSITIVE_MAX);
    tpmc__buf_append_be16(&area, what->key->type);
    append_sized(&area, auth ? auth->data : NULL, auth_size(auth));
    append_sized(&area, seed ? seed->bytes : NULL, seed ? seed->len : 0);
    append_sized(&area, what->sensitive->data, what->sensitive->len);
    status = tpmc__buf_status(&area);
    if (status == 0) {
        append_sized(out, area.data, area.len);
        status = tpmc__buf_status(out);
    }
    tpmc__buf_free(&area);
    return status;
}

static int random_bytes(tpmc_env *env, small_key *out, tpmc_error *err)
{
    int status = 0;

    tpmc__openssl_begin();
    if (RAND_priv_bytes_ex(env->ossl, out->bytes, out->len, 0) != 1)
        status = tpmc__openssl_fail(err, "making random bytes");
    tpmc__openssl_end();
    return status;
}

static EVP_PKEY *pkey_from_params(tpmc_env *env, const char *type, OSSL_PARAM *params)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(env->ossl, type, NULL);
    EVP_PKEY *pkey = NULL;

    if (ctx && EVP_PKEY_fromdata_init(ctx) == 1 &&
        EVP_PKEY_fromdata(ctx, &pkey, EVP_PKEY_PUBLIC_KEY, params) != 1)
        pkey = NULL;
    EVP_PKEY_CTX_free(ctx);
    return pkey;
}

static EVP_PKEY *rsa_parent_pkey(tpmc_env *env, const tpmc__public *parent)
{
    OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
    BIGNUM *n = BN_bin2bn(parent->unique, (int)parent->unique_len, NULL);
    OSSL_PARAM *params = NULL;
    EVP_PKEY *pkey = NULL;

    if (!builder || !n || OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N, n) != 1 ||
        OSSL_PARAM_BLD_push_uint32(builder, OSSL_PKEY_PARAM_RSA_E,
                                   parent->exponent ? parent->exponent : 65537) != 1)
        goto out;
    params = OSSL_PARAM_BLD_to_param(builder);
    if (params)
        pkey = pkey_from_params(env, "RSA", params);
out:
    OSSL_PARAM_free(params);
    OSSL_PARAM_BLD_free(builder);
    BN_free(n);
    return pkey;
}

/* Part 1, B.10.3: OAEP with the parent's nameAlg, also in its mask. */
static int encrypt_seed(tpmc_env *env, EVP_PKEY *pkey, const small_key *seed, tpmc__buf *out)
{
    char *name = (char *)(uintptr_t)tpmc__hash_openssl_name(seed->hash);
    char mode[] = OSSL_PKEY_RSA_PAD_MODE_OAEP;
    char label[] = LABEL;
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_ASYM_CIPHER_PARAM_PAD_MODE, mode, 0),
        OSSL_PARAM_construct_utf8_string(OSSL_ASYM_CIPHER_PARAM_OAEP_DIGEST, name, 0),
        OSSL_PARAM_construct_utf8_string(OSSL_ASYM_CIPHER_PARAM_MGF1_DIGEST, name, 0),
        OSSL_PARAM_construct_octet_string(OSSL_ASYM_CIPHER_PARAM_OAEP_LABEL, label, sizeof(label)),
        OSSL_PARAM_construct_end(),
    };
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(env->ossl, pkey, NULL);
    uint8_t secret[SEED_MAX];
    size_t len = sizeof(secret);
    int done = 0;

    if (ctx && EVP_PKEY_encrypt_init_ex(ctx, params) == 1 &&
        EVP_PKEY_encrypt(ctx, secret, &len, seed->bytes, seed->len) == 1) {
        append_sized(out, secret, len);
        done = 1;
    }
    EVP_PKEY_CTX_free(ctx);
    return done;
}

static int share_seed_rsa(tpmc_env *env, const tpmc__public *parent, small_key *seed,
                          tpmc__buf *out, tpmc_error *err)
{
    EVP_PKEY *pkey = NULL;
    int status = random_bytes(env, seed, err);

    if (status)
        return status;
    pkey = rsa_parent_pkey(env, parent);
    if (!pkey || !encrypt_seed(env, pkey, seed, out))
        status = tpmc__openssl_fail(err, "encrypting to the parent's RSA key");
    EVP_PKEY_free(pkey);
    return status;
}

/* Both coordinates in full length: what OpenSSL takes and what the TPM hashes. */
typedef struct point {
    uint8_t x[COORDINATE_MAX];
    uint8_t y[COORDINATE_MAX];
    size_t size;
} point;

static void parent_point(const tpmc__public *parent, size_t size, point *out)
{
    memset(out, 0, sizeof(*out));
    out->size = size;
    memcpy(out->x + size - parent->unique_len, parent->unique, parent->unique_len);
    memcpy(out->y + size - parent->unique_y_len, parent->unique_y, parent->unique_y_len);
}

static EVP_PKEY *ecc_parent_pkey(tpmc_env *env, const char *group, const point *at)
{
    uint8_t encoded[1 + 2 * COORDINATE_MAX];
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, (char *)(uintptr_t)group, 0),
        OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, encoded, 1 + 2 * at->size),
        OSSL_PARAM_construct_end(),
    };

    encoded[0] = POINT_CONVERSION_UNCOMPRESSED;
    memcpy(encoded + 1, at->x, at->size);
    memcpy(encoded + 1 + at->size, at->y, at->size);
    return pkey_from_params(env, "EC", params);
}

static int is_on_curve(tpmc_env *env, EVP_PKEY *pkey)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(env->ossl, pkey, NULL);
    int valid = ctx && EVP_PKEY_public_check(ctx) == 1;

    EVP_PKEY_CTX_free(ctx);
    return valid;
}

static EVP_PKEY *make_ephemeral(tpmc_env *env, const char *group)
{
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, (char *)(uintptr_t)group, 0),
        OSSL_PARAM_construct_end(),
    };
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(env->ossl, "EC", NULL);
    EVP_PKEY *pkey = NULL;

    if (ctx && EVP_PKEY_keygen_init(ctx) == 1 && EVP_PKEY_CTX_set_params(ctx, params) == 1 &&
        EVP_PKEY_generate(ctx, &pkey) != 1)
        pkey = NULL;
    EVP_PKEY_CTX_free(ctx);
    return pkey;
}

static int coordinate_of(const EVP_PKEY *pkey, const char *which, uint8_t *out, size_t size)
{
    BIGNUM *number = NULL;
    int done;

    done = EVP_PKEY_get_bn_param(pkey, which, &number) == 1 &&
           BN_bn2binpad(number, out, (int)size) == (int)size;
    BN_free(number);
    return done;
}

static int agree(tpmc_env *env, EVP_PKEY *own, EVP_PKEY *peer, uint8_t *out, size_t size)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(env->ossl, own, NULL);
    size_t len = size;
    int done = ctx && EVP_PKEY_derive_init(ctx) == 1 && EVP_PKEY_derive_set_peer(ctx, peer) == 1 &&
               EVP_PKEY_derive(ctx, out, &len) == 1 && len == size;

    EVP_PKEY_CTX_free(ctx);
    return done;
}

/* TPM2B_ENCRYPTED_SECRET that holds a TPMS_ECC_POINT. */
static void write_point(const point *at, tpmc__buf *out)
{
    tpmc__buf_append_be16(out, (uint16_t)(2 * (2 + at->size)));
    append_sized(out, at->x, at->size);
    append_sized(out, at->y, at->size);
}

/* Part 1, C.6.4: one-pass Diffie-Hellman, of which the seed is the shared secret's digest. */
static int derive_seed(tpmc_env *env, EVP_PKEY *ephemeral, EVP_PKEY *peer, const point *at,
                       small_key *seed, point *own)
{
    uint8_t z[COORDINATE_MAX];
    tpmc__kdf_input input = {
        seed->hash, { z, at->size }, LABEL, { own->x, at->size }, { at->x, at->size }
    };
    int done;

    own->size = at->size;
    done = coordinate_of(ephemeral, OSSL_PKEY_PARAM_EC_PUB_X, own->x, own->size) &&
           coordinate_of(ephemeral, OSSL_PKEY_PARAM_EC_PUB_Y, own->y, own->size) &&
           agree(env, ephemeral, peer, z, at->size) &&
           tpmc__kdfe(env, &input, seed->bytes, seed->len, NULL) == 0;
    tpmc__mem_wipe(z, sizeof(z));
    return done;
}

static int share_seed_ecc(tpmc_env *env, const tpmc__public *parent, small_key *seed,
                          tpmc__buf *out, tpmc_error *err)
{
    const tpmc__curve *curve = tpmc__curve_find(parent->curve);
    EVP_PKEY *ephemeral = NULL;
    EVP_PKEY *peer = NULL;
    point own;
    point at;
    int status = 0;

    if (!curve || !curve->group)
        return tpmc__fail(err, TPMC_ERR_UNSUPPORTED,
                          "a parent on the curve %s (0x%04x) cannot be wrapped for; P-256, P-384 "
                          "and P-521 can",
                          curve ? curve->name : "unknown", parent->curve);
    if (parent->unique_len > curve->size || parent->unique_y_len > curve->size)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT, "the parent's point is too long for %s",
                          curve->name);
    parent_point(parent, curve->size, &at);
    peer = ecc_parent_pkey(env, curve->group, &at);
    if (!peer || !is_on_curve(env, peer)) {
        status = tpmc__fail(err, TPMC_ERR_ARGUMENT, "the parent's point is not on the curve %s",
                            curve->name);
        goto out;
    }
    ephemeral = make_ephemeral(env, curve->group);
    if (!ephemeral || !derive_seed(env, ephemeral, peer, &at, seed, &own)) {
        status = tpmc__openssl_fail(err, "agreeing on a seed with the parent's ECC key");
        goto out;
    }
    write_point(&own, out);
out:
    EVP_PKEY_free(ephemeral);
    EVP_PKEY_free(peer);
    return status;
}

/* A key for one use of the seed (Part 1, 23.3.2); `key->len` says how long. */
static int derive_key(tpmc_env *env, const small_key *seed, const char *label, tpmc__span name,
                      small_key *key, tpmc_error *err)
{
    const tpmc__kdf_input input = {
        seed->hash, { seed->bytes, seed->len }, label, name, { NULL, 0 }
    };

    return tpmc__kdfa(env, &input, key->bytes, key->len, err);
}

static int encrypt_cfb(tpmc_env *env, const small_key *key, tpmc__buf *data)
{
    static const uint8_t zeros[16];
    char name[16];
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    EVP_CIPHER *cipher = NULL;
    int len = 0;
    int done;

    snprintf(name, sizeof(name), "AES-%u-CFB", (unsigned)(key->len * 8));
    cipher = EVP_CIPHER_fetch(env->ossl, name, NULL);
    done = ctx && cipher && EVP_EncryptInit_ex2(ctx, cipher, key->bytes, zeros, NULL) == 1 &&
           EVP_EncryptUpdate(ctx, data->data, &len, data->data, (int)data->len) == 1 &&
           (size_t)len == data->len;
    EVP_CIPHER_free(cipher);
    EVP_CIPHER_CTX_free(ctx);
    return done;
}

typedef struct seal_keys {
    const small_key *seed;
    tpmc__span name;
    unsigned cipher_bits;
} seal_keys;

/* Encrypts `sensitive` where it stands and writes TPM2B_PRIVATE: integrity, then ciphertext. */
static int seal(tpmc_env *env, const seal_keys *keys, tpmc__buf *sensitive, tpmc__buf *out,
                tpmc_error *err)
{
    const tpmc__span no_name = { NULL, 0 };
    const small_key *seed = keys->seed;
    small_key cipher_key = { 0, { 0 }, keys->cipher_bits / 8u };
    small_key mac_key = { 0, { 0 }, tpmc__hash_size(seed->hash) };
    tpmc__span spans[2];
    uint8_t mac[TPMC__DIGEST_MAX];
    int status;

    status = derive_key(env, seed, "STORAGE", keys->name, &cipher_key, err);
    if (status)
        goto out;
    if (!encrypt_cfb(env, &cipher_key, sensitive)) {
        status = tpmc__openssl_fail(err, "encrypting the private part");
        goto out;
    }
    status = derive_key(env, seed, "INTEGRITY", no_name, &mac_key, err);
    if (status)
        goto out;
    spans[0] = (tpmc__span){ sensitive->data, sensitive->len };
    spans[1] = keys->name;
    status = tpmc__hmac(env, seed->hash, mac_key.bytes, mac_key.len, spans, 2, mac, err);
    if (status)
        goto out;
    tpmc__buf_append_be16(out, (uint16_t)(2 + mac_key.len + sensitive->len));
    append_sized(out, mac, mac_key.len);
    tpmc__buf_append(out, sensitive->data, sensitive->len);
out:
    tpmc__mem_wipe(&cipher_key, sizeof(cipher_key));
    tpmc__mem_wipe(&mac_key, sizeof(mac_key));
    return status;
}

static int share_seed(tpmc_env *env, const tpmc__public *parent, small_key *seed, tpmc__buf *out,
                      tpmc_error *err)
{
    seed->hash = parent->name_alg;
    seed->len = tpmc__hash_size(parent->name_alg);
    if (parent->type == TPMC__ALG_RSA)
        return share_seed_rsa(env, parent, seed, out, err);
    return share_seed_ecc(env, parent, seed, out, err);
}

static int wrap_object(tpmc_env *env, const tpmc__public *parent, const object *what,
                       tpmc__wrapped *out, tpmc_error *err)
{
    small_key seed = { 0, { 0 }, 0 };
    uint8_t name[TPMC__NAME_MAX];
    seal_keys keys = { &seed, { name, 0 }, parent->symmetric.key_bits };
    tpmc__buf sensitive;
    int status;

    tpmc__buf_init(&sensitive, SENSITIVE_MAX);
    status = write_sensitive(what, &sensitive);
    if (status) {
        status = tpmc__buf_check(&sensitive, "the private part", err);
        goto out;
    }
    status = tpmc__public_name(env, what->key, name, &keys.name.len, err);
    if (status)
        goto out;
    status = share_seed(env, parent, &seed, &out->seed, err);
    if (status)
        goto out;
    status = seal(env, &keys, &sensitive, &out->duplicate, err);
    if (status)
        goto out;
    status = tpmc__buf_check(&out->seed, "the wrapped seed", err);
    if (status == 0)
        status = tpmc__buf_check(&out->duplicate, "the wrapped key", err);
out:
    tpmc__mem_wipe(&seed, sizeof(seed));
    tpmc__buf_free(&sensitive);
    return status;
}

static int wrap_checked(tpmc_env *env, const tpmc__public *parent, const object *what,
                        tpmc__wrapped *out, tpmc_error *err)
{
    int status;

    tpmc__buf_init(&out->duplicate, WRAPPED_MAX);
    tpmc__buf_init(&out->seed, WRAPPED_MAX);
    status = check_parent(parent, err);
    if (status == 0)
        status = check_key(what, err);
    if (status)
        return status;
    /* The application's own errors in OpenSSL's queue stay as they are. */
    tpmc__openssl_begin();
    status = wrap_object(env, parent, what, out, err);
    tpmc__openssl_end();
    if (status)
        tpmc__wrapped_free(out);
    return status;
}

static int is_symmetric(const tpmc__public *key)
{
    return key->type == TPMC__ALG_KEYEDHASH || key->type == TPMC__ALG_SYMCIPHER;
}

int tpmc__wrap(tpmc_env *env, const tpmc__public *parent, const tpmc__public *key,
               const tpmc__secret *auth, const tpmc__secret *sensitive, tpmc__wrapped *out,
               tpmc_error *err)
{
    const object what = { key, auth, sensitive, NULL };

    memset(out, 0, sizeof(*out));
    if (is_symmetric(key))
        return tpmc__fail(err, TPMC_ERR_ARGUMENT,
                          "the public part of a symmetric key depends on a seed that is made "
                          "while wrapping; it cannot be given");
    return wrap_checked(env, parent, &what, out, err);
}

/* Part 1, 27.5: the public part of a symmetric object commits to its seed and secret. */
static int fill_unique(tpmc_env *env, tpmc__public *key, const small_key *seed,
                       const tpmc__secret *sensitive, tpmc_error *err)
{
    const tpmc__span spans[] = { { seed->bytes, seed->len }, { sensitive->data, sensitive->len } };

    key->unique_len = tpmc__hash_size(key->name_alg);
    return tpmc__digest(env, key->name_alg, spans, 2, key->unique, err);
}

int tpmc__wrap_symmetric(tpmc_env *env, const tpmc__public *parent, tpmc__public *key,
                         const tpmc__secret *auth, const tpmc__secret *sensitive,
                         tpmc__wrapped *out, tpmc_error *err)
{
    tpmc__public whole = *key;
    small_key seed = { key->name_alg, { 0 }, tpmc__hash_size(key->name_alg) };
    const object what = { &whole, auth, sensitive, &seed };
    int status;

    memset(out, 0, sizeof(*out));
    if (!is_symmetric(key))
        return tpmc__fail(err, TPMC_ERR_ARGUMENT, "this is not a symmetric key");
    if (seed.len == 0)
        return tpmc__fail(err, TPMC_ERR_UNSUPPORTED, "the nameAlg 0x%04x of the key is unknown",
                          key->name_alg);
    status = random_bytes(env, &seed, err);
    if (status == 0)
        status = fill_unique(env, &whole, &seed, sensitive, err);
    if (status == 0)
        status = wrap_checked(env, parent, &what, out, err);
    if (status == 0)
        *key = whole;
    tpmc__mem_wipe(&seed, sizeof(seed));
    return status;
}

void tpmc__wrapped_free(tpmc__wrapped *wrapped)
{
    if (!wrapped)
        return;
    tpmc__buf_free(&wrapped->duplicate);
    tpmc__buf_free(&wrapped->seed);
}
