/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_TPMKEY_KEY_POLICY_H
#define TPMC_TPMKEY_KEY_POLICY_H

#include "policy/policy_run.h"
#include "tpm/use.h"

/* Where the policy of a key comes from. */
typedef enum tpmc__policy_source {
    TPMC__POLICY_FROM_NONE,
    TPMC__POLICY_FROM_FILE,       /* the key file's fields */
    TPMC__POLICY_FROM_WELL_KNOWN, /* the digest says it all */
    TPMC__POLICY_FROM_PCR,        /* the option `pcr` */
    TPMC__POLICY_FROM_CALLER,     /* the option `policy_file`, or a policy object with steps */
    TPMC__POLICY_FROM_CALLBACK    /* a policy object with a callback that does it all */
} tpmc__policy_source;

/* The commands that a key is used by: TPM2_Sign, HMAC or Unseal, and what may stand in for the
 * first two: TPM2_RSA_Decrypt and HMAC_Start. */
enum { TPMC__USE_FIRST, TPMC__USE_SECOND, TPMC__USE_COUNT };

#define TPMC__NONCE_MAX 64
#define TPMC__POLICY_REASONS_MAX 1024

/* How a key is used through its policy. */
typedef struct tpmc__key_policy {
    tpmc_policy *given; /* the caller's object; NULL: none. Set before the key freezes. */

    /* Final once the key's file is read. */
    tpmc__policy_source source;
    int is_used;               /* the key is used through its policy, not by its password alone */
    tpmc__policy_steps stated; /* the steps as they were found */

    tpmc__lock turn;          /* held while callbacks and the command they are
                                 for belong together */
    atomic_int is_ready;      /* the next three are final, unless `is_guess` */
    atomic_int is_guess;      /* registers of now, not compared with anything */
    tpmc__policy_steps steps; /* with all that is of now */
    tpmc__policy_paths ways[TPMC__USE_COUNT];

    /* Guarded by the connection. */
    int planned;                     /* TPMC__USE_* of the command that an operation is for */
    int use;                         /* of the one under way, which may be another in the end */
    size_t current[TPMC__USE_COUNT]; /* the way that is tried first */
    uint64_t operation;              /* that the next three are about */
    uint64_t failed;                 /* bit n: the way n */
    int was_restarted;               /* registers changed in between, once */
    int is_judged;                   /* a way has failed, and its reason is in `reasons` */
    tpmc__buf reasons;
    uint8_t parent_name[TPMC__NAME_MAX]; /* of the parent that the key was loaded under */
    size_t parent_name_len;

    /* Guarded by `turn`. */
    uint64_t uncalled;              /* bit n: a callback of the way n has failed */
    uint8_t nonce[TPMC__NONCE_MAX]; /* of the session that signatures were made for */
    size_t nonce_len;
    const tpmc__policy_path *called; /* the way whose callbacks have run */
    int wants_call; /* another way, or another session, has taken its place: they are to run anew */
    int is_resumed; /* they did: what has failed before is not tried again */
} tpmc__key_policy;

struct tpmc_key;

int tpmc__key_policy_init(tpmc__key_policy *policy, tpmc_error *err);
void tpmc__key_policy_free(struct tpmc_key *key);
/* With the file: finds out where the policy comes from, and reads it as far as that needs no TPM. A
 * policy of the file that cannot be used is no failure as long as the password alone will do. */
int tpmc__key_policy_read(struct tpmc_key *key, tpmc_error *err);
/* 0 when the key can be used one way or the other, as far as is known without a TPM; else why not.
 */
int tpmc__key_policy_usable(struct tpmc_key *key, tpmc_error *err);
/* Everything that is to be known before the key is used through its policy: values of now, whether
 * its digest is the key's, the ways through it. No lock is held; may ask the TPM. */
int tpmc__key_policy_prepare(struct tpmc_key *key, tpmc_error *err);
/* The steps with all that is of now, compared with the key's authPolicy; within an operation or
 * not. They are freed by the caller in any case. */
int tpmc__key_policy_resolve(struct tpmc_key *key, int in_operation, tpmc__policy_steps *out,
                             tpmc_error *err);
/* The ways through steps for each command; TPMC_ERR_POLICY when there are none for either. They are
 * freed by the caller in any case. */
int tpmc__key_policy_find_ways(struct tpmc_key *key, const tpmc__policy_steps *steps,
                               tpmc__policy_paths ways[TPMC__USE_COUNT], tpmc_error *err);
/* Takes over the steps, and makes them what the key is used by; on success they are empty. */
int tpmc__key_policy_adopt(struct tpmc_key *key, tpmc__policy_steps *steps, tpmc_error *err);
/* Registers alone may be a part of what a key is bound to: steps with their values become those of
 * the usual policy with them that the key is bound to. 1 when there is one, 0 when there is none,
 * negative: a TPMC_ERR_*. */
int tpmc__key_policy_complete(struct tpmc_key *key, tpmc__policy_steps *steps, tpmc_error *err);
/* TPMC_ERR_POLICY, or why the steps of the key's file are of no use. */
int tpmc__key_policy_refuse_unknown(struct tpmc_key *key, tpmc_error *err);
/* 0 when the steps lead to the key's authPolicy, else TPMC_ERR_POLICY. */
int tpmc__key_policy_compare(const struct tpmc_key *key, const tpmc__policy_steps *steps,
                             tpmc_error *err);
/* 1 when the digest is the key's authPolicy. */
int tpmc__key_policy_matches(const struct tpmc_key *key, const tpmc__policy_bytes *digest);
/* Whether the key's password is needed: 0 not at all, 1 by some ways, 2 in any case. */
int tpmc__key_policy_needs_password(const struct tpmc_key *key);
/* 1 when a policy lets the key be used by TPMC__USE_FIRST, or TPMC__USE_SECOND, alone. */
int tpmc__key_policy_only_first(const struct tpmc_key *key);
int tpmc__key_policy_only_second(const struct tpmc_key *key);
/* Completes the authorization of a command of the key. Within an operation. */
void tpmc__key_policy_fill(struct tpmc_key *key, int use, tpmc__use *out);
/* 1 when its first use wants a session that is salted, and when all of them are there already. */
int tpmc__key_policy_wants_salt(struct tpmc_key *key);
int tpmc__key_policy_has_session(struct tpmc_key *key);
/* While the parent is at hand, which is the cheapest key to salt sessions to: starts those that the
 * policy will need. */
int tpmc__key_policy_start_sessions(struct tpmc_key *key, const tpmc__loaded *at_hand,
                                    tpmc_error *err);
/* After a failure within an operation: whether another way, or the same once more, is to be tried,
 * by `tpm->remedy`; at last it says of each way why it did not hold. */
int tpmc__key_policy_judge(struct tpmc_key *key, int status, tpmc_error *err);

/* 1 when ways need signatures or actions. */
int tpmc__key_policy_has_calls(const struct tpmc_key *key);
/* Runs the callbacks of the way that is to be tried for `planned`. No lock is held but `turn`. */
int tpmc__key_policy_call(struct tpmc_key *key, tpmc_error *err);

#endif
