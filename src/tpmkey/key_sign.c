/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "tpmkey/sign_int.h"

/* TPM_GENERATED_VALUE (Part 2, 6.2): what the TPM itself attests begins with it, so that a
 * restricted key signs nothing of the sort for others. */
static const uint8_t tpm_generated[] = { 0xff, 0x54, 0x43, 0x47 };

static const struct hash_bit {
    uint16_t hash;
    unsigned bit;
} hash_bits[] = {
    { TPMC__HASH_SHA256, 1 },
    { TPMC__HASH_SHA384, 2 },
    { TPMC__HASH_SHA512, 4 },
};

unsigned tpmc__key_hash_bit(uint16_t hash)
{
    for (size_t i = 0; i < sizeof(hash_bits) / sizeof(hash_bits[0]); i++) {
        if (hash_bits[i].hash == hash)
            return hash_bits[i].bit;
    }
    return 0;
}

int tpmc__key_is_restricted(const tpmc_key *key)
{
    return (key->kind.attributes & TPMC__OBJECT_RESTRICTED) != 0;
}

int tpmc__key_check_refused(tpmc_key *key, tpmc_error *err)
{
    tpmc__use use;

    /* A late reply may have said so of an object that has been let go of since. */
    if (key->loaded != NULL && !tpmc__key_is_persistent(key) && key->loaded->refused)
        key->password_refused = 1;
    /* A policy may have ways that need no password. */
    if (!key->password_refused || key->policy.is_used)
        return 0;
    tpmc__key_use(key, TPMC__USE_FIRST, &use);
    return tpmc__fail(err, TPMC_ERR_WRONG_PASSWORD, "%s",
                      key->password.len > 0 ? use.wrong_text : use.missing_text);
}

int tpmc__sign_refuse_salt(const tpmc__algorithm *algorithm, tpmc_error *err)
{
    return tpmc__fail(
        err, TPMC_ERR_UNSUPPORTED,
        "the PSS signatures of this TPM have another salt length than %s wants (RFC 7518 "
        "section 3.5); use RS%s",
        algorithm->name, algorithm->name + 2);
}

/* A signature that does not verify was made by another key, or altered on its way. */
int tpmc__sign_check(tpmc_key *key, const tpmc__job *job, tpmc__verdict *verdict, tpmc_error *err)
{
    tpmc__span signature = { job->signature, job->signature_len };
    int status = tpmc__verify(key->env, key->public_key, job->algorithm, job->digest, &signature,
                              verdict, err);

    if (status != 0)
        return status;
    if (*verdict == TPMC__VERDICT_BAD)
        return tpmc__fail(
            err, TPMC_ERR_INTEGRITY,
            "the signature does not verify under the key's public part, so it is not used");
    return 0;
}

static int sign_by_callback(tpmc_key *key, tpmc__job *job, tpmc_error *err)
{
    tpmc__verdict verdict = TPMC__VERDICT_BAD;
    int status = tpmc__callback_status(key->sign(key->sign_hook.user, job->algorithm->name,
                                                 job->digest, job->digest_len, job->signature,
                                                 sizeof(job->signature), &job->signature_len));

    if (status != 0)
        return tpmc__fail(err, status, "the key's callback failed with %s",
                          tpmc_error_name(status));
    if (job->signature_len == 0 || job->signature_len > sizeof(job->signature))
        return tpmc__fail(err, TPMC_ERR_IO, "the key's callback returned a signature of %zu bytes",
                          job->signature_len);
    status = tpmc__sign_check(key, job, &verdict, err);
    if (status != 0 || verdict == TPMC__VERDICT_GOOD)
        return status;
    atomic_store(&key->wrong_salt, 1);
    return tpmc__sign_refuse_salt(job->algorithm, err);
}

/* RSASSA-PSS has room for a salt as long as the hash only in a modulus twice as long and more (RFC
 * 8017 section 9.1.1). */
static int check_size(const tpmc_key *key, const tpmc__algorithm *algorithm, tpmc_error *err)
{
    int bits = EVP_PKEY_get_bits(key->public_key);
    int needed = 16 * (int)tpmc__hash_size(algorithm->hash) + 10;

    if (algorithm->scheme != TPMC__ALG_RSAPSS || bits >= needed)
        return 0;
    return tpmc__fail(err, TPMC_ERR_UNSUPPORTED, "an RSA key of %d bits is too short for %s", bits,
                      algorithm->name);
}

/* What is known of this TPM already. */
static int check_learnt(const tpmc_key *key, const tpmc__algorithm *algorithm, tpmc_error *err)
{
    if (algorithm->scheme == TPMC__ALG_RSAPSS && atomic_load(&key->wrong_salt) &&
        !tpmc__sign_can_decrypt(key))
        return tpmc__sign_refuse_salt(algorithm, err);
    return 0;
}

/* Signs `job->digest`, once everything that needs no TPM has been checked. */
static int run(tpmc_key *key, tpmc__job *job, tpmc_bytes **out, tpmc_error *err)
{
    int status = check_size(key, job->algorithm, err);

    if (status == 0)
        status = check_learnt(key, job->algorithm, err);
    if (status != 0)
        return status;
    if (key->tpm == NULL) {
        status = sign_by_callback(key, job, err);
    } else {
        status = tpmc__key_prepare(key, TPMC__PURPOSE_SIGN, err);
        if (status == 0)
            status = tpmc__sign_by_tpm(key, job, err);
    }
    if (status != 0)
        return status;
    return tpmc__bytes_new(job->signature, job->signature_len, out, err);
}

/* What both ways of signing begin with. */
static int begin_job(tpmc_key *key, const char *algorithm, tpmc__job *job, tpmc_bytes **out,
                     tpmc_error *err)
{
    int status = tpmc__key_enter(key, err);

    if (out == NULL)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT, "the parameter 'out' is NULL");
    *out = NULL;
    memset(job, 0, sizeof(*job));
    if (status == 0)
        status = tpmc__key_read(key, err);
    if (status != 0)
        return status;
    status = tpmc__key_check_usable(key, TPMC__PURPOSE_SIGN, err);
    if (status == 0)
        status = tpmc__algorithm_for(&key->kind, algorithm, &job->algorithm, err);
    if (status != 0)
        return status;
    if (job->algorithm->type == TPMC__ALG_KEYEDHASH)
        return tpmc__fail(err, TPMC_ERR_UNSUPPORTED,
                          "this is an HMAC key, which makes MACs and no signatures; see "
                          "tpmc_key_hmac()");
    job->digest_len = tpmc__hash_size(job->algorithm->hash);
    return 0;
}

static int check_message(const tpmc_key *key, const void *message, size_t len, tpmc_error *err)
{
    if (message == NULL && len > 0)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT, "the parameter 'message' is NULL");
    if (tpmc__key_is_restricted(key) && len >= sizeof(tpm_generated) &&
        memcmp(message, tpm_generated, sizeof(tpm_generated)) == 0)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT,
                          "a restricted key does not sign a message that begins with the bytes "
                          "ff 54 43 47, which mark what a TPM itself attests");
    return 0;
}

int tpmc_key_sign(tpmc_key *key, const char *algorithm, const void *message, size_t len,
                  tpmc_bytes **out, tpmc_error *err)
{
    tpmc__span span = { message, len };
    tpmc__job job;
    int status = begin_job(key, algorithm, &job, out, err);

    if (status != 0)
        return status;
    status = check_message(key, message, len, err);
    if (status == 0)
        status = tpmc__digest(key->env, job.algorithm->hash, &span, 1, job.digest, err);
    if (status != 0)
        return status;
    job.message = message;
    job.message_len = len;
    return run(key, &job, out, err);
}

int tpmc_key_sign_digest(tpmc_key *key, const char *algorithm, const void *digest, size_t len,
                         tpmc_bytes **out, tpmc_error *err)
{
    tpmc__job job;
    int status = begin_job(key, algorithm, &job, out, err);

    if (status != 0)
        return status;
    if (digest == NULL)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT, "the parameter 'digest' is NULL");
    if (len != job.digest_len)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT, "the digest has %zu bytes, and %s takes %zu", len,
                          job.algorithm->name, job.digest_len);
    if (tpmc__key_is_restricted(key))
        return tpmc__fail(err, TPMC_ERR_UNSUPPORTED,
                          "this is a restricted key, which signs only what the TPM itself has "
                          "hashed; give it the message, with tpmc_key_sign()");
    memcpy(job.digest, digest, len);
    return run(key, &job, out, err);
}
