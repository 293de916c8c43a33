/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "proto/aws_arn.h"
#include "unit/expect.h"

#define ANCHOR "arn:aws:rolesanywhere:eu-west-1:123456789012:trust-anchor/0c2a1f2e-7c33-4b0e"
#define PROFILE "arn:aws:rolesanywhere:eu-west-1:123456789012:profile/5f6a"
#define ROLE "arn:aws:iam::123456789012:role/a/b/name+=,.@-_9"

static void takes_arns_apart(void **state)
{
    tpmc__aws_arn arn;

    expect_success(
        tpmc__aws_arn_parse(TPMC__AWS_TRUST_ANCHOR, "trust_anchor_arn", ANCHOR, &arn, *state),
        *state);
    assert_string_equal(arn.partition->id, "aws");
    assert_string_equal(arn.region, "eu-west-1");
    assert_string_equal(arn.account, "123456789012");
    assert_string_equal(arn.resource, "trust-anchor/0c2a1f2e-7c33-4b0e");
    assert_string_equal(arn.name, "0c2a1f2e-7c33-4b0e");
    expect_success(tpmc__aws_arn_parse(TPMC__AWS_PROFILE, "profile_arn", PROFILE, &arn, *state),
                   *state);
    assert_string_equal(arn.name, "5f6a");
    expect_success(tpmc__aws_arn_parse(TPMC__AWS_ROLE, "role_arn", ROLE, &arn, *state), *state);
    assert_string_equal(arn.region, "");
    assert_string_equal(arn.resource, "role/a/b/name+=,.@-_9");
    assert_string_equal(arn.name, "name+=,.@-_9");
    expect_success(tpmc__aws_arn_parse(TPMC__AWS_STS_ROLE, "assume_role_arn",
                                       "arn:aws-us-gov:iam::000000000001:role/x", &arn, *state),
                   *state);
    assert_string_equal(arn.partition->id, "aws-us-gov");
    assert_string_equal(arn.account, "000000000001");
}

typedef struct bad_row {
    int kind;
    const char *text;
    const char *words;
} bad_row;

static const bad_row bads[] = {
    { TPMC__AWS_ROLE, "", "is empty" },
    { TPMC__AWS_ROLE, "arn:aws:iam::1:role", "must have 20 to 1011 characters" },
    { TPMC__AWS_ROLE, "some text without any colons", "six parts" },
    { TPMC__AWS_ROLE, "arn:aws:iam:123456789012:role/x", "six parts" },
    { TPMC__AWS_ROLE, "urn:aws:iam::123456789012:role/x", "does not begin with 'arn:'" },
    { TPMC__AWS_ROLE, "arn:azure:iam::123456789012:role/x", "partition is not known" },
    { TPMC__AWS_ROLE, "arn::iam::123456789012:role/x", "partition is not known" },
    { TPMC__AWS_ROLE, "arn:aws:sts::123456789012:role/x", "its service is not 'iam'" },
    { TPMC__AWS_ROLE, "arn:aws:iam:us-east-1:123456789012:role/x", "which a role never has" },
    { TPMC__AWS_ROLE, "arn:aws:iam::12345678901:role/x", "12 digits" },
    { TPMC__AWS_ROLE, "arn:aws:iam::1234567890123:role/x", "12 digits" },
    { TPMC__AWS_ROLE, "arn:aws:iam::12345678901a:role/x", "12 digits" },
    { TPMC__AWS_ROLE, "arn:aws:iam:::role/x-and-more", "12 digits" },
    { TPMC__AWS_ROLE, "arn:aws:iam::123456789012:user/x", "does not begin with 'role/'" },
    { TPMC__AWS_ROLE, "arn:aws:iam::123456789012:role", "does not begin with 'role/'" },
    { TPMC__AWS_ROLE, "arn:aws:iam::123456789012:role/", "name must have 1 to 64" },
    { TPMC__AWS_ROLE, "arn:aws:iam::123456789012:role/a/", "name must have 1 to 64" },
    { TPMC__AWS_ROLE, "arn:aws:iam::123456789012:role//a", "empty part" },
    { TPMC__AWS_ROLE, "arn:aws:iam::123456789012:role/a//b", "empty part" },
    { TPMC__AWS_ROLE, "arn:aws:iam::123456789012:role/a b/c", "path holds a character" },
    { TPMC__AWS_ROLE, "arn:aws:iam::123456789012:role/\xc3\xa9/c", "path holds a character" },
    { TPMC__AWS_ROLE, "arn:aws:iam::123456789012:role/a:b", "name holds a character" },
    { TPMC__AWS_ROLE, "arn:aws:iam::123456789012:role/a\r\n", "name holds a character" },
    { TPMC__AWS_ROLE, "arn:aws:iam::123456789012:role/a*", "name holds a character" },
    { TPMC__AWS_TRUST_ANCHOR, "arn:aws:iam:eu-west-1:123456789012:trust-anchor/x",
      "its service is not 'rolesanywhere'" },
    { TPMC__AWS_TRUST_ANCHOR, "arn:aws:rolesanywhere::123456789012:trust-anchor/x",
      "has no region" },
    { TPMC__AWS_TRUST_ANCHOR, "arn:aws:rolesanywhere:a.evil/:123456789012:trust-anchor/x",
      "region is malformed" },
    { TPMC__AWS_TRUST_ANCHOR,
      "arn:aws:rolesanywhere:a23456789-123456789-123456789-123456789-123456789-123456789-1234:"
      "123456789012:trust-anchor/x",
      "region is malformed" },
    { TPMC__AWS_TRUST_ANCHOR, "arn:aws:rolesanywhere:us-east-1-fips:123456789012:trust-anchor/x",
      "region is malformed" },
    { TPMC__AWS_TRUST_ANCHOR, "arn:aws-cn:rolesanywhere:eu-west-1:123456789012:trust-anchor/x",
      "region eu-west-1 does not belong to its partition aws-cn" },
    { TPMC__AWS_TRUST_ANCHOR, PROFILE, "does not begin with 'trust-anchor/'" },
    { TPMC__AWS_PROFILE, ANCHOR, "does not begin with 'profile/'" },
    { TPMC__AWS_PROFILE, "arn:aws:rolesanywhere:eu-west-1:123456789012:profile/", "1 to 64" },
    { TPMC__AWS_PROFILE, "arn:aws:rolesanywhere:eu-west-1:123456789012:profile/a/b",
      "letters, digits and '-'" },
    { TPMC__AWS_PROFILE, "arn:aws:rolesanywhere:eu-west-1:123456789012:profile/a?b",
      "letters, digits and '-'" },
};

static void refuses_what_is_no_arn(void **state)
{
    for (size_t i = 0; i < sizeof(bads) / sizeof(bads[0]); i++) {
        tpmc__aws_arn arn;

        expect_failure(tpmc__aws_arn_parse(bads[i].kind, "the_arn", bads[i].text, &arn, *state),
                       *state, TPMC_ERR_ARGUMENT, bads[i].words);
        assert_non_null(strstr(tpmc_error_text(*state), "the option 'the_arn'"));
    }
}

/* An ARN of a role with this many characters in path and name. */
static int parse_role(int kind, size_t path, size_t name, tpmc_error *err)
{
    char text[4096] = "arn:aws:iam::123456789012:role/";
    size_t len = strlen(text);
    tpmc__aws_arn arn;

    memset(text + len, 'p', path);
    if (path > 0)
        text[len + path - 1] = '/';
    memset(text + len + path, 'n', name);
    return tpmc__aws_arn_parse(kind, "role_arn", text, &arn, err);
}

static void keeps_the_limits(void **state)
{
    expect_success(parse_role(TPMC__AWS_ROLE, 512, 64, *state), *state);
    expect_failure(parse_role(TPMC__AWS_ROLE, 513, 64, *state), *state, TPMC_ERR_ARGUMENT,
                   "more than 512 characters");
    expect_failure(parse_role(TPMC__AWS_ROLE, 512, 65, *state), *state, TPMC_ERR_ARGUMENT,
                   "1 to 64 characters");
    /* 31 characters stand before the path. */
    expect_failure(parse_role(TPMC__AWS_ROLE, 0, 980, *state), *state, TPMC_ERR_ARGUMENT,
                   "1 to 64 characters");
    expect_failure(parse_role(TPMC__AWS_ROLE, 0, 981, *state), *state, TPMC_ERR_ARGUMENT,
                   "20 to 1011 characters");
    expect_failure(parse_role(TPMC__AWS_STS_ROLE, 0, 2017, *state), *state, TPMC_ERR_ARGUMENT,
                   "1 to 64 characters");
    expect_failure(parse_role(TPMC__AWS_STS_ROLE, 0, 2018, *state), *state, TPMC_ERR_ARGUMENT,
                   "20 to 2048 characters");
}

static int together(const char *anchor, const char *profile, const char *role, tpmc_error *err)
{
    tpmc__aws_arn arns[3];

    assert_int_equal(
        tpmc__aws_arn_parse(TPMC__AWS_TRUST_ANCHOR, "trust_anchor_arn", anchor, &arns[0], NULL), 0);
    assert_int_equal(tpmc__aws_arn_parse(TPMC__AWS_PROFILE, "profile_arn", profile, &arns[1], NULL),
                     0);
    assert_int_equal(tpmc__aws_arn_parse(TPMC__AWS_ROLE, "role_arn", role, &arns[2], NULL), 0);
    return tpmc__aws_arn_check_together(&arns[0], &arns[1], &arns[2], err);
}

static void arns_must_fit_together(void **state)
{
    expect_success(together(ANCHOR, PROFILE, ROLE, *state), *state);
    expect_failure(together(ANCHOR, "arn:aws-cn:rolesanywhere:cn-north-1:123456789012:profile/x",
                            ROLE, *state),
                   *state, TPMC_ERR_ARGUMENT,
                   "the trust anchor is of the partition aws, the profile of aws-cn");
    expect_failure(together(ANCHOR, PROFILE, "arn:aws-cn:iam::123456789012:role/x", *state), *state,
                   TPMC_ERR_ARGUMENT,
                   "the trust anchor is of the partition aws, the role of aws-cn");
    expect_failure(
        together(ANCHOR, "arn:aws:rolesanywhere:eu-west-2:123456789012:profile/x", ROLE, *state),
        *state, TPMC_ERR_ARGUMENT,
        "the trust anchor is of the region eu-west-1, the profile of eu-west-2");
    expect_failure(
        together(ANCHOR, "arn:aws:rolesanywhere:eu-west-1:210987654321:profile/x", ROLE, *state),
        *state, TPMC_ERR_ARGUMENT,
        "the trust anchor is of the account 123456789012, the profile of 210987654321");
    expect_failure(together(ANCHOR, PROFILE, "arn:aws:iam::210987654321:role/x", *state), *state,
                   TPMC_ERR_ARGUMENT,
                   "the trust anchor is of the account 123456789012, the role of 210987654321");
}

static void the_assumed_role_must_be_the_one_asked_for(void **state)
{
    static const char *const others[] = {
        "",
        "arn:aws:sts::123456789012:assumed-role/name+=,.@-_9",
        "arn:aws:sts::123456789012:assumed-role/name+=,.@-_9/",
        "arn:aws:sts::123456789012:assumed-role/name/session",
        "arn:aws:sts::210987654321:assumed-role/name+=,.@-_9/session",
        "arn:aws-cn:sts::123456789012:assumed-role/name+=,.@-_9/session",
    };
    tpmc__aws_arn role;

    assert_int_equal(tpmc__aws_arn_parse(TPMC__AWS_ROLE, "role_arn", ROLE, &role, NULL), 0);
    expect_success(tpmc__aws_arn_check_assumed(
                       &role, "arn:aws:sts::123456789012:assumed-role/name+=,.@-_9/s", *state),
                   *state);
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        expect_failure(tpmc__aws_arn_check_assumed(&role, others[i], *state), *state,
                       TPMC_ERR_PROTOCOL, "another role than the one asked for");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ERROR(takes_arns_apart),
        WITH_ERROR(refuses_what_is_no_arn),
        WITH_ERROR(keeps_the_limits),
        WITH_ERROR(arns_must_fit_together),
        WITH_ERROR(the_assumed_role_must_be_the_one_asked_for),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
