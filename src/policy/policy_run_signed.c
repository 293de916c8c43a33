/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include <tss2/tss2_mu.h>

#include "base/mem.h"
#include "codec/text.h"
#include "policy/policy_run_int.h"
#include "policy/policy_signer.h"
#include "tpm/primary.h"

/* nonceTPM, expiration, policyRef: what PolicySigned has signed (Part 3, 23.3.1). */
#define MESSAGE_MAX (TPMC__DIGEST_MAX + 4 + TPMC__POLICY_BYTES_MAX)

int tpmc__policy_load_signer(const tpmc__policy_run *run, const tpmc__policy_signer *signer,
                             tpmc__loaded **out, tpmc_error *err)
{
    tpmc_tpm *tpm = run->tpm;
    ESYS_TR tr = ESYS_TR_NONE;
    TPM2B_PUBLIC public;
    TSS2_RC rc = 0;
    int status = tpmc__tss_public(&signer->public_area, &public, err);

    *out = NULL;
    if (status != 0)
        return status;
    tpmc__tpm_make_room_beside(tpm, NULL);
    /* A ticket of the null hierarchy would say nothing. */
    rc = Esys_LoadExternal(tpm->esys, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, NULL, &public,
                           ESYS_TR_RH_OWNER, &tr);
    status = tpmc__tpm_result(tpm, rc, "TPM2_LoadExternal", err);
    if (status != 0)
        return status;
    return tpmc__loaded_new(tpm, tr, signer->name.data, signer->name.len, out, err);
}

int tpmc__policy_read_signature(const uint8_t *data, size_t len, TPMT_SIGNATURE *out,
                                tpmc_error *err)
{
    size_t offset = 0;
    TSS2_RC rc = 0;

    memset(out, 0, sizeof(*out));
    rc = Tss2_MU_TPMT_SIGNATURE_Unmarshal(data, len, &offset, out);
    if (rc != TSS2_RC_SUCCESS || offset != len)
        return tpmc__fail(err, TPMC_ERR_FORMAT, "the signature is not well formed");
    return 0;
}

static int refuse_signature(const tpmc_tpm *tpm, int status, tpmc_error *err)
{
    static const uint32_t codes[] = { TPMC__RC_SIGNATURE, TPMC__RC_SCHEME };

    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        if (!tpm->in_step || tpmc__rc_base(tpm->refusal) != codes[i])
            continue;
        status = tpmc__fail(err, TPMC_ERR_POLICY,
                            "the TPM refuses the signature: it was not made by the key that the "
                            "policy names, or for something else");
        tpmc__error_set_tpm_code(err, tpm->refusal);
        break;
    }
    return status;
}

static int send_signed(const tpmc__policy_run *run, const tpmc__path_step *step,
                       const tpmc__loaded *key, tpmc_error *err)
{
    tpmc_tpm *tpm = run->tpm;
    TPM2B_NONCE *nonce = NULL;
    TPM2B_TIMEOUT *timeout = NULL;
    TPMT_TK_AUTH *ticket = NULL;
    TPM2B_NONCE policy_ref;
    TPMT_SIGNATURE signature;
    TSS2_RC rc = 0;
    int status = tpmc__policy_read_signature(step->signature, step->signature_len, &signature, err);

    if (status != 0)
        return status;
    rc = Esys_TRSess_GetNonceTPM(tpm->esys, run->session, &nonce);
    status = tpmc__tpm_result(tpm, rc, "Esys_TRSess_GetNonceTPM", err);
    if (status != 0)
        return status;
    tpmc__policy_to_digest(&step->step->u.signed_by.key.policy_ref, &policy_ref);
    rc =
        Esys_PolicySigned(tpm->esys, key->tr, run->session, ESYS_TR_NONE, ESYS_TR_NONE,
                          ESYS_TR_NONE, nonce, NULL, &policy_ref, 0, &signature, &timeout, &ticket);
    status = tpmc__tpm_result(tpm, rc, "TPM2_PolicySigned", err);
    Esys_Free(nonce);
    Esys_Free(timeout);
    Esys_Free(ticket);
    return status == 0 ? 0 : refuse_signature(tpm, status, err);
}

int tpmc__policy_run_signed(const tpmc__policy_run *run, const tpmc__path_step *step,
                            tpmc_error *err)
{
    tpmc__loaded *key = NULL;
    int status = 0;

    if (step->signature_len == 0)
        return tpmc__fail(err, TPMC_ERR_POLICY,
                          "a signature is needed, and nobody was asked for "
                          "it");
    status = tpmc__policy_load_signer(run, &step->step->u.signed_by.key, &key, err);
    if (status != 0)
        return status;
    status = send_signed(run, step, key, err);
    tpmc__loaded_drop(run->tpm, key);
    return status;
}

/* The step's hint, or the key's Name in hexadecimal digits. */
static int make_hint(const tpmc__policy_step *step, tpmc__buf *out, tpmc_error *err)
{
    if (step->u.signed_by.hint != NULL)
        tpmc__buf_append_text(out, step->u.signed_by.hint);
    else
        tpmc__hex_encode(step->u.signed_by.key.name.data, step->u.signed_by.key.name.len, out);
    return tpmc__buf_check(out, "the hint for the signer", err);
}

/* A key that fixes no scheme signs as its type does by the hash of its Name. */
static const char *algorithm_of(const tpmc__policy_signer *signer)
{
    static const struct {
        uint16_t type;
        uint16_t hash;
        const char *name;
    } rows[] = {
        { TPMC__ALG_RSA, TPMC__HASH_SHA256, "RS256" },
        { TPMC__ALG_RSA, TPMC__HASH_SHA384, "RS384" },
        { TPMC__ALG_RSA, TPMC__HASH_SHA512, "RS512" },
        { TPMC__ALG_ECC, TPMC__HASH_SHA256, "ES256" },
        { TPMC__ALG_ECC, TPMC__HASH_SHA384, "ES384" },
        { TPMC__ALG_ECC, TPMC__HASH_SHA512, "ES512" },
        { TPMC__ALG_KEYEDHASH, TPMC__HASH_SHA256, "HS256" },
        { TPMC__ALG_KEYEDHASH, TPMC__HASH_SHA384, "HS384" },
        { TPMC__ALG_KEYEDHASH, TPMC__HASH_SHA512, "HS512" },
    };
    const char *name = tpmc__signer_algorithm(signer);

    for (size_t i = 0; name == NULL && i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (rows[i].type == signer->public_area.type &&
            rows[i].hash == signer->public_area.name_alg)
            name = rows[i].name;
    }
    return name;
}

/* Takes what the callback returned. */
static int take_signature(const tpmc__policy_signer *signer, const uint8_t *signature, size_t len,
                          tpmc__path_step *step, tpmc_error *err)
{
    tpmc__buf marshalled;
    int status = 0;

    tpmc__buf_init(&marshalled, sizeof(step->signature));
    status = tpmc__signer_marshal(signer, signature, len, &marshalled, err);
    if (status == 0)
        status = tpmc__buf_check(&marshalled, "the signature", err);
    if (status == 0) {
        memcpy(step->signature, marshalled.data, marshalled.len);
        step->signature_len = marshalled.len;
    }
    tpmc__buf_free(&marshalled);
    return status;
}

static int sign_step(tpmc__path_step *step, tpmc_policy *answers, const uint8_t *nonce,
                     size_t nonce_len, tpmc_error *err)
{
    const tpmc__policy_signer *signer = &step->step->u.signed_by.key;
    uint8_t signature[TPMC__POLICY_SIGNATURE_MAX];
    size_t signature_len = 0;
    tpmc__buf message;
    tpmc__buf hint;
    const char *algorithm = algorithm_of(signer);
    int status = 0;

    if (algorithm == NULL)
        return tpmc__fail(err, TPMC_ERR_UNSUPPORTED,
                          "the key of the step signs in a way that has no name here");
    tpmc__buf_init(&message, MESSAGE_MAX);
    tpmc__buf_init(&hint, 2 * TPMC__POLICY_MAX_TEXT);
    tpmc__buf_append(&message, nonce, nonce_len);
    tpmc__buf_append_be32(&message, 0);
    tpmc__buf_append(&message, signer->policy_ref.data, signer->policy_ref.len);
    status = tpmc__buf_check(&message, "what is to be signed for the policy", err);
    if (status == 0)
        status = make_hint(step->step, &hint, err);
    if (status != 0)
        goto out;
    status = tpmc__callback_status(answers->sign(answers->sign_hook.user, (const char *)hint.data,
                                                 algorithm_of(signer), message.data, message.len,
                                                 signature, sizeof(signature), &signature_len));
    if (status != 0)
        tpmc__fail(err, status, "the callback that signs for the policy failed with %s",
                   tpmc_error_name(status));
    else if (signature_len == 0 || signature_len > sizeof(signature))
        status = tpmc__fail(err, TPMC_ERR_ARGUMENT,
                            "the callback that signs for the policy returned %zu bytes, and room "
                            "is for 1 to %zu",
                            signature_len, sizeof(signature));
    else
        status = take_signature(signer, signature, signature_len, step, err);
out:
    tpmc__buf_free(&message);
    tpmc__buf_free(&hint);
    return status;
}

int tpmc__policy_path_sign(tpmc__policy_path *path, tpmc_policy *answers, const uint8_t *nonce,
                           size_t nonce_len, tpmc_error *err)
{
    for (size_t i = 0; i < path->count; i++) {
        tpmc__path_step *step = &path->steps[i];
        int status = 0;

        if (step->step->kind != TPMC__POLICY_SIGNED)
            continue;
        step->signature_len = 0;
        if (answers == NULL || answers->sign == NULL)
            status = tpmc__fail(err, TPMC_ERR_POLICY,
                                "a signature is needed, and there is nobody to ask for it: set a "
                                "callback with tpmc_policy_set_signer()");
        else
            status = sign_step(step, answers, nonce, nonce_len, err);
        if (status != 0) {
            tpmc__policy_prefix_step(path, i, err);
            return status;
        }
    }
    return 0;
}
