/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_POLICY_POLICY_ADD_H
#define TPMC_POLICY_POLICY_ADD_H

#include "policy/policy_object.h"

#define TPMC__POLICY_MAX_REFERENCE 64

/* The door of every call that adds to a policy: a policy that is left to a callback takes no
 * steps. */
int tpmc__policy_enter_add(tpmc_policy *policy, tpmc_error *err);
/* Appends an empty step that the caller fills in; to be followed by tpmc__policy_end_add(). */
int tpmc__policy_begin_add(tpmc_policy *policy, tpmc__policy_kind kind, tpmc__policy_step **out,
                           tpmc_error *err);
/* Ends what appended a step, with what became of that: on failure, and when the policy is not
 * sound any more (then TPMC_ERR_ARGUMENT), the step is gone. */
int tpmc__policy_end_add(tpmc_policy *policy, int status, tpmc_error *err);
/* Makes TPMC_ERR_ARGUMENT of the TPMC_ERR_FORMAT of tpmc__policy_check(). */
int tpmc__policy_check_argument(const tpmc_policy *policy, tpmc_error *err);

/* Copies bytes of a caller, `min` to `max` of them, or none when `min` is 0; `what` is the name of
 * the parameter. */
int tpmc__policy_take_bytes(tpmc__policy_bytes *out, const void *data, size_t len, size_t min,
                            size_t max, const char *what, tpmc_error *err);
/* Copies the Name of an object; NULL stays empty. */
int tpmc__policy_take_name(tpmc__policy_bytes *out, const void *name, size_t len, const char *what,
                           tpmc_error *err);
/* Copies up to 255 bytes of UTF-8; NULL and an empty text become NULL. */
int tpmc__policy_take_text(char **out, const char *text, const char *what, tpmc_error *err);
/* TPMC_ERR_ARGUMENT unless its steps can be copied into `policy`. */
int tpmc__policy_check_given(const tpmc_policy *policy, tpmc_policy *given, const char *what,
                             tpmc_error *err);

#endif
