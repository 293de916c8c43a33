/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_POLICY_POLICY_OBJECT_H
#define TPMC_POLICY_POLICY_OBJECT_H

#include "policy/policy_int.h"

/* What the setters of a policy share. */
int tpmc__policy_enter_setter(tpmc_policy *policy, tpmc_error *err);
/* The door of what reads a policy, which freezes it. */
int tpmc__policy_enter(tpmc_policy *policy, tpmc_error *err);

/* Registers with the values of now, and the key's own password. */
int tpmc__policy_append_pcr(tpmc__policy_steps *steps, const char *pcr, tpmc_error *err);
int tpmc__policy_append_auth_value(tpmc__policy_steps *steps, tpmc_error *err);

#endif
