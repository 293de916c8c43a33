/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_PROTO_SIGV4_QUERY_H
#define TPMC_PROTO_SIGV4_QUERY_H

#include "base/buf.h"

/*
 * Appends the canonical form of a query without its '?': parameters are decoded, encoded and sorted
 * by name and value. One without '=' gets one, an empty one vanishes, and '+' is a plus. Failures
 * stick to `out`.
 */
void tpmc__sigv4_canonical_query(const char *query, size_t len, tpmc__buf *out);
/* TPMC_ERR_ARGUMENT for a query with a parameter that a presigned URL has. */
int tpmc__sigv4_check_query(const char *query, size_t len, tpmc_error *err);

#endif
