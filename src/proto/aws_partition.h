/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_PROTO_AWS_PARTITION_H
#define TPMC_PROTO_AWS_PARTITION_H

#include <stddef.h>

#include "tpmcloud/error.h"

#define TPMC__AWS_REGION_MAX 63

/* A separate part of AWS, with names and accounts of its own. */
typedef struct tpmc__aws_partition {
    const char *id;                /* as in an ARN: "aws", "aws-cn" */
    const char *dns_suffix;        /* "amazonaws.com" */
    const char *dual_stack_suffix; /* "api.aws" */
    const char *global_region;     /* where its global services are signed for */
} tpmc__aws_partition;

/* The partition of a region by the form of its name; `aws` for a region that no rule knows. */
const tpmc__aws_partition *tpmc__aws_partition_of_region(const char *region);
/* The partition with the name that `id` begins with, `len` bytes of it; NULL when there is none. */
const tpmc__aws_partition *tpmc__aws_partition_by_id(const char *id, size_t len);
/* TPMC_ERR_ARGUMENT unless the region can be a part of a host name: 1 to 63 of a-z, 0-9 and '-',
 * which it neither begins nor ends with. Also for the names that some settings files have for FIPS,
 * which no signature can be made for. `option` is named in the text. */
int tpmc__aws_check_region(const char *region, const char *option, tpmc_error *err);

#endif
