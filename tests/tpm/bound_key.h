/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_TPM_BOUND_KEY_H
#define TESTS_TPM_BOUND_KEY_H

#include "support/tpm_fixture.h"
#include "tpmcloud/policy.h"

/* Keys that the library itself binds to policies. */
typedef enum bound_kind {
    BOUND_PCR,          /* EC */
    BOUND_PCR_PASSWORD, /* EC */
    BOUND_PCR_HMAC,
    BOUND_BRANCHES, /* EC; the first branch wants other registers, the second these */
    BOUND_SECRET,   /* EC; the password of the owner hierarchy */
    BOUND_SIGNED,   /* EC; any policy that a certain key has signed, which is one of registers */
    BOUND_KINDS
} bound_kind;

#define BOUND_PASSWORD "password of bound keys"
#define BOUND_HMAC_SECRET "secret of the bound HMAC key"
/* The register that all of them want as it is when they are made; extending it does not count as a
 * change of registers. */
#define BOUND_PCR_INDEX 23

/* Makes a key file on the TPM of this process; what goes wrong ends it. */
void bound_key_make(fixture *f, bound_kind kind, tpmc_bytes **pem);
/* NULL for keys that have none. */
const char *bound_key_password(bound_kind kind);
/* Adds a signed policy to the file of a BOUND_SIGNED key: the registers as they are now. */
int bound_key_sign_again(fixture *f, const tpmc_bytes *pem, tpmc_bytes **out);

#endif
