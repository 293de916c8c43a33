/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_PROTO_AWS_FAILURE_H
#define TPMC_PROTO_AWS_FAILURE_H

#include "tpmcloud/error.h"
#include "tpmcloud/http.h"

/* What may help after a service refused. */
#define TPMC__AWS_GIVE_UP 0
#define TPMC__AWS_TRY_AGAIN 1
/* Once, with the clock corrected by the answer's Date. */
#define TPMC__AWS_CORRECT_CLOCK 2

/*
 * Makes a failure of an answer whose status is not one of success: its text has the service's code
 * and message and what to do, and it carries code, request id, HTTP status and the time to wait.
 * Returns TPMC_ERR_THROTTLED, TPMC_ERR_CLOCK, TPMC_ERR_DENIED, or TPMC_ERR_PROTOCOL for a failing
 * server and for redirections, which are not followed; TPMC_ERR_NOMEM. `service` names who
 * answered, such as "STS".
 */
int tpmc__aws_failure(const tpmc_http_response *response, const char *service, int *remedy,
                      tpmc_error *err);

#endif
