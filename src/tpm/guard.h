/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_TPM_GUARD_H
#define TPMC_TPM_GUARD_H

#include <tss2/tss2_tcti.h>

#include "base/env_int.h"
#include "tpm/ledger.h"

/* The largest command and response (TPM 2.0 simulators and chips use 4096). */
#define TPMC__TPM_BUFFER 4096

/* A response of TPM2_ReadPublic with the largest public area taken. */
#define TPMC__GUARD_PREPARED_MAX 1280

/* How the last command ended, as far as the transport can tell. */
typedef enum tpmc__outcome {
    TPMC__OUTCOME_NONE,     /* nothing was sent since it was last looked at */
    TPMC__OUTCOME_ANSWERED, /* a well-formed response came */
    TPMC__OUTCOME_NOT_SENT, /* the transport refused the command */
    TPMC__OUTCOME_LOST,     /* no usable reply: the TPM may have run the command */
    TPMC__OUTCOME_PENDING   /* we stopped waiting: the reply may still come */
} tpmc__outcome;

/*
 * Our TCTI, between ESAPI and the real one. ESAPI gets a well-formed response for every command:
 * what the TPM answered, or TPM_RC_FAILURE when the transport failed, so that one fault does not
 * kill the ESYS context. The true cause is kept here.
 */
typedef struct tpmc__guard {
    TSS2_TCTI_CONTEXT_COMMON_V2 tcti; /* first: ESAPI sees the guard as a TSS2_TCTI_CONTEXT */
    tpmc_env *env;
    TSS2_TCTI_CONTEXT *inner; /* not owned; NULL while not connected */
    tpmc__ledger ledger;
    int64_t deadline_ms;   /* monotonic; for the commands of the running operation */
    int uncancellable;     /* 1 while cleaning up: should-stop is not asked */
    int broken;            /* the inner TCTI failed and must be opened anew */
    int pending;           /* a command was sent whose reply has not been received */
    int collision;         /* a new handle is one that we thought we held: the TPM was reset */
    uint32_t late_refused; /* the object or hierarchy whose password a late reply called wrong; 0
                              when none */
    tpmc__outcome outcome;
    int cause;       /* TPMC_ERR_* of a failed outcome */
    TSS2_RC rc;      /* the inner TCTI's code, or the TPM's response code */
    const char *why; /* static text for a person, for a failed outcome */
    uint32_t handle; /* the handle that the last response brought; 0 when none */
    uint8_t command[TPMC__TPM_BUFFER];
    size_t command_len;
    uint8_t unanswered[TPMC__TPM_BUFFER]; /* the command that is pending */
    uint8_t response[TPMC__TPM_BUFFER];
    size_t response_len;
    uint8_t prepared[TPMC__GUARD_PREPARED_MAX]; /* see tpmc__guard_prepare_public() */
    size_t prepared_len;
} tpmc__guard;

void tpmc__guard_init(tpmc__guard *guard, tpmc_env *env);
/* Sends `guard->command` and leaves a well-formed response in `guard->response`, synthetic or not;
 * see `outcome`. */
void tpmc__guard_exchange(tpmc__guard *guard);
/*
 * A late reply of an earlier operation: cancels it and takes it in. 0, or the reason why it did not
 * come in time; TPMC_ERR_TPM_UNAVAILABLE when the transport failed or the reply is unusable: then
 * nothing is pending any more, and what the command may have made is to be looked for.
 */
int tpmc__guard_settle(tpmc__guard *guard);
/*
 * The next command that ESAPI sends, which must be TPM2_ReadPublic, is answered with this
 * TPM2B_PUBLIC and Name and does not reach the TPM. So ESAPI gets to know an object whose public
 * area we know for sure. 0, or -1 when it is too large.
 */
int tpmc__guard_prepare_public(tpmc__guard *guard, const uint8_t *area, size_t area_len,
                               const uint8_t *name, size_t name_len);
/* The outcome of the last command, which is then forgotten. */
tpmc__outcome tpmc__guard_take_outcome(tpmc__guard *guard);

#endif
