/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_CLI_POLICY_TEXT_H
#define TPMC_CLI_POLICY_TEXT_H

#include <stddef.h>

/*
 * The JSON text of a policy, or of whether it would hold now, as a tree for people. `out` is freed
 * with free(); CLI_OK or CLI_FAILED with a message.
 */
int cli_policy_text(const char *json, size_t len, char **out);
/* `holds` becomes 1 when it would hold. `out` NULL: only that is wanted. */
int cli_policy_check_text(const char *json, size_t len, char **out, int *holds);

#endif
