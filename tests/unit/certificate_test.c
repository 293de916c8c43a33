/* SPDX-License-Identifier: Apache-2.0 */
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <string.h>

#include "base/buf.h"
#include "codec/certificate.h"
#include "codec/pem.h"
#include "codec/spki.h"
#include "unit/codec_env.h"
#include "unit/each_allocation.h"
#include "unit/ek_certificate_data.h"
#include "unit/expect.h"

#define ROOM 8192
#define DAY_S INT64_C(86400)
#define NOW_S INT64_C(1800000000) /* 2027-01-15 */
#define NOW_MS (NOW_S * 1000)

static tpmc_env *env;
static EVP_PKEY *root_key;
static EVP_PKEY *other_key;
static X509 *root;
static X509 *intermediate;

/* What a certificate shall be like; the rest is that of an endorsement key's. */
typedef struct wish {
    EVP_PKEY *key;
    X509 *issuer; /* NULL: itself */
    EVP_PKEY *issuer_key;
    const char *name;
    int is_ca;
    int64_t from_s; /* from now */
    int64_t to_s;
    const char *critical; /* an OID of a critical extension */
} wish;

static void add_extension(X509 *certificate, const char *oid, int critical, const char *value)
{
    X509V3_CTX context;
    X509_EXTENSION *extension = NULL;
    char text[256];

    X509V3_set_ctx(&context, certificate, certificate, NULL, NULL, 0);
    (void)snprintf(text, sizeof(text), "%s%s", critical ? "critical," : "", value);
    extension = X509V3_EXT_nconf(NULL, &context, oid, text);
    assert_non_null(extension);
    assert_int_equal(X509_add_ext(certificate, extension, -1), 1);
    X509_EXTENSION_free(extension);
}

/* The TPM's maker, model and version: a critical alternative name, since the subject is empty. */
static void add_tpm_name(X509 *certificate)
{
    GENERAL_NAMES *names = sk_GENERAL_NAME_new_null();
    GENERAL_NAME *name = GENERAL_NAME_new();
    X509_NAME *directory = X509_NAME_new();
    ASN1_OBJECT *oid = OBJ_txt2obj("2.23.133.2.1", 1);

    assert_int_equal(X509_NAME_add_entry_by_OBJ(directory, oid, MBSTRING_UTF8,
                                                (const unsigned char *)"id:00001014", -1, -1, 0),
                     1);
    name->type = GEN_DIRNAME;
    name->d.directoryName = directory;
    assert_true(sk_GENERAL_NAME_push(names, name) > 0);
    assert_int_equal(X509_add1_ext_i2d(certificate, NID_subject_alt_name, names, 1, 0), 1);
    GENERAL_NAMES_free(names);
    ASN1_OBJECT_free(oid);
}

static X509 *make_certificate(const wish *w)
{
    X509 *certificate = X509_new();
    static long serial = 1;

    assert_int_equal(X509_set_version(certificate, 2), 1);
    assert_int_equal(ASN1_INTEGER_set(X509_get_serialNumber(certificate), serial++), 1);
    assert_non_null(ASN1_TIME_set(X509_getm_notBefore(certificate), (time_t)(NOW_S + w->from_s)));
    assert_non_null(ASN1_TIME_set(X509_getm_notAfter(certificate), (time_t)(NOW_S + w->to_s)));
    assert_int_equal(X509_set_pubkey(certificate, w->key), 1);
    if (w->name != NULL)
        assert_int_equal(X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN",
                                                    MBSTRING_UTF8, (const unsigned char *)w->name,
                                                    -1, -1, 0),
                         1);
    X509_set_issuer_name(certificate,
                         X509_get_subject_name(w->issuer != NULL ? w->issuer : certificate));
    if (w->is_ca) {
        add_extension(certificate, "basicConstraints", 1, "CA:TRUE");
        add_extension(certificate, "keyUsage", 1, "keyCertSign");
    } else {
        add_tpm_name(certificate);
        add_extension(certificate, "extendedKeyUsage", 0, "2.23.133.8.1");
        add_extension(certificate, "keyUsage", 1, "keyEncipherment");
    }
    if (w->critical != NULL)
        add_extension(certificate, w->critical, 1, "DER:05:00");
    assert_true(X509_sign(certificate, w->issuer_key, EVP_sha256()) > 0);
    return certificate;
}

static wish ek_wish(EVP_PKEY *key)
{
    return (wish){ key, intermediate, other_key, NULL, 0, -DAY_S, DAY_S, NULL };
}

static void add_pem(X509 *certificate, tpmc__buf *out)
{
    unsigned char *der = NULL;
    int len = i2d_X509(certificate, &der);

    assert_true(len > 0);
    assert_int_equal(tpmc__pem_write("CERTIFICATE", der, (size_t)len, out), 0);
    OPENSSL_free(der);
}

static void der_of(X509 *certificate, tpmc__buf *out)
{
    unsigned char *der = NULL;
    int len = i2d_X509(certificate, &der);

    assert_true(len > 0);
    tpmc__buf_init(out, ROOM);
    assert_int_equal(tpmc__buf_append(out, der, (size_t)len), 0);
    OPENSSL_free(der);
}

static void spki_of(EVP_PKEY *key, tpmc__buf *out)
{
    unsigned char *der = NULL;
    int len = i2d_PUBKEY(key, &der);

    assert_true(len > 0);
    tpmc__buf_init(out, ROOM);
    assert_int_equal(tpmc__buf_append(out, der, (size_t)len), 0);
    OPENSSL_free(der);
}

/* Everything that one check takes. */
typedef struct input {
    tpmc__buf roots;
    tpmc__buf certificate;
    tpmc__buf spki;
    int64_t now_ms;
} input;

static void make_input(const wish *w, input *out)
{
    X509 *certificate = make_certificate(w);

    tpmc__buf_init(&out->roots, ROOM);
    add_pem(root, &out->roots);
    add_pem(intermediate, &out->roots);
    der_of(certificate, &out->certificate);
    spki_of(w->key, &out->spki);
    out->now_ms = NOW_MS;
    X509_free(certificate);
}

static void free_input(input *in)
{
    tpmc__buf_free(&in->roots);
    tpmc__buf_free(&in->certificate);
    tpmc__buf_free(&in->spki);
}

static int check(const input *in, tpmc_error *err)
{
    const tpmc__span roots = { in->roots.data, in->roots.len };
    const tpmc__span certificate = { in->certificate.data, in->certificate.len };
    const tpmc__span spki = { in->spki.data, in->spki.len };

    return tpmc__certificate_check_ek(env, &roots, &certificate, &spki, in->now_ms, err);
}

static void check_good(const input *in)
{
    tpmc_error *err = NULL;

    assert_int_equal(tpmc_error_new(&err), 0);
    expect_success(check(in, err), err);
    tpmc_error_free(err);
}

static void check_bad(const input *in, int code, const char *words)
{
    tpmc_error *err = NULL;

    assert_int_equal(tpmc_error_new(&err), 0);
    ERR_clear_error();
    ERR_raise(ERR_LIB_USER, 42);
    expect_failure(check(in, err), err, code, words);
    assert_int_equal(ERR_GET_REASON(ERR_get_error()), 42);
    assert_int_equal(ERR_get_error(), 0);
    tpmc_error_free(err);
}

/* As check_bad(), and frees the input. */
static void check_wish(const wish *w, int code, const char *words)
{
    input in;

    make_input(w, &in);
    if (code == 0)
        check_good(&in);
    else
        check_bad(&in, code, words);
    free_input(&in);
}

static void certificates_under_the_roots_are_good(void **state)
{
    static const char *const types[] = { "P-256", "P-384" };
    EVP_PKEY *rsa = EVP_RSA_gen(2048);
    wish w = ek_wish(rsa);
    input in;

    (void)state;
    check_wish(&w, 0, NULL);
    for (size_t i = 0; i < 2; i++) {
        EVP_PKEY *key = EVP_EC_gen(types[i]);

        w.key = key;
        check_wish(&w, 0, NULL);
        EVP_PKEY_free(key);
    }
    w.key = rsa;
    w.issuer = root;
    w.issuer_key = root_key;
    check_wish(&w, 0, NULL);
    /* Each is trusted: the intermediate needs no root. */
    w = ek_wish(rsa);
    make_input(&w, &in);
    tpmc__buf_clear(&in.roots);
    add_pem(intermediate, &in.roots);
    check_good(&in);
    /* Text and other blocks among them do no harm, nor does one that stands there twice. */
    tpmc__buf_append_text(&in.roots, "note\n-----BEGIN PUBLIC KEY-----\nMAA=\n"
                                     "-----END PUBLIC KEY-----\n");
    add_pem(intermediate, &in.roots);
    check_good(&in);
    free_input(&in);
    EVP_PKEY_free(rsa);
}

static void time_counts(void **state)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    wish w = ek_wish(key);
    input in;

    (void)state;
    w.to_s = -1;
    check_wish(&w, TPMC_ERR_INTEGRITY, "certificate has expired");
    w = ek_wish(key);
    w.from_s = 1;
    check_wish(&w, TPMC_ERR_INTEGRITY, "not yet valid");
    w.from_s = 0;
    w.to_s = 10;
    make_input(&w, &in);
    check_good(&in);
    in.now_ms = NOW_MS - 1;
    check_bad(&in, TPMC_ERR_INTEGRITY, "not yet valid");
    in.now_ms = NOW_MS + 11000;
    check_bad(&in, TPMC_ERR_INTEGRITY, "expired");
    /* The intermediate's own time counts as well. */
    in.now_ms = NOW_MS + 2000 * DAY_S * 1000;
    check_bad(&in, TPMC_ERR_INTEGRITY, "expired");
    free_input(&in);
    EVP_PKEY_free(key);
}

static void other_issuers_are_not_trusted(void **state)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    wish w = ek_wish(key);
    wish ca = { other_key, NULL, other_key, "Root", 1, -DAY_S, DAY_S, NULL };
    X509 *namesake = make_certificate(&ca);
    input in;

    (void)state;
    make_input(&w, &in);
    tpmc__buf_clear(&in.roots);
    add_pem(namesake, &in.roots);
    check_bad(&in, TPMC_ERR_INTEGRITY, "unable to get local issuer certificate");
    free_input(&in);
    /* The same name with another key. */
    w.issuer = root;
    w.issuer_key = root_key;
    make_input(&w, &in);
    tpmc__buf_clear(&in.roots);
    add_pem(namesake, &in.roots);
    check_bad(&in, TPMC_ERR_INTEGRITY, "cannot be trusted");
    free_input(&in);
    /* Signed by itself. */
    w.issuer = NULL;
    w.issuer_key = key;
    w.name = "EK";
    check_wish(&w, TPMC_ERR_INTEGRITY, "cannot be trusted");
    X509_free(namesake);
    EVP_PKEY_free(key);
}

static void leaves_issue_nothing(void **state)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    wish leaf = { other_key, root, root_key, "Leaf", 0, -DAY_S, DAY_S, NULL };
    X509 *issuer = make_certificate(&leaf);
    wish w = { key, issuer, other_key, NULL, 0, -DAY_S, DAY_S, NULL };
    input in;

    (void)state;
    make_input(&w, &in);
    add_pem(issuer, &in.roots);
    check_bad(&in, TPMC_ERR_INTEGRITY, "cannot be trusted");
    free_input(&in);
    X509_free(issuer);
    EVP_PKEY_free(key);
}

static void another_key_is_noticed(void **state)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    EVP_PKEY *second = EVP_EC_gen("P-256");
    EVP_PKEY *rsa = EVP_RSA_gen(2048);
    wish w = ek_wish(key);
    input in;

    (void)state;
    make_input(&w, &in);
    tpmc__buf_free(&in.spki);
    spki_of(second, &in.spki);
    check_bad(&in, TPMC_ERR_INTEGRITY, "about another key");
    tpmc__buf_free(&in.spki);
    spki_of(rsa, &in.spki);
    check_bad(&in, TPMC_ERR_INTEGRITY, "about another key");
    tpmc__buf_append_byte(&in.spki, 0);
    check_bad(&in, TPMC_ERR_FORMAT, "the endorsement key is not a well-formed");
    free_input(&in);
    EVP_PKEY_free(key);
    EVP_PKEY_free(second);
    EVP_PKEY_free(rsa);
}

/* Replaces the only run of `from` by `to`; both are `len` long. */
static void replace(tpmc__buf *in, const void *from, const void *to, size_t len)
{
    size_t count = 0;

    for (size_t i = 0; i + len <= in->len; i++) {
        if (memcmp(in->data + i, from, len) != 0)
            continue;
        memcpy(in->data + i, to, len);
        count++;
    }
    assert_int_equal(count, 1);
}

/* Signs again what was changed. */
static void sign_again(tpmc__buf *der, EVP_PKEY *key)
{
    const unsigned char *at = der->data;
    X509 *certificate = d2i_X509(NULL, &at, (long)der->len);
    unsigned char *again = NULL;
    int len = 0;

    assert_non_null(certificate);
    assert_true(X509_sign(certificate, key, EVP_sha256()) > 0);
    len = i2d_X509(certificate, &again);
    tpmc__buf_clear(der);
    assert_int_equal(tpmc__buf_append(der, again, (size_t)len), 0);
    OPENSSL_free(again);
    X509_free(certificate);
}

static const uint8_t plain_label[] = { 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05 };
static const uint8_t oaep_label[] = { 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x07, 0x05 };

/* As make_input(), with the certificate's key labelled id-RSAES-OAEP, as Infineon's are. */
static void make_oaep_input(const wish *w, input *out)
{
    make_input(w, out);
    replace(&out->certificate, plain_label, oaep_label, sizeof(plain_label));
    sign_again(&out->certificate, w->issuer_key);
    replace(&out->certificate, oaep_label, oaep_label, sizeof(oaep_label));
}

static void check_oaep_wish(const wish *w, const char *words)
{
    input in;

    make_oaep_input(w, &in);
    check_bad(&in, TPMC_ERR_INTEGRITY, words);
    free_input(&in);
}

static void keys_labelled_oaep_are_the_same(void **state)
{
    EVP_PKEY *key = EVP_RSA_gen(2048);
    EVP_PKEY *second = EVP_RSA_gen(2048);
    wish w = ek_wish(key);
    input in;

    (void)state;
    make_oaep_input(&w, &in);
    check_good(&in);
    in.certificate.data[in.certificate.len - 1] ^= 1;
    check_bad(&in, TPMC_ERR_INTEGRITY, "signature failure");
    tpmc__buf_free(&in.spki);
    spki_of(second, &in.spki);
    check_bad(&in, TPMC_ERR_INTEGRITY, "about another key");
    free_input(&in);
    EVP_PKEY_free(key);
    EVP_PKEY_free(second);
}

/* OpenSSL leaves the first certificate to us then. */
static void keys_labelled_oaep_are_checked_as_others(void **state)
{
    EVP_PKEY *key = EVP_RSA_gen(2048);
    wish leaf = { other_key, root, root_key, "Leaf", 0, -DAY_S, DAY_S, NULL };
    X509 *issuer = make_certificate(&leaf);
    wish w = ek_wish(key);
    input in;

    (void)state;
    w.to_s = -1;
    check_oaep_wish(&w, "expired");
    w = ek_wish(key);
    w.from_s = 1;
    check_oaep_wish(&w, "not yet valid");
    w = ek_wish(key);
    w.critical = "1.2.3.4";
    check_oaep_wish(&w, "unhandled critical extension");
    w.critical = "2.23.133.2.16";
    make_oaep_input(&w, &in);
    check_good(&in);
    in.now_ms = NOW_MS + 2000 * DAY_S * 1000;
    check_bad(&in, TPMC_ERR_INTEGRITY, "expired");
    in.now_ms = NOW_MS;
    tpmc__buf_clear(&in.roots);
    add_pem(root, &in.roots);
    check_bad(&in, TPMC_ERR_INTEGRITY, "unable to get local issuer certificate");
    free_input(&in);
    w = ek_wish(key);
    w.issuer = issuer;
    make_oaep_input(&w, &in);
    add_pem(issuer, &in.roots);
    check_bad(&in, TPMC_ERR_INTEGRITY, "cannot be trusted");
    free_input(&in);
    X509_free(issuer);
    EVP_PKEY_free(key);
}

static void critical_extensions_are_known_or_the_tcgs(void **state)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    wish w = ek_wish(key);

    (void)state;
    w.critical = "2.23.133.2.16";
    check_wish(&w, 0, NULL);
    w.critical = "1.2.3.4";
    check_wish(&w, TPMC_ERR_INTEGRITY, "unhandled critical extension");
    w.critical = "2.23.134.1";
    check_wish(&w, TPMC_ERR_INTEGRITY, "unhandled critical extension");
    EVP_PKEY_free(key);
}

static void padding_is_passed_over(void **state)
{
    static const uint8_t fill[] = { 0x00, 0xff };
    EVP_PKEY *key = EVP_EC_gen("P-256");
    wish w = ek_wish(key);
    input in;

    (void)state;
    for (size_t i = 0; i < sizeof(fill); i++) {
        make_input(&w, &in);
        for (int n = 0; n < 700; n++) {
            tpmc__buf_append_byte(&in.certificate, fill[i]);
            if (n % 100 == 0)
                check_good(&in);
        }
        tpmc__buf_append_byte(&in.certificate, (uint8_t)~fill[i]);
        check_bad(&in, TPMC_ERR_FORMAT, "something follows the endorsement key's certificate");
        free_input(&in);
    }
    make_input(&w, &in);
    tpmc__buf_append_byte(&in.certificate, 0x30);
    check_bad(&in, TPMC_ERR_FORMAT, "something follows");
    free_input(&in);
    EVP_PKEY_free(key);
}

static void malformed_certificates_are_refused(void **state)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    wish w = ek_wish(key);
    input in;
    size_t len = 0;

    (void)state;
    make_input(&w, &in);
    len = in.certificate.len;
    for (in.certificate.len = 0; in.certificate.len < len; in.certificate.len++)
        check_bad(&in, TPMC_ERR_FORMAT, "no certificate in DER, or it is cut short");
    tpmc__buf_clear(&in.certificate);
    tpmc__buf_append(&in.certificate, "\x30\x03\x02\x01\x05\xff\xff", 7);
    check_bad(&in, TPMC_ERR_FORMAT, "certificate is not well formed");
    tpmc__buf_clear(&in.certificate);
    tpmc__buf_append_text(&in.certificate, "-----BEGIN CERTIFICATE-----\n");
    check_bad(&in, TPMC_ERR_FORMAT, "no certificate in DER");
    free_input(&in);
    EVP_PKEY_free(key);
}

static void malformed_roots_are_refused(void **state)
{
    static const char bad[] = "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n";
    EVP_PKEY *key = EVP_EC_gen("P-256");
    wish w = ek_wish(key);
    input in;

    (void)state;
    make_input(&w, &in);
    tpmc__buf_append_text(&in.roots, bad);
    check_bad(&in, TPMC_ERR_FORMAT, "certificate 3 of the trusted certificates is not well formed");
    tpmc__buf_append_text(&in.roots, "-----BEGIN X-----\n");
    tpmc__buf_clear(&in.roots);
    tpmc__buf_append_text(&in.roots, "-----BEGIN CERTIFICATE-----\nMAA=\n");
    check_bad(&in, TPMC_ERR_FORMAT, "the trusted certificates: ");
    tpmc__buf_clear(&in.roots);
    tpmc__buf_append_text(&in.roots, "hello");
    check_bad(&in, TPMC_ERR_FORMAT, "no CERTIFICATE block");
    tpmc__buf_clear(&in.roots);
    check_bad(&in, TPMC_ERR_FORMAT, "no CERTIFICATE block");
    tpmc__buf_append_text(&in.roots, "-----BEGIN CERTIFICATE-----\nProc-Type: 4,ENCRYPTED\n\nMAA=\n"
                                     "-----END CERTIFICATE-----\n");
    check_bad(&in, TPMC_ERR_FORMAT, "certificate 1 of the trusted certificates");
    free_input(&in);
    EVP_PKEY_free(key);
}

static void sizes_have_ceilings(void **state)
{
    static char large[TPMC__CERTIFICATES_MAX + 1];
    const tpmc__span too_large = { large, sizeof(large) };
    tpmc__span spki = { "", 0 };
    tpmc__span roots = { swtpm_root, sizeof(swtpm_root) - 1 };
    tpmc_error *err = *state;

    expect_failure(tpmc__certificate_check_ek(env, &too_large, &spki, &spki, 0, err), err,
                   TPMC_ERR_FORMAT, "the trusted certificates are larger than 524288 bytes");
    expect_failure(tpmc__certificate_check_ek(env, &roots, &too_large, &spki, 0, err), err,
                   TPMC_ERR_FORMAT, "certificate is larger than 524288 bytes");
}

/* The content of the only block of a PEM text, and the key that it is about. */
static void read_pem(const char *pem, input *out)
{
    const unsigned char *at = NULL;
    X509 *certificate = NULL;
    EVP_PKEY *key = NULL;
    tpmc__pem_block block;
    size_t offset = 0;

    assert_int_equal(tpmc__pem_next(pem, strlen(pem), &offset, &block, NULL), 1);
    out->certificate = block.der;
    at = block.der.data;
    certificate = d2i_X509(NULL, &at, (long)block.der.len);
    key = X509_get_pubkey(certificate);
    spki_of(key, &out->spki);
    EVP_PKEY_free(key);
    X509_free(certificate);
}

static void those_of_swtpm_are_good(void **state)
{
    static const char *const certificates[] = { swtpm_ek_rsa, swtpm_ek_ecc };

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        input in;

        read_pem(certificates[i], &in);
        in.now_ms = NOW_MS;
        tpmc__buf_init(&in.roots, ROOM);
        tpmc__buf_append_text(&in.roots, swtpm_root);
        check_bad(&in, TPMC_ERR_INTEGRITY, "unable to get local issuer certificate");
        tpmc__buf_append_text(&in.roots, swtpm_issuer);
        check_good(&in);
        tpmc__buf_clear(&in.roots);
        tpmc__buf_append_text(&in.roots, swtpm_issuer);
        check_good(&in);
        in.now_ms = INT64_C(1700000000000);
        check_bad(&in, TPMC_ERR_INTEGRITY, "not yet valid");
        in.certificate.data[in.certificate.len - 1] ^= 1;
        in.now_ms = NOW_MS;
        check_bad(&in, TPMC_ERR_INTEGRITY, "signature failure");
        free_input(&in);
    }
}

static int check_once(void *context)
{
    return check(context, NULL);
}

static void lack_of_memory_is_told(void **state)
{
    input in;

    (void)state;
    read_pem(swtpm_ek_ecc, &in);
    in.now_ms = NOW_MS;
    tpmc__buf_init(&in.roots, ROOM);
    tpmc__buf_append_text(&in.roots, swtpm_issuer);
    assert_true(each_allocation(check_once, &in, TPMC_ERR_NOMEM) >= 2);
    free_input(&in);
}

static int set_up(void **state)
{
    wish w = { NULL, NULL, NULL, "Root", 1, -1000 * DAY_S, 1000 * DAY_S, NULL };
    int status = setup_env(state);

    env = *state;
    root_key = EVP_EC_gen("P-384");
    other_key = EVP_RSA_gen(2048);
    w.key = root_key;
    w.issuer_key = root_key;
    root = make_certificate(&w);
    w.key = other_key;
    w.issuer = root;
    w.name = "Intermediate";
    intermediate = make_certificate(&w);
    return status;
}

static int tear_down(void **state)
{
    X509_free(intermediate);
    X509_free(root);
    EVP_PKEY_free(other_key);
    EVP_PKEY_free(root_key);
    *state = env;
    return teardown_env(state);
}

static int is_signed(X509 *child, X509 *issuer)
{
    tpmc__buf below;
    tpmc__buf above;
    int found = 7;

    der_of(child, &below);
    der_of(issuer, &above);
    assert_int_equal(tpmc__certificate_is_signed_by(env, &(tpmc__span){ below.data, below.len },
                                                    &(tpmc__span){ above.data, above.len }, &found,
                                                    NULL),
                     0);
    tpmc__buf_free(&below);
    tpmc__buf_free(&above);
    return found;
}

static void signatures_link_certificates(void **state)
{
    static const tpmc__span garbage = { "\x30", 2 };
    int found = 7;

    (void)state;
    assert_int_equal(is_signed(intermediate, root), 1);
    assert_int_equal(is_signed(root, root), 1);
    assert_int_equal(is_signed(intermediate, intermediate), 0);
    assert_int_equal(is_signed(root, intermediate), 0);
    ERR_clear_error();
    assert_int_equal(tpmc__certificate_is_signed_by(env, &garbage, &garbage, &found, NULL), 0);
    assert_int_equal(found, 0);
    assert_int_equal(ERR_peek_error(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(certificates_under_the_roots_are_good),
        cmocka_unit_test(time_counts),
        cmocka_unit_test(other_issuers_are_not_trusted),
        cmocka_unit_test(leaves_issue_nothing),
        cmocka_unit_test(another_key_is_noticed),
        cmocka_unit_test(keys_labelled_oaep_are_the_same),
        cmocka_unit_test(keys_labelled_oaep_are_checked_as_others),
        cmocka_unit_test(critical_extensions_are_known_or_the_tcgs),
        cmocka_unit_test(padding_is_passed_over),
        cmocka_unit_test(malformed_certificates_are_refused),
        cmocka_unit_test(malformed_roots_are_refused),
        WITH_ERROR(sizes_have_ceilings),
        cmocka_unit_test(those_of_swtpm_are_good),
        cmocka_unit_test(lack_of_memory_is_told),
        cmocka_unit_test(signatures_link_certificates),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
