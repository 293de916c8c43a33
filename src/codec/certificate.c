/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/certificate.h"

#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>
#include <string.h>

#include "base/error_int.h"
#include "codec/openssl_error.h"
#include "codec/pem.h"
#include "codec/spki.h"

#define MS_PER_SECOND 1000

static const char *const labels[] = { "CERTIFICATE", "X509 CERTIFICATE" };

int tpmc__certificate_is_label(const char *label)
{
    for (size_t i = 0; i < sizeof(labels) / sizeof(labels[0]); i++) {
        if (strcmp(labels[i], label) == 0)
            return 1;
    }
    return 0;
}

/* One certificate that is all of the bytes; NULL when OpenSSL cannot read it. */
static X509 *read_x509(tpmc_env *env, const uint8_t *der, size_t len)
{
    X509 *certificate = X509_new_ex(env->ossl, NULL);
    const unsigned char *at = der;

    if (certificate == NULL)
        return NULL;
    /* On failure it frees the object and leaves NULL. */
    if (d2i_X509(&certificate, &at, (long)len) == NULL)
        return NULL;
    if (at == der + len)
        return certificate;
    X509_free(certificate);
    return NULL;
}

static int add_root(tpmc_env *env, X509_STORE *store, const tpmc__pem_block *block, size_t number,
                    tpmc_error *err)
{
    X509 *certificate = NULL;
    int status = 0;

    if (!block->has_headers)
        certificate = read_x509(env, block->der.data, block->der.len);
    if (certificate == NULL && tpmc__openssl_out_of_memory())
        return tpmc__fail_nomem(err);
    if (certificate == NULL)
        return tpmc__fail(err, TPMC_ERR_FORMAT,
                          "certificate %zu of the trusted certificates is not well formed", number);
    if (X509_STORE_add_cert(store, certificate) != 1)
        status = tpmc__openssl_fail(err, "taking a trusted certificate");
    X509_free(certificate);
    return status;
}

static int add_roots(tpmc_env *env, X509_STORE *store, const tpmc__span *roots, tpmc_error *err)
{
    tpmc__pem_block block;
    size_t offset = 0;
    size_t count = 0;
    int status = 0;
    int found = 1;

    if (roots->len > TPMC__CERTIFICATES_MAX)
        return tpmc__fail(err, TPMC_ERR_FORMAT, "the trusted certificates are larger than %d bytes",
                          TPMC__CERTIFICATES_MAX);
    while (status == 0 && found == 1) {
        found = tpmc__pem_next(roots->data, roots->len, &offset, &block, err);
        if (found != 1)
            break;
        if (tpmc__certificate_is_label(block.label))
            status = add_root(env, store, &block, ++count, err);
        tpmc__pem_block_free(&block);
    }
    if (found < 0) {
        tpmc__error_prefix(err, "the trusted certificates");
        return found;
    }
    if (status == 0 && count == 0)
        return tpmc__fail(err, TPMC_ERR_FORMAT,
                          "there is no CERTIFICATE block among the trusted certificates; they are "
                          "given as PEM");
    return status;
}

/* 1 for padding: zeros alone or FF alone. */
static int is_padding(const tpmc__der *rest)
{
    for (size_t i = 0; i < rest->len; i++) {
        if (rest->data[i] != rest->data[0] || (rest->data[i] != 0x00 && rest->data[i] != 0xff))
            return 0;
    }
    return 1;
}

static int read_certificate(tpmc_env *env, const tpmc__span *certificate, X509 **out,
                            tpmc_error *err)
{
    tpmc__der in = { certificate->data, certificate->len };
    tpmc__der body = { NULL, 0 };

    *out = NULL;
    if (in.len > TPMC__CERTIFICATES_MAX)
        return tpmc__fail(err, TPMC_ERR_FORMAT,
                          "the endorsement key's certificate is larger than %d bytes",
                          TPMC__CERTIFICATES_MAX);
    if (tpmc__der_expect(&in, TPMC__DER_SEQUENCE, &body) != 0)
        return tpmc__fail(err, TPMC_ERR_FORMAT,
                          "the endorsement key's certificate is no certificate in DER, or it is "
                          "cut short");
    if (!is_padding(&in))
        return tpmc__fail(err, TPMC_ERR_FORMAT,
                          "something follows the endorsement key's certificate");
    *out = read_x509(env, certificate->data, certificate->len - in.len);
    if (*out != NULL)
        return 0;
    if (tpmc__openssl_out_of_memory())
        return tpmc__fail_nomem(err);
    return tpmc__fail(err, TPMC_ERR_FORMAT, "the endorsement key's certificate is not well formed");
}

static int check_key(const X509 *certificate, const tpmc__span *spki, tpmc_error *err)
{
    tpmc__spki_parts expected = { { NULL, 0 }, { NULL, 0 }, { NULL, 0 } };
    tpmc__spki_parts found = { { NULL, 0 }, { NULL, 0 }, { NULL, 0 } };
    unsigned char *der = NULL;
    int len = 0;
    int status = 0;

    if (tpmc__spki_read(spki->data, spki->len, &expected) != 0)
        return tpmc__fail(err, TPMC_ERR_FORMAT,
                          "the endorsement key is not a well-formed SubjectPublicKeyInfo in DER");
    len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &der);
    if (len <= 0)
        status = tpmc__openssl_fail(err, "reading the key of the endorsement key's certificate");
    else if (tpmc__spki_read(der, (size_t)len, &found) != 0)
        status = tpmc__fail(err, TPMC_ERR_FORMAT,
                            "the key in the endorsement key's certificate is not well formed");
    else if (!tpmc__spki_is_same(&expected, &found))
        status = tpmc__fail(err, TPMC_ERR_INTEGRITY,
                            "the endorsement key's certificate is about another key than the TPM's "
                            "endorsement key");
    OPENSSL_free(der);
    return status;
}

/* 1 when all critical extensions that OpenSSL does not know are those of the TCG (2.23.133). */
static int has_only_tcg_extensions(const X509 *certificate)
{
    static const uint8_t arc[] = { 0x67, 0x81, 0x05 };

    for (int i = 0; i < X509_get_ext_count(certificate); i++) {
        X509_EXTENSION *extension = X509_get_ext(certificate, i);
        const ASN1_OBJECT *oid = X509_EXTENSION_get_object(extension);

        if (!X509_EXTENSION_get_critical(extension) || X509_supported_extension(extension))
            continue;
        if (OBJ_length(oid) <= sizeof(arc) || memcmp(OBJ_get0_data(oid), arc, sizeof(arc)) != 0)
            return 0;
    }
    return 1;
}

static int judge_step(int is_good, X509_STORE_CTX *context)
{
    const X509 *certificate = X509_STORE_CTX_get_current_cert(context);

    if (is_good)
        return 1;
    return X509_STORE_CTX_get_error(context) == X509_V_ERR_UNHANDLED_CRITICAL_EXTENSION &&
           X509_STORE_CTX_get_error_depth(context) == 0 && certificate != NULL &&
           has_only_tcg_extensions(certificate);
}

static int fail_reason(int reason, tpmc_error *err)
{
    if (reason == X509_V_ERR_OUT_OF_MEM || tpmc__openssl_out_of_memory())
        return tpmc__fail_nomem(err);
    return tpmc__fail(err, TPMC_ERR_INTEGRITY,
                      "the endorsement key's certificate cannot be trusted: %s",
                      X509_verify_cert_error_string(reason));
}

/* A check of one certificate, on its way; NULL on failure. */
static X509_STORE_CTX *begin_check(tpmc_env *env, X509_STORE *store, X509 *certificate,
                                   int64_t now_ms)
{
    X509_STORE_CTX *context = X509_STORE_CTX_new_ex(env->ossl, NULL);

    if (context == NULL)
        return NULL;
    if (X509_STORE_CTX_init(context, store, certificate, NULL) != 1) {
        X509_STORE_CTX_free(context);
        return NULL;
    }
    X509_STORE_CTX_set_verify_cb(context, judge_step);
    X509_STORE_CTX_set_flags(context, X509_V_FLAG_PARTIAL_CHAIN);
    X509_VERIFY_PARAM_set_time(X509_STORE_CTX_get0_param(context),
                               (time_t)(now_ms / MS_PER_SECOND));
    return context;
}

static int check_chain(tpmc_env *env, X509_STORE *store, X509 *certificate, int64_t now_ms,
                       tpmc_error *err)
{
    X509_STORE_CTX *context = begin_check(env, store, certificate, now_ms);
    int status = 0;

    if (context == NULL)
        return tpmc__openssl_fail(err, "preparing to check a certificate");
    if (X509_verify_cert(context) != 1)
        status = fail_reason(X509_STORE_CTX_get_error(context), err);
    X509_STORE_CTX_free(context);
    return status;
}

/* OpenSSL makes no key of one that is labelled RSAES-OAEP, and checks no certificate of it. */
static int is_labelled_oaep(const X509 *certificate)
{
    ASN1_OBJECT *algorithm = NULL;

    return X509_PUBKEY_get0_param(&algorithm, NULL, NULL, NULL,
                                  X509_get_X509_PUBKEY(certificate)) == 1 &&
           OBJ_obj2nid(algorithm) == NID_rsaesOaep;
}

/* What X509_verify_cert() would look at in the first certificate of a chain; X509_V_OK or its code.
 */
static int judge_leaf(X509_STORE_CTX *context, X509 *leaf, X509 *issuer)
{
    int frame = X509_cmp_timeframe(X509_STORE_CTX_get0_param(context), X509_get0_notBefore(leaf),
                                   X509_get0_notAfter(leaf));

    if ((X509_get_extension_flags(leaf) & EXFLAG_INVALID) != 0)
        return X509_V_ERR_INVALID_EXTENSION;
    if (!has_only_tcg_extensions(leaf))
        return X509_V_ERR_UNHANDLED_CRITICAL_EXTENSION;
    if (X509_check_ca(issuer) == 0)
        return X509_V_ERR_INVALID_CA;
    if (X509_verify(leaf, X509_get0_pubkey(issuer)) != 1)
        return X509_V_ERR_CERT_SIGNATURE_FAILURE;
    if (frame != 0)
        return frame < 0 ? X509_V_ERR_CERT_NOT_YET_VALID : X509_V_ERR_CERT_HAS_EXPIRED;
    return X509_V_OK;
}

/* As check_chain(), which then checks the issuer. */
static int check_oaep_chain(tpmc_env *env, X509_STORE *store, X509 *leaf, int64_t now_ms,
                            tpmc_error *err)
{
    X509_STORE_CTX *context = begin_check(env, store, leaf, now_ms);
    X509 *issuer = NULL;
    int reason = X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY;
    int status = 0;

    if (context == NULL)
        return tpmc__openssl_fail(err, "preparing to check a certificate");
    if (X509_STORE_CTX_get1_issuer(&issuer, context, leaf) == 1)
        reason = judge_leaf(context, leaf, issuer);
    if (reason != X509_V_OK)
        status = fail_reason(reason, err);
    if (status == 0)
        status = check_chain(env, store, issuer, now_ms, err);
    X509_free(issuer);
    X509_STORE_CTX_free(context);
    return status;
}

static int check_all(tpmc_env *env, X509_STORE *store, const tpmc__span *certificate,
                     const tpmc__span *spki, int64_t now_ms, tpmc_error *err)
{
    X509 *x509 = NULL;
    int status = read_certificate(env, certificate, &x509, err);

    if (status == 0)
        status = check_key(x509, spki, err);
    if (status == 0 && is_labelled_oaep(x509))
        status = check_oaep_chain(env, store, x509, now_ms, err);
    else if (status == 0)
        status = check_chain(env, store, x509, now_ms, err);
    X509_free(x509);
    return status;
}

int tpmc__certificate_check_ek(tpmc_env *env, const tpmc__span *roots,
                               const tpmc__span *certificate, const tpmc__span *spki,
                               int64_t now_ms, tpmc_error *err)
{
    X509_STORE *store = NULL;
    int status = 0;

    tpmc__openssl_begin();
    store = X509_STORE_new();
    if (store == NULL)
        status = tpmc__openssl_fail(err, "preparing to check a certificate");
    if (status == 0)
        status = add_roots(env, store, roots, err);
    if (status == 0)
        status = check_all(env, store, certificate, spki, now_ms, err);
    X509_STORE_free(store);
    /* What OpenSSL keeps for this thread: OPENSSL_thread_stop_ex(3). */
    OPENSSL_thread_stop_ex(env->ossl);
    tpmc__openssl_end();
    return status;
}

/* 1 when `child` bears a signature of the key in `issuer`, or one that cannot be looked at. */
static int judge_link(X509 *child, X509 *issuer)
{
    EVP_PKEY *key = X509_get0_pubkey(issuer);

    if (key == NULL || X509_get_signature_nid(child) == NID_undef)
        return 1;
    return X509_verify(child, key) == 1;
}

int tpmc__certificate_is_signed_by(tpmc_env *env, const tpmc__span *child, const tpmc__span *issuer,
                                   int *is_signed, tpmc_error *err)
{
    X509 *below = NULL;
    X509 *above = NULL;
    int status = 0;

    *is_signed = 0;
    tpmc__openssl_begin();
    below = read_x509(env, child->data, child->len);
    if (below != NULL)
        above = read_x509(env, issuer->data, issuer->len);
    if (above != NULL)
        *is_signed = judge_link(below, above);
    if (!*is_signed && tpmc__openssl_out_of_memory())
        status = tpmc__fail_nomem(err);
    X509_free(below);
    X509_free(above);
    OPENSSL_thread_stop_ex(env->ossl);
    tpmc__openssl_end();
    return status;
}
