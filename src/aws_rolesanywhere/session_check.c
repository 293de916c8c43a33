/* SPDX-License-Identifier: Apache-2.0 */
#include "aws_rolesanywhere/session_check.h"

#include <string.h>

#include "base/error_int.h"
#include "base/option_table.h"

static int check_certificate(const tpmc__options *options, int has_certificate, tpmc_error *err)
{
    int has_file = tpmc__options_is_set(options, TPMC__AWS_RA_PUBLIC_CERTIFICATE_FILE);

    if (!has_file && !has_certificate)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT,
                          "option 'public_certificate_file' is missing: the X.509 certificate of "
                          "the key");
    if (has_file && has_certificate)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT,
                          "option 'public_certificate_file' and the bytes of a certificate exclude "
                          "each other");
    return 0;
}

static int read_arn(const tpmc__options *options, size_t index, int kind, const char *what,
                    tpmc__aws_arn *out, tpmc_error *err)
{
    const char *name = options->table->options[index].name;
    const char *text = tpmc__options_text(options, index);

    if (text == NULL)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT, "option '%s' is missing: the ARN of the %s", name,
                          what);
    return tpmc__aws_arn_parse(kind, name, text, out, err);
}

static int find_endpoint(const tpmc__options *options, const char *region, tpmc__aws_endpoint *out,
                         tpmc_error *err)
{
    tpmc__aws_endpoint_request request = {
        .service = "rolesanywhere",
        .region = region,
        .endpoint = tpmc__options_text(options, TPMC__AWS_RA_ENDPOINT),
        .fips = tpmc__options_number(options, TPMC__AWS_RA_FIPS) != 0,
        .dual_stack = tpmc__options_number(options, TPMC__AWS_RA_DUAL_STACK) != 0,
    };

    return tpmc__aws_endpoint_find(&request, out, err);
}

/* The names of instance properties are those of a JSON object: each may stand there once. */
static int check_properties(const tpmc__options *options, tpmc_error *err)
{
    size_t count = tpmc__options_item_count(options, TPMC__AWS_RA_INSTANCE_PROPERTY);
    const char *pair;
    size_t len;

    for (size_t i = 0; i < count; i++) {
        pair = tpmc__options_item(options, TPMC__AWS_RA_INSTANCE_PROPERTY, i);
        len = strcspn(pair, "=") + 1;
        for (size_t k = 0; k < i; k++) {
            if (strncmp(pair, tpmc__options_item(options, TPMC__AWS_RA_INSTANCE_PROPERTY, k),
                        len) == 0)
                return tpmc__fail(err, TPMC_ERR_ARGUMENT,
                                  "option 'instance_property' has the key '%.*s' twice",
                                  (int)len - 1, pair);
        }
    }
    return 0;
}

static int check_region(const tpmc__options *options, const tpmc__aws_arn *anchor, tpmc_error *err)
{
    const char *region = tpmc__options_text(options, TPMC__AWS_RA_REGION);

    if (region == NULL || strcmp(region, anchor->region) == 0)
        return 0;
    return tpmc__fail(err, TPMC_ERR_ARGUMENT,
                      "option 'region' is %s, and the trust anchor is in %s: leave it unset",
                      region, anchor->region);
}

int tpmc__session_check(const tpmc__options *options, int has_certificate, tpmc__session_plan *out,
                        tpmc_error *err)
{
    tpmc__aws_arn anchor;
    tpmc__aws_arn profile;
    int status;

    memset(out, 0, sizeof(*out));
    status = check_certificate(options, has_certificate, err);
    if (status == 0)
        status = read_arn(options, TPMC__AWS_RA_TRUST_ANCHOR_ARN, TPMC__AWS_TRUST_ANCHOR,
                          "trust anchor", &anchor, err);
    if (status == 0)
        status = read_arn(options, TPMC__AWS_RA_PROFILE_ARN, TPMC__AWS_PROFILE,
                          "Roles Anywhere profile", &profile, err);
    if (status == 0)
        status = read_arn(options, TPMC__AWS_RA_ROLE_ARN, TPMC__AWS_ROLE, "role", &out->role, err);
    if (status == 0)
        status = tpmc__aws_arn_check_together(&anchor, &profile, &out->role, err);
    if (status == 0)
        status = check_region(options, &anchor, err);
    if (status == 0)
        status = check_properties(options, err);
    if (status == 0)
        status = find_endpoint(options, anchor.region, &out->endpoint, err);
    return status;
}
