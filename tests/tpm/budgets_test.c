/* SPDX-License-Identifier: Apache-2.0 */

/* The commands on the wire, exactly. The TPM's own "try again" answers are not counted. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "support/software_key.h"
#include "support/tcti_libtpms.h"
#include "support/tpm_fixture.h"

#define KEY_PASSWORD "Kp7!budget key password"
#define OTHER_PASSWORD "Op3!another key"
#define OWNER_PASSWORD "Ow9!budget owner password"
#define SEQUENCE_MAX 600

typedef struct files {
    tpmc_bytes *plain;
    tpmc_bytes *password;
    tpmc_bytes *protected;
} files;

static const fixture_template template_password = { .password = KEY_PASSWORD };
static const fixture_template template_protected = { .password = OTHER_PASSWORD,
                                                     .dictionary_attack = "1" };

static void setup(fixture *f, files *made)
{
    memset(made, 0, sizeof(*made));
    fixture_open(f, 0);
    assert_int_equal(fixture_import(f, NULL, &made->plain), 0);
    assert_int_equal(fixture_import(f, &template_password, &made->password), 0);
    assert_int_equal(fixture_import(f, &template_protected, &made->protected), 0);
    fixture_reconnect(f);
    assert_true(fixture_holds_only_others(f));
    tap_clear(f->tap);
}

static void teardown(fixture *f, files *made)
{
    tpmc_tpm_free(f->tpm);
    f->tpm = NULL;
    assert_true(fixture_holds_only_others(f));
    assert_int_equal(tpm_raw_lockout_counter(), 0);
    tpmc_bytes_free(made->plain);
    tpmc_bytes_free(made->password);
    tpmc_bytes_free(made->protected);
    fixture_close(f);
}

static void assert_sequence(fixture *f, const char *expected)
{
    char sequence[SEQUENCE_MAX];

    tap_sequence(f->tap, 0, sequence, sizeof(sequence));
    assert_string_equal(sequence, expected);
    tap_clear(f->tap);
}

static void assert_signs(fixture *f, tpmc_key *key, const char *algorithm, const char *expected)
{
    assert_int_equal(fixture_sign(f, key, algorithm), 0);
    assert_sequence(f, expected);
}

static void without_password(void **state)
{
    fixture f;
    files made;
    tpmc_key *key = NULL;
    int i;

    (void)state;
    setup(&f, &made);
    assert_int_equal(fixture_key(&f, made.plain, NULL, &key), 0);
    assert_sequence(&f, "");
    assert_signs(&f, key, "RS256", "CreatePrimary Load FlushContext Sign");
    for (i = 0; i < 10; i++)
        assert_signs(&f, key, i % 2 ? "PS256" : "RS256", "Sign");
    assert_int_equal(tpm_raw_transient_count(), 1);
    assert_int_equal(tpm_raw_session_count(), 0);
    tpmc_key_free(key);
    assert_sequence(&f, "FlushContext");
    assert_true(fixture_holds_only_others(&f));
    teardown(&f, &made);
}

static void with_password(void **state)
{
    fixture f;
    files made;
    tpmc_key *key = NULL;
    int i;

    (void)state;
    setup(&f, &made);
    assert_int_equal(fixture_key(&f, made.password, KEY_PASSWORD, &key), 0);
    assert_signs(&f, key, "RS256", "CreatePrimary StartAuthSession Load FlushContext Sign");
    for (i = 0; i < 10; i++)
        assert_signs(&f, key, i % 2 ? "PS256" : "RS256", "Sign");
    assert_int_equal(tpm_raw_session_count(), 1);
    tpmc_key_free(key);
    assert_sequence(&f, "FlushContext");
    tpmc_tpm_free(f.tpm);
    f.tpm = NULL;
    assert_sequence(&f, "FlushContext");
    teardown(&f, &made);
}

static void with_owner_password(void **state)
{
    fixture f;
    files made;
    tpmc_key *key = NULL;

    (void)state;
    setup(&f, &made);
    assert_int_equal(tpm_raw_set_owner_password("", OWNER_PASSWORD), 0);
    assert_int_equal(tpmc_tpm_set_hierarchy_password(f.tpm, TPMC_HIERARCHY_OWNER, OWNER_PASSWORD,
                                                     strlen(OWNER_PASSWORD), f.err),
                     0);
    assert_int_equal(fixture_key(&f, made.password, KEY_PASSWORD, &key), 0);
    assert_signs(&f, key, "RS256",
                 "CreatePrimary StartAuthSession FlushContext CreatePrimary Load FlushContext "
                 "Sign");
    assert_signs(&f, key, "RS256", "Sign");
    assert_signs(&f, key, "PS256", "Sign");
    tpmc_key_free(key);
    tpmc_tpm_free(f.tpm);
    f.tpm = NULL;
    assert_sequence(&f, "FlushContext FlushContext");
    teardown(&f, &made);
}

static void further_keys_share_the_session(void **state)
{
    fixture f;
    files made;
    tpmc_key *first = NULL;
    tpmc_key *second = NULL;
    size_t i;

    (void)state;
    setup(&f, &made);
    assert_int_equal(fixture_key(&f, made.password, KEY_PASSWORD, &first), 0);
    assert_int_equal(fixture_key(&f, made.protected, OTHER_PASSWORD, &second), 0);
    assert_signs(&f, first, "RS256", "CreatePrimary StartAuthSession Load FlushContext Sign");
    assert_signs(&f, second, "RS256", "CreatePrimary Load FlushContext Sign");
    for (i = 0; i < 4; i++) {
        assert_signs(&f, first, "RS256", "Sign");
        assert_signs(&f, second, "PS256", "Sign");
    }
    assert_int_equal(tpm_raw_session_count(), 1);
    tpmc_key_free(second);
    tpmc_key_free(first);
    assert_sequence(&f, "FlushContext FlushContext");
    teardown(&f, &made);
}

/* Opening says what it does, and the first signature does not do it again. */
static void opening_first(void **state)
{
    fixture f;
    files made;
    tpmc_key *key = NULL;

    (void)state;
    setup(&f, &made);
    assert_int_equal(tpmc_tpm_open(f.tpm, f.err), 0);
    assert_sequence(&f, "");
    assert_int_equal(fixture_key(&f, made.plain, NULL, &key), 0);
    assert_int_equal(tpmc_key_open(key, f.err), 0);
    assert_sequence(&f, "CreatePrimary Load FlushContext");
    assert_int_equal(tpmc_key_open(key, f.err), 0);
    assert_sequence(&f, "");
    assert_signs(&f, key, "RS256", "Sign");
    tpmc_key_free(key);
    assert_sequence(&f, "FlushContext");
    teardown(&f, &made);
}

/* What needs the file only, sends nothing. */
static void without_the_tpm(void **state)
{
    fixture f;
    files made;
    tpmc_key *key = NULL;
    tpmc_bytes *bytes = NULL;

    (void)state;
    setup(&f, &made);
    assert_int_equal(fixture_key(&f, made.protected, NULL, &key), 0);
    assert_int_equal(tpmc_key_public(key, &bytes, f.err), 0);
    tpmc_bytes_free(bytes);
    assert_int_equal(tpmc_key_describe(key, &bytes, f.err), 0);
    tpmc_bytes_free(bytes);
    assert_int_equal(tpmc_key_supports(key, "PS256", f.err), 0);
    tpmc_key_free(key);
    assert_sequence(&f, "");
    teardown(&f, &made);
}

static void release_and_return(void **state)
{
    fixture f;
    files made;
    tpmc_key *key = NULL;

    (void)state;
    setup(&f, &made);
    assert_int_equal(fixture_key(&f, made.password, KEY_PASSWORD, &key), 0);
    assert_int_equal(fixture_sign(&f, key, "RS256"), 0);
    tap_clear(f.tap);
    tpmc_tpm_release(f.tpm);
    assert_sequence(&f, "FlushContext FlushContext");
    assert_true(fixture_holds_only_others(&f));
    tpmc_tpm_release(f.tpm);
    assert_sequence(&f, "");
    assert_signs(&f, key, "RS256", "CreatePrimary StartAuthSession Load FlushContext Sign");
    tpmc_key_free(key);
    teardown(&f, &made);
}

/* No part of a password, padded or not, crosses the bus. */
static void passwords_stay_here(void **state)
{
    static const char *const secrets[] = { KEY_PASSWORD, OTHER_PASSWORD, OWNER_PASSWORD };
    fixture f;
    files made;
    tpmc_key *keys[2] = { NULL, NULL };
    tpmc_bytes *pem[2] = { NULL, NULL };
    size_t i;

    (void)state;
    setup(&f, &made);
    assert_int_equal(tpm_raw_set_owner_password("", OWNER_PASSWORD), 0);
    assert_int_equal(tpmc_tpm_set_hierarchy_password(f.tpm, TPMC_HIERARCHY_OWNER, OWNER_PASSWORD,
                                                     strlen(OWNER_PASSWORD), f.err),
                     0);
    assert_int_equal(fixture_key(&f, made.password, KEY_PASSWORD, &keys[0]), 0);
    assert_int_equal(fixture_key(&f, made.protected, OTHER_PASSWORD, &keys[1]), 0);
    for (i = 0; i < 2; i++) {
        assert_int_equal(fixture_sign(&f, keys[i], "RS256"), 0);
        assert_int_equal(fixture_sign(&f, keys[i], "PS256"), 0);
    }
    assert_int_equal(fixture_import(&f, &template_password, &pem[0]), 0);
    assert_int_equal(fixture_import(&f, &template_protected, &pem[1]), 0);
    /* The first half is enough to be found whatever pads it. */
    for (i = 0; i < sizeof(secrets) / sizeof(secrets[0]); i++) {
        assert_int_equal(tap_saw(f.tap, secrets[i], strlen(secrets[i])), 0);
        assert_int_equal(tap_saw(f.tap, secrets[i], 8), 0);
    }
    /* The tap does see what crosses. */
    assert_int_equal(tap_saw(f.tap, tpm_raw_h2_template, sizeof(tpm_raw_h2_template)), 1);
    tpmc_bytes_free(pem[0]);
    tpmc_bytes_free(pem[1]);
    tpmc_key_free(keys[0]);
    tpmc_key_free(keys[1]);
    teardown(&f, &made);
}

/* Passwords that end in zero bytes, which the TPM drops, neither. */
static void padded_passwords_stay_here(void **state)
{
    static const char padded[] = "Kp7!budget key password\0\0";
    fixture f;
    files made;
    tpmc_key *key = NULL;

    (void)state;
    setup(&f, &made);
    assert_int_equal(tpmc_key_new(f.tpm, &key, f.err), 0);
    assert_int_equal(
        tpmc_key_set_pem(key, tpmc_bytes_data(made.password), tpmc_bytes_len(made.password), f.err),
        0);
    assert_int_equal(tpmc_key_set_password(key, padded, sizeof(padded) - 1, f.err), 0);
    assert_int_equal(fixture_sign(&f, key, "RS256"), 0);
    assert_int_equal(fixture_sign(&f, key, "RS256"), 0);
    assert_int_equal(tap_saw(f.tap, KEY_PASSWORD, 8), 0);
    tpmc_key_free(key);
    teardown(&f, &made);
}

static int cleanup(void **state)
{
    (void)state;
    software_key_cleanup();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_password),
        cmocka_unit_test(with_password),
        cmocka_unit_test(with_owner_password),
        cmocka_unit_test(further_keys_share_the_session),
        cmocka_unit_test(opening_first),
        cmocka_unit_test(without_the_tpm),
        cmocka_unit_test(release_and_return),
        cmocka_unit_test(passwords_stay_here),
        cmocka_unit_test(padded_passwords_stay_here),
    };

    return cmocka_run_group_tests(tests, NULL, cleanup);
}
