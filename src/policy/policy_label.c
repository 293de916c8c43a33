/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/policy_label.h"

#include <stdio.h>

#define MAX_NAME_SHOWN 40

void tpmc__policy_label(const char *kind, const char *name, size_t at,
                        char out[TPMC__POLICY_LABEL_MAX])
{
    if (name == NULL)
        (void)snprintf(out, TPMC__POLICY_LABEL_MAX, " of %s %zu", kind, at + 1);
    else
        (void)snprintf(out, TPMC__POLICY_LABEL_MAX, " of the %s '%.*s'", kind, MAX_NAME_SHOWN,
                       name);
}
