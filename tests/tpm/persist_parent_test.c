/* SPDX-License-Identifier: Apache-2.0 */

/* A parent that stays in the TPM. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "support/tcti_libtpms.h"
#include "tpm/maker.h"

#define HANDLE 0x81000001u
#define OTHER 0x81000002u
#define PLATFORM 0x81800001u

static int persist(fixture *f, const char *options, uint32_t handle, tpmc_bytes **name)
{
    tpmc_key_template *t = maker_template(f, options, NULL);
    int rc = tpmc_tpm_persist_parent(f->tpm, t, handle, name, f->err);

    tpmc_key_template_free(t);
    return rc;
}

static void assert_sequence(fixture *f, const char *expected)
{
    char sequence[256];

    tap_sequence(f->tap, 0, sequence, sizeof(sequence));
    assert_string_equal(sequence, expected);
    tap_clear(f->tap);
}

static void assert_same(const tpmc_bytes *a, const tpmc_bytes *b)
{
    assert_int_equal(tpmc_bytes_len(a), tpmc_bytes_len(b));
    assert_memory_equal(tpmc_bytes_data(a), tpmc_bytes_data(b), tpmc_bytes_len(a));
}

static void keeps_and_finds_it(void **state)
{
    fixture f;
    tpmc_bytes *read = NULL;
    tpmc_bytes *name = NULL;

    (void)state;
    fixture_open(&f, 0);
    assert_int_equal(tpmc_tpm_read_parent(f.tpm, NULL, NULL, &read, f.err), 0);
    tap_clear(f.tap);
    assert_int_equal(tpmc_tpm_persist_parent(f.tpm, NULL, HANDLE, &name, f.err), 0);
    assert_sequence(&f, "CreatePrimary ReadPublic EvictControl FlushContext");
    assert_true(maker_is_persistent(HANDLE));
    assert_same(name, read);
    tpmc_bytes_free(name);
    /* Again: nothing changes. */
    assert_int_equal(tpmc_tpm_persist_parent(f.tpm, NULL, HANDLE, &name, f.err), 0);
    assert_sequence(&f, "CreatePrimary ReadPublic FlushContext");
    assert_same(name, read);
    tpmc_bytes_free(name);
    assert_int_equal(tpmc_tpm_persist_parent(f.tpm, NULL, HANDLE, NULL, f.err), 0);
    tpmc_bytes_free(read);
    assert_true(fixture_holds_only_others(&f));
    maker_teardown(&f);
}

/* Keys under the primary load under it where it is persistent, and the other way round. */
static void keys_under_it(void **state)
{
    fixture f;
    tpmc_bytes *pem = NULL;
    tpmc_key *key = NULL;

    (void)state;
    fixture_open(&f, 0);
    assert_int_equal(maker_create(&f, "algorithm=ecc256", NULL, &pem), 0);
    assert_int_equal(persist(&f, "", HANDLE, NULL), 0);
    assert_int_equal(fixture_key(&f, pem, NULL, &key), 0);
    assert_int_equal(tpmc_key_set(key, "parent_handle", "0x81000001", f.err), 0);
    tap_clear(f.tap);
    assert_int_equal(fixture_sign(&f, key, "ES256"), 0);
    assert_sequence(&f, "ReadPublic Load Sign");
    tpmc_key_free(key);
    tpmc_bytes_free(pem);
    assert_int_equal(
        maker_create(&f, "algorithm=ecc256 template_parent_handle=0x81000001", NULL, &pem), 0);
    assert_true(maker_describes(&f, pem, "0x81000001"));
    maker_assert_works(&f, pem, NULL, "ES256");
    tpmc_bytes_free(pem);
    maker_teardown(&f);
}

static void every_parent(void **state)
{
    static const struct {
        const char *options;
        uint32_t handle;
    } cases[] = {
        { "parent=owner", 0x81000010 },       { "parent=owner-rsa", 0x81000011 },
        { "parent=endorsement", 0x817fffff }, { "parent=endorsement-rsa", 0x81000000 },
        { "parent=platform", 0x81800000 },    { "parent=platform-rsa", 0x81ffffff },
    };
    fixture f;
    size_t i;

    (void)state;
    fixture_open(&f, 0);
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        /* This TPM's memory has room for a few only. */
        libtpms_start();
        fixture_reconnect(&f);
        assert_int_equal(persist(&f, cases[i].options, cases[i].handle, NULL), 0);
        assert_true(maker_is_persistent(cases[i].handle));
        assert_true(fixture_holds_only_others(&f));
    }
    maker_teardown(&f);
}

static void another_object_stands_there(void **state)
{
    fixture f;
    tpmc_bytes *name = NULL;

    (void)state;
    fixture_open(&f, 0);
    maker_persist(HANDLE, "");
    assert_int_equal(persist(&f, "", HANDLE, &name), TPMC_ERR_STATE);
    assert_true(fixture_error_says(&f, "0x81000001|another handle"));
    assert_null(name);
    assert_true(maker_is_persistent(HANDLE));
    assert_int_equal(persist(&f, "", OTHER, NULL), 0);
    /* The RSA primary is another key than the ECC one. */
    assert_int_equal(persist(&f, "parent=owner-rsa", OTHER, NULL), TPMC_ERR_STATE);
    maker_teardown(&f);
}

static void refusals(void **state)
{
    static const struct {
        const char *options;
        uint32_t handle;
        const char *words;
    } cases[] = {
        { "", 0x80ffffff, "0x80ffffff|0x81000000|0x81ffffff" },
        { "", 0x82000000, "0x82000000" },
        { "", 0x40000001, "persistent handle" },
        { "", 0, "persistent handle" },
        { "parent=null", HANDLE, "null hierarchy|reset" },
        { "parent=null-rsa", PLATFORM, "null hierarchy" },
        { "", PLATFORM, "0x81800001|owner|'parent'" },
        { "parent=endorsement", PLATFORM, "endorsement" },
        { "parent=platform", HANDLE, "0x81000001|platform" },
        { "template_parent_handle=0x81000005", HANDLE, "'template_parent_handle'|'parent'" },
        { "parent=owner template_parent_handle=0x81000005", HANDLE, "two parents" },
    };
    fixture f;
    tpmc_bytes *name = NULL;
    size_t i;

    (void)state;
    fixture_open(&f, 0);
    tap_clear(f.tap);
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(persist(&f, cases[i].options, cases[i].handle, &name), TPMC_ERR_ARGUMENT);
        assert_true(fixture_error_says(&f, cases[i].words));
        assert_null(name);
    }
    assert_int_equal(tpmc_tpm_persist_parent(NULL, NULL, HANDLE, NULL, f.err), TPMC_ERR_ARGUMENT);
    assert_true(fixture_error_says(&f, "'tpm'"));
    assert_int_equal(tap_count(f.tap), 0);
    maker_teardown(&f);
}

static void an_owner_password(void **state)
{
    fixture f;

    (void)state;
    fixture_open(&f, 0);
    assert_int_equal(tpm_raw_set_owner_password("", "the owner's own"), 0);
    assert_int_equal(persist(&f, "", HANDLE, NULL), TPMC_ERR_WRONG_PASSWORD);
    assert_true(fixture_error_says(&f, "owner"));
    /* The endorsement hierarchy has none, so that only the last step asks for the owner's. */
    fixture_reconnect(&f);
    assert_int_equal(persist(&f, "parent=endorsement", HANDLE, NULL), TPMC_ERR_WRONG_PASSWORD);
    assert_true(fixture_error_says(&f, "owner"));
    assert_false(maker_is_persistent(HANDLE));
    fixture_reconnect(&f);
    assert_int_equal(
        tpmc_tpm_set_hierarchy_password(f.tpm, TPMC_HIERARCHY_OWNER, "the owner's own", 15, f.err),
        0);
    tap_clear(f.tap);
    assert_int_equal(persist(&f, "", HANDLE, NULL), 0);
    assert_false(tap_saw(f.tap, "the owner's own", 15));
    assert_true(maker_is_persistent(HANDLE));
    maker_teardown(&f);
}

/* The answer is lost and the key stands there: that is not guessed, and the next try finds it. */
static void a_lost_reply(void **state)
{
    const tap_fault fault = {
        .kind = TAP_RECEIVE_FAILS, .value = TSS2_TCTI_RC_IO_ERROR, .at = 2, .count = 1
    };
    fixture f;

    (void)state;
    fixture_open(&f, 0);
    tap_clear(f.tap);
    tap_set_fault(f.tap, &fault);
    assert_int_not_equal(persist(&f, "", HANDLE, NULL), 0);
    assert_int_equal(tap_count_of(f.tap, MAKER_CC_EVICT_CONTROL), 1);
    assert_true(maker_is_persistent(HANDLE));
    fixture_reconnect(&f);
    tap_clear(f.tap);
    assert_int_equal(persist(&f, "", HANDLE, NULL), 0);
    assert_int_equal(tap_count_of(f.tap, MAKER_CC_EVICT_CONTROL), 0);
    maker_teardown(&f);
}

static int attempt(fixture *f, void *context)
{
    const uint32_t *handle = context;

    return tpmc_tpm_persist_parent(f->tpm, NULL, *handle, NULL, f->err);
}

static void every_command_fails_once(void **state)
{
    uint32_t handle = HANDLE;
    fixture f;

    (void)state;
    fixture_open(&f, 1);
    maker_break_each_command(&f, attempt, &handle);
    maker_teardown(&f);
}

/* A parent of the connection's that was known before is not believed in: another program may have
 * replaced it. */
static void what_was_known_is_looked_at_again(void **state)
{
    fixture f;
    tpmc_bytes *pem = NULL;

    (void)state;
    fixture_open(&f, 0);
    assert_int_equal(persist(&f, "", HANDLE, NULL), 0);
    assert_int_equal(
        maker_create(&f, "algorithm=ecc256 template_parent_handle=0x81000001", NULL, &pem), 0);
    tpmc_bytes_free(pem);
    tap_clear(f.tap);
    assert_int_equal(persist(&f, "", HANDLE, NULL), 0);
    assert_int_equal(tap_count_of(f.tap, TAP_CC_READ_PUBLIC), 1);
    maker_teardown(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_and_finds_it),
        cmocka_unit_test(keys_under_it),
        cmocka_unit_test(every_parent),
        cmocka_unit_test(another_object_stands_there),
        cmocka_unit_test(refusals),
        cmocka_unit_test(an_owner_password),
        cmocka_unit_test(a_lost_reply),
        cmocka_unit_test(every_command_fails_once),
        cmocka_unit_test(what_was_known_is_looked_at_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
