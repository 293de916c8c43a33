/* SPDX-License-Identifier: Apache-2.0 */

/* Requests and certificates, read by OpenSSL. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/asn1.h>
#include <openssl/obj_mac.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "support/software_key.h"
#include "tpm/maker.h"

#define SUBJECT "CN=device 7,O=Example"
#define PASSWORD "certificate test password"
#define NOW_MS INT64_C(1750000000123)
#define NOW_S 1750000000

static const struct {
    const char *options;
    const char *algorithm; /* asked for */
    int nid;               /* of the signature */
} kinds[] = {
    { "algorithm=rsa2048", NULL, NID_sha256WithRSAEncryption },
    { "algorithm=rsa2048", "RS512", NID_sha512WithRSAEncryption },
    { "algorithm=rsa2048", "PS384", NID_rsassaPss },
    { "algorithm=rsa2048 scheme=rsapss", NULL, NID_rsassaPss },
    { "algorithm=rsa2048 scheme=rsassa restricted=1", NULL, NID_sha256WithRSAEncryption },
    { "algorithm=ecc256", NULL, NID_ecdsa_with_SHA256 },
    { "algorithm=ecc384", NULL, NID_ecdsa_with_SHA384 },
    { "algorithm=ecc384", "ECDSA-SHA256", NID_ecdsa_with_SHA256 },
    { "algorithm=ecc521", NULL, NID_ecdsa_with_SHA512 },
    { "algorithm=ecc256 scheme=ecdsa restricted=1", NULL, NID_ecdsa_with_SHA256 },
};

static int fixed_clock(void *user, int64_t *ms)
{
    const int64_t *now = user;

    *ms = *now;
    return *now < 0 ? TPMC_ERR_CLOCK : 0;
}

static void open_fixture(fixture *f, int64_t *now)
{
    fixture_begin(f, 0);
    assert_int_equal(tpmc_env_set_wall_clock(f->env, fixed_clock, now, NULL, f->err), 0);
    assert_int_equal(fixture_connect(f), 0);
}

static tpmc_key *make_key(fixture *f, const char *options, const char *password)
{
    tpmc_bytes *pem = NULL;
    tpmc_key *key = NULL;

    assert_int_equal(maker_create(f, options, password, &pem), 0);
    assert_int_equal(fixture_key(f, pem, password, &key), 0);
    tpmc_bytes_free(pem);
    return key;
}

static BIO *bio_of(const tpmc_bytes *pem)
{
    BIO *bio = BIO_new_mem_buf(tpmc_bytes_data(pem), (int)tpmc_bytes_len(pem));

    assert_non_null(bio);
    return bio;
}

/* "O = Example, CN = device 7" */
static void assert_name(X509_NAME *name)
{
    char *text = X509_NAME_oneline(name, NULL, 0);

    assert_string_equal(text, "/O=Example/CN=device 7");
    OPENSSL_free(text);
}

static void assert_same_key(tpmc_key *key, EVP_PKEY *found)
{
    unsigned char *der = NULL;
    int len = i2d_PUBKEY(found, &der);
    tpmc_bytes *spki = NULL;

    assert_int_equal(tpmc_key_public(key, &spki, NULL), 0);
    assert_int_equal(tpmc_bytes_len(spki), len);
    assert_memory_equal(tpmc_bytes_data(spki), der, (size_t)len);
    tpmc_bytes_free(spki);
    OPENSSL_free(der);
}

static void requests(void **state)
{
    int64_t now = NOW_MS;
    fixture f;
    size_t i;

    (void)state;
    open_fixture(&f, &now);
    for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        const char *password = i % 2 ? PASSWORD : NULL;
        tpmc_key *key = make_key(&f, kinds[i].options, password);
        tpmc_bytes *pem = NULL;
        X509_REQ *request = NULL;
        BIO *bio = NULL;

        assert_int_equal(tpmc_key_make_csr(key, kinds[i].algorithm, SUBJECT, &pem, f.err), 0);
        bio = bio_of(pem);
        request = PEM_read_bio_X509_REQ(bio, NULL, NULL, NULL);
        assert_non_null(request);
        assert_true(BIO_eof(bio));
        assert_int_equal(X509_REQ_verify(request, X509_REQ_get0_pubkey(request)), 1);
        assert_int_equal(X509_REQ_get_signature_nid(request), kinds[i].nid);
        assert_name(X509_REQ_get_subject_name(request));
        assert_same_key(key, X509_REQ_get0_pubkey(request));
        X509_REQ_free(request);
        BIO_free(bio);
        tpmc_bytes_free(pem);
        tpmc_key_free(key);
    }
    assert_false(tap_saw(f.tap, PASSWORD, strlen(PASSWORD)));
    maker_teardown(&f);
}

static void assert_valid_for(const X509 *certificate, int days)
{
    ASN1_TIME *expected = ASN1_TIME_set(NULL, NOW_S - 300);

    assert_int_equal(ASN1_TIME_compare(X509_get0_notBefore(certificate), expected), 0);
    ASN1_TIME_free(expected);
    expected = ASN1_TIME_adj(NULL, NOW_S, days, 0);
    assert_int_equal(ASN1_TIME_compare(X509_get0_notAfter(certificate), expected), 0);
    ASN1_TIME_free(expected);
}

static void assert_certificate(tpmc_key *key, const tpmc_bytes *pem, int nid, int days)
{
    BIO *bio = bio_of(pem);
    X509 *certificate = PEM_read_bio_X509(bio, NULL, NULL, NULL);

    assert_non_null(certificate);
    assert_true(BIO_eof(bio));
    assert_int_equal(X509_verify(certificate, X509_get0_pubkey(certificate)), 1);
    assert_int_equal(X509_get_signature_nid(certificate), nid);
    assert_int_equal(X509_get_version(certificate), 2);
    assert_name(X509_get_subject_name(certificate));
    assert_name(X509_get_issuer_name(certificate));
    assert_int_equal(X509_check_ca(certificate), 0);
    assert_true(X509_get_key_usage(certificate) & KU_DIGITAL_SIGNATURE);
    assert_valid_for(certificate, days);
    assert_same_key(key, X509_get0_pubkey(certificate));
    X509_free(certificate);
    BIO_free(bio);
}

static void certificates(void **state)
{
    static const int days[] = { 1, 90, 36500 };
    int64_t now = NOW_MS;
    fixture f;
    size_t i;

    (void)state;
    open_fixture(&f, &now);
    for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        tpmc_key *key = make_key(&f, kinds[i].options, NULL);
        tpmc_bytes *pem = NULL;
        int valid = days[i % 3];

        assert_int_equal(
            tpmc_key_make_certificate(key, kinds[i].algorithm, SUBJECT, valid, &pem, f.err), 0);
        assert_certificate(key, pem, kinds[i].nid, valid);
        tpmc_bytes_free(pem);
        tpmc_key_free(key);
    }
    maker_teardown(&f);
}

static void both_ways_to_write_a_subject(void **state)
{
    int64_t now = NOW_MS;
    fixture f;
    tpmc_key *key = NULL;
    tpmc_bytes *pem = NULL;

    (void)state;
    open_fixture(&f, &now);
    key = make_key(&f, "algorithm=ecc256", NULL);
    assert_int_equal(
        tpmc_key_make_certificate(key, NULL, "/O=Example/CN=device 7", 30, &pem, f.err), 0);
    assert_certificate(key, pem, NID_ecdsa_with_SHA256, 30);
    tpmc_bytes_free(pem);
    tpmc_key_free(key);
    maker_teardown(&f);
}

/* All that can be known without the TPM is said before it is touched. */
static void refusals(void **state)
{
    static const struct {
        const char *algorithm;
        const char *subject;
        int code;
        const char *words;
    } cases[] = {
        { NULL, NULL, TPMC_ERR_ARGUMENT, "'subject'" },
        { NULL, "", TPMC_ERR_ARGUMENT, "" },
        { NULL, "device 7", TPMC_ERR_ARGUMENT, "" },
        { NULL, "XY=device", TPMC_ERR_ARGUMENT, "name|byte 1|SERIALNUMBER" },
        { "RS256", SUBJECT, TPMC_ERR_UNSUPPORTED, "RS256" },
        { "ES384", SUBJECT, TPMC_ERR_UNSUPPORTED, "ES384" },
        { "ES257", SUBJECT, TPMC_ERR_ARGUMENT, "ES257" },
    };
    int64_t now = NOW_MS;
    fixture f;
    tpmc_key *key = NULL;
    tpmc_bytes *pem = NULL;
    size_t i;

    (void)state;
    open_fixture(&f, &now);
    key = make_key(&f, "algorithm=ecc256", NULL);
    tap_clear(f.tap);
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(tpmc_key_make_csr(key, cases[i].algorithm, cases[i].subject, &pem, f.err),
                         cases[i].code);
        assert_true(fixture_error_says(&f, cases[i].words));
        assert_int_equal(
            tpmc_key_make_certificate(key, cases[i].algorithm, cases[i].subject, 30, &pem, f.err),
            cases[i].code);
        assert_null(pem);
    }
    assert_int_equal(tpmc_key_make_certificate(key, NULL, SUBJECT, 0, &pem, f.err),
                     TPMC_ERR_ARGUMENT);
    assert_true(fixture_error_says(&f, "'days'|36500"));
    assert_int_equal(tpmc_key_make_certificate(key, NULL, SUBJECT, 36501, &pem, f.err),
                     TPMC_ERR_ARGUMENT);
    assert_int_equal(tpmc_key_make_csr(NULL, NULL, SUBJECT, &pem, f.err), TPMC_ERR_ARGUMENT);
    assert_true(fixture_error_says(&f, "'key'"));
    assert_int_equal(tpmc_key_make_csr(key, NULL, SUBJECT, NULL, f.err), TPMC_ERR_ARGUMENT);
    assert_true(fixture_error_says(&f, "'pem'"));
    assert_int_equal(tpmc_key_make_certificate(key, NULL, SUBJECT, 1, NULL, f.err),
                     TPMC_ERR_ARGUMENT);
    now = -1;
    assert_int_equal(tpmc_key_make_certificate(key, NULL, SUBJECT, 30, &pem, f.err),
                     TPMC_ERR_CLOCK);
    assert_int_equal(tap_count(f.tap), 0);
    tpmc_key_free(key);
    maker_teardown(&f);
}

static void an_hmac_key_has_none(void **state)
{
    int64_t now = NOW_MS;
    fixture f;
    tpmc_key *key = NULL;
    tpmc_bytes *pem = NULL;

    (void)state;
    open_fixture(&f, &now);
    key = make_key(&f, "algorithm=hmac-sha256", NULL);
    assert_int_equal(tpmc_key_make_csr(key, NULL, SUBJECT, &pem, f.err), TPMC_ERR_UNSUPPORTED);
    assert_true(fixture_error_says(&f, "RSA or EC"));
    assert_int_equal(tpmc_key_make_certificate(key, NULL, SUBJECT, 1, &pem, f.err),
                     TPMC_ERR_UNSUPPORTED);
    tpmc_key_free(key);
    maker_teardown(&f);
}

static int attempt(fixture *f, void *context)
{
    const tpmc_bytes *file = context;
    tpmc_key *key = NULL;
    tpmc_bytes *pem = NULL;
    int rc = 0;

    assert_int_equal(fixture_key(f, file, PASSWORD, &key), 0);
    rc = tpmc_key_make_certificate(key, NULL, SUBJECT, 30, &pem, f->err);
    tpmc_bytes_free(pem);
    tpmc_key_free(key);
    return rc;
}

static void every_command_fails_once(void **state)
{
    tpmc_bytes *file = NULL;
    fixture f;

    (void)state;
    fixture_open(&f, 1);
    assert_int_equal(maker_create(&f, "algorithm=ecc256", PASSWORD, &file), 0);
    maker_break_each_command(&f, attempt, file);
    tpmc_bytes_free(file);
    maker_teardown(&f);
}

/* Keys that sign by a callback are certified alike. */
static int sign_in_software(void *user, const char *algorithm, const uint8_t *data, size_t len,
                            uint8_t *out, size_t capacity, size_t *out_len)
{
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(user, NULL);
    int done = 0;

    assert_string_equal(algorithm, "RS256");
    *out_len = capacity;
    done = EVP_PKEY_sign_init(context) == 1 &&
           EVP_PKEY_CTX_set_signature_md(context, EVP_sha256()) == 1 &&
           EVP_PKEY_sign(context, out, out_len, data, len) == 1;
    EVP_PKEY_CTX_free(context);
    return done ? 0 : TPMC_ERR_IO;
}

static void a_callback_key(void **state)
{
    int64_t now = NOW_MS;
    unsigned char *spki = NULL;
    EVP_PKEY *software = software_key_rsa(2048);
    tpmc_key *key = NULL;
    tpmc_bytes *pem = NULL;
    fixture f;
    int len = i2d_PUBKEY(software, &spki);

    (void)state;
    open_fixture(&f, &now);
    assert_int_equal(tpmc_key_new_callback(f.env, spki, (size_t)len, sign_in_software, software,
                                           NULL, &key, f.err),
                     0);
    assert_int_equal(tpmc_key_make_certificate(key, NULL, SUBJECT, 30, &pem, f.err), 0);
    assert_certificate(key, pem, NID_sha256WithRSAEncryption, 30);
    tpmc_bytes_free(pem);
    tpmc_key_free(key);
    OPENSSL_free(spki);
    maker_teardown(&f);
}

static int cleanup(void **state)
{
    (void)state;
    software_key_cleanup();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests),
        cmocka_unit_test(certificates),
        cmocka_unit_test(both_ways_to_write_a_subject),
        cmocka_unit_test(refusals),
        cmocka_unit_test(an_hmac_key_has_none),
        cmocka_unit_test(every_command_fails_once),
        cmocka_unit_test(a_callback_key),
    };

    return cmocka_run_group_tests(tests, NULL, cleanup);
}
