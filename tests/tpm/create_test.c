/* SPDX-License-Identifier: Apache-2.0 */

/* Keys that the TPM makes. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "support/tss2_file.h"
#include "tpm/maker.h"

#define PASSWORD "create test password"
#define PERSISTENT "0x81000017"
#define PERSISTENT_HANDLE 0x81000017u
#define PARENT_PASSWORD "the parent's own password"

#define FIXED_TPM 0x2u
#define FIXED_PARENT 0x10u
#define ORIGIN 0x20u
#define USER_WITH_AUTH 0x40u
#define NO_DA 0x400u
#define RESTRICTED 0x10000u
#define DECRYPT 0x20000u
#define SIGN 0x40000u
#define MADE (FIXED_TPM | FIXED_PARENT | ORIGIN | USER_WITH_AUTH | SIGN)

static void every_kind(void **state)
{
    static const struct {
        const char *options;
        const char *algorithm;
        uint32_t attributes;
    } cases[] = {
        { "", "RS256", MADE | DECRYPT | NO_DA },
        { "algorithm=rsa2048", "PS256", MADE | DECRYPT | NO_DA },
        { "algorithm=rsa3072", "RS512", MADE | DECRYPT | NO_DA },
        { "algorithm=rsa2048 scheme=rsassa", "RS256", MADE | NO_DA },
        { "algorithm=rsa2048 scheme=rsapss hash=sha384", "PS384", MADE | NO_DA },
        { "algorithm=rsa2048 dictionary_attack=1", "RS256", MADE | DECRYPT },
        { "algorithm=rsa2048 scheme=rsassa restricted=1", "RS256", MADE | NO_DA | RESTRICTED },
        { "algorithm=ecc256", "ES256", MADE | NO_DA },
        { "algorithm=ecc384", "ES384", MADE | NO_DA },
        { "algorithm=ecc521", "ES512", MADE | NO_DA },
        { "algorithm=ecc256 scheme=ecdsa", "ES256", MADE | NO_DA },
        { "algorithm=ecc384 scheme=ecdsa", "ES384", MADE | NO_DA },
        { "algorithm=ecc521 scheme=ecdsa", "ES512", MADE | NO_DA },
        { "algorithm=ecc256 scheme=ecdsa hash=sha512", "ECDSA-SHA512", MADE | NO_DA },
        { "algorithm=ecc384 scheme=ecdsa restricted=yes", "ES384", MADE | NO_DA | RESTRICTED },
        { "algorithm=hmac-sha256", "HS256", MADE | NO_DA },
        { "algorithm=hmac-sha384", "HS384", MADE | NO_DA },
        { "algorithm=hmac-sha512 dictionary_attack=1", "HS512", MADE },
    };
    fixture f;
    size_t i;

    (void)state;
    fixture_open(&f, 0);
    for (i = 0; i < 2 * sizeof(cases) / sizeof(cases[0]); i++) {
        const char *password = i % 2 ? PASSWORD : NULL;
        tpmc_bytes *pem = NULL;

        tap_clear(f.tap);
        assert_int_equal(maker_create(&f, cases[i / 2].options, password, &pem), 0);
        assert_int_equal(maker_attributes(pem), cases[i / 2].attributes);
        maker_assert_works(&f, pem, password, cases[i / 2].algorithm);
        assert_false(tap_saw(f.tap, PASSWORD, strlen(PASSWORD)));
        tpmc_bytes_free(pem);
    }
    maker_teardown(&f);
}

static void a_made_key_has_its_password(void **state)
{
    fixture f;
    tpmc_bytes *pem = NULL;
    tpmc_key *key = NULL;

    (void)state;
    fixture_open(&f, 0);
    assert_int_equal(maker_create(&f, "algorithm=ecc256", PASSWORD, &pem), 0);
    assert_int_equal(fixture_key(&f, pem, "another", &key), 0);
    assert_int_equal(fixture_sign(&f, key, "ES256"), TPMC_ERR_WRONG_PASSWORD);
    tpmc_key_free(key);
    assert_int_equal(fixture_key(&f, pem, PASSWORD, &key), 0);
    assert_int_equal(fixture_sign(&f, key, "ES256"), 0);
    tpmc_key_free(key);
    assert_true(maker_describes(&f, pem, "\"empty_auth\":"));
    tpmc_bytes_free(pem);
    maker_teardown(&f);
}

static void assert_sequence(fixture *f, const char *expected)
{
    char sequence[256];

    tap_sequence(f->tap, 0, sequence, sizeof(sequence));
    assert_string_equal(sequence, expected);
}

static void budgets(void **state)
{
    fixture f;
    tpmc_bytes *pem = NULL;

    (void)state;
    fixture_open(&f, 0);
    tap_clear(f.tap);
    assert_int_equal(maker_create(&f, "algorithm=ecc256", NULL, &pem), 0);
    assert_sequence(&f, "CreatePrimary Create Load FlushContext FlushContext");
    assert_int_equal(tpmc_tpm_bus_level(f.tpm), TPMC_BUS_NOTHING_SECRET);
    tpmc_bytes_free(pem);
    tap_clear(f.tap);
    assert_int_equal(maker_create(&f, "algorithm=ecc256", PASSWORD, &pem), 0);
    assert_sequence(&f, "CreatePrimary StartAuthSession Create Load FlushContext FlushContext");
    assert_int_equal(tpmc_tpm_bus_level(f.tpm), TPMC_BUS_ENCRYPTED);
    tpmc_bytes_free(pem);
    tap_clear(f.tap);
    assert_int_equal(maker_create(&f, "algorithm=hmac-sha256", PASSWORD, &pem), 0);
    assert_sequence(&f, "CreatePrimary Create Load FlushContext FlushContext");
    tpmc_bytes_free(pem);
    maker_teardown(&f);
}

static void parents(void **state)
{
    static const struct {
        const char *options;
        const char *in_file;
        int is_rsa;
    } cases[] = {
        { "parent=owner", "0x40000001", 0 },       { "parent=owner-rsa", "0x40000001", 1 },
        { "parent=endorsement", "0x4000000b", 0 }, { "parent=endorsement-rsa", "0x4000000b", 1 },
        { "parent=platform", "0x4000000c", 0 },    { "parent=platform-rsa", "0x4000000c", 1 },
        { "parent=null", "0x40000007", 0 },        { "parent=null-rsa", "0x40000007", 1 },
    };
    fixture f;
    char options[128];
    size_t i;

    (void)state;
    fixture_open(&f, 0);
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        tpmc_bytes *pem = NULL;

        (void)snprintf(options, sizeof(options), "algorithm=ecc256 %s", cases[i].options);
        assert_int_equal(maker_create(&f, options, NULL, &pem), 0);
        assert_true(maker_describes(&f, pem, cases[i].in_file));
        assert_int_equal(maker_describes(&f, pem, "\"rsa_parent\":true") ||
                             maker_describes(&f, pem, "\"rsa_parent\": true"),
                         cases[i].is_rsa);
        maker_assert_works(&f, pem, NULL, "ES256");
        tpmc_bytes_free(pem);
    }
    maker_teardown(&f);
}

static int create_under_persistent(fixture *f, const char *parent_password, tpmc_bytes **pem)
{
    tpmc_key_template *t =
        maker_template(f, "algorithm=ecc256 template_parent_handle=" PERSISTENT, PASSWORD);
    int rc = 0;

    if (parent_password != NULL)
        assert_int_equal(tpmc_key_template_set_parent_password(t, parent_password,
                                                               strlen(parent_password), f->err),
                         0);
    rc = tpmc_key_create(f->tpm, t, pem, f->err);
    tpmc_key_template_free(t);
    return rc;
}

static void a_persistent_parent_with_password(void **state)
{
    fixture f;
    tpmc_bytes *pem = NULL;
    tpmc_key *key = NULL;

    (void)state;
    fixture_open(&f, 0);
    assert_int_equal(create_under_persistent(&f, NULL, &pem), TPMC_ERR_WRONG_TPM);
    assert_true(fixture_error_says(&f, PERSISTENT));
    maker_persist(PERSISTENT_HANDLE, PARENT_PASSWORD);
    assert_int_equal(create_under_persistent(&f, NULL, &pem), TPMC_ERR_WRONG_PASSWORD);
    assert_true(fixture_error_says(&f, "parent"));
    assert_int_equal(create_under_persistent(&f, "wrong", &pem), TPMC_ERR_WRONG_PASSWORD);
    assert_null(pem);
    assert_int_equal(create_under_persistent(&f, PARENT_PASSWORD, &pem), 0);
    assert_true(maker_describes(&f, pem, PERSISTENT));
    fixture_reconnect(&f);
    assert_int_equal(fixture_key(&f, pem, PASSWORD, &key), 0);
    assert_int_equal(
        tpmc_key_set_parent_password(key, PARENT_PASSWORD, strlen(PARENT_PASSWORD), f.err), 0);
    assert_int_equal(fixture_sign(&f, key, "ES256"), 0);
    tpmc_key_free(key);
    tpmc_bytes_free(pem);
    assert_false(tap_saw(f.tap, PARENT_PASSWORD, strlen(PARENT_PASSWORD)));
    assert_false(tap_saw(f.tap, PASSWORD, strlen(PASSWORD)));
    maker_teardown(&f);
}

/* A wrong password of the parent is not sent a second time by the same template. */
static void a_wrong_parent_password_is_remembered(void **state)
{
    fixture f;
    tpmc_key_template *t = NULL;
    tpmc_bytes *pem = NULL;

    (void)state;
    fixture_open(&f, 0);
    maker_persist(PERSISTENT_HANDLE, PARENT_PASSWORD);
    t = maker_template(&f, "algorithm=ecc256 template_parent_handle=" PERSISTENT, NULL);
    assert_int_equal(tpmc_key_template_set_parent_password(t, "wrong", 5, f.err), 0);
    assert_int_equal(tpmc_key_create(f.tpm, t, &pem, f.err), TPMC_ERR_WRONG_PASSWORD);
    tap_clear(f.tap);
    assert_int_equal(tpmc_key_create(f.tpm, t, &pem, f.err), TPMC_ERR_WRONG_PASSWORD);
    assert_int_equal(tap_count_of(f.tap, MAKER_CC_CREATE), 0);
    assert_null(pem);
    tpmc_key_template_free(t);
    maker_teardown(&f);
}

/* Contradictions are found before the TPM is touched; each text names both options. */
static void refused_options(void **state)
{
    static const struct {
        const char *options;
        const char *words;
    } cases[] = {
        { "algorithm=ecc256 scheme=rsassa", "'scheme'|rsassa|RSA|P-256|'algorithm'" },
        { "algorithm=ecc256 scheme=rsapss", "'scheme'|rsapss|'algorithm'" },
        { "algorithm=rsa2048 scheme=ecdsa", "'scheme'|ecdsa|EC|RSA 2048|'algorithm'" },
        { "algorithm=hmac-sha256 scheme=rsassa", "'scheme'|rsassa|HMAC|'algorithm'" },
        { "algorithm=rsa2048 hash=sha384", "'hash'|'scheme'" },
        { "algorithm=ecc384 scheme=null hash=sha384", "'hash'|'scheme'" },
        { "algorithm=hmac-sha256 hash=sha256", "'hash'|'algorithm'" },
        { "algorithm=rsa2048 restricted=1", "'restricted'|'scheme'" },
        { "algorithm=ecc256 restricted=1", "'restricted'|'scheme'" },
        { "algorithm=hmac-sha256 restricted=1", "'restricted'|HMAC|'algorithm'" },
        { "parent=owner template_parent_handle=" PERSISTENT, "'parent'|'template_parent_handle'" },
    };
    fixture f;
    tpmc_bytes *pem = NULL;
    size_t i;

    (void)state;
    fixture_open(&f, 0);
    tap_clear(f.tap);
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(maker_create(&f, cases[i].options, NULL, &pem), TPMC_ERR_ARGUMENT);
        assert_true(fixture_error_says(&f, cases[i].words));
    }
    assert_int_equal(tpmc_key_create(NULL, NULL, &pem, f.err), TPMC_ERR_ARGUMENT);
    assert_true(fixture_error_says(&f, "tpm"));
    assert_int_equal(tpmc_key_create(f.tpm, NULL, NULL, f.err), TPMC_ERR_ARGUMENT);
    assert_true(fixture_error_says(&f, "pem"));
    assert_int_equal(tap_count(f.tap), 0);
    maker_teardown(&f);
}

/* What a TPM does not have is named. */
static void lacking(void **state)
{
    static const struct {
        const char *options;
        uint32_t code;
        const char *words;
    } cases[] = {
        { "algorithm=ecc521", 0x2e6, "the curve P-521" },
        { "algorithm=ecc384", 0x2c4, "the curve P-384" },
        { "algorithm=rsa3072", 0x2c4, "RSA keys of 3072 bits" },
        { "algorithm=hmac-sha512", 0x2c3, "hmac|sha512" },
        { "algorithm=ecc256 scheme=ecdsa", 0x2d2, "the scheme ecdsa" },
        { "algorithm=rsa2048 scheme=rsapss hash=sha512", 0x2c3, "rsapss|sha512" },
    };
    fixture f;
    tpmc_bytes *pem = NULL;
    size_t i;

    (void)state;
    fixture_open(&f, 0);
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const tap_fault fault = { .kind = TAP_ANSWER, .value = cases[i].code, .at = 1, .count = 1 };

        fixture_reconnect(&f);
        tap_clear(f.tap);
        tap_set_fault(f.tap, &fault);
        assert_int_equal(maker_create(&f, cases[i].options, NULL, &pem), TPMC_ERR_UNSUPPORTED);
        assert_true(fixture_error_says(&f, cases[i].words));
        assert_int_equal(tpmc_error_tpm_code(f.err), cases[i].code);
        assert_true(fixture_holds_only_others(&f));
    }
    tap_clear(f.tap);
    maker_teardown(&f);
}

/* Another key than the one asked for, as an interposer could hand out. */
static void another_key(void **state)
{
    /* Of the response to TPM2_Create with a password authorization: ten bytes of header, the size
     * of the parameters, TPM2B_PRIVATE, and then the public area. */
    tap_fault fault = { .kind = TAP_FLIP, .at = 1, .count = 1 };
    fixture f;
    tss2_file file;
    tpmc_bytes *pem = NULL;
    size_t size_at = 0;
    uint32_t end = 0;
    uint32_t i;

    (void)state;
    fixture_open(&f, 0);
    assert_int_equal(maker_create(&f, "algorithm=ecc256", NULL, &pem), 0);
    tss2_file_read(tpmc_bytes_data(pem), tpmc_bytes_len(pem), &file);
    tpmc_bytes_free(pem);
    pem = NULL;
    size_at = 14 + file.private_len;
    end = (uint32_t)(14 + file.private_len + file.public_len);
    for (i = 14; i < end; i++) {
        /* libtss2 passes over the size of the public area. */
        if (i == size_at || i == size_at + 1)
            continue;
        fixture_reconnect(&f);
        tap_clear(f.tap);
        fault.value = i;
        tap_set_fault(f.tap, &fault);
        if (maker_create(&f, "algorithm=ecc256", NULL, &pem) == 0)
            fail_msg("byte %u is not looked at", (unsigned)i);
        tap_clear(f.tap);
        assert_true(fixture_holds_only_others(&f));
    }
    maker_teardown(&f);
}

static int create_attempt(fixture *f, void *context)
{
    tpmc_bytes *pem = NULL;
    int rc = maker_create(f, context, PASSWORD, &pem);

    tpmc_bytes_free(pem);
    return rc;
}

static void every_command_fails_once(void **state)
{
    static char ecc[] = "algorithm=ecc256 parent=endorsement";
    fixture f;

    (void)state;
    fixture_open(&f, 1);
    maker_break_each_command(&f, create_attempt, ecc);
    maker_teardown(&f);
}

static void defaults_and_description(void **state)
{
    fixture f;
    tpmc_key_template *t = NULL;
    tpmc_bytes *pem = NULL;

    (void)state;
    fixture_open(&f, 0);
    t = maker_template(&f, "algorithm=ecc256", NULL);
    assert_int_equal(tpmc_key_template_set(t, "description", "for the gateway, rack 3", f.err), 0);
    assert_int_equal(tpmc_key_create(f.tpm, t, &pem, f.err), 0);
    assert_true(maker_describes(&f, pem, "for the gateway, rack 3"));
    tpmc_bytes_free(pem);
    /* Frozen, and good for more keys. */
    assert_int_equal(tpmc_key_template_set(t, "algorithm", "ecc384", f.err), TPMC_ERR_STATE);
    assert_int_equal(tpmc_key_template_set_parent_password(t, "x", 1, f.err), TPMC_ERR_STATE);
    assert_int_equal(tpmc_key_create(f.tpm, t, &pem, f.err), 0);
    tpmc_bytes_free(pem);
    tpmc_key_template_free(t);
    assert_int_equal(tpmc_key_create(f.tpm, NULL, &pem, f.err), 0);
    assert_true(maker_describes(&f, pem, "0x40000001"));
    maker_assert_works(&f, pem, NULL, "PS512");
    tpmc_bytes_free(pem);
    maker_teardown(&f);
}

static void a_pinned_parent(void **state)
{
    fixture f;
    tpmc_bytes *name = NULL;
    tpmc_bytes *pem = NULL;
    char options[256] = "algorithm=ecc256 parent=platform-rsa parent_name=";
    tpmc_key_template *t = NULL;
    size_t used = strlen(options);
    size_t i;

    (void)state;
    fixture_open(&f, 0);
    t = maker_template(&f, "parent=platform-rsa", NULL);
    assert_int_equal(tpmc_tpm_read_parent(f.tpm, t, NULL, &name, f.err), 0);
    tpmc_key_template_free(t);
    for (i = 0; i < tpmc_bytes_len(name); i++)
        used += (size_t)snprintf(options + used, sizeof(options) - used, "%02x",
                                 tpmc_bytes_data(name)[i]);
    assert_int_equal(maker_create(&f, options, NULL, &pem), 0);
    tpmc_bytes_free(pem);
    pem = NULL;
    options[used - 1] = options[used - 1] == '0' ? '1' : '0';
    tap_clear(f.tap);
    assert_int_equal(maker_create(&f, options, PASSWORD, &pem), TPMC_ERR_INTEGRITY);
    assert_true(fixture_error_says(&f, "parent_name"));
    assert_int_equal(tap_count_of(f.tap, MAKER_CC_CREATE), 0);
    tpmc_bytes_free(name);
    maker_teardown(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind),
        cmocka_unit_test(a_made_key_has_its_password),
        cmocka_unit_test(budgets),
        cmocka_unit_test(parents),
        cmocka_unit_test(a_persistent_parent_with_password),
        cmocka_unit_test(a_wrong_parent_password_is_remembered),
        cmocka_unit_test(refused_options),
        cmocka_unit_test(lacking),
        cmocka_unit_test(another_key),
        cmocka_unit_test(every_command_fails_once),
        cmocka_unit_test(defaults_and_description),
        cmocka_unit_test(a_pinned_parent),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
