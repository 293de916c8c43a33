/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/private_key.h"

#include <string.h>

#include <openssl/crypto.h>

#include "base/error_int.h"
#include "base/mem.h"
#include "codec/ec_numbers.h"
#include "codec/json.h"
#include "codec/pem.h"
#include "codec/private_key_kind.h"
#include "codec/rsa_numbers.h"

static uint32_t small_number(const tpmc__der *number)
{
    uint32_t value = 0;

    for (size_t i = 0; i < number->len; i++)
        value = value << 8 | number->data[i];
    return value;
}

static int fill_rsa(tpmc_env *env, const tpmc__private_key_der *der, tpmc__private_key *out,
                    tpmc_error *err)
{
    tpmc__rsa_numbers numbers;
    const tpmc__der *modulus = &numbers.number[TPMC__RSA_N];
    const tpmc__der *prime = &numbers.number[TPMC__RSA_P];
    int status = 0;

    memset(&numbers, 0, sizeof(numbers));
    status = tpmc__rsa_numbers_read(der, &numbers, err);
    if (status != 0)
        return status;
    status = tpmc__rsa_numbers_check(env, &numbers, err);
    if (status != 0)
        return status;
    status = tpmc__secret_set(&out->secret, prime->data, prime->len, err);
    if (status != 0)
        return status;
    memcpy(out->modulus, modulus->data, modulus->len);
    out->modulus_len = modulus->len;
    out->exponent = small_number(&numbers.number[TPMC__RSA_E]);
    return 0;
}

static int parse_der(tpmc_env *env, const void *data, size_t len, tpmc__private_key *out,
                     tpmc_error *err)
{
    tpmc__private_key_der der;
    int status = tpmc__private_key_der_read(data, len, &der, err);

    if (status != 0)
        return status;
    out->kind = der.kind;
    if (der.kind == TPMC__PRIVATE_EC)
        return tpmc__ec_numbers_read(env, &der, out, err);
    return fill_rsa(env, &der, out, err);
}

static int is_private_key(const tpmc__pem_block *block)
{
    static const char words[] = "PRIVATE KEY";
    size_t len = strlen(block->label);

    return len >= sizeof(words) - 1 && strcmp(block->label + len - (sizeof(words) - 1), words) == 0;
}

/* Takes over `block`: the one private key of the text, or else its first block. */
static int consider_block(tpmc__pem_block *picked, tpmc__pem_block *block, int first,
                          tpmc_error *err)
{
    if (first || (is_private_key(block) && !is_private_key(picked))) {
        tpmc__pem_block_free(picked);
        *picked = *block;
        return 0;
    }
    tpmc__pem_block_free(block);
    if (is_private_key(block))
        return tpmc__fail(err, TPMC_ERR_FORMAT,
                          "there is more than one private key in the PEM text; leave only one");
    return 0;
}

static int pick_block(const char *text, size_t len, tpmc__pem_block *picked, tpmc_error *err)
{
    tpmc__pem_block block;
    size_t offset = 0;
    size_t count = 0;
    int status = 0;
    int found = 1;

    memset(picked, 0, sizeof(*picked));
    while (status == 0 && found == 1) {
        found = tpmc__pem_next(text, len, &offset, &block, err);
        if (found == 1)
            status = consider_block(picked, &block, count++ == 0, err);
    }
    if (found < 0)
        status = found;
    if (status != 0)
        tpmc__pem_block_free(picked);
    return status;
}

static int parse_pem(tpmc_env *env, const char *text, size_t len, tpmc__private_key *out,
                     tpmc_error *err)
{
    tpmc__pem_block block;
    int status = pick_block(text, len, &block, err);

    if (status != 0)
        return status;
    status = tpmc__input_kind_check(tpmc__input_kind_of_pem(&block), err);
    if (status == 0)
        status = parse_der(env, block.der.data, block.der.len, out, err);
    tpmc__pem_block_free(&block);
    return status;
}

static int parse_json(tpmc_env *env, const void *data, size_t len, tpmc__private_key *out,
                      tpmc_error *err)
{
    tpmc__json *json = NULL;
    const char *pem = NULL;
    int status = tpmc__json_parse(data, len, TPMC__PRIVATE_KEY_MAX, "the key's JSON", &json, err);

    if (status != 0)
        return status;
    pem = tpmc__json_text(tpmc__json_member(json, "private_key"));
    if (pem == NULL) {
        status = tpmc__fail(err, TPMC_ERR_FORMAT,
                            "the JSON has no text member \"private_key\"; is it the JSON key file "
                            "of a service account?");
    } else if (!tpmc__pem_looks_like(pem, strlen(pem))) {
        status = tpmc__fail(err, TPMC_ERR_FORMAT,
                            "the member \"private_key\" of the JSON holds no PEM text");
    } else {
        status = parse_pem(env, pem, strlen(pem), out, err);
        tpmc__error_prefix(err, "the member \"private_key\" of the JSON");
    }
    tpmc__json_free(json);
    return status;
}

static int has_byte_order_mark(const uint8_t *data, size_t len)
{
    return len >= 3 && memcmp(data, "\xef\xbb\xbf", 3) == 0;
}

int tpmc__private_key_parse(tpmc_env *env, const void *data, size_t len, tpmc__private_key *out,
                            tpmc_error *err)
{
    int status = 0;

    memset(out, 0, sizeof(*out));
    if (len == 0)
        return tpmc__fail(err, TPMC_ERR_FORMAT, "the private key is empty");
    if (len > TPMC__PRIVATE_KEY_MAX)
        return tpmc__fail(err, TPMC_ERR_FORMAT, "the private key is larger than %d bytes",
                          TPMC__PRIVATE_KEY_MAX);
    if (has_byte_order_mark(data, len))
        return tpmc__fail(err, TPMC_ERR_FORMAT,
                          "the private key begins with a byte order mark; save it without one");
    if (tpmc__json_looks_like_object(data, len))
        status = parse_json(env, data, len, out, err);
    else if (tpmc__pem_looks_like(data, len))
        status = parse_pem(env, data, len, out, err);
    else
        status = parse_der(env, data, len, out, err);
    /* The check of a key draws random numbers: OPENSSL_thread_stop_ex(3). */
    OPENSSL_thread_stop_ex(env->ossl);
    if (status != 0)
        tpmc__private_key_free(out);
    return status;
}

void tpmc__private_key_free(tpmc__private_key *key)
{
    if (key == NULL)
        return;
    tpmc__secret_clear(&key->secret);
    tpmc__mem_wipe(key, sizeof(*key));
}
