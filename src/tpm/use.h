/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_TPM_USE_H
#define TPMC_TPM_USE_H

#include "tpm/tpm_int.h"

/* What of a command must not be seen, or altered unnoticed, on the way. */
#define TPMC__CARRIES_SECRET_IN 0x1u  /* the first parameter of the command */
#define TPMC__CARRIES_SECRET_OUT 0x2u /* the first parameter of the answer */
#define TPMC__CARRIES_UNPROVEN 0x4u   /* an answer that nothing else vouches for, such as a MAC */

/* How a policy is satisfied on a session: set by a layer above. 0 or a code with its text. */
typedef int (*tpmc__satisfy)(tpmc_tpm *tpm, void *context, ESYS_TR session, tpmc_error *err);
/* The same, where the layer above makes the session too, which may be salted to a key. */
typedef int (*tpmc__provide)(tpmc_tpm *tpm, void *context, ESYS_TR salt_key, ESYS_TR *session,
                             tpmc_error *err);

/*
 * The authorization of one object or hierarchy for the commands of an operation. Fill in the first
 * part, zero the rest; one may serve several commands, one after the other.
 */
typedef struct tpmc__use {
    tpmc__loaded *object;         /* NULL: `hierarchy` */
    int hierarchy;                /* TPMC_HIERARCHY_* or TPMC__PRIMARY_NULL */
    const tpmc__secret *password; /* NULL or unset: the empty one */
    int *refused;                 /* remembers that this password is wrong; may be NULL */
    const char *wrong_text;       /* the error when a password that was given is wrong */
    const char *missing_text;     /* the error when the empty one is */
    const tpmc__loaded *salt;     /* an asymmetric storage key at hand to salt a session to; or NULL
                                   */
    tpmc__satisfy satisfy;        /* not NULL: the object wants a policy session */
    tpmc__provide provide;        /* not NULL: instead of `satisfy` */
    void *policy_context;
    uint16_t policy_hash; /* of the policy session: the object's nameAlg */
    int keeps_session;    /* the policy session is kept for later uses; then the next three count */
    int with_auth_value;  /* PolicyAuthValue is one of the steps */
    const void *way;
    const void *owner;

    ESYS_TR tr;      /* for the ESAPI call: the object or hierarchy ... */
    ESYS_TR session; /* ... and its authorization */
    unsigned carries;
} tpmc__use;

/* 1 when the policy session of this use would be salted. */
int tpmc__use_wants_salt(const tpmc_tpm *tpm, const tpmc__use *use, unsigned carries);
/* The session that this use takes from those that are kept. */
void tpmc__use_policy_want(const tpmc_tpm *tpm, const tpmc__use *use, unsigned carries,
                           tpmc__policy_want *out);
/* 1 when the options want every command protected that can be. */
int tpmc__use_protects_all(const tpmc_tpm *tpm);
/*
 * Before each command: sets the password and picks the authorization that the bus options ask for.
 * TPMC_ERR_WRONG_PASSWORD without asking the TPM when this password has been refused before.
 */
int tpmc__use_begin(tpmc_tpm *tpm, tpmc__use *use, unsigned carries, tpmc_error *err);
/*
 * After it, with ESAPI's return code: tpmc__tpm_result(), and a refused password is remembered and
 * put into words once it is sure that object and session are the ones meant.
 */
int tpmc__use_end(tpmc_tpm *tpm, tpmc__use *use, TSS2_RC rc, const char *command, tpmc_error *err);

#endif
