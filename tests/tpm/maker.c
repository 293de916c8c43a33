/* SPDX-License-Identifier: Apache-2.0 */
#include "tpm/maker.h"

#include <stdio.h>
#include <string.h>

#include <tss2/tss2_esys.h>

#include "support/check.h"
#include "support/tcti_libtpms.h"
#include "support/tss2_file.h"

#define OPTIONS_MAX 256
#define PERSISTENT_FIRST 0x81000000u

static void set_option(fixture *f, tpmc_key_template *t, char *pair)
{
    char *value = strchr(pair, '=');

    check(value != NULL);
    *value++ = '\0';
    check(tpmc_key_template_set(t, pair, value, f->err) == 0);
}

tpmc_key_template *maker_template(fixture *f, const char *options, const char *password)
{
    tpmc_key_template *t = NULL;
    char text[OPTIONS_MAX];
    char *rest = NULL;
    char *pair = NULL;

    check(strlen(options) < sizeof(text));
    memcpy(text, options, strlen(options) + 1);
    check(tpmc_key_template_new(f->env, &t, f->err) == 0);
    pair = strtok_r(text, " ", &rest);
    while (pair != NULL) {
        set_option(f, t, pair);
        pair = strtok_r(NULL, " ", &rest);
    }
    if (password != NULL)
        check(tpmc_key_template_set_password(t, password, strlen(password), f->err) == 0);
    return t;
}

int maker_create(fixture *f, const char *options, const char *password, tpmc_bytes **pem)
{
    tpmc_key_template *t = maker_template(f, options, password);
    int rc = tpmc_key_create(f->tpm, t, pem, f->err);

    check((rc == 0) == (*pem != NULL));
    check(rc == tpmc_error_code(f->err));
    tpmc_key_template_free(t);
    return rc;
}

void maker_assert_works(fixture *f, const tpmc_bytes *pem, const char *password,
                        const char *algorithm)
{
    static const size_t sizes[] = { ['2'] = 32, ['3'] = 48, ['5'] = 64 };
    tpmc_key *key = NULL;
    tpmc_bytes *mac = NULL;

    fixture_reconnect(f);
    check(fixture_key(f, pem, password, &key) == 0);
    if (algorithm[0] == 'H') {
        check(tpmc_key_hmac(key, "x", 1, &mac, f->err) == 0);
        check(tpmc_bytes_len(mac) == sizes[(size_t)algorithm[2]]);
    } else {
        check(fixture_sign(f, key, algorithm) == 0);
    }
    tpmc_bytes_free(mac);
    tpmc_key_free(key);
}

uint32_t maker_attributes(const tpmc_bytes *pem)
{
    tss2_file file;
    const uint8_t *at = file.public_area + 6;

    tss2_file_read(tpmc_bytes_data(pem), tpmc_bytes_len(pem), &file);
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

int maker_describes(fixture *f, const tpmc_bytes *pem, const char *words)
{
    tpmc_key *key = NULL;
    tpmc_bytes *json = NULL;
    int found = 0;

    check(fixture_key(f, pem, NULL, &key) == 0);
    check(tpmc_key_describe(key, &json, f->err) == 0);
    found = strstr((const char *)tpmc_bytes_data(json), words) != NULL;
    tpmc_bytes_free(json);
    tpmc_key_free(key);
    return found;
}

void maker_persist(uint32_t handle, const char *password)
{
    static const TPM2B_DATA no_data = { .size = 0 };
    static const TPML_PCR_SELECTION no_pcr = { .count = 0 };
    static const TPM2B_PUBLIC storage = {
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
                                      .curveID = TPM2_ECC_NIST_P384,
                                      .kdf.scheme = TPM2_ALG_NULL },
        },
    };
    TPM2B_SENSITIVE_CREATE sensitive = { .size = 0 };
    TSS2_TCTI_CONTEXT *tcti = libtpms_tcti_new();
    ESYS_CONTEXT *esys = NULL;
    ESYS_TR primary = ESYS_TR_NONE;
    ESYS_TR made = ESYS_TR_NONE;

    sensitive.sensitive.userAuth.size = (UINT16)strlen(password);
    memcpy(sensitive.sensitive.userAuth.buffer, password, strlen(password));
    check(Esys_Initialize(&esys, tcti, NULL) == 0);
    check(Esys_CreatePrimary(esys, ESYS_TR_RH_OWNER, ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE,
                             &sensitive, &storage, &no_data, &no_pcr, &primary, NULL, NULL, NULL,
                             NULL) == 0);
    check(Esys_EvictControl(esys, ESYS_TR_RH_OWNER, primary, ESYS_TR_PASSWORD, ESYS_TR_NONE,
                            ESYS_TR_NONE, handle, &made) == 0);
    check(Esys_FlushContext(esys, primary) == 0);
    Esys_Finalize(&esys);
    libtpms_tcti_free(tcti);
}

int maker_is_persistent(uint32_t handle)
{
    tpm_raw_handles handles = tpm_raw_list(PERSISTENT_FIRST);

    for (size_t i = 0; i < handles.count; i++) {
        if (handles.items[i] == handle)
            return 1;
    }
    return 0;
}

static void break_at(fixture *f, maker_attempt attempt, void *context, const tap_fault *fault)
{
    int rc = 0;

    fixture_reconnect(f);
    tap_clear(f->tap);
    tap_set_fault(f->tap, fault);
    rc = attempt(f, context);
    check(rc == tpmc_error_code(f->err));
    check(rc == 0 || tpmc_error_text(f->err)[0] != '\0');
    tap_clear(f->tap);
    tpmc_tpm_free(f->tpm);
    f->tpm = NULL;
    check(fixture_holds_only_others(f));
}

void maker_break_each_command(fixture *f, maker_attempt attempt, void *context)
{
    static const tap_fault faults[] = {
        { .kind = TAP_TRANSMIT_FAILS, .value = TSS2_TCTI_RC_IO_ERROR },
        { .kind = TAP_RECEIVE_FAILS, .value = TSS2_TCTI_RC_IO_ERROR },
        { .kind = TAP_ANSWER, .value = TPM2_RC_FAILURE },
        { .kind = TAP_ANSWER, .value = TPM2_RC_OBJECT_MEMORY },
        { .kind = TAP_ANSWER, .value = TPM2_RC_AUTH_FAIL + TPM2_RC_S + TPM2_RC_1 },
        { .kind = TAP_CUT_LAST, .value = 1 },
        { .kind = TAP_STALL },
    };
    size_t count = 0;

    fixture_reconnect(f);
    tap_clear(f->tap);
    check(attempt(f, context) == 0);
    count = tap_count(f->tap);
    check(count > 0);
    for (size_t kind = 0; kind < sizeof(faults) / sizeof(faults[0]); kind++) {
        for (size_t at = 0; at < count; at++) {
            tap_fault fault = faults[kind];

            fault.at = at;
            fault.count = 1;
            break_at(f, attempt, context, &fault);
        }
    }
    fixture_reconnect(f);
    check(attempt(f, context) == 0);
}

void maker_teardown(fixture *f)
{
    tpmc_tpm_free(f->tpm);
    f->tpm = NULL;
    check(fixture_holds_only_others(f));
    fixture_close(f);
}
