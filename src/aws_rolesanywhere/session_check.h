/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_AWS_ROLESANYWHERE_SESSION_CHECK_H
#define TPMC_AWS_ROLESANYWHERE_SESSION_CHECK_H

#include "base/option_int.h"
#include "proto/aws_arn.h"
#include "proto/aws_endpoint.h"

/* What the options say, taken apart. It points into them. */
typedef struct tpmc__session_plan {
    tpmc__aws_arn role;
    tpmc__aws_endpoint endpoint;
} tpmc__session_plan;

/* Checks that the options together make a session possible, and says where. `has_certificate` says
 * that its bytes were given. Pure. */
int tpmc__session_check(const tpmc__options *options, int has_certificate, tpmc__session_plan *out,
                        tpmc_error *err);

#endif
