/* SPDX-License-Identifier: Apache-2.0 */
#include "tpm/primary.h"

#include <string.h>

#include <tss2/tss2_mu.h>

#include "base/mem.h"

static const struct hierarchy {
    ESYS_TR tr;
    uint32_t handle;
    const char *name;
    const char *option; /* how a person gives its password */
} hierarchies[TPMC__HIERARCHY_COUNT] = {
    [TPMC__PRIMARY_NULL] = { ESYS_TR_RH_NULL, TPM2_RH_NULL, "null", "" },
    [TPMC_HIERARCHY_OWNER] = { ESYS_TR_RH_OWNER, TPM2_RH_OWNER, "owner", "--ownerpassword" },
    [TPMC_HIERARCHY_ENDORSEMENT] = { ESYS_TR_RH_ENDORSEMENT, TPM2_RH_ENDORSEMENT, "endorsement",
                                     "--endorsement-password" },
    [TPMC_HIERARCHY_PLATFORM] = { ESYS_TR_RH_PLATFORM, TPM2_RH_PLATFORM, "platform",
                                  "--platform-password" },
};

static int refuse_password(tpmc_tpm *tpm, int hierarchy, tpmc_error *err)
{
    const struct hierarchy *h = &hierarchies[hierarchy];

    if (tpm->hierarchy_auth[hierarchy].len > 0)
        return tpmc__fail(err, TPMC_ERR_WRONG_PASSWORD,
                          "the password of the %s hierarchy is wrong; it is not tried again",
                          h->name);
    return tpmc__fail(
        err, TPMC_ERR_WRONG_PASSWORD,
        "the %s hierarchy has a password, and none was given (the program's %s); a persistent "
        "storage key does without it",
        h->name, h->option);
}

/* Which authorization the hierarchy takes: its password through a session, or the empty one. */
static int authorize(tpmc_tpm *tpm, int hierarchy, ESYS_TR *session, tpmc_error *err)
{
    const tpmc__secret *password = &tpm->hierarchy_auth[hierarchy];
    TPM2B_AUTH auth = { 0 };
    TSS2_RC rc = 0;
    int status = 0;

    *session = ESYS_TR_PASSWORD;
    if (hierarchy == TPMC__PRIMARY_NULL)
        return 0;
    if (tpm->guard.late_refused != 0 && tpm->guard.late_refused == hierarchies[hierarchy].handle)
        tpm->hierarchy_refused[hierarchy] = 1;
    if (tpm->hierarchy_refused[hierarchy])
        return refuse_password(tpm, hierarchy, err);
    if (password->len > 0) {
        status = tpmc__session_get(tpm, ESYS_TR_NONE, session, err);
        if (status != 0)
            return status;
        status = tpmc__session_arm(tpm, *session, err);
        if (status != 0)
            return status;
        memcpy(auth.buffer, password->data, password->len);
        auth.size = (UINT16)password->len;
    }
    rc = Esys_TR_SetAuth(tpm->esys, hierarchies[hierarchy].tr, &auth);
    tpmc__mem_wipe(&auth, sizeof(auth));
    return tpmc__tpm_result(tpm, rc, "Esys_TR_SetAuth", err);
}

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

/* What the TPM says it made, read by our own strict reader. */
static int read_public(const TPM2B_PUBLIC *made, const tpmc__public *key_template,
                       tpmc__public *out, tpmc_error *err)
{
    uint8_t bytes[TPMC__PUBLIC_MAX];
    size_t len = 0;
    TSS2_RC rc = Tss2_MU_TPM2B_PUBLIC_Marshal(made, bytes, sizeof(bytes), &len);
    int status = 0;

    if (rc != TSS2_RC_SUCCESS)
        return tpmc__fail(err, TPMC_ERR_TPM, "the TPM made a primary key of an unknown form");
    status = tpmc__public_parse(bytes, len, out, err);
    if (status != 0)
        return status;
    if (!tpmc__public_matches_template(out, key_template))
        return tpmc__fail(err, TPMC_ERR_INTEGRITY,
                          "the TPM made another primary key than the one asked for");
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

static int create(tpmc_tpm *tpm, int hierarchy, ESYS_TR session, const TPM2B_PUBLIC *in,
                  TPM2B_PUBLIC **made, ESYS_TR *tr, tpmc_error *err)
{
    static const TPM2B_SENSITIVE_CREATE no_secret = { 0 };
    static const TPM2B_DATA no_data = { 0 };
    static const TPML_PCR_SELECTION no_pcr = { 0 };
    TSS2_RC rc = Esys_CreatePrimary(tpm->esys, hierarchies[hierarchy].tr, session, ESYS_TR_NONE,
                                    ESYS_TR_NONE, &no_secret, in, &no_data, &no_pcr, tr, made, NULL,
                                    NULL, NULL);
    int status = tpmc__tpm_result(tpm, rc, "TPM2_CreatePrimary", err);

    if (hierarchy != TPMC__PRIMARY_NULL)
        tpmc__tpm_blank_auth(tpm, hierarchies[hierarchy].tr);
    if (status == TPMC_ERR_WRONG_PASSWORD && tpm->in_step &&
        tpmc__tpm_refusal_holds(tpm, NULL, session)) {
        tpm->hierarchy_refused[hierarchy] = 1;
        status = refuse_password(tpm, hierarchy, err);
        tpmc__error_set_tpm_code(err, tpm->refusal);
    }
    return status;
}

int tpmc__primary_create(tpmc_tpm *tpm, int hierarchy, const tpmc__public *key_template,
                         tpmc__public *public_out, tpmc__loaded **out, tpmc_error *err)
{
    TPM2B_PUBLIC in;
    TPM2B_PUBLIC *made = NULL;
    tpmc__public public;
    ESYS_TR tr = ESYS_TR_NONE;
    ESYS_TR session = ESYS_TR_NONE;
    int status = 0;

    *out = NULL;
    status = tpmc__tss_public(key_template, &in, err);
    if (status != 0)
        return status;
    status = authorize(tpm, hierarchy, &session, err);
    if (status != 0)
        return status;
    status = create(tpm, hierarchy, session, &in, &made, &tr, err);
    if (status != 0)
        return status;
    status = read_public(made, key_template, &public, err);
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
