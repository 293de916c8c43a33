/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_TPMKEY_NEW_POLICY_H
#define TPMC_TPMKEY_NEW_POLICY_H

#include "keyfile/keyfile.h"
#include "policy/policy_tree.h"
#include "tpmkey/template_int.h"

/* The policy that a new key is bound to. */
typedef struct tpmc__new_policy {
    tpmc_env *env;            /* the template's */
    int is_bound;             /* 0: to none */
    int is_done;              /* the key's public area and its file have it */
    tpmc__policy_steps steps; /* with what is of now filled in once it is done */
} tpmc__new_policy;

/* 1 when the template names a policy. Pure. */
int tpmc__new_policy_is_wanted(const tpmc_key_template *key_template);
/*
 * Takes the policy that the template names, if any; its file is read now. TPMC_ERR_ARGUMENT when
 * two are named, or the one has no steps or is left to a callback. Needs no TPM. Free after
 * success.
 */
int tpmc__new_policy_read(const tpmc_key_template *key_template, tpmc__new_policy *out,
                          tpmc_error *err);
void tpmc__new_policy_free(tpmc__new_policy *policy);
/* The same for a key that is yet to be made: TPMC_ERR_ARGUMENT also when it could never be used, or
 * when its password would never be asked for. */
int tpmc__new_policy_read_checked(const tpmc_key_template *key_template, tpmc__new_policy *out,
                                  tpmc_error *err);

/* TPMC_ERR_ARGUMENT when values are wanted that only a TPM can tell, which is not asked. */
int tpmc__new_policy_check_fixed(const tpmc__new_policy *policy, tpmc_error *err);
/* What can be bound without a TPM is: the digest goes into the public area, and the steps into the
 * file, unless files have no words for them. */
int tpmc__new_policy_bind_fixed(tpmc__new_policy *policy, tpmc__public *key, tpmc__keyfile *file,
                                tpmc_error *err);
/* The rest, once. Within an operation. */
int tpmc__new_policy_bind_now(tpmc_tpm *tpm, tpmc__new_policy *policy, tpmc__public *key,
                              tpmc__keyfile *file, tpmc_error *err);
/* For a key that exists: the policy must be the one that it is bound to, and goes into its file.
 * TPMC_ERR_POLICY when it is another; needs no TPM. */
int tpmc__new_policy_attach(const tpmc__new_policy *policy, tpmc__keyfile *file, tpmc_error *err);

/* Fills in what is of now; nothing changes on failure. Within an operation. */
int tpmc__new_policy_fix(tpmc_tpm *tpm, tpmc__policy_steps *steps, tpmc_error *err);
/* The digest of a policy that binds: TPMC_ERR_ARGUMENT for one that leaves it at zeros. */
int tpmc__new_policy_digest(tpmc_env *env, const tpmc__policy_steps *steps, uint16_t hash,
                            tpmc__policy_bytes *out, tpmc_error *err);

#endif
