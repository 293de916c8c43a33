/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_SERVICES_TRANSPORT_H
#define TPMC_SERVICES_TRANSPORT_H

#include "base/env_int.h"

/* The built-in HTTP transport: http_curl.c, or http_none.c in a build without libcurl. */

/* Prepares `env->transport`. A libcurl that cannot be used is no failure here, but of the first
 * exchange. */
int tpmc__transport_new(tpmc_env *env, tpmc_error *err);
/* Not in a child process. */
void tpmc__transport_free(tpmc_env *env);
/*
 * One exchange. TPMC_ERR_NETWORK before an answer, TPMC_ERR_TLS, TPMC_ERR_TIMEOUT,
 * TPMC_ERR_CANCELLED, TPMC_ERR_PROTOCOL for an answer that is no HTTP or too long,
 * TPMC_ERR_ARGUMENT for a request that no transport should send, TPMC_ERR_UNSUPPORTED,
 * TPMC_ERR_NOMEM, or the should-stop callback's code.
 */
int tpmc__transport_exchange(tpmc_env *env, const tpmc_http_request *request,
                             tpmc_http_response *response, tpmc_error *err);

#endif
