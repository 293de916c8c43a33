/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_SERVICES_DEFAULT_SERVICE_H
#define TPMC_SERVICES_DEFAULT_SERVICE_H

#include "tpmcloud/env.h"

/* What an environment uses until a callback replaces it. `user` is the environment's private
 * OpenSSL context. */

int tpmc__posix_wall_clock(void *user, int64_t *ms);
int tpmc__posix_monotonic_clock(void *user, int64_t *ms);
/* Goes on after a signal, until all of `ms` has passed. */
int tpmc__posix_sleep(void *user, int64_t ms);
int tpmc__openssl_random(void *user, uint8_t *out, size_t len);

#endif
