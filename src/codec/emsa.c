/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/emsa.h"

#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <string.h>

#include "base/error_int.h"
#include "codec/openssl_error.h"

#define DIGEST_INFO_MAX 19
#define PKCS1_PADDING_MIN 8
#define PSS_ZEROS 8
#define PSS_TRAILER 0xbc

/* The DER of DigestInfo before the digest (RFC 8017 section 9.2, note 1). */
typedef struct digest_info {
    uint16_t hash;
    uint8_t len;
    uint8_t bytes[DIGEST_INFO_MAX];
} digest_info;

static const digest_info digest_infos[] = {
    { TPMC__HASH_SHA1,
      15,
      { 0x30, 0x21, 0x30, 0x09, 0x06, 0x05, 0x2b, 0x0e, 0x03, 0x02, 0x1a, 0x05, 0x00, 0x04,
        0x14 } },
    { TPMC__HASH_SHA256,
      19,
      { 0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01,
        0x05, 0x00, 0x04, 0x20 } },
    { TPMC__HASH_SHA384,
      19,
      { 0x30, 0x41, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x02,
        0x05, 0x00, 0x04, 0x30 } },
    { TPMC__HASH_SHA512,
      19,
      { 0x30, 0x51, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x03,
        0x05, 0x00, 0x04, 0x40 } },
};

static const digest_info *find_digest_info(uint16_t hash)
{
    for (size_t i = 0; i < sizeof(digest_infos) / sizeof(digest_infos[0]); i++) {
        if (digest_infos[i].hash == hash)
            return &digest_infos[i];
    }
    return NULL;
}

static int fail_too_short(size_t modulus_bits, const char *scheme, uint16_t hash, tpmc_error *err)
{
    return tpmc__fail(err, TPMC_ERR_UNSUPPORTED,
                      "an RSA key of %zu bits is too short for %s with %s", modulus_bits, scheme,
                      tpmc__hash_name(hash));
}

static int fail_hash(uint16_t hash, tpmc_error *err)
{
    return tpmc__fail(err, TPMC_ERR_UNSUPPORTED,
                      "the hash algorithm 0x%04x is not known for RSA signatures", (unsigned)hash);
}

int tpmc__emsa_pkcs1(uint16_t hash, const uint8_t *digest, uint8_t *em, size_t em_len,
                     tpmc_error *err)
{
    const digest_info *info = find_digest_info(hash);
    size_t hash_len = tpmc__hash_size(hash);
    size_t padding = 0;

    if (info == NULL)
        return fail_hash(hash, err);
    if (em_len < 3 + PKCS1_PADDING_MIN + info->len + hash_len)
        return fail_too_short(8 * em_len, "RSASSA-PKCS1-v1_5", hash, err);
    padding = em_len - 3 - info->len - hash_len;
    em[0] = 0x00;
    em[1] = 0x01;
    memset(em + 2, 0xff, padding);
    em[2 + padding] = 0x00;
    memcpy(em + 3 + padding, info->bytes, info->len);
    memcpy(em + 3 + padding + info->len, digest, hash_len);
    return 0;
}

/* XORs MGF1 of `seed` (RFC 8017 section B.2.1) into `data`. */
static int mask(tpmc_env *env, uint16_t hash, const uint8_t *seed, uint8_t *data, size_t len,
                tpmc_error *err)
{
    size_t hash_len = tpmc__hash_size(hash);
    uint8_t block[TPMC__DIGEST_MAX];
    uint32_t counter = 0;
    int status = 0;

    for (size_t at = 0; at < len; at += hash_len) {
        uint8_t number[4] = { (uint8_t)(counter >> 24), (uint8_t)(counter >> 16),
                              (uint8_t)(counter >> 8), (uint8_t)counter };
        const tpmc__span spans[] = { { seed, hash_len }, { number, sizeof(number) } };

        status = tpmc__digest(env, hash, spans, 2, block, err);
        if (status != 0)
            return status;
        for (size_t i = 0; i < hash_len && at + i < len; i++)
            data[at + i] ^= block[i];
        counter++;
    }
    return 0;
}

static int make_salt(tpmc_env *env, uint8_t *salt, size_t len, tpmc_error *err)
{
    int status = 0;

    tpmc__openssl_begin();
    if (RAND_bytes_ex(env->ossl, salt, len, 0) != 1)
        status = tpmc__openssl_fail(err, "making random bytes");
    /* The generator belongs to this thread: OPENSSL_thread_stop_ex(3). */
    OPENSSL_thread_stop_ex(env->ossl);
    tpmc__openssl_end();
    return status;
}

/* RFC 8017 section 9.1.1 from step 4 on. */
static int encode_pss(tpmc_env *env, uint16_t hash, const uint8_t *digest, uint8_t *em,
                      size_t em_bits, tpmc_error *err)
{
    static const uint8_t zeros[PSS_ZEROS] = { 0 };
    size_t hash_len = tpmc__hash_size(hash);
    size_t em_len = (em_bits + 7) / 8;
    size_t db_len = em_len - hash_len - 1;
    uint8_t *salt = em + db_len - hash_len;
    uint8_t *h = em + db_len;
    const tpmc__span spans[] = { { zeros, sizeof(zeros) },
                                 { digest, hash_len },
                                 { salt, hash_len } };
    int status = 0;

    memset(em, 0, em_len);
    status = make_salt(env, salt, hash_len, err);
    if (status != 0)
        return status;
    status = tpmc__digest(env, hash, spans, 3, h, err);
    if (status != 0)
        return status;
    salt[-1] = 0x01;
    status = mask(env, hash, h, em, db_len, err);
    if (status != 0)
        return status;
    em[0] &= (uint8_t)(0xff >> (8 * em_len - em_bits));
    em[em_len - 1] = PSS_TRAILER;
    return 0;
}

int tpmc__emsa_pss(tpmc_env *env, uint16_t hash, const uint8_t *digest, unsigned modulus_bits,
                   uint8_t *em, tpmc_error *err)
{
    size_t hash_len = tpmc__hash_size(hash);
    size_t modulus_len = ((size_t)modulus_bits + 7) / 8;
    size_t em_bits = modulus_bits == 0 ? 0 : (size_t)modulus_bits - 1;
    size_t em_len = (em_bits + 7) / 8;

    if (hash_len == 0)
        return fail_hash(hash, err);
    if (em_len < 2 * hash_len + 2)
        return fail_too_short(modulus_bits, "RSASSA-PSS", hash, err);
    /* One bit less may be one byte less. */
    em[0] = 0;
    return encode_pss(env, hash, digest, em + (modulus_len - em_len), em_bits, err);
}
