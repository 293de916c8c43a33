/* SPDX-License-Identifier: Apache-2.0 */

/* Every place where a key file's parent may be. */

#include "tpm/bench.h"

#define SRK 0x81000001u
#define PARENT_PASSWORD "Pp4!parent of keys"
#define KEY_PASSWORD "Kp4!key under it"
#define OWNER_PASSWORD "Ow4!owner"

#define COLD "CreatePrimary Load FlushContext Sign"

static void persist(other_template which, const char *password)
{
    const other_persistent place = { .hierarchy = ESYS_TR_RH_OWNER,
                                     .password = password,
                                     .handle = SRK };
    TPM2B_PUBLIC in;

    other_template_fill(which, &in);
    other_persist(&place, &in, NULL);
}

static void make_under_primary(bench *b, ESYS_TR hierarchy, other_template which,
                               const char *password)
{
    TPM2B_PUBLIC parent;
    other_key key = {
        .parent = &parent, .hierarchy = hierarchy, .kind = OTHER_SIGNER, .password = password
    };

    other_template_fill(which, &parent);
    other_make_key(&key, b->pem);
}

static void make_under_srk(bench *b, const char *parent_password, other_template kind,
                           const char *password)
{
    const other_key key = {
        .handle = SRK, .parent_password = parent_password, .kind = kind, .password = password
    };

    other_make_key(&key, b->pem);
}

static void hierarchies(void **state)
{
    static const ESYS_TR all[] = { ESYS_TR_RH_OWNER, ESYS_TR_RH_ENDORSEMENT, ESYS_TR_RH_PLATFORM,
                                   ESYS_TR_RH_NULL };
    bench b;
    size_t i;

    (void)state;
    bench_open(&b);
    for (i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        make_under_primary(&b, all[i], OTHER_H2, NULL);
        bench_key(&b, NULL, NULL);
        bench_signs(&b, COLD);
        bench_signs(&b, "Sign");
        bench_reconnect(&b);
    }
    bench_close(&b);
}

static void null_keys_end_with_the_reset(void **state)
{
    bench b;

    (void)state;
    bench_open(&b);
    make_under_primary(&b, ESYS_TR_RH_NULL, OTHER_H2, NULL);
    libtpms_power_cycle(1, 1);
    bench_key(&b, NULL, NULL);
    bench_refused(&b, fixture_sign(&b.f, b.key, "ES256"), TPMC_ERR_WRONG_TPM, "null hierarchy|lost",
                  "CreatePrimary Load ReadPublic FlushContext");
    bench_close(&b);
}

/* `rsaParent` in the file. */
static void rsa_parent(void **state)
{
    tpmc_key_template *t = NULL;
    tpmc_bytes *pem = NULL;
    bench b;

    (void)state;
    bench_open(&b);
    assert_int_equal(tpmc_key_template_new(b.f.env, &t, b.f.err), 0);
    assert_int_equal(tpmc_key_template_set(t, "parent", "owner-rsa", b.f.err), 0);
    assert_int_equal(tpmc_key_template_set(t, "algorithm", "ecc256", b.f.err), 0);
    bench_ok(&b, tpmc_key_create(b.f.tpm, t, &pem, b.f.err));
    bench_reconnect(&b);
    assert_int_equal(fixture_key(&b.f, pem, NULL, &b.key), 0);
    bench_signs(&b, COLD);
    tpmc_bytes_free(pem);
    tpmc_key_template_free(t);
    bench_close(&b);
}

static void persistent(void **state)
{
    bench b;

    (void)state;
    bench_open(&b);
    persist(OTHER_H2, NULL);
    make_under_srk(&b, NULL, OTHER_SIGNER, NULL);
    bench_key(&b, NULL, NULL);
    bench_signs(&b, "ReadPublic Load Sign");
    bench_signs(&b, "Sign");
    tpmc_tpm_release(b.f.tpm);
    bench_expect(&b, "FlushContext");
    /* What stands at the handle is known by now. */
    bench_signs(&b, "Load Sign");
    make_under_srk(&b, NULL, OTHER_SIGNER, KEY_PASSWORD);
    bench_reconnect(&b);
    bench_key(&b, KEY_PASSWORD, NULL);
    bench_signs(&b, "ReadPublic StartAuthSession Load Sign");
    bench_signs(&b, "Sign");
    bench_close(&b);
}

static void persistent_with_password(void **state)
{
    bench b;

    (void)state;
    bench_open(&b);
    persist(OTHER_H2, PARENT_PASSWORD);
    make_under_srk(&b, PARENT_PASSWORD, OTHER_SIGNER, NULL);
    bench_key(&b, NULL, PARENT_PASSWORD);
    bench_signs(&b, "ReadPublic StartAuthSession Load Sign");
    bench_signs(&b, "Sign");
    bench_reconnect(&b);
    /* Wrong: said once by the TPM, then by the key object. */
    bench_key(&b, NULL, "another");
    bench_refused(&b, fixture_sign(&b.f, b.key, "ES256"), TPMC_ERR_WRONG_PASSWORD,
                  "parent's password is wrong",
                  "ReadPublic StartAuthSession Load ReadPublic GetRandom");
    bench_refused(&b, fixture_sign(&b.f, b.key, "ES256"), TPMC_ERR_WRONG_PASSWORD,
                  "parent's password is wrong", "");
    /* A new object is a new try, on the same connection. */
    bench_key(&b, NULL, PARENT_PASSWORD);
    bench_signs(&b, "Load Sign");
    bench_reconnect(&b);
    bench_key(&b, NULL, NULL);
    bench_refused(&b, fixture_sign(&b.f, b.key, "ES256"), TPMC_ERR_WRONG_PASSWORD,
                  "parent has a password|none was given|--parent-password-file",
                  "ReadPublic Load ReadPublic");
    bench_refused(&b, fixture_sign(&b.f, b.key, "ES256"), TPMC_ERR_WRONG_PASSWORD,
                  "parent has a password", "");
    bench_close(&b);
}

/* A password that the parent does not have. */
static void persistent_without_that_password(void **state)
{
    bench b;

    (void)state;
    bench_open(&b);
    persist(OTHER_H2, NULL);
    make_under_srk(&b, NULL, OTHER_SIGNER, NULL);
    bench_key(&b, NULL, PARENT_PASSWORD);
    bench_refused(&b, fixture_sign(&b.f, b.key, "ES256"), TPMC_ERR_WRONG_PASSWORD,
                  "parent's password is wrong|or it has none",
                  "ReadPublic StartAuthSession Load ReadPublic GetRandom");
    bench_close(&b);
}

static void parent_handle_overrides(void **state)
{
    bench b;

    (void)state;
    bench_open(&b);
    persist(OTHER_ECC_DA, NULL);
    make_under_primary(&b, ESYS_TR_RH_OWNER, OTHER_ECC_DA, NULL);
    bench_key(&b, NULL, NULL);
    assert_int_equal(tpmc_key_set(b.key, "parent_handle", "0x81000001", b.f.err), 0);
    bench_signs(&b, "ReadPublic Load Sign");
    bench_reconnect(&b);
    bench_key(&b, NULL, NULL);
    assert_int_equal(tpmc_key_set(b.key, "parent_handle", "0x81999999", b.f.err), 0);
    bench_refused(&b, fixture_sign(&b.f, b.key, "ES256"), TPMC_ERR_WRONG_TPM,
                  "no persistent object|0x81999999", "ReadPublic");
    bench_close(&b);
}

static void no_storage_key(void **state)
{
    const other_persistent place = { .hierarchy = ESYS_TR_RH_OWNER, .handle = 0x81000002u };
    bench b;

    (void)state;
    bench_open(&b);
    other_persist_key(&place, OTHER_SIGNER);
    make_under_primary(&b, ESYS_TR_RH_OWNER, OTHER_H2, NULL);
    bench_key(&b, NULL, NULL);
    assert_int_equal(tpmc_key_set(b.key, "parent_handle", "0x81000002", b.f.err), 0);
    bench_refused(&b, fixture_sign(&b.f, b.key, "ES256"), TPMC_ERR_UNSUPPORTED,
                  "no storage key|0x81000002", "ReadPublic");
    bench_close(&b);
}

/* The parent was replaced while its key was not loaded. */
static void replaced_parent(void **state)
{
    static const struct {
        const char *first;
        const char *second;
        const char *key_password;
    } cases[] = {
        { NULL, NULL, NULL },
        { PARENT_PASSWORD, PARENT_PASSWORD, NULL },
        { PARENT_PASSWORD, NULL, NULL },
        { NULL, PARENT_PASSWORD, KEY_PASSWORD },
    };
    bench b;
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        int status = 0;

        bench_open(&b);
        persist(OTHER_H2, cases[i].first);
        make_under_srk(&b, cases[i].first, OTHER_SIGNER, cases[i].key_password);
        bench_key(&b, cases[i].key_password, cases[i].first);
        bench_ok(&b, fixture_sign(&b.f, b.key, "ES256"));
        tpmc_tpm_release(b.f.tpm);
        other_evict(SRK);
        persist(OTHER_ECC_DA, cases[i].second);
        tap_clear(b.f.tap);
        status = fixture_sign(&b.f, b.key, "ES256");
        if (status != TPMC_ERR_WRONG_TPM)
            assert_int_equal(status, TPMC_ERR_WRONG_PASSWORD);
        if (status == TPMC_ERR_WRONG_TPM)
            assert_true(fixture_error_says(&b.f, "does not belong|0x81000001"));
        /* Once since it was not known to be another, and once since it was. */
        assert_true(tpm_raw_lockout_counter() <= 2);
        assert_int_equal(tpm_raw_lockout_reset(), 0);
        /* It comes back, and so does the key. */
        other_evict(SRK);
        persist(OTHER_H2, cases[i].first);
        bench_key(&b, cases[i].key_password, cases[i].first);
        bench_ok(&b, fixture_sign(&b.f, b.key, "ES256"));
        bench_close(&b);
    }
}

/* The parent is there no more. */
static void evicted_parent(void **state)
{
    static const char *const passwords[] = { NULL, PARENT_PASSWORD };
    bench b;
    size_t i;

    (void)state;
    for (i = 0; i < 2; i++) {
        bench_open(&b);
        persist(OTHER_H2, passwords[i]);
        make_under_srk(&b, passwords[i], OTHER_SIGNER, NULL);
        bench_key(&b, NULL, passwords[i]);
        bench_ok(&b, fixture_sign(&b.f, b.key, "ES256"));
        tpmc_tpm_release(b.f.tpm);
        other_evict(SRK);
        tap_clear(b.f.tap);
        assert_int_equal(fixture_sign(&b.f, b.key, "ES256"), TPMC_ERR_WRONG_TPM);
        assert_true(fixture_error_says(&b.f, "no persistent object|0x81000001"));
        bench_close(&b);
    }
}

static void fallbacks(void **state)
{
    static const other_template all[] = { OTHER_H1, OTHER_RSA_DA, OTHER_ECC_DA, OTHER_ECC_ZEROS,
                                          OTHER_RSA_ZEROS };
    tss2_file file;
    bench b;
    size_t i;
    size_t tries;

    (void)state;
    bench_open(&b);
    for (i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        make_under_primary(&b, ESYS_TR_RH_OWNER, all[i], NULL);
        bench_key(&b, NULL, NULL);
        bench_refused(&b, fixture_sign(&b.f, b.key, "ES256"), TPMC_ERR_WRONG_TPM,
                      "does not belong|parent_fallback",
                      "CreatePrimary Load ReadPublic FlushContext");
        bench_key(&b, NULL, NULL);
        assert_int_equal(tpmc_key_set(b.key, "parent_fallback", "1", b.f.err), 0);
        bench_ok(&b, fixture_sign(&b.f, b.key, "ES256"));
        tries = tap_count_of(b.f.tap, TAP_CC_CREATE_PRIMARY);
        assert_int_equal(tries, i + 2);
        tpmc_tpm_release(b.f.tpm);
        tap_clear(b.f.tap);
        bench_signs(&b, COLD);
        bench_reconnect(&b);
    }
    /* Of none of them. */
    make_under_primary(&b, ESYS_TR_RH_NULL, OTHER_H2, NULL);
    tss2_file_read(b.pem, strlen(b.pem), &file);
    file.parent = TPM2_RH_OWNER;
    (void)tss2_file_write(&file, b.pem);
    bench_key(&b, NULL, NULL);
    assert_int_equal(tpmc_key_set(b.key, "parent_fallback", "1", b.f.err), 0);
    assert_int_equal(fixture_sign(&b.f, b.key, "ES256"), TPMC_ERR_WRONG_TPM);
    assert_true(fixture_error_says(&b.f, "any of the usual"));
    bench_close(&b);
}

static void owner_password(void **state)
{
    bench b;

    (void)state;
    bench_open(&b);
    make_under_primary(&b, ESYS_TR_RH_OWNER, OTHER_H2, KEY_PASSWORD);
    other_set_password(ESYS_TR_RH_OWNER, NULL, OWNER_PASSWORD);
    bench_hierarchy_password(&b, TPMC_HIERARCHY_OWNER, OWNER_PASSWORD);
    bench_key(&b, KEY_PASSWORD, NULL);
    bench_signs(&b, "CreatePrimary StartAuthSession FlushContext CreatePrimary Load FlushContext "
                    "Sign");
    bench_signs(&b, "Sign");
    bench_reconnect(&b);
    bench_hierarchy_password(&b, TPMC_HIERARCHY_OWNER, "another");
    bench_key(&b, KEY_PASSWORD, NULL);
    bench_refused(&b, fixture_sign(&b.f, b.key, "ES256"), TPMC_ERR_WRONG_PASSWORD,
                  "owner hierarchy is wrong",
                  "CreatePrimary StartAuthSession FlushContext CreatePrimary GetRandom");
    /* For all keys of the connection. */
    bench_key(&b, KEY_PASSWORD, NULL);
    bench_refused(&b, fixture_sign(&b.f, b.key, "ES256"), TPMC_ERR_WRONG_PASSWORD,
                  "owner hierarchy is wrong", "");
    bench_reconnect(&b);
    bench_key(&b, KEY_PASSWORD, NULL);
    bench_refused(&b, fixture_sign(&b.f, b.key, "ES256"), TPMC_ERR_WRONG_PASSWORD,
                  "owner hierarchy has a password|none was given", "CreatePrimary");
    bench_refused(&b, fixture_sign(&b.f, b.key, "ES256"), TPMC_ERR_WRONG_PASSWORD,
                  "owner hierarchy has a password", "");
    bench_close(&b);
}

/* Makes the first of the commands that asks for an ECC primary fail. */
static void without_ecc(void **state)
{
    static const uint32_t codes[] = { 0x2ca, 0x2c4, 0x2e6, 0x2c1 };
    bench b;
    size_t i;

    (void)state;
    bench_open(&b);
    make_under_primary(&b, ESYS_TR_RH_OWNER, OTHER_H1, NULL);
    for (i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        const tap_fault none = { .kind = TAP_ANSWER, .value = codes[i], .at = 0, .count = 1 };

        bench_key(&b, NULL, NULL);
        tap_clear(b.f.tap);
        tap_set_fault(b.f.tap, &none);
        bench_signs(&b, "CreatePrimary CreatePrimary Load FlushContext Sign");
        bench_reconnect(&b);
    }
    bench_close(&b);
}

static void open_handle(bench *b, const char *password)
{
    bench_drop_key(b);
    assert_int_equal(tpmc_key_new(b->f.tpm, &b->key, b->f.err), 0);
    assert_int_equal(tpmc_key_set(b->key, "handle", "0x81000005", b->f.err), 0);
    if (password != NULL)
        assert_int_equal(tpmc_key_set_password(b->key, password, strlen(password), b->f.err), 0);
}

static void persist_signer(ESYS_TR hierarchy, other_template kind, const char *password)
{
    const other_persistent place = { .hierarchy = hierarchy,
                                     .password = password,
                                     .handle = 0x81000005u };

    other_persist_key(&place, kind);
}

static void persistent_key(void **state)
{
    bench b;

    (void)state;
    bench_open(&b);
    persist_signer(ESYS_TR_RH_OWNER, OTHER_SIGNER, NULL);
    open_handle(&b, NULL);
    bench_signs(&b, "ReadPublic Sign");
    bench_signs(&b, "Sign");
    bench_drop_key(&b);
    bench_expect(&b, "");
    other_evict(0x81000005u);
    persist_signer(ESYS_TR_RH_OWNER, OTHER_SIGNER, KEY_PASSWORD);
    bench_reconnect(&b);
    open_handle(&b, KEY_PASSWORD);
    bench_signs(&b, "ReadPublic CreatePrimary StartAuthSession FlushContext Sign");
    bench_signs(&b, "Sign");
    bench_reconnect(&b);
    open_handle(&b, "another");
    bench_refused(&b, fixture_sign(&b.f, b.key, "ES256"), TPMC_ERR_WRONG_PASSWORD,
                  "key's password is wrong",
                  "ReadPublic CreatePrimary StartAuthSession FlushContext Sign ReadPublic "
                  "GetRandom");
    bench_refused(&b, fixture_sign(&b.f, b.key, "ES256"), TPMC_ERR_WRONG_PASSWORD,
                  "key's password is wrong", "");
    bench_close(&b);
}

/* Another key at the same handle, with the same password or none. */
static void replaced_key(void **state)
{
    static const struct {
        other_template kind;
        const char *password;
    } cases[] = {
        { OTHER_SIGNER, NULL },
        { OTHER_SIGNER, KEY_PASSWORD },
        { OTHER_HMAC, NULL },
        { OTHER_HMAC, KEY_PASSWORD },
    };
    bench b;
    size_t i;
    int k;

    (void)state;
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        bench_open(&b);
        persist_signer(ESYS_TR_RH_OWNER, cases[i].kind, cases[i].password);
        open_handle(&b, cases[i].password);
        bench_ok(&b, cases[i].kind == OTHER_HMAC ? bench_hmac(&b, NULL)
                                                 : fixture_sign(&b.f, b.key, "ES256"));
        other_evict(0x81000005u);
        persist_signer(ESYS_TR_RH_ENDORSEMENT, cases[i].kind, cases[i].password);
        for (k = 0; k < 2; k++) {
            tap_clear(b.f.tap);
            assert_int_equal(cases[i].kind == OTHER_HMAC ? bench_hmac(&b, NULL)
                                                         : fixture_sign(&b.f, b.key, "ES256"),
                             TPMC_ERR_WRONG_TPM);
            assert_true(fixture_error_says(&b.f, "another key|0x81000005"));
        }
        other_evict(0x81000005u);
        assert_int_equal(cases[i].kind == OTHER_HMAC ? bench_hmac(&b, NULL)
                                                     : fixture_sign(&b.f, b.key, "ES256"),
                         TPMC_ERR_WRONG_TPM);
        assert_true(fixture_error_says(&b.f, "no persistent object"));
        persist_signer(ESYS_TR_RH_OWNER, cases[i].kind, cases[i].password);
        /* A primary is made the same each time. */
        bench_ok(&b, cases[i].kind == OTHER_HMAC ? bench_hmac(&b, NULL)
                                                 : fixture_sign(&b.f, b.key, "ES256"));
        bench_close(&b);
    }
}

/* Another kind of key at the same handle, which refuses what the former one did. */
static void replaced_by_another_kind(void **state)
{
    static const other_template others[] = { OTHER_H2, OTHER_H1, OTHER_HMAC, OTHER_EK_ECC };
    bench b;
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        bench_open(&b);
        persist_signer(ESYS_TR_RH_OWNER, OTHER_SIGNER, NULL);
        open_handle(&b, NULL);
        bench_ok(&b, fixture_sign(&b.f, b.key, "ES256"));
        other_evict(0x81000005u);
        persist_signer(ESYS_TR_RH_OWNER, others[i], NULL);
        assert_int_equal(fixture_sign(&b.f, b.key, "ES256"), TPMC_ERR_WRONG_TPM);
        assert_true(fixture_error_says(&b.f, "another key|0x81000005"));
        other_evict(0x81000005u);
        persist_signer(ESYS_TR_RH_OWNER, OTHER_SIGNER, NULL);
        bench_ok(&b, fixture_sign(&b.f, b.key, "ES256"));
        bench_close(&b);
    }
}

/* It vanishes while it is in use. */
static void evicted_key(void **state)
{
    static const char *const passwords[] = { NULL, KEY_PASSWORD };
    bench b;
    size_t i;

    (void)state;
    for (i = 0; i < 2; i++) {
        bench_open(&b);
        persist_signer(ESYS_TR_RH_OWNER, OTHER_SIGNER, passwords[i]);
        open_handle(&b, passwords[i]);
        bench_ok(&b, fixture_sign(&b.f, b.key, "ES256"));
        other_evict(0x81000005u);
        assert_int_equal(fixture_sign(&b.f, b.key, "ES256"), TPMC_ERR_WRONG_TPM);
        assert_true(fixture_error_says(&b.f, "no persistent object|0x81000005"));
        bench_close(&b);
    }
}

/* A key file whose private part is four bytes: the persistent handle. */
static void handle_in_the_file(void **state)
{
    static const uint8_t handle[4] = { 0x81, 0x00, 0x00, 0x05 };
    tss2_file file;
    bench b;

    (void)state;
    bench_open(&b);
    make_under_primary(&b, ESYS_TR_RH_OWNER, OTHER_H2, NULL);
    tss2_file_read(b.pem, strlen(b.pem), &file);
    memcpy(file.private_area, handle, sizeof(handle));
    file.private_len = sizeof(handle);
    (void)tss2_file_write(&file, b.pem);
    /* Not the key that stands there. */
    persist_signer(ESYS_TR_RH_OWNER, OTHER_SIGNER, NULL);
    bench_key(&b, NULL, NULL);
    bench_refused(&b, fixture_sign(&b.f, b.key, "ES256"), TPMC_ERR_WRONG_TPM,
                  "another key|0x81000005", "ReadPublic");
    bench_reconnect(&b);
    bench_close(&b);
}

/* More persistent handles than are remembered. */
static void many_handles(void **state)
{
    tpmc_key *keys[12] = { NULL };
    char text[11];
    uint32_t i;
    int round;
    bench b;

    (void)state;
    bench_open(&b);
    for (i = 0; i < 12; i++) {
        const other_persistent place = { .hierarchy =
                                             i % 2 ? ESYS_TR_RH_OWNER : ESYS_TR_RH_ENDORSEMENT,
                                         .password = KEY_PASSWORD,
                                         .handle = 0x81000010u + i };

        other_persist_key(&place, OTHER_SIGNER);
        (void)snprintf(text, sizeof(text), "0x%08x", (unsigned)place.handle);
        assert_int_equal(tpmc_key_new(b.f.tpm, &keys[i], b.f.err), 0);
        assert_int_equal(tpmc_key_set(keys[i], "handle", text, b.f.err), 0);
        assert_int_equal(
            tpmc_key_set_password(keys[i], KEY_PASSWORD, strlen(KEY_PASSWORD), b.f.err), 0);
    }
    for (round = 0; round < 2; round++) {
        for (i = 0; i < 12; i++)
            bench_ok(&b, fixture_sign(&b.f, keys[i], "ES256"));
    }
    for (i = 0; i < 12; i++)
        tpmc_key_free(keys[i]);
    bench_close(&b);
}

/* One command of the flow fails once; the same key signs afterwards. */
static const tap_fault faults[] = {
    { .kind = TAP_ANSWER, .value = 0x101 },
    { .kind = TAP_ANSWER, .value = 0x922 },
    { .kind = TAP_ANSWER, .value = 0x902 },
    { .kind = TAP_ANSWER, .value = 0x910 },
    { .kind = TAP_ANSWER, .value = 0x18b },
    { .kind = TAP_ANSWER, .value = 0x918 },
    { .kind = TAP_ANSWER, .value = 0x98e },
    { .kind = TAP_ANSWER, .value = 0x1df },
    { .kind = TAP_TRANSMIT_FAILS, .value = TSS2_TCTI_RC_IO_ERROR },
    { .kind = TAP_RECEIVE_FAILS, .value = TSS2_TCTI_RC_IO_ERROR },
    { .kind = TAP_CUT, .value = 10 },
    { .kind = TAP_FLIP, .value = 9 },
    { .kind = TAP_FLIP, .value = 0x80000014u },
};

/* 0 when the fault hit nothing, since there are not so many commands. */
static int survives(bench *b, const char *key_password, const char *parent_password,
                    const tap_fault *fault)
{
    uint32_t code = 0;
    int status = 0;

    bench_reconnect(b);
    bench_key(b, key_password, parent_password);
    tap_set_fault(b->f.tap, fault);
    status = fixture_sign(&b->f, b->key, "ES256");
    if (tap_hits(b->f.tap) == 0) {
        assert_int_equal(status, 0);
        return 0;
    }
    code = tap_code(b->f.tap, fault->at);
    if (fault->value == 0x98e && (code == TAP_CC_LOAD || code == TAP_CC_SIGN)) {
        assert_int_equal(status, TPMC_ERR_WRONG_PASSWORD);
        assert_int_equal(fixture_sign(&b->f, b->key, "ES256"), TPMC_ERR_WRONG_PASSWORD);
        assert_int_equal(tap_count_of(b->f.tap, code), 1);
        bench_key(b, key_password, parent_password);
    }
    status = fixture_sign(&b->f, b->key, "ES256");
    if (status != 0)
        fail_msg("fault %#x at %zu (%s): %s", (unsigned)fault->value, fault->at,
                 tap_command_name(code), tpmc_error_text(b->f.err));
    /* A TPM that denies to have a session keeps it. */
    if (fault->value == 0x918) {
        bench_drop_key(b);
        fixture_reconnect(&b->f);
        tpm_raw_flush_all();
    }
    return 1;
}

static void each_command_fails_once(void **state)
{
    static const char *const parents[] = { NULL, PARENT_PASSWORD };
    static const char *const keys[] = { NULL, KEY_PASSWORD };
    bench b;
    size_t flow;
    size_t i;

    (void)state;
    for (flow = 0; flow < 2; flow++) {
        bench_open(&b);
        persist(OTHER_H2, parents[flow]);
        make_under_srk(&b, parents[flow], OTHER_SIGNER, keys[flow]);
        for (i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
            tap_fault fault = faults[i];

            fault.count = 1;
            while (survives(&b, keys[flow], parents[flow], &fault))
                fault.at++;
        }
        bench_close(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hierarchies),
        cmocka_unit_test(null_keys_end_with_the_reset),
        cmocka_unit_test(rsa_parent),
        cmocka_unit_test(persistent),
        cmocka_unit_test(persistent_with_password),
        cmocka_unit_test(persistent_without_that_password),
        cmocka_unit_test(parent_handle_overrides),
        cmocka_unit_test(no_storage_key),
        cmocka_unit_test(replaced_parent),
        cmocka_unit_test(evicted_parent),
        cmocka_unit_test(fallbacks),
        cmocka_unit_test(owner_password),
        cmocka_unit_test(without_ecc),
        cmocka_unit_test(persistent_key),
        cmocka_unit_test(replaced_key),
        cmocka_unit_test(replaced_by_another_kind),
        cmocka_unit_test(evicted_key),
        cmocka_unit_test(handle_in_the_file),
        cmocka_unit_test(many_handles),
        cmocka_unit_test(each_command_fails_once),
    };

    return cmocka_run_group_tests(tests, NULL, bench_cleanup);
}
