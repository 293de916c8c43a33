/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_PROTO_AWS_CALL_H
#define TPMC_PROTO_AWS_CALL_H

#include "http/retry.h"

/* One kind of call of a service of AWS. */
typedef struct tpmc__aws_call {
    const char *service; /* names who answers in errors, such as "STS" */
    /* Makes and signs a request at a time of the service's clock; it is freed by the caller. */
    int (*build)(void *context, int64_t time_ms, tpmc_http_request **out, tpmc_error *err);
    /* Reads an answer of success. */
    int (*read)(void *context, const tpmc_http_response *response, tpmc_error *err);
    tpmc__http_clock *clock;
    int is_single; /* a request that may have been carried out must not be sent again */
} tpmc__aws_call;

/*
 * Sends requests until one succeeds, as tpmc__http_call() does. A service that finds our clock
 * wrong is asked once more with its own time, also for what is single: it did nothing before.
 */
int tpmc__aws_call_run(tpmc_env *env, const tpmc__aws_call *call, void *context, tpmc_error *err);

#endif
