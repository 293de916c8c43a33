/* SPDX-License-Identifier: Apache-2.0 */
#include "keyfile/wrap.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

#include "base/error_int.h"
#include "base/mem.h"
#include "codec/digest.h"
#include "codec/openssl_error.h"
#include "keyfile/tpm_kdf.h"
#include "keyfile/tpm_names.h"
#include "keyfile/wrap_seed.h"

#define AES_KEY_MAX 32
#define KEYED_HASH_MAX 128 /* MAX_SYM_DATA of the platforms that there are */
#define WRAPPED_MAX 2048

/* What is wrapped; `seed` is that of a symmetric object and NULL for others. */
typedef struct object {
    const tpmc__public *key;
    const tpmc__secret *auth;
    const tpmc__secret *sensitive;
    const tpmc__wrap_key *seed;
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

/* A TPM takes no HMAC key of more than a block (FIPS 198-1); HMAC itself would hash such a key. */
static int check_hmac_sensitive(uint16_t hash, size_t len, tpmc_error *err)
{
    const char *name = tpmc__hash_name(hash);
    const size_t block = tpmc__hash_size(hash) > 32 ? 128 : 64;

    if (!name)
        return tpmc__fail(err, TPMC_ERR_UNSUPPORTED, "the hash 0x%04x of the HMAC key is unknown",
                          hash);
    if (len > block)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT,
                          "the HMAC key has %zu bytes; a TPM takes at most the %zu of a block of "
                          "%s; the %s digest of the key, used as the key, gives the same HMACs",
                          len, block, name, name);
    return 0;
}

static int check_keyed_hash_sensitive(const tpmc__public *key, const tpmc__secret *sensitive,
                                      tpmc_error *err)
{
    if (key->scheme.algorithm == TPMC__ALG_HMAC)
        return check_hmac_sensitive(key->scheme.hash, sensitive->len, err);
    if (sensitive->len > KEYED_HASH_MAX)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT,
                          "the private part has %zu bytes; a TPM takes at most %d", sensitive->len,
                          KEYED_HASH_MAX);
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
    if (key->type == TPMC__ALG_KEYEDHASH)
        return check_keyed_hash_sensitive(key, sensitive, err);
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

/* TPM2B_SENSITIVE. */
static void write_sensitive(const object *what, tpmc__buf *out)
{
    const size_t auth_len = auth_size(what->auth);
    const size_t seed_len = what->seed ? what->seed->len : 0;
    const size_t len = 2 + 2 + auth_len + 2 + seed_len + 2 + what->sensitive->len;

    tpmc__buf_append_be16(out, (uint16_t)len);
    tpmc__buf_append_be16(out, what->key->type);
    tpmc__wrap_append_sized(out, auth_len ? what->auth->data : NULL, auth_len);
    tpmc__wrap_append_sized(out, seed_len ? what->seed->bytes : NULL, seed_len);
    tpmc__wrap_append_sized(out, what->sensitive->data, what->sensitive->len);
}

/* A key for one use of the seed (Part 1, 23.3.2); `key->len` says how long. */
static int derive_key(tpmc_env *env, const tpmc__wrap_key *seed, const char *label, tpmc__span name,
                      tpmc__wrap_key *key, tpmc_error *err)
{
    const tpmc__kdf_input input = {
        seed->hash, { seed->bytes, seed->len }, label, name, { NULL, 0 }
    };

    return tpmc__kdfa(env, &input, key->bytes, key->len, err);
}

static int encrypt_cfb(tpmc_env *env, const tpmc__wrap_key *key, tpmc__buf *data)
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
    const tpmc__wrap_key *seed;
    tpmc__span name;
    unsigned cipher_bits;
} seal_keys;

/* Encrypts `sensitive` where it stands and writes TPM2B_PRIVATE: integrity, then ciphertext. */
static int seal(tpmc_env *env, const seal_keys *keys, tpmc__buf *sensitive, tpmc__buf *out,
                tpmc_error *err)
{
    const tpmc__span no_name = { NULL, 0 };
    const tpmc__wrap_key *seed = keys->seed;
    tpmc__wrap_key cipher_key = { 0, { 0 }, keys->cipher_bits / 8u };
    tpmc__wrap_key mac_key = { 0, { 0 }, tpmc__hash_size(seed->hash) };
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
    tpmc__wrap_append_sized(out, mac, mac_key.len);
    tpmc__buf_append(out, sensitive->data, sensitive->len);
out:
    tpmc__mem_wipe(&cipher_key, sizeof(cipher_key));
    tpmc__mem_wipe(&mac_key, sizeof(mac_key));
    return status;
}

static int wrap_object(tpmc_env *env, const tpmc__public *parent, const object *what,
                       tpmc__wrapped *out, tpmc_error *err)
{
    tpmc__wrap_key seed = { 0, { 0 }, 0 };
    uint8_t name[TPMC__NAME_MAX];
    seal_keys keys = { &seed, { name, 0 }, parent->symmetric.key_bits };
    tpmc__buf sensitive;
    int status;

    tpmc__buf_init(&sensitive, WRAPPED_MAX);
    write_sensitive(what, &sensitive);
    status = tpmc__buf_check(&sensitive, "the private part", err);
    if (status)
        goto out;
    status = tpmc__public_name(env, what->key, name, &keys.name.len, err);
    if (status)
        goto out;
    status = tpmc__wrap_share_seed(env, parent, &seed, &out->seed, err);
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
static int fill_unique(tpmc_env *env, tpmc__public *key, const tpmc__wrap_key *seed,
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
    tpmc__wrap_key seed = { key->name_alg, { 0 }, tpmc__hash_size(key->name_alg) };
    const object what = { &whole, auth, sensitive, &seed };
    int status;

    memset(out, 0, sizeof(*out));
    if (!is_symmetric(key))
        return tpmc__fail(err, TPMC_ERR_ARGUMENT, "this is not a symmetric key");
    if (seed.len == 0)
        return tpmc__fail(err, TPMC_ERR_UNSUPPORTED, "the nameAlg 0x%04x of the key is unknown",
                          key->name_alg);
    status = tpmc__wrap_random(env, &seed, err);
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
