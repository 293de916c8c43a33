/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "tpmkey/key_int.h"

#define MAX_SIGNATURE 1024

/* One signature to be made. */
struct job {
    const tpmc__algorithm *algorithm;
    uint8_t digest[TPMC__DIGEST_MAX];
    size_t digest_len;
    uint8_t signature[MAX_SIGNATURE];
    size_t signature_len;
    int was_suspect; /* a signature did not verify, and the key was loaded again */
};

static int refuse_salt(tpmc_error *err)
{
    return tpmc__fail(
        err, TPMC_ERR_UNSUPPORTED,
        "the PSS signatures of this TPM have another salt length than PS256 wants (RFC 7518 "
        "section 3.5); use RS256");
}

/* A signature that does not verify was made by another key, or altered on its way. */
static int check_signature(tpmc_key *key, const struct job *job, tpmc_error *err)
{
    tpmc__span signature = { job->signature, job->signature_len };
    tpmc__verdict verdict = TPMC__VERDICT_BAD;
    int status = tpmc__verify(key->env, key->public_key, job->algorithm, job->digest, &signature,
                              &verdict, err);

    if (status != 0)
        return status;
    if (verdict == TPMC__VERDICT_OTHER_SALT) {
        atomic_store(&key->wrong_salt, 1);
        return refuse_salt(err);
    }
    if (verdict == TPMC__VERDICT_BAD)
        return tpmc__fail(
            err, TPMC_ERR_INTEGRITY,
            "the signature does not verify under the key's public part, so it is not used");
    return 0;
}

static int sign_by_callback(tpmc_key *key, struct job *job, tpmc_error *err)
{
    int status = tpmc__callback_status(key->sign(key->sign_hook.user, job->algorithm->name,
                                                 job->digest, job->digest_len, job->signature,
                                                 sizeof(job->signature), &job->signature_len));

    if (status != 0)
        return tpmc__fail(err, status, "the key's callback failed with %s",
                          tpmc_error_name(status));
    if (job->signature_len == 0 || job->signature_len > sizeof(job->signature))
        return tpmc__fail(err, TPMC_ERR_IO, "the key's callback returned a signature of %zu bytes",
                          job->signature_len);
    return check_signature(key, job, err);
}

static int refuse_password(const tpmc_key *key, tpmc_error *err)
{
    if (key->password.len > 0)
        return tpmc__fail(
            err, TPMC_ERR_WRONG_PASSWORD,
            "the key's password is wrong (or the key has none); it is not tried again");
    return tpmc__fail(err, TPMC_ERR_WRONG_PASSWORD,
                      "the key has a password, and none was given, or an empty one; with the "
                      "program, give it by --password-file");
}

static int take_signature(const TPMT_SIGNATURE *made, const tpmc__algorithm *algorithm,
                          struct job *job, tpmc_error *err)
{
    /* RSASSA and RSAPSS signatures have the same layout. */
    const TPM2B_PUBLIC_KEY_RSA *bytes = &made->signature.rsassa.sig;

    if (made->sigAlg != algorithm->scheme || made->signature.rsassa.hash != algorithm->hash ||
        bytes->size == 0 || bytes->size > sizeof(job->signature))
        return tpmc__fail(err, TPMC_ERR_INTEGRITY,
                          "the TPM made a signature of another kind than the one asked for");
    memcpy(job->signature, bytes->buffer, bytes->size);
    job->signature_len = bytes->size;
    return 0;
}

/* The session for a key with a password; an empty password needs none. */
static int authorize(tpmc_key *key, ESYS_TR *session, tpmc_error *err)
{
    int status = 0;

    *session = ESYS_TR_PASSWORD;
    if (key->password.len == 0)
        return 0;
    status = tpmc__session_get(key->tpm, ESYS_TR_NONE, session, err);
    if (status == 0)
        status = tpmc__session_arm(key->tpm, *session, err);
    return status;
}

static int sign_loaded(tpmc_key *key, struct job *job, tpmc_error *err)
{
    tpmc_tpm *tpm = key->tpm;
    TPM2B_DIGEST digest = { 0 };
    TPMT_SIG_SCHEME scheme = { .scheme = job->algorithm->scheme,
                               .details = { .any = { .hashAlg = job->algorithm->hash } } };
    TPMT_TK_HASHCHECK no_ticket = { .tag = TPM2_ST_HASHCHECK, .hierarchy = TPM2_RH_NULL };
    TPMT_SIGNATURE *made = NULL;
    ESYS_TR session = ESYS_TR_NONE;
    TSS2_RC rc = 0;
    int status = authorize(key, &session, err);

    if (status != 0)
        return status;
    memcpy(digest.buffer, job->digest, job->digest_len);
    digest.size = (UINT16)job->digest_len;
    tpm->asked = key->loaded;
    rc = Esys_Sign(tpm->esys, key->loaded->tr, session, ESYS_TR_NONE, ESYS_TR_NONE, &digest,
                   &scheme, &no_ticket, &made);
    status = tpmc__tpm_result(tpm, rc, "TPM2_Sign", err);
    if (status == TPMC_ERR_WRONG_PASSWORD && tpm->in_step &&
        tpmc__tpm_refusal_holds(tpm, key->loaded, session)) {
        key->password_refused = 1;
        refuse_password(key, err);
        tpmc__error_set_tpm_code(err, tpm->refusal);
    }
    if (status != 0)
        return status;
    status = take_signature(made, job->algorithm, job, err);
    Esys_Free(made);
    if (status == 0)
        status = check_signature(key, job, err);
    /* After a reset a stranger's key may stand where ours was, and sign. */
    if (status == TPMC_ERR_INTEGRITY && !job->was_suspect) {
        job->was_suspect = 1;
        tpmc__tpm_suspect(tpm);
        tpm->remedy = TPMC__REMEDY_RELOAD;
    }
    return status;
}

static int load_and_sign(tpmc_key *key, struct job *job, tpmc_error *err)
{
    int status = 0;

    if (key->loaded != NULL && key->loaded->refused)
        key->password_refused = 1;
    if (key->password_refused)
        return refuse_password(key, err);
    status = tpmc__key_load(key, err);
    if (status != 0)
        return status;
    return sign_loaded(key, job, err);
}

static int sign_by_tpm(tpmc_key *key, struct job *job, tpmc_error *err)
{
    unsigned tries = 0;
    int status = tpmc__tpm_begin(key->tpm, err);

    if (status != 0)
        return status;
    do {
        status = load_and_sign(key, job, err);
    } while (tpmc__tpm_try_again(key->tpm, status, &tries));
    tpmc__tpm_end(key->tpm);
    if (status == 0)
        tpmc__error_clear(err);
    return status;
}

/* Signs `job->digest`, once everything that needs no TPM has been checked. */
static int run(tpmc_key *key, struct job *job, tpmc_bytes **out, tpmc_error *err)
{
    int status = 0;

    if (job->algorithm->scheme == TPMC__ALG_RSAPSS && atomic_load(&key->wrong_salt))
        return refuse_salt(err);
    if (key->tpm == NULL) {
        status = sign_by_callback(key, job, err);
    } else {
        status = tpmc__key_settle_password(key, err);
        if (status == 0)
            status = sign_by_tpm(key, job, err);
    }
    if (status != 0)
        return status;
    return tpmc__bytes_new(job->signature, job->signature_len, out, err);
}

/* What both ways of signing begin with. */
static int begin_job(tpmc_key *key, const char *algorithm, struct job *job, tpmc_bytes **out,
                     tpmc_error *err)
{
    int status = tpmc__key_enter(key, err);

    if (out == NULL)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT, "the parameter 'out' is NULL");
    *out = NULL;
    memset(job, 0, sizeof(*job));
    if (status == 0)
        status = tpmc__key_read(key, err);
    if (status == 0)
        status = tpmc__key_check_usable(key, err);
    if (status != 0)
        return status;
    status = tpmc__algorithm_for(&key->kind, algorithm, &job->algorithm, err);
    if (status == 0)
        job->digest_len = tpmc__hash_size(job->algorithm->hash);
    return status;
}

int tpmc_key_sign(tpmc_key *key, const char *algorithm, const void *message, size_t len,
                  tpmc_bytes **out, tpmc_error *err)
{
    tpmc__span span = { message, len };
    struct job job;
    int status = begin_job(key, algorithm, &job, out, err);

    if (status != 0)
        return status;
    if (message == NULL && len > 0)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT, "the parameter 'message' is NULL");
    status = tpmc__digest(key->env, job.algorithm->hash, &span, 1, job.digest, err);
    if (status != 0)
        return status;
    return run(key, &job, out, err);
}

int tpmc_key_sign_digest(tpmc_key *key, const char *algorithm, const void *digest, size_t len,
                         tpmc_bytes **out, tpmc_error *err)
{
    struct job job;
    int status = begin_job(key, algorithm, &job, out, err);

    if (status != 0)
        return status;
    if (digest == NULL)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT, "the parameter 'digest' is NULL");
    if (len != job.digest_len)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT, "the digest has %zu bytes, and %s takes %zu", len,
                          job.algorithm->name, job.digest_len);
    memcpy(job.digest, digest, len);
    return run(key, &job, out, err);
}
