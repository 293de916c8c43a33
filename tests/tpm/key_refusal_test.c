/* SPDX-License-Identifier: Apache-2.0 */

/* What a key, a password of the owner or a TPM cannot do, each with words of its own. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "support/check.h"
#include "support/software_key.h"
#include "support/tcti_libtpms.h"
#include "support/tpm_fixture.h"
#include "support/tss2_file.h"
#include "tpmcloud/tpmkey_esys.h"

#define PASSWORD "refusal test password"
#define OWNER_PASSWORD "refusal owner password"

static const fixture_template with_password = { .password = PASSWORD };

static void setup(fixture *f, const fixture_template *t, tpmc_bytes **pem)
{
    fixture_open(f, 0);
    assert_int_equal(fixture_import(f, t, pem), 0);
    fixture_reconnect(f);
    tap_clear(f->tap);
}

static void teardown(fixture *f, tpmc_bytes *pem)
{
    tpmc_tpm_free(f->tpm);
    f->tpm = NULL;
    assert_true(fixture_holds_only_others(f));
    tpmc_bytes_free(pem);
    fixture_close(f);
}

static void set_owner_password(fixture *f, const char *password)
{
    assert_int_equal(tpmc_tpm_set_hierarchy_password(f->tpm, TPMC_HIERARCHY_OWNER, password,
                                                     strlen(password), f->err),
                     0);
}

/* `given` NULL: none. It is sent at most once in the life of the connection. */
static void try_owner_password(const char *given)
{
    fixture f;
    tpmc_bytes *pem = NULL;
    tpmc_key *key = NULL;
    size_t sent = 0;

    setup(&f, &with_password, &pem);
    assert_int_equal(tpm_raw_set_owner_password("", OWNER_PASSWORD), 0);
    if (given != NULL)
        set_owner_password(&f, given);
    assert_int_equal(fixture_key(&f, pem, PASSWORD, &key), 0);
    assert_int_equal(fixture_sign(&f, key, "RS256"), TPMC_ERR_WRONG_PASSWORD);
    assert_true(fixture_error_says(&f, "owner"));
    assert_true(fixture_holds_only_other_objects(&f));
    sent = tap_count(f.tap);
    assert_int_equal(fixture_sign(&f, key, "RS256"), TPMC_ERR_WRONG_PASSWORD);
    assert_true(fixture_error_says(&f, "owner"));
    assert_int_equal(tap_count(f.tap), sent);
    tpmc_key_free(key);
    fixture_reconnect(&f);
    set_owner_password(&f, OWNER_PASSWORD);
    assert_int_equal(fixture_key(&f, pem, PASSWORD, &key), 0);
    assert_int_equal(fixture_sign(&f, key, "RS256"), 0);
    tpmc_key_free(key);
    teardown(&f, pem);
}

static void owner_password_missing(void **state)
{
    (void)state;
    try_owner_password(NULL);
}

static void owner_password_wrong(void **state)
{
    (void)state;
    try_owner_password("not the owner");
}

static void key_of_another_tpm(void **state)
{
    fixture f;
    tpmc_bytes *pem = NULL;
    tpmc_key *key = NULL;

    (void)state;
    setup(&f, &with_password, &pem);
    libtpms_start();
    assert_int_equal(fixture_key(&f, pem, PASSWORD, &key), 0);
    assert_int_equal(fixture_sign(&f, key, "RS256"), TPMC_ERR_WRONG_TPM);
    assert_int_equal(tpmc_error_tpm_code(f.err) & 0xff, 0xdf);
    assert_true(fixture_error_says(&f, "another TPM|clear"));
    assert_int_equal(tpmc_key_open(key, f.err), TPMC_ERR_WRONG_TPM);
    tpmc_key_free(key);
    teardown(&f, pem);
}

/* A scheme that the key is bound to: the other algorithm is refused before anything is sent. */
static void try_scheme(const char *scheme, const char *allowed, const char *refused)
{
    const fixture_template t = { .scheme = scheme };
    fixture f;
    tpmc_bytes *pem = NULL;
    tpmc_bytes *signature = NULL;
    tpmc_key *key = NULL;

    setup(&f, &t, &pem);
    assert_int_equal(fixture_key(&f, pem, NULL, &key), 0);
    assert_int_equal(tpmc_key_supports(key, allowed, f.err), 0);
    assert_int_equal(tpmc_key_supports(key, refused, f.err), TPMC_ERR_UNSUPPORTED);
    assert_true(fixture_error_says(&f, scheme));
    assert_int_equal(fixture_sign(&f, key, refused), TPMC_ERR_UNSUPPORTED);
    assert_true(fixture_error_says(&f, refused));
    assert_int_equal(tap_count(f.tap), 0);
    assert_int_equal(fixture_sign(&f, key, allowed), 0);
    assert_int_equal(tpmc_key_sign(key, NULL, "m", 1, &signature, f.err), 0);
    tpmc_bytes_free(signature);
    tpmc_key_free(key);
    teardown(&f, pem);
}

static void fixed_schemes(void **state)
{
    (void)state;
    try_scheme("rsassa", "RS256", "PS256");
    try_scheme("rsapss", "PS256", "RS256");
}

static void unknown_algorithms(void **state)
{
    static const char *const names[] = { "ES256", "HS256", "RS1", "rs256", "none", "", "RS256 " };
    fixture f;
    tpmc_bytes *pem = NULL;
    tpmc_key *key = NULL;
    tpmc_bytes *signature = NULL;
    size_t i;
    int rc = 0;

    (void)state;
    setup(&f, NULL, &pem);
    assert_int_equal(fixture_key(&f, pem, NULL, &key), 0);
    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        rc = tpmc_key_sign(key, names[i], "m", 1, &signature, f.err);
        assert_true(rc == TPMC_ERR_UNSUPPORTED || rc == TPMC_ERR_ARGUMENT);
        assert_null(signature);
        assert_string_not_equal(tpmc_error_text(f.err), "");
        assert_int_equal(tpmc_key_supports(key, names[i], f.err), rc);
    }
    assert_int_equal(tap_count(f.tap), 0);
    tpmc_key_free(key);
    teardown(&f, pem);
}

/* Sealed data, a storage key, an HMAC-less symmetric key: no signers. */
static const uint8_t sealed_template[] = { 0x00, 0x08, 0x00, 0x0b, 0x00, 0x00, 0x04,
                                           0x52, 0x00, 0x00, 0x00, 0x10, 0x00, 0x00 };
static const uint8_t aes_template[] = { 0x00, 0x25, 0x00, 0x0b, 0x00, 0x06, 0x04, 0x72, 0x00,
                                        0x00, 0x00, 0x06, 0x00, 0x80, 0x00, 0x43, 0x00, 0x00 };

static void try_not_a_signer(fixture *f, const uint8_t *public_area, size_t len, const char *data,
                             unsigned int type, const char *words)
{
    tpm_raw_key made;
    tss2_file file = { .type = type, .empty_auth = 1, .parent = 0x40000001u };
    char text[TSS2_FILE_TEXT_MAX];
    uint8_t name[66];
    size_t name_len = 0;
    uint32_t parent = 0;
    tpmc_key *key = NULL;

    assert_int_equal(tpm_raw_owner_primary(tpm_raw_h2_template, sizeof(tpm_raw_h2_template),
                                           &parent, name, &name_len),
                     0);
    assert_int_equal(tpm_raw_create(parent, public_area, len, data, strlen(data), &made), 0);
    assert_int_equal(tpm_raw_flush(parent), 0);
    memcpy(file.public_area, made.public_area, made.public_len);
    file.public_len = made.public_len;
    memcpy(file.private_area, made.private_area, made.private_len);
    file.private_len = made.private_len;
    tss2_file_write(&file, text);
    tap_clear(f->tap);
    assert_int_equal(fixture_key_text(f, text, NULL, &key), 0);
    assert_int_equal(tpmc_key_open(key, f->err), TPMC_ERR_UNSUPPORTED);
    assert_true(fixture_error_says(f, words));
    assert_int_equal(fixture_sign(f, key, "RS256"), TPMC_ERR_UNSUPPORTED);
    assert_true(fixture_error_says(f, words));
    assert_int_equal(tap_count(f->tap), 0);
    tpmc_key_free(key);
}

static void not_signers(void **state)
{
    fixture f;

    (void)state;
    fixture_open(&f, 0);
    try_not_a_signer(&f, sealed_template, sizeof(sealed_template), "sealed data", 5, "sealed");
    try_not_a_signer(&f, tpm_raw_h2_template, sizeof(tpm_raw_h2_template), "", 3, "storage");
    try_not_a_signer(&f, aes_template, sizeof(aes_template), "", 3, "key");
    teardown(&f, NULL);
}

static void null_arguments_of_connections(void **state)
{
    fixture f;
    tpmc_tpm *tpm = NULL;
    tpmc_key *key = NULL;

    (void)state;
    fixture_open(&f, 0);
    assert_int_equal(tpmc_tpm_new(NULL, &tpm, f.err), TPMC_ERR_ARGUMENT);
    assert_int_equal(tpmc_tpm_new(f.env, NULL, f.err), TPMC_ERR_ARGUMENT);
    assert_int_equal(tpmc_tpm_set(NULL, "tcti", "x", f.err), TPMC_ERR_ARGUMENT);
    assert_int_equal(tpmc_tpm_set(f.tpm, NULL, "x", f.err), TPMC_ERR_ARGUMENT);
    assert_int_equal(tpmc_tpm_set_hierarchy_password(NULL, TPMC_HIERARCHY_OWNER, "x", 1, f.err),
                     TPMC_ERR_ARGUMENT);
    assert_int_equal(tpmc_tpm_set_hierarchy_password(f.tpm, TPMC_HIERARCHY_OWNER, NULL, 1, f.err),
                     TPMC_ERR_ARGUMENT);
    assert_int_equal(tpmc_tpm_set_hierarchy_password(f.tpm, 0, "x", 1, f.err), TPMC_ERR_ARGUMENT);
    assert_int_equal(tpmc_tpm_set_hierarchy_password(f.tpm, 4, "x", 1, f.err), TPMC_ERR_ARGUMENT);
    assert_int_equal(tpmc_tpm_set_tcti(NULL, tap_tcti(f.tap), f.err), TPMC_ERR_ARGUMENT);
    assert_int_equal(tpmc_tpm_open(NULL, f.err), TPMC_ERR_ARGUMENT);
    assert_int_equal(tpmc_tpm_read_parent(NULL, NULL, NULL, NULL, f.err), TPMC_ERR_ARGUMENT);
    assert_int_equal(tpmc_key_new(NULL, &key, f.err), TPMC_ERR_ARGUMENT);
    assert_int_equal(tpmc_key_new(f.tpm, NULL, f.err), TPMC_ERR_ARGUMENT);
    assert_int_equal(tpmc_key_new_callback(NULL, NULL, 0, NULL, NULL, NULL, &key, f.err),
                     TPMC_ERR_ARGUMENT);
    assert_int_equal(tpmc_key_new_callback(f.env, NULL, 0, NULL, NULL, NULL, &key, f.err),
                     TPMC_ERR_ARGUMENT);
    assert_null(tpm);
    assert_null(key);
    tpmc_tpm_free(NULL);
    tpmc_key_free(NULL);
    tpmc_tpm_release(NULL);
    assert_int_equal(tap_count(f.tap), 0);
    teardown(&f, NULL);
}

static void null_arguments_of_keys(void **state)
{
    fixture f;
    tpmc_key *key = NULL;
    tpmc_bytes *out = NULL;

    (void)state;
    fixture_open(&f, 0);
    assert_int_equal(tpmc_key_new(f.tpm, &key, f.err), 0);
    assert_int_equal(tpmc_key_set(NULL, "keyfile", "x", f.err), TPMC_ERR_ARGUMENT);
    assert_int_equal(tpmc_key_set(key, NULL, "x", f.err), TPMC_ERR_ARGUMENT);
    assert_int_equal(tpmc_key_set_pem(NULL, "x", 1, f.err), TPMC_ERR_ARGUMENT);
    assert_int_equal(tpmc_key_set_pem(key, NULL, 1, f.err), TPMC_ERR_ARGUMENT);
    assert_int_equal(tpmc_key_set_pem(key, "x", 65537, f.err), TPMC_ERR_ARGUMENT);
    assert_int_equal(tpmc_key_set_password(NULL, "x", 1, f.err), TPMC_ERR_ARGUMENT);
    assert_int_equal(tpmc_key_set_password(key, NULL, 1, f.err), TPMC_ERR_ARGUMENT);
    assert_int_equal(tpmc_key_set_password_file(NULL, "x", f.err), TPMC_ERR_ARGUMENT);
    assert_int_equal(tpmc_key_set_password_file(key, NULL, f.err), TPMC_ERR_ARGUMENT);
    assert_int_equal(tpmc_key_set_password_callback(NULL, NULL, NULL, NULL, f.err),
                     TPMC_ERR_ARGUMENT);
    assert_int_equal(tpmc_key_open(NULL, f.err), TPMC_ERR_ARGUMENT);
    assert_int_equal(tpmc_key_public(NULL, &out, f.err), TPMC_ERR_ARGUMENT);
    assert_int_equal(tpmc_key_public(key, NULL, f.err), TPMC_ERR_ARGUMENT);
    assert_int_equal(tpmc_key_describe(NULL, &out, f.err), TPMC_ERR_ARGUMENT);
    assert_int_equal(tpmc_key_describe(key, NULL, f.err), TPMC_ERR_ARGUMENT);
    assert_int_equal(tpmc_key_supports(NULL, "RS256", f.err), TPMC_ERR_ARGUMENT);
    assert_int_equal(tpmc_key_supports(key, NULL, f.err), TPMC_ERR_ARGUMENT);
    assert_int_equal(tpmc_key_sign(NULL, NULL, "m", 1, &out, f.err), TPMC_ERR_ARGUMENT);
    assert_int_equal(tpmc_key_sign(key, NULL, "m", 1, NULL, f.err), TPMC_ERR_ARGUMENT);
    assert_int_equal(tpmc_key_sign_digest(NULL, NULL, "m", 1, &out, f.err), TPMC_ERR_ARGUMENT);
    assert_int_equal(tpmc_key_sign_digest(key, NULL, NULL, 32, &out, f.err), TPMC_ERR_ARGUMENT);
    assert_int_equal(tpmc_key_sign_digest(key, NULL, "m", 1, NULL, f.err), TPMC_ERR_ARGUMENT);
    assert_null(out);
    /* No source yet: a sentence that says so. */
    assert_int_equal(tpmc_key_open(key, f.err), TPMC_ERR_ARGUMENT);
    assert_true(fixture_error_says(&f, "key"));
    tpmc_key_free(key);
    assert_int_equal(tap_count(f.tap), 0);
    teardown(&f, NULL);
}

static void null_arguments_of_templates(void **state)
{
    fixture f;
    tpmc_key_template *t = NULL;
    tpmc_bytes *pem = NULL;

    (void)state;
    fixture_open(&f, 0);
    assert_int_equal(tpmc_key_template_new(NULL, &t, f.err), TPMC_ERR_ARGUMENT);
    assert_int_equal(tpmc_key_template_new(f.env, NULL, f.err), TPMC_ERR_ARGUMENT);
    assert_int_equal(tpmc_key_template_set(NULL, "scheme", "null", f.err), TPMC_ERR_ARGUMENT);
    assert_int_equal(tpmc_key_template_set_password(NULL, "x", 1, f.err), TPMC_ERR_ARGUMENT);
    assert_int_equal(tpmc_key_template_new(f.env, &t, f.err), 0);
    assert_int_equal(tpmc_key_template_set(t, NULL, "null", f.err), TPMC_ERR_ARGUMENT);
    assert_int_equal(tpmc_key_template_set(t, "scheme", "ecdaa", f.err), TPMC_ERR_ARGUMENT);
    assert_int_equal(tpmc_key_template_set(t, "parent_name", "000b00", f.err), TPMC_ERR_ARGUMENT);
    assert_int_equal(tpmc_key_template_set(t, "description", "a\nb", f.err), TPMC_ERR_ARGUMENT);
    assert_int_equal(tpmc_key_template_set_password(t, NULL, 1, f.err), TPMC_ERR_ARGUMENT);
    assert_int_equal(tpmc_key_template_set_password(t, "x\0", 2, f.err), TPMC_ERR_ARGUMENT);
    assert_int_equal(
        tpmc_key_template_set_password(t, "a password of thirty-three bytes.", 33, f.err),
        TPMC_ERR_ARGUMENT);
    assert_int_equal(tpmc_key_import(NULL, t, "x", 1, &pem, f.err), TPMC_ERR_ARGUMENT);
    assert_int_equal(tpmc_key_import(f.tpm, t, NULL, 1, &pem, f.err), TPMC_ERR_ARGUMENT);
    assert_int_equal(tpmc_key_import(f.tpm, t, "x", 1, NULL, f.err), TPMC_ERR_ARGUMENT);
    assert_int_equal(tpmc_key_import(f.tpm, t, "x", 0, &pem, f.err), TPMC_ERR_ARGUMENT);
    assert_null(pem);
    tpmc_key_template_free(t);
    tpmc_key_template_free(NULL);
    assert_int_equal(tap_count(f.tap), 0);
    teardown(&f, NULL);
}

/* The detail is optional everywhere. */
static void without_error_object(void **state)
{
    fixture f;
    tpmc_bytes *pem = NULL;
    tpmc_key *key = NULL;
    tpmc_key *bad = NULL;

    (void)state;
    setup(&f, &with_password, &pem);
    assert_int_equal(fixture_key(&f, pem, PASSWORD, &key), 0);
    assert_int_equal(fixture_sign_with(key, "RS256", NULL), 0);
    assert_int_not_equal(fixture_sign_with(key, "ES256", NULL), 0);
    assert_int_equal(fixture_key(&f, pem, "wrong", &bad), 0);
    assert_int_equal(fixture_sign_with(bad, "RS256", NULL), TPMC_ERR_WRONG_PASSWORD);
    assert_int_equal(tpmc_key_open(NULL, NULL), TPMC_ERR_ARGUMENT);
    tpmc_key_free(bad);
    tpmc_key_free(key);
    teardown(&f, pem);
}

static void not_a_tcti(void **state)
{
    TSS2_TCTI_CONTEXT_COMMON_V2 empty;
    fixture f;

    (void)state;
    fixture_open(&f, 0);
    memset(&empty, 0, sizeof(empty));
    assert_int_equal(tpmc_tpm_set_tcti(f.tpm, (TSS2_TCTI_CONTEXT *)&empty, f.err),
                     TPMC_ERR_ARGUMENT);
    teardown(&f, NULL);
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
        cmocka_unit_test(owner_password_missing),
        cmocka_unit_test(owner_password_wrong),
        cmocka_unit_test(key_of_another_tpm),
        cmocka_unit_test(fixed_schemes),
        cmocka_unit_test(unknown_algorithms),
        cmocka_unit_test(not_signers),
        cmocka_unit_test(null_arguments_of_connections),
        cmocka_unit_test(null_arguments_of_keys),
        cmocka_unit_test(null_arguments_of_templates),
        cmocka_unit_test(without_error_object),
        cmocka_unit_test(not_a_tcti),
    };

    return cmocka_run_group_tests(tests, NULL, cleanup);
}
