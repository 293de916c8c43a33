/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/sigv4_key.h"

#include <string.h>

#include "base/mem.h"
#include "codec/digest.h"
#include "codec/text.h"

static const char terminator[] = "aws4_request";

static tpmc__span span_of(const char *text)
{
    tpmc__span span = { text, strlen(text) };

    return span;
}

static int is_for(const tpmc__sigv4_signing_key *key, const tpmc__sigv4_scope *scope)
{
    return tpmc__secret_is_set(&key->key) && strcmp(key->date, scope->date) == 0 &&
           strcmp(key->region, scope->region) == 0 && strcmp(key->service, scope->service) == 0;
}

void tpmc__sigv4_signing_key_clear(tpmc__sigv4_signing_key *key)
{
    tpmc__secret_clear(&key->key);
    key->date[0] = '\0';
    key->region[0] = '\0';
    key->service[0] = '\0';
}

/* The scope has been checked: its texts fit. */
static int keep(tpmc__sigv4_signing_key *kept, const tpmc__sigv4_scope *scope, const uint8_t *key,
                tpmc_error *err)
{
    int status;

    status = tpmc__secret_set(&kept->key, key, TPMC__SIGV4_KEY_SIZE, err);
    if (status != 0)
        return status;
    memcpy(kept->date, scope->date, strlen(scope->date) + 1);
    memcpy(kept->region, scope->region, strlen(scope->region) + 1);
    memcpy(kept->service, scope->service, strlen(scope->service) + 1);
    return 0;
}

/* The HMACs from kDate on: of the scope, and of the text if there is one. */
static int derive(const tpmc__sigv4_hmac_signer *signer, const tpmc__sigv4_scope *scope,
                  const tpmc__span *text, uint8_t *out, tpmc_error *err)
{
    tpmc__span spans[4] = { span_of(scope->region), span_of(scope->service), span_of(terminator) };
    uint8_t kdate[TPMC__SIGV4_KEY_SIZE] = { 0 };
    size_t count = 3;
    int status;

    if (text != NULL)
        spans[count++] = *text;
    status = signer->kdate(signer->kdate_context, scope->date, kdate, err);
    if (status == 0)
        status = tpmc__hmac_chain(signer->env, TPMC__HASH_SHA256, kdate, sizeof(kdate), spans,
                                  count, out, err);
    tpmc__mem_wipe(kdate, sizeof(kdate));
    return status;
}

static int sign_with_kept(const tpmc__sigv4_hmac_signer *signer, const tpmc__sigv4_scope *scope,
                          const tpmc__span *text, uint8_t *out, tpmc_error *err)
{
    tpmc__sigv4_signing_key *kept = signer->kept;
    uint8_t key[TPMC__SIGV4_KEY_SIZE] = { 0 };
    int status = 0;

    if (!is_for(kept, scope)) {
        status = derive(signer, scope, NULL, key, err);
        if (status == 0)
            status = keep(kept, scope, key, err);
        tpmc__mem_wipe(key, sizeof(key));
    }
    if (status != 0)
        return status;
    return tpmc__hmac(signer->env, TPMC__HASH_SHA256, kept->key.data, kept->key.len, text, 1, out,
                      err);
}

int tpmc__sigv4_hmac(void *context, const tpmc__sigv4_scope *scope, const void *string_to_sign,
                     size_t len, tpmc__buf *hex, tpmc_error *err)
{
    const tpmc__sigv4_hmac_signer *signer = context;
    tpmc__span text = { string_to_sign, len };
    uint8_t signature[TPMC__SIGV4_KEY_SIZE];
    int status;

    if (signer->kept != NULL)
        status = sign_with_kept(signer, scope, &text, signature, err);
    else
        status = derive(signer, scope, &text, signature, err);
    if (status != 0)
        return status;
    (void)tpmc__hex_encode(signature, sizeof(signature), hex);
    return tpmc__buf_check(hex, "the signature", err);
}
