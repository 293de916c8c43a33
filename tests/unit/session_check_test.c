/* SPDX-License-Identifier: Apache-2.0 */
#include "aws_rolesanywhere/session_check.h"

#include "unit/options_fixture.h"

#define ANCHOR "arn:aws:rolesanywhere:eu-central-1:123456789012:trust-anchor/a"
#define PROFILE "arn:aws:rolesanywhere:eu-central-1:123456789012:profile/b"
#define ROLE "arn:aws:iam::123456789012:role/x"

/* What is set beside a certificate file and the three ARNs; a NULL value unsets. */
typedef struct sample {
    const char *settings[6][2];
    int has_certificate;
    const char *words; /* NULL: it passes */
} sample;

static const sample samples[] = {
    { { { NULL } }, 0, NULL },
    { { { "public_certificate_file", NULL } }, 1, NULL },
    { { { "public_certificate_file", NULL } },
      0,
      "option 'public_certificate_file' is missing: the X.509 certificate of the key" },
    { { { NULL } },
      1,
      "option 'public_certificate_file' and the bytes of a certificate exclude each other" },
    { { { "trust_anchor_arn", NULL } },
      0,
      "option 'trust_anchor_arn' is missing: the ARN of the trust anchor" },
    { { { "profile_arn", NULL } },
      0,
      "option 'profile_arn' is missing: the ARN of the Roles Anywhere profile" },
    { { { "role_arn", NULL } }, 0, "option 'role_arn' is missing: the ARN of the role" },
    { { { "trust_anchor_arn", PROFILE } },
      0,
      "'trust_anchor_arn' is not the ARN of a trust anchor" },
    { { { "profile_arn", ANCHOR } }, 0, "'profile_arn' is not the ARN of a profile" },
    { { { "role_arn", ANCHOR } }, 0, "'role_arn' is not the ARN of a role" },
    { { { "profile_arn", "arn:aws:rolesanywhere:eu-west-1:123456789012:profile/b" } },
      0,
      "the trust anchor is of the region eu-central-1, the profile of eu-west-1" },
    { { { "profile_arn", "arn:aws:rolesanywhere:eu-central-1:123456789013:profile/b" } },
      0,
      "the trust anchor is of the account 123456789012, the profile of 123456789013" },
    { { { "role_arn", "arn:aws:iam::123456789013:role/x" } },
      0,
      "the trust anchor is of the account 123456789012, the role of 123456789013" },
    { { { "role_arn", "arn:aws-cn:iam::123456789012:role/x" } },
      0,
      "the trust anchor is of the partition aws, the role of aws-cn" },
    { { { "region", "eu-central-1" } }, 0, NULL },
    { { { "region", "eu-central-2" } },
      0,
      "option 'region' is eu-central-2, and the trust anchor is in eu-central-1: leave it unset" },
    { { { "instance_property", "a=1" },
        { "instance_property", "b=1" },
        { "instance_property", "A=1" },
        { "instance_property", "aa=1" },
        { "instance_property", "b2=a=1" } },
      0,
      NULL },
    { { { "instance_property", "ab=1" }, { "instance_property", "a=1" } }, 0, NULL },
    { { { "instance_property", "ab=1" }, { "instance_property", "ab=2" } },
      0,
      "option 'instance_property' has the key 'ab' twice" },
    { { { "endpoint", "https://x.example.com" }, { "fips", "1" } },
      0,
      "'endpoint' and 'fips' exclude each other" },
    { { { "endpoint", "https://x.example.com" }, { "dual_stack", "1" } },
      0,
      "'endpoint' and 'dual_stack' exclude each other" },
    { { { "endpoint", "http://x.example.com" } }, 0, "must begin with https://" },
    /* It has no effect here. */
    { { { "aws_access_key_id", "ASIAIOSFODNN7EXAMPLE" } }, 0, NULL },
};

static void open_complete(options_fixture *f)
{
    options_open(f, TPMC_OBJECT_AWS_ROLESANYWHERE);
    options_put(f, "public_certificate_file", "c.pem");
    options_put(f, "trust_anchor_arn", ANCHOR);
    options_put(f, "profile_arn", PROFILE);
    options_put(f, "role_arn", ROLE);
}

static void options_must_fit_together(void **state)
{
    tpmc__session_plan plan;
    options_fixture f;
    int status;

    (void)state;
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        open_complete(&f);
        for (size_t k = 0; k < 6 && samples[i].settings[k][0] != NULL; k++)
            options_put(&f, samples[i].settings[k][0], samples[i].settings[k][1]);
        status = tpmc__session_check(&f.options, samples[i].has_certificate, &plan, f.err);
        if (samples[i].words != NULL) {
            expect_failure(status, f.err, TPMC_ERR_ARGUMENT, samples[i].words);
        } else {
            expect_success(status, f.err);
            assert_string_equal(plan.role.account, "123456789012");
            assert_string_equal(plan.role.name, "x");
        }
        options_close(&f);
    }
}

typedef struct place {
    const char *settings[2][2];
    const char *url;
} place;

static void the_endpoint_is_in_the_region_of_the_anchor(void **state)
{
    static const place places[] = {
        { { { NULL } }, "https://rolesanywhere.eu-central-1.amazonaws.com" },
        { { { "fips", "1" } }, "https://rolesanywhere-fips.eu-central-1.amazonaws.com" },
        { { { "dual_stack", "1" } }, "https://rolesanywhere.eu-central-1.api.aws" },
        { { { "fips", "1" }, { "dual_stack", "1" } },
          "https://rolesanywhere-fips.eu-central-1.api.aws" },
        { { { "endpoint", "https://x.example.com:8443/p/" } }, "https://x.example.com:8443/p" },
    };
    tpmc__session_plan plan;
    options_fixture f;

    (void)state;
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        open_complete(&f);
        for (size_t k = 0; k < 2 && places[i].settings[k][0] != NULL; k++)
            options_put(&f, places[i].settings[k][0], places[i].settings[k][1]);
        expect_success(tpmc__session_check(&f.options, 0, &plan, f.err), f.err);
        assert_string_equal(plan.endpoint.url, places[i].url);
        assert_string_equal(plan.endpoint.signing_region, "eu-central-1");
        options_close(&f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options_must_fit_together),
        cmocka_unit_test(the_endpoint_is_in_the_region_of_the_anchor),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
