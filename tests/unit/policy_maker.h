/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_UNIT_POLICY_MAKER_H
#define TESTS_UNIT_POLICY_MAKER_H

/* Policies for tests, step by step; freed with tpmc__policy_free_steps(). */

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include "base/mem.h"
#include "policy/policy_signer.h"
#include "unit/expect.h"

#define MAKER_PEM_MAX 2048

static inline tpmc__policy_step *make_step(tpmc__policy_steps *steps, tpmc__policy_kind kind)
{
    tpmc__policy_step *step = tpmc__policy_append(steps, kind);

    assert_non_null(step);
    return step;
}

/* PolicyOR with so many empty branches without names. */
static inline tpmc__policy_step *make_or(tpmc__policy_steps *steps, size_t count)
{
    tpmc__policy_step *step = make_step(steps, TPMC__POLICY_OR);

    step->u.or.branches = tpmc__mem_new(count, sizeof(*step->u.or.branches));
    assert_non_null(step->u.or.branches);
    step->u.or.count = count;
    return step;
}

static inline tpmc__policy_steps *branch_of(tpmc__policy_step *step, size_t i)
{
    return &step->u.or.branches[i].steps;
}

static inline void name_branch(tpmc__policy_step *step, size_t i, const char *name)
{
    step->u.or.branches[i].name = tpmc__mem_copy_text(name);
    assert_non_null(step->u.or.branches[i].name);
}

static inline void make_command_code(tpmc__policy_steps *steps, uint32_t code)
{
    make_step(steps, TPMC__POLICY_COMMAND_CODE)->u.command_code = code;
}

static inline void make_locality(tpmc__policy_steps *steps, uint8_t locality)
{
    make_step(steps, TPMC__POLICY_LOCALITY)->u.locality = locality;
}

static inline void make_secret(tpmc__policy_steps *steps, uint32_t handle, const void *name,
                               size_t name_len)
{
    tpmc__policy_step *step = make_step(steps, TPMC__POLICY_SECRET);

    step->u.secret.handle = handle;
    assert_int_equal(tpmc__policy_bytes_set(&step->u.secret.name, name, name_len), 0);
}

static inline void make_owner_secret(tpmc__policy_steps *steps)
{
    static const uint8_t name[] = { 0x40, 0, 0, 1 };

    make_secret(steps, 0x40000001, name, sizeof(name));
}

/* One register of the SHA-256 bank that must have a value of 32 equal bytes. */
static inline tpmc__policy_step *make_pcr(tpmc__policy_steps *steps, unsigned pcr, int value)
{
    tpmc__policy_step *step = make_step(steps, TPMC__POLICY_PCR);
    tpmc__pcr_bank *bank = &step->u.pcr.selection.banks[0];

    step->u.pcr.selection.count = 1;
    bank->hash = TPMC__HASH_SHA256;
    bank->select_len = 3;
    bank->select[pcr / 8] = (uint8_t)(1u << (pcr % 8));
    step->u.pcr.known = TPMC__PCR_VALUES;
    step->u.pcr.values = tpmc__mem_new(1, sizeof(*step->u.pcr.values));
    assert_non_null(step->u.pcr.values);
    step->u.pcr.value_count = 1;
    step->u.pcr.values[0].hash = TPMC__HASH_SHA256;
    step->u.pcr.values[0].pcr = (uint8_t)pcr;
    memset(step->u.pcr.values[0].value, value, 32);
    return step;
}

/* PolicyAuthorize or PolicyAuthorizeNV with so many empty policies without names. */
static inline tpmc__policy_approved *make_approved(tpmc__policy_step *step, size_t count)
{
    tpmc__policy_approved *approved = tpmc__mem_new(count, sizeof(*approved));

    assert_non_null(approved);
    if (step->kind == TPMC__POLICY_AUTHORIZE) {
        step->u.authorize.approved = approved;
        step->u.authorize.count = count;
    } else {
        step->u.authorize_nv.approved = approved;
        step->u.authorize_nv.count = count;
    }
    return approved;
}

/* A key pair in PEM. */
typedef struct maker_key {
    EVP_PKEY *key;
    char public_pem[MAKER_PEM_MAX];
    char private_pem[MAKER_PEM_MAX];
} maker_key;

static inline void maker_copy_pem(BIO *bio, char *out)
{
    char *data = NULL;
    long len = BIO_get_mem_data(bio, &data);

    assert_in_range(len, 1, MAKER_PEM_MAX - 1);
    memcpy(out, data, (size_t)len);
    out[len] = '\0';
    BIO_free(bio);
}

/* Takes the pair; to be ended. */
static inline void maker_key_take(maker_key *key, EVP_PKEY *pair)
{
    BIO *bio = NULL;

    key->key = pair;
    assert_non_null(key->key);
    bio = BIO_new(BIO_s_mem());
    assert_int_equal(PEM_write_bio_PUBKEY(bio, key->key), 1);
    maker_copy_pem(bio, key->public_pem);
    bio = BIO_new(BIO_s_mem());
    assert_int_equal(PEM_write_bio_PrivateKey(bio, key->key, NULL, NULL, 0, NULL, NULL), 1);
    maker_copy_pem(bio, key->private_pem);
}

/* A new one on P-256. */
static inline void maker_key_begin(maker_key *key)
{
    maker_key_take(key, EVP_EC_gen("P-256"));
}

static inline void maker_key_end(maker_key *key)
{
    EVP_PKEY_free(key->key);
}

static inline void maker_signer(tpmc_env *env, const maker_key *key, tpmc__policy_signer *out)
{
    assert_int_equal(tpmc__signer_read(env, key->public_pem, strlen(key->public_pem),
                                       &tpmc__signer_default, "the key", out, NULL),
                     0);
}

/* Signs an approved policy for a step, from its beginning. */
static inline void maker_approve(tpmc_env *env, const maker_key *key, const tpmc__policy_step *step,
                                 tpmc__policy_approved *approved)
{
    const tpmc__policy_signer *signer = &step->u.authorize.key;
    tpmc__policy_bytes digest;
    tpmc__policy_bytes signed_hash;
    tpmc__buf signature;

    tpmc__buf_init(&signature, sizeof(approved->signature));
    assert_int_equal(
        tpmc__policy_digest(env, &approved->steps, TPMC__HASH_SHA256, NULL, &digest, NULL), 0);
    assert_int_equal(tpmc__policy_authorize_hash(env, signer, &digest, &signed_hash, NULL), 0);
    assert_int_equal(tpmc__signer_sign(env, signer, key->private_pem, strlen(key->private_pem),
                                       &signed_hash, &signature, NULL),
                     0);
    memcpy(approved->signature, signature.data, signature.len);
    approved->signature_len = signature.len;
    tpmc__buf_free(&signature);
}

#endif
