/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/certificate_read.h"

#include "base/error_int.h"

#include "unit/certificate_maker.h"
#include "unit/codec_env.h"
#include "unit/expect.h"

#define ROOM 8192

static EVP_PKEY *key;
static EVP_PKEY *ca_key;

static int setup(void **state)
{
    key = EVP_EC_gen("P-256");
    ca_key = EVP_RSA_gen(2048);
    return setup_env(state);
}

static int teardown(void **state)
{
    EVP_PKEY_free(key);
    EVP_PKEY_free(ca_key);
    return teardown_env(state);
}

static made_wish plain_wish(void)
{
    made_wish w = { 0 };

    w.key = key;
    w.subject = "device";
    w.issuer = "authority";
    w.issuer_key = ca_key;
    return w;
}

static int read_wish(const made_wish *w, tpmc__buf *der, tpmc__certificate *out, tpmc_error *err)
{
    tpmc__buf_init(der, ROOM);
    made_der(w, der);
    return tpmc__certificate_read(der->data, der->len, out, err);
}

static void facts_are_read(void **state)
{
    made_wish w = plain_wish();
    X509 *same = made_x509(&w);
    tpmc__span spki = made_spki(key);
    tpmc__certificate got;
    tpmc__buf der;
    uint8_t found[TPMC__DIGEST_MAX];
    uint8_t expected[EVP_MAX_MD_SIZE];
    unsigned len = 0;

    assert_int_equal(read_wish(&w, &der, &got, NULL), 0);
    assert_int_equal(got.version, 3);
    assert_int_equal(got.is_ca, 0);
    assert_int_equal(got.has_key_usage, 1);
    assert_int_equal(got.may_sign, 1);
    assert_null(got.weak_hash);
    assert_int_equal(got.not_before_ms, (MADE_NOW_S - MADE_DAY_S) * 1000);
    assert_int_equal(got.not_after_ms, (MADE_NOW_S + MADE_DAY_S) * 1000);
    assert_ptr_equal(got.der.data, der.data);
    assert_int_equal(got.der.len, der.len);
    assert_int_equal(got.spki.len, spki.len);
    assert_memory_equal(got.spki.data, spki.data, spki.len);
    assert_int_equal(got.subject.len, 19);
    assert_memory_equal((const uint8_t *)got.subject.data + 13, "device", 6);
    assert_int_equal(got.issuer.len, 22);
    assert_memory_equal((const uint8_t *)got.issuer.data + 13, "authority", 9);
    assert_int_equal(tpmc__certificate_thumbprint(*state, &got, TPMC__HASH_SHA1, found, NULL), 0);
    assert_int_equal(EVP_Digest(der.data, der.len, expected, &len, EVP_sha1(), NULL), 1);
    assert_memory_equal(found, expected, 20);
    assert_int_equal(tpmc__certificate_thumbprint(*state, &got, TPMC__HASH_SHA256, found, NULL), 0);
    assert_int_equal(EVP_Digest(der.data, der.len, expected, &len, EVP_sha256(), NULL), 1);
    assert_memory_equal(found, expected, 32);
    tpmc__buf_free(&der);
    made_spki_free(&spki);
    X509_free(same);
}

static void kinds_are_told_apart(void **state)
{
    made_wish w = plain_wish();
    tpmc__certificate got;
    tpmc__buf der;

    (void)state;
    w.is_ca = 1;
    w.key_usage = "keyCertSign";
    assert_int_equal(read_wish(&w, &der, &got, NULL), 0);
    assert_int_equal(got.is_ca, 1);
    assert_int_equal(got.has_key_usage, 1);
    assert_int_equal(got.may_sign, 0);
    tpmc__buf_free(&der);
    w.key_usage = "";
    assert_int_equal(read_wish(&w, &der, &got, NULL), 0);
    assert_int_equal(got.has_key_usage, 0);
    assert_int_equal(got.may_sign, 1);
    tpmc__buf_free(&der);
    w.is_v1 = 1;
    assert_int_equal(read_wish(&w, &der, &got, NULL), 0);
    assert_int_equal(got.version, 1);
    assert_int_equal(got.is_ca, 0);
    tpmc__buf_free(&der);
}

static void serials_are_decimal(void **state)
{
    static const struct {
        const char *hex;
        const char *decimal;
    } rows[] = {
        { "0", "0" },
        { "1", "1" },
        { "80", "128" },
        { "FFFFFFFFFFFFFFFF", "18446744073709551615" },
        { "10000000000000000", "18446744073709551616" },
        { "8000000000000000000000000000000000000000",
          "730750818665451459101842416358141509827966271488" },
        { "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF",
          "1461501637330902918203684832716283019655932542975" },
    };
    made_wish w = plain_wish();

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        tpmc__certificate got;
        tpmc__buf der;
        tpmc__buf text;

        w.serial_hex = rows[i].hex;
        assert_int_equal(read_wish(&w, &der, &got, NULL), 0);
        tpmc__buf_init(&text, 100);
        assert_int_equal(tpmc__certificate_serial_text(&got, &text), 0);
        assert_string_equal((const char *)text.data, rows[i].decimal);
        tpmc__buf_free(&text);
        tpmc__buf_free(&der);
    }
}

static void serials_that_no_service_takes_are_refused(void **state)
{
    made_wish w = plain_wish();
    tpmc_error *err = *state;
    tpmc__certificate got;
    tpmc__buf der;

    w.serial_hex = "-1";
    expect_failure(read_wish(&w, &der, &got, err), err, TPMC_ERR_FORMAT,
                   "negative serial number, which no service takes");
    tpmc__buf_free(&der);
    w.serial_hex = "010000000000000000000000000000000000000000";
    expect_failure(read_wish(&w, &der, &got, err), err, TPMC_ERR_FORMAT,
                   "serial number of the certificate is longer than 20 octets");
    tpmc__buf_free(&der);
}

static void broken_hashes_are_named(void **state)
{
    made_wish w = plain_wish();
    tpmc__certificate got;
    tpmc__buf der;

    (void)state;
    w.hash = EVP_sha1();
    assert_int_equal(read_wish(&w, &der, &got, NULL), 0);
    assert_string_equal(got.weak_hash, "SHA-1");
    tpmc__buf_free(&der);
    w.hash = EVP_md5();
    assert_int_equal(read_wish(&w, &der, &got, NULL), 0);
    assert_string_equal(got.weak_hash, "MD5");
    tpmc__buf_free(&der);
    w.hash = EVP_sha1();
    w.issuer_key = key;
    assert_int_equal(read_wish(&w, &der, &got, NULL), 0);
    assert_string_equal(got.weak_hash, "SHA-1");
    tpmc__buf_free(&der);
}

/* Signs it once more, with PSS. */
static void sign_pss(X509 *certificate, const EVP_MD *hash, tpmc__buf *out)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    EVP_PKEY_CTX *options = NULL;
    unsigned char *der = NULL;
    int len = 0;

    assert_int_equal(EVP_DigestSignInit(context, &options, hash, NULL, ca_key), 1);
    assert_int_equal(EVP_PKEY_CTX_set_rsa_padding(options, RSA_PKCS1_PSS_PADDING), 1);
    assert_true(X509_sign_ctx(certificate, context) > 0);
    EVP_MD_CTX_free(context);
    len = i2d_X509(certificate, &der);
    assert_true(len > 0);
    tpmc__buf_init(out, ROOM);
    assert_int_equal(tpmc__buf_append(out, der, (size_t)len), 0);
    OPENSSL_free(der);
}

static void pss_has_its_hash_in_the_parameters(void **state)
{
    made_wish w = plain_wish();
    X509 *certificate = made_x509(&w);
    tpmc__certificate got;
    tpmc__buf der;

    (void)state;
    sign_pss(certificate, EVP_sha256(), &der);
    assert_int_equal(tpmc__certificate_read(der.data, der.len, &got, NULL), 0);
    assert_null(got.weak_hash);
    tpmc__buf_free(&der);
    /* SHA-1 is the default and is not written. */
    sign_pss(certificate, EVP_sha1(), &der);
    assert_int_equal(tpmc__certificate_read(der.data, der.len, &got, NULL), 0);
    assert_string_equal(got.weak_hash, "SHA-1");
    tpmc__buf_free(&der);
    X509_free(certificate);
}

static void every_cut_is_refused(void **state)
{
    made_wish w = plain_wish();
    tpmc_error *err = *state;
    tpmc__certificate got;
    tpmc__buf der;

    assert_int_equal(read_wish(&w, &der, &got, err), 0);
    for (size_t len = 0; len < der.len; len++)
        expect_failure(tpmc__certificate_read(der.data, len, &got, err), err, TPMC_ERR_FORMAT,
                       "no certificate in DER, or the certificate is cut short");
    assert_int_equal(tpmc__buf_append_byte(&der, 0), 0);
    expect_failure(tpmc__certificate_read(der.data, der.len, &got, err), err, TPMC_ERR_FORMAT,
                   "something follows the certificate");
    tpmc__buf_free(&der);
}

/* Writes `to` over the only place where `from` stands. */
static void patch(tpmc__buf *der, const void *from, size_t len, const void *to)
{
    for (size_t i = 0; i + len <= der->len; i++) {
        if (memcmp(der->data + i, from, len) == 0) {
            memcpy(der->data + i, to, len);
            return;
        }
    }
    fail_msg("there is nothing to patch");
}

typedef struct patch_row {
    const char *from;
    size_t len;
    const char *to;
    const char *words;
} patch_row;

#define ROW(from, to, words)                                                                       \
    {                                                                                              \
        from, sizeof(from) - 1, to, words                                                          \
    }

static void each_part_is_named(void **state)
{
    static const patch_row rows[] = {
        ROW("\xa0\x03\x02\x01\x02", "\xa0\x03\x02\x01\x03", "the version of"),
        ROW("\xa0\x03\x02\x01\x02", "\xa0\x03\x04\x01\x02", "the version of"),
        ROW("\x02\x01\x02\x02\x01\x01", "\x02\x01\x02\x04\x01\x01", "the serial number of"),
        ROW("270114080000Z", "271314080000Z", "the validity of"),
        ROW("270116080000Z", "270116080000A", "the validity of"),
        ROW("\x03\x55\x1d\x13\x04\x02\x30\x00", "\x03\x55\x1d\x13\x04\x02\x31\x00",
            "the extension basicConstraints of"),
        ROW("\x04\x04\x03\x02\x07\x80", "\x04\x04\x03\x02\x08\x80", "the extension keyUsage of"),
        ROW("\x04\x04\x03\x02\x07\x80", "\x05\x04\x03\x02\x07\x80", "the list of extensions of"),
        ROW("\x55\x1d\x13\x04\x02\x30\x00", "\x55\x1d\x0f\x04\x02\x30\x00",
            "the extension keyUsage of"),
        ROW("\x2a\x86\x48\xce\x3d\x02\x01", "\x2a\x86\x48\xce\x3d\x02\x02", NULL),
        ROW("\x86\xf7\x0d\x01\x01\x0b", "\x86\xf7\x0d\x01\x01\x0c", "the signature algorithm of"),
    };
    made_wish w = plain_wish();
    tpmc_error *err = *state;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        tpmc__certificate got;
        tpmc__buf der;
        int status = read_wish(&w, &der, &got, err);

        assert_int_equal(status, 0);
        patch(&der, rows[i].from, rows[i].len, rows[i].to);
        tpmc__error_clear(err);
        status = tpmc__certificate_read(der.data, der.len, &got, err);
        if (rows[i].words == NULL)
            expect_success(status, err);
        else
            expect_failure(status, err, TPMC_ERR_FORMAT, rows[i].words);
        tpmc__buf_free(&der);
    }
}

static void both_ends_of_its_time_count(void **state)
{
    made_wish w = plain_wish();
    tpmc__certificate got;
    tpmc__buf der;

    (void)state;
    w.not_before = "20270115080000Z";
    w.not_after = "20270115090000Z";
    assert_int_equal(read_wish(&w, &der, &got, NULL), 0);
    assert_int_equal(tpmc__certificate_compare_time(&got, MADE_NOW_MS - 1), -1);
    assert_int_equal(tpmc__certificate_compare_time(&got, MADE_NOW_MS), 0);
    assert_int_equal(tpmc__certificate_compare_time(&got, MADE_NOW_MS + 3600999), 0);
    assert_int_equal(tpmc__certificate_compare_time(&got, MADE_NOW_MS + 3601000), 1);
    tpmc__buf_free(&der);
    w.not_before = "20491231235959Z";
    w.not_after = "20500101000000Z";
    assert_int_equal(read_wish(&w, &der, &got, NULL), 0);
    assert_int_equal(got.not_before_ms, INT64_C(2524607999000));
    assert_int_equal(got.not_after_ms, INT64_C(2524608000000));
    tpmc__buf_free(&der);
}

static void times_have_a_text(void **state)
{
    char text[TPMC__TIME_TEXT_SIZE];

    (void)state;
    tpmc__certificate_time_text(MADE_NOW_MS + 999, text, sizeof(text));
    assert_string_equal(text, "2027-01-15T08:00:00Z");
    tpmc__certificate_time_text(-1, text, sizeof(text));
    assert_string_equal(text, "1969-12-31T23:59:59Z");
    tpmc__certificate_time_text(MADE_NOW_MS, text, 5);
    assert_string_equal(text, "?");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(facts_are_read),
        cmocka_unit_test(kinds_are_told_apart),
        cmocka_unit_test(serials_are_decimal),
        WITH_ERROR(serials_that_no_service_takes_are_refused),
        cmocka_unit_test(broken_hashes_are_named),
        cmocka_unit_test(pss_has_its_hash_in_the_parameters),
        WITH_ERROR(every_cut_is_refused),
        WITH_ERROR(each_part_is_named),
        cmocka_unit_test(both_ends_of_its_time_count),
        cmocka_unit_test(times_have_a_text),
    };

    return cmocka_run_group_tests_name("codec/certificate_read", tests, setup, teardown);
}
