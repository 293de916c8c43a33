/* SPDX-License-Identifier: Apache-2.0 */
#include "tpm/ek_certificate.h"

#include "codec/certificate.h"
#include "codec/file.h"
#include "tpm/raw_command.h"

/* Part 2, 6.6 */
#define RC_NV_LOCKED 0x148u
#define RC_NV_AUTHORIZATION 0x149u
#define RC_NV_UNINITIALIZED 0x14au

#define CERTIFICATE_MAX 8192
/* What every TPM takes at once. */
#define CHUNK 512

/* Where the EK Credential Profile keeps the certificates (section 2.2.1.4 and 2.2.1.5): those of
 * the low range have keys without userWithAuth. */
static const struct nv_row {
    uint16_t type;
    uint16_t size; /* bits of RSA, curve of ECC */
    int is_low;
    uint32_t index;
} nv_rows[] = {
    { TPMC__ALG_RSA, 2048, 1, 0x01c00002 },
    { TPMC__ALG_ECC, TPMC__CURVE_P256, 1, 0x01c0000a },
    { TPMC__ALG_RSA, 2048, 0, 0x01c00012 },
    { TPMC__ALG_ECC, TPMC__CURVE_P256, 0, 0x01c00014 },
    { TPMC__ALG_ECC, TPMC__CURVE_P384, 0, 0x01c00016 },
    { TPMC__ALG_ECC, TPMC__CURVE_P521, 0, 0x01c00018 },
    { TPMC__ALG_RSA, 3072, 0, 0x01c0001c },
    { TPMC__ALG_RSA, 4096, 0, 0x01c0001e },
};

static uint32_t find_index(const tpmc__public *ek)
{
    uint16_t size = ek->type == TPMC__ALG_RSA ? ek->key_bits : ek->curve;
    int is_low = (ek->attributes & TPMC__OBJECT_USER_WITH_AUTH) == 0;

    for (size_t i = 0; i < sizeof(nv_rows) / sizeof(nv_rows[0]); i++) {
        if (nv_rows[i].type == ek->type && nv_rows[i].size == size && nv_rows[i].is_low == is_low)
            return nv_rows[i].index;
    }
    return 0;
}

/* The TPM says that there is nothing at the index, or nothing that may be read. */
static int is_unreadable(uint32_t rc)
{
    static const uint32_t codes[] = { TPMC__RC_HANDLE, TPMC__RC_AUTH_UNAVAILABLE, RC_NV_LOCKED,
                                      RC_NV_AUTHORIZATION, RC_NV_UNINITIALIZED };

    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        if (tpmc__rc_base(rc) == codes[i])
            return 1;
    }
    return tpmc__rc_wrong_auth(rc);
}

static int fail_nv(tpmc_tpm *tpm, const char *command, uint32_t index, tpmc_error *err)
{
    uint32_t rc = tpm->guard.rc;

    if (tpm->guard.outcome != TPMC__OUTCOME_ANSWERED || !is_unreadable(rc))
        return tpmc__tpm_result(tpm, TSS2_ESYS_RC_GENERAL_FAILURE, command, err);
    (void)tpmc__guard_take_outcome(&tpm->guard);
    tpmc__fail(err, TPMC_ERR_INTEGRITY,
               "this TPM has no readable certificate of its endorsement key (NV index 0x%08x), so "
               "the option 'ek_ca_file' cannot be fulfilled",
               (unsigned)index);
    tpmc__error_set_tpm_code(err, rc);
    return TPMC_ERR_INTEGRITY;
}

static int read_certificate(tpmc_tpm *tpm, uint32_t index, tpmc__buf *out, tpmc_error *err)
{
    size_t size = 0;
    int status = tpmc__raw_nv_size(&tpm->guard, index, &size);

    if (status != 0)
        return fail_nv(tpm, "TPM2_NV_ReadPublic", index, err);
    if (size > CERTIFICATE_MAX)
        return tpmc__fail(err, TPMC_ERR_INTEGRITY,
                          "the certificate of the TPM's endorsement key is larger than %d bytes",
                          CERTIFICATE_MAX);
    for (size_t offset = 0; offset < size; offset += CHUNK) {
        size_t len = size - offset < CHUNK ? size - offset : CHUNK;
        const uint8_t *data = NULL;

        status = tpmc__raw_nv_read(&tpm->guard, index, offset, len, &data);
        if (status != 0)
            return fail_nv(tpm, "TPM2_NV_Read", index, err);
        tpmc__buf_append(out, data, len);
    }
    (void)tpmc__guard_take_outcome(&tpm->guard);
    return tpmc__buf_check(out, "the endorsement certificate", err);
}

static int check(tpmc_tpm *tpm, const tpmc__buf *roots, const tpmc__buf *certificate,
                 const tpmc__public *ek, tpmc_error *err)
{
    tpmc__span roots_span = { roots->data, roots->len };
    tpmc__span certificate_span = { certificate->data, certificate->len };
    tpmc__span spki_span = { NULL, 0 };
    tpmc__buf spki;
    int64_t now = 0;
    int status = tpmc__env_wall_ms(tpm->env, &now, err);

    if (status != 0)
        return status;
    tpmc__buf_init(&spki, TPMC__PUBLIC_MAX);
    status = tpmc__public_spki(ek, &spki, err);
    spki_span.data = spki.data;
    spki_span.len = spki.len;
    if (status == 0)
        status = tpmc__certificate_check_ek(tpm->env, &roots_span, &certificate_span, &spki_span,
                                            now, err);
    tpmc__buf_free(&spki);
    return status;
}

int tpmc__ek_certificate_check(tpmc_tpm *tpm, const char *roots_file, const tpmc__public *ek,
                               tpmc_error *err)
{
    uint32_t index = find_index(ek);
    tpmc__buf roots;
    tpmc__buf certificate;
    int status = 0;

    if (index == 0)
        return tpmc__fail(err, TPMC_ERR_UNSUPPORTED,
                          "an endorsement key of this kind has no certificate at a known place, so "
                          "the option 'ek_ca_file' cannot be fulfilled");
    tpmc__buf_init(&roots, TPMC__CERTIFICATES_MAX);
    tpmc__buf_init(&certificate, CERTIFICATE_MAX);
    status = tpmc__file_read(roots_file, "file of the option 'ek_ca_file'", &roots, err);
    if (status == 0)
        status = read_certificate(tpm, index, &certificate, err);
    if (status == 0)
        status = check(tpm, &roots, &certificate, ek, err);
    tpmc__buf_free(&roots);
    tpmc__buf_free(&certificate);
    return status;
}
