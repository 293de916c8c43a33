/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/mem.h"
#include "tpmkey/sign_int.h"

/* Neither may the MAC be seen nor could another one be told from it. */
#define CARRIES (TPMC__CARRIES_SECRET_OUT | TPMC__CARRIES_UNPROVEN)

/* One MAC to be made. */
struct mac_job {
    const tpmc__algorithm *algorithm;
    const uint8_t *message;
    size_t message_len;
    uint8_t mac[TPMC__DIGEST_MAX];
    size_t mac_len;
};

/* A key of any scheme must be told the hash; one of a fixed scheme is not. */
static TPMI_ALG_HASH hash_for(const tpmc_key *key, const struct mac_job *job)
{
    return key->kind.scheme == TPMC__ALG_NULL ? job->algorithm->hash : TPM2_ALG_NULL;
}

static void free_digest(TPM2B_DIGEST *digest)
{
    if (digest != NULL)
        tpmc__mem_wipe(digest, sizeof(*digest));
    Esys_Free(digest);
}

static int take_mac(const TPM2B_DIGEST *made, struct mac_job *job, tpmc_error *err)
{
    if (made->size != job->mac_len)
        return tpmc__fail(err, TPMC_ERR_INTEGRITY, "the TPM made a MAC of %u bytes instead of %zu",
                          (unsigned)made->size, job->mac_len);
    memcpy(job->mac, made->buffer, made->size);
    return 0;
}

static int mac_at_once(tpmc_key *key, const struct mac_job *job, TPM2B_DIGEST **made,
                       tpmc_error *err)
{
    tpmc_tpm *tpm = key->tpm;
    TPM2B_MAX_BUFFER data = { 0 };
    tpmc__use use;
    TSS2_RC rc = 0;
    int status = 0;

    tpmc__key_use(key, TPMC__USE_FIRST, &use);
    status = tpmc__use_begin(tpm, &use, CARRIES, err);
    if (status != 0)
        return status;
    if (job->message_len > 0)
        memcpy(data.buffer, job->message, job->message_len);
    data.size = (UINT16)job->message_len;
    rc = Esys_HMAC(tpm->esys, use.tr, use.session, ESYS_TR_NONE, ESYS_TR_NONE, &data,
                   hash_for(key, job), made);
    return tpmc__use_end(tpm, &use, rc, "TPM2_HMAC", err);
}

/* What a message of this length is likely to need. */
static int goes_in_blocks(const tpmc_key *key, const struct mac_job *job)
{
    return job->message_len > tpmc__input_max(key->tpm) || tpmc__key_policy_only_second(key);
}

static int check_blocks(const tpmc_key *key, tpmc_error *err)
{
    if (!tpmc__key_policy_only_first(key))
        return 0;
    return tpmc__fail(err, TPMC_ERR_POLICY,
                      "the policy lets the key be used by TPM2_HMAC alone, and a message of more "
                      "than %zu bytes needs TPM2_HMAC_Start",
                      tpmc__input_max(key->tpm));
}

static int mac_in_blocks(tpmc_key *key, const struct mac_job *job, TPM2B_DIGEST **made,
                         tpmc_error *err)
{
    static const TPM2B_AUTH no_auth = { 0 };
    tpmc_tpm *tpm = key->tpm;
    tpmc__sequence sequence = { .message = job->message,
                                .len = job->message_len,
                                .carries = CARRIES };
    ESYS_TR tr = ESYS_TR_NONE;
    tpmc__use use;
    TSS2_RC rc = 0;
    int status = 0;

    tpmc__tpm_make_room_beside(tpm, key->loaded);
    tpmc__key_use(key, TPMC__USE_SECOND, &use);
    status = tpmc__use_begin(tpm, &use, TPMC__CARRIES_UNPROVEN, err);
    if (status != 0)
        return status;
    rc = Esys_HMAC_Start(tpm->esys, use.tr, use.session, ESYS_TR_NONE, ESYS_TR_NONE, &no_auth,
                         hash_for(key, job), &tr);
    status = tpmc__use_end(tpm, &use, rc, "TPM2_HMAC_Start", err);
    if (status == 0)
        status = tpmc__sequence_run(tpm, tr, &sequence, err);
    Esys_Free(sequence.ticket);
    *made = sequence.result;
    return status;
}

static int mac_in_tpm(tpmc_key *key, struct mac_job *job, tpmc_error *err)
{
    TPM2B_DIGEST *made = NULL;
    int in_blocks = goes_in_blocks(key, job);
    int status = 0;

    if (!in_blocks) {
        status = mac_at_once(key, job, &made, err);
        in_blocks = status != 0 && tpmc__input_is_smaller(key->tpm);
    }
    if (in_blocks) {
        status = check_blocks(key, err);
        if (status == 0)
            status = mac_in_blocks(key, job, &made, err);
    }
    if (status == 0)
        status = take_mac(made, job, err);
    free_digest(made);
    return status;
}

/* tpmc__key_check_usable() lets sealed data pass only where the caller wants that. */
static int is_sealed(const tpmc_key *key)
{
    return (key->kind.attributes & TPMC__OBJECT_SIGN) == 0;
}

/* The secret is taken out each time, and kept no longer than the MAC takes. */
static int mac_of_sealed(tpmc_key *key, struct mac_job *job, tpmc_error *err)
{
    tpmc_tpm *tpm = key->tpm;
    tpmc__span message = { job->message, job->message_len };
    TPM2B_SENSITIVE_DATA *secret = NULL;
    tpmc__use use;
    TSS2_RC rc = 0;
    int status = 0;

    tpmc__key_use(key, TPMC__USE_FIRST, &use);
    status = tpmc__use_begin(tpm, &use, CARRIES, err);
    if (status != 0)
        return status;
    rc = Esys_Unseal(tpm->esys, use.tr, use.session, ESYS_TR_NONE, ESYS_TR_NONE, &secret);
    status = tpmc__use_end(tpm, &use, rc, "TPM2_Unseal", err);
    if (status == 0)
        status = tpmc__hmac(key->env, job->algorithm->hash, secret->buffer, secret->size, &message,
                            1, job->mac, err);
    if (secret != NULL)
        tpmc__mem_wipe(secret, sizeof(*secret));
    Esys_Free(secret);
    return status;
}

static int load_and_mac(tpmc_key *key, void *context, tpmc_error *err)
{
    struct mac_job *job = context;
    int status = tpmc__key_check_refused(key, err);

    if (status == 0)
        status = tpmc__key_load(key, err);
    if (status != 0)
        return status;
    if (is_sealed(key))
        return mac_of_sealed(key, job, err);
    return mac_in_tpm(key, job, err);
}

static int mac_by_tpm(tpmc_key *key, struct mac_job *job, tpmc_error *err)
{
    int use = TPMC__USE_FIRST;
    int status = tpmc__key_prepare(key, TPMC__PURPOSE_HMAC, err);

    if (status == 0 && !is_sealed(key) && goes_in_blocks(key, job)) {
        use = TPMC__USE_SECOND;
        status = check_blocks(key, err);
    }
    return status == 0 ? tpmc__key_run(key, use, load_and_mac, job, err) : status;
}

static int mac_by_callback(tpmc_key *key, struct mac_job *job, tpmc_error *err)
{
    size_t len = 0;
    int status =
        tpmc__callback_status(key->sign(key->sign_hook.user, job->algorithm->name, job->message,
                                        job->message_len, job->mac, sizeof(job->mac), &len));

    if (status != 0)
        return tpmc__fail(err, status, "the key's callback failed with %s",
                          tpmc_error_name(status));
    if (len != job->mac_len)
        return tpmc__fail(err, TPMC_ERR_IO,
                          "the key's callback returned a MAC of %zu bytes instead of %zu", len,
                          job->mac_len);
    return 0;
}

/* Everything that needs no TPM. */
static int begin_job(tpmc_key *key, const void *data, size_t len, struct mac_job *job,
                     tpmc_error *err)
{
    int status = tpmc__key_read(key, err);

    memset(job, 0, sizeof(*job));
    if (status == 0)
        status = tpmc__key_check_usable(key, TPMC__PURPOSE_HMAC, err);
    if (status != 0)
        return status;
    if (key->kind.type != TPMC__ALG_KEYEDHASH)
        return tpmc__fail(err, TPMC_ERR_UNSUPPORTED,
                          "this is no HMAC key; an RSA or EC key signs, with tpmc_key_sign()");
    status = tpmc__algorithm_for(&key->kind, NULL, &job->algorithm, err);
    if (status != 0)
        return status;
    if (data == NULL && len > 0)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT, "the parameter 'data' is NULL");
    job->message = data;
    job->message_len = len;
    job->mac_len = tpmc__hash_size(job->algorithm->hash);
    return 0;
}

int tpmc_key_hmac(tpmc_key *key, const void *data, size_t len, tpmc_bytes **out, tpmc_error *err)
{
    struct mac_job job;
    int status = tpmc__key_enter(key, err);

    if (out == NULL)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT, "the parameter 'out' is NULL");
    *out = NULL;
    if (status == 0)
        status = begin_job(key, data, len, &job, err);
    if (status != 0)
        return status;
    if (key->tpm == NULL)
        status = mac_by_callback(key, &job, err);
    else
        status = mac_by_tpm(key, &job, err);
    if (status == 0)
        status = tpmc__bytes_new(job.mac, job.mac_len, out, err);
    tpmc__mem_wipe(&job, sizeof(job));
    return status;
}
