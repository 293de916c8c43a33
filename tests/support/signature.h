/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_SUPPORT_SIGNATURE_H
#define TESTS_SUPPORT_SIGNATURE_H

#include <stddef.h>

#include "tpmcloud/bytes.h"

/* 1 when `signature` verifies with OpenSSL under a DER SubjectPublicKeyInfo. `algorithm` as for
 * tpmc_key_sign(); the salt of "PS256" must have exactly 32 bytes, and so on. */
int verify_signature(const tpmc_bytes *spki, const char *algorithm, const void *message, size_t len,
                     const tpmc_bytes *signature);

#endif
