/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_TPM_BENCH_H
#define TESTS_TPM_BENCH_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "support/software_key.h"
#include "support/tcti_libtpms.h"
#include "support/tpm_fixture.h"
#include "support/tpm_other.h"
#include "support/tss2_file.h"

/* A fixture with one key file. */
typedef struct bench {
    fixture f;
    char pem[TSS2_FILE_TEXT_MAX];
    tpmc_key *key;
} bench;

#define BENCH_SEQUENCE_MAX 600

static inline void bench_open(bench *b)
{
    memset(b, 0, sizeof(*b));
    fixture_open(&b->f, 0);
}

static inline void bench_drop_key(bench *b)
{
    tpmc_key_free(b->key);
    b->key = NULL;
}

/* A new connection; what is in the TPM must have gone with the former one. */
static inline void bench_reconnect(bench *b)
{
    bench_drop_key(b);
    fixture_reconnect(&b->f);
    assert_true(fixture_holds_only_others(&b->f));
    tap_clear(b->f.tap);
}

static inline void bench_close(bench *b)
{
    bench_reconnect(b);
    assert_int_equal(tpm_raw_lockout_counter(), 0);
    fixture_close(&b->f);
}

static inline void bench_tpm_set(bench *b, const char *name, const char *value)
{
    assert_int_equal(tpmc_tpm_set(b->f.tpm, name, value, b->f.err), 0);
}

static inline void bench_hierarchy_password(bench *b, int hierarchy, const char *password)
{
    assert_int_equal(
        tpmc_tpm_set_hierarchy_password(b->f.tpm, hierarchy, password, strlen(password), b->f.err),
        0);
}

/* A key object from the key file; NULL sets no password. */
static inline void bench_key(bench *b, const char *password, const char *parent_password)
{
    bench_drop_key(b);
    assert_int_equal(fixture_key_text(&b->f, b->pem, password, &b->key), 0);
    if (parent_password != NULL)
        assert_int_equal(tpmc_key_set_parent_password(b->key, parent_password,
                                                      strlen(parent_password), b->f.err),
                         0);
}

static inline int bench_hmac(bench *b, uint8_t *mac)
{
    tpmc_bytes *made = NULL;
    int status = tpmc_key_hmac(b->key, FIXTURE_MESSAGE, strlen(FIXTURE_MESSAGE), &made, b->f.err);

    assert_int_equal(status == 0, made != NULL);
    if (status == 0 && mac != NULL)
        memcpy(mac, tpmc_bytes_data(made), 32);
    tpmc_bytes_free(made);
    return status;
}

static inline void bench_expect(bench *b, const char *sequence)
{
    char seen[BENCH_SEQUENCE_MAX];

    tap_sequence(b->f.tap, 0, seen, sizeof(seen));
    assert_string_equal(seen, sequence);
    tap_clear(b->f.tap);
}

static inline void bench_ok(bench *b, int status)
{
    if (status != 0)
        fail_msg("%s: %s", tpmc_error_name(status), tpmc_error_text(b->f.err));
}

static inline void bench_signs(bench *b, const char *sequence)
{
    bench_ok(b, fixture_sign(&b->f, b->key, "ES256"));
    bench_expect(b, sequence);
}

static inline void bench_macs(bench *b, const char *sequence)
{
    bench_ok(b, bench_hmac(b, NULL));
    bench_expect(b, sequence);
}

/* The call failed with this code and these words, and sent this. */
static inline void bench_refused(bench *b, int status, int code, const char *words,
                                 const char *sequence)
{
    if (status != code)
        print_error("%s: %s\n", tpmc_error_name(status), tpmc_error_text(b->f.err));
    assert_int_equal(status, code);
    assert_true(fixture_error_says(&b->f, words));
    bench_expect(b, sequence);
}

static inline int bench_cleanup(void **state)
{
    (void)state;
    software_key_cleanup();
    return 0;
}

#endif
