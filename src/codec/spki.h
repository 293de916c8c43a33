/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_CODEC_SPKI_H
#define TPMC_CODEC_SPKI_H

#include "base/buf.h"
#include "codec/der.h"

/* SubjectPublicKeyInfo of an RSA key (RFC 3279 section 2.3.1). `modulus` is unsigned big-endian. */
int tpmc__spki_write_rsa(const void *modulus, size_t len, uint32_t exponent, tpmc__buf *out);
/* ... of an EC point (RFC 5480) on the curve with this OID; both coordinates `len` bytes. */
int tpmc__spki_write_ec(const char *curve_oid, const void *x, const void *y, size_t len,
                        tpmc__buf *out);

/* The parts of a SubjectPublicKeyInfo. Borrowed from its bytes. */
typedef struct tpmc__spki_parts {
    tpmc__der algorithm;  /* the OID's content */
    tpmc__der parameters; /* whole elements; often none */
    tpmc__der key;        /* the BIT STRING's whole octets */
} tpmc__spki_parts;

/* Takes one apart, of which nothing may be left over; TPMC_ERR_FORMAT. */
int tpmc__spki_read(const void *data, size_t len, tpmc__spki_parts *out);
/* 1 when both are about the same key. Of an RSA key the label and its parameters, which say how it
 * is used, do not count; of an EC key they are its curve. */
int tpmc__spki_is_same(const tpmc__spki_parts *a, const tpmc__spki_parts *b);
/* How many bits the modulus of an RSA key has; 0 for any other key. */
size_t tpmc__spki_rsa_bits(const void *spki, size_t len);

#endif
