/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_SUPPORT_SIGNATURE_H
#define TESTS_SUPPORT_SIGNATURE_H

#include <stddef.h>

#include "tpmcloud/bytes.h"

/* 1 when `signature` verifies with OpenSSL under a DER SubjectPublicKeyInfo. "RS256" or "PS256",
 * the latter with a salt of exactly 32 bytes. */
int verify_signature(const tpmc_bytes *spki, const char *algorithm, const void *message, size_t len,
                     const tpmc_bytes *signature);

#endif
