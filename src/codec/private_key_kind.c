/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/private_key_kind.h"

#include <string.h>

#include "base/error_int.h"

#define OID_TEXT_SIZE 128
#define SHAPE_TAGS 3

typedef struct label_row {
    const char *label;
    tpmc__input_kind kind;
} label_row;

static const label_row labels[] = {
    { "PRIVATE KEY", TPMC__KEY_KIND_PKCS8 },
    { "RSA PRIVATE KEY", TPMC__KEY_KIND_PKCS1 },
    { "ENCRYPTED PRIVATE KEY", TPMC__KEY_KIND_ENCRYPTED },
    { "TSS2 PRIVATE KEY", TPMC__KEY_KIND_TPM },
    { "TSS2 KEY BLOB", TPMC__KEY_KIND_TPM_OLD },
    { "CERTIFICATE", TPMC__KEY_KIND_CERTIFICATE },
    { "X509 CERTIFICATE", TPMC__KEY_KIND_CERTIFICATE },
    { "TRUSTED CERTIFICATE", TPMC__KEY_KIND_CERTIFICATE },
    { "CERTIFICATE REQUEST", TPMC__KEY_KIND_REQUEST },
    { "NEW CERTIFICATE REQUEST", TPMC__KEY_KIND_REQUEST },
    { "PUBLIC KEY", TPMC__KEY_KIND_PUBLIC },
    { "RSA PUBLIC KEY", TPMC__KEY_KIND_PUBLIC },
    { "EC PRIVATE KEY", TPMC__KEY_KIND_EC },
    { "EC PARAMETERS", TPMC__KEY_KIND_PARAMETERS },
    { "DSA PRIVATE KEY", TPMC__KEY_KIND_DSA },
    { "DSA PARAMETERS", TPMC__KEY_KIND_PARAMETERS },
    { "DH PARAMETERS", TPMC__KEY_KIND_PARAMETERS },
    { "X9.42 DH PARAMETERS", TPMC__KEY_KIND_PARAMETERS },
    { "OPENSSH PRIVATE KEY", TPMC__KEY_KIND_OPENSSH },
};

/* The tags that the elements inside a SEQUENCE begin with. The first row that fits counts. */
typedef struct shape_row {
    uint8_t tags[SHAPE_TAGS];
    size_t count;
    tpmc__input_kind kind;
} shape_row;

static const shape_row shapes[] = {
    /* version, algorithm, key (RFC 5208) */
    { { TPMC__DER_INTEGER, TPMC__DER_SEQUENCE, TPMC__DER_OCTET_STRING }, 3, TPMC__KEY_KIND_PKCS8 },
    /* version, modulus, exponent, ... (RFC 8017) */
    { { TPMC__DER_INTEGER, TPMC__DER_INTEGER, TPMC__DER_INTEGER }, 3, TPMC__KEY_KIND_PKCS1 },
    /* algorithm, data (RFC 5208) */
    { { TPMC__DER_SEQUENCE, TPMC__DER_OCTET_STRING, 0 }, 2, TPMC__KEY_KIND_ENCRYPTED },
    /* body, algorithm, signature (RFC 5280) */
    { { TPMC__DER_SEQUENCE, TPMC__DER_SEQUENCE, TPMC__DER_BIT_STRING },
      3,
      TPMC__KEY_KIND_CERTIFICATE },
    /* algorithm, key (RFC 5280) */
    { { TPMC__DER_SEQUENCE, TPMC__DER_BIT_STRING, 0 }, 2, TPMC__KEY_KIND_PUBLIC },
    /* modulus, exponent (RFC 8017) */
    { { TPMC__DER_INTEGER, TPMC__DER_INTEGER, 0 }, 2, TPMC__KEY_KIND_PUBLIC },
    /* version, key, ... (RFC 5915) */
    { { TPMC__DER_INTEGER, TPMC__DER_OCTET_STRING, 0 }, 2, TPMC__KEY_KIND_EC },
    /* version, content, ... (RFC 7292) */
    { { TPMC__DER_INTEGER, TPMC__DER_SEQUENCE, 0 }, 2, TPMC__KEY_KIND_PKCS12 },
};

typedef struct refusal {
    int code; /* 0: the kind is taken */
    const char *text;
} refusal;

/* By kind. */
static const refusal refusals[TPMC__KEY_KIND_COUNT] = {
    [TPMC__KEY_KIND_PKCS8] = { 0, NULL },
    [TPMC__KEY_KIND_PKCS1] = { 0, NULL },
    [TPMC__KEY_KIND_ENCRYPTED] = { TPMC_ERR_FORMAT,
                                   "the private key is encrypted; decrypt it first, for example "
                                   "with: openssl pkey -in FILE -out PLAIN" },
    [TPMC__KEY_KIND_TPM] = { TPMC_ERR_FORMAT,
                             "this is a key that is already in a TPM; use it as it is" },
    [TPMC__KEY_KIND_TPM_OLD] = { TPMC_ERR_FORMAT,
                                 "this is a key that is already in a TPM, in the old layout "
                                 "'TSS2 KEY BLOB'" },
    [TPMC__KEY_KIND_CERTIFICATE] = { TPMC_ERR_FORMAT,
                                     "this is a certificate; name the private key instead" },
    [TPMC__KEY_KIND_REQUEST] = { TPMC_ERR_FORMAT,
                                 "this is a certificate request; name the private key instead" },
    [TPMC__KEY_KIND_PUBLIC] = { TPMC_ERR_FORMAT,
                                "this is a public key; name the private key instead" },
    [TPMC__KEY_KIND_EC] = { 0, NULL },
    [TPMC__KEY_KIND_DSA] = { TPMC_ERR_UNSUPPORTED,
                             "this is a DSA key; only RSA and EC keys can be imported" },
    [TPMC__KEY_KIND_PARAMETERS] = { TPMC_ERR_FORMAT,
                                    "these are a key's parameters alone; name the private key "
                                    "instead" },
    [TPMC__KEY_KIND_OPENSSH] = { TPMC_ERR_FORMAT,
                                 "this private key has OpenSSH's own format; convert a copy of it "
                                 "with: ssh-keygen -p -m PEM -f COPY" },
    [TPMC__KEY_KIND_PKCS12] = { TPMC_ERR_FORMAT,
                                "this is a PKCS#12 file; take the private key out of it with: "
                                "openssl pkcs12 -in FILE -nocerts -nodes -out PLAIN" },
    [TPMC__KEY_KIND_OTHER] = { TPMC_ERR_FORMAT,
                               "this is no RSA or EC private key in PEM or DER (PKCS#8, PKCS#1 or "
                               "SEC 1), and no JSON with a member \"private_key\"" },
};

typedef struct algorithm_row {
    const char *oid;
    const char *name;        /* of what is refused; NULL for what is taken */
    tpmc__private_kind kind; /* of what is taken */
} algorithm_row;

static const algorithm_row algorithms[] = {
    { "1.2.840.113549.1.1.1", NULL, TPMC__PRIVATE_RSA },
    { "1.2.840.10045.2.1", NULL, TPMC__PRIVATE_EC },
    { "1.3.132.1.12", "an EC key that is fixed to ECDH", TPMC__PRIVATE_EC },
    { "1.3.132.1.13", "an EC key that is fixed to ECMQV", TPMC__PRIVATE_EC },
    { "1.2.840.113549.1.1.10", "an RSA key that is fixed to RSASSA-PSS", TPMC__PRIVATE_RSA },
    { "1.2.840.113549.1.1.7", "an RSA key that is fixed to OAEP", TPMC__PRIVATE_RSA },
    { "1.2.840.10040.4.1", "a DSA key", TPMC__PRIVATE_RSA },
    { "1.2.840.113549.1.3.1", "a Diffie-Hellman key", TPMC__PRIVATE_RSA },
    { "1.2.840.10046.2.1", "a Diffie-Hellman key", TPMC__PRIVATE_RSA },
    { "1.3.101.110", "an X25519 key", TPMC__PRIVATE_RSA },
    { "1.3.101.111", "an X448 key", TPMC__PRIVATE_RSA },
    { "1.3.101.112", "an Ed25519 key", TPMC__PRIVATE_RSA },
    { "1.3.101.113", "an Ed448 key", TPMC__PRIVATE_RSA },
};

tpmc__input_kind tpmc__input_kind_of_pem(const tpmc__pem_block *block)
{
    for (size_t i = 0; i < sizeof(labels) / sizeof(labels[0]); i++) {
        if (strcmp(labels[i].label, block->label) != 0)
            continue;
        /* The only headers that are still written are those of encrypted data. */
        return block->has_headers ? TPMC__KEY_KIND_ENCRYPTED : labels[i].kind;
    }
    return TPMC__KEY_KIND_OTHER;
}

/* 1 for the body of a TSS2 key, which its first OID names (draft-bottomley-tpm2-keys). */
static int is_tpm_key(tpmc__der body)
{
    static const uint8_t arc[] = { 0x67, 0x81, 0x05, 0x0a, 0x01 }; /* 2.23.133.10.1 */
    tpmc__der oid = { NULL, 0 };

    if (tpmc__der_expect(&body, TPMC__DER_OID, &oid) != 0)
        return 0;
    return oid.len > sizeof(arc) && memcmp(oid.data, arc, sizeof(arc)) == 0;
}

/* A certificate and a request look alike from outside; a request begins with the version 0 (RFC
 * 2986 section 4.1), a certificate with [0] or its serial number. */
static int is_request(tpmc__der body)
{
    tpmc__der info = { NULL, 0 };
    tpmc__der version = { NULL, 0 };

    return tpmc__der_expect(&body, TPMC__DER_SEQUENCE, &info) == 0 &&
           tpmc__der_expect_unsigned(&info, &version) == 0 && version.len == 0;
}

tpmc__input_kind tpmc__input_kind_of_der(const void *data, size_t len)
{
    uint8_t tags[SHAPE_TAGS] = { 0 };
    tpmc__der in = { data, len };
    tpmc__der body = { NULL, 0 };
    tpmc__der content = { NULL, 0 };
    tpmc__input_kind kind = TPMC__KEY_KIND_OTHER;
    tpmc__der whole;
    int tag = 0;

    if (tpmc__der_expect(&in, TPMC__DER_SEQUENCE, &body) != 0)
        return TPMC__KEY_KIND_OTHER;
    if (is_tpm_key(body))
        return TPMC__KEY_KIND_TPM;
    whole = body;
    for (size_t i = 0; i < SHAPE_TAGS && body.len > 0; i++) {
        if (tpmc__der_next(&body, &tag, &content) != 0)
            return TPMC__KEY_KIND_OTHER;
        tags[i] = (uint8_t)tag;
    }
    for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
        if (memcmp(shapes[i].tags, tags, shapes[i].count) != 0)
            continue;
        kind = shapes[i].kind;
        break;
    }
    if (kind == TPMC__KEY_KIND_CERTIFICATE && is_request(whole))
        return TPMC__KEY_KIND_REQUEST;
    return kind;
}

int tpmc__input_kind_check(tpmc__input_kind kind, tpmc_error *err)
{
    const refusal *row = &refusals[kind];

    if (row->code == 0)
        return 0;
    return tpmc__fail(err, row->code, "%s", row->text);
}

static int refuse_algorithm(const char *name, tpmc_error *err)
{
    return tpmc__fail(err, TPMC_ERR_UNSUPPORTED,
                      "this is %s; only plain RSA and EC keys can be imported", name);
}

int tpmc__key_algorithm_find(const tpmc__der *oid, tpmc__private_kind *out, tpmc_error *err)
{
    char text[OID_TEXT_SIZE];

    for (size_t i = 0; i < sizeof(algorithms) / sizeof(algorithms[0]); i++) {
        if (!tpmc__der_oid_is(oid, algorithms[i].oid))
            continue;
        if (algorithms[i].name != NULL)
            return refuse_algorithm(algorithms[i].name, err);
        *out = algorithms[i].kind;
        return 0;
    }
    (void)tpmc__der_oid_text(oid, text, sizeof(text));
    return tpmc__fail(err, TPMC_ERR_UNSUPPORTED,
                      "this is a key for the algorithm %s; only plain RSA and EC keys can be "
                      "imported",
                      text);
}
