/* SPDX-License-Identifier: Apache-2.0 */

/* Keys that sign only what the TPM itself has hashed. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "support/signature.h"
#include "support/tcti_libtpms.h"
#include "support/tpm_fixture.h"
#include "tpm/forger.h"
#include "tpm/made_key.h"

#define CC_HASH 0x17du
#define CC_SEQUENCE_COMPLETE 0x13eu
#define CC_SEQUENCE_UPDATE 0x15cu
#define CC_HASH_SEQUENCE_START 0x186u
#define MESSAGE_MAX 5000

static const struct {
    made_key key;
    const char *name;
    const char *other; /* what the key cannot do */
} kinds[] = {
    { { TPM2_ALG_RSA, MADE_RESTRICTED, TPM2_ALG_RSAPSS, TPM2_ALG_SHA256, 2048, NULL, NULL, 0 },
      "PS256",
      "RS256" },
    { { TPM2_ALG_RSA, MADE_RESTRICTED, TPM2_ALG_RSASSA, TPM2_ALG_SHA384, 2048, NULL, NULL, 0 },
      "RS384",
      "RS256" },
    { { TPM2_ALG_ECC, MADE_RESTRICTED, TPM2_ALG_ECDSA, TPM2_ALG_SHA256, TPM2_ECC_NIST_P256, NULL,
        NULL, 0 },
      "ES256",
      "ECDSA-SHA384" },
    { { TPM2_ALG_ECC, MADE_RESTRICTED, TPM2_ALG_ECDSA, TPM2_ALG_SHA512, TPM2_ECC_NIST_P256, NULL,
        NULL, 0 },
      "ECDSA-SHA512",
      "ES256" },
    { { TPM2_ALG_ECC, MADE_RESTRICTED, TPM2_ALG_ECDSA, TPM2_ALG_SHA384, TPM2_ECC_NIST_P384, NULL,
        "a password", 10 },
      "ES384",
      "ECDSA-SHA256" },
};

#define KIND_COUNT (sizeof(kinds) / sizeof(kinds[0]))

static const size_t lengths[] = { 0, 1, 3, 4, 5, 1023, 1024, 1025, 2048, 2049, MESSAGE_MAX };

static uint8_t message[MESSAGE_MAX];

static void open_key(fixture *f, size_t kind, tpmc_key **key)
{
    char pem[TSS2_FILE_TEXT_MAX];

    assert_int_equal(made_key_write(&kinds[kind].key, pem), 0);
    assert_int_equal(fixture_key_text(f, pem, kinds[kind].key.password, key), 0);
}

static void teardown(fixture *f, tpmc_key *key)
{
    tpmc_key_free(key);
    tpmc_tpm_free(f->tpm);
    f->tpm = NULL;
    assert_true(fixture_holds_only_others(f));
    fixture_close(f);
}

/* Signs `len` bytes; a signature that does not verify fails the test. */
static int sign(fixture *f, tpmc_key *key, const char *name, size_t len)
{
    tpmc_bytes *signature = NULL;
    tpmc_bytes *spki = NULL;
    int rc = tpmc_key_sign(key, name, message, len, &signature, f->err);

    if (rc == 0) {
        assert_int_equal(tpmc_key_public(key, &spki, f->err), 0);
        assert_true(verify_signature(spki, name, message, len, signature));
    } else {
        assert_null(signature);
    }
    tpmc_bytes_free(spki);
    tpmc_bytes_free(signature);
    return rc;
}

/* What is sent for a message: one command up to the TPM's buffer, else a sequence. */
static void expected_commands(size_t len, size_t buffer, uint32_t *out, size_t *count)
{
    size_t n = 0;

    if (len <= buffer) {
        out[n++] = CC_HASH;
    } else {
        out[n++] = CC_HASH_SEQUENCE_START;
        for (; len > buffer; len -= buffer)
            out[n++] = CC_SEQUENCE_UPDATE;
        out[n++] = CC_SEQUENCE_COMPLETE;
    }
    out[n++] = TAP_CC_SIGN;
    *count = n;
}

static void assert_commands(fixture *f, size_t len, size_t buffer)
{
    uint32_t expected[512];
    size_t count = 0;
    size_t i;

    expected_commands(len, buffer, expected, &count);
    assert_int_equal(tap_count(f->tap), count);
    for (i = 0; i < count; i++)
        assert_int_equal(tap_code(f->tap, i), expected[i]);
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
        open_key(&f, kind, &key);
        assert_int_equal(fixture_sign(&f, key, kinds[kind].name), 0);
        for (i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
            tap_clear(f.tap);
            assert_int_equal(sign(&f, key, kinds[kind].name, lengths[i]), 0);
            assert_commands(&f, lengths[i], 1024);
        }
        assert_int_equal(tpm_raw_transient_count(), 1);
        teardown(&f, key);
    }
}

/* Before anything is sent. */
static void refusals(void **state)
{
    static const uint8_t generated[] = { 0xff, 0x54, 0x43, 0x47, 0x80, 0x18 };
    static const uint8_t digest[64] = { 1 };
    fixture f;
    tpmc_key *key = NULL;
    tpmc_bytes *signature = NULL;

    (void)state;
    fixture_open(&f, 0);
    open_key(&f, 0, &key);
    assert_int_equal(tpmc_key_sign(key, "PS256", generated, sizeof(generated), &signature, f.err),
                     TPMC_ERR_ARGUMENT);
    assert_true(fixture_error_says(&f, "restricted|ff 54 43 47"));
    assert_int_equal(tpmc_key_sign(key, "PS256", generated, 4, &signature, f.err),
                     TPMC_ERR_ARGUMENT);
    assert_int_equal(tpmc_key_sign_digest(key, "PS256", digest, 32, &signature, f.err),
                     TPMC_ERR_UNSUPPORTED);
    assert_true(fixture_error_says(&f, "restricted|tpmc_key_sign()"));
    assert_int_equal(tpmc_key_sign_digest(key, "PS256", digest, 31, &signature, f.err),
                     TPMC_ERR_ARGUMENT);
    assert_int_equal(tpmc_key_sign(key, kinds[0].other, "abc", 3, &signature, f.err),
                     TPMC_ERR_UNSUPPORTED);
    assert_null(signature);
    assert_int_equal(tap_count(f.tap), 0);
    /* Three of these bytes are nothing special. */
    assert_int_equal(tpmc_key_sign(key, "PS256", generated, 3, &signature, f.err), 0);
    tpmc_bytes_free(signature);
    teardown(&f, key);
}

/* A longer hash that an ECDSA key is fixed to does not stand in for a shorter one here. */
static void other_algorithms(void **state)
{
    size_t kind;

    (void)state;
    for (kind = 0; kind < KIND_COUNT; kind++) {
        fixture f;
        tpmc_key *key = NULL;

        fixture_open(&f, 0);
        open_key(&f, kind, &key);
        assert_int_equal(tpmc_key_supports(key, kinds[kind].name, f.err), 0);
        assert_int_equal(sign(&f, key, kinds[kind].other, 3), TPMC_ERR_UNSUPPORTED);
        assert_int_equal(tap_count(f.tap), 0);
        teardown(&f, key);
    }
}

/* A digest that was altered on its way is noticed; the next try is right. */
static void altered_digest(void **state)
{
    static const tap_fault once = { .kind = TAP_FLIP, .value = 20, .at = 0, .count = 1 };
    /* 32 wrong bytes, and a ticket with none. */
    static const uint8_t wrong[2 + 32 + 8] = { 0, 32, [34] = 0x80, 0x24, 0x40, 0, 0, 1 };
    fixture f;
    forger forging;
    tpmc_key *key = NULL;

    (void)state;
    fixture_open(&f, 0);
    forger_open(&forging, &f);
    open_key(&f, 2, &key);
    assert_int_equal(sign(&f, key, "ES256", 100), 0);
    tap_clear(f.tap);
    tap_set_fault(f.tap, &once);
    assert_int_equal(sign(&f, key, "ES256", 100), 0);
    assert_int_equal(tap_hits(f.tap), 1);
    tap_clear(f.tap);
    forger_set(&forging, 0, CC_HASH, SIZE_MAX, 0, wrong, sizeof(wrong));
    assert_int_equal(sign(&f, key, "ES256", 100), TPMC_ERR_INTEGRITY);
    assert_true(fixture_error_says(&f, "something else than the message"));
    assert_int_equal(tap_count_of(f.tap, CC_HASH), 2);
    assert_int_equal(tap_count_of(f.tap, TAP_CC_SIGN), 0);
    forger_set(&forging, 0, CC_HASH, 0, 0, wrong, sizeof(wrong));
    assert_int_equal(sign(&f, key, "ES256", 100), 0);
    teardown(&f, key);
}

/* Whatever fails on the way: no sequence stays in the TPM, and the next signature is made. */
static void failures_on_the_way(void **state)
{
    static const tap_fault_kind faults[] = { TAP_ANSWER, TAP_TRANSMIT_FAILS, TAP_RECEIVE_FAILS,
                                             TAP_CUT };
    static const uint32_t values[] = { 0x101, 0xa000a, 0xa000a, 7 };
    const size_t len = 3000;
    size_t kind;
    size_t at;

    (void)state;
    for (kind = 0; kind < sizeof(faults) / sizeof(faults[0]); kind++) {
        for (at = 0; at < 5; at++) {
            tap_fault fault = { .kind = faults[kind], .value = values[kind], .at = at, .count = 1 };
            fixture f;
            tpmc_key *key = NULL;

            fixture_open(&f, 0);
            open_key(&f, 2, &key);
            assert_int_equal(sign(&f, key, "ES256", len), 0);
            tap_clear(f.tap);
            tap_set_fault(f.tap, &fault);
            assert_int_not_equal(sign(&f, key, "ES256", len), 0);
            assert_int_equal(tap_hits(f.tap), 1);
            tap_clear(f.tap);
            assert_int_equal(sign(&f, key, "ES256", len), 0);
            assert_int_equal(tpm_raw_transient_count(), 1);
            teardown(&f, key);
        }
    }
}

/* Reset before each command of a signature: it comes out right all the same. */
struct reset {
    size_t at;
    int done;
};

static void reset_at(void *user, size_t index, uint32_t code)
{
    struct reset *reset = user;

    (void)code;
    if (index != reset->at || reset->done)
        return;
    reset->done = 1;
    libtpms_power_cycle(0, 1);
}

static void reset_on_the_way(void **state)
{
    size_t at;

    (void)state;
    for (at = 0; at < 5; at++) {
        struct reset reset = { .at = at };
        fixture f;
        tpmc_key *key = NULL;

        fixture_open(&f, 0);
        open_key(&f, 2, &key);
        assert_int_equal(sign(&f, key, "ES256", 3000), 0);
        tap_clear(f.tap);
        tap_set_hook(f.tap, reset_at, &reset);
        assert_int_equal(sign(&f, key, "ES256", 3000), 0);
        assert_int_equal(reset.done, 1);
        tap_clear(f.tap);
        assert_int_equal(sign(&f, key, "ES256", 3000), 0);
        assert_int_equal(tap_count(f.tap), 5);
        teardown(&f, key);
    }
}

/* A TPM with a small input buffer refuses what other TPMs take; from then on it gets less. */
static void small_input_buffer(void **state)
{
    fixture f;
    forger forging;
    tpmc_key *key = NULL;

    (void)state;
    fixture_open(&f, 0);
    forger_open(&forging, &f);
    open_key(&f, 2, &key);
    assert_int_equal(sign(&f, key, "ES256", 64), 0);
    forger_shrink_input(&forging, &f, 256);
    assert_int_equal(sign(&f, key, "ES256", 600), 0);
    assert_int_equal(tap_count(f.tap), 7);
    assert_int_equal(tap_code(f.tap, 1), TAP_CC_GET_CAPABILITY);
    tap_clear(f.tap);
    assert_int_equal(sign(&f, key, "ES256", 600), 0);
    assert_commands(&f, 600, 256);
    tap_clear(f.tap);
    assert_int_equal(sign(&f, key, "ES256", 256), 0);
    assert_commands(&f, 256, 256);
    teardown(&f, key);
}

/* What it claims is no smaller, or absurd: the refusal stands. */
static void input_buffer_that_explains_nothing(void **state)
{
    static const uint32_t claims[] = { 0, 1, 1024, 4096, UINT32_MAX };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(claims) / sizeof(claims[0]); i++) {
        fixture f;
        forger forging;
        tpmc_key *key = NULL;

        fixture_open(&f, 0);
        forger_open(&forging, &f);
        open_key(&f, 2, &key);
        assert_int_equal(sign(&f, key, "ES256", 64), 0);
        forger_shrink_input(&forging, &f, claims[i]);
        assert_int_equal(sign(&f, key, "ES256", 600), TPMC_ERR_TPM);
        assert_int_equal(tpmc_error_tpm_code(f.err), 0x1d5);
        assert_int_equal(sign(&f, key, "ES256", 600), 0);
        teardown(&f, key);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(messages_of_every_length),
        cmocka_unit_test(refusals),
        cmocka_unit_test(other_algorithms),
        cmocka_unit_test(altered_digest),
        cmocka_unit_test(failures_on_the_way),
        cmocka_unit_test(reset_on_the_way),
        cmocka_unit_test(small_input_buffer),
        cmocka_unit_test(input_buffer_that_explains_nothing),
    };

    memset(message, 'm', sizeof(message));
    return cmocka_run_group_tests(tests, NULL, NULL);
}
