/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_PROTO_AWS_CREDENTIALS_INT_H
#define TPMC_PROTO_AWS_CREDENTIALS_INT_H

#include "base/ref.h"
#include "proto/cache.h"
#include "tpmcloud/aws.h"
#include "tpmcloud/error.h"

/* What credentials are made of; the last three may be NULL. */
typedef struct tpmc__aws_credentials_parts {
    const char *access_key_id;
    const char *secret_access_key;
    int64_t expires_at_ms;
    const char *session_token;
    const char *assumed_role_arn;
    const char *user_id;
} tpmc__aws_credentials_parts;

/* Copies the parts, which came from a service: TPMC_ERR_PROTOCOL, with a text that quotes none of
 * them, when one holds what would poison a header or a file. The account is that of the ARN. */
int tpmc__aws_credentials_new(const tpmc__aws_credentials_parts *parts, tpmc_aws_credentials **out,
                              tpmc_error *err);
tpmc_aws_credentials *tpmc__aws_credentials_ref(tpmc_aws_credentials *credentials);
/* For a cache of them. */
extern const tpmc__cache_type tpmc__aws_credentials_cache_type;

#endif
