/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_CODEC_X509_H
#define TPMC_CODEC_X509_H

#include "base/buf.h"
#include "codec/digest.h"

/* How a certificate or request is signed. */
typedef enum tpmc__x509_signature {
    TPMC__X509_RSA_PKCS1,
    TPMC__X509_RSA_PSS, /* MGF1 of the same hash, salt as long as the hash (RFC 4055) */
    TPMC__X509_ECDSA
} tpmc__x509_signature;

typedef struct tpmc__x509_subject {
    const char *name; /* text for tpmc__x509_name_write() */
    tpmc__span spki;  /* DER SubjectPublicKeyInfo */
    tpmc__x509_signature signature;
    uint16_t hash; /* SHA-256, -384 or -512 */
} tpmc__x509_subject;

/* DER of what is to be signed for a PKCS#10 request (RFC 2986): CertificationRequestInfo, version
 * 0, no attributes. */
int tpmc__x509_request_info(const tpmc__x509_subject *subject, tpmc__buf *out, tpmc_error *err);
/*
 * DER TBSCertificate, v3, of a self-signed end-entity certificate (RFC 5280): a serial number of 16
 * random bytes, validity in ms since 1970 (UTCTime up to 2049, then GeneralizedTime; up to 9999),
 * critical basicConstraints (not a CA) and keyUsage digitalSignature, extendedKeyUsage clientAuth,
 * subjectKeyIdentifier.
 */
int tpmc__x509_tbs_certificate(tpmc_env *env, const tpmc__x509_subject *subject,
                               int64_t not_before_ms, int64_t not_after_ms, tpmc__buf *out,
                               tpmc_error *err);
/* The signed whole of either: SEQUENCE { tbs, AlgorithmIdentifier, BIT STRING }. */
int tpmc__x509_assemble(const tpmc__x509_subject *subject, const tpmc__buf *tbs,
                        const void *signature, size_t len, tpmc__buf *out, tpmc_error *err);

#endif
