/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/expect.h"
#include "unit/failing_alloc.h"

#include "base/env_int.h"
#include "base/error_int.h"
#include "base/option_int.h"
#include "base/option_table.h"

typedef struct fixture {
    tpmc_error *err;
    tpmc__options gcp;
} fixture;

static int setup(void **state)
{
    static fixture fixed;

    *state = &fixed;
    if (tpmc_error_new(&fixed.err) != 0)
        return -1;
    return tpmc__options_init(&fixed.gcp, TPMC_OBJECT_GCP, fixed.err);
}

static int teardown(void **state)
{
    fixture *fixed = *state;

    tpmc__options_free(&fixed->gcp);
    tpmc__options_free(&fixed->gcp);
    tpmc_error_free(fixed->err);
    return 0;
}

static void set(fixture *fixed, const char *name, const char *value)
{
    expect_success(tpmc__options_set(&fixed->gcp, name, value, fixed->err), fixed->err);
}

static void refuse(fixture *fixed, const char *name, const char *value, const char *words)
{
    expect_failure(tpmc__options_set(&fixed->gcp, name, value, fixed->err), fixed->err,
                   TPMC_ERR_ARGUMENT, words);
    tpmc__error_clear(fixed->err);
}

static void unset_options_have_their_defaults(void **state)
{
    fixture *fixed = *state;

    assert_false(tpmc__options_is_set(&fixed->gcp, TPMC__GCP_EMAIL));
    assert_null(tpmc__options_text(&fixed->gcp, TPMC__GCP_EMAIL));
    assert_int_equal(tpmc__options_number(&fixed->gcp, TPMC__GCP_EXPIRE_IN), 3600);
    assert_int_equal(tpmc__options_item_count(&fixed->gcp, TPMC__GCP_SCOPES), 1);
    assert_string_equal(tpmc__options_item(&fixed->gcp, TPMC__GCP_SCOPES, 0),
                        "https://www.googleapis.com/auth/cloud-platform");
    assert_null(tpmc__options_item(&fixed->gcp, TPMC__GCP_SCOPES, 1));
    assert_int_equal(tpmc__options_item_count(&fixed->gcp, TPMC__GCP_AUDIENCE), 0);
    assert_int_equal(tpmc__options_number(&fixed->gcp, TPMC__GCP_AUDIENCE), 0);
}

static void aliases_are_listed(void **state)
{
    (void)state;
    assert_string_equal(tpmc_option_alias(TPMC_OBJECT_GCP, TPMC__GCP_KEYID), "key_id");
    assert_null(tpmc_option_alias(TPMC_OBJECT_GCP, TPMC__GCP_EMAIL));
    assert_null(tpmc_option_alias(TPMC_OBJECT_GCP, TPMC__GCP_OPTION_COUNT));
    assert_null(tpmc_option_alias(0, 0));
}

static void set_replaces_and_null_resets(void **state)
{
    fixture *fixed = *state;
    char value[] = "a@b.example";

    set(fixed, "email", value);
    value[0] = 'x';
    assert_true(tpmc__options_is_set(&fixed->gcp, TPMC__GCP_EMAIL));
    assert_string_equal(tpmc__options_text(&fixed->gcp, TPMC__GCP_EMAIL), "a@b.example");
    set(fixed, "email", "c@d.example");
    assert_string_equal(tpmc__options_text(&fixed->gcp, TPMC__GCP_EMAIL), "c@d.example");
    set(fixed, "email", NULL);
    assert_false(tpmc__options_is_set(&fixed->gcp, TPMC__GCP_EMAIL));
    assert_null(tpmc__options_text(&fixed->gcp, TPMC__GCP_EMAIL));
    set(fixed, "expire_in", "60");
    assert_int_equal(tpmc__options_number(&fixed->gcp, TPMC__GCP_EXPIRE_IN), 60);
    set(fixed, "expire_in", NULL);
    assert_int_equal(tpmc__options_number(&fixed->gcp, TPMC__GCP_EXPIRE_IN), 3600);
}

static void spellings_of_a_name(void **state)
{
    fixture *fixed = *state;

    set(fixed, "expire-in", "10");
    assert_int_equal(tpmc__options_number(&fixed->gcp, TPMC__GCP_EXPIRE_IN), 10);
    set(fixed, "key_id", "one");
    assert_string_equal(tpmc__options_text(&fixed->gcp, TPMC__GCP_KEYID), "one");
    set(fixed, "key-id", "two");
    assert_string_equal(tpmc__options_text(&fixed->gcp, TPMC__GCP_KEYID), "two");
    set(fixed, "keyid", "three");
    assert_string_equal(tpmc__options_text(&fixed->gcp, TPMC__GCP_KEYID), "three");
}

static void unknown_names(void **state)
{
    fixture *fixed = *state;
    char long_name[200];

    refuse(fixed, "emial", "x", "unknown option 'emial'; did you mean 'email'?");
    refuse(fixed, "scope", "x", "did you mean 'scopes'?");
    refuse(fixed, "key_ids", "x", "did you mean 'keyid'?");
    refuse(fixed, "expires-in", "x", "unknown option 'expires-in'; did you mean 'expire_in'?");
    refuse(fixed, "audince", NULL, "did you mean 'audience'?");
    refuse(fixed, "Email", "x", "did you mean 'email'?");
    refuse(fixed, "colour", "x", "unknown option 'colour'");
    refuse(fixed, "", "x", "unknown option ''");
    refuse(fixed, "e\n", "x", "unknown option 'e?'");
    refuse(fixed, NULL, "x", "NULL");
    (void)tpmc__options_set(&fixed->gcp, "colour", "x", fixed->err);
    assert_null(strstr(tpmc_error_text(fixed->err), "did you mean"));

    memset(long_name, 'e', sizeof(long_name));
    long_name[sizeof(long_name) - 1] = '\0';
    refuse(fixed, long_name, "x", "unknown option: its name has 199 bytes");
    long_name[65] = '\0';
    refuse(fixed, long_name, "x", "its name has 65 bytes");
    long_name[64] = '\0';
    refuse(fixed, long_name, "x", "unknown option 'eeeeeee");
}

static void refusals_change_nothing(void **state)
{
    fixture *fixed = *state;

    set(fixed, "email", "a@b.example");
    set(fixed, "expire_in", "5");
    set(fixed, "scopes", "one");
    refuse(fixed, "email", "nobody", "'email' is not an e-mail address");
    refuse(fixed, "email", "", "option 'email' is empty; leave it unset instead");
    refuse(fixed, "expire_in", "3601", "from 1 to 3600, not '3601'");
    refuse(fixed, "scopes", "two three\\", "option 'scopes' may not hold quotes or backslashes");
    assert_string_equal(tpmc__options_text(&fixed->gcp, TPMC__GCP_EMAIL), "a@b.example");
    assert_int_equal(tpmc__options_number(&fixed->gcp, TPMC__GCP_EXPIRE_IN), 5);
    assert_int_equal(tpmc__options_item_count(&fixed->gcp, TPMC__GCP_SCOPES), 1);
}

static void lists_append(void **state)
{
    fixture *fixed = *state;

    set(fixed, "scopes", "one");
    set(fixed, "scopes", "  two   one three ");
    set(fixed, "scopes", "three two");
    assert_int_equal(tpmc__options_item_count(&fixed->gcp, TPMC__GCP_SCOPES), 3);
    assert_string_equal(tpmc__options_item(&fixed->gcp, TPMC__GCP_SCOPES, 0), "one");
    assert_string_equal(tpmc__options_item(&fixed->gcp, TPMC__GCP_SCOPES, 1), "two");
    assert_string_equal(tpmc__options_item(&fixed->gcp, TPMC__GCP_SCOPES, 2), "three");
    set(fixed, "scopes", NULL);
    assert_int_equal(tpmc__options_item_count(&fixed->gcp, TPMC__GCP_SCOPES), 1);
    assert_false(tpmc__options_is_set(&fixed->gcp, TPMC__GCP_SCOPES));
}

static void choices_read_as_words_and_numbers(void **state)
{
    tpmc__options options;

    expect_success(tpmc__options_init(&options, TPMC_OBJECT_KEY_TEMPLATE, *state), *state);
    assert_string_equal(tpmc__options_text(&options, TPMC__KEY_TEMPLATE_SCHEME), "null");
    assert_int_equal(tpmc__options_number(&options, TPMC__KEY_TEMPLATE_SCHEME), TPMC__SCHEME_NULL);
    expect_success(tpmc__options_set(&options, "scheme", "rsapss", *state), *state);
    assert_string_equal(tpmc__options_text(&options, TPMC__KEY_TEMPLATE_SCHEME), "rsapss");
    assert_int_equal(tpmc__options_number(&options, TPMC__KEY_TEMPLATE_SCHEME),
                     TPMC__SCHEME_RSAPSS);
    tpmc__options_free(&options);
}

static void unknown_objects(void **state)
{
    tpmc__options options;

    expect_failure(tpmc__options_init(&options, 0, *state), *state, TPMC_ERR_ARGUMENT, "object 0");
    tpmc__options_free(&options);
    assert_int_equal(tpmc_option_count(0), 0);
    assert_int_equal(tpmc_option_count(-1), 0);
    assert_int_equal(tpmc_option_count(1000), 0);
    assert_null(tpmc_option_name(0, 0));
    assert_null(tpmc_option_default(TPMC_OBJECT_AZURE + 1, 0));
    assert_null(tpmc_option_summary(-5, 0));
    assert_int_equal(tpmc_option_kind(TPMC_OBJECT_AZURE + 1, 0), -1);
}

static void introspection(void **state)
{
    size_t count = tpmc_option_count(TPMC_OBJECT_GCP);

    (void)state;
    assert_int_equal(count, TPMC__GCP_OPTION_COUNT);
    assert_string_equal(tpmc_option_name(TPMC_OBJECT_GCP, TPMC__GCP_SCOPES), "scopes");
    assert_string_equal(tpmc_option_default(TPMC_OBJECT_GCP, TPMC__GCP_EXPIRE_IN), "3600");
    assert_null(tpmc_option_default(TPMC_OBJECT_GCP, TPMC__GCP_EMAIL));
    assert_non_null(tpmc_option_summary(TPMC_OBJECT_GCP, TPMC__GCP_EMAIL));
    assert_int_equal(tpmc_option_kind(TPMC_OBJECT_GCP, TPMC__GCP_SCOPES), TPMC_OPTION_LIST);
    assert_null(tpmc_option_name(TPMC_OBJECT_GCP, count));
    assert_null(tpmc_option_default(TPMC_OBJECT_GCP, count));
    assert_null(tpmc_option_summary(TPMC_OBJECT_GCP, SIZE_MAX));
    assert_int_equal(tpmc_option_kind(TPMC_OBJECT_GCP, count), -1);
}

static void every_allocation_may_fail(void **state)
{
    fixture *fixed = *state;
    tpmc__options options;
    size_t n;
    int status;

    fail_allocation(1);
    expect_failure(tpmc__options_init(&options, TPMC_OBJECT_TPM, fixed->err), fixed->err,
                   TPMC_ERR_NOMEM, "memory");
    assert_true(allocation_failed());
    fail_allocation(1);
    expect_failure(tpmc__options_set(&fixed->gcp, "email", "a@b", fixed->err), fixed->err,
                   TPMC_ERR_NOMEM, "memory");
    assert_true(allocation_failed());
    assert_false(tpmc__options_is_set(&fixed->gcp, TPMC__GCP_EMAIL));

    assert_int_equal(tpmc__options_set(&fixed->gcp, "scopes", "one", NULL), 0);
    for (n = 1;; n++) {
        fail_allocation(n);
        status = tpmc__options_set(&fixed->gcp, "scopes", "two three", NULL);
        if (!allocation_failed())
            break;
        assert_int_equal(status, TPMC_ERR_NOMEM);
        assert_int_equal(tpmc__options_item_count(&fixed->gcp, TPMC__GCP_SCOPES), 1);
    }
    assert_int_equal(n, 5);
    assert_int_equal(status, 0);
    assert_int_equal(tpmc__options_item_count(&fixed->gcp, TPMC__GCP_SCOPES), 3);
}

#define WITH_OPTIONS(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(aliases_are_listed),
        WITH_OPTIONS(unset_options_have_their_defaults),
        WITH_OPTIONS(set_replaces_and_null_resets),
        WITH_OPTIONS(spellings_of_a_name),
        WITH_OPTIONS(unknown_names),
        WITH_OPTIONS(refusals_change_nothing),
        WITH_OPTIONS(lists_append),
        WITH_ERROR(choices_read_as_words_and_numbers),
        WITH_ERROR(unknown_objects),
        cmocka_unit_test(introspection),
        WITH_OPTIONS(every_allocation_may_fail),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
