/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_TPM_TPM_INT_H
#define TPMC_TPM_TPM_INT_H

#include <stdatomic.h>

#include <tss2/tss2_esys.h>

#include "base/env_int.h"
#include "base/error_int.h"
#include "base/lock.h"
#include "base/option_table.h"
#include "base/secret.h"
#include "keyfile/tpm_public.h"
#include "tpm/context_file.h"
#include "tpm/guard.h"
#include "tpm/response_code.h"
#include "tpm/tcti.h"
#include "tpmcloud/tpmkey.h"

#define TPMC__HIERARCHY_COUNT 4 /* TPMC_HIERARCHY_* are indices; 0 is unused */
#define TPMC__PASSWORD_MAX 64

/* An object in the TPM, or one that was. */
typedef struct tpmc__loaded {
    uint32_t handle;
    ESYS_TR tr;     /* ESYS_TR_NONE: it is gone, and to be brought back by whoever needs it */
    int persistent; /* it is not ours to flush */
    uint8_t name[TPMC__NAME_MAX];
    size_t name_len;
    uint64_t last_use; /* by the connection's count; the lowest is dropped first */
    uint64_t made_in;  /* the operation that it was made in */
    int is_unproven;   /* from a saved context, and not used with success yet */
    uint8_t context_id[TPMC__CONTEXT_ID_LEN]; /* of the context it comes from; zeros: none */
    int refused;                              /* a late reply called its password wrong */
    struct tpmc__loaded *next;                /* on the connection's list of objects to drop */
    struct tpmc__loaded *holding;             /* on the connection's list of all objects */
} tpmc__loaded;

/* What is known of an object at a persistent handle. */
typedef struct tpmc__persistent {
    tpmc__loaded loaded;
    tpmc__public public;
} tpmc__persistent;

#define TPMC__PERSISTENT_MAX 8

/* A session: the HMAC session that all keys of a connection share, or a policy session. */
typedef struct tpmc__session {
    uint32_t handle; /* 0: there is none */
    ESYS_TR tr;
    int level; /* TPMC_BUS_* of what it encrypts */
    int64_t started_ms;
    int young; /* started by the running operation: its handle may have been altered on the way */
    int doubtful; /* the TPM may have been reset since: to be proven before it is used */
} tpmc__session;

/* What a policy session is wanted for. */
typedef struct tpmc__policy_want {
    const tpmc__loaded *at_hand; /* as of tpmc__session_get() */
    uint16_t hash;               /* the nameAlg of the object */
    int is_salted;
    int with_auth_value; /* PolicyAuthValue is run in it, of which ESAPI keeps a mark for good */
    const void *way;     /* what is run in it, to tell one from another */
    const void *owner;   /* not NULL: the session is kept for this one alone */
} tpmc__policy_want;

/* A policy session that is kept for later uses. */
typedef struct tpmc__kept_session {
    tpmc__session session; /* its handle is 0: the place is free */
    tpmc__policy_want want;
    int is_dirty; /* steps were run in it, and the command has not reset it */
    uint64_t last_use;
} tpmc__kept_session;

#define TPMC__KEPT_SESSIONS 2
/* What TPMs have room for (TPM2_PT_HR_LOADED_MIN). */
#define TPMC__SESSIONS_AT_LEAST 3

/* What the command made whose reply was lost, until it is known what became of it. */
typedef struct tpmc__loss {
    int session;
    int sequence;
    int object;
    tpmc__public expected; /* of an object */
} tpmc__loss;

/* What a failed operation calls for; see tpmc__tpm_result(). */
typedef enum tpmc__remedy {
    TPMC__REMEDY_NONE,
    TPMC__REMEDY_RELOAD, /* what we held is gone or was dropped: do it once more */
    TPMC__REMEDY_ROOM    /* the same, and this can happen only as often as objects are held */
} tpmc__remedy;

struct tpmc_tpm {
    tpmc__ref ref;
    tpmc_env *env;
    tpmc__options options;
    tpmc__secret hierarchy_auth[TPMC__HIERARCHY_COUNT];
    TSS2_TCTI_CONTEXT *caller_tcti;

    tpmc__lock lock; /* guards all that follows, but for the list of objects to drop */
    TSS2_TCTI_CONTEXT *own_tcti;
    tpmc__tcti_kind kind;
    tpmc__guard guard;
    ESYS_CONTEXT *esys;
    uint64_t operation; /* counts the operations */
    uint64_t uses;      /* counts the uses of objects */
    size_t room;        /* how many objects the TPM had room for when it was full; 0: unknown */
    int64_t room_ms;    /* when that was */
    tpmc__loaded *held; /* all objects made and not yet let go of */
    tpmc__persistent persistents[TPMC__PERSISTENT_MAX];
    tpmc__session session;
    int has_old_salt;     /* ESAPI has kept the salt of a session that could not be started */
    tpmc__session policy; /* of the command under way */
    tpmc__kept_session kept[TPMC__KEPT_SESSIONS];
    size_t input_max; /* the TPM's TPM2_PT_INPUT_BUFFER when it is below 1024; 0: unknown */
    int hierarchy_refused[TPMC__HIERARCHY_COUNT]; /* its password was wrong: not asked again */
    atomic_int bus_level;                         /* TPMC_BUS_*, the lowest yet */
    tpmc__loaded *asked;                          /* whose password the command under way carries */
    tpmc__loss loss;
    uint64_t distrusting;    /* the operation that uses no saved contexts */
    tpmc__loaded *lingering; /* a parent that a session was salted to; no one uses it now */
    tpmc__remedy remedy;
    uint32_t refusal; /* the TPM's code of the last failure; 0 when it was not the TPM's */
    int in_step;      /* the last failure came from the TPM on sessions that agree with ours */
    struct ossl_lib_ctx_st *caller_ossl; /* to be restored when the operation ends */

    pthread_mutex_t drop_mutex; /* guards the next two; held for a few instructions only */
    tpmc__loaded *drop_list;
    int release_wanted;
};

tpmc_tpm *tpmc__tpm_ref(tpmc_tpm *tpm);

/*
 * One operation: takes the connection, connects where needed, takes in late replies and flushes
 * what nobody uses any more. Between begin and end the private OpenSSL context is in force and no
 * callback of the kind that may use the library is called.
 */
int tpmc__tpm_begin(tpmc_tpm *tpm, tpmc_error *err);
void tpmc__tpm_end(tpmc_tpm *tpm);

/*
 * Every ESAPI call is followed by this with its return code. 0 goes on. A failure has been cleaned
 * up after: dead sessions and handles of lost replies are on their way out, a dead ESYS context has
 * been replaced, and `tpm->remedy` says whether the operation should be tried once more. `command`
 * is the TCG's name of the command.
 */
int tpmc__tpm_result(tpmc_tpm *tpm, TSS2_RC rc, const char *command, tpmc_error *err);

/*
 * Whether to run the operation again after `status`: at most a few times, and only when what failed
 * was something of ours that is gone. Called with the connection held.
 */
int tpmc__tpm_try_again(tpmc_tpm *tpm, int status, unsigned *tries);

/* Time of its own for a command that may take minutes; returns what to restore. */
int64_t tpmc__tpm_extend_deadline(tpmc_tpm *tpm, int64_t ms);
void tpmc__tpm_restore_deadline(tpmc_tpm *tpm, int64_t former);

/* Makes an object that the TPM holds known to ESAPI, without asking the TPM: its public area and
 * Name are known for sure. */
int tpmc__tpm_introduce(tpmc_tpm *tpm, uint32_t handle, const tpmc__public *public, ESYS_TR *out,
                        tpmc_error *err);

/* Records an object that ESAPI just made. Its Name guards it against being mistaken after a reset.
 * Drops it on failure. */
int tpmc__loaded_new(tpmc_tpm *tpm, ESYS_TR tr, const uint8_t *name, size_t name_len,
                     tpmc__loaded **out, tpmc_error *err);
/* Lets go of an object that ESAPI just made and that is not to be kept. */
void tpmc__loaded_refuse(tpmc_tpm *tpm, ESYS_TR tr);
int tpmc__loaded_is_current(const tpmc__loaded *loaded);
/* The object has ended by itself, as a sequence does, and ESAPI has closed it. */
void tpmc__loaded_gone(tpmc_tpm *tpm, tpmc__loaded *loaded);
/* It is flushed by the next cleaning; who holds it loads it anew. */
void tpmc__loaded_lose(tpmc_tpm *tpm, tpmc__loaded *loaded);
/* Drops the one that has not been used for the longest time and was there before this operation. 0
 * when there is none. */
int tpmc__loaded_evict(tpmc_tpm *tpm);
size_t tpmc__loaded_count(const tpmc_tpm *tpm);
/* All transient objects are gone from the TPM, or must be taken for gone. */
void tpmc__loaded_forget_all(tpmc_tpm *tpm);
/* Drops an object during an operation, now. NULL is fine. */
void tpmc__loaded_drop(tpmc_tpm *tpm, tpmc__loaded *loaded);
/* Drops an object at any time, in any callback: now when the connection is idle, else before its
 * next command. */
void tpmc__loaded_discard(tpmc_tpm *tpm, tpmc__loaded *loaded);
/*
 * The TPM may have been reset: everything loaded is suspect and will be loaded again. The session
 * is kept only if it proves to be the same at both ends.
 */
void tpmc__tpm_suspect(tpmc_tpm *tpm);
/* The same for the objects alone. */
void tpmc__tpm_suspect_objects(tpmc_tpm *tpm);
/* Before a key and perhaps its parent are loaded: behind a resource manager no more than one is
 * kept; on a bare TPM, what is known to fit. */
void tpmc__tpm_make_room(tpmc_tpm *tpm);
/* Before a sequence is begun, which takes a place of its own beside the key. `keep` may be NULL. */
void tpmc__tpm_make_room_beside(tpmc_tpm *tpm, const tpmc__loaded *keep);
/* The TPM has just said that it has no room for another object. */
void tpmc__tpm_learn_room(tpmc_tpm *tpm);
/* Keeps an object that nobody may need any more until there is a reason to drop it. */
void tpmc__tpm_let_linger(tpmc_tpm *tpm, tpmc__loaded *loaded);
/* After an operation: what the option `hold` does not want kept is dropped. */
void tpmc__tpm_apply_hold(tpmc_tpm *tpm);
/* 1 behind the kernel's resource manager. */
int tpmc__tpm_is_managed(const tpmc_tpm *tpm);
/* Asks the TPM whether it still holds the object: 1 yes, 0 no, -1 when that could not be learnt. */
int tpmc__tpm_object_is_ours(tpmc_tpm *tpm, const tpmc__loaded *loaded);
/*
 * After a refused password: 1 when the refusal holds, since object (NULL for a hierarchy) and
 * session (ESYS_TR_PASSWORD: none) are the ones we mean. Else what is gone has been forgotten, and
 * the operation is to be tried again; but not when the TPM could not be asked, since every try may
 * count.
 */
int tpmc__tpm_refusal_holds(tpmc_tpm *tpm, const tpmc__loaded *loaded, ESYS_TR session);
/* Overwrites the password of an object or hierarchy that ESAPI keeps. */
void tpmc__tpm_blank_auth(tpmc_tpm *tpm, ESYS_TR tr);
/* Drops all that is held in the TPM; keys come back by themselves. During an operation. */
void tpmc__tpm_drop_all(tpmc_tpm *tpm);

/*
 * The HMAC session, ready for use. One that is alive and young enough is used; else one is started,
 * salted as the options want, and unless they say otherwise to `at_hand`, an asymmetric storage
 * key, or, with NULL, to a primary of the null hierarchy that is made for it.
 */
int tpmc__session_get(tpmc_tpm *tpm, const tpmc__loaded *at_hand, ESYS_TR *out, tpmc_error *err);
/*
 * A policy session for one command, in `tpm->policy`; salted like the other when `is_salted`.
 */
int tpmc__session_policy(tpmc_tpm *tpm, const tpmc__loaded *at_hand, uint16_t hash, int is_salted,
                         tpmc_error *err);
/* It has served, or failed: nothing of it stays. */
void tpmc__session_policy_end(tpmc_tpm *tpm);
/* The same for a session that may be kept afterwards: one that was kept is used, after
 * TPM2_PolicyRestart where it is dirty; else one is started. */
int tpmc__session_policy_take(tpmc_tpm *tpm, const tpmc__policy_want *want, tpmc_error *err);
/* The session under way is kept for later uses; dirty unless a command has succeeded in it. */
void tpmc__session_policy_keep(tpmc_tpm *tpm, const tpmc__policy_want *want, int is_dirty);
/* Starts one to be kept, unless there is one that tpmc__session_policy_take() would use. */
int tpmc__session_policy_prepare(tpmc_tpm *tpm, const tpmc__policy_want *want, tpmc_error *err);
/* The one that tpmc__session_policy_take() would use; ESYS_TR_NONE when there is none. */
ESYS_TR tpmc__session_policy_kept(tpmc_tpm *tpm, const tpmc__policy_want *want);
/* The sessions that are kept must not be used again; how many there were. */
size_t tpmc__session_policies_kill(tpmc_tpm *tpm);
/* The same when the TPM may have been reset, also for the one under way. */
void tpmc__session_policies_suspect(tpmc_tpm *tpm);
/* The TPM was reset: it holds none of them any more. */
void tpmc__session_policies_forget(tpmc_tpm *tpm);
/* Has the TPM prove that the session under way is the same at both ends, as
 * tpmc__session_prove(); for a salted one. */
int tpmc__session_policy_prove(tpmc_tpm *tpm);
/* 1 when a session is there that tpmc__session_get() would use as it is. */
int tpmc__session_is_ready(tpmc_tpm *tpm);
/* Has the TPM and us prove to each other, by one command, that the session is the same: 1 when it
 * is, 0 when it is not or there is none, -1 when that could not be learnt. It is let go of
 * unless 1. */
int tpmc__session_prove(tpmc_tpm *tpm);
/* The session must not be used again: it is flushed before the next command. */
void tpmc__session_kill(tpmc_tpm *tpm);
/* The TPM has no such session any more. */
void tpmc__session_forget(tpmc_tpm *tpm);

/* Sets the session's attributes for one command, TPMA_SESSION_*. ESAPI may have dropped some after
 * a failed command. */
int tpmc__session_arm(tpmc_tpm *tpm, ESYS_TR session, TPMA_SESSION attributes, tpmc_error *err);
/* A secret crosses the bus at this level, TPMC_BUS_*. */
void tpmc__bus_note(tpmc_tpm *tpm, int level);

/* What the connection's own parts share. */
/* TPM_RC_LOCKOUT: adds to `err` how many tries were counted and when one is given back. */
void tpmc__lockout_explain(tpmc_tpm *tpm, tpmc_error *err);
/* A dead ESYS context is replaced; what it knew is dropped. */
void tpmc__tpm_renew_esys(tpmc_tpm *tpm);
void tpmc__tpm_enter_ossl(tpmc_tpm *tpm);
void tpmc__tpm_leave_ossl(tpmc_tpm *tpm);
/* Does what _free calls and releases asked for while the connection was busy. */
void tpmc__tpm_drop_wanted(tpmc_tpm *tpm);
/* tpmc_tpm_release(): at once when the connection is idle, else before its next command. */
void tpmc__tpm_want_release(tpmc_tpm *tpm);
/* The last reference is gone: flushes everything and disconnects. */
void tpmc__tpm_close(tpmc_tpm *tpm);
/* The same in a forked child, where nothing may be sent. */
void tpmc__tpm_abandon(tpmc_tpm *tpm);
/* Flushes what has no owner. Uses a deadline of its own and does not stop when asked to, so that
 * nothing stays behind. */
void tpmc__tpm_clean(tpmc_tpm *tpm);
/* Notes what the guard's command would have made: its reply was lost. */
void tpmc__tpm_note_loss(tpmc_tpm *tpm);
/* Finds what a lost reply was about and has it flushed. Not 0 when the TPM could not be asked: then
 * it is tried again later. */
int tpmc__tpm_recover(tpmc_tpm *tpm);

#endif
