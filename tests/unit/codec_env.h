/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_UNIT_CODEC_ENV_H
#define TESTS_UNIT_CODEC_ENV_H

#include "base/env_int.h"

/* A group of tests whose state is an environment without services: codec uses its OpenSSL context
 * alone. */
static inline int setup_env(void **state)
{
    static const tpmc__env_defaults no_services;

    return tpmc__env_create(&no_services, (tpmc_env **)state, NULL);
}

static inline int teardown_env(void **state)
{
    tpmc_env_free(*state);
    return 0;
}

#endif
