/* SPDX-License-Identifier: Apache-2.0 */
#include "base/env_int.h"
#include "services/default_service.h"
#include "services/transport.h"

static const tpmc__env_defaults defaults = {
    .http = tpmc__transport_exchange,
    .http_free = tpmc__transport_free,
    .wall_clock = tpmc__posix_wall_clock,
    .monotonic_clock = tpmc__posix_monotonic_clock,
    .sleep = tpmc__posix_sleep,
    .random = tpmc__openssl_random,
};

int tpmc_env_new(tpmc_env **out, tpmc_error *err)
{
    int status;

    status = tpmc__env_create(&defaults, out, err);
    if (status != 0)
        return status;
    status = tpmc__transport_new(*out, err);
    if (status != 0) {
        tpmc_env_free(*out);
        *out = NULL;
    }
    return status;
}
