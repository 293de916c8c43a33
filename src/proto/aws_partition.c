/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/aws_partition.h"

#include <string.h>

#include "base/error_int.h"
#include "http/ascii.h"

enum { AWS, CHINA, US_GOV, EUSC, ISO, ISO_B, ISO_E, ISO_F };

/* As AWS's SDKs published it in August 2026. */
static const tpmc__aws_partition partitions[] = {
    [AWS] = { "aws", "amazonaws.com", "api.aws", "us-east-1" },
    [CHINA] = { "aws-cn", "amazonaws.com.cn", "api.amazonwebservices.com.cn", "cn-northwest-1" },
    [US_GOV] = { "aws-us-gov", "amazonaws.com", "api.aws", "us-gov-west-1" },
    [EUSC] = { "aws-eusc", "amazonaws.eu", "api.amazonwebservices.eu", "eusc-de-east-1" },
    [ISO] = { "aws-iso", "c2s.ic.gov", "api.aws.ic.gov", "us-iso-east-1" },
    [ISO_B] = { "aws-iso-b", "sc2s.sgov.gov", "api.aws.scloud", "us-isob-east-1" },
    [ISO_E] = { "aws-iso-e", "cloud.adc-e.uk", "api.cloud-aws.adc-e.uk", "eu-isoe-west-1" },
    [ISO_F] = { "aws-iso-f", "csp.hci.ic.gov", "api.aws.hci.ic.gov", "us-isof-south-1" },
};

/* A region is one of these, a word and a number: us-gov- and west-1. The rules of `aws` are what is
 * taken for a region that no rule knows, and need no rows. */
static const struct {
    const char *prefix;
    int partition;
} rules[] = {
    { "cn-", CHINA },      { "us-gov-", US_GOV }, { "eusc-de-", EUSC },  { "us-iso-", ISO },
    { "us-isob-", ISO_B }, { "eu-isoe-", ISO_E }, { "us-isof-", ISO_F },
};

/* A word of letters and digits, '-', and a number. */
static int is_word_and_number(const char *text)
{
    size_t word = strcspn(text, "-");
    const char *digit = text + word;

    if (word == 0 || *digit != '-' || digit[1] == '\0')
        return 0;
    for (digit++; *digit != '\0'; digit++) {
        if (!tpmc__ascii_is_digit((unsigned char)*digit))
            return 0;
    }
    return 1;
}

const tpmc__aws_partition *tpmc__aws_partition_of_region(const char *region)
{
    for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
        size_t len = strlen(rules[i].prefix);

        if (strncmp(region, rules[i].prefix, len) == 0 && is_word_and_number(region + len))
            return &partitions[rules[i].partition];
    }
    return &partitions[AWS];
}

const tpmc__aws_partition *tpmc__aws_partition_by_id(const char *id, size_t len)
{
    for (size_t i = 0; i < sizeof(partitions) / sizeof(partitions[0]); i++) {
        if (strlen(partitions[i].id) == len && memcmp(partitions[i].id, id, len) == 0)
            return &partitions[i];
    }
    return NULL;
}

static int is_label(const char *text, size_t len)
{
    if (text[0] == '-' || text[len - 1] == '-')
        return 0;
    for (size_t i = 0; i < len; i++) {
        if (!(text[i] >= 'a' && text[i] <= 'z') && text[i] != '-' &&
            !tpmc__ascii_is_digit((unsigned char)text[i]))
            return 0;
    }
    return 1;
}

static int names_fips(const char *region, size_t len)
{
    return strncmp(region, "fips-", 5) == 0 || (len > 5 && strcmp(region + len - 5, "-fips") == 0);
}

int tpmc__aws_check_region(const char *region, const char *option, tpmc_error *err)
{
    size_t len = strnlen(region, TPMC__AWS_REGION_MAX + 1);

    if (len == 0)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT, "the option '%s' is empty", option);
    if (len > TPMC__AWS_REGION_MAX)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT,
                          "the option '%s' is longer than the 63 characters of a region", option);
    if (!is_label(region, len))
        return tpmc__fail(err, TPMC_ERR_ARGUMENT,
                          "the option '%s' is no region: it takes small letters, digits and '-', "
                          "such as us-east-1",
                          option);
    if (names_fips(region, len))
        return tpmc__fail(err, TPMC_ERR_ARGUMENT,
                          "the option '%s' names FIPS endpoints: give the region alone and set the "
                          "option 'fips'",
                          option);
    return 0;
}
