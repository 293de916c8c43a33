/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_AWS_HMAC_STS_CHECK_H
#define TPMC_AWS_HMAC_STS_CHECK_H

#include "base/option_int.h"
#include "proto/aws_endpoint.h"

/* Checks that the options name an access key of a user, and nothing that has no place beside it.
 * Pure, as all here. */
int tpmc__sts_check_identity(const tpmc__options *options, tpmc_error *err);
/* Checks that the options together make a call for credentials possible. `has_mfa` says that
 * somebody can be asked for a code. */
int tpmc__sts_check_options(const tpmc__options *options, int has_mfa, tpmc_error *err);
/* Finds the endpoint of STS that the options ask for. */
int tpmc__sts_endpoint(const tpmc__options *options, tpmc__aws_endpoint *out, tpmc_error *err);

#endif
