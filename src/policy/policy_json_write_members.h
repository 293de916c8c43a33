/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_POLICY_POLICY_JSON_WRITE_MEMBERS_H
#define TPMC_POLICY_POLICY_JSON_WRITE_MEMBERS_H

#include "codec/json.h"
#include "policy/policy_tree.h"

/* Each returns 0 or what tpmc__json_add() does; a failure sticks to `to`. */

/* As lower-case hexadecimal digits. */
int tpmc__policy_write_hex(tpmc__json *to, const char *name, const void *data, size_t len);
int tpmc__policy_write_bytes(tpmc__json *to, const char *name, const tpmc__policy_bytes *bytes);
/* Leaves the member out when there is nothing to say. */
int tpmc__policy_write_known(tpmc__json *to, const char *name, const tpmc__policy_bytes *bytes);
/* The name of a hash, or its number. */
int tpmc__policy_write_hash(tpmc__json *to, const char *name, uint16_t hash);
/* What a step says of itself: all but its type, the digest after it, and branches and approved
 * policies. Digests over the values of registers are by `hash`. */
int tpmc__policy_write_members(tpmc_env *env, const tpmc__policy_step *step, uint16_t hash,
                               tpmc__json *to);

#endif
