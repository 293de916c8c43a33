/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_CODEC_ECDSA_H
#define TPMC_CODEC_ECDSA_H

#include "base/buf.h"
#include "base/error_int.h"

/* Appends the DER of Ecdsa-Sig-Value (RFC 3279 section 2.2.3). `r` and `s` are unsigned big-endian
 * and may be shorter than the curve's order. */
int tpmc__ecdsa_write_der(const void *r, size_t r_len, const void *s, size_t s_len, tpmc__buf *out);
/*
 * The form of JOSE (RFC 7518 section 3.4): r and s, each left-padded to `coordinate_len` bytes.
 * `out` takes twice that. TPMC_ERR_FORMAT for what is no well-formed signature of that curve.
 */
int tpmc__ecdsa_der_to_jose(const void *der, size_t len, size_t coordinate_len, uint8_t *out,
                            tpmc_error *err);
/*
 * A key that is bound to a longer hash signs the digest of a shorter one when it is padded so that
 * ECDSA, which takes the leftmost bits up to the length of the curve's order, gets the same number.
 * `digest` of `len` bytes becomes `out` of `padded_len` >= len bytes. 0, or TPMC_ERR_UNSUPPORTED
 * when the number would be cut.
 */
int tpmc__ecdsa_pad_digest(const uint8_t *digest, size_t len, unsigned order_bits, uint8_t *out,
                           size_t padded_len, tpmc_error *err);

#endif
