/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_CODEC_EMSA_H
#define TPMC_CODEC_EMSA_H

#include "codec/digest.h"

/*
 * The encoded message of RSASSA-PKCS1-v1_5 (RFC 8017 section 9.2), `em_len` bytes, the modulus's
 * length. TPMC_ERR_UNSUPPORTED for a modulus too short for the hash, or a hash without DigestInfo.
 */
int tpmc__emsa_pkcs1(uint16_t hash, const uint8_t *digest, uint8_t *em, size_t em_len,
                     tpmc_error *err);
/*
 * The encoded message of RSASSA-PSS (RFC 8017 section 9.1.1) with MGF1 of the same hash and a
 * random salt as long as the hash (RFC 7518 section 3.5). `em` takes (modulus_bits + 7) / 8 bytes;
 * a leading zero byte stands where the encoded message is one byte shorter. TPMC_ERR_UNSUPPORTED
 * for a modulus too short.
 */
int tpmc__emsa_pss(tpmc_env *env, uint16_t hash, const uint8_t *digest, unsigned modulus_bits,
                   uint8_t *em, tpmc_error *err);

#endif
