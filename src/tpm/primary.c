/* SPDX-License-Identifier: Apache-2.0 */
#include "tpm/primary.h"

#include <string.h>

#include <tss2/tss2_mu.h>

#include "tpm/saved_context.h"

/* Finding the primes of an RSA key takes a chip minutes at worst. */
#define SLOW_MS 300000

int tpmc__tss_public(const tpmc__public *key, TPM2B_PUBLIC *out, tpmc_error *err)
{
    tpmc__buf bytes;
    size_t offset = 2;
    TSS2_RC rc = 0;
    int status = 0;

    tpmc__buf_init(&bytes, TPMC__PUBLIC_MAX);
    tpmc__public_write(key, &bytes);
    status = tpmc__buf_check(&bytes, "a public area", err);
    if (status == 0) {
        memset(out, 0, sizeof(*out));
        rc = Tss2_MU_TPMT_PUBLIC_Unmarshal(bytes.data, bytes.len, &offset, &out->publicArea);
        if (rc != TSS2_RC_SUCCESS || offset != bytes.len)
            status =
                tpmc__fail(err, TPMC_ERR_UNSUPPORTED, "libtss2 does not know this kind of key");
    }
    tpmc__buf_free(&bytes);
    return status;
}

int tpmc__public_made(const TPM2B_PUBLIC *made, const tpmc__public *wanted, tpmc__public *out,
                      tpmc_error *err)
{
    uint8_t bytes[TPMC__PUBLIC_MAX];
    const char *flaw = NULL;
    size_t len = 0;
    TSS2_RC rc = Tss2_MU_TPM2B_PUBLIC_Marshal(made, bytes, sizeof(bytes), &len);
    int status = 0;

    if (rc != TSS2_RC_SUCCESS)
        return tpmc__fail(err, TPMC_ERR_TPM, "the TPM made a key of an unknown form");
    status = tpmc__public_parse(bytes, len, out, err);
    if (status != 0)
        return status;
    if (!tpmc__public_matches_template(out, wanted))
        return tpmc__fail(err, TPMC_ERR_INTEGRITY,
                          "the TPM made another key than the one asked for");
    flaw = tpmc__public_unique_flaw(out);
    if (flaw != NULL)
        return tpmc__fail(err, TPMC_ERR_TPM, "the TPM made no usable key: %s", flaw);
    return 0;
}

static int keep(tpmc_tpm *tpm, ESYS_TR tr, const tpmc__public *public, tpmc__loaded **out,
                tpmc_error *err)
{
    uint8_t name[TPMC__NAME_MAX];
    size_t name_len = 0;
    int status = tpmc__public_name(tpm->env, public, name, &name_len, err);

    if (status == 0)
        return tpmc__loaded_new(tpm, tr, name, name_len, out, err);
    tpmc__loaded_refuse(tpm, tr);
    return status;
}

static int create(tpmc_tpm *tpm, tpmc__use *use, const TPM2B_PUBLIC *in, TPM2B_PUBLIC **made,
                  ESYS_TR *tr, tpmc_error *err)
{
    static const TPM2B_SENSITIVE_CREATE no_secret = { 0 };
    static const TPM2B_DATA no_data = { 0 };
    static const TPML_PCR_SELECTION no_pcr = { 0 };
    int64_t former = 0;
    TSS2_RC rc = 0;
    int status = tpmc__use_begin(tpm, use, 0, err);

    if (status != 0)
        return status;
    if (in->publicArea.type == TPM2_ALG_RSA)
        former = tpmc__tpm_extend_deadline(tpm, SLOW_MS);
    rc = Esys_CreatePrimary(tpm->esys, use->tr, use->session, ESYS_TR_NONE, ESYS_TR_NONE,
                            &no_secret, in, &no_data, &no_pcr, tr, made, NULL, NULL, NULL);
    if (former != 0)
        tpmc__tpm_restore_deadline(tpm, former);
    return tpmc__use_end(tpm, use, rc, "TPM2_CreatePrimary", err);
}

int tpmc__primary_create(tpmc_tpm *tpm, int hierarchy, const tpmc__public *key_template,
                         tpmc__public *public_out, tpmc__loaded **out, tpmc_error *err)
{
    TPM2B_PUBLIC in;
    TPM2B_PUBLIC *made = NULL;
    tpmc__public public;
    tpmc__use use;
    ESYS_TR tr = ESYS_TR_NONE;
    int status = 0;

    *out = NULL;
    status = tpmc__tss_public(key_template, &in, err);
    if (status != 0)
        return status;
    tpmc__hierarchy_use(tpm, hierarchy, &use);
    status = create(tpm, &use, &in, &made, &tr, err);
    if (status != 0)
        return status;
    status = tpmc__public_made(made, key_template, &public, err);
    Esys_Free(made);
    if (status != 0) {
        tpmc__loaded_refuse(tpm, tr);
        return status;
    }
    status = keep(tpm, tr, &public, out, err);
    if (status == 0 && public_out != NULL)
        *public_out = public;
    return status;
}

/* A TPM says in one of several ways that it has no elliptic curves. */
static int lacks_ecc(const tpmc_tpm *tpm)
{
    static const uint32_t codes[] = { TPMC__RC_ASYMMETRIC, TPMC__RC_VALUE, TPMC__RC_TYPE,
                                      TPMC__RC_CURVE };

    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        if (tpm->refusal != 0 && tpmc__rc_base(tpm->refusal) == codes[i])
            return 1;
    }
    return 0;
}

int tpmc__primary_from_context(tpmc_tpm *tpm, int hierarchy, tpmc__template which,
                               tpmc__public *public_out, tpmc__loaded **out, tpmc_error *err)
{
    tpmc__public wanted;
    tpmc__context_of of = { &wanted, 1, tpmc__hierarchy_handle(hierarchy), { NULL, 0 } };

    *out = NULL;
    /* Those of the null hierarchy do not outlive the TPM's reset. */
    if (hierarchy == TPMC__PRIMARY_NULL)
        return 0;
    tpmc__template_fill(which, &wanted);
    return tpmc__context_load(tpm, &of, public_out, out, err);
}

static int save(tpmc_tpm *tpm, int hierarchy, const tpmc__public *wanted, tpmc__loaded **primary,
                tpmc_error *err)
{
    tpmc__context_of of = { wanted, 1, tpmc__hierarchy_handle(hierarchy), { NULL, 0 } };
    int status = tpmc__context_save(tpm, &of, *primary, err);

    if (status != 0) {
        tpmc__loaded_drop(tpm, *primary);
        *primary = NULL;
    }
    return status;
}

int tpmc__primary_create_storage(tpmc_tpm *tpm, int hierarchy, tpmc__template which,
                                 tpmc__public *public_out, tpmc__loaded **out, tpmc_error *err)
{
    tpmc__public wanted;
    int status = 0;

    tpm->refusal = 0;
    tpmc__template_fill(which, &wanted);
    status = tpmc__primary_from_context(tpm, hierarchy, which, public_out, out, err);
    if (status != 0 || *out != NULL)
        return status;
    status = tpmc__primary_create(tpm, hierarchy, &wanted, public_out, out, err);
    if (status == 0 && hierarchy != TPMC__PRIMARY_NULL)
        return save(tpm, hierarchy, &wanted, out, err);
    if (status == 0 || which != TPMC__TEMPLATE_H2 || !lacks_ecc(tpm))
        return status;
    tpmc__template_fill(TPMC__TEMPLATE_H1, &wanted);
    return tpmc__primary_create(tpm, hierarchy, &wanted, public_out, out, err);
}
