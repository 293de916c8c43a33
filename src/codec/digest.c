/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/digest.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <string.h>

#include "base/error_int.h"
#include "base/mem.h"
#include "codec/openssl_error.h"

#define OPENSSL_NAME_SIZE 8

typedef struct hash_row {
    uint16_t id;
    uint16_t size;
    const char *name;
    char openssl_name[OPENSSL_NAME_SIZE];
} hash_row;

static const hash_row hashes[] = {
    { TPMC__HASH_SHA1, 20, "sha1", "SHA1" },
    { TPMC__HASH_SHA256, 32, "sha256", "SHA256" },
    { TPMC__HASH_SHA384, 48, "sha384", "SHA384" },
    { TPMC__HASH_SHA512, 64, "sha512", "SHA512" },
};

static const hash_row *find_hash(uint16_t hash)
{
    for (size_t i = 0; i < sizeof(hashes) / sizeof(hashes[0]); i++) {
        if (hashes[i].id == hash)
            return &hashes[i];
    }
    return NULL;
}

size_t tpmc__hash_size(uint16_t hash)
{
    const hash_row *row = find_hash(hash);

    return row == NULL ? 0 : row->size;
}

const char *tpmc__hash_name(uint16_t hash)
{
    const hash_row *row = find_hash(hash);

    return row == NULL ? NULL : row->name;
}

const char *tpmc__hash_openssl_name(uint16_t hash)
{
    const hash_row *row = find_hash(hash);

    return row == NULL ? NULL : row->openssl_name;
}

uint16_t tpmc__hash_by_name(const char *name)
{
    for (size_t i = 0; i < sizeof(hashes) / sizeof(hashes[0]); i++) {
        if (strcmp(hashes[i].name, name) == 0)
            return hashes[i].id;
    }
    return 0;
}

static int fail_unknown(uint16_t hash, tpmc_error *err)
{
    return tpmc__fail(err, TPMC_ERR_UNSUPPORTED, "the hash algorithm 0x%04x is not known",
                      (unsigned)hash);
}

/* A reference of its own, as fetching gives. */
static EVP_MD *get_md(tpmc_env *env, const hash_row *row)
{
    if (row->id != TPMC__HASH_SHA256)
        return EVP_MD_fetch(env->ossl, row->openssl_name, NULL);
    return EVP_MD_up_ref(env->sha256) == 1 ? env->sha256 : NULL;
}

/* 1 when OpenSSL did all of it. */
static int run_digest(EVP_MD_CTX *context, const EVP_MD *md, const tpmc__span *spans, size_t count,
                      uint8_t *out)
{
    if (EVP_DigestInit_ex2(context, md, NULL) != 1)
        return 0;
    for (size_t i = 0; i < count; i++) {
        if (EVP_DigestUpdate(context, spans[i].data, spans[i].len) != 1)
            return 0;
    }
    return EVP_DigestFinal_ex(context, out, NULL) == 1;
}

int tpmc__digest(tpmc_env *env, uint16_t hash, const tpmc__span *spans, size_t count, uint8_t *out,
                 tpmc_error *err)
{
    const hash_row *row = find_hash(hash);
    EVP_MD *md = NULL;
    EVP_MD_CTX *context = NULL;
    int status = 0;

    if (row == NULL)
        return fail_unknown(hash, err);
    tpmc__openssl_begin();
    md = get_md(env, row);
    context = EVP_MD_CTX_new();
    if (md == NULL || context == NULL || !run_digest(context, md, spans, count, out))
        status = tpmc__openssl_fail(err, row->openssl_name);
    EVP_MD_CTX_free(context);
    EVP_MD_free(md);
    tpmc__openssl_end();
    return status;
}

/* 1 when OpenSSL did all of it. */
static int run_hmac(EVP_MAC_CTX *context, const hash_row *row, const tpmc__span *key,
                    const tpmc__span *spans, size_t count, uint8_t *out)
{
    /* OpenSSL takes the name as a plain pointer and does not write to it. */
    char digest_name[OPENSSL_NAME_SIZE];
    OSSL_PARAM params[2];
    /* Without a pointer OpenSSL would look for a key that was set before. */
    const unsigned char *key_data = key->len == 0 ? (const unsigned char *)"" : key->data;
    size_t len = 0;

    memcpy(digest_name, row->openssl_name, sizeof(digest_name));
    params[0] = OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest_name, 0);
    params[1] = OSSL_PARAM_construct_end();
    if (EVP_MAC_init(context, key_data, key->len, params) != 1)
        return 0;
    for (size_t i = 0; i < count; i++) {
        if (spans[i].len > 0 && EVP_MAC_update(context, spans[i].data, spans[i].len) != 1)
            return 0;
    }
    return EVP_MAC_final(context, out, &len, row->size) == 1 && len == row->size;
}

/* 1 when OpenSSL did all of it. The context is made once: that costs more than a short HMAC. */
static int run_hmac_chain(EVP_MAC_CTX *context, const hash_row *row, const tpmc__span *key,
                          const tpmc__span *spans, size_t count, uint8_t *out)
{
    uint8_t link[TPMC__DIGEST_MAX];
    tpmc__span link_span = { link, row->size };
    int done = run_hmac(context, row, key, &spans[0], 1, out);

    for (size_t i = 1; i < count && done; i++) {
        memcpy(link, out, row->size);
        done = run_hmac(context, row, &link_span, &spans[i], 1, out);
    }
    tpmc__mem_wipe(link, sizeof(link));
    return done;
}

typedef int (*hmac_fn)(EVP_MAC_CTX *context, const hash_row *row, const tpmc__span *key,
                       const tpmc__span *spans, size_t count, uint8_t *out);

static int with_context(tpmc_env *env, uint16_t hash, hmac_fn run, const tpmc__span *key,
                        const tpmc__span *spans, size_t count, uint8_t *out, tpmc_error *err)
{
    const hash_row *row = find_hash(hash);
    EVP_MAC_CTX *context = NULL;
    int status = 0;

    if (row == NULL)
        return fail_unknown(hash, err);
    tpmc__openssl_begin();
    context = EVP_MAC_CTX_new(env->hmac);
    if (context == NULL || !run(context, row, key, spans, count, out))
        status = tpmc__openssl_fail(err, "HMAC");
    EVP_MAC_CTX_free(context);
    tpmc__openssl_end();
    return status;
}

int tpmc__hmac(tpmc_env *env, uint16_t hash, const void *key, size_t key_len,
               const tpmc__span *spans, size_t count, uint8_t *out, tpmc_error *err)
{
    tpmc__span key_span = { key, key_len };

    return with_context(env, hash, run_hmac, &key_span, spans, count, out, err);
}

int tpmc__hmac_chain(tpmc_env *env, uint16_t hash, const void *key, size_t key_len,
                     const tpmc__span *spans, size_t count, uint8_t *out, tpmc_error *err)
{
    tpmc__span key_span = { key, key_len };

    return with_context(env, hash, run_hmac_chain, &key_span, spans, count, out, err);
}
