/* SPDX-License-Identifier: Apache-2.0 */
#include "tpm/made_key.h"

#include <string.h>

#include <tss2/tss2_esys.h>
#include <tss2/tss2_mu.h>

#include "support/check.h"
#include "support/tcti_libtpms.h"

#define OWNER 0x40000001u
#define TYPE_LOADABLE 3
#define TYPE_SEALED 5

static const TPM2B_PUBLIC h2 = {
    .publicArea = {
        .type = TPM2_ALG_ECC,
        .nameAlg = TPM2_ALG_SHA256,
        .objectAttributes = TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT |
                            TPMA_OBJECT_SENSITIVEDATAORIGIN | TPMA_OBJECT_USERWITHAUTH |
                            TPMA_OBJECT_NODA | TPMA_OBJECT_RESTRICTED | TPMA_OBJECT_DECRYPT,
        .parameters.eccDetail = { .symmetric = { .algorithm = TPM2_ALG_AES,
                                                 .keyBits.aes = 128,
                                                 .mode.aes = TPM2_ALG_CFB },
                                  .scheme.scheme = TPM2_ALG_NULL,
                                  .curveID = TPM2_ECC_NIST_P256,
                                  .kdf.scheme = TPM2_ALG_NULL },
    },
};

static void fill_public(const made_key *key, TPM2B_PUBLIC *out)
{
    TPMT_PUBLIC *area = &out->publicArea;

    memset(out, 0, sizeof(*out));
    area->type = key->type;
    area->nameAlg = TPM2_ALG_SHA256;
    area->objectAttributes = key->attributes;
    if (key->type == TPM2_ALG_RSA) {
        area->parameters.rsaDetail.symmetric.algorithm = TPM2_ALG_NULL;
        area->parameters.rsaDetail.scheme.scheme = key->scheme;
        area->parameters.rsaDetail.scheme.details.anySig.hashAlg = key->hash;
        area->parameters.rsaDetail.keyBits = key->size;
    } else if (key->type == TPM2_ALG_ECC) {
        area->parameters.eccDetail.symmetric.algorithm = TPM2_ALG_NULL;
        area->parameters.eccDetail.scheme.scheme = key->scheme;
        area->parameters.eccDetail.scheme.details.anySig.hashAlg = key->hash;
        area->parameters.eccDetail.curveID = key->size;
        area->parameters.eccDetail.kdf.scheme = TPM2_ALG_NULL;
    } else {
        area->parameters.keyedHashDetail.scheme.scheme = key->scheme;
        area->parameters.keyedHashDetail.scheme.details.hmac.hashAlg = key->hash;
    }
}

static void fill_sensitive(const made_key *key, TPM2B_SENSITIVE_CREATE *out)
{
    memset(out, 0, sizeof(*out));
    check(key->password_len <= sizeof(out->sensitive.userAuth.buffer));
    if (key->password_len > 0)
        memcpy(out->sensitive.userAuth.buffer, key->password, key->password_len);
    out->sensitive.userAuth.size = (UINT16)key->password_len;
    if (key->secret == NULL)
        return;
    check(strlen(key->secret) <= sizeof(out->sensitive.data.buffer));
    memcpy(out->sensitive.data.buffer, key->secret, strlen(key->secret));
    out->sensitive.data.size = (UINT16)strlen(key->secret);
}

static int is_sealed(const made_key *key)
{
    return key->type == TPM2_ALG_KEYEDHASH && !(key->attributes & TPMA_OBJECT_SIGN_ENCRYPT);
}

static void write_file(const made_key *key, const TPM2B_PUBLIC *public_area,
                       const TPM2B_PRIVATE *private_area, char *pem)
{
    tss2_file file = { .type = is_sealed(key) ? TYPE_SEALED : TYPE_LOADABLE,
                       .empty_auth = key->password_len == 0,
                       .parent = OWNER };

    check(Tss2_MU_TPM2B_PUBLIC_Marshal(public_area, file.public_area, sizeof(file.public_area),
                                       &file.public_len) == 0);
    check(Tss2_MU_TPM2B_PRIVATE_Marshal(private_area, file.private_area, sizeof(file.private_area),
                                        &file.private_len) == 0);
    tss2_file_write(&file, pem);
}

TPM2_RC made_key_write_bound(const made_key *key, const void *policy, size_t len, char *pem)
{
    static const TPM2B_SENSITIVE_CREATE nothing = { .size = 0 };
    static const TPM2B_DATA no_data = { .size = 0 };
    static const TPML_PCR_SELECTION no_pcr = { .count = 0 };
    TSS2_TCTI_CONTEXT *tcti = libtpms_tcti_new();
    ESYS_CONTEXT *esys = NULL;
    ESYS_TR parent = ESYS_TR_NONE;
    TPM2B_SENSITIVE_CREATE sensitive;
    TPM2B_PUBLIC template;
    TPM2B_PUBLIC *public_area = NULL;
    TPM2B_PRIVATE *private_area = NULL;
    TSS2_RC rc = 0;

    check(Esys_Initialize(&esys, tcti, NULL) == 0);
    check(Esys_CreatePrimary(esys, ESYS_TR_RH_OWNER, ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE,
                             &nothing, &h2, &no_data, &no_pcr, &parent, NULL, NULL, NULL,
                             NULL) == 0);
    fill_public(key, &template);
    check(len <= sizeof(template.publicArea.authPolicy.buffer));
    if (len > 0)
        memcpy(template.publicArea.authPolicy.buffer, policy, len);
    template.publicArea.authPolicy.size = (UINT16)len;
    fill_sensitive(key, &sensitive);
    rc = Esys_Create(esys, parent, ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE, &sensitive,
                     &template, &no_data, &no_pcr, &private_area, &public_area, NULL, NULL, NULL);
    if (rc == 0)
        write_file(key, public_area, private_area, pem);
    check(Esys_FlushContext(esys, parent) == 0);
    Esys_Free(private_area);
    Esys_Free(public_area);
    Esys_Finalize(&esys);
    libtpms_tcti_free(tcti);
    return rc;
}

TPM2_RC made_key_write(const made_key *key, char *pem)
{
    return made_key_write_bound(key, NULL, 0, pem);
}
