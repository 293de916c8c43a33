/* SPDX-License-Identifier: Apache-2.0 */
#include "support/software_key.h"

#include <stdio.h>
#include <string.h>

#include <openssl/encoder.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include "support/check.h"

#define KEYS_MAX 4

static struct {
    unsigned int bits;
    EVP_PKEY *key;
} keys[KEYS_MAX];

static const struct {
    const char *structure;
    const char *type;
} forms[] = {
    [SOFTWARE_KEY_PKCS8_PEM] = { "PrivateKeyInfo", "PEM" },
    [SOFTWARE_KEY_PKCS8_DER] = { "PrivateKeyInfo", "DER" },
    [SOFTWARE_KEY_PKCS1_PEM] = { "type-specific", "PEM" },
    [SOFTWARE_KEY_PKCS1_DER] = { "type-specific", "DER" },
    [SOFTWARE_KEY_JSON] = { "PrivateKeyInfo", "PEM" },
};

EVP_PKEY *software_key_rsa(unsigned int bits)
{
    size_t i;

    for (i = 0; i < KEYS_MAX && keys[i].bits != 0; i++) {
        if (keys[i].bits == bits)
            return keys[i].key;
    }
    check(i < KEYS_MAX);
    keys[i].key = EVP_RSA_gen(bits);
    check(keys[i].key != NULL);
    keys[i].bits = bits;
    return keys[i].key;
}

void software_key_cleanup(void)
{
    size_t i;

    for (i = 0; i < KEYS_MAX; i++)
        EVP_PKEY_free(keys[i].key);
    memset(keys, 0, sizeof(keys));
}

/* Wraps PEM text into JSON, in place. */
static size_t to_json(char *out, size_t len)
{
    char pem[SOFTWARE_KEY_MAX];
    size_t used = 0;
    size_t i;

    memcpy(pem, out, len);
    used = (size_t)snprintf(out, SOFTWARE_KEY_MAX,
                            "{\"type\": \"service_account\", "
                            "\"private_key\": \"");
    for (i = 0; i < len; i++) {
        check(used + 8 < SOFTWARE_KEY_MAX);
        if (pem[i] == '\n') {
            out[used++] = '\\';
            out[used++] = 'n';
        } else {
            out[used++] = pem[i];
        }
    }
    out[used++] = '"';
    out[used++] = '}';
    return used;
}

size_t software_key_write(const EVP_PKEY *key, software_key_form form, char *out)
{
    OSSL_ENCODER_CTX *encoder = OSSL_ENCODER_CTX_new_for_pkey(
        key, EVP_PKEY_KEYPAIR, forms[form].type, forms[form].structure, NULL);
    unsigned char *data = (unsigned char *)out;
    size_t left = SOFTWARE_KEY_MAX - 1;
    size_t len = 0;

    check(encoder != NULL);
    check(OSSL_ENCODER_to_data(encoder, &data, &left) == 1);
    OSSL_ENCODER_CTX_free(encoder);
    len = SOFTWARE_KEY_MAX - 1 - left;
    if (form == SOFTWARE_KEY_JSON)
        len = to_json(out, len);
    out[len] = '\0';
    return len;
}
