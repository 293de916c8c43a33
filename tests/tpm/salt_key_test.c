/* SPDX-License-Identifier: Apache-2.0 */

/* The key that sessions are salted to: which one, its pin, and what an interposer can do. */

#include <stdlib.h>
#include <unistd.h>

#include "tpm/bench.h"

#define KEY_PASSWORD "Sk6!password of a key"
#define OWNER_PASSWORD "So6!owner"
#define SRK 0x81000001u
#define HEX_MAX 133

#define PRIMARY_AND_SESSION "CreatePrimary StartAuthSession FlushContext "

static void name_of(ESYS_TR hierarchy, other_template which, char *hex)
{
    TPM2B_PUBLIC in;
    TPM2B_NAME name;

    other_template_fill(which, &in);
    other_primary_name(hierarchy, &in, &name);
    other_name_hex(&name, hex);
}

static void persist(ESYS_TR hierarchy, other_template which, uint32_t handle, const char *password)
{
    const other_persistent place = { .hierarchy = hierarchy,
                                     .password = password,
                                     .handle = handle };
    TPM2B_PUBLIC in;

    other_template_fill(which, &in);
    other_persist(&place, &in, NULL);
}

static void make_key(bench *b, other_template parent, other_template kind, const char *password)
{
    TPM2B_PUBLIC in;
    other_key key = {
        .parent = &in, .hierarchy = ESYS_TR_RH_OWNER, .kind = kind, .password = password
    };

    other_template_fill(parent, &in);
    other_make_key(&key, b->pem);
}

/* Any Name that no key has. */
static void spoil(char *hex)
{
    hex[20] = hex[20] == '0' ? '1' : '0';
}

static int saw_secret(bench *b)
{
    return tap_saw(b->f.tap, KEY_PASSWORD, 6);
}

static void expect_level(bench *b, int level)
{
    assert_int_equal(tpmc_tpm_bus_level(b->f.tpm), level);
}

/* Without options: the parent at hand, else a primary of the null hierarchy. */
static void usual_order(void **state)
{
    bench b;

    (void)state;
    bench_open(&b);
    make_key(&b, OTHER_H2, OTHER_SIGNER, KEY_PASSWORD);
    bench_key(&b, KEY_PASSWORD, NULL);
    bench_signs(&b, "CreatePrimary StartAuthSession Load FlushContext Sign");
    expect_level(&b, TPMC_BUS_ENCRYPTED);
    /* After ten minutes. */
    atomic_fetch_add(&b.f.skew_ms, 10 * 60 * 1000 - 5000);
    bench_signs(&b, "Sign");
    atomic_fetch_add(&b.f.skew_ms, 5000);
    bench_signs(&b, "FlushContext " PRIMARY_AND_SESSION "Sign");
    bench_signs(&b, "Sign");
    expect_level(&b, TPMC_BUS_ENCRYPTED);
    bench_close(&b);
}

static void pinned_parent(void **state)
{
    char pin[HEX_MAX];
    bench b;

    (void)state;
    bench_open(&b);
    name_of(ESYS_TR_RH_OWNER, OTHER_H2, pin);
    make_key(&b, OTHER_H2, OTHER_SIGNER, NULL);
    bench_tpm_set(&b, "salt_key_name", pin);
    bench_key(&b, NULL, NULL);
    bench_signs(&b, "CreatePrimary StartAuthSession Load FlushContext Sign");
    bench_signs(&b, "Sign");
    atomic_fetch_add(&b.f.skew_ms, 11 * 60 * 1000);
    bench_signs(&b, "FlushContext FlushContext CreatePrimary StartAuthSession Load FlushContext "
                    "Sign");
    bench_signs(&b, "Sign");
    make_key(&b, OTHER_H2, OTHER_SIGNER, KEY_PASSWORD);
    bench_key(&b, KEY_PASSWORD, NULL);
    bench_ok(&b, fixture_sign(&b.f, b.key, "ES256"));
    expect_level(&b, TPMC_BUS_PINNED);
    bench_reconnect(&b);
    spoil(pin);
    bench_tpm_set(&b, "salt_key_name", pin);
    bench_key(&b, KEY_PASSWORD, NULL);
    bench_refused(&b, fixture_sign(&b.f, b.key, "ES256"), TPMC_ERR_INTEGRITY, "pinned Name",
                  "CreatePrimary CreatePrimary FlushContext FlushContext");
    expect_level(&b, TPMC_BUS_NOTHING_SECRET);
    bench_close(&b);
}

/* Each kind of parent, pinned, survives the end of the session. */
static void pinned_parents_of_other_kinds(void **state)
{
    static const char *const handles[] = { "0x81000001", NULL };
    static const other_template parents[] = { OTHER_H2, OTHER_RSA_DA };
    char pin[HEX_MAX];
    bench b;
    size_t i;

    (void)state;
    for (i = 0; i < 2; i++) {
        bench_open(&b);
        name_of(ESYS_TR_RH_ENDORSEMENT, parents[i], pin);
        if (i == 0)
            persist(ESYS_TR_RH_ENDORSEMENT, parents[i], SRK, NULL);
        {
            TPM2B_PUBLIC in;
            const other_key key = { .parent = &in,
                                    .hierarchy = ESYS_TR_RH_ENDORSEMENT,
                                    .kind = OTHER_SIGNER,
                                    .password = KEY_PASSWORD };

            other_template_fill(parents[i], &in);
            other_make_key(&key, b.pem);
        }
        bench_tpm_set(&b, "salt_key_name", pin);
        bench_key(&b, KEY_PASSWORD, NULL);
        if (handles[i] != NULL)
            assert_int_equal(tpmc_key_set(b.key, "parent_handle", handles[i], b.f.err), 0);
        else
            assert_int_equal(tpmc_key_set(b.key, "parent_fallback", "1", b.f.err), 0);
        if (handles[i] == NULL) {
            /* The first of the templates does not have the pinned Name. */
            assert_int_equal(fixture_sign(&b.f, b.key, "ES256"), TPMC_ERR_INTEGRITY);
        } else {
            bench_ok(&b, fixture_sign(&b.f, b.key, "ES256"));
            atomic_fetch_add(&b.f.skew_ms, 11 * 60 * 1000);
            bench_ok(&b, fixture_sign(&b.f, b.key, "ES256"));
            tap_clear(b.f.tap);
            bench_signs(&b, "Sign");
            expect_level(&b, TPMC_BUS_PINNED);
        }
        assert_int_equal(saw_secret(&b), 0);
        bench_close(&b);
    }
}

/* The RSA primary too, which the owner's usual one is not. */
static void pinned_rsa_parent(void **state)
{
    tpmc_key_template *t = NULL;
    tpmc_bytes *pem = NULL;
    char pin[HEX_MAX];
    bench b;

    (void)state;
    bench_open(&b);
    name_of(ESYS_TR_RH_OWNER, OTHER_H1, pin);
    assert_int_equal(tpmc_key_template_new(b.f.env, &t, b.f.err), 0);
    assert_int_equal(tpmc_key_template_set(t, "parent", "owner-rsa", b.f.err), 0);
    assert_int_equal(tpmc_key_template_set(t, "algorithm", "ecc256", b.f.err), 0);
    assert_int_equal(tpmc_key_template_set_password(t, KEY_PASSWORD, strlen(KEY_PASSWORD), b.f.err),
                     0);
    bench_tpm_set(&b, "salt_key_name", pin);
    bench_ok(&b, tpmc_key_create(b.f.tpm, t, &pem, b.f.err));
    expect_level(&b, TPMC_BUS_PINNED);
    bench_reconnect(&b);
    bench_tpm_set(&b, "salt_key_name", pin);
    assert_int_equal(fixture_key(&b.f, pem, KEY_PASSWORD, &b.key), 0);
    bench_signs(&b, "CreatePrimary StartAuthSession Load FlushContext Sign");
    atomic_fetch_add(&b.f.skew_ms, 11 * 60 * 1000);
    bench_ok(&b, fixture_sign(&b.f, b.key, "ES256"));
    expect_level(&b, TPMC_BUS_PINNED);
    assert_int_equal(saw_secret(&b), 0);
    tpmc_bytes_free(pem);
    tpmc_key_template_free(t);
    bench_close(&b);
}

static void endorsement_password(void **state)
{
    bench b;

    (void)state;
    bench_open(&b);
    make_key(&b, OTHER_H2, OTHER_SIGNER, KEY_PASSWORD);
    bench_hierarchy_password(&b, TPMC_HIERARCHY_ENDORSEMENT, OWNER_PASSWORD);
    bench_tpm_set(&b, "salt_key", "ek-ecc");
    bench_key(&b, KEY_PASSWORD, NULL);
    assert_int_equal(fixture_sign(&b.f, b.key, "ES256"), TPMC_ERR_UNSUPPORTED);
    assert_true(fixture_error_says(&b.f, "not persistent|endorsement password|tpm2_createek"));
    bench_reconnect(&b);
    persist(ESYS_TR_RH_ENDORSEMENT, OTHER_EK_ECC, 0x81010002u, NULL);
    bench_hierarchy_password(&b, TPMC_HIERARCHY_ENDORSEMENT, OWNER_PASSWORD);
    bench_tpm_set(&b, "salt_key", "ek-ecc");
    bench_key(&b, KEY_PASSWORD, NULL);
    bench_ok(&b, fixture_sign(&b.f, b.key, "ES256"));
    bench_close(&b);
}

static void pin_and_owner_password(void **state)
{
    char pin[HEX_MAX];
    bench b;

    (void)state;
    bench_open(&b);
    name_of(ESYS_TR_RH_OWNER, OTHER_H2, pin);
    make_key(&b, OTHER_H2, OTHER_SIGNER, NULL);
    other_set_password(ESYS_TR_RH_OWNER, NULL, OWNER_PASSWORD);
    bench_hierarchy_password(&b, TPMC_HIERARCHY_OWNER, OWNER_PASSWORD);
    bench_tpm_set(&b, "salt_key_name", pin);
    bench_key(&b, NULL, NULL);
    bench_refused(&b, fixture_sign(&b.f, b.key, "ES256"), TPMC_ERR_UNSUPPORTED,
                  "pinned parent|owner's password|handle:0x81", "");
    other_set_password(ESYS_TR_RH_OWNER, OWNER_PASSWORD, NULL);
    bench_close(&b);
}

/* By their templates, and at each of their handles. */
static void endorsement_keys(void **state)
{
    static const struct {
        const char *option;
        other_template which;
        uint32_t handle;
        const char *sequence;
    } cases[] = {
        { "ek-rsa", OTHER_EK_RSA, 0,
          "CreatePrimary ReadPublic CreatePrimary StartAuthSession FlushContext Load "
          "FlushContext Sign" },
        { "ek-rsa", OTHER_EK_RSA, 0x81010001u,
          "CreatePrimary ReadPublic StartAuthSession Load FlushContext Sign" },
        { "ek-ecc", OTHER_EK_ECC, 0,
          "CreatePrimary ReadPublic ReadPublic CreatePrimary StartAuthSession FlushContext Load "
          "FlushContext Sign" },
        { "ek-ecc", OTHER_EK_ECC, 0x81010002u,
          "CreatePrimary ReadPublic StartAuthSession Load FlushContext Sign" },
        { "ek-ecc", OTHER_EK_ECC, 0x81010016u,
          "CreatePrimary ReadPublic ReadPublic StartAuthSession Load FlushContext Sign" },
        { "handle:0x81010077", OTHER_EK_ECC, 0x81010077u,
          "CreatePrimary ReadPublic StartAuthSession Load FlushContext Sign" },
        { "handle:0x81010077", OTHER_EK_RSA, 0x81010077u,
          "CreatePrimary ReadPublic StartAuthSession Load FlushContext Sign" },
    };
    char pin[HEX_MAX];
    bench b;
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        bench_open(&b);
        name_of(ESYS_TR_RH_ENDORSEMENT, cases[i].which, pin);
        if (cases[i].handle != 0)
            persist(ESYS_TR_RH_ENDORSEMENT, cases[i].which, cases[i].handle, NULL);
        make_key(&b, OTHER_H2, OTHER_SIGNER, KEY_PASSWORD);
        bench_tpm_set(&b, "salt_key", cases[i].option);
        bench_key(&b, KEY_PASSWORD, NULL);
        bench_signs(&b, cases[i].sequence);
        expect_level(&b, TPMC_BUS_ENCRYPTED);
        bench_reconnect(&b);
        bench_tpm_set(&b, "salt_key", cases[i].option);
        bench_tpm_set(&b, "salt_key_name", pin);
        bench_key(&b, KEY_PASSWORD, NULL);
        bench_signs(&b, cases[i].sequence);
        bench_signs(&b, "Sign");
        expect_level(&b, TPMC_BUS_PINNED);
        atomic_fetch_add(&b.f.skew_ms, 11 * 60 * 1000);
        bench_ok(&b, fixture_sign(&b.f, b.key, "ES256"));
        expect_level(&b, TPMC_BUS_PINNED);
        assert_int_equal(saw_secret(&b), 0);
        bench_reconnect(&b);
        spoil(pin);
        bench_tpm_set(&b, "salt_key", cases[i].option);
        bench_tpm_set(&b, "salt_key_name", pin);
        bench_key(&b, KEY_PASSWORD, NULL);
        assert_int_equal(fixture_sign(&b.f, b.key, "ES256"), TPMC_ERR_INTEGRITY);
        assert_true(fixture_error_says(&b.f, "pinned Name"));
        assert_int_equal(tap_count_of(b.f.tap, TAP_CC_START_AUTH_SESSION), 0);
        assert_int_equal(tap_count_of(b.f.tap, TAP_CC_LOAD), 0);
        expect_level(&b, TPMC_BUS_NOTHING_SECRET);
        bench_close(&b);
    }
}

static void enc_key_name(void **state)
{
    char pin[HEX_MAX];
    bench b;

    (void)state;
    bench_open(&b);
    name_of(ESYS_TR_RH_ENDORSEMENT, OTHER_EK_RSA, pin);
    make_key(&b, OTHER_H2, OTHER_SIGNER, KEY_PASSWORD);
    bench_tpm_set(&b, "enc_key_name", pin);
    bench_key(&b, KEY_PASSWORD, NULL);
    bench_signs(&b, "CreatePrimary ReadPublic CreatePrimary StartAuthSession FlushContext Load "
                    "FlushContext Sign");
    expect_level(&b, TPMC_BUS_PINNED);
    bench_reconnect(&b);
    bench_tpm_set(&b, "enc_key_name", pin);
    bench_tpm_set(&b, "salt_key", "ek-rsa");
    bench_key(&b, KEY_PASSWORD, NULL);
    bench_ok(&b, fixture_sign(&b.f, b.key, "ES256"));
    expect_level(&b, TPMC_BUS_PINNED);
    bench_reconnect(&b);
    bench_tpm_set(&b, "enc_key_name", pin);
    bench_tpm_set(&b, "salt_key", "ek-ecc");
    bench_key(&b, KEY_PASSWORD, NULL);
    assert_int_equal(fixture_sign(&b.f, b.key, "ES256"), TPMC_ERR_ARGUMENT);
    assert_true(fixture_error_says(&b.f, "enc_key_name|salt_key=ek-rsa"));
    bench_reconnect(&b);
    bench_tpm_set(&b, "enc_key_name", pin);
    bench_tpm_set(&b, "salt_key_name", pin);
    bench_key(&b, KEY_PASSWORD, NULL);
    assert_int_equal(fixture_sign(&b.f, b.key, "ES256"), TPMC_ERR_ARGUMENT);
    assert_true(fixture_error_says(&b.f, "enc_key_name"));
    bench_reconnect(&b);
    spoil(pin);
    bench_tpm_set(&b, "enc_key_name", pin);
    bench_key(&b, KEY_PASSWORD, NULL);
    assert_int_equal(fixture_sign(&b.f, b.key, "ES256"), TPMC_ERR_INTEGRITY);
    bench_close(&b);
}

/* A pin protects a key without a password too. */
static void pin_protects_everything(void **state)
{
    char pin[HEX_MAX];
    bench b;

    (void)state;
    bench_open(&b);
    name_of(ESYS_TR_RH_ENDORSEMENT, OTHER_EK_ECC, pin);
    make_key(&b, OTHER_H2, OTHER_SIGNER, NULL);
    bench_tpm_set(&b, "salt_key", "ek-ecc");
    bench_key(&b, NULL, NULL);
    bench_signs(&b, "CreatePrimary Load FlushContext Sign");
    expect_level(&b, TPMC_BUS_NOTHING_SECRET);
    bench_reconnect(&b);
    bench_tpm_set(&b, "salt_key", "ek-ecc");
    bench_tpm_set(&b, "salt_key_name", pin);
    bench_key(&b, NULL, NULL);
    bench_signs(&b, "CreatePrimary ReadPublic ReadPublic CreatePrimary StartAuthSession "
                    "FlushContext Load FlushContext Sign");
    bench_close(&b);
}

static void certificate_options(void **state)
{
    static const char *const keys[] = { "ek-rsa", "ek-ecc" };
    static const char *const indexes[] = { "0x01c00002", "0x01c0000a" };
    char roots[] = "/tmp/tpmcloud-test-XXXXXX";
    int fd = mkstemp(roots);
    bench b;
    size_t i;

    (void)state;
    assert_true(fd >= 0);
    bench_open(&b);
    make_key(&b, OTHER_H2, OTHER_SIGNER, NULL);
    bench_tpm_set(&b, "ek_ca_file", "/dev/null");
    bench_key(&b, NULL, NULL);
    assert_int_equal(fixture_sign(&b.f, b.key, "ES256"), TPMC_ERR_ARGUMENT);
    assert_true(fixture_error_says(&b.f, "ek_ca_file|salt_key=ek-rsa"));
    for (i = 0; i < 2; i++) {
        bench_reconnect(&b);
        bench_tpm_set(&b, "salt_key", keys[i]);
        bench_tpm_set(&b, "ek_ca_file", roots);
        bench_key(&b, NULL, NULL);
        assert_int_equal(fixture_sign(&b.f, b.key, "ES256"), TPMC_ERR_INTEGRITY);
        assert_true(fixture_error_says(&b.f, "no readable certificate"));
        assert_true(fixture_error_says(&b.f, indexes[i]));
        assert_int_equal(tap_count_of(b.f.tap, TAP_CC_START_AUTH_SESSION), 0);
    }
    bench_reconnect(&b);
    bench_tpm_set(&b, "salt_key", "ek-rsa");
    bench_tpm_set(&b, "ek_ca_file", "/nonexistent/roots.pem");
    bench_key(&b, NULL, NULL);
    assert_int_equal(fixture_sign(&b.f, b.key, "ES256"), TPMC_ERR_IO);
    assert_true(fixture_error_says(&b.f, "ek_ca_file|/nonexistent/roots.pem"));
    assert_int_equal(close(fd), 0);
    assert_int_equal(unlink(roots), 0);
    bench_close(&b);
}

static void unusable_handles(void **state)
{
    bench b;

    (void)state;
    bench_open(&b);
    make_key(&b, OTHER_H2, OTHER_SIGNER, KEY_PASSWORD);
    bench_tpm_set(&b, "salt_key", "handle:0x81999999");
    bench_key(&b, KEY_PASSWORD, NULL);
    assert_int_equal(fixture_sign(&b.f, b.key, "ES256"), TPMC_ERR_UNSUPPORTED);
    assert_true(fixture_error_says(&b.f, "no persistent object|0x81999999|salt_key"));
    bench_reconnect(&b);
    persist(ESYS_TR_RH_OWNER, OTHER_SIGNER, 0x81000009u, NULL);
    bench_tpm_set(&b, "salt_key", "handle:0x81000009");
    bench_key(&b, KEY_PASSWORD, NULL);
    assert_int_equal(fixture_sign(&b.f, b.key, "ES256"), TPMC_ERR_UNSUPPORTED);
    assert_true(fixture_error_says(&b.f, "no RSA or ECC storage key"));
    /* What stands at the endorsement key's handle is none: it is made instead. */
    bench_reconnect(&b);
    persist(ESYS_TR_RH_OWNER, OTHER_SIGNER, 0x81010001u, NULL);
    persist(ESYS_TR_RH_OWNER, OTHER_HMAC, 0x81010002u, NULL);
    bench_tpm_set(&b, "salt_key", "ek-rsa");
    bench_key(&b, KEY_PASSWORD, NULL);
    bench_signs(&b, "CreatePrimary ReadPublic CreatePrimary StartAuthSession FlushContext Load "
                    "FlushContext Sign");
    bench_reconnect(&b);
    bench_tpm_set(&b, "salt_key", "ek-ecc");
    bench_key(&b, KEY_PASSWORD, NULL);
    bench_ok(&b, fixture_sign(&b.f, b.key, "ES256"));
    bench_close(&b);
}

/* The salt key's handle gets another key. */
static void replaced_salt_key(void **state)
{
    static const other_template others[] = { OTHER_ECC_DA, OTHER_H1, OTHER_SIGNER };
    char pin[HEX_MAX];
    bench b;
    size_t i;
    int pinned;

    (void)state;
    for (i = 0; i < 3; i++) {
        for (pinned = 0; pinned < 2; pinned++) {
            bench_open(&b);
            name_of(ESYS_TR_RH_OWNER, OTHER_H2, pin);
            persist(ESYS_TR_RH_OWNER, OTHER_H2, SRK, NULL);
            make_key(&b, OTHER_H2, OTHER_SIGNER, KEY_PASSWORD);
            bench_tpm_set(&b, "salt_key", "handle:0x81000001");
            if (pinned)
                bench_tpm_set(&b, "salt_key_name", pin);
            bench_key(&b, KEY_PASSWORD, NULL);
            bench_ok(&b, fixture_sign(&b.f, b.key, "ES256"));
            other_evict(SRK);
            persist(ESYS_TR_RH_OWNER, others[i], SRK, NULL);
            atomic_fetch_add(&b.f.skew_ms, 11 * 60 * 1000);
            if (pinned || others[i] == OTHER_SIGNER) {
                assert_int_equal(fixture_sign(&b.f, b.key, "ES256"),
                                 pinned && others[i] != OTHER_SIGNER ? TPMC_ERR_INTEGRITY
                                                                     : TPMC_ERR_UNSUPPORTED);
            } else {
                bench_ok(&b, fixture_sign(&b.f, b.key, "ES256"));
            }
            assert_int_equal(saw_secret(&b), 0);
            bench_close(&b);
        }
    }
}

/* Storage keys of unusual forms, as parents at hand and as named salt keys. */
static void odd_storage_keys(void **state)
{
    static const struct {
        other_template base;
        TPMI_ECC_CURVE curve;
        TPMI_ALG_HASH hash;
        UINT16 aes;
    } cases[] = {
        { OTHER_H2, TPM2_ECC_NIST_P384, TPM2_ALG_SHA256, 128 },
        { OTHER_H2, TPM2_ECC_NIST_P384, TPM2_ALG_SHA384, 256 },
        { OTHER_H2, TPM2_ECC_NIST_P256, TPM2_ALG_SHA384, 128 },
        { OTHER_H2, TPM2_ECC_NIST_P256, TPM2_ALG_SHA1, 128 },
        { OTHER_H2, TPM2_ECC_NIST_P521, TPM2_ALG_SHA512, 256 },
        { OTHER_H1, 0, TPM2_ALG_SHA384, 128 },
        { OTHER_H1, 0, TPM2_ALG_SHA1, 128 },
        { OTHER_H1, 0, TPM2_ALG_SHA512, 256 },
    };
    bench b;
    size_t i;
    int named;

    (void)state;
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const other_persistent place = { .hierarchy = ESYS_TR_RH_OWNER, .handle = SRK };
        const other_key key = { .handle = SRK, .kind = OTHER_SIGNER, .password = KEY_PASSWORD };
        TPM2B_PUBLIC in;

        bench_open(&b);
        other_template_fill(cases[i].base, &in);
        in.publicArea.nameAlg = cases[i].hash;
        if (cases[i].base == OTHER_H2) {
            in.publicArea.parameters.eccDetail.curveID = cases[i].curve;
            in.publicArea.parameters.eccDetail.symmetric.keyBits.aes = cases[i].aes;
        } else {
            in.publicArea.parameters.rsaDetail.symmetric.keyBits.aes = cases[i].aes;
        }
        other_persist(&place, &in, NULL);
        other_make_key(&key, b.pem);
        for (named = 0; named < 2; named++) {
            if (named)
                bench_tpm_set(&b, "salt_key", "handle:0x81000001");
            bench_key(&b, KEY_PASSWORD, NULL);
            if (fixture_sign(&b.f, b.key, "ES256") != 0)
                fail_msg("case %zu, %d: %s", i, named, tpmc_error_text(b.f.err));
            assert_int_equal(saw_secret(&b), 0);
            bench_reconnect(&b);
        }
        bench_close(&b);
    }
}

/* Each command of a pinned session fails once. */
static const tap_fault faults[] = {
    { .kind = TAP_ANSWER, .value = 0x101 },
    { .kind = TAP_ANSWER, .value = 0x922 },
    { .kind = TAP_ANSWER, .value = 0x902 },
    { .kind = TAP_ANSWER, .value = 0x903 },
    { .kind = TAP_ANSWER, .value = 0x910 },
    { .kind = TAP_ANSWER, .value = 0x918 },
    { .kind = TAP_ANSWER, .value = 0x98e },
    { .kind = TAP_TRANSMIT_FAILS, .value = TSS2_TCTI_RC_IO_ERROR },
    { .kind = TAP_RECEIVE_FAILS, .value = TSS2_TCTI_RC_IO_ERROR },
    { .kind = TAP_CUT, .value = 10 },
    { .kind = TAP_FLIP, .value = 9 },
};

typedef struct pinned_flow {
    const char *option;
    ESYS_TR hierarchy;
    other_template which;
    uint32_t parent;
    uint32_t salt;
} pinned_flow;

static void open_flow(bench *b, const pinned_flow *flow, const char *pin)
{
    bench_reconnect(b);
    bench_tpm_set(b, "salt_key", flow->option);
    bench_tpm_set(b, "salt_key_name", pin);
    bench_key(b, KEY_PASSWORD, NULL);
    if (flow->parent != 0)
        assert_int_equal(tpmc_key_set(b->key, "parent_handle", "0x81000001", b->f.err), 0);
}

/* 0 when the fault hit nothing, since there are not so many commands. */
static int survives(bench *b, const pinned_flow *flow, const char *pin, const tap_fault *fault)
{
    uint32_t code = 0;
    int status = 0;

    open_flow(b, flow, pin);
    tap_set_fault(b->f.tap, fault);
    status = fixture_sign(&b->f, b->key, "ES256");
    if (tap_hits(b->f.tap) == 0) {
        assert_int_equal(status, 0);
        return 0;
    }
    code = tap_code(b->f.tap, fault->at);
    if (fault->value == 0x98e && status == TPMC_ERR_WRONG_PASSWORD)
        open_flow(b, flow, pin);
    status = fixture_sign(&b->f, b->key, "ES256");
    if (status != 0)
        fail_msg("%s, fault %#x at %zu (%s): %s", flow->option, (unsigned)fault->value, fault->at,
                 tap_command_name(code), tpmc_error_text(b->f.err));
    expect_level(b, TPMC_BUS_PINNED);
    assert_int_equal(saw_secret(b), 0);
    /* A TPM that denies to have what it is told to flush, or a session, keeps it. */
    if (fault->value == 0x918 || (fault->value == 0x910 && code == TAP_CC_FLUSH_CONTEXT)) {
        bench_drop_key(b);
        fixture_reconnect(&b->f);
        tpm_raw_flush_all();
    }
    return 1;
}

static void each_command_fails_once(void **state)
{
    static const pinned_flow flows[] = {
        { "parent", ESYS_TR_RH_OWNER, OTHER_H2, 0, 0 },
        { "parent", ESYS_TR_RH_OWNER, OTHER_H2, SRK, 0 },
        { "ek-ecc", ESYS_TR_RH_ENDORSEMENT, OTHER_EK_ECC, 0, 0 },
        { "ek-ecc", ESYS_TR_RH_ENDORSEMENT, OTHER_EK_ECC, SRK, 0x81010016u },
    };
    char pin[HEX_MAX];
    bench b;
    size_t i;
    size_t k;

    (void)state;
    for (i = 0; i < sizeof(flows) / sizeof(flows[0]); i++) {
        bench_open(&b);
        name_of(flows[i].hierarchy, flows[i].which, pin);
        if (flows[i].salt != 0)
            persist(flows[i].hierarchy, flows[i].which, flows[i].salt, NULL);
        if (flows[i].parent != 0)
            persist(ESYS_TR_RH_OWNER, OTHER_H2, flows[i].parent, NULL);
        make_key(&b, OTHER_H2, OTHER_SIGNER, KEY_PASSWORD);
        for (k = 0; k < sizeof(faults) / sizeof(faults[0]); k++) {
            tap_fault fault = faults[k];

            fault.count = 1;
            while (survives(&b, &flows[i], pin, &fault))
                fault.at++;
        }
        bench_close(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(usual_order),
        cmocka_unit_test(pinned_parent),
        cmocka_unit_test(pinned_parents_of_other_kinds),
        cmocka_unit_test(pinned_rsa_parent),
        cmocka_unit_test(endorsement_password),
        cmocka_unit_test(pin_and_owner_password),
        cmocka_unit_test(endorsement_keys),
        cmocka_unit_test(enc_key_name),
        cmocka_unit_test(pin_protects_everything),
        cmocka_unit_test(certificate_options),
        cmocka_unit_test(unusable_handles),
        cmocka_unit_test(replaced_salt_key),
        cmocka_unit_test(odd_storage_keys),
        cmocka_unit_test(each_command_fails_once),
    };

    return cmocka_run_group_tests(tests, NULL, bench_cleanup);
}
