/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "proto/aws_endpoint.h"
#include "unit/expect.h"

typedef struct good_row {
    tpmc__aws_endpoint_request request; /* service, region, endpoint, fips, dual stack, global */
    const char *url;
    const char *signing_region;
} good_row;

static const good_row goods[] = {
    { { "sts", "eu-west-1", NULL, 0, 0, 0 }, "https://sts.eu-west-1.amazonaws.com", "eu-west-1" },
    { { "sts", "us-east-1", NULL, 1, 0, 0 },
      "https://sts-fips.us-east-1.amazonaws.com",
      "us-east-1" },
    { { "sts", "us-east-1", NULL, 0, 1, 0 }, "https://sts.us-east-1.api.aws", "us-east-1" },
    { { "sts", "us-east-1", NULL, 1, 1, 0 }, "https://sts-fips.us-east-1.api.aws", "us-east-1" },
    { { "sts", "us-gov-west-1", NULL, 1, 0, 0 },
      "https://sts.us-gov-west-1.amazonaws.com",
      "us-gov-west-1" },
    { { "sts", "us-gov-west-1", NULL, 1, 1, 0 },
      "https://sts-fips.us-gov-west-1.api.aws",
      "us-gov-west-1" },
    { { "rolesanywhere", "us-gov-west-1", NULL, 1, 0, 0 },
      "https://rolesanywhere-fips.us-gov-west-1.amazonaws.com",
      "us-gov-west-1" },
    { { "sts", "cn-north-1", NULL, 0, 0, 0 },
      "https://sts.cn-north-1.amazonaws.com.cn",
      "cn-north-1" },
    { { "sts", "cn-north-1", NULL, 0, 0, 1 },
      "https://sts.cn-north-1.amazonaws.com.cn",
      "cn-north-1" },
    { { "sts", "cn-north-1", NULL, 0, 1, 0 },
      "https://sts.cn-north-1.api.amazonwebservices.com.cn",
      "cn-north-1" },
    { { "sts", "eusc-de-east-1", NULL, 0, 0, 0 },
      "https://sts.eusc-de-east-1.amazonaws.eu",
      "eusc-de-east-1" },
    { { "sts", "us-iso-east-1", NULL, 0, 0, 0 },
      "https://sts.us-iso-east-1.c2s.ic.gov",
      "us-iso-east-1" },
    { { "sts", "xx-new-1", NULL, 0, 0, 0 }, "https://sts.xx-new-1.amazonaws.com", "xx-new-1" },
    { { "sts", NULL, NULL, 0, 0, 1 }, "https://sts.amazonaws.com", "us-east-1" },
    { { "sts", "eu-west-1", NULL, 0, 0, 1 }, "https://sts.amazonaws.com", "us-east-1" },
    { { "sts", "aws-global", NULL, 0, 0, 0 }, "https://sts.amazonaws.com", "us-east-1" },
    { { "sts", "me-south-1", NULL, 0, 0, 1 },
      "https://sts.me-south-1.amazonaws.com",
      "me-south-1" },
    { { "sts", "eu-west-1", NULL, 1, 0, 1 },
      "https://sts-fips.eu-west-1.amazonaws.com",
      "eu-west-1" },
    { { "sts", "eu-west-1", NULL, 0, 1, 1 }, "https://sts.eu-west-1.api.aws", "eu-west-1" },
    { { "sts", "aws-cn-global", NULL, 0, 0, 0 },
      "https://sts.cn-northwest-1.amazonaws.com.cn",
      "cn-northwest-1" },
    { { "rolesanywhere", "aws-global", NULL, 0, 0, 0 },
      "https://rolesanywhere.us-east-1.amazonaws.com",
      "us-east-1" },
    { { "rolesanywhere", "eu-west-1", NULL, 0, 0, 1 },
      "https://rolesanywhere.eu-west-1.amazonaws.com",
      "eu-west-1" },
    { { "rolesanywhere", "eu-west-1", NULL, 0, 1, 0 },
      "https://rolesanywhere.eu-west-1.api.aws",
      "eu-west-1" },
    { { "sts", "eu-west-1", "https://minio.example.com:9000/", 0, 0, 1 },
      "https://minio.example.com:9000",
      "eu-west-1" },
    { { "sts", NULL, "https://minio.example.com", 0, 0, 0 },
      "https://minio.example.com",
      "us-east-1" },
    { { "sts", "x", "http://127.0.0.1:9000/a/b//", 0, 0, 0 }, "http://127.0.0.1:9000/a/b", "x" },
    { { "sts", "x", "http://[::1]:9000", 0, 0, 0 }, "http://[::1]:9000", "x" },
};

static void finds_endpoints(void **state)
{
    static tpmc__aws_endpoint found;

    for (size_t i = 0; i < sizeof(goods) / sizeof(goods[0]); i++) {
        expect_success(tpmc__aws_endpoint_find(&goods[i].request, &found, *state), *state);
        assert_string_equal(found.url, goods[i].url);
        assert_string_equal(found.signing_region, goods[i].signing_region);
    }
}

typedef struct bad_row {
    tpmc__aws_endpoint_request request;
    const char *words;
} bad_row;

static const bad_row bads[] = {
    { { "sts", NULL, NULL, 0, 0, 0 }, "the option 'region' is needed" },
    { { "sts", NULL, NULL, 1, 0, 1 }, "the option 'region' is needed" },
    { { "sts", NULL, NULL, 0, 1, 1 }, "the option 'region' is needed" },
    { { "rolesanywhere", NULL, NULL, 0, 0, 1 }, "the option 'region' is needed" },
    { { "sts", "", NULL, 0, 0, 1 }, "the option 'region' is empty" },
    { { "sts", "a.evil.com/", NULL, 0, 0, 0 }, "the option 'region' is no region" },
    { { "sts", "us-gov-west-1-fips", NULL, 0, 0, 0 }, "set the option 'fips'" },
    { { "sts", "x.y", "https://h", 0, 0, 0 }, "the option 'region' is no region" },
    { { "sts", "x", "https://h", 1, 0, 0 }, "'endpoint' and 'fips' exclude" },
    { { "sts", "x", "https://h", 0, 1, 0 }, "'endpoint' and 'dual_stack' exclude" },
    { { "sts", "x", "http://h", 0, 0, 0 }, "must begin with https://" },
    { { "sts", "x", "http://localhost", 0, 0, 0 }, "must begin with https://" },
    { { "sts", "x", "ftp://h", 0, 0, 0 }, "the option 'endpoint': the URL does not begin" },
    { { "sts", "x", "", 0, 0, 0 }, "the option 'endpoint': the URL does not begin" },
    { { "sts", "x", "https://u:s3cret@h", 0, 0, 0 },
      "the option 'endpoint': the URL holds a user" },
    { { "sts", "x", "https://h?a=b", 0, 0, 0 }, "has a query" },
    { { "sts", "x", "https://h/?", 0, 0, 0 }, "has a query" },
    { { "sts", "x", "https://h/#a", 0, 0, 0 }, "the option 'endpoint': the URL has a fragment" },
    { { "sts", "x", "https://h/\r\nA: b", 0, 0, 0 }, "the option 'endpoint': the URL" },
};

static void refuses_what_cannot_be(void **state)
{
    static tpmc__aws_endpoint found;

    for (size_t i = 0; i < sizeof(bads) / sizeof(bads[0]); i++) {
        expect_failure(tpmc__aws_endpoint_find(&bads[i].request, &found, *state), *state,
                       TPMC_ERR_ARGUMENT, bads[i].words);
        assert_string_equal(found.url, "");
        assert_null(strstr(tpmc_error_text(*state), "s3cret"));
    }
}

static void takes_the_longest_url(void **state)
{
    static char url[TPMC__URL_MAX + 2] = "https://h/";
    static tpmc__aws_endpoint found;
    const tpmc__aws_endpoint_request request = { "sts", "x", url, 0, 0, 0 };

    memset(url + strlen(url), 'a', TPMC__URL_MAX - strlen(url));
    expect_success(tpmc__aws_endpoint_find(&request, &found, *state), *state);
    assert_string_equal(found.url, url);
    url[TPMC__URL_MAX] = 'a';
    expect_failure(tpmc__aws_endpoint_find(&request, &found, *state), *state, TPMC_ERR_ARGUMENT,
                   "8192");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ERROR(finds_endpoints),
        WITH_ERROR(refuses_what_cannot_be),
        WITH_ERROR(takes_the_longest_url),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
