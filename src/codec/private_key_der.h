/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_CODEC_PRIVATE_KEY_DER_H
#define TPMC_CODEC_PRIVATE_KEY_DER_H

#include "codec/der.h"
#include "codec/private_key.h"

/* What a private key's DER consists of. Borrowed from the bytes that were read. */
typedef struct tpmc__private_key_der {
    tpmc__private_kind kind;
    tpmc__der key;   /* the content of RSAPrivateKey or ECPrivateKey */
    tpmc__der curve; /* EC: what PKCS#8 has as the key's parameters, an OID's content; may be empty
                      */
} tpmc__private_key_der;

/* Takes off what PKCS#8 puts around a key, if it is there. The DER must be all of `data`. Says what
 * else it is. */
int tpmc__private_key_der_read(const void *data, size_t len, tpmc__private_key_der *out,
                               tpmc_error *err);
/* Takes the OID that an EC key's parameters should be; TPMC_ERR_UNSUPPORTED for a curve that is
 * spelled out instead. */
int tpmc__private_key_take_curve(tpmc__der *in, tpmc__der *curve, tpmc_error *err);

/* The two ways in which any of it can be unreadable. */
int tpmc__private_key_fail_damaged(tpmc_error *err);
int tpmc__private_key_fail_trailing(tpmc_error *err);

#endif
