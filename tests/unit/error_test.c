/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/expect.h"
#include "unit/failing_alloc.h"

#include <errno.h>

#include "base/error_int.h"
#include "base/utf8.h"

#define TEXT_MAX 1023

static void starts_empty(void **state)
{
    const tpmc_error *err = *state;

    assert_int_equal(tpmc_error_code(err), 0);
    assert_string_equal(tpmc_error_text(err), "");
    assert_int_equal(tpmc_error_tpm_code(err), 0);
    assert_int_equal(tpmc_error_http_status(err), 0);
    assert_string_equal(tpmc_error_provider_code(err), "");
    assert_string_equal(tpmc_error_request_id(err), "");
    assert_int_equal(tpmc_error_retry_after_ms(err), -1);
}

static void null_is_harmless(void **state)
{
    (void)state;
    assert_int_equal(tpmc_error_code(NULL), 0);
    assert_string_equal(tpmc_error_text(NULL), "");
    assert_int_equal(tpmc_error_tpm_code(NULL), 0);
    assert_int_equal(tpmc_error_http_status(NULL), 0);
    assert_string_equal(tpmc_error_provider_code(NULL), "");
    assert_string_equal(tpmc_error_request_id(NULL), "");
    assert_int_equal(tpmc_error_retry_after_ms(NULL), -1);
    assert_int_equal(tpmc__fail(NULL, TPMC_ERR_TLS, "%d", 1), TPMC_ERR_TLS);
    assert_int_equal(tpmc__fail_nomem(NULL), TPMC_ERR_NOMEM);
    assert_int_equal(tpmc__fail_errno(NULL, ENOENT, "x"), TPMC_ERR_IO);
    tpmc__error_prefix(NULL, "x");
    tpmc__error_clear(NULL);
    tpmc__error_copy(NULL, NULL);
    tpmc__error_set_tpm_code(NULL, 1);
    tpmc__error_set_http_status(NULL, 500);
    tpmc__error_set_provider(NULL, "a", "b");
    tpmc__error_set_retry_after_ms(NULL, 1);
    tpmc_error_free(NULL);
    assert_int_equal(tpmc_error_new(NULL), TPMC_ERR_ARGUMENT);
}

static void making_one_may_fail(void **state)
{
    tpmc_error *err = (tpmc_error *)state;

    fail_allocation(1);
    assert_int_equal(tpmc_error_new(&err), TPMC_ERR_NOMEM);
    assert_true(allocation_failed());
    assert_null(err);
}

static void names_of_codes(void **state)
{
    static const char *const names[] = {
        "OK",          "NOMEM",           "ARGUMENT",  "STATE",          "IO",       "FORMAT",
        "UNSUPPORTED", "TPM_UNAVAILABLE", "TPM",       "WRONG_PASSWORD", "LOCKOUT",  "POLICY",
        "WRONG_TPM",   "INTEGRITY",       "MISMATCH",  "CLOCK",          "NETWORK",  "TLS",
        "TIMEOUT",     "CANCELLED",       "THROTTLED", "DENIED",         "PROTOCOL", "FORKED",
    };
    int i;

    (void)state;
    for (i = 0; i < (int)(sizeof(names) / sizeof(names[0])); i++)
        assert_string_equal(tpmc_error_name(-i), names[i]);
    assert_string_equal(tpmc_error_name(-i), "UNKNOWN");
    assert_string_equal(tpmc_error_name(1), "UNKNOWN");
    assert_string_equal(tpmc_error_name(INT32_MIN), "UNKNOWN");
    assert_string_equal(tpmc_error_name(INT32_MAX), "UNKNOWN");
}

static void a_failure_replaces_the_former_one(void **state)
{
    tpmc_error *err = *state;

    assert_int_equal(tpmc__fail(err, TPMC_ERR_TPM, "first"), TPMC_ERR_TPM);
    tpmc__error_set_tpm_code(err, 0x98e);
    tpmc__error_set_http_status(err, 403);
    tpmc__error_set_provider(err, "invalid_grant", "id-1");
    tpmc__error_set_retry_after_ms(err, 1500);
    assert_string_equal(tpmc_error_text(err), "first");
    assert_int_equal(tpmc_error_code(err), TPMC_ERR_TPM);
    assert_int_equal(tpmc_error_tpm_code(err), 0x98e);
    assert_int_equal(tpmc_error_http_status(err), 403);
    assert_string_equal(tpmc_error_provider_code(err), "invalid_grant");
    assert_string_equal(tpmc_error_request_id(err), "id-1");
    assert_int_equal(tpmc_error_retry_after_ms(err), 1500);
    assert_int_equal(tpmc__fail(err, TPMC_ERR_IO, "second %d", 2), TPMC_ERR_IO);
    assert_string_equal(tpmc_error_text(err), "second 2");
    assert_int_equal(tpmc_error_tpm_code(err), 0);
    assert_string_equal(tpmc_error_request_id(err), "");
    assert_int_equal(tpmc_error_retry_after_ms(err), -1);
    tpmc__error_clear(err);
    starts_empty(state);
}

static void a_text_may_be_made_from_itself(void **state)
{
    tpmc_error *err = *state;

    tpmc__fail(err, TPMC_ERR_IO, "inner");
    tpmc__fail(err, TPMC_ERR_TPM, "outer (%s)", tpmc_error_text(err));
    assert_string_equal(tpmc_error_text(err), "outer (inner)");
}

static void texts_are_cleaned(void **state)
{
    tpmc_error *err = *state;

    tpmc__fail(err, TPMC_ERR_IO, "file '%s'", "a\nb\x1b[31m\xff\xc3\xa9");
    assert_string_equal(tpmc_error_text(err), "file 'a?b?[31m?\xc3\xa9'");
    tpmc__error_set_provider(err, "a\r\n", "\xc2\x9b");
    assert_string_equal(tpmc_error_provider_code(err), "a??");
    assert_string_equal(tpmc_error_request_id(err), "?");
    tpmc__error_set_provider(err, NULL, NULL);
    assert_string_equal(tpmc_error_provider_code(err), "");
    assert_string_equal(tpmc_error_request_id(err), "");
}

static void texts_are_cut(void **state)
{
    char text[3000];
    tpmc_error *err = *state;
    size_t offset;

    /* Three-byte characters at every offset: none may be cut through. */
    for (offset = 0; offset < 3; offset++) {
        size_t i;

        memset(text, 'x', sizeof(text));
        for (i = offset; i + 3 < sizeof(text); i += 3)
            memcpy(text + i, "\xe2\x82\xac", 3);
        text[sizeof(text) - 1] = '\0';
        tpmc__fail(err, TPMC_ERR_IO, "%s", text);
        assert_true(strlen(tpmc_error_text(err)) <= TEXT_MAX);
        assert_true(strlen(tpmc_error_text(err)) > TEXT_MAX - 3);
        assert_true(tpmc__utf8_valid(tpmc_error_text(err), strlen(tpmc_error_text(err))));
        assert_memory_equal(tpmc_error_text(err), text, strlen(tpmc_error_text(err)));
        tpmc__error_prefix(err, "%s", text);
        assert_int_equal(tpmc_error_code(err), TPMC_ERR_IO);
        assert_memory_equal(tpmc_error_text(err), text, 1000);
        assert_true(tpmc__utf8_valid(tpmc_error_text(err), strlen(tpmc_error_text(err))));
        tpmc__error_set_provider(err, text, text);
        assert_true(strlen(tpmc_error_provider_code(err)) <= 127);
        assert_true(strlen(tpmc_error_request_id(err)) <= 127);
    }
}

static void prefixes(void **state)
{
    tpmc_error *err = *state;

    tpmc__error_prefix(err, "x");
    assert_int_equal(tpmc_error_code(err), 0);
    assert_string_equal(tpmc_error_text(err), "");
    tpmc__fail(err, TPMC_ERR_FORMAT, "field 'type' is missing");
    tpmc__error_set_tpm_code(err, 5);
    tpmc__error_prefix(err, "key file '%s'", "k\n.pem");
    assert_int_equal(tpmc_error_code(err), TPMC_ERR_FORMAT);
    assert_string_equal(tpmc_error_text(err), "key file 'k?.pem': field 'type' is missing");
    assert_int_equal(tpmc_error_tpm_code(err), 5);
}

static void reasons_of_the_system(void **state)
{
    tpmc_error *err = *state;

    expect_failure(tpmc__fail_errno(err, ENOENT, "the file '%s' cannot be read", "x"), err,
                   TPMC_ERR_IO, "the file 'x' cannot be read: No such file");
    expect_failure(tpmc__fail_errno(err, ENOMEM, "no"), err, TPMC_ERR_NOMEM, "no: ");
    expect_failure(tpmc__fail_errno(err, 99999, "no"), err, TPMC_ERR_IO, "99999");
}

static void copies(void **state)
{
    tpmc_error *err = *state;
    tpmc_error *other = NULL;

    assert_int_equal(tpmc_error_new(&other), 0);
    tpmc__fail(err, TPMC_ERR_DENIED, "no");
    tpmc__error_set_http_status(err, 403);
    tpmc__error_copy(other, err);
    expect_failure(TPMC_ERR_DENIED, other, TPMC_ERR_DENIED, "no");
    assert_int_equal(tpmc_error_http_status(other), 403);
    tpmc__error_copy(other, other);
    assert_int_equal(tpmc_error_http_status(other), 403);
    tpmc__error_copy(other, NULL);
    assert_int_equal(tpmc_error_code(other), 0);
    assert_int_equal(tpmc_error_retry_after_ms(other), -1);
    tpmc_error_free(other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ERROR(starts_empty),
        cmocka_unit_test(null_is_harmless),
        cmocka_unit_test(making_one_may_fail),
        cmocka_unit_test(names_of_codes),
        WITH_ERROR(a_failure_replaces_the_former_one),
        WITH_ERROR(a_text_may_be_made_from_itself),
        WITH_ERROR(texts_are_cleaned),
        WITH_ERROR(texts_are_cut),
        WITH_ERROR(prefixes),
        WITH_ERROR(reasons_of_the_system),
        WITH_ERROR(copies),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
