/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_PROTO_SERVICE_URL_H
#define TPMC_PROTO_SERVICE_URL_H

#include "tpmcloud/error.h"

/* Checks an option that is the URL of a service: https, or http to a loopback address, which the
 * environment may refuse later; no user info, query or fragment. TPMC_ERR_ARGUMENT with the
 * option's name. Pure. */
int tpmc__service_url_check(const char *url, const char *option, tpmc_error *err);

#endif
