/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_BASE_OPTION_VALUE_H
#define TPMC_BASE_OPTION_VALUE_H

#include "base/option_int.h"

/*
 * Checks `text` against the option and makes a value of it; a list begins with the items of
 * `current`, which stays as it is. On success the caller owns `*out`, on failure it is untouched.
 */
int tpmc__option_value_parse(const tpmc__option *option, const tpmc__option_value *current,
                             const char *text, tpmc__option_value *out, tpmc_error *err);
void tpmc__option_value_free(tpmc__option_value *value);

#endif
