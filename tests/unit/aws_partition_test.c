/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "proto/aws_partition.h"
#include "unit/expect.h"

static const struct {
    const char *region;
    const char *partition;
} regions[] = {
    { "us-east-1", "aws" },
    { "eu-central-2", "aws" },
    { "il-central-1", "aws" },
    { "mx-central-1", "aws" },
    { "xx-new-1", "aws" },
    { "cn-north-1", "aws-cn" },
    { "cn-northwest-12", "aws-cn" },
    { "cn-north", "aws" },
    { "cn--1", "aws" },
    { "cn-north-", "aws" },
    { "cn-north-1a", "aws" },
    { "cn-north-west-1", "aws" },
    { "us-gov-west-1", "aws-us-gov" },
    { "us-gov-1", "aws" },
    { "eusc-de-east-1", "aws-eusc" },
    { "eusc-fr-east-1", "aws" },
    { "us-iso-east-1", "aws-iso" },
    { "us-isob-east-1", "aws-iso-b" },
    { "eu-isoe-west-1", "aws-iso-e" },
    { "us-isof-south-1", "aws-iso-f" },
};

static void finds_partitions_by_region(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(regions) / sizeof(regions[0]); i++)
        assert_string_equal(tpmc__aws_partition_of_region(regions[i].region)->id,
                            regions[i].partition);
}

static const tpmc__aws_partition rows[] = {
    { "aws", "amazonaws.com", "api.aws", "us-east-1" },
    { "aws-cn", "amazonaws.com.cn", "api.amazonwebservices.com.cn", "cn-northwest-1" },
    { "aws-us-gov", "amazonaws.com", "api.aws", "us-gov-west-1" },
    { "aws-eusc", "amazonaws.eu", "api.amazonwebservices.eu", "eusc-de-east-1" },
    { "aws-iso", "c2s.ic.gov", "api.aws.ic.gov", "us-iso-east-1" },
    { "aws-iso-b", "sc2s.sgov.gov", "api.aws.scloud", "us-isob-east-1" },
    { "aws-iso-e", "cloud.adc-e.uk", "api.cloud-aws.adc-e.uk", "eu-isoe-west-1" },
    { "aws-iso-f", "csp.hci.ic.gov", "api.aws.hci.ic.gov", "us-isof-south-1" },
};

static void finds_partitions_by_id(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const tpmc__aws_partition *found =
            tpmc__aws_partition_by_id(rows[i].id, strlen(rows[i].id));

        assert_non_null(found);
        assert_string_equal(found->id, rows[i].id);
        assert_string_equal(found->dns_suffix, rows[i].dns_suffix);
        assert_string_equal(found->dual_stack_suffix, rows[i].dual_stack_suffix);
        assert_string_equal(found->global_region, rows[i].global_region);
        assert_ptr_equal(tpmc__aws_partition_of_region(found->global_region), found);
    }
    assert_null(tpmc__aws_partition_by_id("aws", 2));
    assert_null(tpmc__aws_partition_by_id("", 0));
    assert_null(tpmc__aws_partition_by_id("AWS", 3));
    assert_string_equal(tpmc__aws_partition_by_id("aws-cn:x", 6)->id, "aws-cn");
}

static void takes_regions(void **state)
{
    static const char longest[] = "a23456789-123456789-123456789-123456789-123456789-123456789-123";

    expect_success(tpmc__aws_check_region("us-east-1", "region", *state), *state);
    expect_success(tpmc__aws_check_region("a", "region", *state), *state);
    expect_success(tpmc__aws_check_region("9-z", "region", *state), *state);
    assert_int_equal(strlen(longest), TPMC__AWS_REGION_MAX);
    expect_success(tpmc__aws_check_region(longest, "region", *state), *state);
}

static void refuses_what_is_no_region(void **state)
{
    static const char *const bad[] = { "-a",  "a-",       "-",     "US-EAST-1",  "a.b", "a/",
                                       "a#b", "a@b",      "a b",   "a\r\n",      "a_b", "a:1",
                                       "a?",  "\xc3\xa9", "a\x7f", "a.evil.com/" };
    char text[TPMC__AWS_REGION_MAX + 2];

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        expect_failure(tpmc__aws_check_region(bad[i], "region", *state), *state, TPMC_ERR_ARGUMENT,
                       "the option 'region' is no region");
        assert_null(strstr(tpmc_error_text(*state), "evil"));
    }
    expect_failure(tpmc__aws_check_region("", "region", *state), *state, TPMC_ERR_ARGUMENT,
                   "the option 'region' is empty");
    memset(text, 'a', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    expect_failure(tpmc__aws_check_region(text, "region", *state), *state, TPMC_ERR_ARGUMENT,
                   "63 characters");
    expect_failure(tpmc__aws_check_region("us-gov-west-1-fips", "region", *state), *state,
                   TPMC_ERR_ARGUMENT, "set the option 'fips'");
    expect_failure(tpmc__aws_check_region("fips-us-east-1", "region", *state), *state,
                   TPMC_ERR_ARGUMENT, "set the option 'fips'");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_partitions_by_region),
        cmocka_unit_test(finds_partitions_by_id),
        WITH_ERROR(takes_regions),
        WITH_ERROR(refuses_what_is_no_region),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
