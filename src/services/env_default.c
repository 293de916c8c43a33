/* SPDX-License-Identifier: Apache-2.0 */
#include "base/env_int.h"
#include "services/default_service.h"

/* HTTP is left out: this release has no transport of its own. */
static const tpmc__env_defaults defaults = {
    .wall_clock = tpmc__posix_wall_clock,
    .monotonic_clock = tpmc__posix_monotonic_clock,
    .sleep = tpmc__posix_sleep,
    .random = tpmc__openssl_random,
};

int tpmc_env_new(tpmc_env **out, tpmc_error *err)
{
    return tpmc__env_create(&defaults, out, err);
}
