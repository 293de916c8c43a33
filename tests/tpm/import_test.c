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
#include <openssl/x509.h>

#include "support/software_key.h"
#include "support/tpm_fixture.h"
#include "support/tss2_file.h"

#define PASSWORD "import test password"

static void teardown(fixture *f)
{
    tpmc_tpm_free(f->tpm);
    f->tpm = NULL;
    assert_true(fixture_holds_only_others(f));
    fixture_close(f);
}

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
    teardown(&f);
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
    teardown(&f);
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
    teardown(&f);
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
    teardown(&f);
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
    teardown(&f);
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
    teardown(&f);
}

/* Each input that is no RSA private key, with words that name what it is. */
static void refused_inputs(void **state)
{
    fixture f;
    char text[SOFTWARE_KEY_MAX];
    tpmc_bytes *pem = NULL;
    EVP_PKEY *ec = EVP_EC_gen("P-256");
    size_t len = 0;

    (void)state;
    assert_non_null(ec);
    fixture_open(&f, 0);
    tap_clear(f.tap);
    len = software_key_write(ec, SOFTWARE_KEY_PKCS8_PEM, text);
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
    EVP_PKEY_free(ec);
    teardown(&f);
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
    teardown(&f);
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
    teardown(&f);
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
    };

    return cmocka_run_group_tests(tests, NULL, cleanup);
}
