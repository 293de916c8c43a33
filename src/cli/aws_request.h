/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_CLI_AWS_REQUEST_H
#define TPMC_CLI_AWS_REQUEST_H

#include "cli/aws_hmac_context.h"

/* Flags that describe a request. */
extern const cli_own_flag cli_aws_request_flags[];
#define CLI_AWS_REQUEST_FLAG_COUNT 6

/* Makes the request that the flags describe; freed by the caller in every case. CLI_OK, CLI_FAILED
 * or CLI_USAGE with a message. */
int cli_aws_request_new(const cli_context *context, const cli_args *args, tpmc_http_request **out);

#endif
