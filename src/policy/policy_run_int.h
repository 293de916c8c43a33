/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_POLICY_POLICY_RUN_INT_H
#define TPMC_POLICY_POLICY_RUN_INT_H

#include "policy/policy_run.h"

/* What the steps of a way share while it is run. */
typedef struct tpmc__policy_run {
    tpmc_tpm *tpm;
    uint16_t hash;        /* of the session: the key's nameAlg */
    tpmc_policy *answers; /* may be NULL */
    ESYS_TR session;
} tpmc__policy_run;

/* What the connection knows of a failure, put aside while more is asked of the TPM to explain it.
 */
typedef struct tpmc__policy_failure {
    uint32_t refusal;
    int in_step;
    tpmc__remedy remedy;
} tpmc__policy_failure;

void tpmc__policy_keep_failure(const tpmc_tpm *tpm, tpmc__policy_failure *out);
void tpmc__policy_restore_failure(tpmc_tpm *tpm, const tpmc__policy_failure *kept);

/* Names the step that a failure is about. */
void tpmc__policy_prefix_step(const tpmc__policy_path *path, size_t at, tpmc_error *err);
/* Runs one step; its text does not name the step. */
int tpmc__policy_step_run(const tpmc__policy_run *run, const tpmc__path_step *step,
                          tpmc_error *err);
typedef int (*tpmc__policy_run_fn)(const tpmc__policy_run *run, const tpmc__path_step *step,
                                   tpmc_error *err);

int tpmc__policy_run_secret(const tpmc__policy_run *run, const tpmc__path_step *step,
                            tpmc_error *err);
int tpmc__policy_run_nv(const tpmc__policy_run *run, const tpmc__path_step *step, tpmc_error *err);
int tpmc__policy_run_counter_timer(const tpmc__policy_run *run, const tpmc__path_step *step,
                                   tpmc_error *err);
int tpmc__policy_run_signed(const tpmc__policy_run *run, const tpmc__path_step *step,
                            tpmc_error *err);
int tpmc__policy_run_authorize(const tpmc__policy_run *run, const tpmc__path_step *step,
                               tpmc_error *err);
int tpmc__policy_run_authorize_nv(const tpmc__policy_run *run, const tpmc__path_step *step,
                                  tpmc_error *err);
/* Before anything is sent: whether the index approves of what the way runs. */
int tpmc__policy_check_authorize_nv(const tpmc__policy_run *run, const tpmc__path_step *step,
                                    tpmc_error *err);

/* The public key of a PolicySigned or PolicyAuthorize step in the TPM, to be dropped with
 * tpmc__loaded_drop(). */
int tpmc__policy_load_signer(const tpmc__policy_run *run, const tpmc__policy_signer *signer,
                             tpmc__loaded **out, tpmc_error *err);
/* Reads a marshalled TPMT_SIGNATURE. */
int tpmc__policy_read_signature(const uint8_t *data, size_t len, TPMT_SIGNATURE *out,
                                tpmc_error *err);
/* Lower-case hexadecimal with a NUL; `out` has room for 2 * len + 1. */
void tpmc__policy_hex(const uint8_t *data, size_t len, char *out);
/* Copies bytes into a TPM2B_DIGEST, TPM2B_NONCE, TPM2B_OPERAND...: they are all the same. */
void tpmc__policy_to_digest(const tpmc__policy_bytes *bytes, TPM2B_DIGEST *out);
void tpmc__policy_to_name(const tpmc__policy_bytes *bytes, TPM2B_NAME *out);
/* The digest of a PCR step as it would be with these values of all its registers, in order. */
int tpmc__policy_pcr_found_digest(tpmc_env *env, const tpmc__policy_step *step, uint16_t hash,
                                  const tpmc__policy_pcr_value *found, tpmc__policy_bytes *out,
                                  tpmc_error *err);
/* Says which registers differ from what the step wants; returns TPMC_ERR_POLICY. */
int tpmc__policy_compare_pcrs(tpmc_env *env, const tpmc__policy_step *step, uint16_t hash,
                              const tpmc__policy_pcr_value *found, tpmc_error *err);
/* TPMS_TIME_INFO: time, clock, resetCount, restartCount, safe (Part 2, 10.11.1). */
#define TPMC__TIME_INFO_LEN 25
int tpmc__policy_read_clock(tpmc_tpm *tpm, uint8_t out[TPMC__TIME_INFO_LEN], tpmc_error *err);

#endif
