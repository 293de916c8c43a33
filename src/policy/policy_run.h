/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_POLICY_POLICY_RUN_H
#define TPMC_POLICY_POLICY_RUN_H

#include "policy/policy_int.h"
#include "tpm/use.h"

#define TPMC__POLICY_MAX_PATH 64  /* steps that one way through a policy runs */
#define TPMC__POLICY_MAX_PATHS 64 /* ways that are tried */

/* What a way through a policy needs beside the TPM. */
#define TPMC__PATH_AUTH_VALUE 0x1u /* the password of the object itself */
#define TPMC__PATH_SECRET 0x2u     /* that of another entity */
#define TPMC__PATH_SIGNER 0x4u     /* a signature */
#define TPMC__PATH_ACTION 0x8u     /* an action */

/* One step of a way, with the branch or approved policy that was run before it. */
typedef struct tpmc__path_step {
    const tpmc__policy_step *step;
    size_t choice;             /* OR, AUTHORIZE, AUTHORIZE_NV */
    tpmc__policy_bytes before; /* OR: the digest before its branch began; AUTHORIZE, AUTHORIZE_NV:
                                  the approved digest */
    uint8_t signature[TPMC__POLICY_SIGNATURE_MAX]; /* SIGNED: what the signer made, marshalled */
    size_t signature_len;
} tpmc__path_step;

/* A way through a policy: one branch of each PolicyOR, one approved policy of each
 * PolicyAuthorize. */
typedef struct tpmc__policy_path {
    tpmc__path_step *steps;
    size_t count;
    unsigned needs;  /* TPMC__PATH_* */
    char label[128]; /* "the branch 'a'", "the signed policy 'b'"; empty: there is only one way */
} tpmc__policy_path;

typedef struct tpmc__policy_paths {
    tpmc__policy_path *items;
    size_t count;
} tpmc__policy_paths;

/*
 * All ways through a policy by which a command can be authorized, those that need no secret first,
 * then the key's password, then others; `command` is its TPM_CC (0: any). Signatures of approved
 * policies are verified in software, and those that do not verify are left out. The steps must be
 * fixed (tpmc__policy_is_fixed()) and outlive the paths. TPMC_ERR_POLICY when there is none, with
 * the reason of each that was left out: duplication only, another command, no signed policy, an
 * unknown branch... Pure.
 */
int tpmc__policy_paths_find(tpmc_env *env, const tpmc__policy_steps *steps, uint16_t hash,
                            uint32_t command, tpmc__policy_paths *out, tpmc_error *err);
void tpmc__policy_paths_free(tpmc__policy_paths *paths);
/* Leaves those through the branches that the chooser of `answers` wants. No lock is held. */
int tpmc__policy_paths_choose(tpmc_policy *answers, const tpmc__policy_steps *steps,
                              tpmc__policy_paths *paths, tpmc_error *err);

/* Fills in what is of now: registers, Names of indices and of objects. Within an operation. */
int tpmc__policy_instantiate(tpmc_tpm *tpm, tpmc__policy_steps *steps, tpmc_error *err);

/*
 * Runs a way on a session, within an operation. `answers` may be NULL. Of a step that the TPM
 * refuses the text names the step, and of registers the bank, the wanted value and the one found.
 */
int tpmc__policy_path_run(tpmc_tpm *tpm, const tpmc__policy_path *path, uint16_t hash,
                          tpmc_policy *answers, ESYS_TR session, tpmc_error *err);
/* Asks the signer of `answers` for the signatures that a way needs on a session with this nonce; no
 * lock is held. */
int tpmc__policy_path_sign(tpmc__policy_path *path, tpmc_policy *answers, const uint8_t *nonce,
                           size_t nonce_len, tpmc_error *err);
/* Runs the actions of a way; no lock is held. */
int tpmc__policy_path_act(const tpmc__policy_path *path, tpmc_policy *answers, tpmc_error *err);
/* After TPM_RC_VALUE of a PCR step, or TPM_RC_POLICY_FAIL: reads the registers and says which bank
 * and registers differ, with wanted and found values. Within an operation; `err` has a failure. */
void tpmc__policy_explain_pcr(tpmc_tpm *tpm, const tpmc__policy_step *step, uint16_t hash,
                              tpmc_error *err);
/* In the form of libtss2. */
void tpmc__policy_tss_selection(const tpmc__pcr_selection *selection, TPML_PCR_SELECTION *out);
/* Adds to a failure of steps with values of now which values the registers have. Pure. */
void tpmc__policy_say_registers(const tpmc__policy_steps *steps, tpmc_error *err);
/* The values of registers, in order. TPMC_ERR_POLICY for a bank or register that the TPM does not
 * have. Within an operation. */
int tpmc__policy_read_pcrs(tpmc_tpm *tpm, const tpmc__pcr_selection *selection,
                           tpmc__policy_pcr_value **values, size_t *count, tpmc_error *err);

/*
 * Whether each way would hold now: `out` is the object of tpmc_key_check_policy(). Steps that need
 * a secret other than an empty hierarchy password, a signature or an action are said not to have
 * been run. Within an operation.
 */
int tpmc__policy_check_now(tpmc_tpm *tpm, const tpmc__policy_paths *paths, uint16_t hash,
                           tpmc_policy *answers, tpmc__json **out, tpmc_error *err);

#endif
