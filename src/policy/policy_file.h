/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_POLICY_POLICY_FILE_H
#define TPMC_POLICY_POLICY_FILE_H

#include "policy/policy_tree.h"

/*
 * Between the fields `policy` and `authPolicy` of key files and the tree. All functions are pure.
 *
 * Reads both fields of a file whose key has an authPolicy. Writers differ in how they encode steps
 * and flatten PolicyOR: the reading is taken that leads to the authPolicy, by the key's nameAlg. A
 * PCR step with an empty digest means the values of now; a file with such steps is read as its
 * structure says, and what it leads to is left to be compared later (tpmc__policy_is_fixed()).
 * TPMC_ERR_FORMAT for a step that is not of its command's form or too many of them, TPMC_ERR_POLICY
 * when no reading leads to the authPolicy, TPMC_ERR_UNSUPPORTED for a command that is no policy
 * command, or whose steps a file cannot say in full (PolicyNV, PolicySigned, PolicyAuthorizeNV);
 * the text names the step. Each PolicyAuthorize, in branches too, gets the signed policies of its
 * key and reference; one that the file cannot say in full is passed over while there are others.
 * `out` is freed by the caller after success only.
 */
int tpmc__policy_file_read(tpmc_env *env, const tpmc__keyfile *file, tpmc__policy_steps *out,
                           tpmc_error *err);
/*
 * Writes steps as the draft has them (PCR: selection first; PolicyOR: its branches flattened before
 * it, each from the beginning), with the approved policies of a PolicyAuthorize into `authPolicy`.
 * The fields of `file` must be empty. TPMC_ERR_UNSUPPORTED when there is no encoding for a step;
 * TPMC_ERR_ARGUMENT for more steps than a file takes; then the fields stay empty. An action leaves
 * no trace. PCR values must be known.
 */
int tpmc__policy_file_write(tpmc_env *env, const tpmc__policy_steps *steps, uint16_t hash,
                            tpmc__keyfile *file, tpmc_error *err);
/* Puts a signed policy in front of the others of the file, or in the place of one of the same name;
 * its last step is the PolicyAuthorize with the signature. */
int tpmc__policy_file_add_approved(tpmc_env *env, const tpmc__policy_signer *signer,
                                   const tpmc__policy_approved *approved, uint16_t hash,
                                   tpmc__keyfile *file, tpmc_error *err);
/* 1 when the digest is that of one of the policies that need no file: PolicyAuthValue,
 * PolicySecret of a hierarchy, PolicyA of endorsement keys; then `out` gets its steps. 0 when it is
 * none of them; negative: a TPMC_ERR_*. */
int tpmc__policy_well_known(tpmc_env *env, const tpmc__public *key, tpmc__policy_steps *out,
                            tpmc_error *err);

#endif
