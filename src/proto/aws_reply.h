/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_PROTO_AWS_REPLY_H
#define TPMC_PROTO_AWS_REPLY_H

#include "proto/aws_arn.h"
#include "proto/aws_credentials_int.h"
#include "proto/aws_failure.h"

/*
 * Reads what STS, a server like it, or Roles Anywhere answered: credentials in JSON or XML,
 * wherever they stand in it. TPMC_ERR_PROTOCOL when they are not there or one of the four parts is
 * missing or unusable, or they are for another role than `role`, which may be NULL, as far as the
 * answer says; no text holds anything of them. For a status that is not one of success see
 * tpmc__aws_failure(), and so for `service` and `remedy`, which is TPMC__AWS_GIVE_UP for all else.
 * The error carries HTTP status and request id. TPMC_ERR_NOMEM.
 */
int tpmc__aws_reply_read(const tpmc_http_response *response, const char *service,
                         const tpmc__aws_arn *role, tpmc_aws_credentials **out, int *remedy,
                         tpmc_error *err);

#endif
