/* SPDX-License-Identifier: Apache-2.0 */

/* What can be seen on the bus, searched in every byte of every command and answer. */

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "support/check.h"
#include "tpm/bench.h"

#define KEY_PASSWORD "Canary1!of the key"
#define PARENT_PASSWORD "Canary2!of the parent"
#define OWNER_PASSWORD "Canary3!of the owner"
#define ENDORSEMENT_PASSWORD "Canary4!of endorsement"
#define NEW_PASSWORD "Canary5!of a new key"
#define SEALED_SECRET "Canary6!sealed in the TPM"
#define HMAC_SECRET "Canary7!imported for an HMAC key"
#define SRK 0x81000001u

static const char *const canaries[] = { KEY_PASSWORD,         PARENT_PASSWORD, OWNER_PASSWORD,
                                        ENDORSEMENT_PASSWORD, NEW_PASSWORD,    SEALED_SECRET,
                                        HMAC_SECRET };

/* The first bytes are enough, whatever stands behind them. */
static void expect_no_canary(bench *b)
{
    size_t i;

    for (i = 0; i < sizeof(canaries) / sizeof(canaries[0]); i++) {
        if (tap_saw(b->f.tap, canaries[i], 8))
            fail_msg("\"%s\" crossed the bus", canaries[i]);
    }
}

static void expect_level(bench *b, int level)
{
    assert_int_equal(tpmc_tpm_bus_level(b->f.tpm), level);
}

static void make_key(bench *b, ESYS_TR hierarchy, other_template kind, const char *password)
{
    TPM2B_PUBLIC in;
    const other_key key = { .parent = &in,
                            .hierarchy = hierarchy,
                            .kind = kind,
                            .password = password,
                            .secret = kind == OTHER_SEALED ? SEALED_SECRET : NULL };

    other_template_fill(OTHER_H2, &in);
    other_make_key(&key, b->pem);
}

static const char *const modes[] = { "auto", "always", "never" };
enum { AUTO, ALWAYS, NEVER, MODE_COUNT };

static void plain_signature(void **state)
{
    static const char *const cold[] = { "CreatePrimary Load FlushContext Sign",
                                        "CreatePrimary StartAuthSession Load FlushContext Sign",
                                        "CreatePrimary Load FlushContext Sign" };
    bench b;
    int mode;

    (void)state;
    bench_open(&b);
    make_key(&b, ESYS_TR_RH_OWNER, OTHER_SIGNER, NULL);
    for (mode = 0; mode < MODE_COUNT; mode++) {
        bench_tpm_set(&b, "bus_protection", modes[mode]);
        bench_key(&b, NULL, NULL);
        bench_signs(&b, cold[mode]);
        bench_signs(&b, "Sign");
        expect_level(&b, TPMC_BUS_NOTHING_SECRET);
        assert_int_equal(tpm_raw_session_count(), mode == ALWAYS);
        bench_reconnect(&b);
    }
    bench_close(&b);
}

/* The digest is what `always` hides of a signature. */
static void always_hides_the_digest(void **state)
{
    uint8_t digest[32];
    bench b;
    int mode;

    (void)state;
    assert_int_equal(
        EVP_Digest(FIXTURE_MESSAGE, strlen(FIXTURE_MESSAGE), digest, NULL, EVP_sha256(), NULL), 1);
    bench_open(&b);
    make_key(&b, ESYS_TR_RH_OWNER, OTHER_SIGNER, NULL);
    for (mode = 0; mode < MODE_COUNT; mode++) {
        bench_tpm_set(&b, "bus_protection", modes[mode]);
        bench_key(&b, NULL, NULL);
        bench_ok(&b, fixture_sign(&b.f, b.key, "ES256"));
        assert_int_equal(tap_saw(b.f.tap, digest, sizeof(digest)), mode != ALWAYS);
        bench_reconnect(&b);
    }
    bench_close(&b);
}

static void password(void **state)
{
    bench b;
    int mode;

    (void)state;
    bench_open(&b);
    make_key(&b, ESYS_TR_RH_OWNER, OTHER_SIGNER, KEY_PASSWORD);
    for (mode = 0; mode < MODE_COUNT; mode++) {
        bench_tpm_set(&b, "bus_protection", modes[mode]);
        bench_key(&b, KEY_PASSWORD, NULL);
        bench_ok(&b, fixture_sign(&b.f, b.key, "ES256"));
        bench_ok(&b, fixture_sign(&b.f, b.key, "ES256"));
        expect_no_canary(&b);
        expect_level(&b, TPMC_BUS_ENCRYPTED);
        bench_expect(&b, "CreatePrimary StartAuthSession Load FlushContext Sign Sign");
        bench_reconnect(&b);
    }
    bench_close(&b);
}

static void hmac_answers(void **state)
{
    static const char *const passwords[] = { NULL, KEY_PASSWORD };
    uint8_t mac[32];
    bench b;
    size_t i;
    int mode;

    (void)state;
    bench_open(&b);
    for (i = 0; i < 2; i++) {
        make_key(&b, ESYS_TR_RH_OWNER, OTHER_HMAC, passwords[i]);
        for (mode = 0; mode < MODE_COUNT; mode++) {
            bench_tpm_set(&b, "bus_protection", modes[mode]);
            bench_key(&b, passwords[i], NULL);
            bench_ok(&b, bench_hmac(&b, mac));
            bench_ok(&b, bench_hmac(&b, mac));
            assert_int_equal(tap_saw(b.f.tap, mac, sizeof(mac)), mode == NEVER);
            expect_no_canary(&b);
            expect_level(&b, mode == NEVER ? TPMC_BUS_NONE : TPMC_BUS_ENCRYPTED);
            bench_expect(&b, "CreatePrimary StartAuthSession Load FlushContext HMAC HMAC");
            assert_int_equal(tpm_raw_session_count(), 1);
            bench_reconnect(&b);
        }
    }
    bench_close(&b);
}

/* A message longer than the TPM takes at once. */
static void long_hmac_answers(void **state)
{
    static uint8_t message[5000];
    bench b;
    int mode;

    (void)state;
    bench_open(&b);
    make_key(&b, ESYS_TR_RH_OWNER, OTHER_HMAC, KEY_PASSWORD);
    for (mode = 0; mode < MODE_COUNT; mode++) {
        tpmc_bytes *mac = NULL;

        bench_tpm_set(&b, "bus_protection", modes[mode]);
        bench_key(&b, KEY_PASSWORD, NULL);
        bench_ok(&b, tpmc_key_hmac(b.key, message, sizeof(message), &mac, b.f.err));
        assert_int_equal(tap_saw(b.f.tap, tpmc_bytes_data(mac), tpmc_bytes_len(mac)),
                         mode == NEVER);
        expect_no_canary(&b);
        expect_level(&b, mode == NEVER ? TPMC_BUS_NONE : TPMC_BUS_ENCRYPTED);
        tpmc_bytes_free(mac);
        bench_reconnect(&b);
    }
    bench_close(&b);
}

static void unsealed_data(void **state)
{
    uint8_t wanted[32];
    uint8_t mac[32];
    unsigned len = sizeof(wanted);
    bench b;
    int mode;

    (void)state;
    assert_non_null(HMAC(EVP_sha256(), SEALED_SECRET, (int)strlen(SEALED_SECRET),
                         (const uint8_t *)FIXTURE_MESSAGE, strlen(FIXTURE_MESSAGE), wanted, &len));
    bench_open(&b);
    make_key(&b, ESYS_TR_RH_OWNER, OTHER_SEALED, KEY_PASSWORD);
    for (mode = 0; mode < MODE_COUNT; mode++) {
        bench_tpm_set(&b, "bus_protection", modes[mode]);
        bench_key(&b, KEY_PASSWORD, NULL);
        assert_int_equal(tpmc_key_set(b.key, "allow_sealed_hmac", "1", b.f.err), 0);
        bench_ok(&b, bench_hmac(&b, mac));
        assert_memory_equal(mac, wanted, sizeof(mac));
        assert_int_equal(tap_saw(b.f.tap, SEALED_SECRET, strlen(SEALED_SECRET)), mode == NEVER);
        assert_int_equal(tap_saw(b.f.tap, KEY_PASSWORD, 8), 0);
        assert_int_equal(tap_saw(b.f.tap, mac, sizeof(mac)), 0);
        expect_level(&b, mode == NEVER ? TPMC_BUS_NONE : TPMC_BUS_ENCRYPTED);
        bench_reconnect(&b);
    }
    bench_close(&b);
}

static tpmc_key_template *new_template(bench *b, const char *algorithm)
{
    tpmc_key_template *t = NULL;

    check(tpmc_key_template_new(b->f.env, &t, b->f.err) == 0);
    if (algorithm != NULL)
        check(tpmc_key_template_set(t, "algorithm", algorithm, b->f.err) == 0);
    check(tpmc_key_template_set_password(t, NEW_PASSWORD, strlen(NEW_PASSWORD), b->f.err) == 0);
    return t;
}

/* Create carries the new key's password in. */
static void new_keys(void **state)
{
    static const char *const algorithms[] = { "ecc256", "hmac-sha256" };
    bench b;
    size_t i;
    int mode;

    (void)state;
    bench_open(&b);
    for (i = 0; i < 2; i++) {
        for (mode = 0; mode < MODE_COUNT; mode++) {
            tpmc_key_template *t = new_template(&b, algorithms[i]);
            tpmc_bytes *pem = NULL;

            bench_tpm_set(&b, "bus_protection", modes[mode]);
            bench_ok(&b, tpmc_key_create(b.f.tpm, t, &pem, b.f.err));
            expect_no_canary(&b);
            expect_level(&b, TPMC_BUS_ENCRYPTED);
            bench_reconnect(&b);
            assert_int_equal(fixture_key(&b.f, pem, NEW_PASSWORD, &b.key), 0);
            bench_ok(&b, i == 0 ? fixture_sign(&b.f, b.key, "ES256") : bench_hmac(&b, NULL));
            expect_no_canary(&b);
            tpmc_bytes_free(pem);
            tpmc_key_template_free(t);
            bench_reconnect(&b);
        }
    }
    bench_close(&b);
}

/* Import is wrapped for the parent, so that nothing of it is in clear even without a session. */
static void imported_keys(void **state)
{
    char text[SOFTWARE_KEY_MAX];
    size_t len = software_key_write(software_key_rsa(2048), SOFTWARE_KEY_PKCS8_PEM, text);
    BIGNUM *prime = NULL;
    uint8_t prime_bytes[128];
    bench b;
    int mode;

    (void)state;
    assert_int_equal(EVP_PKEY_get_bn_param(software_key_rsa(2048), "rsa-factor1", &prime), 1);
    assert_int_equal(BN_bn2binpad(prime, prime_bytes, sizeof(prime_bytes)), 128);
    BN_clear_free(prime);
    bench_open(&b);
    for (mode = 0; mode < MODE_COUNT; mode++) {
        tpmc_key_template *t = new_template(&b, NULL);
        tpmc_key_template *hmac = new_template(&b, "hmac-sha256");
        tpmc_bytes *pem = NULL;
        tpmc_bytes *hmac_pem = NULL;

        bench_tpm_set(&b, "bus_protection", modes[mode]);
        bench_ok(&b, tpmc_key_import(b.f.tpm, t, text, len, &pem, b.f.err));
        bench_ok(&b, tpmc_key_import(b.f.tpm, hmac, HMAC_SECRET, strlen(HMAC_SECRET), &hmac_pem,
                                     b.f.err));
        expect_no_canary(&b);
        assert_int_equal(tap_saw(b.f.tap, prime_bytes, 16), 0);
        assert_int_not_equal(tpmc_tpm_bus_level(b.f.tpm), TPMC_BUS_NONE);
        assert_int_equal(fixture_key(&b.f, hmac_pem, NEW_PASSWORD, &b.key), 0);
        bench_ok(&b, bench_hmac(&b, NULL));
        expect_no_canary(&b);
        tpmc_bytes_free(pem);
        tpmc_bytes_free(hmac_pem);
        tpmc_key_template_free(t);
        tpmc_key_template_free(hmac);
        bench_reconnect(&b);
    }
    bench_close(&b);
}

static void persistent_parents(void **state)
{
    const other_persistent place = { .hierarchy = ESYS_TR_RH_OWNER,
                                     .password = PARENT_PASSWORD,
                                     .handle = SRK };
    const other_key key = { .handle = SRK,
                            .parent_password = PARENT_PASSWORD,
                            .kind = OTHER_SIGNER };
    TPM2B_PUBLIC in;
    bench b;
    int mode;

    (void)state;
    bench_open(&b);
    other_template_fill(OTHER_H2, &in);
    other_persist(&place, &in, NULL);
    other_make_key(&key, b.pem);
    for (mode = 0; mode < MODE_COUNT; mode++) {
        tpmc_key_template *t = new_template(&b, "ecc256");
        tpmc_bytes *pem = NULL;

        bench_tpm_set(&b, "bus_protection", modes[mode]);
        bench_key(&b, NULL, PARENT_PASSWORD);
        bench_ok(&b, fixture_sign(&b.f, b.key, "ES256"));
        expect_no_canary(&b);
        expect_level(&b, TPMC_BUS_ENCRYPTED);
        bench_expect(&b, "ReadPublic StartAuthSession Load Sign");
        assert_int_equal(tpmc_key_template_set(t, "template_parent_handle", "0x81000001", b.f.err),
                         0);
        assert_int_equal(tpmc_key_template_set_parent_password(t, PARENT_PASSWORD,
                                                               strlen(PARENT_PASSWORD), b.f.err),
                         0);
        bench_ok(&b, tpmc_key_create(b.f.tpm, t, &pem, b.f.err));
        expect_no_canary(&b);
        tpmc_bytes_free(pem);
        tpmc_key_template_free(t);
        bench_reconnect(&b);
    }
    bench_close(&b);
}

static void hierarchy_passwords(void **state)
{
    static const struct {
        ESYS_TR tr;
        int hierarchy;
        const char *password;
        const char *parent;
    } cases[] = {
        { ESYS_TR_RH_OWNER, TPMC_HIERARCHY_OWNER, OWNER_PASSWORD, "owner" },
        { ESYS_TR_RH_ENDORSEMENT, TPMC_HIERARCHY_ENDORSEMENT, ENDORSEMENT_PASSWORD, "endorsement" },
    };
    bench b;
    size_t i;
    int mode;

    (void)state;
    for (i = 0; i < 2; i++) {
        bench_open(&b);
        make_key(&b, cases[i].tr, OTHER_SIGNER, KEY_PASSWORD);
        other_set_password(cases[i].tr, NULL, cases[i].password);
        for (mode = 0; mode < MODE_COUNT; mode++) {
            tpmc_key_template *t = new_template(&b, "ecc256");
            tpmc_bytes *pem = NULL;

            bench_tpm_set(&b, "bus_protection", modes[mode]);
            bench_hierarchy_password(&b, cases[i].hierarchy, cases[i].password);
            bench_key(&b, KEY_PASSWORD, NULL);
            bench_ok(&b, fixture_sign(&b.f, b.key, "ES256"));
            expect_no_canary(&b);
            expect_level(&b, TPMC_BUS_ENCRYPTED);
            bench_expect(&b, "CreatePrimary StartAuthSession FlushContext CreatePrimary Load "
                             "FlushContext Sign");
            assert_int_equal(tpmc_key_template_set(t, "parent", cases[i].parent, b.f.err), 0);
            bench_ok(&b, tpmc_key_create(b.f.tpm, t, &pem, b.f.err));
            expect_no_canary(&b);
            tpmc_bytes_free(pem);
            pem = NULL;
            if (i == 0) {
                tpmc_bytes *name = NULL;

                bench_ok(&b, tpmc_tpm_persist_parent(b.f.tpm, t, 0x81000044u, &name, b.f.err));
                expect_no_canary(&b);
                tpmc_bytes_free(name);
            }
            tpmc_key_template_free(t);
            bench_reconnect(&b);
        }
        fixture_close(&b.f);
    }
}

/* The lowest level counts. */
static void levels(void **state)
{
    bench b;

    (void)state;
    bench_open(&b);
    expect_level(&b, TPMC_BUS_NOTHING_SECRET);
    assert_int_equal(tpmc_tpm_bus_level(NULL), TPMC_BUS_NOTHING_SECRET);
    bench_tpm_set(&b, "bus_protection", "never");
    make_key(&b, ESYS_TR_RH_OWNER, OTHER_SIGNER, KEY_PASSWORD);
    bench_key(&b, KEY_PASSWORD, NULL);
    bench_ok(&b, fixture_sign(&b.f, b.key, "ES256"));
    expect_level(&b, TPMC_BUS_ENCRYPTED);
    make_key(&b, ESYS_TR_RH_OWNER, OTHER_HMAC, NULL);
    bench_key(&b, NULL, NULL);
    bench_ok(&b, bench_hmac(&b, NULL));
    expect_level(&b, TPMC_BUS_NONE);
    make_key(&b, ESYS_TR_RH_OWNER, OTHER_SIGNER, KEY_PASSWORD);
    bench_key(&b, KEY_PASSWORD, NULL);
    bench_ok(&b, fixture_sign(&b.f, b.key, "ES256"));
    expect_level(&b, TPMC_BUS_NONE);
    bench_close(&b);
}

/* The tap finds what does cross. */
static void tap_sees(void **state)
{
    bench b;

    (void)state;
    bench_open(&b);
    make_key(&b, ESYS_TR_RH_OWNER, OTHER_SIGNER, NULL);
    bench_key(&b, NULL, NULL);
    bench_ok(&b, fixture_sign(&b.f, b.key, "ES256"));
    assert_int_equal(tap_saw(b.f.tap, tpm_raw_h2_template, sizeof(tpm_raw_h2_template)), 1);
    bench_close(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_signature),
        cmocka_unit_test(always_hides_the_digest),
        cmocka_unit_test(password),
        cmocka_unit_test(hmac_answers),
        cmocka_unit_test(long_hmac_answers),
        cmocka_unit_test(unsealed_data),
        cmocka_unit_test(new_keys),
        cmocka_unit_test(imported_keys),
        cmocka_unit_test(persistent_parents),
        cmocka_unit_test(hierarchy_passwords),
        cmocka_unit_test(levels),
        cmocka_unit_test(tap_sees),
    };

    return cmocka_run_group_tests(tests, NULL, bench_cleanup);
}
