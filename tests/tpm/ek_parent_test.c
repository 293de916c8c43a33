/* SPDX-License-Identifier: Apache-2.0 */

/* Keys under endorsement keys, which are used through a policy. */

#include "tpm/bench.h"

#define EK_HANDLE 0x81010001u
#define KEY_PASSWORD "Ek5!password of a key"
#define ENDORSEMENT_PASSWORD "En5!endorsement"

static const uint8_t policy_b[32] = {
    0xca, 0x3d, 0x0a, 0x99, 0xa2, 0xb9, 0x39, 0x06, 0xf7, 0xa3, 0x34, 0x24, 0x14, 0xef, 0xcf, 0xb3,
    0xa3, 0x85, 0xd4, 0x4c, 0xd1, 0xfd, 0x45, 0x90, 0x89, 0xd1, 0x9b, 0x50, 0x71, 0xc0, 0xb7, 0xa0,
};

/* An endorsement key, persistent, and a key under it. */
static void make(bench *b, other_template which, int by_policy, other_template kind,
                 const char *password, const char *endorsement_password)
{
    const other_persistent place = { .hierarchy = ESYS_TR_RH_ENDORSEMENT,
                                     .hierarchy_password = endorsement_password,
                                     .handle = EK_HANDLE };
    const other_key key = { .handle = EK_HANDLE,
                            .by_policy = by_policy,
                            .endorsement_password = endorsement_password,
                            .kind = kind,
                            .password = password };
    TPM2B_PUBLIC in;

    other_template_fill(which, &in);
    if (by_policy == 2)
        memcpy(in.publicArea.authPolicy.buffer, policy_b, sizeof(policy_b));
    other_persist(&place, &in, NULL);
    other_make_key(&key, b->pem);
}

static void loads(void **state)
{
    static const struct {
        other_template which;
        int by_policy;
        const char *sequence;
    } cases[] = {
        { OTHER_EK_RSA, 1, "ReadPublic StartAuthSession PolicySecret Load Sign" },
        { OTHER_EK_ECC, 1, "ReadPublic StartAuthSession PolicySecret Load Sign" },
        { OTHER_EK_ECC, 2, "ReadPublic StartAuthSession PolicySecret PolicyOR Load Sign" },
        { OTHER_EK_RSA, 2, "ReadPublic StartAuthSession PolicySecret PolicyOR Load Sign" },
    };
    bench b;
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        bench_open(&b);
        make(&b, cases[i].which, cases[i].by_policy, OTHER_SIGNER, NULL, NULL);
        bench_key(&b, NULL, NULL);
        bench_signs(&b, cases[i].sequence);
        assert_int_equal(tpm_raw_session_count(), 0);
        assert_int_equal(tpmc_tpm_bus_level(b.f.tpm), TPMC_BUS_NOTHING_SECRET);
        bench_signs(&b, "Sign");
        bench_close(&b);
    }
}

static void with_passwords(void **state)
{
    static const other_template all[] = { OTHER_EK_RSA, OTHER_EK_ECC };
    bench b;
    size_t i;

    (void)state;
    for (i = 0; i < 2; i++) {
        bench_open(&b);
        other_set_password(ESYS_TR_RH_ENDORSEMENT, NULL, ENDORSEMENT_PASSWORD);
        make(&b, all[i], 1, OTHER_SIGNER, KEY_PASSWORD, ENDORSEMENT_PASSWORD);
        bench_hierarchy_password(&b, TPMC_HIERARCHY_ENDORSEMENT, ENDORSEMENT_PASSWORD);
        bench_key(&b, KEY_PASSWORD, NULL);
        bench_ok(&b, fixture_sign(&b.f, b.key, "ES256"));
        assert_int_equal(tap_saw(b.f.tap, ENDORSEMENT_PASSWORD, 6), 0);
        assert_int_equal(tap_saw(b.f.tap, KEY_PASSWORD, 6), 0);
        assert_int_equal(tpmc_tpm_bus_level(b.f.tpm), TPMC_BUS_ENCRYPTED);
        bench_expect(&b, "ReadPublic StartAuthSession StartAuthSession PolicySecret Load Sign");
        bench_signs(&b, "Sign");
        bench_close(&b);
    }
}

/* Nothing else of the key is secret. */
static void with_endorsement_password_alone(void **state)
{
    bench b;

    (void)state;
    bench_open(&b);
    other_set_password(ESYS_TR_RH_ENDORSEMENT, NULL, ENDORSEMENT_PASSWORD);
    make(&b, OTHER_EK_ECC, 1, OTHER_SIGNER, NULL, ENDORSEMENT_PASSWORD);
    bench_hierarchy_password(&b, TPMC_HIERARCHY_ENDORSEMENT, ENDORSEMENT_PASSWORD);
    bench_key(&b, NULL, NULL);
    bench_ok(&b, fixture_sign(&b.f, b.key, "ES256"));
    assert_int_equal(tap_saw(b.f.tap, ENDORSEMENT_PASSWORD, 6), 0);
    assert_int_equal(tpmc_tpm_bus_level(b.f.tpm), TPMC_BUS_ENCRYPTED);
    bench_close(&b);
}

static void refused_passwords(void **state)
{
    bench b;

    (void)state;
    bench_open(&b);
    other_set_password(ESYS_TR_RH_ENDORSEMENT, NULL, ENDORSEMENT_PASSWORD);
    make(&b, OTHER_EK_ECC, 1, OTHER_SIGNER, NULL, ENDORSEMENT_PASSWORD);
    bench_key(&b, NULL, NULL);
    bench_refused(&b, fixture_sign(&b.f, b.key, "ES256"), TPMC_ERR_WRONG_PASSWORD,
                  "endorsement hierarchy has a password|none was given",
                  "ReadPublic StartAuthSession PolicySecret FlushContext");
    assert_int_equal(fixture_sign(&b.f, b.key, "ES256"), TPMC_ERR_WRONG_PASSWORD);
    assert_int_equal(tap_count_of(b.f.tap, 0x151), 0);
    bench_reconnect(&b);
    bench_hierarchy_password(&b, TPMC_HIERARCHY_ENDORSEMENT, "another");
    bench_key(&b, NULL, NULL);
    assert_int_equal(fixture_sign(&b.f, b.key, "ES256"), TPMC_ERR_WRONG_PASSWORD);
    assert_true(fixture_error_says(&b.f, "endorsement hierarchy is wrong"));
    assert_int_equal(tap_count_of(b.f.tap, 0x151), 1);
    assert_int_equal(fixture_sign(&b.f, b.key, "ES256"), TPMC_ERR_WRONG_PASSWORD);
    assert_int_equal(tap_count_of(b.f.tap, 0x151), 1);
    bench_close(&b);
}

static void hmac_key(void **state)
{
    static const char *const modes[] = { "auto", "always", "never" };
    bench b;
    size_t i;

    (void)state;
    bench_open(&b);
    make(&b, OTHER_EK_ECC, 1, OTHER_HMAC, KEY_PASSWORD, NULL);
    for (i = 0; i < 3; i++) {
        bench_tpm_set(&b, "bus_protection", modes[i]);
        bench_key(&b, KEY_PASSWORD, NULL);
        bench_ok(&b, bench_hmac(&b, NULL));
        tap_clear(b.f.tap);
        bench_macs(&b, "HMAC");
        bench_reconnect(&b);
    }
    bench_close(&b);
}

/* Importable under an endorsement key: the policy is run for Import and again for Load. */
static void importable(void **state)
{
    static const other_template all[] = { OTHER_EK_RSA, OTHER_EK_ECC };
    bench b;
    size_t i;

    (void)state;
    for (i = 0; i < 2; i++) {
        tpmc_key_template *t = NULL;
        tpmc_bytes *parent = NULL;
        tpmc_bytes *pem = NULL;
        char text[SOFTWARE_KEY_MAX];
        size_t len = software_key_write(software_key_rsa(2048), SOFTWARE_KEY_PKCS8_PEM, text);

        bench_open(&b);
        make(&b, all[i], 1, OTHER_SIGNER, NULL, NULL);
        assert_int_equal(tpmc_key_template_new(b.f.env, &t, b.f.err), 0);
        assert_int_equal(tpmc_key_template_set(t, "template_parent_handle", "0x81010001", b.f.err),
                         0);
        bench_ok(&b, tpmc_tpm_read_parent(b.f.tpm, t, &parent, NULL, b.f.err));
        bench_ok(&b, tpmc_key_wrap(t, tpmc_bytes_data(parent), tpmc_bytes_len(parent), text, len,
                                   &pem, b.f.err));
        bench_reconnect(&b);
        assert_int_equal(fixture_key(&b.f, pem, NULL, &b.key), 0);
        assert_int_equal(tpmc_key_set(b.key, "parent_handle", "0x81010001", b.f.err), 0);
        bench_ok(&b, fixture_sign(&b.f, b.key, "RS256"));
        bench_expect(&b, "ReadPublic StartAuthSession PolicySecret Import StartAuthSession "
                         "PolicySecret Load Sign");
        tpmc_key_template_free(t);
        tpmc_bytes_free(pem);
        tpmc_bytes_free(parent);
        bench_close(&b);
    }
}

/* Made by us under an endorsement key, then used. */
static void created(void **state)
{
    static const other_template all[] = { OTHER_EK_RSA, OTHER_EK_ECC };
    bench b;
    size_t i;

    (void)state;
    for (i = 0; i < 2; i++) {
        tpmc_key_template *t = NULL;
        tpmc_bytes *pem = NULL;

        bench_open(&b);
        make(&b, all[i], 1, OTHER_SIGNER, NULL, NULL);
        assert_int_equal(tpmc_key_template_new(b.f.env, &t, b.f.err), 0);
        assert_int_equal(tpmc_key_template_set(t, "template_parent_handle", "0x81010001", b.f.err),
                         0);
        assert_int_equal(tpmc_key_template_set(t, "algorithm", "ecc256", b.f.err), 0);
        assert_int_equal(
            tpmc_key_template_set_password(t, KEY_PASSWORD, strlen(KEY_PASSWORD), b.f.err), 0);
        bench_ok(&b, tpmc_key_create(b.f.tpm, t, &pem, b.f.err));
        assert_int_equal(tap_saw(b.f.tap, KEY_PASSWORD, 6), 0);
        assert_int_equal(tpmc_tpm_bus_level(b.f.tpm), TPMC_BUS_ENCRYPTED);
        bench_reconnect(&b);
        assert_int_equal(fixture_key(&b.f, pem, KEY_PASSWORD, &b.key), 0);
        bench_ok(&b, fixture_sign(&b.f, b.key, "ES256"));
        assert_int_equal(tap_saw(b.f.tap, KEY_PASSWORD, 6), 0);
        tpmc_key_template_free(t);
        tpmc_bytes_free(pem);
        bench_close(&b);
    }
}

/* A parent whose policy is another one. */
static void another_policy(void **state)
{
    const other_persistent place = { .hierarchy = ESYS_TR_RH_OWNER, .handle = EK_HANDLE };
    TPM2B_PUBLIC in;
    TPM2B_PUBLIC h2;
    const other_key key = { .parent = &h2, .hierarchy = ESYS_TR_RH_OWNER, .kind = OTHER_SIGNER };
    bench b;

    (void)state;
    bench_open(&b);
    other_template_fill(OTHER_EK_ECC, &in);
    in.publicArea.authPolicy.buffer[0] ^= 1;
    other_persist(&place, &in, NULL);
    other_template_fill(OTHER_H2, &h2);
    other_make_key(&key, b.pem);
    bench_key(&b, NULL, NULL);
    assert_int_equal(tpmc_key_set(b.key, "parent_handle", "0x81010001", b.f.err), 0);
    bench_refused(&b, fixture_sign(&b.f, b.key, "ES256"), TPMC_ERR_UNSUPPORTED,
                  "0x81010001|takes no password but a policy", "ReadPublic");
    bench_close(&b);
}

/* The parent itself is the pinned salt key, also when a hierarchy's password needs the session. */
static void pinned(void **state)
{
    static const other_template all[] = { OTHER_EK_RSA, OTHER_EK_ECC };
    char pin[133];
    TPM2B_PUBLIC in;
    TPM2B_NAME name;
    bench b;
    size_t i;
    int with_password;

    (void)state;
    for (i = 0; i < 2; i++) {
        for (with_password = 0; with_password < 2; with_password++) {
            bench_open(&b);
            other_template_fill(all[i], &in);
            other_primary_name(ESYS_TR_RH_ENDORSEMENT, &in, &name);
            other_name_hex(&name, pin);
            if (with_password)
                other_set_password(ESYS_TR_RH_ENDORSEMENT, NULL, ENDORSEMENT_PASSWORD);
            make(&b, all[i], 1, OTHER_SIGNER, KEY_PASSWORD,
                 with_password ? ENDORSEMENT_PASSWORD : NULL);
            if (with_password)
                bench_hierarchy_password(&b, TPMC_HIERARCHY_ENDORSEMENT, ENDORSEMENT_PASSWORD);
            bench_tpm_set(&b, "salt_key_name", pin);
            bench_key(&b, KEY_PASSWORD, NULL);
            bench_ok(&b, fixture_sign(&b.f, b.key, "ES256"));
            assert_int_equal(tap_saw(b.f.tap, ENDORSEMENT_PASSWORD, 6), 0);
            assert_int_equal(tpmc_tpm_bus_level(b.f.tpm), TPMC_BUS_PINNED);
            atomic_fetch_add(&b.f.skew_ms, 11 * 60 * 1000);
            bench_ok(&b, fixture_sign(&b.f, b.key, "ES256"));
            assert_int_equal(tpmc_tpm_bus_level(b.f.tpm), TPMC_BUS_PINNED);
            tap_clear(b.f.tap);
            bench_signs(&b, "Sign");
            bench_close(&b);
        }
    }
}

/* Something else stands at the endorsement key's handle later. */
static void replaced(void **state)
{
    const other_persistent place = { .hierarchy = ESYS_TR_RH_OWNER, .handle = EK_HANDLE };
    static const other_template others[] = { OTHER_H2, OTHER_EK_RSA };
    TPM2B_PUBLIC in;
    bench b;
    size_t i;

    (void)state;
    for (i = 0; i < 2; i++) {
        bench_open(&b);
        make(&b, OTHER_EK_ECC, 1, OTHER_SIGNER, NULL, NULL);
        bench_key(&b, NULL, NULL);
        bench_ok(&b, fixture_sign(&b.f, b.key, "ES256"));
        tpmc_tpm_release(b.f.tpm);
        other_evict(EK_HANDLE);
        other_template_fill(others[i], &in);
        other_persist(&place, &in, NULL);
        assert_int_equal(fixture_sign(&b.f, b.key, "ES256"), TPMC_ERR_WRONG_TPM);
        assert_true(fixture_error_says(&b.f, "does not belong|0x81010001"));
        other_evict(EK_HANDLE);
        make(&b, OTHER_EK_ECC, 1, OTHER_SIGNER, NULL, NULL);
        assert_int_equal(fixture_sign(&b.f, b.key, "ES256"), 0);
        bench_close(&b);
    }
}

/* One command of the flow fails once; the same key signs afterwards. */
static const tap_fault faults[] = {
    { .kind = TAP_ANSWER, .value = 0x101 },
    { .kind = TAP_ANSWER, .value = 0x922 },
    { .kind = TAP_ANSWER, .value = 0x910 },
    { .kind = TAP_ANSWER, .value = 0x911 },
    { .kind = TAP_ANSWER, .value = 0x918 },
    { .kind = TAP_ANSWER, .value = 0x919 },
    { .kind = TAP_ANSWER, .value = 0x98e },
    { .kind = TAP_TRANSMIT_FAILS, .value = TSS2_TCTI_RC_IO_ERROR },
    { .kind = TAP_RECEIVE_FAILS, .value = TSS2_TCTI_RC_IO_ERROR },
    { .kind = TAP_CUT, .value = 10 },
    { .kind = TAP_FLIP, .value = 9 },
};

/* 0 when the fault hit nothing, since there are not so many commands. */
static int survives(bench *b, const char *password, const tap_fault *fault)
{
    uint32_t code = 0;
    int status = 0;

    bench_reconnect(b);
    if (password != NULL)
        bench_hierarchy_password(b, TPMC_HIERARCHY_ENDORSEMENT, ENDORSEMENT_PASSWORD);
    bench_key(b, password, NULL);
    tap_set_fault(b->f.tap, fault);
    status = fixture_sign(&b->f, b->key, "ES256");
    if (tap_hits(b->f.tap) == 0) {
        assert_int_equal(status, 0);
        return 0;
    }
    code = tap_code(b->f.tap, fault->at);
    if (fault->value == 0x98e && code == 0x151) {
        /* It is believed, and not asked twice. */
        assert_int_equal(status, TPMC_ERR_WRONG_PASSWORD);
        assert_int_equal(fixture_sign(&b->f, b->key, "ES256"), TPMC_ERR_WRONG_PASSWORD);
        assert_int_equal(tap_count_of(b->f.tap, 0x151), 1);
        return 1;
    }
    if (fault->value == 0x98e && status == TPMC_ERR_WRONG_PASSWORD && code == TAP_CC_SIGN)
        bench_key(b, password, NULL);
    status = fixture_sign(&b->f, b->key, "ES256");
    if (status != 0)
        fail_msg("fault %#x at %zu (%s): %s", (unsigned)fault->value, fault->at,
                 tap_command_name(code), tpmc_error_text(b->f.err));
    /* A TPM that denies to have a session keeps it. */
    if (fault->value == 0x918 || fault->value == 0x919) {
        bench_drop_key(b);
        fixture_reconnect(&b->f);
        tpm_raw_flush_all();
    }
    return 1;
}

static void each_command_fails_once(void **state)
{
    static const char *const passwords[] = { NULL, KEY_PASSWORD };
    bench b;
    size_t i;
    size_t k;

    (void)state;
    for (i = 0; i < 2; i++) {
        const char *endorsement = i == 0 ? NULL : ENDORSEMENT_PASSWORD;

        bench_open(&b);
        if (endorsement != NULL)
            other_set_password(ESYS_TR_RH_ENDORSEMENT, NULL, endorsement);
        make(&b, OTHER_EK_ECC, 1, OTHER_SIGNER, passwords[i], endorsement);
        for (k = 0; k < sizeof(faults) / sizeof(faults[0]); k++) {
            tap_fault fault = faults[k];

            fault.count = 1;
            while (survives(&b, passwords[i], &fault))
                fault.at++;
        }
        bench_close(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(loads),
        cmocka_unit_test(with_passwords),
        cmocka_unit_test(with_endorsement_password_alone),
        cmocka_unit_test(refused_passwords),
        cmocka_unit_test(hmac_key),
        cmocka_unit_test(importable),
        cmocka_unit_test(created),
        cmocka_unit_test(another_policy),
        cmocka_unit_test(pinned),
        cmocka_unit_test(replaced),
        cmocka_unit_test(each_command_fails_once),
    };

    return cmocka_run_group_tests(tests, NULL, bench_cleanup);
}
