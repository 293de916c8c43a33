/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_POLICY_POLICY_SIGNER_INT_H
#define TPMC_POLICY_POLICY_SIGNER_INT_H

#include <openssl/evp.h>

#include "policy/policy_signer.h"

/* The scheme that a signer's signatures have: the one that the key fixes; else RSASSA, ECDSA or
 * HMAC with the hash of its nameAlg. */
tpmc__scheme tpmc__signer_scheme(const tpmc__policy_signer *signer);
/* That of its signatures for PolicyAuthorize, whose digests are by nameAlg: a scheme may be fixed
 * with another hash, which the TPM does not compare. */
tpmc__scheme tpmc__signer_approving_scheme(const tpmc__policy_signer *signer);
/* As tpmc__signer_marshal(), of a signature by this scheme. */
int tpmc__signer_marshal_as(const tpmc__policy_signer *signer, const tpmc__scheme *scheme,
                            const tpmc__span *signature, tpmc__buf *out, tpmc_error *err);
/* Readies a context for signing or verifying a digest with a scheme; 1 when OpenSSL did all of it.
 * `md` must live as long. */
int tpmc__signer_set_scheme(EVP_PKEY_CTX *context, const EVP_MD *md, uint16_t scheme, int salt_len);

#endif
