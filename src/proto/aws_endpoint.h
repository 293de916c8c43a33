/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_PROTO_AWS_ENDPOINT_H
#define TPMC_PROTO_AWS_ENDPOINT_H

#include "http/url.h"
#include "proto/aws_partition.h"

/* Which endpoint of a service is wanted. */
typedef struct tpmc__aws_endpoint_request {
    const char *service;  /* "sts" or "rolesanywhere" */
    const char *region;   /* may be NULL with `use_global` or `endpoint` */
    const char *endpoint; /* a URL instead of AWS's own; or NULL */
    int fips;
    int dual_stack;
    int use_global; /* sts: see below */
} tpmc__aws_endpoint_request;

typedef struct tpmc__aws_endpoint {
    char url[TPMC__URL_MAX + 1]; /* without '/' at its end; append the path of the call */
    char signing_region[TPMC__AWS_REGION_MAX + 1];
} tpmc__aws_endpoint;

/*
 * Finds where a service is, by the rules of AWS's SDKs. `use_global` takes the global host of STS,
 * which is signed for us-east-1, without a region and for the regions that the SDKs send there; in
 * others, where its tokens are not valid, and with FIPS or dual stack it changes nothing. The name
 * of a partition's pseudo-region, such as aws-global, stands for its global region. An endpoint of
 * the caller's without a region is signed for us-east-1.
 * TPMC_ERR_ARGUMENT for neither a region nor an endpoint, for an endpoint with FIPS or dual stack,
 * for one that is not https (or http to a loopback address), or that has a query.
 */
int tpmc__aws_endpoint_find(const tpmc__aws_endpoint_request *request, tpmc__aws_endpoint *out,
                            tpmc_error *err);

#endif
