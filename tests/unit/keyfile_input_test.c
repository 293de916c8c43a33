/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/each_allocation.h"
#include "unit/keyfile_data.h"
#include "unit/keyfile_fixture.h"

#include "base/error_int.h"
#include "keyfile/keyfile.h"
#include "keyfile/keyfile_input.h"

#define BLOCK(label, body) "-----BEGIN " label "-----\n" body "\n-----END " label "-----\n"
/* What stands in a block does not matter here: DER of SEQUENCE { INTEGER 1 }. */
#define KEY BLOCK("TSS2 PRIVATE KEY", "MAMCAQE=")
#define CERTIFICATE BLOCK("CERTIFICATE", "MAMCAQI=")

static int take(const void *data, size_t len, tpmc__buf *der, tpmc_error *err)
{
    tpmc__buf_init(der, TPMC__KEYFILE_MAX);
    return tpmc__keyfile_input(data, len, der, err);
}

static void the_block_is_found_among_others(void **state)
{
    static const char *const texts[] = {
        KEY,
        CERTIFICATE KEY,
        KEY CERTIFICATE CERTIFICATE,
        BLOCK("EC PARAMETERS", "BggqhkjOPQMBBw==") KEY,
        BLOCK("PRIVATE KEY", "MAMCAQI=") KEY,
        "A key of mine:\n" KEY "and text after it\n",
        "-----BEGIN TSS2 PRIVATE KEY-----\r\nMAMC\r\nAQE=\r\n-----END TSS2 PRIVATE KEY-----\r\n",
        "-----BEGIN TSS2 PRIVATE KEY-----\nMAMCAQE=\n-----END TSS2 PRIVATE KEY-----",
        "-----BEGIN TSS2 PRIVATE KEY-----\nMAMC\nAQE=\n-----END TSS2 PRIVATE "
        "KEY-----\r\n" CERTIFICATE,
        BLOCK("TSS2 KEY BLOB", "MAMCAQE="),
        CERTIFICATE BLOCK("TSS2 KEY BLOB", "MAMCAQE=") CERTIFICATE,
    };
    tpmc_error *err = *state;
    tpmc__buf der;
    size_t i;

    for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        expect_success(take(texts[i], strlen(texts[i]), &der, err), err);
        assert_hex(der.data, der.len, "3003020101");
        tpmc__buf_free(&der);
    }
}

typedef struct refusal {
    const char *text;
    int code;
    const char *words;
} refusal;

#define IMPORT "tpmcloud key import --in FILE --out KEY.pem"

static const refusal refusals[] = {
    { "", TPMC_ERR_FORMAT, "is empty" },
    { "hello\n", TPMC_ERR_FORMAT, "neither PEM nor DER" },
    { "\n", TPMC_ERR_FORMAT, "neither PEM nor DER" },
    { " \r\n\t{\"type\": \"service_account\"}", TPMC_ERR_FORMAT, "a JSON file" },
    { "{\"private_key\": \"-----BEGIN PRIVATE KEY-----\\nMII\"}", TPMC_ERR_FORMAT, IMPORT },
    { KEY KEY, TPMC_ERR_FORMAT, "more than one block 'TSS2 PRIVATE KEY'" },
    { KEY CERTIFICATE KEY, TPMC_ERR_FORMAT, "more than one block" },
    { BLOCK("TSS2 PRIVATE KEY", ""), TPMC_ERR_FORMAT, "" },
    { BLOCK("TSS2 PRIVATE KEY", "Proc-Type: 4,ENCRYPTED\n\nMAMCAQE="), TPMC_ERR_FORMAT,
      "header lines" },
    { BLOCK("TSS2 KEY BLOB", "MAMCAQE=") KEY, TPMC_ERR_FORMAT, "or 'TSS2 KEY BLOB'" },
    { BLOCK("TSS2 KEY BLOB", "Proc-Type: 4,ENCRYPTED\n\nMAMCAQE="), TPMC_ERR_FORMAT,
      "'TSS2 KEY BLOB' has header lines" },
    { BLOCK("TSS2 KEY BLOB", ""), TPMC_ERR_FORMAT, "" },
    { BLOCK("PRIVATE KEY", "MAMCAQE="), TPMC_ERR_FORMAT, "a private key that is not in a TPM" },
    { BLOCK("PRIVATE KEY", "MAMCAQE="), TPMC_ERR_FORMAT, IMPORT },
    { BLOCK("RSA PRIVATE KEY", "MAMCAQE="), TPMC_ERR_FORMAT, "this is a private key" },
    { BLOCK("EC PRIVATE KEY", "MAMCAQE="), TPMC_ERR_FORMAT, "this is a private key" },
    { BLOCK("EC PARAMETERS", "MAMCAQE=") BLOCK("EC PRIVATE KEY", "MAMCAQE="), TPMC_ERR_FORMAT,
      "this is a private key" },
    { CERTIFICATE BLOCK("PRIVATE KEY", "MAMCAQE="), TPMC_ERR_FORMAT, "this is a private key" },
    { BLOCK("ENCRYPTED PRIVATE KEY", "MAMCAQE="), TPMC_ERR_FORMAT, "an encrypted private key" },
    { BLOCK("RSA PRIVATE KEY", "Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00\n\nMAMCAQE="),
      TPMC_ERR_FORMAT, "an encrypted private key" },
    { BLOCK("OPENSSH PRIVATE KEY", "MAMCAQE="), TPMC_ERR_FORMAT, "an OpenSSH private key" },
    { BLOCK("PUBLIC KEY", "MAMCAQE="), TPMC_ERR_FORMAT, "this is a public key" },
    { CERTIFICATE, TPMC_ERR_FORMAT, "this is a certificate;" },
    { BLOCK("CERTIFICATE REQUEST", "MAMCAQE="), TPMC_ERR_FORMAT, "a certificate request" },
    { BLOCK("PKCS7", "MAMCAQE="), TPMC_ERR_FORMAT, "no block 'TSS2 PRIVATE KEY'" },
    { "-----BEGIN TSS2 PRIVATE KEY-----\nMAMC!QE=\n-----END TSS2 PRIVATE KEY-----\n",
      TPMC_ERR_FORMAT, "" },
    { "-----BEGIN TSS2 PRIVATE KEY-----\nMAMCAQE=\n", TPMC_ERR_FORMAT, "END" },
    { "-----BEGIN TSS2 PRIVATE KEY-----\nMAMCAQE=\n-----END PRIVATE KEY-----\n", TPMC_ERR_FORMAT,
      "END" },
};

static void anything_else_is_named(void **state)
{
    tpmc_error *err = *state;
    tpmc__buf der;
    size_t i;
    int status;

    for (i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
        status = take(refusals[i].text, strlen(refusals[i].text), &der, err);
        tpmc__buf_free(&der);
        expect_failure(status, err, refusals[i].code, refusals[i].words);
    }
}

static void der_of_other_kinds_is_named(void **state)
{
    static const refusal der_refusals[] = {
        /* PKCS#8, PKCS#1, ECPrivateKey. */
        { "3007 020100 3000 0400", TPMC_ERR_FORMAT, "this is a private key" },
        { "3009 020100 020101 020103", TPMC_ERR_FORMAT, "this is a private key" },
        { "3005 020101 0400", TPMC_ERR_FORMAT, "this is a private key" },
        /* EncryptedPrivateKeyInfo, SubjectPublicKeyInfo, RSAPublicKey. */
        { "3007 3003 060100 0400", TPMC_ERR_FORMAT, "an encrypted private key" },
        { "3008 3003 060100 030100", TPMC_ERR_FORMAT, "this is a public key" },
        { "3007 02020100 020103", TPMC_ERR_FORMAT, "this is a public key" },
        /* Certificate and request. */
        { "300b 3005 a003020102 3000 0300", TPMC_ERR_FORMAT, "this is a certificate;" },
        { "3009 3003 020101 3000 0300", TPMC_ERR_FORMAT, "this is a certificate;" },
        { "3009 3003 020100 3000 0300", TPMC_ERR_FORMAT, "a certificate request" },
        /* PFX. */
        { "3007 020103 3000 3000", TPMC_ERR_FORMAT, "a PKCS#12 file" },
    };
    tpmc_error *err = *state;
    static blob bytes;
    tpmc__buf der;
    size_t i;
    int status;

    for (i = 0; i < sizeof(der_refusals) / sizeof(der_refusals[0]); i++) {
        set_hex(&bytes, der_refusals[i].text);
        status = take(bytes.data, bytes.len, &der, err);
        tpmc__buf_free(&der);
        expect_failure(status, err, der_refusals[i].code, der_refusals[i].words);
    }
}

static void der_of_ours_is_taken_as_it_is(void **state)
{
    tpmc_error *err = *state;
    static blob bytes;
    tpmc__buf der;

    set_hex(&bytes, "3008 0606 6781050a0103");
    expect_success(take(bytes.data, bytes.len, &der, err), err);
    assert_int_equal(der.len, bytes.len);
    assert_memory_equal(der.data, bytes.data, bytes.len);
    tpmc__buf_free(&der);
    set_hex(&bytes, "3007 0605 6781050a02");
    expect_success(take(bytes.data, bytes.len, &der, err), err);
    assert_int_equal(der.len, bytes.len);
    tpmc__buf_free(&der);
}

static void one_line_of_any_length_is_read(void **state)
{
    tpmc_error *err = *state;
    static uint8_t text[6000];
    static const char begin[] = "-----BEGIN TSS2 PRIVATE KEY-----\n";
    static const char end[] = "\n-----END TSS2 PRIVATE KEY-----";
    tpmc__buf der;

    memset(text, 'A', sizeof(text));
    memcpy(text, begin, sizeof(begin) - 1);
    memcpy(text + sizeof(begin) - 1 + 4000, end, sizeof(end) - 1);
    expect_success(take(text, sizeof(begin) - 1 + 4000 + sizeof(end) - 1, &der, err), err);
    assert_int_equal(der.len, 3000);
    tpmc__buf_free(&der);
}

static void size_has_a_ceiling(void **state)
{
    tpmc_error *err = *state;
    static uint8_t data[TPMC__KEYFILE_MAX + 1];
    tpmc__buf der;

    memset(data, ' ', sizeof(data));
    expect_failure(take(data, sizeof(data), &der, err), err, TPMC_ERR_FORMAT, "65537 bytes");
    tpmc__buf_free(&der);
    tpmc__error_clear(err);
    memcpy(data, KEY, sizeof(KEY) - 1);
    data[sizeof(KEY) - 1] = '\n';
    expect_success(take(data, TPMC__KEYFILE_MAX, &der, err), err);
    tpmc__buf_free(&der);
}

static void a_nul_byte_is_refused(void **state)
{
    static const char text[] = "-----BEGIN TSS2 PRIVATE KEY-----\nMA\0CAQE=\n"
                               "-----END TSS2 PRIVATE KEY-----\n";
    tpmc_error *err = *state;
    tpmc__buf der;

    expect_failure(take(text, sizeof(text) - 1, &der, err), err, TPMC_ERR_FORMAT, "");
    tpmc__buf_free(&der);
}

static int take_once(void *context)
{
    const char *text = context;
    tpmc__buf der;
    int status = take(text, strlen(text), &der, NULL);

    tpmc__buf_free(&der);
    return status;
}

static void lack_of_memory_is_reported(void **state)
{
    static char text[] = CERTIFICATE KEY CERTIFICATE;

    (void)state;
    assert_true(each_allocation(take_once, text, TPMC_ERR_NOMEM) > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ERROR(the_block_is_found_among_others), WITH_ERROR(anything_else_is_named),
        WITH_ERROR(der_of_other_kinds_is_named),     WITH_ERROR(der_of_ours_is_taken_as_it_is),
        WITH_ERROR(one_line_of_any_length_is_read),  WITH_ERROR(size_has_a_ceiling),
        WITH_ERROR(a_nul_byte_is_refused),           cmocka_unit_test(lack_of_memory_is_reported),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
