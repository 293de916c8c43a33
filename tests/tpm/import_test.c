/* SPDX-License-Identifier: Apache-2.0 */

/* From a software key to a key file that signs. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/x509.h>

#include "support/software_key.h"
#include "support/tpm_fixture.h"
#include "support/tss2_file.h"
#include "tpm/maker.h"

#define PASSWORD "import test password"

/* Signs on a new connection; the file holds the same public key as the software key. */
static void assert_file_works(fixture *f, const tpmc_bytes *pem, const char *password,
                              const EVP_PKEY *software)
{
    unsigned char *expected = NULL;
    int len = i2d_PUBKEY(software, &expected);
    tpmc_bytes *spki = NULL;
    tpmc_key *key = NULL;

    assert_true(len > 0);
    fixture_reconnect(f);
    assert_int_equal(fixture_key(f, pem, password, &key), 0);
    assert_int_equal(tpmc_key_public(key, &spki, f->err), 0);
    assert_int_equal(tpmc_bytes_len(spki), len);
    assert_memory_equal(tpmc_bytes_data(spki), expected, (size_t)len);
    assert_int_equal(fixture_sign(f, key, "RS256"), 0);
    assert_int_equal(fixture_sign(f, key, "PS256"), 0);
    tpmc_bytes_free(spki);
    tpmc_key_free(key);
    OPENSSL_free(expected);
}

static void every_form(void **state)
{
    static const software_key_form forms[] = { SOFTWARE_KEY_PKCS8_PEM, SOFTWARE_KEY_PKCS8_DER,
                                               SOFTWARE_KEY_PKCS1_PEM, SOFTWARE_KEY_PKCS1_DER,
                                               SOFTWARE_KEY_JSON };
    static const fixture_template t = { .password = PASSWORD };
    fixture f;
    char text[SOFTWARE_KEY_MAX];
    tpmc_bytes *pem = NULL;
    size_t len = 0;
    size_t i;

    (void)state;
    fixture_open(&f, 0);
    for (i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        len = software_key_write(software_key_rsa(2048), forms[i], text);
        assert_int_equal(fixture_import_bytes(&f, &t, text, len, &pem), 0);
        assert_file_works(&f, pem, PASSWORD, software_key_rsa(2048));
        tpmc_bytes_free(pem);
    }
    maker_teardown(&f);
}

/* What the TPM has, works; what it has not, is an error that names the size. */
static void sizes(void **state)
{
    static const struct {
        unsigned int bits;
        int must_work;
    } cases[] = { { 1024, 0 }, { 2048, 1 }, { 3072, 1 }, { 4096, 0 } };
    fixture f;
    char text[SOFTWARE_KEY_MAX];
    char number[8];
    tpmc_bytes *pem = NULL;
    size_t len = 0;
    size_t i;
    int rc = 0;

    (void)state;
    fixture_open(&f, 0);
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        len = software_key_write(software_key_rsa(cases[i].bits), SOFTWARE_KEY_PKCS8_PEM, text);
        rc = fixture_import_bytes(&f, NULL, text, len, &pem);
        if (rc == 0) {
            assert_file_works(&f, pem, NULL, software_key_rsa(cases[i].bits));
            tpmc_bytes_free(pem);
        } else {
            assert_false(cases[i].must_work);
            assert_int_equal(rc, TPMC_ERR_UNSUPPORTED);
            (void)snprintf(number, sizeof(number), "%u", cases[i].bits);
            assert_true(fixture_error_says(&f, number));
        }
    }
    maker_teardown(&f);
}

static void attributes(void **state)
{
    static const struct {
        fixture_template t;
        uint32_t attributes; /* sign, userWithAuth, and noDA unless protected */
        int empty_auth;
    } cases[] = {
        { { .password = NULL }, 0x00040440u, 1 },
        { { .password = PASSWORD }, 0x00040440u, 0 },
        { { .password = PASSWORD, .dictionary_attack = "1" }, 0x00040040u, 0 },
    };
    fixture f;
    tss2_file file;
    tpmc_bytes *pem = NULL;
    uint32_t found = 0;
    size_t i;

    (void)state;
    fixture_open(&f, 0);
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(fixture_import(&f, &cases[i].t, &pem), 0);
        tss2_file_read(tpmc_bytes_data(pem), tpmc_bytes_len(pem), &file);
        found = (uint32_t)file.public_area[6] << 24 | (uint32_t)file.public_area[7] << 16 |
                (uint32_t)file.public_area[8] << 8 | file.public_area[9];
        assert_int_equal(found & 0x00040440u, cases[i].attributes);
        /* No fixedTPM, fixedParent or restricted: it was made elsewhere and signs anything. */
        assert_int_equal(found & 0x00010012u, 0);
        assert_int_equal(file.empty_auth == 1, cases[i].empty_auth);
        assert_int_equal(file.type, 3);
        assert_int_equal(file.parent, 0x40000001u);
        tpmc_bytes_free(pem);
    }
    maker_teardown(&f);
}

static void to_hex(const uint8_t *bytes, size_t len, char *out)
{
    size_t i;

    for (i = 0; i < len; i++)
        (void)snprintf(out + 2 * i, 3, "%02x", bytes[i]);
}

/* The parent's Name, from the library and from the TPM by another way. */
static void parent_name(void **state)
{
    fixture f;
    char hex[2 * 66 + 1];
    fixture_template t = { .parent_name = hex };
    tpmc_bytes *area = NULL;
    tpmc_bytes *name = NULL;
    tpmc_bytes *pem = NULL;
    uint8_t expected[66];
    size_t expected_len = 0;
    uint32_t handle = 0;

    (void)state;
    fixture_open(&f, 0);
    assert_int_equal(tpm_raw_owner_primary(tpm_raw_h2_template, sizeof(tpm_raw_h2_template),
                                           &handle, expected, &expected_len),
                     0);
    assert_int_equal(tpm_raw_flush(handle), 0);
    assert_int_equal(tpmc_tpm_read_parent(f.tpm, NULL, &area, &name, f.err), 0);
    assert_int_equal(tpmc_bytes_len(name), expected_len);
    assert_memory_equal(tpmc_bytes_data(name), expected, expected_len);
    assert_true(tpmc_bytes_len(area) > 26);
    assert_true(fixture_holds_only_others(&f));
    assert_int_equal(tpmc_tpm_read_parent(f.tpm, NULL, NULL, NULL, f.err), 0);
    to_hex(expected, expected_len, hex);
    assert_int_equal(fixture_import(&f, &t, &pem), 0);
    assert_file_works(&f, pem, NULL, software_key_rsa(2048));
    tpmc_bytes_free(pem);
    hex[10] = hex[10] == '0' ? '1' : '0';
    tap_clear(f.tap);
    assert_int_equal(fixture_import(&f, &t, &pem), TPMC_ERR_INTEGRITY);
    assert_null(pem);
    assert_true(fixture_error_says(&f, "parent"));
    /* Nothing of the key has left this process. */
    assert_int_equal(tap_count_of(f.tap, TAP_CC_IMPORT), 0);
    assert_true(fixture_holds_only_others(&f));
    tpmc_bytes_free(area);
    tpmc_bytes_free(name);
    maker_teardown(&f);
}

static void description(void **state)
{
    static const fixture_template t = { .description = "the build server's key, rack 7" };
    fixture f;
    tpmc_bytes *pem = NULL;
    tpmc_bytes *json = NULL;
    tpmc_key *key = NULL;

    (void)state;
    fixture_open(&f, 0);
    assert_int_equal(fixture_import(&f, &t, &pem), 0);
    assert_int_equal(fixture_key(&f, pem, NULL, &key), 0);
    assert_int_equal(tpmc_key_describe(key, &json, f.err), 0);
    assert_non_null(strstr((const char *)tpmc_bytes_data(json), t.description));
    assert_file_works(&f, pem, NULL, software_key_rsa(2048));
    tpmc_bytes_free(json);
    tpmc_key_free(key);
    tpmc_bytes_free(pem);
    maker_teardown(&f);
}

/* The primes are nowhere on the bus. */
static void private_part_is_wrapped(void **state)
{
    static const char *const names[] = { "rsa-factor1", "rsa-factor2" };
    fixture f;
    unsigned char prime[128];
    BIGNUM *number = NULL;
    tpmc_bytes *pem = NULL;
    size_t i;

    (void)state;
    fixture_open(&f, 0);
    assert_int_equal(fixture_import(&f, NULL, &pem), 0);
    for (i = 0; i < 2; i++) {
        assert_int_equal(EVP_PKEY_get_bn_param(software_key_rsa(2048), names[i], &number), 1);
        assert_int_equal(BN_bn2binpad(number, prime, sizeof(prime)), sizeof(prime));
        assert_int_equal(tap_saw(f.tap, prime, 16), 0);
        BN_clear_free(number);
        number = NULL;
    }
    tpmc_bytes_free(pem);
    maker_teardown(&f);
}

/* Each input that is no RSA or EC private key, with words that name what it is. */
static void refused_inputs(void **state)
{
    fixture f;
    char text[SOFTWARE_KEY_MAX];
    tpmc_bytes *pem = NULL;
    EVP_PKEY *other = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    size_t len = 0;

    (void)state;
    assert_non_null(other);
    fixture_open(&f, 0);
    tap_clear(f.tap);
    len = software_key_write(other, SOFTWARE_KEY_PKCS8_PEM, text);
    assert_int_equal(fixture_import_bytes(&f, NULL, text, len, &pem), TPMC_ERR_UNSUPPORTED);
    len = software_key_write(software_key_rsa(2048), SOFTWARE_KEY_PKCS8_PEM, text);
    assert_int_equal(fixture_import_bytes(&f, NULL, text, len / 2, &pem), TPMC_ERR_FORMAT);
    len = software_key_write(software_key_rsa(2048), SOFTWARE_KEY_PKCS8_DER, text);
    assert_int_equal(fixture_import_bytes(&f, NULL, text, len - 1, &pem), TPMC_ERR_FORMAT);
    assert_int_equal(fixture_import_bytes(&f, NULL, "garbage", 7, &pem), TPMC_ERR_FORMAT);
    assert_int_equal(fixture_import_bytes(&f, NULL, "{}", 2, &pem), TPMC_ERR_FORMAT);
    assert_true(fixture_error_says(&f, "private_key"));
    assert_int_equal(fixture_import_bytes(&f, NULL, "{\"private_key\": 7}", 18, &pem),
                     TPMC_ERR_FORMAT);
    assert_null(pem);
    assert_int_equal(tap_count(f.tap), 0);
    EVP_PKEY_free(other);
    maker_teardown(&f);
}

/* A template is used by many imports at once, and frozen by the first. */
static void template_freezes(void **state)
{
    fixture f;
    char text[SOFTWARE_KEY_MAX];
    size_t len = software_key_write(software_key_rsa(2048), SOFTWARE_KEY_PKCS8_PEM, text);
    tpmc_key_template *t = NULL;
    tpmc_bytes *pem = NULL;
    int i;

    (void)state;
    fixture_open(&f, 0);
    assert_int_equal(tpmc_key_template_new(f.env, &t, f.err), 0);
    assert_int_equal(tpmc_key_template_set(t, "scheme", "rsassa", f.err), 0);
    for (i = 0; i < 2; i++) {
        assert_int_equal(tpmc_key_import(f.tpm, t, text, len, &pem, f.err), 0);
        tpmc_bytes_free(pem);
        assert_int_equal(tpmc_key_template_set(t, "scheme", "null", f.err), TPMC_ERR_STATE);
        assert_int_equal(tpmc_key_template_set_password(t, "x", 1, f.err), TPMC_ERR_STATE);
    }
    tpmc_key_template_free(t);
    maker_teardown(&f);
}

static void a_foreign_owner_password(void **state)
{
    fixture f;
    tpmc_bytes *pem = NULL;

    (void)state;
    fixture_open(&f, 0);
    assert_int_equal(tpm_raw_set_owner_password("", "somebody's"), 0);
    assert_int_equal(fixture_import(&f, NULL, &pem), TPMC_ERR_WRONG_PASSWORD);
    assert_true(fixture_error_says(&f, "owner"));
    assert_null(pem);
    fixture_reconnect(&f);
    assert_int_equal(
        tpmc_tpm_set_hierarchy_password(f.tpm, TPMC_HIERARCHY_OWNER, "somebody's", 10, f.err), 0);
    tap_clear(f.tap);
    assert_int_equal(fixture_import(&f, NULL, &pem), 0);
    assert_int_equal(tap_saw(f.tap, "somebody's", 10), 0);
    tpmc_bytes_free(pem);
    maker_teardown(&f);
}

static int import_with(fixture *f, const char *options, const char *password, const void *data,
                       size_t len, tpmc_bytes **pem)
{
    tpmc_key_template *t = maker_template(f, options, password);
    int rc = tpmc_key_import(f->tpm, t, data, len, pem, f->err);

    assert_int_equal(rc == 0, *pem != NULL);
    assert_int_equal(rc, tpmc_error_code(f->err));
    tpmc_key_template_free(t);
    return rc;
}

static const struct {
    const char *curve;
    const char *options;
    const char *algorithm;
} ec_keys[] = {
    { "P-256", "", "ES256" },
    { "P-256", "algorithm=ecc256 scheme=ecdsa", "ES256" },
    { "P-384", "", "ES384" },
    { "P-384", "scheme=ecdsa restricted=1", "ES384" },
    { "P-521", "", "ES512" },
    { "P-521", "algorithm=ecc521 scheme=ecdsa dictionary_attack=1", "ES512" },
    { "P-521", "scheme=ecdsa hash=sha256", "ECDSA-SHA256" },
};

static void elliptic_curves(void **state)
{
    fixture f;
    char text[SOFTWARE_KEY_MAX];
    size_t i;

    (void)state;
    fixture_open(&f, 0);
    for (i = 0; i < sizeof(ec_keys) / sizeof(ec_keys[0]); i++) {
        EVP_PKEY *software = EVP_EC_gen(ec_keys[i].curve);
        software_key_form form = i % 2 ? SOFTWARE_KEY_PKCS8_DER : SOFTWARE_KEY_PKCS1_PEM;
        const char *password = i % 2 ? PASSWORD : NULL;
        size_t len = software_key_write(software, form, text);
        BIGNUM *number = NULL;
        uint8_t scalar[66];
        tpmc_bytes *pem = NULL;

        tap_clear(f.tap);
        assert_int_equal(import_with(&f, ec_keys[i].options, password, text, len, &pem), 0);
        assert_int_equal(EVP_PKEY_get_bn_param(software, "priv", &number), 1);
        len = (size_t)BN_bn2bin(number, scalar);
        assert_false(tap_saw(f.tap, scalar, len));
        assert_false(tap_saw(f.tap, PASSWORD, strlen(PASSWORD)));
        /* Not made here, and good for signing only. */
        assert_int_equal(maker_attributes(pem) & 0x000200b2u, 0);
        maker_assert_works(&f, pem, password, ec_keys[i].algorithm);
        BN_clear_free(number);
        EVP_PKEY_free(software);
        tpmc_bytes_free(pem);
    }
    maker_teardown(&f);
}

static void assert_mac(fixture *f, const tpmc_bytes *pem, const EVP_MD *hash, const uint8_t *secret,
                       size_t len)
{
    uint8_t expected[EVP_MAX_MD_SIZE];
    unsigned int expected_len = sizeof(expected);
    tpmc_bytes *mac = NULL;
    tpmc_key *key = NULL;

    assert_non_null(
        HMAC(hash, secret, (int)len, (const unsigned char *)"message", 7, expected, &expected_len));
    fixture_reconnect(f);
    assert_int_equal(fixture_key(f, pem, PASSWORD, &key), 0);
    assert_int_equal(tpmc_key_hmac(key, "message", 7, &mac, f->err), 0);
    assert_int_equal(tpmc_bytes_len(mac), expected_len);
    assert_memory_equal(tpmc_bytes_data(mac), expected, expected_len);
    tpmc_bytes_free(mac);
    tpmc_key_free(key);
}

/* The TPM's MACs are those of the secret in software, whether or not it fits a block. */
static void hmac_secrets(void **state)
{
    static const size_t lengths[] = { 1, 32, 63, 64, 65, 127, 128 };
    static const char *const words[] = { "algorithm=hmac-sha256", "algorithm=hmac-sha384",
                                         "algorithm=hmac-sha512" };
    const EVP_MD *hashes[] = { EVP_sha256(), EVP_sha384(), EVP_sha512() };
    uint8_t secret[129];
    fixture f;
    tpmc_bytes *pem = NULL;
    size_t i;
    size_t n;

    (void)state;
    for (i = 0; i < sizeof(secret); i++)
        secret[i] = (uint8_t)(200 - i);
    fixture_open(&f, 0);
    for (i = 0; i < 3; i++) {
        for (n = 0; n < sizeof(lengths) / sizeof(lengths[0]); n++) {
            pem = NULL;
            assert_int_equal(import_with(&f, words[i], PASSWORD, secret, lengths[n], &pem), 0);
            assert_int_equal(maker_attributes(pem), 0x00040440u);
            assert_mac(&f, pem, hashes[i], secret, lengths[n]);
            tpmc_bytes_free(pem);
        }
    }
    assert_false(tap_saw(f.tap, secret, 32));
    assert_false(tap_saw(f.tap, PASSWORD, strlen(PASSWORD)));
    pem = NULL;
    tap_clear(f.tap);
    assert_int_equal(import_with(&f, words[0], NULL, secret, 129, &pem), TPMC_ERR_ARGUMENT);
    assert_true(fixture_error_says(&f, "129|128"));
    assert_int_equal(import_with(&f, words[0], NULL, secret, 0, &pem), TPMC_ERR_ARGUMENT);
    assert_true(fixture_error_says(&f, "'data'|empty"));
    assert_int_equal(tap_count(f.tap), 0);
    maker_teardown(&f);
}

static void parents(void **state)
{
    static const char *const options[] = {
        "parent=endorsement",
        "parent=platform-rsa",
        "parent=null",
        "parent=owner-rsa",
        "template_parent_handle=0x81000019",
    };
    fixture f;
    char text[SOFTWARE_KEY_MAX];
    size_t len = software_key_write(software_key_rsa(2048), SOFTWARE_KEY_PKCS8_PEM, text);
    size_t i;

    (void)state;
    fixture_open(&f, 0);
    maker_persist(0x81000019u, "");
    for (i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
        tpmc_bytes *pem = NULL;

        assert_int_equal(import_with(&f, options[i], PASSWORD, text, len, &pem), 0);
        maker_assert_works(&f, pem, PASSWORD, "PS256");
        tpmc_bytes_free(pem);
    }
    maker_teardown(&f);
}

/* Options that contradict what is imported, before the TPM is touched. */
static void refused_options(void **state)
{
    static const struct {
        const char *options;
        const char *words;
    } cases[] = {
        { "algorithm=rsa3072", "'algorithm'|rsa3072|RSA 2048" },
        { "algorithm=ecc256", "'algorithm'|ecc256|RSA 2048" },
        { "scheme=ecdsa", "'scheme'|ecdsa|RSA 2048" },
        { "hash=sha384", "'hash'|'scheme'" },
        { "restricted=1", "'restricted'|'scheme'" },
        { "parent=null template_parent_handle=0x81000001", "'parent'|'template_parent_handle'" },
    };
    fixture f;
    char text[SOFTWARE_KEY_MAX];
    size_t len = software_key_write(software_key_rsa(2048), SOFTWARE_KEY_PKCS8_PEM, text);
    tpmc_bytes *pem = NULL;
    size_t i;

    (void)state;
    fixture_open(&f, 0);
    tap_clear(f.tap);
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(import_with(&f, cases[i].options, NULL, text, len, &pem),
                         TPMC_ERR_ARGUMENT);
        assert_true(fixture_error_says(&f, cases[i].words));
    }
    assert_int_equal(tpmc_key_import(f.tpm, NULL, text, len, NULL, f.err), TPMC_ERR_ARGUMENT);
    assert_true(fixture_error_says(&f, "'pem'"));
    assert_int_equal(tpmc_key_import(NULL, NULL, text, len, &pem, f.err), TPMC_ERR_ARGUMENT);
    assert_true(fixture_error_says(&f, "'tpm'"));
    assert_int_equal(tpmc_key_import(f.tpm, NULL, NULL, len, &pem, f.err), TPMC_ERR_ARGUMENT);
    assert_true(fixture_error_says(&f, "'data'"));
    assert_int_equal(tpmc_key_import(f.tpm, NULL, text, 65537, &pem, f.err), TPMC_ERR_ARGUMENT);
    assert_true(fixture_error_says(&f, "65536"));
    assert_int_equal(tap_count(f.tap), 0);
    maker_teardown(&f);
}

/* What a TPM does not have is named. */
static void lacking(void **state)
{
    static const struct {
        const char *curve;
        uint32_t code;
        const char *words;
    } cases[] = {
        { "P-521", 0x2e6, "the curve P-521" },
        { "P-384", 0x2c4, "the curve P-384" },
        { NULL, 0x0c4 + 0x200, "RSA keys of 2048 bits|65537" },
        { NULL, 0x087, "RSA keys of 2048 bits" },
    };
    fixture f;
    char text[SOFTWARE_KEY_MAX];
    tpmc_bytes *pem = NULL;
    size_t i;

    (void)state;
    fixture_open(&f, 0);
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const tap_fault fault = { .kind = TAP_ANSWER, .value = cases[i].code, .at = 1, .count = 1 };
        EVP_PKEY *ec = cases[i].curve == NULL ? NULL : EVP_EC_gen(cases[i].curve);
        size_t len = software_key_write(ec == NULL ? software_key_rsa(2048) : ec,
                                        SOFTWARE_KEY_PKCS8_PEM, text);

        tap_clear(f.tap);
        tap_set_fault(f.tap, &fault);
        assert_int_equal(import_with(&f, "", NULL, text, len, &pem), TPMC_ERR_UNSUPPORTED);
        assert_true(fixture_error_says(&f, cases[i].words));
        assert_int_equal(tpmc_error_tpm_code(f.err), cases[i].code);
        assert_true(fixture_holds_only_others(&f));
        EVP_PKEY_free(ec);
    }
    tap_clear(f.tap);
    maker_teardown(&f);
}

static int attempt(fixture *f, void *context)
{
    const char *algorithm = context;
    char text[SOFTWARE_KEY_MAX] = "an HMAC secret";
    size_t len = strlen(text);
    tpmc_bytes *pem = NULL;
    int rc = 0;

    if (strstr(algorithm, "hmac") == NULL)
        len = software_key_write(software_key_rsa(2048), SOFTWARE_KEY_PKCS8_PEM, text);
    rc = import_with(f, algorithm, PASSWORD, text, len, &pem);
    tpmc_bytes_free(pem);
    return rc;
}

static void every_command_fails_once(void **state)
{
    static char rsa[] = "parent=owner";
    static char hmac[] = "algorithm=hmac-sha256";
    fixture f;

    (void)state;
    fixture_open(&f, 1);
    maker_break_each_command(&f, attempt, rsa);
    maker_break_each_command(&f, attempt, hmac);
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
        cmocka_unit_test(every_form),
        cmocka_unit_test(sizes),
        cmocka_unit_test(attributes),
        cmocka_unit_test(parent_name),
        cmocka_unit_test(description),
        cmocka_unit_test(private_part_is_wrapped),
        cmocka_unit_test(refused_inputs),
        cmocka_unit_test(template_freezes),
        cmocka_unit_test(a_foreign_owner_password),
        cmocka_unit_test(elliptic_curves),
        cmocka_unit_test(hmac_secrets),
        cmocka_unit_test(parents),
        cmocka_unit_test(refused_options),
        cmocka_unit_test(lacking),
        cmocka_unit_test(every_command_fails_once),
    };

    return cmocka_run_group_tests(tests, NULL, cleanup);
}
