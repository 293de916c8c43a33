/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_KEYFILE_KEYFILE_READ_H
#define TPMC_KEYFILE_KEYFILE_READ_H

#include "keyfile/keyfile.h"

/* As tpmc__keyfile_parse(), of DER that was taken out of its text already. */
int tpmc__keyfile_read_der(const void *der, size_t len, tpmc__keyfile *out, tpmc_error *err);

#endif
