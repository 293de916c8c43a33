/* SPDX-License-Identifier: Apache-2.0 */

/* Keys that are bound to policies when they are made. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "support/software_key.h"
#include "support/tpm_other.h"
#include "support/tss2_file.h"
#include "tpm/made_key.h"
#include "tpm/maker.h"
#include "tpmcloud/policy.h"
#include "unit/failing_alloc.h"

#define PASSWORD "bind test password"
#define ALLOCATIONS_MAX 1000
#define CC_SIGN 0x15du
#define CC_HMAC 0x155u
#define OWNER 0x40000001u

/* What tpmc_key_create() returns with a policy object, whose reference this takes. */
static int create_with(fixture *f, const char *options, const char *password, tpmc_policy *policy,
                       tpmc_bytes **pem)
{
    tpmc_key_template *t = maker_template(f, options, password);
    int rc = tpmc_key_template_set_policy(t, policy, f->err);

    assert_int_equal(rc, 0);
    tpmc_policy_free(policy);
    rc = tpmc_key_create(f->tpm, t, pem, f->err);
    assert_int_equal(rc == 0, *pem != NULL);
    tpmc_key_template_free(t);
    return rc;
}

static tpmc_policy *new_policy(fixture *f)
{
    tpmc_policy *policy = NULL;

    assert_int_equal(tpmc_policy_new(f->env, &policy, f->err), 0);
    return policy;
}

/* One use of a key on a new connection: a signature, or a MAC for the HMAC words. */
static int use(fixture *f, const tpmc_bytes *pem, const char *password, const char *algorithm)
{
    tpmc_key *key = NULL;
    tpmc_bytes *mac = NULL;
    int rc;

    fixture_reconnect(f);
    assert_int_equal(fixture_key(f, pem, password, &key), 0);
    if (algorithm[0] == 'H')
        rc = tpmc_key_hmac(key, "x", 1, &mac, f->err);
    else
        rc = fixture_sign(f, key, algorithm);
    tpmc_bytes_free(mac);
    tpmc_key_free(key);
    return rc;
}

static void assert_uses(fixture *f, const tpmc_bytes *pem, const char *password,
                        const char *algorithm)
{
    int rc = use(f, pem, password, algorithm);

    if (rc != 0)
        fail_msg("%s: %s", tpmc_error_name(rc), tpmc_error_text(f->err));
}

static void assert_refused(fixture *f, int rc, int code, const char *words)
{
    assert_int_equal(rc, code);
    if (!fixture_error_says(f, words))
        fail_msg("'%s' does not hold '%s'", tpmc_error_text(f->err), words);
}

/* Registers by the option: the password alone must not do. */
static void registers_of_now(void **state)
{
    static const struct {
        const char *options;
        const char *algorithm;
    } cases[] = {
        { "algorithm=ecc256 bind_pcr=23", "ES256" },
        { "algorithm=rsa2048 pcr=sha256:16,23", "RS256" },
        { "algorithm=ecc256 scheme=ecdsa restricted=1 pcr=sha1:0,1+sha256:23", "ES256" },
        { "algorithm=hmac-sha256 pcr=sha256:7+sha1:23", "HS256" },
        { "algorithm=hmac-sha256 pcr=sha256:23 user_with_auth=0 parent=null-rsa", "HS256" },
    };
    fixture f;
    size_t i;

    (void)state;
    fixture_open(&f, 0);
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        tpmc_bytes *pem = NULL;

        assert_int_equal(maker_create(&f, cases[i].options, NULL, &pem), 0);
        assert_false(maker_describes(&f, pem, "userwithauth"));
        assert_true(maker_describes(&f, pem, "\"PolicyPCR\""));
        assert_true(maker_describes(&f, pem, "\"empty_auth\":true"));
        assert_uses(&f, pem, NULL, cases[i].algorithm);
        other_extend_pcr(23);
        assert_refused(&f, use(&f, pem, NULL, cases[i].algorithm), TPMC_ERR_POLICY, "23");
        tpmc_bytes_free(pem);
    }
    maker_teardown(&f);
}

static void registers_and_password(void **state)
{
    fixture f;
    tpmc_bytes *pem = NULL;

    (void)state;
    fixture_open(&f, 0);
    assert_int_equal(maker_create(&f, "algorithm=ecc256 bind_pcr=23", PASSWORD, &pem), 0);
    assert_true(maker_describes(&f, pem, "\"PolicyPCR\""));
    assert_true(maker_describes(&f, pem, "\"PolicyAuthValue\""));
    assert_true(maker_describes(&f, pem, "\"empty_auth\":false"));
    assert_uses(&f, pem, PASSWORD, "ES256");
    assert_int_equal(use(&f, pem, "another", "ES256"), TPMC_ERR_WRONG_PASSWORD);
    other_extend_pcr(23);
    assert_int_equal(use(&f, pem, PASSWORD, "ES256"), TPMC_ERR_POLICY);
    assert_false(tap_saw(f.tap, PASSWORD, strlen(PASSWORD)));
    tpmc_bytes_free(pem);
    maker_teardown(&f);
}

/* A key that says so may be used by its password, whatever its policy is. */
static void password_alone(void **state)
{
    fixture f;
    tpmc_bytes *pem = NULL;

    (void)state;
    fixture_open(&f, 0);
    assert_int_equal(
        maker_create(&f, "algorithm=ecc256 bind_pcr=23 user_with_auth=1", PASSWORD, &pem), 0);
    assert_true(maker_describes(&f, pem, "userwithauth"));
    assert_true(maker_describes(&f, pem, "\"PolicyPCR\""));
    assert_uses(&f, pem, PASSWORD, "ES256");
    tpmc_bytes_free(pem);
    maker_teardown(&f);
}

static void imported_keys(void **state)
{
    fixture f;
    char text[SOFTWARE_KEY_MAX];
    size_t len = software_key_write(software_key_rsa(2048), SOFTWARE_KEY_PKCS8_PEM, text);
    tpmc_key_template *t;
    tpmc_bytes *pem = NULL;

    (void)state;
    fixture_open(&f, 0);
    t = maker_template(&f, "bind_pcr=23", PASSWORD);
    assert_int_equal(tpmc_key_import(f.tpm, t, text, len, &pem, f.err), 0);
    tpmc_key_template_free(t);
    assert_false(maker_describes(&f, pem, "userwithauth"));
    assert_uses(&f, pem, PASSWORD, "RS256");
    tpmc_bytes_free(pem);
    t = maker_template(&f, "algorithm=hmac-sha256 bind_pcr=sha256:16", NULL);
    assert_int_equal(tpmc_key_import(f.tpm, t, "a secret", 8, &pem, f.err), 0);
    tpmc_key_template_free(t);
    assert_uses(&f, pem, NULL, "HS256");
    other_extend_pcr(16);
    assert_int_equal(use(&f, pem, NULL, "HS256"), TPMC_ERR_POLICY);
    tpmc_bytes_free(pem);
    maker_teardown(&f);
    software_key_cleanup();
}

/* Without a TPM, for one where the wanted values are known. */
static void wrapped_keys(void **state)
{
    static const uint8_t zeros[32];
    fixture f;
    tpmc_key_template *t;
    tpmc_policy *policy;
    tpmc_bytes *area = NULL;
    tpmc_bytes *pem = NULL;

    (void)state;
    fixture_open(&f, 0);
    assert_int_equal(tpmc_tpm_read_parent(f.tpm, NULL, &area, NULL, f.err), 0);
    t = maker_template(&f, "algorithm=hmac-sha256", NULL);
    policy = new_policy(&f);
    assert_int_equal(tpmc_policy_add_pcr(policy, "16", zeros, sizeof(zeros), f.err), 0);
    assert_int_equal(tpmc_key_template_set_policy(t, policy, f.err), 0);
    tpmc_policy_free(policy);
    assert_int_equal(
        tpmc_key_wrap(t, tpmc_bytes_data(area), tpmc_bytes_len(area), "a secret", 8, &pem, f.err),
        0);
    tpmc_key_template_free(t);
    tpmc_bytes_free(area);
    other_reset_pcr(16);
    assert_uses(&f, pem, NULL, "HS256");
    other_extend_pcr(16);
    assert_int_equal(use(&f, pem, NULL, "HS256"), TPMC_ERR_POLICY);
    tpmc_bytes_free(pem);
    maker_teardown(&f);
}

/* Another program binds a key to registers that are zero, by SHA-256, and the file is to say so. */
static void converted_keys(void **state)
{
    static const uint8_t digest[] = { 0xbf, 0xf2, 0xd5, 0x8e, 0x98, 0x13, 0xf9, 0x7c,
                                      0xef, 0xc1, 0x4f, 0x72, 0xad, 0x81, 0x33, 0xbc,
                                      0x70, 0x92, 0xd6, 0x52, 0xb7, 0xc8, 0x77, 0x95,
                                      0x92, 0x54, 0xaf, 0x14, 0x0c, 0x84, 0x1f, 0x36 };
    static const made_key shape = {
        .type = TPM2_ALG_ECC,
        .attributes = MADE_FIXED | TPMA_OBJECT_SIGN_ENCRYPT,
        .scheme = TPM2_ALG_NULL,
        .size = TPM2_ECC_NIST_P256,
    };
    static const uint8_t zeros[32];
    char text[TSS2_FILE_TEXT_MAX];
    tss2_file pair;
    fixture f;
    tpmc_key_template *t;
    tpmc_policy *policy;
    tpmc_bytes *pem = NULL;

    (void)state;
    fixture_open(&f, 0);
    assert_int_equal(made_key_write_bound(&shape, digest, sizeof(digest), text), 0);
    tss2_file_read(text, strlen(text), &pair);
    t = maker_template(&f, "", NULL);
    policy = new_policy(&f);
    assert_int_equal(tpmc_policy_add_pcr(policy, "16", zeros, sizeof(zeros), f.err), 0);
    assert_int_equal(tpmc_key_template_set_policy(t, policy, f.err), 0);
    tpmc_policy_free(policy);
    assert_int_equal(tpmc_key_convert(t, pair.public_area, pair.public_len, pair.private_area,
                                      pair.private_len, &pem, f.err),
                     0);
    tpmc_key_template_free(t);
    assert_true(maker_describes(&f, pem, "\"PolicyPCR\""));
    assert_uses(&f, pem, NULL, "ES256");
    other_extend_pcr(16);
    assert_int_equal(use(&f, pem, NULL, "ES256"), TPMC_ERR_POLICY);
    tpmc_bytes_free(pem);
    maker_teardown(&f);
}

static tpmc_policy *password_policy(fixture *f)
{
    tpmc_policy *policy = new_policy(f);

    assert_int_equal(tpmc_policy_add_password(policy, f->err), 0);
    return policy;
}

static tpmc_policy *owner_policy(fixture *f)
{
    tpmc_policy *policy = new_policy(f);

    assert_int_equal(tpmc_policy_add_secret(policy, OWNER, NULL, 0, "ref", 3, f->err), 0);
    return policy;
}

static tpmc_policy *command_policy(fixture *f, uint32_t code)
{
    tpmc_policy *policy = new_policy(f);

    assert_int_equal(tpmc_policy_add_command_code(policy, code, f->err), 0);
    return policy;
}

static tpmc_policy *locality_policy(fixture *f)
{
    tpmc_policy *policy = new_policy(f);

    assert_int_equal(tpmc_policy_add_locality(policy, 0x1f, f->err), 0);
    return policy;
}

/* Registers of now, or the password. */
static tpmc_policy *either_policy(fixture *f)
{
    tpmc_policy *branches[] = { new_policy(f), password_policy(f) };
    tpmc_policy *policy = new_policy(f);

    assert_int_equal(tpmc_policy_add_pcr(branches[0], "23", NULL, 0, f->err), 0);
    assert_int_equal(tpmc_policy_add_or(policy, branches, NULL, 2, f->err), 0);
    tpmc_policy_free(branches[0]);
    tpmc_policy_free(branches[1]);
    return policy;
}

static void policy_objects(void **state)
{
    fixture f;
    tpmc_bytes *pem = NULL;

    (void)state;
    fixture_open(&f, 0);
    assert_int_equal(create_with(&f, "algorithm=ecc256", PASSWORD, password_policy(&f), &pem), 0);
    assert_uses(&f, pem, PASSWORD, "ES256");
    tpmc_bytes_free(pem);
    assert_int_equal(create_with(&f, "algorithm=ecc256", NULL, password_policy(&f), &pem), 0);
    assert_uses(&f, pem, NULL, "ES256");
    tpmc_bytes_free(pem);
    assert_int_equal(create_with(&f, "algorithm=ecc256", NULL, owner_policy(&f), &pem), 0);
    assert_uses(&f, pem, NULL, "ES256");
    tpmc_bytes_free(pem);
    assert_int_equal(create_with(&f, "algorithm=ecc256", NULL, command_policy(&f, CC_SIGN), &pem),
                     0);
    assert_uses(&f, pem, NULL, "ES256");
    tpmc_bytes_free(pem);
    assert_int_equal(
        create_with(&f, "algorithm=hmac-sha256", NULL, command_policy(&f, CC_HMAC), &pem), 0);
    assert_uses(&f, pem, NULL, "HS256");
    tpmc_bytes_free(pem);
    assert_int_equal(create_with(&f, "algorithm=ecc256", NULL, locality_policy(&f), &pem), 0);
    assert_uses(&f, pem, NULL, "ES256");
    tpmc_bytes_free(pem);
    maker_teardown(&f);
}

static void one_branch_is_enough(void **state)
{
    fixture f;
    tpmc_bytes *pem = NULL;

    (void)state;
    fixture_open(&f, 0);
    assert_int_equal(create_with(&f, "algorithm=ecc256", PASSWORD, either_policy(&f), &pem), 0);
    assert_true(maker_describes(&f, pem, "\"PolicyOR\""));
    assert_uses(&f, pem, NULL, "ES256");
    other_extend_pcr(23);
    assert_uses(&f, pem, PASSWORD, "ES256");
    assert_int_not_equal(use(&f, pem, NULL, "ES256"), 0);
    tpmc_bytes_free(pem);
    maker_teardown(&f);
}

/* One policy object, with values of now, serves several templates. */
static void values_are_those_of_each_creation(void **state)
{
    fixture f;
    tpmc_policy *policy;
    tpmc_key_template *t;
    tpmc_bytes *before = NULL;
    tpmc_bytes *after = NULL;

    (void)state;
    fixture_open(&f, 0);
    policy = new_policy(&f);
    assert_int_equal(tpmc_policy_add_pcr(policy, "23", NULL, 0, f.err), 0);
    t = maker_template(&f, "algorithm=ecc256", NULL);
    assert_int_equal(tpmc_key_template_set_policy(t, policy, f.err), 0);
    tpmc_policy_free(policy);
    assert_int_equal(tpmc_key_create(f.tpm, t, &before, f.err), 0);
    other_extend_pcr(23);
    assert_int_equal(tpmc_key_create(f.tpm, t, &after, f.err), 0);
    assert_uses(&f, after, NULL, "ES256");
    assert_int_equal(use(&f, before, NULL, "ES256"), TPMC_ERR_POLICY);
    other_reset_pcr(23);
    assert_uses(&f, before, NULL, "ES256");
    assert_int_equal(use(&f, after, NULL, "ES256"), TPMC_ERR_POLICY);
    tpmc_bytes_free(before);
    tpmc_bytes_free(after);
    tpmc_key_template_free(t);
    maker_teardown(&f);
}

/* Steps that key files have no words for are given again when the key is used. */
static void steps_without_words(void **state)
{
    static const char json[] =
        "{\"description\":\"signed\",\"policy\":[{\"type\":\"POLICYSIGNED\",\"keyPEM\":"
        "\"-----BEGIN PUBLIC KEY-----\\n"
        "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE1QTiACyRfA+LftWrTDpIKVkglYdD\\n"
        "17y1R8K/BB9cRUXXrgAmHnrTle9lPsmTPWsULlUhVg6F2hN3uzr+aDfBiA==\\n"
        "-----END PUBLIC KEY-----\\n\"}]}";
    fixture f;
    tpmc_policy *policy = NULL;
    tpmc_bytes *pem = NULL;

    (void)state;
    fixture_open(&f, 0);
    assert_int_equal(tpmc_policy_new_json(f.env, json, strlen(json), &policy, f.err), 0);
    assert_int_equal(create_with(&f, "algorithm=ecc256", NULL, policy, &pem), 0);
    assert_false(maker_describes(&f, pem, "PolicySigned"));
    assert_false(maker_describes(&f, pem, "\"auth_policy\":\"\""));
    assert_false(maker_describes(&f, pem, "userwithauth"));
    tpmc_bytes_free(pem);
    maker_teardown(&f);
}

static void refusals_come_first(void **state)
{
    static const struct {
        const char *options;
        const char *password;
        const char *words;
    } cases[] = {
        { "algorithm=ecc256 user_with_auth=0", NULL, "never be used" },
        { "algorithm=ecc256 user_with_auth=0", PASSWORD, "never be used" },
        { "algorithm=ecc256 bind_pcr=23 bind_policy_file=x", NULL, "two policies" },
    };
    fixture f;
    size_t i;

    (void)state;
    fixture_open(&f, 0);
    tap_clear(f.tap);
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        tpmc_bytes *pem = NULL;

        assert_refused(&f, maker_create(&f, cases[i].options, cases[i].password, &pem),
                       TPMC_ERR_ARGUMENT, cases[i].words);
    }
    assert_int_equal(tap_count(f.tap), 0);
    maker_teardown(&f);
}

/* Values of now cost what reading them costs. */
static void budgets(void **state)
{
    fixture f;
    char sequence[256];
    tpmc_bytes *pem = NULL;

    (void)state;
    fixture_open(&f, 0);
    tap_clear(f.tap);
    assert_int_equal(maker_create(&f, "algorithm=ecc256 bind_pcr=23", NULL, &pem), 0);
    tap_sequence(f.tap, 0, sequence, sizeof(sequence));
    assert_string_equal(sequence, "PCR_Read CreatePrimary Create Load FlushContext FlushContext");
    tpmc_bytes_free(pem);
    tap_clear(f.tap);
    assert_int_equal(create_with(&f, "algorithm=ecc256", NULL, locality_policy(&f), &pem), 0);
    tap_sequence(f.tap, 0, sequence, sizeof(sequence));
    assert_string_equal(sequence, "CreatePrimary Create Load FlushContext FlushContext");
    tpmc_bytes_free(pem);
    maker_teardown(&f);
}

static int create_bound(fixture *f, void *context)
{
    tpmc_bytes *pem = NULL;
    int rc = maker_create(f, "algorithm=ecc256 bind_pcr=sha1:16+sha256:23", PASSWORD, &pem);

    (void)context;
    tpmc_bytes_free(pem);
    return rc;
}

static void broken_connections(void **state)
{
    fixture f;

    (void)state;
    fixture_open(&f, 1);
    maker_break_each_command(&f, create_bound, NULL);
    maker_teardown(&f);
}

static void every_allocation(void **state)
{
    fixture f;
    tpmc_key_template *t;
    size_t n;
    int rc = TPMC_ERR_NOMEM;

    (void)state;
    fixture_open(&f, 0);
    t = maker_template(&f, "algorithm=ecc256 bind_pcr=23", PASSWORD);
    for (n = 1; n < ALLOCATIONS_MAX; n++) {
        tpmc_bytes *pem = NULL;

        fail_allocation(n);
        rc = tpmc_key_create(f.tpm, t, &pem, f.err);
        assert_int_equal(rc == 0, pem != NULL);
        tpmc_bytes_free(pem);
        if (!allocation_failed())
            break;
        if (rc != 0)
            assert_int_equal(rc, TPMC_ERR_NOMEM);
    }
    assert_int_equal(rc, 0);
    assert_true(n > 10 && n < ALLOCATIONS_MAX);
    tpmc_key_template_free(t);
    maker_teardown(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(registers_of_now),
        cmocka_unit_test(registers_and_password),
        cmocka_unit_test(password_alone),
        cmocka_unit_test(imported_keys),
        cmocka_unit_test(wrapped_keys),
        cmocka_unit_test(converted_keys),
        cmocka_unit_test(policy_objects),
        cmocka_unit_test(one_branch_is_enough),
        cmocka_unit_test(values_are_those_of_each_creation),
        cmocka_unit_test(steps_without_words),
        cmocka_unit_test(refusals_come_first),
        cmocka_unit_test(budgets),
        cmocka_unit_test(broken_connections),
        cmocka_unit_test(every_allocation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
