/* SPDX-License-Identifier: Apache-2.0 */
#include "aws_hmac/sts_check.h"

#include "base/error_int.h"
#include "unit/options_fixture.h"

#define ROLE "arn:aws:iam::123456789012:role/x"
#define POLICY_ARN "arn:aws:iam::aws:policy/ReadOnlyAccess"
#define SERIAL "arn:aws:iam::123456789012:mfa/user"

/* Options, in pairs of name and value, and what is said to them. */
typedef struct sample {
    const char *settings[10];
    int has_mfa;
    const char *words; /* NULL: they pass */
} sample;

static void apply(options_fixture *f, const char *const settings[10])
{
    for (size_t i = 0; i < 10 && settings[i] != NULL; i += 2)
        options_put(f, settings[i], settings[i + 1]);
}

static void expect(options_fixture *f, int has_mfa, const char *words)
{
    int status;

    tpmc__error_clear(f->err);
    status = tpmc__sts_check_options(&f->options, has_mfa, f->err);
    if (words == NULL)
        expect_success(status, f->err);
    else
        expect_failure(status, f->err, TPMC_ERR_ARGUMENT, words);
}

static void open_with_id(options_fixture *f)
{
    options_open(f, TPMC_OBJECT_AWS_HMAC);
    options_put(f, "aws_access_key_id", "AKIAIOSFODNN7EXAMPLE");
}

#define IN_SESSION                                                                                 \
    " has no place in GetSessionToken, which the other options ask for; for AssumeRole set "       \
    "option 'assume_role_arn'"
#define IN_FEDERATION " has no place in GetFederationToken, which the other options ask for"

static const sample samples[] = {
    { { NULL }, 0, NULL },
    { { "get_session_token", "1" }, 0, NULL },
    { { "assume_role_arn", ROLE }, 0, NULL },
    { { "assume_role_arn", ROLE, "get_session_token", "0" }, 0, NULL },
    { { "federation_name", "ab" }, 0, NULL },
    /* two at once */
    { { "assume_role_arn", ROLE, "federation_name", "ab" },
      0,
      "options 'assume_role_arn' and 'federation_name' exclude each other" },
    { { "assume_role_arn", ROLE, "get_session_token", "1" },
      0,
      "options 'get_session_token' and 'assume_role_arn' exclude each other" },
    { { "federation_name", "ab", "get_session_token", "1" },
      0,
      "options 'get_session_token' and 'federation_name' exclude each other" },
    /* what has no place */
    { { "role_session_name", "ab" }, 0, "option 'role_session_name'" IN_SESSION },
    { { "policy", "{}" }, 0, "option 'policy'" IN_SESSION },
    { { "policy_arn", POLICY_ARN }, 0, "option 'policy_arn'" IN_SESSION },
    { { "tag", "a=b" }, 0, "option 'tag'" IN_SESSION },
    { { "transitive_tag_key", "a" }, 0, "option 'transitive_tag_key'" IN_SESSION },
    { { "external_id", "ab" }, 0, "option 'external_id'" IN_SESSION },
    { { "source_identity", "ab" }, 0, "option 'source_identity'" IN_SESSION },
    { { "federation_name", "ab", "role_session_name", "ab" },
      0,
      "option 'role_session_name'" IN_FEDERATION },
    { { "federation_name", "ab", "transitive_tag_key", "a" },
      0,
      "option 'transitive_tag_key'" IN_FEDERATION },
    { { "federation_name", "ab", "external_id", "ab" }, 0, "option 'external_id'" IN_FEDERATION },
    { { "federation_name", "ab", "source_identity", "ab" },
      0,
      "option 'source_identity'" IN_FEDERATION },
    { { "federation_name", "ab", "mfa_serial", SERIAL }, 1, "option 'mfa_serial'" IN_FEDERATION },
    { { "federation_name", "ab", "mfa_code", "123456" }, 1, "option 'mfa_code'" IN_FEDERATION },
    { { "federation_name", "ab", "policy", "{}", "policy_arn", POLICY_ARN, "tag", "a=b" },
      0,
      NULL },
    { { "assume_role_arn", ROLE, "policy", "{}", "policy_arn", POLICY_ARN, "tag", "a=b",
        "transitive_tag_key", "a" },
      0,
      NULL },
    { { "assume_role_arn", ROLE, "external_id", "ab", "source_identity", "ab", "role_session_name",
        "ab" },
      0,
      NULL },
    /* MFA */
    { { "mfa_serial", SERIAL, "mfa_code", "123456" }, 0, NULL },
    { { "mfa_serial", SERIAL }, 1, NULL },
    { { "assume_role_arn", ROLE, "mfa_serial", SERIAL }, 1, NULL },
    { { "mfa_serial", SERIAL }, 0, "option 'mfa_serial' needs option 'mfa_code'" },
    { { "mfa_code", "123456" }, 0, "option 'mfa_code' needs option 'mfa_serial'" },
    { { "mfa_code", "123456" }, 1, "option 'mfa_code' needs option 'mfa_serial'" },
    /* durations */
    { { "duration_seconds", "129600" }, 0, NULL },
    { { "federation_name", "ab", "duration_seconds", "129600" }, 0, NULL },
    { { "assume_role_arn", ROLE, "duration_seconds", "43200" }, 0, NULL },
    { { "assume_role_arn", ROLE, "duration_seconds", "43201" },
      0,
      "option 'duration_seconds' is above 43200, the most for a role" },
    /* the role and its partition */
    { { "assume_role_arn", "arn:aws:iam::123456789012:user/x" }, 0, "'assume_role_arn' is not" },
    { { "assume_role_arn", "arn:aws-cn:iam::123456789012:role/x" },
      0,
      "option 'assume_role_arn' is of the partition aws-cn, the global endpoint of aws: set "
      "option 'region'" },
    { { "assume_role_arn", "arn:aws-cn:iam::123456789012:role/x", "region", "eu-central-1" },
      0,
      "is of the partition aws-cn, option 'region' of aws: set option 'region'" },
    { { "assume_role_arn", ROLE, "region", "cn-north-1" },
      0,
      "is of the partition aws, option 'region' of aws-cn: set option 'region'" },
    { { "assume_role_arn", "arn:aws-cn:iam::123456789012:role/x", "region", "cn-north-1" },
      0,
      NULL },
    { { "assume_role_arn", "arn:aws-cn:iam::123456789012:role/x", "endpoint",
        "https://sts.example.com" },
      0,
      NULL },
    { { "assume_role_arn", ROLE, "region", "cn-north-1", "endpoint", "https://sts.example.com" },
      0,
      NULL },
    /* endpoints */
    { { "endpoint", "https://sts.example.com", "fips", "1" },
      0,
      "'endpoint' and 'fips' exclude each other" },
    { { "endpoint", "https://sts.example.com", "dual_stack", "1" },
      0,
      "'endpoint' and 'dual_stack' exclude each other" },
    { { "endpoint", "http://sts.example.com" }, 0, "must begin with https://" },
    { { "fips", "1" }, 0, "option 'region' is needed" },
    /* tags */
    { { "federation_name", "ab", "tag", "aws:a=b" },
      0,
      "option 'tag' has a key that begins with 'aws:', which AWS keeps for itself" },
    { { "federation_name", "ab", "tag", "AwS:a=b" }, 0, "begins with 'aws:'" },
    { { "federation_name", "ab", "tag", "aws=b", "tag", "aw=b", "tag", "a=b" }, 0, NULL },
    { { "federation_name", "ab", "tag", "Key=b", "tag", "kEY=c" },
      0,
      "option 'tag' has the key 'kEY' twice; case makes no difference" },
    { { "federation_name", "ab", "tag", "key=b", "tag", "keys=b", "tag", "ke=b", "tag", "x=key" },
      0,
      NULL },
    { { "federation_name", "ab", "tag", "a=", "tag", "b==" }, 0, NULL },
};

static void options_must_fit_together(void **state)
{
    options_fixture f;

    (void)state;
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        open_with_id(&f);
        apply(&f, samples[i].settings);
        expect(&f, samples[i].has_mfa, samples[i].words);
        options_close(&f);
    }
}

static void the_key_is_one_of_a_user(void **state)
{
    options_fixture f;

    (void)state;
    options_open(&f, TPMC_OBJECT_AWS_HMAC);
    expect(&f, 0, "option 'aws_access_key_id' is missing");
    expect_failure(tpmc__sts_check_identity(&f.options, f.err), f.err, TPMC_ERR_ARGUMENT,
                   "option 'aws_access_key_id' is missing");
    options_put(&f, "access_key", "ASIAIOSFODNN7EXAMPLE");
    expect(&f, 0, "option 'aws_access_key_id' begins with ASIA");
    expect_failure(tpmc__sts_check_identity(&f.options, f.err), f.err, TPMC_ERR_ARGUMENT,
                   "use an access key of a user, which begins with AKIA");
    /* Other servers have other names. */
    options_put(&f, "access_key", "ASIAIOSFODNN7EXAMPL");
    expect(&f, 0, NULL);
    options_put(&f, "access_key", "ASIAIOSFODNN7EXAMPLES");
    expect(&f, 0, NULL);
    options_put(&f, "access_key", "AKIAIOSFODNN7EXAMPLE");
    assert_int_equal(tpmc__sts_check_identity(&f.options, f.err), 0);
    options_close(&f);
}

static void a_policy_has_2048_characters(void **state)
{
    static const char *const units[] = { "a", "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x94\x91" };
    options_fixture f;

    (void)state;
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        open_with_id(&f);
        options_put(&f, "federation_name", "ab");
        options_put_repeated(&f, "policy", "", units[i], 2048);
        expect(&f, 0, NULL);
        if (i < 3) { /* of the longest, 2049 are more bytes than the option takes */
            options_put_repeated(&f, "policy", "", units[i], 2049);
            expect(&f, 0, "option 'policy' has 2049 characters; STS takes at most 2048");
        }
        options_close(&f);
    }
}

static void lists_have_their_limits(void **state)
{
    options_fixture f;
    char text[64];

    (void)state;
    open_with_id(&f);
    options_put(&f, "assume_role_arn", ROLE);
    for (int i = 0; i < 10; i++)
        options_put(&f, "policy_arn", POLICY_ARN);
    expect(&f, 0, NULL);
    options_put(&f, "policy_arn", POLICY_ARN);
    expect(&f, 0, "option 'policy_arn' is set more than 10 times");
    options_put(&f, "policy_arn", NULL);
    for (int i = 0; i < 50; i++) {
        (void)snprintf(text, sizeof(text), "k%d=v", i);
        options_put(&f, "tag", text);
        options_put(&f, "transitive_tag_key", "k");
    }
    expect(&f, 0, NULL);
    options_put(&f, "transitive_tag_key", "k");
    expect(&f, 0, "option 'transitive_tag_key' is set more than 50 times");
    options_put(&f, "transitive_tag_key", NULL);
    options_put(&f, "tag", "k50=v");
    expect(&f, 0, "option 'tag' is set more than 50 times");
    options_close(&f);
}

/* `unit` times `count` as key or value. */
static void check_tag_length(const char *unit, size_t count, int is_value, const char *words)
{
    char *text = is_value ? repeated("k=", unit, count, "") : repeated("", unit, count, "=v");
    options_fixture f;

    open_with_id(&f);
    options_put(&f, "federation_name", "ab");
    options_put(&f, "tag", text);
    expect(&f, 0, words);
    free(text);
    options_close(&f);
}

static void tags_are_counted_in_characters(void **state)
{
    static const char *const units[] = { "k", "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x94\x91" };

    (void)state;
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        check_tag_length(units[i], 128, 0, NULL);
        check_tag_length(units[i], 129, 0, "option 'tag' has a key of more than 128 characters");
        check_tag_length(units[i], 256, 1, NULL);
        check_tag_length(units[i], 257, 1, "option 'tag' has a value of more than 256 characters");
    }
}

typedef struct place {
    const char *settings[10];
    const char *url;
    const char *signing_region;
} place;

static const place places[] = {
    { { NULL }, "https://sts.amazonaws.com", "us-east-1" },
    { { "region", "eu-central-1" }, "https://sts.eu-central-1.amazonaws.com", "eu-central-1" },
    { { "region", "eu-central-1", "sts_endpoint", "regional" },
      "https://sts.eu-central-1.amazonaws.com",
      "eu-central-1" },
    { { "region", "eu-central-1", "sts_endpoint", "global" },
      "https://sts.amazonaws.com",
      "us-east-1" },
    { { "region", "cn-north-1", "sts_endpoint", "global" },
      "https://sts.cn-north-1.amazonaws.com.cn",
      "cn-north-1" },
    { { "region", "us-east-2", "fips", "1" },
      "https://sts-fips.us-east-2.amazonaws.com",
      "us-east-2" },
    { { "region", "us-east-2", "dual_stack", "1" }, "https://sts.us-east-2.api.aws", "us-east-2" },
    { { "region", "us-east-2", "fips", "1", "dual_stack", "1", "sts_endpoint", "global" },
      "https://sts-fips.us-east-2.api.aws",
      "us-east-2" },
    { { "endpoint", "https://sts.example.com:8443/a/" },
      "https://sts.example.com:8443/a",
      "us-east-1" },
    { { "endpoint", "https://sts.example.com", "region", "eu-west-1", "sts_endpoint", "global" },
      "https://sts.example.com",
      "eu-west-1" },
};

static void the_options_say_where_sts_is(void **state)
{
    tpmc__aws_endpoint endpoint;
    options_fixture f;

    (void)state;
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        options_open(&f, TPMC_OBJECT_AWS_HMAC);
        apply(&f, places[i].settings);
        expect_success(tpmc__sts_endpoint(&f.options, &endpoint, f.err), f.err);
        assert_string_equal(endpoint.url, places[i].url);
        assert_string_equal(endpoint.signing_region, places[i].signing_region);
        options_close(&f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options_must_fit_together),
        cmocka_unit_test(the_key_is_one_of_a_user),
        cmocka_unit_test(a_policy_has_2048_characters),
        cmocka_unit_test(lists_have_their_limits),
        cmocka_unit_test(tags_are_counted_in_characters),
        cmocka_unit_test(the_options_say_where_sts_is),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
