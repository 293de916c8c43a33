/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_PROTO_JWS_H
#define TPMC_PROTO_JWS_H

#include "codec/json.h"
#include "tpmcloud/tpmkey.h"

/* The most bytes of a compact JWS. */
#define TPMC__JWS_MAX 65536

/* The JWS signing input (RFC 7515 section 5.1) of a header and claims. Pure. */
int tpmc__jws_signing_input(const tpmc__json *header, const tpmc__json *claims, tpmc__buf *out,
                            tpmc_error *err);
/* Appends "." and the signature to a signing input, which makes a compact JWS (RFC 7515
 * section 7.1). Pure. */
int tpmc__jws_append_signature(tpmc__buf *jws, const void *signature, size_t len, tpmc_error *err);
/* As tpmc__jws_append_signature() with what tpmc_key_sign() made for this `alg`: of ECDSA the DER,
 * which becomes what RFC 7518 section 3.4 has. TPMC_ERR_FORMAT for a signature of another curve.
 * Pure. */
int tpmc__jws_append_key_signature(tpmc__buf *jws, const char *algorithm, const void *signature,
                                   size_t len, tpmc_error *err);
/* Signs with the key and turns `jws` from a signing input into a compact JWS. `algorithm` is the
 * header's `alg`. */
int tpmc__jws_sign(tpmc_key *key, const char *algorithm, tpmc__buf *jws, tpmc_error *err);

#endif
