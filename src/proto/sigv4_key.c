/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/sigv4_key.h"

#include <string.h>

#include "base/mem.h"
#include "codec/digest.h"
#include "codec/text.h"

static const char terminator[] = "aws4_request";
static const char prefix[] = "AWS4";
/* The most bytes of a secret access key with its prefix. */
#define SECRET_MAX 4096

static tpmc__span span_of(const char *text)
{
    tpmc__span span = { text, strlen(text) };

    return span;
}

int tpmc__sigv4_key_from_kdate(tpmc_env *env, const uint8_t kdate[TPMC__SIGV4_KEY_SIZE],
                               const tpmc__sigv4_scope *scope, uint8_t key[TPMC__SIGV4_KEY_SIZE],
                               tpmc_error *err)
{
    tpmc__span spans[] = { span_of(scope->region), span_of(scope->service), span_of(terminator) };

    return tpmc__hmac_chain(env, TPMC__HASH_SHA256, kdate, TPMC__SIGV4_KEY_SIZE, spans,
                            sizeof(spans) / sizeof(spans[0]), key, err);
}

int tpmc__sigv4_key_from_secret(void *context, const tpmc__sigv4_scope *scope,
                                uint8_t key[TPMC__SIGV4_KEY_SIZE], tpmc_error *err)
{
    const tpmc__sigv4_secret *self = context;
    tpmc__span spans[] = { span_of(scope->date), span_of(scope->region), span_of(scope->service),
                           span_of(terminator) };
    tpmc__buf secret;
    int status;

    tpmc__buf_init(&secret, SECRET_MAX);
    (void)tpmc__buf_append_text(&secret, prefix);
    (void)tpmc__buf_append_text(&secret, self->secret_access_key);
    status = tpmc__buf_check(&secret, "the secret access key", err);
    if (status == 0)
        status = tpmc__hmac_chain(self->env, TPMC__HASH_SHA256, secret.data, secret.len, spans,
                                  sizeof(spans) / sizeof(spans[0]), key, err);
    tpmc__buf_free(&secret);
    return status;
}

int tpmc__sigv4_hmac(void *context, const tpmc__sigv4_scope *scope, const void *string_to_sign,
                     size_t len, tpmc__buf *hex, tpmc_error *err)
{
    const tpmc__sigv4_hmac_signer *signer = context;
    tpmc__span text = { string_to_sign, len };
    uint8_t key[TPMC__SIGV4_KEY_SIZE] = { 0 };
    uint8_t signature[TPMC__SIGV4_KEY_SIZE];
    int status;

    status = signer->make_key(signer->key_context, scope, key, err);
    if (status == 0)
        status =
            tpmc__hmac(signer->env, TPMC__HASH_SHA256, key, sizeof(key), &text, 1, signature, err);
    tpmc__mem_wipe(key, sizeof(key));
    if (status != 0)
        return status;
    (void)tpmc__hex_encode(signature, sizeof(signature), hex);
    return tpmc__buf_check(hex, "the signature", err);
}
