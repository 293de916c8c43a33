/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_POLICY_POLICY_INT_H
#define TPMC_POLICY_POLICY_INT_H

#include "base/lock.h"
#include "base/secret.h"
#include "policy/policy_json.h"
#include "tpmcloud/policy.h"
#include "tpmcloud/tpmkey_esys.h"

#define TPMC__POLICY_MAX_PASSWORDS 16

/* The password of an entity that a step needs. */
typedef struct tpmc__policy_password {
    uint32_t handle;
    tpmc__secret password;
    int refused; /* guarded by the connection that it is used with */
} tpmc__policy_password;

struct tpmc_policy {
    tpmc__ref ref;
    tpmc_env *env;
    tpmc__policy_document document; /* final once frozen, and then read by any thread */
    tpmc__policy_password passwords[TPMC__POLICY_MAX_PASSWORDS];
    size_t password_count;
    tpmc_policy_sign_fn sign;
    tpmc__hook sign_hook;
    tpmc_policy_choose_fn choose;
    tpmc__hook choose_hook;
    tpmc_policy_action_fn act;
    tpmc__hook action_hook;
    tpmc_policy_satisfy_fn satisfy;
    tpmc__hook satisfy_hook;
    tpmc_policy_provide_fn provide;
    tpmc__hook provide_hook;
};

/* Freezes a policy and takes a reference, dropped with tpmc_policy_free(). */
tpmc_policy *tpmc__policy_use(tpmc_policy *policy);
/* NULL when none was given. */
tpmc__policy_password *tpmc__policy_password_of(tpmc_policy *policy, uint32_t handle);
/* 1 when a callback of tpmkey_esys.h does everything. */
int tpmc__policy_is_callback(const tpmc_policy *policy);
/* From the text of the options `policy_file` (a path, whose file is read now) and `pcr`; exactly
 * one of them is not NULL. */
int tpmc__policy_from_options(tpmc_env *env, const char *policy_file, const char *pcr,
                              tpmc__policy_steps *out, tpmc_error *err);

#endif
