/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_CODEC_CERTIFICATE_H
#define TPMC_CODEC_CERTIFICATE_H

#include "codec/digest.h"

/* The most bytes of a file with certificates. */
#define TPMC__CERTIFICATES_MAX (512 * 1024)

/* 1 for the label of a PEM block that holds a certificate. */
int tpmc__certificate_is_label(const char *label);

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

/*
 * Says whether the signature of one certificate (DER) is by the key of another. One of an algorithm
 * that OpenSSL does not know counts as good: whom it is for will judge. What is not well formed is
 * not signed. TPMC_ERR_NOMEM.
 */
int tpmc__certificate_is_signed_by(tpmc_env *env, const tpmc__span *child, const tpmc__span *issuer,
                                   int *is_signed, tpmc_error *err);

#endif
