/* SPDX-License-Identifier: Apache-2.0 */
/* What the options of the identities of AWS take and refuse, from both sides of each boundary. */
#include "base/option_table.h"

#include "unit/options_fixture.h"

#define HMAC TPMC_OBJECT_AWS_HMAC
#define ANYWHERE TPMC_OBJECT_AWS_ROLESANYWHERE

static void refuse(options_fixture *f, const char *name, const char *value, const char *words)
{
    tpmc__error_clear(f->err);
    expect_failure(tpmc__options_set(&f->options, name, value, f->err), f->err, TPMC_ERR_ARGUMENT,
                   words);
}

/* How many of a text an option takes. */
typedef struct text_row {
    int object;
    const char *name;
    const char *unit;
    size_t least;
    size_t most;
} text_row;

static const text_row text_rows[] = {
    { HMAC, "aws_access_key_id", "a", 3, 128 },
    { HMAC, "access_key", "a", 3, 128 },
    { HMAC, "region", "a", 1, 63 },
    { HMAC, "assume_role_arn", "a", 20, 2048 },
    { HMAC, "role_session_name", "a", 2, 64 },
    { HMAC, "federation_name", "a", 2, 32 },
    { HMAC, "policy", "a", 1, 8192 },
    { HMAC, "policy_arn", "a", 20, 2048 },
    { HMAC, "tag", "a=", 1, 1024 },
    { HMAC, "transitive_tag_key", "a", 1, 512 },
    { HMAC, "external_id", "a", 2, 1224 },
    { HMAC, "source_identity", "a", 2, 64 },
    { HMAC, "mfa_serial", "a", 9, 256 },
    { HMAC, "mfa_code", "1", 6, 6 },
    { HMAC, "endpoint", "a", 8, 2048 },
    { ANYWHERE, "public_certificate_file", "a", 1, 4096 },
    { ANYWHERE, "trust_anchor_arn", "a", 20, 1011 },
    { ANYWHERE, "profile_arn", "a", 20, 1011 },
    { ANYWHERE, "role_arn", "a", 20, 1011 },
    { ANYWHERE, "region", "a", 1, 63 },
    { ANYWHERE, "session_name", "a", 2, 64 },
    { ANYWHERE, "certificate_chain_file", "a", 1, 4096 },
    { ANYWHERE, "instance_property", "a=", 1, 512 },
    { ANYWHERE, "endpoint", "a", 8, 2048 },
    { ANYWHERE, "aws_access_key_id", "a", 3, 128 },
    { ANYWHERE, "access_key", "a", 3, 128 },
};

static void texts_have_their_lengths(void **state)
{
    const text_row *row;
    options_fixture f;
    char words[64];
    char *text;

    (void)state;
    for (size_t i = 0; i < sizeof(text_rows) / sizeof(text_rows[0]); i++) {
        row = &text_rows[i];
        options_open(&f, row->object);
        options_put_repeated(&f, row->name, "", row->unit, row->least);
        options_put_repeated(&f, row->name, "", row->unit, row->most);
        text = repeated("", row->unit, row->most + 1, "");
        (void)snprintf(words, sizeof(words), "bytes; it takes at most %zu",
                       row->most * strlen(row->unit));
        refuse(&f, row->name, text, words);
        free(text);
        refuse(&f, row->name, "", "is empty; leave it unset instead");
        if (row->least > 1) {
            text = repeated("", row->unit, row->least - 1, "");
            (void)snprintf(words, sizeof(words), "bytes; it needs at least %zu", row->least);
            refuse(&f, row->name, text, words);
            free(text);
        }
        options_close(&f);
    }
}

typedef struct value_row {
    int object;
    const char *name;
    const char *value;
    const char *words; /* NULL: it is taken */
} value_row;

static const value_row value_rows[] = {
    { HMAC, "duration_seconds", "900", NULL },
    { HMAC, "duration_seconds", "899", "900" },
    { HMAC, "duration_seconds", "129600", NULL },
    { HMAC, "duration_seconds", "129601", "129600" },
    { ANYWHERE, "duration_seconds", "900", NULL },
    { ANYWHERE, "duration_seconds", "899", "900" },
    { ANYWHERE, "duration_seconds", "43200", NULL },
    { ANYWHERE, "duration_seconds", "43201", "43200" },
    { HMAC, "aws_access_key_id", "a_-.Z9", NULL },
    { HMAC, "aws_access_key_id", "abc/d", "may hold only letters, digits, '_', '-' and '.'" },
    { ANYWHERE, "aws_access_key_id", "abc/d", "may hold only letters" },
    { HMAC, "region", "Eu", "is not a region" },
    { ANYWHERE, "region", "eu_1", "is not a region" },
    { HMAC, "assume_role_arn", "arn:aws:iam::1 3:role/x", "visible ASCII" },
    { HMAC, "policy_arn", "arn:aws:iam::1 3:policy/x", "visible ASCII" },
    { ANYWHERE, "trust_anchor_arn", "arn:aws:iam::1 3:role/x", "visible ASCII" },
    { ANYWHERE, "profile_arn", "arn:aws:iam::1 3:role/x", "visible ASCII" },
    { ANYWHERE, "role_arn", "arn:aws:iam::1 3:role/x", "visible ASCII" },
    { HMAC, "endpoint", "https://a b", "visible ASCII" },
    { ANYWHERE, "endpoint", "https://a b", "visible ASCII" },
    { HMAC, "role_session_name", "a:b", "may hold only letters, digits and _+=,.@-" },
    { HMAC, "federation_name", "a b", "may hold only letters, digits and _+=,.@-" },
    { HMAC, "source_identity", "a/b", "may hold only letters, digits and _+=,.@-" },
    { ANYWHERE, "session_name", "a/b", "may hold only letters, digits and _+=,.@-" },
    { HMAC, "external_id", "a:/b", NULL },
    { HMAC, "external_id", "a b", "may hold only letters, digits and _+=,.@:/-" },
    { HMAC, "mfa_serial", "arn:aws:iam::1:mfa/u", NULL },
    { HMAC, "mfa_serial", "arn aws iam", "may hold only letters" },
    { HMAC, "mfa_code", "12345a", "may hold only digits" },
    { HMAC, "tag", "ab", "is not of the form key=value" },
    { HMAC, "tag", "=b", "has no key before the '='" },
    { HMAC, "tag", "a=", NULL },
    { ANYWHERE, "instance_property", "ab", "is not of the form key=value" },
    { ANYWHERE, "instance_property", "=b", "has no key before the '='" },
    { ANYWHERE, "instance_property", "a=", NULL },
    { ANYWHERE, "arns_in", "query", NULL },
    { ANYWHERE, "arns_in", "body", NULL },
    { ANYWHERE, "arns_in", "header", "must be one of" },
    { HMAC, "sts_endpoint", "regional", NULL },
    { HMAC, "sts_endpoint", "global", NULL },
    { HMAC, "sts_endpoint", "legacy", "must be one of" },
    { HMAC, "get_session_token", "1", NULL },
    { HMAC, "get_session_token", "2", "0" },
    { HMAC, "fips", "1", NULL },
    { HMAC, "fips", "2", "0" },
    { HMAC, "dual_stack", "1", NULL },
    { HMAC, "dual_stack", "2", "0" },
    { HMAC, "cache_signing_key", "1", NULL },
    { HMAC, "cache_signing_key", "2", "0" },
    { ANYWHERE, "fips", "1", NULL },
    { ANYWHERE, "fips", "2", "0" },
    { ANYWHERE, "dual_stack", "1", NULL },
    { ANYWHERE, "dual_stack", "2", "0" },
    /* A policy is often printed on several lines; nothing else may be. */
    { HMAC, "policy", "{\r\n\t\"a\": 1\n}\n", NULL },
    { HMAC, "policy", "{\x01}", "holds a control character" },
    { HMAC, "policy", "{\x0b}", "holds a control character" },
    { HMAC, "policy", "{\xc2\x85}", "holds a control character" },
    { HMAC, "policy", "{\xff}", "is not valid UTF-8" },
    { HMAC, "tag", "a=b\n", "holds a control character" },
    { HMAC, "transitive_tag_key", "a\tb", "holds a control character" },
    { ANYWHERE, "instance_property", "a=\n", "holds a control character" },
    { ANYWHERE, "public_certificate_file", "a\nb", "holds a control character" },
};

static void values_have_their_forms(void **state)
{
    const value_row *row;
    options_fixture f;

    (void)state;
    for (size_t i = 0; i < sizeof(value_rows) / sizeof(value_rows[0]); i++) {
        row = &value_rows[i];
        options_open(&f, row->object);
        if (row->words == NULL)
            options_put(&f, row->name, row->value);
        else
            refuse(&f, row->name, row->value, row->words);
        options_close(&f);
    }
}

static void the_alias_sets_the_same_option(void **state)
{
    static const int objects[] = { HMAC, ANYWHERE };
    static const size_t indices[] = { TPMC__AWS_HMAC_AWS_ACCESS_KEY_ID,
                                      TPMC__AWS_RA_AWS_ACCESS_KEY_ID };
    options_fixture f;

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        options_open(&f, objects[i]);
        assert_string_equal(tpmc_option_alias(objects[i], indices[i]), "access_key");
        options_put(&f, "access-key", "AKIA1");
        assert_string_equal(tpmc__options_text(&f.options, indices[i]), "AKIA1");
        options_put(&f, "aws_access_key_id", "AKIA2");
        assert_string_equal(tpmc__options_text(&f.options, indices[i]), "AKIA2");
        options_put(&f, "access_key", NULL);
        assert_false(tpmc__options_is_set(&f.options, indices[i]));
        options_close(&f);
    }
}

static void lists_keep_what_they_are_given(void **state)
{
    options_fixture f;

    (void)state;
    options_open(&f, HMAC);
    options_put(&f, "tag", "a=b c");
    options_put(&f, "tag", "a=b c");
    assert_int_equal(tpmc__options_item_count(&f.options, TPMC__AWS_HMAC_TAG), 2);
    assert_string_equal(tpmc__options_item(&f.options, TPMC__AWS_HMAC_TAG, 1), "a=b c");
    options_close(&f);
}

static void defaults_are_these(void **state)
{
    options_fixture f;

    (void)state;
    options_open(&f, HMAC);
    assert_int_equal(tpmc__options_number(&f.options, TPMC__AWS_HMAC_DURATION_SECONDS), 3600);
    assert_int_equal(tpmc__options_number(&f.options, TPMC__AWS_HMAC_STS_ENDPOINT),
                     TPMC__STS_ENDPOINT_REGIONAL);
    assert_int_equal(tpmc__options_number(&f.options, TPMC__AWS_HMAC_GET_SESSION_TOKEN), 0);
    assert_int_equal(tpmc__options_number(&f.options, TPMC__AWS_HMAC_CACHE_SIGNING_KEY), 0);
    options_close(&f);
    options_open(&f, ANYWHERE);
    assert_int_equal(tpmc__options_number(&f.options, TPMC__AWS_RA_DURATION_SECONDS), 3600);
    assert_int_equal(tpmc__options_number(&f.options, TPMC__AWS_RA_ARNS_IN), TPMC__ARNS_IN_QUERY);
    options_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_have_their_lengths),
        cmocka_unit_test(values_have_their_forms),
        cmocka_unit_test(the_alias_sets_the_same_option),
        cmocka_unit_test(lists_keep_what_they_are_given),
        cmocka_unit_test(defaults_are_these),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
