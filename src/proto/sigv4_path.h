/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_PROTO_SIGV4_PATH_H
#define TPMC_PROTO_SIGV4_PATH_H

#include "base/buf.h"

/* Appends the canonical form of a URL's path, of which `len` may be 0. `flags` are those of
 * tpmc__sigv4_params; failures stick to `out`. */
void tpmc__sigv4_canonical_path(const char *path, size_t len, unsigned flags, tpmc__buf *out);

#endif
