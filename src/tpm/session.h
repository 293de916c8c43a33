/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_TPM_SESSION_H
#define TPMC_TPM_SESSION_H

#include "tpm/tpm_int.h"

/* What the HMAC session and policy sessions have in common. */
int tpmc__session_start(tpmc_tpm *tpm, TPM2_SE type, ESYS_TR salt_key, TPMI_ALG_HASH hash,
                        tpmc__session *out, tpmc_error *err);
/* Salted to the key that the options want; see tpmc__session_get(). */
int tpmc__session_start_salted(tpmc_tpm *tpm, TPM2_SE type, const tpmc__loaded *at_hand,
                               TPMI_ALG_HASH hash, tpmc__session *out, tpmc_error *err);
/* 1 for a session that is there and not yet to be replaced. */
int tpmc__session_is_young(tpmc_tpm *tpm, const tpmc__session *session);
/* A command that does nothing but go through the session. */
TSS2_RC tpmc__session_exercise(tpmc_tpm *tpm, ESYS_TR session);

#endif
