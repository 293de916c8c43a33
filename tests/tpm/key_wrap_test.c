/* SPDX-License-Identifier: Apache-2.0 */

/* From a software key on one machine to a key of the TPM of another. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "support/software_key.h"
#include "tpm/made_key.h"
#include "tpm/maker.h"

#define PASSWORD "wrap test password"
#define SECRET "a secret that two machines share"

/* The parent as the other machine shows it. */
typedef struct machine {
    tpmc_bytes *area;
    tpmc_bytes *name;
} machine;

static void read_machine(fixture *f, const char *options, machine *out)
{
    tpmc_key_template *t = maker_template(f, options, NULL);

    assert_int_equal(tpmc_tpm_read_parent(f->tpm, t, &out->area, &out->name, f->err), 0);
    tpmc_key_template_free(t);
}

static void free_machine(machine *m)
{
    tpmc_bytes_free(m->area);
    tpmc_bytes_free(m->name);
}

static int wrap(fixture *f, tpmc_key_template *t, const machine *m, const void *data, size_t len,
                tpmc_bytes **pem)
{
    int rc =
        tpmc_key_wrap(t, tpmc_bytes_data(m->area), tpmc_bytes_len(m->area), data, len, pem, f->err);

    assert_int_equal(rc == 0, *pem != NULL);
    assert_int_equal(rc, tpmc_error_code(f->err));
    return rc;
}

static int wrap_with(fixture *f, const char *options, const char *password, const machine *m,
                     const void *data, size_t len, tpmc_bytes **pem)
{
    tpmc_key_template *t = maker_template(f, options, password);
    int rc = wrap(f, t, m, data, len, pem);

    tpmc_key_template_free(t);
    return rc;
}

static size_t software_ec(const char *curve, char *out)
{
    EVP_PKEY *key = EVP_EC_gen(curve);
    size_t len = 0;

    assert_non_null(key);
    len = software_key_write(key, SOFTWARE_KEY_PKCS8_PEM, out);
    EVP_PKEY_free(key);
    return len;
}

/* The file imports, and what it exports loads without importing. */
static void assert_opens(fixture *f, const tpmc_bytes *pem, const char *password,
                         const char *algorithm)
{
    tpmc_key *key = NULL;
    tpmc_bytes *loadable = NULL;

    assert_true(maker_describes(f, pem, "\"type\":\"importable\""));
    fixture_reconnect(f);
    assert_int_equal(fixture_key(f, pem, password, &key), 0);
    tap_clear(f->tap);
    assert_int_equal(fixture_sign(f, key, algorithm), 0);
    assert_int_equal(tap_count_of(f->tap, TAP_CC_IMPORT), 1);
    assert_int_equal(tpmc_key_export(key, &loadable, f->err), 0);
    tpmc_key_free(key);
    assert_true(maker_describes(f, loadable, "\"type\":\"loadable\""));
    tap_clear(f->tap);
    maker_assert_works(f, loadable, password, algorithm);
    assert_int_equal(tap_count_of(f->tap, TAP_CC_IMPORT), 0);
    tpmc_bytes_free(loadable);
}

static void every_kind_under_every_parent(void **state)
{
    static const char *const parents[] = { "parent=owner", "parent=owner-rsa",
                                           "parent=endorsement-rsa", "parent=null" };
    static const struct {
        const char *curve; /* NULL: RSA 2048 */
        const char *options;
        const char *algorithm;
    } keys[] = {
        { NULL, "", "PS256" },
        { NULL, "scheme=rsassa dictionary_attack=1", "RS256" },
        { "P-256", "algorithm=ecc256", "ES256" },
        { "P-384", "scheme=ecdsa", "ES384" },
        { "P-521", "", "ES512" },
    };
    fixture f;
    char text[SOFTWARE_KEY_MAX];
    char options[128];
    size_t p;
    size_t k;

    (void)state;
    fixture_open(&f, 0);
    for (p = 0; p < sizeof(parents) / sizeof(parents[0]); p++) {
        machine m = { NULL, NULL };

        read_machine(&f, parents[p], &m);
        for (k = 0; k < sizeof(keys) / sizeof(keys[0]); k++) {
            const char *password = (p + k) % 2 ? PASSWORD : NULL;
            tpmc_bytes *pem = NULL;
            size_t len = keys[k].curve == NULL ? software_key_write(software_key_rsa(2048),
                                                                    SOFTWARE_KEY_PKCS8_PEM, text)
                                               : software_ec(keys[k].curve, text);

            (void)snprintf(options, sizeof(options), "%s %s", parents[p], keys[k].options);
            tap_clear(f.tap);
            assert_int_equal(wrap_with(&f, options, password, &m, text, len, &pem), 0);
            assert_int_equal(tap_count(f.tap), 0);
            assert_opens(&f, pem, password, keys[k].algorithm);
            tpmc_bytes_free(pem);
        }
        free_machine(&m);
    }
    assert_false(tap_saw(f.tap, PASSWORD, strlen(PASSWORD)));
    maker_teardown(&f);
}

static void assert_mac(fixture *f, const tpmc_bytes *pem, const EVP_MD *hash, const void *secret,
                       size_t len)
{
    uint8_t expected[EVP_MAX_MD_SIZE];
    unsigned int expected_len = sizeof(expected);
    tpmc_bytes *mac = NULL;
    tpmc_key *key = NULL;

    assert_non_null(
        HMAC(hash, secret, (int)len, (const unsigned char *)"message", 7, expected, &expected_len));
    fixture_reconnect(f);
    assert_int_equal(fixture_key(f, pem, NULL, &key), 0);
    assert_int_equal(tpmc_key_hmac(key, "message", 7, &mac, f->err), 0);
    assert_int_equal(tpmc_bytes_len(mac), expected_len);
    assert_memory_equal(tpmc_bytes_data(mac), expected, expected_len);
    tpmc_bytes_free(mac);
    tpmc_key_free(key);
}

static void hmac_secrets(void **state)
{
    static uint8_t secret[128];
    machine m = { NULL, NULL };
    fixture f;
    size_t i;

    (void)state;
    memset(secret, 'k', sizeof(secret));
    memcpy(secret, SECRET, strlen(SECRET));
    fixture_open(&f, 0);
    read_machine(&f, "", &m);
    for (i = 0; i < 3; i++) {
        static const char *const words[] = { "algorithm=hmac-sha256", "algorithm=hmac-sha384",
                                             "algorithm=hmac-sha512" };
        const EVP_MD *hashes[] = { EVP_sha256(), EVP_sha384(), EVP_sha512() };
        static const size_t lengths[] = { 1, 64, 65, 128 };
        size_t n;

        for (n = 0; n < sizeof(lengths) / sizeof(lengths[0]); n++) {
            tpmc_bytes *pem = NULL;

            assert_int_equal(wrap_with(&f, words[i], NULL, &m, secret, lengths[n], &pem), 0);
            assert_mac(&f, pem, hashes[i], secret, lengths[n]);
            tpmc_bytes_free(pem);
        }
    }
    assert_false(tap_saw(f.tap, SECRET, strlen(SECRET)));
    free_machine(&m);
    maker_teardown(&f);
}

/* A TPMT_PUBLIC alone, and a parent that the file finds by the key it was given. */
static void forms_of_the_parent(void **state)
{
    machine m = { NULL, NULL };
    char text[SOFTWARE_KEY_MAX];
    size_t len = software_ec("P-256", text);
    tpmc_key_template *t = NULL;
    tpmc_bytes *pem = NULL;
    fixture f;

    (void)state;
    fixture_open(&f, 0);
    read_machine(&f, "parent=owner-rsa", &m);
    t = maker_template(&f, "", NULL);
    assert_int_equal(tpmc_key_wrap(t, tpmc_bytes_data(m.area) + 2, tpmc_bytes_len(m.area) - 2, text,
                                   len, &pem, f.err),
                     0);
    assert_true(maker_describes(&f, pem, "\"rsa_parent\":true"));
    assert_opens(&f, pem, NULL, "ES256");
    tpmc_bytes_free(pem);
    pem = NULL;
    tpmc_key_template_free(t);
    /* A handle says all there is to say. */
    assert_int_equal(wrap_with(&f, "template_parent_handle=0x81000009", NULL, &m, text, len, &pem),
                     0);
    assert_true(maker_describes(&f, pem, "0x81000009"));
    assert_false(maker_describes(&f, pem, "\"rsa_parent\":true"));
    tpmc_bytes_free(pem);
    pem = NULL;
    assert_int_equal(wrap_with(&f, "parent=owner", NULL, &m, text, len, &pem), TPMC_ERR_ARGUMENT);
    assert_true(fixture_error_says(&f, "RSA key|'parent'|owner|ECC"));
    free_machine(&m);
    read_machine(&f, "parent=owner", &m);
    assert_int_equal(wrap_with(&f, "parent=null-rsa", NULL, &m, text, len, &pem),
                     TPMC_ERR_ARGUMENT);
    assert_true(fixture_error_says(&f, "ECC key|'parent'|null-rsa|RSA"));
    free_machine(&m);
    maker_teardown(&f);
}

static void a_persistent_parent(void **state)
{
    machine m = { NULL, NULL };
    char text[SOFTWARE_KEY_MAX];
    size_t len = software_ec("P-256", text);
    tpmc_bytes *pem = NULL;
    fixture f;

    (void)state;
    fixture_open(&f, 0);
    maker_persist(0x81000009u, "");
    read_machine(&f, "template_parent_handle=0x81000009", &m);
    assert_int_equal(
        wrap_with(&f, "template_parent_handle=0x81000009", PASSWORD, &m, text, len, &pem), 0);
    assert_opens(&f, pem, PASSWORD, "ES256");
    tpmc_bytes_free(pem);
    free_machine(&m);
    maker_teardown(&f);
}

/* Only the machine whose parent it was wrapped for takes it. */
static void another_machine(void **state)
{
    machine m = { NULL, NULL };
    char text[SOFTWARE_KEY_MAX];
    size_t len = software_ec("P-256", text);
    tpmc_bytes *pem = NULL;
    tpmc_key *key = NULL;
    fixture f;

    (void)state;
    fixture_open(&f, 0);
    read_machine(&f, "", &m);
    assert_int_equal(wrap_with(&f, "", NULL, &m, text, len, &pem), 0);
    fixture_close(&f);
    fixture_open(&f, 0);
    assert_int_equal(fixture_key(&f, pem, NULL, &key), 0);
    assert_int_not_equal(fixture_sign(&f, key, "ES256"), 0);
    tpmc_key_free(key);
    tpmc_bytes_free(pem);
    free_machine(&m);
    maker_teardown(&f);
}

static void name_option(const machine *m, char *options, size_t capacity)
{
    size_t used = (size_t)snprintf(options, capacity, "parent_name=");
    size_t i;

    for (i = 0; i < tpmc_bytes_len(m->name); i++)
        used +=
            (size_t)snprintf(options + used, capacity - used, "%02x", tpmc_bytes_data(m->name)[i]);
}

static void a_pinned_parent(void **state)
{
    machine m = { NULL, NULL };
    machine other = { NULL, NULL };
    char text[SOFTWARE_KEY_MAX];
    char options[256];
    size_t len = software_ec("P-256", text);
    tpmc_bytes *pem = NULL;
    fixture f;

    (void)state;
    fixture_open(&f, 0);
    read_machine(&f, "", &m);
    read_machine(&f, "parent=endorsement", &other);
    name_option(&m, options, sizeof(options));
    assert_int_equal(wrap_with(&f, options, NULL, &m, text, len, &pem), 0);
    tpmc_bytes_free(pem);
    pem = NULL;
    assert_int_equal(wrap_with(&f, options, NULL, &other, text, len, &pem), TPMC_ERR_INTEGRITY);
    assert_true(fixture_error_says(&f, "parent_name"));
    free_machine(&m);
    free_machine(&other);
    maker_teardown(&f);
}

/* What is given as a parent and is none. */
static void unfit_parents(void **state)
{
    static const made_key signer = { TPM2_ALG_ECC,       MADE_SIGN, TPM2_ALG_NULL, 0,
                                     TPM2_ECC_NIST_P256, NULL,      NULL,          0 };
    machine m = { NULL, NULL };
    tss2_file file;
    char text[SOFTWARE_KEY_MAX];
    char pem_text[TSS2_FILE_TEXT_MAX];
    uint8_t area[1025] = { 0 };
    size_t len = software_ec("P-256", text);
    tpmc_key_template *t = NULL;
    tpmc_bytes *pem = NULL;
    fixture f;
    size_t i;

    (void)state;
    fixture_open(&f, 0);
    read_machine(&f, "", &m);
    t = maker_template(&f, "", NULL);
    assert_int_equal(made_key_write(&signer, pem_text), 0);
    tss2_file_read(pem_text, strlen(pem_text), &file);
    assert_int_equal(tpmc_key_wrap(t, file.public_area, file.public_len, text, len, &pem, f.err),
                     TPMC_ERR_UNSUPPORTED);
    assert_true(fixture_error_says(&f, "storage key"));
    /* A template is no key yet. */
    assert_int_equal(
        tpmc_key_wrap(t, tpm_raw_h2_template, sizeof(tpm_raw_h2_template), text, len, &pem, f.err),
        TPMC_ERR_FORMAT);
    assert_true(fixture_error_says(&f, "point is missing"));
    memcpy(area, tpmc_bytes_data(m.area), tpmc_bytes_len(m.area));
    for (i = 1; i < tpmc_bytes_len(m.area); i++) {
        assert_int_not_equal(tpmc_key_wrap(t, area, i, text, len, &pem, f.err), 0);
        assert_null(pem);
    }
    assert_int_not_equal(tpmc_key_wrap(t, area, tpmc_bytes_len(m.area) + 1, text, len, &pem, f.err),
                         0);
    /* A point that is not on the curve would give the private key away. */
    area[tpmc_bytes_len(m.area) - 1] ^= 1;
    assert_int_not_equal(tpmc_key_wrap(t, area, tpmc_bytes_len(m.area), text, len, &pem, f.err), 0);
    assert_null(pem);
    assert_int_equal(tpmc_key_wrap(t, area, sizeof(area), text, len, &pem, f.err),
                     TPMC_ERR_ARGUMENT);
    assert_true(fixture_error_says(&f, "'parent_public'|1024"));
    assert_int_equal(tpmc_key_wrap(t, NULL, 5, text, len, &pem, f.err), TPMC_ERR_ARGUMENT);
    assert_int_equal(tpmc_key_wrap(t, area, 0, text, len, &pem, f.err), TPMC_ERR_ARGUMENT);
    tpmc_key_template_free(t);
    free_machine(&m);
    maker_teardown(&f);
}

static void refused_sources(void **state)
{
    static uint8_t secret[129];
    static const struct {
        const char *options;
        const char *words;
    } cases[] = {
        { "algorithm=rsa2048", "'algorithm'|rsa2048|P-256" },
        { "algorithm=ecc384", "'algorithm'|ecc384|P-256" },
        { "scheme=rsassa", "'scheme'|rsassa" },
        { "restricted=1", "'restricted'|'scheme'" },
        { "hash=sha256", "'hash'|'scheme'" },
        { "parent=null template_parent_handle=0x81000001", "two parents" },
    };
    machine m = { NULL, NULL };
    char text[SOFTWARE_KEY_MAX];
    size_t len = software_ec("P-256", text);
    tpmc_bytes *pem = NULL;
    fixture f;
    size_t i;

    (void)state;
    fixture_open(&f, 0);
    read_machine(&f, "", &m);
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(wrap_with(&f, cases[i].options, NULL, &m, text, len, &pem),
                         TPMC_ERR_ARGUMENT);
        assert_true(fixture_error_says(&f, cases[i].words));
    }
    assert_int_equal(wrap_with(&f, "", NULL, &m, "garbage", 7, &pem), TPMC_ERR_FORMAT);
    assert_int_equal(wrap_with(&f, "", NULL, &m, NULL, 7, &pem), TPMC_ERR_ARGUMENT);
    assert_true(fixture_error_says(&f, "'data'|NULL"));
    assert_int_equal(wrap_with(&f, "", NULL, &m, text, 0, &pem), TPMC_ERR_ARGUMENT);
    assert_true(fixture_error_says(&f, "'data'|empty"));
    assert_int_equal(wrap_with(&f, "algorithm=hmac-sha512", NULL, &m, secret, 129, &pem),
                     TPMC_ERR_ARGUMENT);
    assert_true(fixture_error_says(&f, "129|128"));
    assert_int_equal(wrap(&f, NULL, &m, text, len, &pem), TPMC_ERR_ARGUMENT);
    assert_true(fixture_error_says(&f, "'key_template'"));
    free_machine(&m);
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
        cmocka_unit_test(every_kind_under_every_parent),
        cmocka_unit_test(hmac_secrets),
        cmocka_unit_test(forms_of_the_parent),
        cmocka_unit_test(a_persistent_parent),
        cmocka_unit_test(another_machine),
        cmocka_unit_test(a_pinned_parent),
        cmocka_unit_test(unfit_parents),
        cmocka_unit_test(refused_sources),
    };

    return cmocka_run_group_tests(tests, NULL, cleanup);
}
