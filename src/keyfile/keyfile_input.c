/* SPDX-License-Identifier: Apache-2.0 */
#include "keyfile/keyfile_input.h"

#include <string.h>

#include "base/error_int.h"
#include "codec/der.h"
#include "codec/pem.h"
#include "keyfile/keyfile.h"

#define KEY_LABEL "TSS2 PRIVATE KEY"

/* What a file can be instead of a key file. Where it holds several, the first of this list counts.
 */
typedef enum kind {
    KIND_OLD_LAYOUT,
    KIND_ENCRYPTED_KEY,
    KIND_OPENSSH_KEY,
    KIND_PRIVATE_KEY,
    KIND_PUBLIC_KEY,
    KIND_CERTIFICATE,
    KIND_REQUEST,
    KIND_OTHER_PEM,
    KIND_JSON,
    KIND_EMPTY,
    KIND_UNKNOWN
} kind;

typedef struct kind_text {
    int code;
    const char *text;
} kind_text;

#define IMPORT_HINT "tpmcloud key import --in FILE --out KEY.pem"

static const kind_text kind_texts[] = {
    [KIND_OLD_LAYOUT] = { TPMC_ERR_UNSUPPORTED,
                          "this is a TPM key in the old layout 'TSS2 KEY BLOB', which is not "
                          "supported; have the tool that made it write a 'TSS2 PRIVATE KEY'" },
    [KIND_ENCRYPTED_KEY] = { TPMC_ERR_FORMAT,
                             "this is an encrypted private key that is not in a TPM; decrypt it, "
                             "for example with openssl pkey, and import it with: " IMPORT_HINT },
    [KIND_OPENSSH_KEY] = { TPMC_ERR_FORMAT,
                           "this is an OpenSSH private key that is not in a TPM; a TSS2 key file "
                           "is needed" },
    [KIND_PRIVATE_KEY] = { TPMC_ERR_FORMAT, "this is a private key that is not in a TPM; import it "
                                            "with: " IMPORT_HINT },
    [KIND_PUBLIC_KEY] = { TPMC_ERR_FORMAT,
                          "this is a public key; the TSS2 key file of its private part is needed" },
    [KIND_CERTIFICATE] = { TPMC_ERR_FORMAT,
                           "this is a certificate; the TSS2 key file of its private key is "
                           "needed" },
    [KIND_REQUEST] = { TPMC_ERR_FORMAT,
                       "this is a certificate request; the TSS2 key file of its private key is "
                       "needed" },
    [KIND_OTHER_PEM] = { TPMC_ERR_FORMAT,
                         "this PEM text holds no block 'TSS2 PRIVATE KEY', so it is no TPM key "
                         "file" },
    [KIND_JSON] = { TPMC_ERR_FORMAT,
                    "this is a JSON file and no TPM key file; if it holds a private key, import "
                    "that with: " IMPORT_HINT },
    [KIND_EMPTY] = { TPMC_ERR_FORMAT, "the key file is empty" },
    [KIND_UNKNOWN] = { TPMC_ERR_FORMAT, "this is neither PEM nor DER; a TSS2 key file begins with "
                                        "-----BEGIN " KEY_LABEL "-----" },
};

typedef struct label_kind {
    const char *label;
    kind kind;
} label_kind;

static const label_kind label_kinds[] = {
    { "TSS2 KEY BLOB", KIND_OLD_LAYOUT },        { "ENCRYPTED PRIVATE KEY", KIND_ENCRYPTED_KEY },
    { "OPENSSH PRIVATE KEY", KIND_OPENSSH_KEY }, { "PRIVATE KEY", KIND_PRIVATE_KEY },
    { "RSA PRIVATE KEY", KIND_PRIVATE_KEY },     { "EC PRIVATE KEY", KIND_PRIVATE_KEY },
    { "DSA PRIVATE KEY", KIND_PRIVATE_KEY },     { "PUBLIC KEY", KIND_PUBLIC_KEY },
    { "RSA PUBLIC KEY", KIND_PUBLIC_KEY },       { "CERTIFICATE", KIND_CERTIFICATE },
    { "X509 CERTIFICATE", KIND_CERTIFICATE },    { "TRUSTED CERTIFICATE", KIND_CERTIFICATE },
    { "CERTIFICATE REQUEST", KIND_REQUEST },     { "NEW CERTIFICATE REQUEST", KIND_REQUEST },
};

static int refuse(kind what, tpmc_error *err)
{
    return tpmc__fail(err, kind_texts[what].code, "%s", kind_texts[what].text);
}

static kind kind_of_block(const tpmc__pem_block *block)
{
    size_t i;

    for (i = 0; i < sizeof(label_kinds) / sizeof(label_kinds[0]); i++) {
        if (strcmp(block->label, label_kinds[i].label) != 0)
            continue;
        if (label_kinds[i].kind == KIND_PRIVATE_KEY && block->has_headers)
            return KIND_ENCRYPTED_KEY;
        return label_kinds[i].kind;
    }
    return KIND_OTHER_PEM;
}

static int take_key_block(const tpmc__pem_block *block, tpmc__buf *der, tpmc_error *err)
{
    if (der->len)
        return tpmc__fail(err, TPMC_ERR_FORMAT,
                          "the file holds more than one block '" KEY_LABEL
                          "'; put each key into a file of its own");
    if (block->has_headers)
        return tpmc__fail(err, TPMC_ERR_FORMAT,
                          "the block '" KEY_LABEL "' has header lines, as an encrypted one would; "
                          "key files have none");
    if (block->der.len == 0)
        return tpmc__fail(err, TPMC_ERR_FORMAT, "the block '" KEY_LABEL "' is empty");
    tpmc__buf_append(der, block->der.data, block->der.len);
    return tpmc__buf_check(der, "the key file", err);
}

static int input_pem(const char *text, size_t len, tpmc__buf *der, tpmc_error *err)
{
    kind best = KIND_UNKNOWN;
    size_t offset = 0;
    int status = 1;

    while (status == 1) {
        tpmc__pem_block block;
        kind what;

        status = tpmc__pem_next(text, len, &offset, &block, err);
        if (status != 1)
            break;
        what = kind_of_block(&block);
        if (what < best)
            best = what;
        if (strcmp(block.label, KEY_LABEL) == 0) {
            int taken = take_key_block(&block, der, err);

            status = taken ? taken : 1;
        }
        tpmc__pem_block_free(&block);
    }
    if (status)
        return status;
    return der->len ? 0 : refuse(best, err);
}

/* A SEQUENCE that begins with a SEQUENCE: certificate, request, public key or encrypted key. */
static kind kind_of_nested(tpmc__der first, tpmc__der rest)
{
    int tag = tpmc__der_peek(&rest);

    if (tag == TPMC__DER_OCTET_STRING)
        return KIND_ENCRYPTED_KEY;
    if (tag == TPMC__DER_BIT_STRING)
        return KIND_PUBLIC_KEY;
    if (tpmc__der_peek(&first) == TPMC__DER_CONTEXT(0))
        return KIND_CERTIFICATE;
    return tag == TPMC__DER_SEQUENCE ? KIND_REQUEST : KIND_UNKNOWN;
}

/* What the usual structures look like from outside; a key of ours begins with an OID. */
static kind kind_of_der(tpmc__der in)
{
    tpmc__der body = { NULL, 0 };
    tpmc__der first = { NULL, 0 };
    int tag = 0;

    if (tpmc__der_expect(&in, TPMC__DER_SEQUENCE, &body) != 0 ||
        tpmc__der_next(&body, &tag, &first) != 0)
        return KIND_UNKNOWN;
    if (tag == TPMC__DER_SEQUENCE)
        return kind_of_nested(first, body);
    if (tag != TPMC__DER_INTEGER || first.len == 0)
        return KIND_UNKNOWN;
    /* A version number begins a private key; a long number begins the modulus of an RSAPublicKey.
     */
    return first.len == 1 ? KIND_PRIVATE_KEY : KIND_PUBLIC_KEY;
}

static int input_der(const uint8_t *data, size_t len, tpmc__buf *der, tpmc_error *err)
{
    tpmc__der in = { data, len };
    kind what = kind_of_der(in);

    if (what != KIND_UNKNOWN)
        return refuse(what, err);
    tpmc__buf_append(der, data, len);
    return tpmc__buf_check(der, "the key file", err);
}

static int begins_with_brace(const uint8_t *data, size_t len)
{
    size_t i = 0;

    while (i < len && (data[i] == ' ' || data[i] == '\t' || data[i] == '\r' || data[i] == '\n'))
        i++;
    return i < len && data[i] == '{';
}

int tpmc__keyfile_input(const void *data, size_t len, tpmc__buf *der, tpmc_error *err)
{
    const uint8_t *bytes = data;

    if (len == 0)
        return refuse(KIND_EMPTY, err);
    if (len > TPMC__KEYFILE_MAX)
        return tpmc__fail(err, TPMC_ERR_FORMAT,
                          "the key file has %zu bytes, more than the %d that are taken", len,
                          TPMC__KEYFILE_MAX);
    if (tpmc__pem_looks_like(data, len))
        return input_pem(data, len, der, err);
    if (bytes[0] == TPMC__DER_SEQUENCE)
        return input_der(data, len, der, err);
    return refuse(begins_with_brace(bytes, len) ? KIND_JSON : KIND_UNKNOWN, err);
}
