/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_KEYFILE_KEYFILE_INPUT_H
#define TPMC_KEYFILE_KEYFILE_INPUT_H

#include "base/buf.h"

/*
 * Takes the DER of a TSS2 key out of what a person hands over: PEM text with whatever stands around
 * the block, or DER itself. Anything else is refused and named for what it is. `der` is empty
 * before; it is freed by the caller in every case.
 */
int tpmc__keyfile_input(const void *data, size_t len, tpmc__buf *der, tpmc_error *err);

#endif
