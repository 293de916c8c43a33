/* SPDX-License-Identifier: Apache-2.0 */
#include "keyfile/keyfile_input.h"

#include <string.h>

#include "base/error_int.h"
#include "codec/der.h"
#include "codec/json.h"
#include "codec/pem.h"
#include "codec/private_key_kind.h"
#include "keyfile/keyfile.h"

#define KEY_LABEL "TSS2 PRIVATE KEY"
#define OLD_LABEL "TSS2 KEY BLOB"

#define IMPORT_HINT "tpmcloud key import --in FILE --out KEY.pem"

typedef struct refusal {
    int code; /* 0: no such file gets here */
    const char *text;
} refusal;

#define PRIVATE_KEY_TEXT "this is a private key that is not in a TPM; import it with: " IMPORT_HINT

/* What a file can be instead of a key file. */
static const refusal refusals[TPMC__KEY_KIND_COUNT] = {
    [TPMC__KEY_KIND_ENCRYPTED] = { TPMC_ERR_FORMAT,
                                   "this is an encrypted private key that is not in a TPM; decrypt "
                                   "it, for example with openssl pkey, and import it "
                                   "with: " IMPORT_HINT },
    [TPMC__KEY_KIND_OPENSSH] = { TPMC_ERR_FORMAT,
                                 "this is an OpenSSH private key that is not in a TPM; a TSS2 key "
                                 "file is needed" },
    [TPMC__KEY_KIND_PKCS8] = { TPMC_ERR_FORMAT, PRIVATE_KEY_TEXT },
    [TPMC__KEY_KIND_PKCS1] = { TPMC_ERR_FORMAT, PRIVATE_KEY_TEXT },
    [TPMC__KEY_KIND_EC] = { TPMC_ERR_FORMAT, PRIVATE_KEY_TEXT },
    [TPMC__KEY_KIND_DSA] = { TPMC_ERR_FORMAT, PRIVATE_KEY_TEXT },
    [TPMC__KEY_KIND_PUBLIC] = { TPMC_ERR_FORMAT,
                                "this is a public key; the TSS2 key file of its private part is "
                                "needed" },
    [TPMC__KEY_KIND_CERTIFICATE] = { TPMC_ERR_FORMAT,
                                     "this is a certificate; the TSS2 key file of its private key "
                                     "is needed" },
    [TPMC__KEY_KIND_REQUEST] = { TPMC_ERR_FORMAT,
                                 "this is a certificate request; the TSS2 key file of its private "
                                 "key is needed" },
    [TPMC__KEY_KIND_PKCS12] = { TPMC_ERR_FORMAT,
                                "this is a PKCS#12 file; a TSS2 key file is needed" },
    [TPMC__KEY_KIND_OTHER] = { TPMC_ERR_FORMAT, "this PEM text holds no block '" KEY_LABEL
                                                "', so it is no TPM key file" },
};

static int refuse(tpmc__input_kind what, tpmc_error *err)
{
    return tpmc__fail(err, refusals[what].code, "%s", refusals[what].text);
}

static int is_key_block(const tpmc__pem_block *block)
{
    return strcmp(block->label, KEY_LABEL) == 0 || strcmp(block->label, OLD_LABEL) == 0;
}

static int take_key_block(const tpmc__pem_block *block, tpmc__buf *der, tpmc_error *err)
{
    if (der->len)
        return tpmc__fail(err, TPMC_ERR_FORMAT,
                          "the file holds more than one block '" KEY_LABEL "' or '" OLD_LABEL
                          "'; put each key into a file of its own");
    if (block->has_headers)
        return tpmc__fail(err, TPMC_ERR_FORMAT,
                          "the block '%s' has header lines, as an encrypted one would; key files "
                          "have none",
                          block->label);
    if (block->der.len == 0)
        return tpmc__fail(err, TPMC_ERR_FORMAT, "the block '%s' is empty", block->label);
    tpmc__buf_append(der, block->der.data, block->der.len);
    return tpmc__buf_check(der, "the key file", err);
}

static int input_pem(const char *text, size_t len, tpmc__buf *der, tpmc_error *err)
{
    tpmc__input_kind best = TPMC__KEY_KIND_OTHER;
    size_t offset = 0;
    int status = 1;

    while (status == 1) {
        tpmc__pem_block block;
        tpmc__input_kind what;

        status = tpmc__pem_next(text, len, &offset, &block, err);
        if (status != 1)
            break;
        what = tpmc__input_kind_of_pem(&block);
        if (is_key_block(&block)) {
            int taken = take_key_block(&block, der, err);

            status = taken ? taken : 1;
        } else if (what < best) {
            best = what;
        }
        tpmc__pem_block_free(&block);
    }
    if (status)
        return status;
    return der->len ? 0 : refuse(best, err);
}

/* What is nothing else is left to the reader, which names the first flaw. */
static int input_der(const uint8_t *data, size_t len, tpmc__buf *der, tpmc_error *err)
{
    tpmc__input_kind what = tpmc__input_kind_of_der(data, len);

    if (refusals[what].code && what != TPMC__KEY_KIND_OTHER)
        return refuse(what, err);
    tpmc__buf_append(der, data, len);
    return tpmc__buf_check(der, "the key file", err);
}

int tpmc__keyfile_input(const void *data, size_t len, tpmc__buf *der, tpmc_error *err)
{
    const uint8_t *bytes = data;

    if (len == 0)
        return tpmc__fail(err, TPMC_ERR_FORMAT, "the key file is empty");
    if (len > TPMC__KEYFILE_MAX)
        return tpmc__fail(err, TPMC_ERR_FORMAT,
                          "the key file has %zu bytes, more than the %d that are taken", len,
                          TPMC__KEYFILE_MAX);
    if (tpmc__pem_looks_like(data, len))
        return input_pem(data, len, der, err);
    if (bytes[0] == TPMC__DER_SEQUENCE)
        return input_der(data, len, der, err);
    if (tpmc__json_looks_like_object(data, len))
        return tpmc__fail(err, TPMC_ERR_FORMAT,
                          "this is a JSON file and no TPM key file; if it holds a private key, "
                          "import that with: " IMPORT_HINT);
    return tpmc__fail(err, TPMC_ERR_FORMAT,
                      "this is neither PEM nor DER; a TSS2 key file begins with "
                      "-----BEGIN " KEY_LABEL "-----");
}
