/* SPDX-License-Identifier: Apache-2.0 */
#include "keyfile/wrap_seed.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/rand.h>
#include <string.h>

#include "base/error_int.h"
#include "base/mem.h"
#include "codec/openssl_error.h"
#include "keyfile/tpm_kdf.h"
#include "keyfile/tpm_names.h"

#define LABEL "DUPLICATE" /* with its NUL, in both ways of sharing the seed */
#define COORDINATE_MAX 66
#define SECRET_MAX 512 /* RSA 4096 */

void tpmc__wrap_append_sized(tpmc__buf *out, const void *data, size_t len)
{
    tpmc__buf_append_be16(out, (uint16_t)len);
    tpmc__buf_append(out, data, len);
}

int tpmc__wrap_random(tpmc_env *env, tpmc__wrap_key *out, tpmc_error *err)
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
        EVP_PKEY_fromdata(ctx, &pkey, EVP_PKEY_PUBLIC_KEY, params) != 1) {
        /* A failure may leave an empty key behind. */
        EVP_PKEY_free(pkey);
        pkey = NULL;
    }
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
static int encrypt_seed(tpmc_env *env, EVP_PKEY *pkey, const tpmc__wrap_key *seed, tpmc__buf *out)
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
    uint8_t secret[SECRET_MAX];
    size_t len = sizeof(secret);
    int done = 0;

    if (ctx && EVP_PKEY_encrypt_init_ex(ctx, params) == 1 &&
        EVP_PKEY_encrypt(ctx, secret, &len, seed->bytes, seed->len) == 1) {
        tpmc__wrap_append_sized(out, secret, len);
        done = 1;
    }
    EVP_PKEY_CTX_free(ctx);
    return done;
}

static int share_seed_rsa(tpmc_env *env, const tpmc__public *parent, tpmc__wrap_key *seed,
                          tpmc__buf *out, tpmc_error *err)
{
    EVP_PKEY *pkey = NULL;
    int status = tpmc__wrap_random(env, seed, err);

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
    tpmc__wrap_append_sized(out, at->x, at->size);
    tpmc__wrap_append_sized(out, at->y, at->size);
}

/* Part 1, C.6.4: one-pass Diffie-Hellman, of which the seed is the shared secret's digest. */
static int derive_seed(tpmc_env *env, EVP_PKEY *ephemeral, EVP_PKEY *peer, const point *at,
                       tpmc__wrap_key *seed, point *own)
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

static int share_seed_ecc(tpmc_env *env, const tpmc__public *parent, tpmc__wrap_key *seed,
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

int tpmc__wrap_share_seed(tpmc_env *env, const tpmc__public *parent, tpmc__wrap_key *seed,
                          tpmc__buf *out, tpmc_error *err)
{
    seed->hash = parent->name_alg;
    seed->len = tpmc__hash_size(parent->name_alg);
    if (parent->type == TPMC__ALG_RSA)
        return share_seed_rsa(env, parent, seed, out, err);
    return share_seed_ecc(env, parent, seed, out, err);
}
