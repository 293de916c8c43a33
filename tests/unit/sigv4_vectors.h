/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_UNIT_SIGV4_VECTORS_H
#define TESTS_UNIT_SIGV4_VECTORS_H

#include "unit/sigv4_fixture.h"

/* Checks the published tests of SigV4 in both forms, in a folder that need not be there; returns
 * how many there were. `make_key` makes signing keys of SIGV4_SECRET; NULL: in software. */
int sigv4_vectors_check(tpmc_env *env, tpmc__sigv4_key_fn make_key, void *key_context);

#endif
