/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/pem.h"
#include "codec/x509.h"
#include "codec/x509_name.h"
#include "tpmkey/key_int.h"

#define MAX_SPKI 4096
#define MAX_TBS 8192
#define MAX_DER 16384
#define MAX_PEM 32768
#define MAX_DAYS 36500
#define MS_PER_DAY INT64_C(86400000)
/* The reader's clock may be behind ours. */
#define BACKDATE_MS INT64_C(300000)

static const struct {
    uint16_t scheme;
    tpmc__x509_signature signature;
} signatures[] = {
    { TPMC__ALG_RSASSA, TPMC__X509_RSA_PKCS1 },
    { TPMC__ALG_RSAPSS, TPMC__X509_RSA_PSS },
    { TPMC__ALG_ECDSA, TPMC__X509_ECDSA },
};

/* A request or certificate on its way. */
struct document {
    tpmc_key *key;
    const char *label; /* of the PEM block */
    const char *algorithm;
    tpmc__x509_subject subject;
    tpmc__buf spki;
    tpmc__buf tbs;
};

/* A mistyped subject is said before a password is asked for or the TPM touched. */
static int check_subject(const char *subject, tpmc_error *err)
{
    tpmc__buf name;
    int status = 0;

    if (subject == NULL)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT, "the parameter 'subject' is NULL");
    tpmc__buf_init(&name, MAX_TBS);
    status = tpmc__x509_name_write(subject, &name, err);
    if (status == 0)
        status = tpmc__buf_check(&name, "the subject", err);
    tpmc__buf_free(&name);
    return status;
}

static int choose_signature(struct document *document, const char *name, tpmc_error *err)
{
    const tpmc__algorithm *algorithm = NULL;
    int status = tpmc__algorithm_for(&document->key->kind, name, &algorithm, err);

    if (status != 0)
        return status;
    for (size_t i = 0; i < sizeof(signatures) / sizeof(signatures[0]); i++) {
        if (signatures[i].scheme != algorithm->scheme)
            continue;
        document->algorithm = algorithm->name;
        document->subject.signature = signatures[i].signature;
        document->subject.hash = algorithm->hash;
        return 0;
    }
    return tpmc__fail(err, TPMC_ERR_UNSUPPORTED,
                      "a certificate cannot be signed with %s; it takes an RSA or EC key",
                      algorithm->name);
}

/* All but what depends on the kind of document. */
static int begin(struct document *document, const char *algorithm, const char *subject,
                 tpmc_error *err)
{
    tpmc_key *key = document->key;
    int status = tpmc__key_enter(key, err);

    if (status == 0)
        status = check_subject(subject, err);
    if (status == 0)
        status = tpmc__key_read(key, err);
    if (status != 0)
        return status;
    if (key->public_key == NULL)
        return tpmc__fail(err, TPMC_ERR_UNSUPPORTED,
                          "this is not an RSA or EC key, so it has no public part to certify");
    status = choose_signature(document, algorithm, err);
    if (status == 0)
        status = tpmc__verify_key_spki(key->public_key, &document->spki, err);
    if (status != 0)
        return status;
    document->subject.name = subject;
    document->subject.spki.data = document->spki.data;
    document->subject.spki.len = document->spki.len;
    return 0;
}

static int give(const struct document *document, const tpmc_bytes *signature, tpmc_bytes **pem,
                tpmc_error *err)
{
    tpmc__buf der;
    tpmc__buf text;
    int status = 0;

    tpmc__buf_init(&der, MAX_DER);
    tpmc__buf_init(&text, MAX_PEM);
    status = tpmc__x509_assemble(&document->subject, &document->tbs, tpmc_bytes_data(signature),
                                 tpmc_bytes_len(signature), &der, err);
    if (status == 0) {
        tpmc__pem_write(document->label, der.data, der.len, &text);
        status = tpmc__bytes_from_buf(&text, "the PEM text", pem, err);
    }
    tpmc__buf_free(&text);
    tpmc__buf_free(&der);
    return status;
}

static int sign(const struct document *document, tpmc_bytes **pem, tpmc_error *err)
{
    tpmc_bytes *signature = NULL;
    int status = tpmc_key_sign(document->key, document->algorithm, document->tbs.data,
                               document->tbs.len, &signature, err);

    if (status != 0)
        return status;
    status = give(document, signature, pem, err);
    tpmc_bytes_free(signature);
    return status;
}

static void init(struct document *document, tpmc_key *key, const char *label)
{
    static const struct document nothing = { 0 };

    *document = nothing;
    document->key = key;
    document->label = label;
    tpmc__buf_init(&document->spki, MAX_SPKI);
    tpmc__buf_init(&document->tbs, MAX_TBS);
}

static void clear(struct document *document)
{
    tpmc__buf_free(&document->spki);
    tpmc__buf_free(&document->tbs);
}

int tpmc_key_make_csr(tpmc_key *key, const char *algorithm, const char *subject, tpmc_bytes **pem,
                      tpmc_error *err)
{
    struct document document;
    int status = 0;

    tpmc__error_clear(err);
    if (pem == NULL)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT, "the parameter 'pem' is NULL");
    *pem = NULL;
    init(&document, key, "CERTIFICATE REQUEST");
    status = begin(&document, algorithm, subject, err);
    if (status == 0)
        status = tpmc__x509_request_info(&document.subject, &document.tbs, err);
    if (status == 0)
        status = sign(&document, pem, err);
    clear(&document);
    return status;
}

static int write_certificate(struct document *document, int days, tpmc_error *err)
{
    tpmc_env *env = document->key->env;
    int64_t now = 0;
    int status = tpmc__env_wall_ms(env, &now, err);

    if (status != 0)
        return status;
    return tpmc__x509_tbs_certificate(env, &document->subject, now - BACKDATE_MS,
                                      now + days * MS_PER_DAY, &document->tbs, err);
}

int tpmc_key_make_certificate(tpmc_key *key, const char *algorithm, const char *subject, int days,
                              tpmc_bytes **pem, tpmc_error *err)
{
    struct document document;
    int status = 0;

    tpmc__error_clear(err);
    if (pem == NULL)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT, "the parameter 'pem' is NULL");
    *pem = NULL;
    if (days < 1 || days > MAX_DAYS)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT, "the parameter 'days' is %d, not 1 to %d", days,
                          MAX_DAYS);
    init(&document, key, "CERTIFICATE");
    status = begin(&document, algorithm, subject, err);
    if (status == 0)
        status = write_certificate(&document, days, err);
    if (status == 0)
        status = sign(&document, pem, err);
    clear(&document);
    return status;
}
