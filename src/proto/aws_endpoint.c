/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/aws_endpoint.h"

#include <stdio.h>
#include <string.h>

#include "base/error_int.h"

#define GLOBAL_REGION "us-east-1"
#define GLOBAL_STS "https://sts.amazonaws.com"

/* What the SDKs' "legacy" mode sends to the global host: regions that exist since before 2019. */
static const char *const regions_of_global_sts[] = {
    "ap-northeast-1", "ap-south-1", "ap-southeast-1", "ap-southeast-2", "ca-central-1",
    "eu-central-1",   "eu-north-1", "eu-west-1",      "eu-west-2",      "eu-west-3",
    "sa-east-1",      "us-east-1",  "us-east-2",      "us-west-1",      "us-west-2",
};

static int is_region_of_global_sts(const char *region)
{
    size_t count = sizeof(regions_of_global_sts) / sizeof(regions_of_global_sts[0]);

    for (size_t i = 0; i < count; i++) {
        if (strcmp(regions_of_global_sts[i], region) == 0)
            return 1;
    }
    return 0;
}

/* The global region of the partition for the name of a pseudo-region, else NULL. */
static const char *region_of_pseudo_region(const char *region)
{
    static const char ending[] = "-global";
    size_t len = strlen(region);
    const tpmc__aws_partition *partition = NULL;

    if (len < sizeof(ending) || strcmp(region + len - (sizeof(ending) - 1), ending) != 0)
        return NULL;
    partition = tpmc__aws_partition_by_id(region, len - (sizeof(ending) - 1));
    return partition != NULL ? partition->global_region : NULL;
}

static int takes_global_sts(const tpmc__aws_endpoint_request *request)
{
    if (strcmp(request->service, "sts") != 0 || request->fips || request->dual_stack)
        return 0;
    if (request->region == NULL)
        return request->use_global;
    if (strcmp(request->region, "aws-global") == 0)
        return 1;
    return request->use_global && is_region_of_global_sts(request->region);
}

/* In GovCloud the usual name of STS is the FIPS endpoint. */
static int is_fips_by_itself(const char *service, const tpmc__aws_partition *partition)
{
    return strcmp(service, "sts") == 0 && strcmp(partition->id, "aws-us-gov") == 0;
}

static void write_regional(const tpmc__aws_endpoint_request *request, tpmc__aws_endpoint *out)
{
    const char *region = out->signing_region;
    const tpmc__aws_partition *partition = tpmc__aws_partition_of_region(region);
    int is_fips =
        request->fips && (request->dual_stack || !is_fips_by_itself(request->service, partition));

    (void)snprintf(out->url, sizeof(out->url), "https://%s%s.%s.%s", request->service,
                   is_fips ? "-fips" : "", region,
                   request->dual_stack ? partition->dual_stack_suffix : partition->dns_suffix);
}

static int check_endpoint(const tpmc__aws_endpoint_request *request, tpmc_error *err)
{
    tpmc__url url;
    int status = tpmc__url_parse(request->endpoint, &url, err);

    if (status != 0) {
        tpmc__error_prefix(err, "the option 'endpoint'");
        return status;
    }
    if (!url.is_https && !tpmc__url_is_loopback(&url))
        return tpmc__fail(err, TPMC_ERR_ARGUMENT,
                          "the option 'endpoint' must begin with https://; http:// is for loopback "
                          "addresses such as 127.0.0.1 only");
    if (strchr(url.path, '?') != NULL)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT,
                          "the option 'endpoint' has a query: leave out '?' and what follows");
    return 0;
}

/* Some servers and proxies compare Host letter by letter. */
static void lower_host(char *url)
{
    char *host = strstr(url, "://") + strlen("://");
    size_t len = strcspn(host, "/");

    for (size_t i = 0; i < len; i++) {
        if (host[i] >= 'A' && host[i] <= 'Z')
            host[i] = (char)(host[i] - 'A' + 'a');
    }
}

static int take_endpoint(const tpmc__aws_endpoint_request *request, tpmc__aws_endpoint *out,
                         tpmc_error *err)
{
    size_t len = 0;
    int status = 0;

    if (request->fips)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT,
                          "the options 'endpoint' and 'fips' exclude each other");
    if (request->dual_stack)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT,
                          "the options 'endpoint' and 'dual_stack' exclude each other");
    status = check_endpoint(request, err);
    if (status != 0)
        return status;
    len = strlen(request->endpoint);
    while (request->endpoint[len - 1] == '/')
        len--;
    memcpy(out->url, request->endpoint, len);
    lower_host(out->url);
    return 0;
}

static int find_signing_region(const tpmc__aws_endpoint_request *request, tpmc__aws_endpoint *out,
                               tpmc_error *err)
{
    const char *region = request->region;
    int status = 0;

    if (region == NULL && request->endpoint == NULL && !takes_global_sts(request))
        return tpmc__fail(err, TPMC_ERR_ARGUMENT,
                          "the option 'region' is needed, or the option 'endpoint'");
    if (region == NULL) {
        memcpy(out->signing_region, GLOBAL_REGION, sizeof(GLOBAL_REGION));
        return 0;
    }
    status = tpmc__aws_check_region(region, "region", err);
    if (status != 0)
        return status;
    if (region_of_pseudo_region(region) != NULL)
        region = region_of_pseudo_region(region);
    memcpy(out->signing_region, region, strlen(region));
    return 0;
}

int tpmc__aws_endpoint_find(const tpmc__aws_endpoint_request *request, tpmc__aws_endpoint *out,
                            tpmc_error *err)
{
    int status = 0;

    memset(out, 0, sizeof(*out));
    status = find_signing_region(request, out, err);
    if (status != 0)
        return status;
    if (request->endpoint != NULL)
        return take_endpoint(request, out, err);
    if (!takes_global_sts(request)) {
        write_regional(request, out);
        return 0;
    }
    memcpy(out->signing_region, GLOBAL_REGION, sizeof(GLOBAL_REGION));
    memcpy(out->url, GLOBAL_STS, sizeof(GLOBAL_STS));
    return 0;
}
