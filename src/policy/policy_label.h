/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_POLICY_POLICY_LABEL_H
#define TPMC_POLICY_POLICY_LABEL_H

#include <stddef.h>

#define TPMC__POLICY_LABEL_MAX 96

/* Where a step stands, to follow it in a message: " of the branch 'a'", or " of branch 1" without a
 * name. `kind` is "branch" or "signed policy", `at` its place from 0. A long name is cut. */
void tpmc__policy_label(const char *kind, const char *name, size_t at,
                        char out[TPMC__POLICY_LABEL_MAX]);

#endif
