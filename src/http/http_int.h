/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_HTTP_HTTP_INT_H
#define TPMC_HTTP_HTTP_INT_H

#include "base/env_int.h"
#include "tpmcloud/http.h"

/* The most bytes of an answer's body that the library takes. */
#define TPMC__HTTP_MAX_BODY (1024 * 1024)

/* What tpmc_http_request_time_left_ms() answers from now on; -1 when the exchange is over. */
void tpmc__http_request_set_time_left(tpmc_http_request *request, int64_t ms);

/* Wipes and drops all header fields but the first `count`: what was added can be taken back. */
void tpmc__http_request_truncate_headers(tpmc_http_request *request, size_t count);

int tpmc__http_response_new(tpmc_http_response **out, tpmc_error *err);
void tpmc__http_response_free(tpmc_http_response *response);
/* TPMC_ERR_PROTOCOL when the body was too large, TPMC_ERR_NOMEM when it found no memory, whatever
 * the transport made of that. */
int tpmc__http_response_check_body(const tpmc_http_response *response, tpmc_error *err);
/* As tpmc__http_response_check_body(), and TPMC_ERR_PROTOCOL for an answer without status. */
int tpmc__http_response_check(const tpmc_http_response *response, tpmc_error *err);

/*
 * One exchange through the environment's transport, with no lock held: checks that the URL is
 * https, or http to a loopback address when `allow_http_loopback` is set, sets the time left from
 * `deadline_ms` (monotonic), and demands a status from the transport. On success `*out` is freed by
 * the caller. TPMC_ERR_UNSUPPORTED when there is no transport, TPMC_ERR_TIMEOUT,
 * TPMC_ERR_CANCELLED, TPMC_ERR_PROTOCOL, or the transport's own code.
 */
int tpmc__http_exchange(tpmc_env *env, tpmc_http_request *request, int64_t deadline_ms,
                        tpmc_http_response **out, tpmc_error *err);

#endif
