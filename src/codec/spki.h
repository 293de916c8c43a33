/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_CODEC_SPKI_H
#define TPMC_CODEC_SPKI_H

#include "base/buf.h"

/* SubjectPublicKeyInfo of an RSA key (RFC 3279 section 2.3.1). `modulus` is unsigned big-endian. */
int tpmc__spki_write_rsa(const void *modulus, size_t len, uint32_t exponent, tpmc__buf *out);
/* ... of an EC point (RFC 5480) on the curve with this OID; both coordinates `len` bytes. */
int tpmc__spki_write_ec(const char *curve_oid, const void *x, const void *y, size_t len,
                        tpmc__buf *out);

#endif
