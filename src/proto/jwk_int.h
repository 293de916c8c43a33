/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_PROTO_JWK_INT_H
#define TPMC_PROTO_JWK_INT_H

#include "base/buf.h"
#include "codec/digest.h"
#include "tpmcloud/jwk.h"

/* The most bytes of a JSON Web Key; one of RSA 4096 has some 900. */
#define TPMC__JWK_MAX 4096

/* Appends the JSON Web Key of a DER SubjectPublicKeyInfo. `algorithm` becomes `alg` unless it is
 * NULL. TPMC_ERR_FORMAT, or TPMC_ERR_UNSUPPORTED for a key that has no form in JWK. Pure. */
int tpmc__jwk_write(tpmc_env *env, const tpmc__span *spki, const char *algorithm, tpmc__buf *out,
                    tpmc_error *err);

#endif
