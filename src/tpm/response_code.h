/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_TPM_RESPONSE_CODE_H
#define TPMC_TPM_RESPONSE_CODE_H

#include <stdint.h>

#include "base/error_int.h"

/* TPM_RC values without what they refer to (Part 2, 6.6). */
#define TPMC__RC_INITIALIZE 0x100u
#define TPMC__RC_SEQUENCE 0x103u
#define TPMC__RC_POLICY 0x126u
#define TPMC__RC_PCR_CHANGED 0x128u
#define TPMC__RC_AUTH_UNAVAILABLE 0x12fu
#define TPMC__RC_ASYMMETRIC 0x081u
#define TPMC__RC_HASH 0x083u
#define TPMC__RC_VALUE 0x084u
#define TPMC__RC_KEY_SIZE 0x087u
#define TPMC__RC_TYPE 0x08au
#define TPMC__RC_HANDLE 0x08bu
#define TPMC__RC_AUTH_FAIL 0x08eu
#define TPMC__RC_SCHEME 0x092u
#define TPMC__RC_SIZE 0x095u
#define TPMC__RC_SIGNATURE 0x09bu
#define TPMC__RC_POLICY_FAIL 0x09du
#define TPMC__RC_INTEGRITY 0x09fu
#define TPMC__RC_BAD_AUTH 0x0a2u
#define TPMC__RC_CURVE 0x0a6u
#define TPMC__RC_CONTEXT_GAP 0x901u
#define TPMC__RC_OBJECT_MEMORY 0x902u
#define TPMC__RC_SESSION_MEMORY 0x903u
#define TPMC__RC_SESSION_HANDLES 0x905u
#define TPMC__RC_REFERENCE_H0 0x910u
#define TPMC__RC_REFERENCE_S0 0x918u
#define TPMC__RC_LOCKOUT 0x921u

/* The code without layer, and without the number of the handle, parameter or session it refers to.
 */
uint32_t tpmc__rc_base(uint32_t rc);
/* What kind of remedy a TPM response code calls for. */
int tpmc__rc_lost_object(uint32_t rc);   /* a handle of ours is gone */
int tpmc__rc_lost_session(uint32_t rc);  /* the session is gone */
int tpmc__rc_no_room(uint32_t rc);       /* objects or sessions must be dropped first */
int tpmc__rc_is_urgent(uint32_t rc);     /* whatever the command was, this comes first: no room, or
                                            the TPM is not started */
int tpmc__rc_wrong_auth(uint32_t rc);    /* an authorization did not hold */
int tpmc__rc_names_session(uint32_t rc); /* it is about an authorization */
int tpmc__rc_no_handle(uint32_t rc);     /* the TPM does not know a handle it was told */
/* Fills `err` from a TPM response code; `command` is its name, such as "TPM2_Sign". Returns the
 * library's code. */
int tpmc__rc_fail(uint32_t rc, const char *command, tpmc_error *err);

#endif
