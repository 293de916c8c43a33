/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_AZURE_ENTRA_FAILURE_H
#define TPMC_AZURE_ENTRA_FAILURE_H

#include "tpmcloud/error.h"
#include "tpmcloud/http.h"

/*
 * Makes an error of a token endpoint's refusal: "Entra answered AADSTS700027 (invalid_client, HTTP
 * status 401): <message>; <hint>", with the code and the trace id. What looks like a token in the
 * message is left out. `*verdict` is one of TPMC__HTTP_*. Returns TPMC_ERR_THROTTLED,
 * TPMC_ERR_CLOCK, TPMC_ERR_DENIED, TPMC_ERR_PROTOCOL for a server that fails, or TPMC_ERR_NOMEM.
 */
int tpmc__entra_failure(const tpmc_http_response *response, int *verdict, tpmc_error *err);

#endif
