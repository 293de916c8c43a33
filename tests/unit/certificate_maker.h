/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_UNIT_CERTIFICATE_MAKER_H
#define TESTS_UNIT_CERTIFICATE_MAKER_H

/* Certificates made by OpenSSL, for tests. */

#include <openssl/bn.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "codec/digest.h"
#include "codec/pem.h"
#include "support/check.h"

#define MADE_DAY_S INT64_C(86400)
#define MADE_NOW_S INT64_C(1800000000) /* 2027-01-15T08:00:00Z */
#define MADE_NOW_MS (MADE_NOW_S * 1000)

/* What a certificate shall be like. Zeros: an end entity's, for signatures, SHA-256, signed by its
 * own key, one day before and after now. */
typedef struct made_wish {
    EVP_PKEY *key;
    const char *subject; /* the common name; NULL: no name at all */
    const char *issuer;  /* NULL: as the subject */
    EVP_PKEY *issuer_key;
    const char *serial_hex; /* may begin with '-'; NULL: 1 */
    const char *not_before; /* as ASN1_TIME_set_string() takes it */
    const char *not_after;
    const char *key_usage; /* NULL: digitalSignature; "": none */
    int is_ca;
    int is_v1;
    const EVP_MD *hash;
} made_wish;

static inline void made_extension(X509 *certificate, int nid, const char *value)
{
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, nid, value);

    check(extension != NULL);
    check(X509_add_ext(certificate, extension, -1) == 1);
    X509_EXTENSION_free(extension);
}

static inline void made_name(X509_NAME *name, const char *text)
{
    if (text != NULL)
        check(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, (const unsigned char *)text, -1,
                                         -1, 0) == 1);
}

static inline void made_serial(X509 *certificate, const char *hex)
{
    BIGNUM *number = NULL;

    check(BN_hex2bn(&number, hex != NULL ? hex : "1") > 0);
    check(BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate)) != NULL);
    BN_free(number);
}

static inline void made_times(X509 *certificate, const made_wish *w)
{
    ASN1_TIME *from = X509_getm_notBefore(certificate);
    ASN1_TIME *to = X509_getm_notAfter(certificate);

    check(ASN1_TIME_set(from, (time_t)(MADE_NOW_S - MADE_DAY_S)) != NULL);
    check(ASN1_TIME_set(to, (time_t)(MADE_NOW_S + MADE_DAY_S)) != NULL);
    if (w->not_before != NULL)
        check(ASN1_TIME_set_string(from, w->not_before) == 1);
    if (w->not_after != NULL)
        check(ASN1_TIME_set_string(to, w->not_after) == 1);
}

static inline void made_extensions(X509 *certificate, const made_wish *w)
{
    if (w->is_v1)
        return;
    made_extension(certificate, NID_basic_constraints, w->is_ca ? "critical,CA:TRUE" : "CA:FALSE");
    if (w->key_usage == NULL)
        made_extension(certificate, NID_key_usage, "critical,digitalSignature");
    else if (w->key_usage[0] != '\0')
        made_extension(certificate, NID_key_usage, w->key_usage);
}

static inline X509 *made_x509(const made_wish *w)
{
    X509 *certificate = X509_new();

    check(certificate != NULL);
    check(X509_set_version(certificate, w->is_v1 ? 0 : 2) == 1);
    made_serial(certificate, w->serial_hex);
    made_times(certificate, w);
    check(X509_set_pubkey(certificate, w->key) == 1);
    made_name(X509_get_subject_name(certificate), w->subject);
    made_name(X509_get_issuer_name(certificate), w->issuer != NULL ? w->issuer : w->subject);
    made_extensions(certificate, w);
    check(X509_sign(certificate, w->issuer_key != NULL ? w->issuer_key : w->key,
                    w->hash != NULL ? w->hash : EVP_sha256()) > 0);
    return certificate;
}

/* Appends the DER. */
static inline void made_der(const made_wish *w, tpmc__buf *out)
{
    X509 *certificate = made_x509(w);
    unsigned char *der = NULL;
    int len = i2d_X509(certificate, &der);

    check(len > 0);
    check(tpmc__buf_append(out, der, (size_t)len) == 0);
    OPENSSL_free(der);
    X509_free(certificate);
}

/* Appends a PEM block. */
static inline void made_pem(const made_wish *w, tpmc__buf *out)
{
    tpmc__buf der;

    tpmc__buf_init(&der, 8192);
    made_der(w, &der);
    check(tpmc__pem_write("CERTIFICATE", der.data, der.len, out) == 0);
    tpmc__buf_free(&der);
}

/* The SubjectPublicKeyInfo; freed with OPENSSL_free(). */
static inline tpmc__span made_spki(EVP_PKEY *key)
{
    unsigned char *der = NULL;
    int len = i2d_PUBKEY(key, &der);

    check(len > 0);
    return (tpmc__span){ der, (size_t)len };
}

static inline void made_spki_free(tpmc__span *spki)
{
    OPENSSL_free((void *)(uintptr_t)spki->data);
    spki->data = NULL;
}

#endif
