/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_CODEC_CERTIFICATE_H
#define TPMC_CODEC_CERTIFICATE_H

#include "codec/digest.h"

/* The most bytes of a file with certificates. */
#define TPMC__CERTIFICATES_MAX (512 * 1024)

/*
 * Checks that a certificate of a TPM's endorsement key was issued under one of the certificates in
 * `roots` (PEM, roots and intermediates; each counts as trusted), holds now, and is about the key
 * with this SubjectPublicKeyInfo. `certificate` is DER as TPMs keep it in NV memory: padding behind
 * it (zeros or FF) is passed over; so is an RSA key labelled RSAES-OAEP. TPMC_ERR_INTEGRITY with
 * the reason; TPMC_ERR_FORMAT for input that is not well formed, naming which.
 */
int tpmc__certificate_check_ek(tpmc_env *env, const tpmc__span *roots,
                               const tpmc__span *certificate, const tpmc__span *spki,
                               int64_t now_ms, tpmc_error *err);

#endif
