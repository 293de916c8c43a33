/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_CODEC_FILE_H
#define TPMC_CODEC_FILE_H

#include "base/buf.h"

/*
 * Reads a whole regular file into `out`, whose ceiling is the most that is taken. TPMC_ERR_IO (with
 * the reason of the system, or for a directory, pipe or device) or TPMC_ERR_FORMAT when the file is
 * too large. `what` names it: "key file". The path is named in the text. Former content of `out` is
 * replaced; after a failure it is empty.
 */
int tpmc__file_read(const char *path, const char *what, tpmc__buf *out, tpmc_error *err);

#endif
