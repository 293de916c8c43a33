/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "codec/emsa.h"
#include "tpmkey/sign_int.h"

int tpmc__sign_can_decrypt(const tpmc_key *key)
{
    const tpmc__key_kind *kind = &key->kind;
    const uint32_t both = TPMC__OBJECT_DECRYPT | TPMC__OBJECT_RESTRICTED;

    return key->tpm != NULL && kind->type == TPMC__ALG_RSA && kind->scheme == TPMC__ALG_NULL &&
           (kind->attributes & both) == TPMC__OBJECT_DECRYPT && !tpmc__key_policy_only_first(key);
}

int tpmc__sign_must_decrypt(const tpmc_key *key, const tpmc__algorithm *algorithm)
{
    if (!tpmc__sign_can_decrypt(key))
        return 0;
    if ((key->kind.attributes & TPMC__OBJECT_SIGN) == 0 || tpmc__key_policy_only_second(key))
        return 1;
    if (algorithm->scheme == TPMC__ALG_RSAPSS && atomic_load(&key->wrong_salt))
        return 1;
    return (atomic_load(&key->missing_hashes) & tpmc__key_hash_bit(algorithm->hash)) != 0;
}

static int pad(const tpmc_key *key, const tpmc__job *job, TPM2B_PUBLIC_KEY_RSA *out,
               tpmc_error *err)
{
    size_t len = (size_t)EVP_PKEY_get_size(key->public_key);
    unsigned bits = (unsigned)EVP_PKEY_get_bits(key->public_key);

    memset(out, 0, sizeof(*out));
    if (len > sizeof(out->buffer))
        return tpmc__fail(err, TPMC_ERR_UNSUPPORTED, "an RSA key of %u bits is too long", bits);
    out->size = (UINT16)len;
    if (job->algorithm->scheme == TPMC__ALG_RSAPSS)
        return tpmc__emsa_pss(key->env, job->algorithm->hash, job->digest, bits, out->buffer, err);
    return tpmc__emsa_pkcs1(job->algorithm->hash, job->digest, out->buffer, len, err);
}

/* The TPM may leave out the zeros at the front. */
static int take(const TPM2B_PUBLIC_KEY_RSA *made, size_t len, tpmc__job *job, tpmc_error *err)
{
    if (made->size > len || len > sizeof(job->signature))
        return tpmc__fail(err, TPMC_ERR_TPM, "the TPM made a signature of %u bytes",
                          (unsigned)made->size);
    memset(job->signature, 0, len - made->size);
    memcpy(job->signature + len - made->size, made->buffer, made->size);
    job->signature_len = len;
    return 0;
}

int tpmc__sign_by_decrypt(tpmc_key *key, tpmc__job *job, tpmc_error *err)
{
    static const TPMT_RSA_DECRYPT raw = { .scheme = TPM2_ALG_NULL };
    static const TPM2B_DATA no_label = { 0 };
    tpmc_tpm *tpm = key->tpm;
    TPM2B_PUBLIC_KEY_RSA padded;
    TPM2B_PUBLIC_KEY_RSA *made = NULL;
    tpmc__use use;
    TSS2_RC rc = 0;
    int status = pad(key, job, &padded, err);

    if (status != 0)
        return status;
    tpmc__key_use(key, TPMC__USE_SECOND, &use);
    status = tpmc__use_begin(tpm, &use, 0, err);
    if (status != 0)
        return status;
    rc = Esys_RSA_Decrypt(tpm->esys, use.tr, use.session, ESYS_TR_NONE, ESYS_TR_NONE, &padded, &raw,
                          &no_label, &made);
    status = tpmc__use_end(tpm, &use, rc, "TPM2_RSA_Decrypt", err);
    if (status == 0)
        status = take(made, padded.size, job, err);
    Esys_Free(made);
    return status;
}
