/* SPDX-License-Identifier: Apache-2.0 */
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>

#include "base/env_int.h"
#include "codec/x509.h"
#include "unit/each_allocation.h"
#include "unit/expect.h"

#define ROOM 20000
#define NAME "CN=device 7,O=Example"
#define BEFORE_MS INT64_C(1700000000000)
#define AFTER_MS INT64_C(1731536000000)

typedef struct kind_row {
    const char *type;
    unsigned bits;
    tpmc__x509_signature signature;
    uint16_t hash;
} kind_row;

static const kind_row kinds[] = {
    { "RSA", 1024, TPMC__X509_RSA_PKCS1, TPMC__HASH_SHA256 },
    { "RSA", 2048, TPMC__X509_RSA_PKCS1, TPMC__HASH_SHA384 },
    { "RSA", 2048, TPMC__X509_RSA_PKCS1, TPMC__HASH_SHA512 },
    { "RSA", 2048, TPMC__X509_RSA_PSS, TPMC__HASH_SHA256 },
    { "RSA", 2048, TPMC__X509_RSA_PSS, TPMC__HASH_SHA384 },
    { "RSA", 2048, TPMC__X509_RSA_PSS, TPMC__HASH_SHA512 },
    { "P-256", 0, TPMC__X509_ECDSA, TPMC__HASH_SHA256 },
    { "P-384", 0, TPMC__X509_ECDSA, TPMC__HASH_SHA384 },
    { "P-521", 0, TPMC__X509_ECDSA, TPMC__HASH_SHA512 },
};

#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

static tpmc_env *env;
static uint8_t random_byte; /* what the next random bytes begin with */
static int random_status;

static int make_random(void *user, uint8_t *out, size_t len)
{
    (void)user;
    memset(out, 0x11, len);
    out[0] = random_byte++;
    return random_status;
}

typedef struct fixture {
    EVP_PKEY *key;
    unsigned char *spki;
    tpmc__x509_subject subject;
} fixture;

static void make_fixture(const kind_row *kind, fixture *out)
{
    int len = 0;

    memset(out, 0, sizeof(*out));
    out->key = kind->bits != 0 ? EVP_RSA_gen(kind->bits) : EVP_EC_gen(kind->type);
    assert_non_null(out->key);
    len = i2d_PUBKEY(out->key, &out->spki);
    assert_true(len > 0);
    out->subject =
        (tpmc__x509_subject){ NAME, { out->spki, (size_t)len }, kind->signature, kind->hash };
}

static void free_fixture(fixture *f)
{
    OPENSSL_free(f->spki);
    EVP_PKEY_free(f->key);
}

static size_t sign(const fixture *f, const tpmc__buf *tbs, uint8_t *out, size_t capacity)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    EVP_PKEY_CTX *options = NULL;
    size_t len = capacity;

    assert_int_equal(EVP_DigestSignInit_ex(context, &options,
                                           tpmc__hash_openssl_name(f->subject.hash), NULL, NULL,
                                           f->key, NULL),
                     1);
    if (f->subject.signature == TPMC__X509_RSA_PSS) {
        assert_int_equal(EVP_PKEY_CTX_set_rsa_padding(options, RSA_PKCS1_PSS_PADDING), 1);
        assert_int_equal(EVP_PKEY_CTX_set_rsa_pss_saltlen(options, RSA_PSS_SALTLEN_DIGEST), 1);
    }
    assert_int_equal(EVP_DigestSign(context, out, &len, tbs->data, tbs->len), 1);
    EVP_MD_CTX_free(context);
    return len;
}

/* Signs and assembles; frees `tbs`. */
static void assemble(const fixture *f, tpmc__buf *tbs, tpmc__buf *out)
{
    uint8_t signature[600];
    size_t len = sign(f, tbs, signature, sizeof(signature));

    tpmc__buf_init(out, ROOM);
    assert_int_equal(tpmc__x509_assemble(&f->subject, tbs, signature, len, out, NULL), 0);
    tpmc__buf_free(tbs);
}

static void check_subject(const X509_NAME *name)
{
    char line[256];

    assert_non_null(X509_NAME_oneline(name, line, sizeof(line)));
    assert_string_equal(line, "/O=Example/CN=device 7");
}

static void openssl_takes_the_requests(void **state)
{
    (void)state;
    for (size_t i = 0; i < KINDS; i++) {
        const unsigned char *at = NULL;
        X509_REQ *request = NULL;
        tpmc__buf info;
        tpmc__buf out;
        fixture f;

        make_fixture(&kinds[i], &f);
        tpmc__buf_init(&info, ROOM);
        assert_int_equal(tpmc__x509_request_info(&f.subject, &info, NULL), 0);
        assemble(&f, &info, &out);
        at = out.data;
        request = d2i_X509_REQ(NULL, &at, (long)out.len);
        assert_non_null(request);
        assert_ptr_equal(at, out.data + out.len);
        assert_int_equal(X509_REQ_verify(request, f.key), 1);
        assert_int_equal(X509_REQ_get_version(request), 0);
        assert_int_equal(X509_REQ_get_attr_count(request), 0);
        assert_int_equal(EVP_PKEY_eq(X509_REQ_get0_pubkey(request), f.key), 1);
        check_subject(X509_REQ_get_subject_name(request));
        X509_REQ_free(request);
        tpmc__buf_free(&out);
        free_fixture(&f);
    }
}

static X509 *make_certificate(const fixture *f, int64_t not_before_ms, int64_t not_after_ms)
{
    const unsigned char *at = NULL;
    X509 *certificate = NULL;
    tpmc_error *err = NULL;
    tpmc__buf tbs;
    tpmc__buf out;

    assert_int_equal(tpmc_error_new(&err), 0);
    tpmc__buf_init(&tbs, ROOM);
    expect_success(
        tpmc__x509_tbs_certificate(env, &f->subject, not_before_ms, not_after_ms, &tbs, err), err);
    assemble(f, &tbs, &out);
    at = out.data;
    certificate = d2i_X509(NULL, &at, (long)out.len);
    assert_non_null(certificate);
    assert_ptr_equal(at, out.data + out.len);
    tpmc__buf_free(&out);
    tpmc_error_free(err);
    return certificate;
}

/* The extensions are those of a client's certificate. */
static void check_extensions(X509 *certificate)
{
    const ASN1_OCTET_STRING *id = X509_get0_subject_key_id(certificate);
    const ASN1_BIT_STRING *key = X509_get0_pubkey_bitstr(certificate);
    unsigned char digest[EVP_MAX_MD_SIZE];
    int critical = 0;
    void *constraints = X509_get_ext_d2i(certificate, NID_basic_constraints, &critical, NULL);

    assert_non_null(constraints);
    assert_int_equal(critical, 1);
    BASIC_CONSTRAINTS_free(constraints);
    assert_int_equal(X509_get_ext_count(certificate), 4);
    assert_int_equal(X509_check_ca(certificate), 0);
    assert_int_equal(X509_get_key_usage(certificate), KU_DIGITAL_SIGNATURE);
    assert_int_equal(X509_EXTENSION_get_critical(X509_get_ext(
                         certificate, X509_get_ext_by_NID(certificate, NID_key_usage, -1))),
                     1);
    assert_int_equal(X509_get_extended_key_usage(certificate), XKU_SSL_CLIENT);
    assert_int_equal(X509_check_purpose(certificate, X509_PURPOSE_SSL_CLIENT, 0), 1);
    /* RFC 7093 section 2: the leftmost 160 bits of the SHA-256 of the key. */
    assert_int_equal(EVP_Digest(ASN1_STRING_get0_data(key), (size_t)ASN1_STRING_length(key), digest,
                                NULL, EVP_sha256(), NULL),
                     1);
    assert_int_equal(ASN1_STRING_length(id), 20);
    assert_memory_equal(ASN1_STRING_get0_data(id), digest, 20);
}

static void openssl_takes_the_certificates(void **state)
{
    (void)state;
    for (size_t i = 0; i < KINDS; i++) {
        X509 *certificate = NULL;
        fixture f;

        make_fixture(&kinds[i], &f);
        certificate = make_certificate(&f, BEFORE_MS, AFTER_MS);
        assert_int_equal(X509_verify(certificate, f.key), 1);
        assert_int_equal(X509_self_signed(certificate, 1), 1);
        assert_int_equal(X509_get_version(certificate), 2);
        check_subject(X509_get_subject_name(certificate));
        check_subject(X509_get_issuer_name(certificate));
        check_extensions(certificate);
        X509_free(certificate);
        free_fixture(&f);
    }
}

static void serial_numbers_are_positive_and_of_16_bytes(void **state)
{
    static const uint8_t first[] = { 0x00, 0x01, 0x3f, 0x40, 0x7f, 0x80, 0xff };
    fixture f;

    (void)state;
    make_fixture(&kinds[6], &f);
    for (size_t i = 0; i < sizeof(first); i++) {
        X509 *certificate = NULL;
        const ASN1_INTEGER *serial = NULL;

        random_byte = first[i];
        certificate = make_certificate(&f, BEFORE_MS, AFTER_MS);
        serial = X509_get0_serialNumber(certificate);
        assert_int_equal(ASN1_STRING_type(serial), V_ASN1_INTEGER);
        assert_int_equal(ASN1_STRING_length(serial), 16);
        assert_int_equal(ASN1_STRING_get0_data(serial)[0], (first[i] & 0x7f) | 0x40);
        assert_int_equal(ASN1_STRING_get0_data(serial)[15], 0x11);
        X509_free(certificate);
    }
    free_fixture(&f);
}

static void check_time(const ASN1_TIME *time, const char *text)
{
    int type = strlen(text) == 13 ? V_ASN1_UTCTIME : V_ASN1_GENERALIZEDTIME;

    assert_int_equal(ASN1_STRING_type(time), type);
    assert_int_equal(ASN1_STRING_length(time), strlen(text));
    assert_memory_equal(ASN1_STRING_get0_data(time), text, strlen(text));
}

static void times_are_as_rfc_5280_has_them(void **state)
{
    static const struct {
        int64_t ms;
        const char *text;
    } rows[] = {
        { 0, "700101000000Z" },
        { INT64_C(946684799999), "991231235959Z" },
        { INT64_C(951782400000), "000229000000Z" },
        { INT64_C(951868800000), "000301000000Z" },
        { INT64_C(1704067199000), "231231235959Z" },
        { INT64_C(1709210096000), "240229123456Z" },
        { INT64_C(2524607999999), "491231235959Z" },
        { INT64_C(2524608000000), "20500101000000Z" },
        { INT64_C(4107542400000), "21000301000000Z" },
        { INT64_C(4107542399000), "21000228235959Z" },
        { INT64_C(253402300799998), "99991231235959Z" },
    };
    fixture f;

    (void)state;
    make_fixture(&kinds[6], &f);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        X509 *certificate = make_certificate(&f, rows[i].ms, INT64_C(253402300799999));

        check_time(X509_get0_notBefore(certificate), rows[i].text);
        check_time(X509_get0_notAfter(certificate), "99991231235959Z");
        X509_free(certificate);
    }
    free_fixture(&f);
}

static int holds(const tpmc__buf *buf, const char *text)
{
    size_t len = strlen(text);

    for (size_t i = 0; i + len <= buf->len; i++) {
        if (memcmp(buf->data + i, text, len) == 0)
            return 1;
    }
    return 0;
}

/* The last of every month from 1970 to 2400, against the calendar counted up. */
static void every_month_is_right(void **state)
{
    static const int lengths[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    int64_t ms = 0;
    char text[32];
    fixture f;

    (void)state;
    make_fixture(&kinds[6], &f);
    for (int year = 1970; year <= 2400; year++) {
        int leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

        for (int month = 0; month < 12; month++) {
            int days = lengths[month] + (month == 1 && leap);
            tpmc__buf tbs;

            ms += INT64_C(86400000) * (days - 1);
            tpmc__buf_init(&tbs, ROOM);
            assert_int_equal(tpmc__x509_tbs_certificate(env, &f.subject, ms,
                                                        INT64_C(253402300799999), &tbs, NULL),
                             0);
            (void)snprintf(text, sizeof(text), "%s%02d%02d%02d000000Z",
                           year < 2050 ? "\x17\x0d" : "\x18\x0f", year < 2050 ? year % 100 : year,
                           month + 1, days);
            assert_true(holds(&tbs, text));
            tpmc__buf_free(&tbs);
            ms += INT64_C(86400000);
        }
    }
    free_fixture(&f);
}

static void check_refused(const tpmc__x509_subject *subject, int code, const char *words)
{
    static const char tbs_bytes[] = "\x30\x00";
    tpmc_error *err = NULL;
    tpmc__buf tbs;
    tpmc__buf out;

    assert_int_equal(tpmc_error_new(&err), 0);
    tpmc__buf_init(&out, ROOM);
    tpmc__buf_init(&tbs, ROOM);
    tpmc__buf_append(&tbs, tbs_bytes, 2);
    expect_failure(tpmc__x509_request_info(subject, &out, err), err, code, words);
    expect_failure(tpmc__x509_tbs_certificate(env, subject, BEFORE_MS, AFTER_MS, &out, err), err,
                   code, words);
    if (code != TPMC_ERR_ARGUMENT) /* the name is not looked at again */
        expect_failure(tpmc__x509_assemble(subject, &tbs, "s", 1, &out, err), err, code, words);
    assert_int_equal(out.len, 0);
    tpmc__buf_free(&tbs);
    tpmc_error_free(err);
}

static void wrong_subjects_are_refused(void **state)
{
    tpmc__x509_subject subject;
    uint8_t longer[300] = { 0 };
    fixture f;

    (void)state;
    make_fixture(&kinds[6], &f);
    subject = f.subject;
    subject.hash = TPMC__HASH_SHA1;
    check_refused(&subject, TPMC_ERR_UNSUPPORTED, "SHA-256, SHA-384 or SHA-512");
    subject = f.subject;
    subject.signature = TPMC__X509_RSA_PSS;
    check_refused(&subject, TPMC_ERR_UNSUPPORTED, "not one of RSA");
    subject = f.subject;
    subject.name = "device";
    check_refused(&subject, TPMC_ERR_ARGUMENT, "TYPE=VALUE");
    for (size_t len = 0; len < f.subject.spki.len; len++) {
        subject = f.subject;
        subject.spki.len = len;
        check_refused(&subject, TPMC_ERR_FORMAT, "SubjectPublicKeyInfo");
    }
    memcpy(longer, f.spki, f.subject.spki.len);
    subject.spki = (tpmc__span){ longer, f.subject.spki.len + 1 };
    check_refused(&subject, TPMC_ERR_FORMAT, "SubjectPublicKeyInfo");
    free_fixture(&f);
    make_fixture(&kinds[0], &f);
    subject = f.subject;
    subject.signature = TPMC__X509_ECDSA;
    check_refused(&subject, TPMC_ERR_UNSUPPORTED, "not one of EC");
    free_fixture(&f);
}

static void wrong_times_are_refused(void **state)
{
    static const struct {
        int64_t before;
        int64_t after;
        const char *words;
    } rows[] = {
        { -1, AFTER_MS, "1970" },
        { INT64_MIN, AFTER_MS, "1970" },
        { 0, INT64_C(253402300800000), "9999" },
        { 0, INT64_MAX, "9999" },
        { AFTER_MS, AFTER_MS, "ends before it begins" },
        { AFTER_MS, BEFORE_MS, "ends before it begins" },
    };
    tpmc_error *err = *state;
    tpmc__buf out;
    fixture f;

    make_fixture(&kinds[6], &f);
    tpmc__buf_init(&out, ROOM);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        expect_failure(
            tpmc__x509_tbs_certificate(env, &f.subject, rows[i].before, rows[i].after, &out, err),
            err, TPMC_ERR_ARGUMENT, rows[i].words);
    assert_int_equal(out.len, 0);
    free_fixture(&f);
}

static void failing_randomness_and_full_buffers_are_told(void **state)
{
    tpmc_error *err = *state;
    tpmc__buf out;
    fixture f;

    make_fixture(&kinds[6], &f);
    tpmc__buf_init(&out, 50);
    random_status = TPMC_ERR_IO;
    expect_failure(tpmc__x509_tbs_certificate(env, &f.subject, BEFORE_MS, AFTER_MS, &out, err), err,
                   TPMC_ERR_IO, "random");
    random_status = 0;
    expect_failure(tpmc__x509_tbs_certificate(env, &f.subject, BEFORE_MS, AFTER_MS, &out, err), err,
                   TPMC_ERR_ARGUMENT, "the certificate");
    tpmc__buf_free(&out);
    expect_failure(tpmc__x509_request_info(&f.subject, &out, err), err, TPMC_ERR_ARGUMENT,
                   "the certificate request");
    tpmc__buf_free(&out);
    free_fixture(&f);
}

static int make_all(void *context)
{
    fixture *f = context;
    tpmc__buf info;
    tpmc__buf tbs;
    tpmc__buf out;
    int status = 0;

    tpmc__buf_init(&info, ROOM);
    tpmc__buf_init(&tbs, ROOM);
    tpmc__buf_init(&out, ROOM);
    status = tpmc__x509_request_info(&f->subject, &info, NULL);
    if (status == 0)
        status = tpmc__x509_tbs_certificate(env, &f->subject, BEFORE_MS, AFTER_MS, &tbs, NULL);
    if (status == 0)
        status = tpmc__x509_assemble(&f->subject, &tbs, "signature", 9, &out, NULL);
    tpmc__buf_free(&info);
    tpmc__buf_free(&tbs);
    tpmc__buf_free(&out);
    return status;
}

static void lack_of_memory_is_told(void **state)
{
    fixture f;

    (void)state;
    make_fixture(&kinds[3], &f);
    assert_true(each_allocation(make_all, &f, TPMC_ERR_NOMEM) >= 40);
    free_fixture(&f);
}

static int set_up(void **state)
{
    static const tpmc__env_defaults defaults = { .random = make_random };

    (void)state;
    return tpmc__env_create(&defaults, &env, NULL);
}

static int tear_down(void **state)
{
    (void)state;
    tpmc_env_free(env);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(openssl_takes_the_requests),
        cmocka_unit_test(openssl_takes_the_certificates),
        cmocka_unit_test(serial_numbers_are_positive_and_of_16_bytes),
        cmocka_unit_test(times_are_as_rfc_5280_has_them),
        cmocka_unit_test(every_month_is_right),
        cmocka_unit_test(wrong_subjects_are_refused),
        WITH_ERROR(wrong_times_are_refused),
        WITH_ERROR(failing_randomness_and_full_buffers_are_told),
        cmocka_unit_test(lack_of_memory_is_told),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
