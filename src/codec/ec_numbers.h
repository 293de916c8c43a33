/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_CODEC_EC_NUMBERS_H
#define TPMC_CODEC_EC_NUMBERS_H

#include "codec/private_key_der.h"

/*
 * Reads an ECPrivateKey (RFC 5915): its curve, and the scalar's range, by which the point is
 * computed; a point that the key holds must be the same one. `out` is filled on success and holds
 * nothing that must be freed after a failure.
 */
int tpmc__ec_numbers_read(tpmc_env *env, const tpmc__private_key_der *der, tpmc__private_key *out,
                          tpmc_error *err);

#endif
