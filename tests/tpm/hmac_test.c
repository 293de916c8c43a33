/* SPDX-License-Identifier: Apache-2.0 */

/* MACs by keys in the TPM, and by sealed secrets. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "support/tcti_libtpms.h"
#include "support/tpm_fixture.h"
#include "tpm/forger.h"
#include "tpm/made_key.h"

#define CC_HMAC 0x155u
#define CC_UNSEAL 0x15eu
#define CC_HMAC_START 0x15bu
#define CC_SEQUENCE_UPDATE 0x15cu
#define CC_SEQUENCE_COMPLETE 0x13eu
#define MESSAGE_MAX 5000
#define SECRET "AWS4wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
#define PASSWORD "hmac key password"

static const size_t lengths[] = { 0, 1, 1023, 1024, 1025, 2048, 2049, MESSAGE_MAX };

#define LENGTH_COUNT (sizeof(lengths) / sizeof(lengths[0]))

static uint8_t message[MESSAGE_MAX];

static const struct {
    made_key key;
    const char *hash;
    const char *name;
} kinds[] = {
    { { TPM2_ALG_KEYEDHASH, MADE_SECRET | TPMA_OBJECT_SIGN_ENCRYPT, TPM2_ALG_HMAC, TPM2_ALG_SHA256,
        0, SECRET, NULL, 0 },
      "SHA256",
      "HS256" },
    { { TPM2_ALG_KEYEDHASH, MADE_SECRET | TPMA_OBJECT_SIGN_ENCRYPT, TPM2_ALG_HMAC, TPM2_ALG_SHA384,
        0, SECRET, PASSWORD, sizeof(PASSWORD) - 1 },
      "SHA384",
      "HS384" },
    { { TPM2_ALG_KEYEDHASH, MADE_SECRET | TPMA_OBJECT_SIGN_ENCRYPT, TPM2_ALG_HMAC, TPM2_ALG_SHA512,
        0, SECRET, NULL, 0 },
      "SHA512",
      "HS512" },
    { { TPM2_ALG_KEYEDHASH, MADE_SECRET | TPMA_OBJECT_SIGN_ENCRYPT | TPMA_OBJECT_DECRYPT,
        TPM2_ALG_NULL, 0, 0, SECRET, NULL, 0 },
      "SHA256",
      "HS256" },
    { { TPM2_ALG_KEYEDHASH, MADE_SECRET | TPMA_OBJECT_SIGN_ENCRYPT | TPMA_OBJECT_DECRYPT,
        TPM2_ALG_NULL, 0, 0, SECRET, PASSWORD, sizeof(PASSWORD) - 1 },
      "SHA256",
      "HS256" },
};

#define KIND_COUNT (sizeof(kinds) / sizeof(kinds[0]))

static const made_key sealed = {
    TPM2_ALG_KEYEDHASH, MADE_SECRET, TPM2_ALG_NULL, 0, 0, SECRET, NULL, 0
};
static const made_key sealed_with_password = {
    TPM2_ALG_KEYEDHASH, MADE_SECRET, TPM2_ALG_NULL, 0, 0, SECRET, PASSWORD, sizeof(PASSWORD) - 1
};

static void open_key(fixture *f, const made_key *shape, const char *password, tpmc_key **key)
{
    char pem[TSS2_FILE_TEXT_MAX];

    assert_int_equal(made_key_write(shape, pem), 0);
    assert_int_equal(fixture_key_text(f, pem, password, key), 0);
}

static void teardown(fixture *f, tpmc_key *key)
{
    tpmc_key_free(key);
    tpmc_tpm_free(f->tpm);
    f->tpm = NULL;
    assert_true(fixture_holds_only_others(f));
    fixture_close(f);
}

static unsigned int software_mac(const char *hash, size_t len, uint8_t *out)
{
    unsigned int made = EVP_MAX_MD_SIZE;

    assert_non_null(
        HMAC(EVP_get_digestbyname(hash), SECRET, (int)strlen(SECRET), message, len, out, &made));
    return made;
}

/* A MAC of `len` bytes; a wrong one fails the test. */
static int mac(fixture *f, tpmc_key *key, const char *hash, size_t len)
{
    tpmc_bytes *made = NULL;
    uint8_t expected[EVP_MAX_MD_SIZE];
    unsigned int expected_len = software_mac(hash, len, expected);
    int rc = tpmc_key_hmac(key, message, len, &made, f->err);

    assert_int_equal(rc, tpmc_error_code(f->err));
    if (rc == 0) {
        assert_int_equal(tpmc_bytes_len(made), expected_len);
        assert_memory_equal(tpmc_bytes_data(made), expected, expected_len);
        /* A listener must not have seen it. */
        assert_false(tap_saw(f->tap, expected, expected_len));
        assert_false(tap_saw(f->tap, SECRET, strlen(SECRET)));
    } else {
        assert_null(made);
    }
    tpmc_bytes_free(made);
    return rc;
}

static void assert_sequence(fixture *f, const char *expected)
{
    char sequence[256];

    tap_sequence(f->tap, 0, sequence, sizeof(sequence));
    assert_string_equal(sequence, expected);
    tap_clear(f->tap);
}

/* One command up to the TPM's buffer, else a sequence. */
static void assert_commands(fixture *f, size_t len, size_t buffer)
{
    size_t at = 0;

    if (len <= buffer) {
        assert_int_equal(tap_count(f->tap), 1);
        assert_int_equal(tap_code(f->tap, 0), CC_HMAC);
        return;
    }
    assert_int_equal(tap_code(f->tap, at++), CC_HMAC_START);
    for (; len > buffer; len -= buffer)
        assert_int_equal(tap_code(f->tap, at++), CC_SEQUENCE_UPDATE);
    assert_int_equal(tap_code(f->tap, at++), CC_SEQUENCE_COMPLETE);
    assert_int_equal(tap_count(f->tap), at);
}

static void messages_of_every_length(void **state)
{
    size_t kind;
    size_t i;

    (void)state;
    for (kind = 0; kind < KIND_COUNT; kind++) {
        fixture f;
        tpmc_key *key = NULL;

        fixture_open(&f, 0);
        open_key(&f, &kinds[kind].key, kinds[kind].key.password, &key);
        assert_int_equal(mac(&f, key, kinds[kind].hash, 10), 0);
        assert_sequence(&f, "CreatePrimary StartAuthSession Load FlushContext HMAC");
        for (i = 0; i < LENGTH_COUNT; i++) {
            tap_clear(f.tap);
            assert_int_equal(mac(&f, key, kinds[kind].hash, lengths[i]), 0);
            assert_commands(&f, lengths[i], 1024);
        }
        assert_int_equal(tpm_raw_transient_count(), 1);
        assert_int_equal(tpmc_tpm_bus_level(f.tpm), TPMC_BUS_ENCRYPTED);
        teardown(&f, key);
    }
}

/* A MAC in clear, when the caller wants it so; a password still never crosses. */
static void protection_switched_off(void **state)
{
    fixture f;
    tpmc_key *key = NULL;
    tpmc_bytes *made = NULL;
    uint8_t expected[EVP_MAX_MD_SIZE];
    unsigned int len = software_mac("SHA256", 5, expected);

    (void)state;
    fixture_open(&f, 0);
    assert_int_equal(tpmc_tpm_set(f.tpm, "bus_protection", "never", f.err), 0);
    open_key(&f, &kinds[4].key, PASSWORD, &key);
    tap_clear(f.tap);
    assert_int_equal(tpmc_key_hmac(key, message, 5, &made, f.err), 0);
    assert_memory_equal(tpmc_bytes_data(made), expected, len);
    assert_true(tap_saw(f.tap, expected, len));
    assert_false(tap_saw(f.tap, PASSWORD, strlen(PASSWORD)));
    assert_int_equal(tpm_raw_session_count(), 1);
    assert_int_equal(tpmc_tpm_bus_level(f.tpm), TPMC_BUS_NONE);
    tpmc_bytes_free(made);
    teardown(&f, key);
}

/* Before anything is sent. */
static void refusals(void **state)
{
    static const made_key restricted = {
        TPM2_ALG_KEYEDHASH, MADE_RESTRICTED, TPM2_ALG_HMAC, TPM2_ALG_SHA256, 0, NULL, NULL, 0
    };
    static const made_key ec = { TPM2_ALG_ECC,       MADE_SIGN, TPM2_ALG_NULL, 0,
                                 TPM2_ECC_NIST_P256, NULL,      NULL,          0 };
    static const struct {
        const made_key *shape;
        const char *words;
    } rows[] = {
        { &restricted, "restricted" },
        { &ec, "no HMAC key" },
        { &sealed, "sealed|allow_sealed_hmac" },
    };
    fixture f;
    tpmc_bytes *made = NULL;
    tpmc_key *key = NULL;
    size_t i;

    (void)state;
    fixture_open(&f, 0);
    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        open_key(&f, rows[i].shape, NULL, &key);
        assert_int_equal(tpmc_key_hmac(key, "abc", 3, &made, f.err), TPMC_ERR_UNSUPPORTED);
        assert_null(made);
        assert_true(fixture_error_says(&f, rows[i].words));
        tpmc_key_free(key);
    }
    for (i = 0; i < KIND_COUNT; i++) {
        open_key(&f, &kinds[i].key, kinds[i].key.password, &key);
        assert_int_equal(tpmc_key_supports(key, kinds[i].name, f.err), 0);
        assert_int_equal(tpmc_key_supports(key, "RS256", f.err), TPMC_ERR_UNSUPPORTED);
        assert_int_equal(tpmc_key_sign(key, NULL, "abc", 3, &made, f.err), TPMC_ERR_UNSUPPORTED);
        assert_true(fixture_error_says(&f, "HMAC key"));
        assert_int_equal(tpmc_key_hmac(key, NULL, 3, &made, f.err), TPMC_ERR_ARGUMENT);
        assert_int_equal(tpmc_key_hmac(key, "abc", 3, NULL, f.err), TPMC_ERR_ARGUMENT);
        assert_null(made);
        tpmc_key_free(key);
    }
    assert_int_equal(tap_count(f.tap), 0);
    teardown(&f, NULL);
}

static void wrong_passwords(void **state)
{
    static const char *const given[] = { "not the password", NULL };
    fixture f;
    tpmc_key *key = NULL;
    size_t sent = 0;
    size_t i;

    (void)state;
    for (i = 0; i < 2; i++) {
        fixture_open(&f, 0);
        open_key(&f, &kinds[4].key, given[i], &key);
        assert_int_equal(mac(&f, key, "SHA256", 10), TPMC_ERR_WRONG_PASSWORD);
        assert_true(fixture_error_says(&f, "password"));
        sent = tap_count(f.tap);
        assert_int_equal(mac(&f, key, "SHA256", 10), TPMC_ERR_WRONG_PASSWORD);
        assert_int_equal(mac(&f, key, "SHA256", 5000), TPMC_ERR_WRONG_PASSWORD);
        assert_int_equal(tap_count(f.tap), sent);
        assert_int_equal(tpm_raw_lockout_counter(), 0);
        teardown(&f, key);
    }
}

/* The secret is taken out for each MAC, encrypted, and nothing of it stays. */
static void sealed_secret(void **state)
{
    static const made_key *const shapes[] = { &sealed, &sealed_with_password };
    fixture f;
    tpmc_key *key = NULL;
    size_t i;
    size_t k;

    (void)state;
    for (i = 0; i < 2; i++) {
        fixture_open(&f, 0);
        open_key(&f, shapes[i], shapes[i]->password, &key);
        assert_int_equal(tpmc_key_set(key, "allow_sealed_hmac", "1", f.err), 0);
        assert_int_equal(mac(&f, key, "SHA256", 10), 0);
        for (k = 0; k < LENGTH_COUNT; k++) {
            tap_clear(f.tap);
            assert_int_equal(mac(&f, key, "SHA256", lengths[k]), 0);
            assert_int_equal(tap_count(f.tap), 1);
            assert_int_equal(tap_code(f.tap, 0), CC_UNSEAL);
        }
        assert_int_equal(tpmc_key_supports(key, "HS256", f.err), 0);
        assert_int_equal(tpmc_key_supports(key, "HS384", f.err), TPMC_ERR_UNSUPPORTED);
        teardown(&f, key);
    }
}

/* An altered answer is never returned. */
static void altered_answers(void **state)
{
    static const size_t sizes[] = { 100, 3000 };
    fixture f;
    tpmc_key *key = NULL;
    size_t i;
    uint32_t place;

    (void)state;
    for (i = 0; i < 2; i++) {
        size_t last = i == 0 ? 0 : 3;

        for (place = 10; place < 60; place += 7) {
            tap_fault fault = { .kind = TAP_FLIP, .value = place, .at = last, .count = 1 };

            fixture_open(&f, 0);
            open_key(&f, &kinds[0].key, NULL, &key);
            assert_int_equal(mac(&f, key, "SHA256", 10), 0);
            tap_clear(f.tap);
            tap_set_fault(f.tap, &fault);
            assert_int_not_equal(mac(&f, key, "SHA256", sizes[i]), 0);
            assert_int_equal(tap_hits(f.tap), 1);
            tap_clear(f.tap);
            assert_int_equal(mac(&f, key, "SHA256", sizes[i]), 0);
            assert_int_equal(tpm_raw_transient_count(), 1);
            teardown(&f, key);
        }
    }
}

/* Whatever fails on the way: no sequence stays in the TPM, and the next MAC is right. */
static void failures_on_the_way(void **state)
{
    static const tap_fault_kind faults[] = { TAP_ANSWER, TAP_TRANSMIT_FAILS, TAP_RECEIVE_FAILS,
                                             TAP_CUT };
    static const uint32_t values[] = { 0x101, 0xa000a, 0xa000a, 7 };
    size_t kind;
    size_t at;

    (void)state;
    for (kind = 0; kind < sizeof(faults) / sizeof(faults[0]); kind++) {
        for (at = 0; at < 4; at++) {
            tap_fault fault = { .kind = faults[kind], .value = values[kind], .at = at, .count = 1 };
            fixture f;
            tpmc_key *key = NULL;

            fixture_open(&f, 0);
            open_key(&f, &kinds[1].key, PASSWORD, &key);
            assert_int_equal(mac(&f, key, "SHA384", 3000), 0);
            tap_clear(f.tap);
            tap_set_fault(f.tap, &fault);
            assert_int_not_equal(mac(&f, key, "SHA384", 3000), 0);
            assert_int_equal(tap_hits(f.tap), 1);
            tap_clear(f.tap);
            assert_int_equal(mac(&f, key, "SHA384", 3000), 0);
            assert_int_equal(tpm_raw_transient_count(), 1);
            teardown(&f, key);
        }
    }
}

/* The TPM is reset before a command, and perhaps another key stands where ours was. */
struct reset {
    size_t at;
    int with_stranger;
    int done;
    uint32_t stranger;
};

static void reset_at(void *user, size_t index, uint32_t code)
{
    struct reset *reset = user;

    (void)code;
    if (index != reset->at || reset->done)
        return;
    reset->done = 1;
    libtpms_power_cycle(0, 1);
    if (reset->with_stranger)
        assert_int_equal(tpm_raw_load_foreign_signer(&reset->stranger), 0);
}

static void try_reset(size_t len, size_t at, int with_stranger)
{
    struct reset reset = { .at = at, .with_stranger = with_stranger };
    fixture f;
    tpmc_key *key = NULL;

    fixture_open(&f, 0);
    open_key(&f, &kinds[0].key, NULL, &key);
    assert_int_equal(mac(&f, key, "SHA256", len), 0);
    tap_clear(f.tap);
    tap_set_hook(f.tap, reset_at, &reset);
    assert_int_equal(mac(&f, key, "SHA256", len), 0);
    assert_int_equal(reset.done, 1);
    tap_clear(f.tap);
    assert_int_equal(mac(&f, key, "SHA256", len), 0);
    if (with_stranger) {
        assert_true(tpm_raw_holds(reset.stranger));
        assert_int_equal(tpm_raw_flush(reset.stranger), 0);
    }
    teardown(&f, key);
}

static void resets(void **state)
{
    int stranger;

    (void)state;
    for (stranger = 0; stranger < 2; stranger++) {
        size_t at;

        try_reset(100, 0, stranger);
        for (at = 0; at < 4; at++)
            try_reset(3000, at, stranger);
    }
}

/* A TPM with a small input buffer. */
static void small_input_buffer(void **state)
{
    fixture f;
    forger forging;
    tpmc_key *key = NULL;

    (void)state;
    fixture_open(&f, 0);
    forger_open(&forging, &f);
    open_key(&f, &kinds[0].key, NULL, &key);
    assert_int_equal(mac(&f, key, "SHA256", 64), 0);
    forger_shrink_input(&forging, &f, 512);
    assert_int_equal(mac(&f, key, "SHA256", 1000), 0);
    /* After the refusal it is looked whether the key is still the one meant. */
    assert_int_equal(tap_count(f.tap), 6);
    assert_int_equal(tap_code(f.tap, 2), TAP_CC_GET_CAPABILITY);
    tap_clear(f.tap);
    assert_int_equal(mac(&f, key, "SHA256", 512), 0);
    assert_commands(&f, 512, 512);
    tap_clear(f.tap);
    assert_int_equal(mac(&f, key, "SHA256", 1000), 0);
    assert_commands(&f, 1000, 512);
    teardown(&f, key);
}

/* Signing keys and HMAC keys share the connection's session. */
static void beside_a_signing_key(void **state)
{
    static const made_key ec = {
        TPM2_ALG_ECC,       MADE_SIGN, TPM2_ALG_NULL, 0,
        TPM2_ECC_NIST_P256, NULL,      PASSWORD,      sizeof(PASSWORD) - 1
    };
    fixture f;
    tpmc_key *first = NULL;
    tpmc_key *second = NULL;
    int i;

    (void)state;
    fixture_open(&f, 0);
    open_key(&f, &kinds[4].key, PASSWORD, &first);
    open_key(&f, &ec, PASSWORD, &second);
    for (i = 0; i < 5; i++) {
        assert_int_equal(mac(&f, first, "SHA256", 3000), 0);
        assert_int_equal(fixture_sign(&f, second, "ES256"), 0);
        assert_int_equal(tpm_raw_session_count(), 1);
    }
    tpmc_key_free(second);
    teardown(&f, first);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(messages_of_every_length),
        cmocka_unit_test(protection_switched_off),
        cmocka_unit_test(refusals),
        cmocka_unit_test(wrong_passwords),
        cmocka_unit_test(sealed_secret),
        cmocka_unit_test(altered_answers),
        cmocka_unit_test(failures_on_the_way),
        cmocka_unit_test(resets),
        cmocka_unit_test(small_input_buffer),
        cmocka_unit_test(beside_a_signing_key),
    };

    memset(message, 'm', sizeof(message));
    return cmocka_run_group_tests(tests, NULL, NULL);
}
