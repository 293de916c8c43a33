/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_PROTO_AWS_ARN_H
#define TPMC_PROTO_AWS_ARN_H

#include "proto/aws_partition.h"

/* What an ARN names, with the limits of the call that it is for. */
#define TPMC__AWS_TRUST_ANCHOR 0
#define TPMC__AWS_PROFILE 1
#define TPMC__AWS_ROLE 2     /* for CreateSession of Roles Anywhere */
#define TPMC__AWS_STS_ROLE 3 /* for AssumeRole of STS */

#define TPMC__AWS_ACCOUNT_LEN 12

/* The parts of an ARN. The resource and what follows it point into its text. */
typedef struct tpmc__aws_arn {
    const tpmc__aws_partition *partition;
    char region[TPMC__AWS_REGION_MAX + 1]; /* empty for a role */
    char account[TPMC__AWS_ACCOUNT_LEN +
                 1];      /* may be empty in a role for STS: some servers have none */
    const char *text;     /* the whole of it, borrowed as what follows */
    const char *resource; /* role/path/name */
    const char *name;     /* its last part */
} tpmc__aws_arn;

/*
 * Takes an ARN apart. TPMC_ERR_ARGUMENT for what is no ARN of this kind; the text names `option`,
 * which it came from, and what is wrong.
 */
int tpmc__aws_arn_parse(int kind, const char *option, const char *text, tpmc__aws_arn *out,
                        tpmc_error *err);
/* TPMC_ERR_ARGUMENT, naming both, unless all three are of one partition and one account, and trust
 * anchor and profile of one region. */
int tpmc__aws_arn_check_together(const tpmc__aws_arn *trust_anchor, const tpmc__aws_arn *profile,
                                 const tpmc__aws_arn *role, tpmc_error *err);
/* TPMC_ERR_PROTOCOL when the ARN of a session, arn:aws:sts::ACCOUNT:assumed-role/NAME/SESSION, is
 * not of this role. */
int tpmc__aws_arn_check_assumed(const tpmc__aws_arn *role, const char *session, tpmc_error *err);

#endif
