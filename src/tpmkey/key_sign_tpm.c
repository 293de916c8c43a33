/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "codec/ecdsa.h"
#include "tpmkey/sign_int.h"

#define RC_HASH 0x083u
#define RC_VALUE_OF_SCHEME 0x2c4u /* TPM_RC_VALUE for the second parameter of TPM2_Sign */

/* Of the curves that tpmc__algorithm_for() lets pass. */
static const struct order_row {
    uint16_t curve;
    unsigned bits;
} orders[] = {
    { TPMC__CURVE_P256, 256 },
    { TPMC__CURVE_P384, 384 },
    { TPMC__CURVE_P521, 521 },
};

static unsigned order_bits(uint16_t curve)
{
    for (size_t i = 0; i < sizeof(orders) / sizeof(orders[0]); i++) {
        if (orders[i].curve == curve)
            return orders[i].bits;
    }
    return 0;
}

/* The hash that the TPM is told: a key may be fixed to a longer one. */
static uint16_t tpm_hash(const tpmc_key *key, const tpmc__job *job)
{
    return key->kind.hash != 0 ? key->kind.hash : job->algorithm->hash;
}

static int make_digest(const tpmc_key *key, const tpmc__job *job, TPM2B_DIGEST *out,
                       tpmc_error *err)
{
    size_t len = tpmc__hash_size(tpm_hash(key, job));

    memset(out, 0, sizeof(*out));
    out->size = (UINT16)len;
    if (len == job->digest_len) {
        memcpy(out->buffer, job->digest, len);
        return 0;
    }
    return tpmc__ecdsa_pad_digest(job->digest, job->digest_len, order_bits(key->kind.curve),
                                  out->buffer, len, err);
}

static int take_ecdsa(const TPMS_SIGNATURE_ECDSA *made, tpmc__job *job, tpmc_error *err)
{
    tpmc__buf der;
    int status = 0;

    tpmc__buf_init(&der, sizeof(job->signature));
    tpmc__ecdsa_write_der(made->signatureR.buffer, made->signatureR.size, made->signatureS.buffer,
                          made->signatureS.size, &der);
    status = tpmc__buf_check(&der, "the signature", err);
    if (status == 0) {
        memcpy(job->signature, der.data, der.len);
        job->signature_len = der.len;
    }
    tpmc__buf_free(&der);
    return status;
}

static int take_signature(const tpmc_key *key, const TPMT_SIGNATURE *made, tpmc__job *job,
                          tpmc_error *err)
{
    /* The signatures of RSASSA and RSAPSS have the same layout, and all begin with the hash. */
    const TPM2B_PUBLIC_KEY_RSA *rsa = &made->signature.rsassa.sig;

    if (made->sigAlg != job->algorithm->scheme || made->signature.any.hashAlg != tpm_hash(key, job))
        return tpmc__fail(err, TPMC_ERR_INTEGRITY,
                          "the TPM made a signature of another kind than the one asked for");
    if (made->sigAlg == TPM2_ALG_ECDSA)
        return take_ecdsa(&made->signature.ecdsa, job, err);
    if (rsa->size == 0 || rsa->size > sizeof(job->signature))
        return tpmc__fail(err, TPMC_ERR_INTEGRITY, "the TPM made a signature of %u bytes",
                          (unsigned)rsa->size);
    memcpy(job->signature, rsa->buffer, rsa->size);
    job->signature_len = rsa->size;
    return 0;
}

/* After a reset a stranger's key may stand where ours was, and sign. */
static int judge(tpmc_key *key, tpmc__job *job, int status)
{
    if (status == TPMC_ERR_INTEGRITY && !job->was_suspect) {
        job->was_suspect = 1;
        tpmc__key_suspect(key);
        key->tpm->remedy = TPMC__REMEDY_RELOAD;
    }
    return status;
}

/* A restricted key wants the TPM's word that it has hashed the message itself. */
static int get_ticket(tpmc_key *key, tpmc__job *job, TPMT_TK_HASHCHECK *out, tpmc_error *err)
{
    uint8_t digest[TPMC__DIGEST_MAX];
    int status = 0;

    memset(out, 0, sizeof(*out));
    out->tag = TPM2_ST_HASHCHECK;
    out->hierarchy = TPM2_RH_NULL;
    if (!tpmc__key_is_restricted(key))
        return 0;
    if (job->message_len > tpmc__input_max(key->tpm))
        tpmc__tpm_make_room_beside(key->tpm, key->loaded);
    status = tpmc__ticket_get(key->tpm, job, digest, out, err);
    if (status != 0)
        return status;
    if (memcmp(digest, job->digest, job->digest_len) != 0)
        return judge(key, job,
                     tpmc__fail(err, TPMC_ERR_INTEGRITY,
                                "the TPM has hashed something else than the message"));
    return 0;
}

static int sign_once(tpmc_key *key, tpmc__job *job, tpmc_error *err)
{
    tpmc_tpm *tpm = key->tpm;
    TPM2B_DIGEST digest;
    TPMT_SIG_SCHEME scheme = { .scheme = job->algorithm->scheme,
                               .details = { .any = { .hashAlg = tpm_hash(key, job) } } };
    TPMT_TK_HASHCHECK ticket;
    TPMT_SIGNATURE *made = NULL;
    tpmc__use use;
    TSS2_RC rc = 0;
    int status = make_digest(key, job, &digest, err);

    if (status == 0)
        status = get_ticket(key, job, &ticket, err);
    if (status != 0)
        return status;
    tpmc__key_use(key, TPMC__USE_FIRST, &use);
    status = tpmc__use_begin(tpm, &use, 0, err);
    if (status != 0)
        return status;
    rc = Esys_Sign(tpm->esys, use.tr, use.session, ESYS_TR_NONE, ESYS_TR_NONE, &digest, &scheme,
                   &ticket, &made);
    status = tpmc__use_end(tpm, &use, rc, "TPM2_Sign", err);
    if (status == 0)
        status = judge(key, job, take_signature(key, made, job, err));
    Esys_Free(made);
    return status;
}

/* 1 when the TPM refused the scheme or its hash, as it does when it does not have the hash. */
static int lacks_hash(const tpmc_key *key, const tpmc__job *job, int status)
{
    uint32_t refusal = key->tpm->refusal & 0xfff;

    if (status != TPMC_ERR_TPM && status != TPMC_ERR_UNSUPPORTED)
        return 0;
    if (!key->tpm->in_step || tpm_hash(key, job) == TPMC__HASH_SHA256)
        return 0;
    return tpmc__rc_base(refusal) == RC_HASH || tpmc__rc_base(refusal) == TPMC__RC_SCHEME ||
           refusal == RC_VALUE_OF_SCHEME;
}

static int refuse_hash(const tpmc_key *key, const tpmc__job *job, tpmc_error *err)
{
    const char *hash = tpmc__hash_openssl_name(tpm_hash(key, job)); /* "SHA384" */
    uint32_t refusal = key->tpm->refusal;

    tpmc__fail(err, TPMC_ERR_UNSUPPORTED,
               "this TPM does not sign with SHA-%s, which %s needs with this key; use an algorithm "
               "with SHA-256",
               hash + 3, job->algorithm->name);
    tpmc__error_set_tpm_code(err, refusal);
    return TPMC_ERR_UNSUPPORTED;
}

/* Makes the signature one way or the other, and learns which one this TPM is good for. */
static int make_signature(tpmc_key *key, tpmc__job *job, tpmc_error *err)
{
    int status = 0;

    if (!job->by_decrypt && tpmc__sign_must_decrypt(key, job->algorithm))
        return tpmc__sign_by_decrypt(key, job, err);
    if (!job->by_decrypt) {
        status = sign_once(key, job, err);
        if (!lacks_hash(key, job, status))
            return status;
        if (!tpmc__sign_can_decrypt(key))
            return refuse_hash(key, job, err);
        job->by_decrypt = 1;
    }
    status = tpmc__sign_by_decrypt(key, job, err);
    if (status == 0)
        atomic_fetch_or(&key->missing_hashes, tpmc__key_hash_bit(job->algorithm->hash));
    return status;
}

static int make_checked(tpmc_key *key, tpmc__job *job, tpmc_error *err)
{
    tpmc__verdict verdict = TPMC__VERDICT_BAD;
    int status = make_signature(key, job, err);

    if (status != 0)
        return status;
    status = judge(key, job, tpmc__sign_check(key, job, &verdict, err));
    if (status != 0 || verdict == TPMC__VERDICT_GOOD)
        return status;
    atomic_store(&key->wrong_salt, 1);
    if (!tpmc__sign_can_decrypt(key))
        return tpmc__sign_refuse_salt(job->algorithm, err);
    status = tpmc__sign_by_decrypt(key, job, err);
    if (status == 0)
        status = judge(key, job, tpmc__sign_check(key, job, &verdict, err));
    if (status == 0 && verdict != TPMC__VERDICT_GOOD)
        return tpmc__sign_refuse_salt(job->algorithm, err);
    return status;
}

static int load_and_sign(tpmc_key *key, void *job, tpmc_error *err)
{
    int status = tpmc__key_check_refused(key, err);

    if (status == 0)
        status = tpmc__key_load(key, err);
    if (status == 0)
        status = make_checked(key, job, err);
    return status;
}

int tpmc__sign_by_tpm(tpmc_key *key, tpmc__job *job, tpmc_error *err)
{
    int use = tpmc__sign_must_decrypt(key, job->algorithm) ? TPMC__USE_SECOND : TPMC__USE_FIRST;

    return tpmc__key_run(key, use, load_and_sign, job, err);
}
