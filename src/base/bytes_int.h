/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_BASE_BYTES_INT_H
#define TPMC_BASE_BYTES_INT_H

#include "base/buf.h"
#include "tpmcloud/bytes.h"

int tpmc__bytes_new(const void *data, size_t len, tpmc_bytes **out, tpmc_error *err);
/* Moves the content of a buffer into a new object; fails with the buffer's own sticky failure. The
 * buffer is empty after. */
int tpmc__bytes_from_buf(tpmc__buf *buf, const char *what, tpmc_bytes **out, tpmc_error *err);

#endif
