/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/error_int.h"
#include "base/mem.h"
#include "proto/token_int.h"

#define VALUE_MAX 65536

struct tpmc_token {
    tpmc__ref ref;
    char *value;
    size_t len;
    int64_t expires_at_ms;
};

/* What is here goes into a header field: a line end in it would begin another one. */
static int check_value(const char *value, size_t *len, tpmc_error *err)
{
    size_t i;

    *len = strnlen(value, VALUE_MAX + 1);
    if (*len == 0)
        return tpmc__fail(err, TPMC_ERR_PROTOCOL, "the token is empty");
    if (*len > VALUE_MAX)
        return tpmc__fail(err, TPMC_ERR_PROTOCOL, "the token is longer than 65536 bytes");
    for (i = 0; i < *len; i++)
        if (value[i] < 0x21 || value[i] > 0x7e)
            return tpmc__fail(err, TPMC_ERR_PROTOCOL,
                              "the token holds a character that no bearer token has");
    return 0;
}

int tpmc__token_new(const char *value, int64_t expires_at_ms, tpmc_token **out, tpmc_error *err)
{
    tpmc_token *token;
    size_t len = 0;
    int status;

    *out = NULL;
    status = check_value(value, &len, err);
    if (status != 0)
        return status;
    token = tpmc__mem_new(1, sizeof(*token));
    if (token == NULL)
        return tpmc__fail_nomem(err);
    token->value = tpmc__mem_copy(value, len);
    if (token->value == NULL) {
        tpmc__mem_free(token);
        return tpmc__fail_nomem(err);
    }
    tpmc__ref_init(&token->ref);
    token->len = len;
    token->expires_at_ms = expires_at_ms;
    *out = token;
    return 0;
}

tpmc_token *tpmc__token_ref(tpmc_token *token)
{
    tpmc__ref_take(&token->ref);
    return token;
}

const char *tpmc_token_value(const tpmc_token *token)
{
    return token == NULL ? NULL : token->value;
}

const char *tpmc_token_type(const tpmc_token *token)
{
    return token == NULL ? NULL : "Bearer";
}

int64_t tpmc_token_expires_at_ms(const tpmc_token *token)
{
    return token == NULL ? 0 : token->expires_at_ms;
}

void tpmc_token_free(tpmc_token *token)
{
    if (token == NULL || !tpmc__ref_drop(&token->ref))
        return;
    tpmc__mem_free_wiped(token->value, token->len);
    tpmc__mem_free(token);
}

static void *ref_value(void *value)
{
    return tpmc__token_ref(value);
}

static void unref_value(void *value)
{
    tpmc_token_free(value);
}

const tpmc__cache_type tpmc__token_cache_type = { ref_value, unref_value };
