/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_AZURE_TOKEN_REQUEST_H
#define TPMC_AZURE_TOKEN_REQUEST_H

#include "azure/entra_endpoint.h"
#include "proto/cache_lines.h"
#include "tpmcloud/http.h"

/* The most bytes of a user's token. */
#define TPMC__USER_ASSERTION_MAX 65536

/* One kind of token, as a caller asks for it: what is in it decides who shares an answer. */
typedef struct tpmc__token_wish {
    int grant;                  /* TPMC__GRANT_* */
    const char *user_assertion; /* on behalf of whom; borrowed, never kept */
    tpmc__buf scope;
    tpmc__buf claims; /* empty: none */
} tpmc__token_wish;

/*
 * Makes a wish of what a caller gave; `scopes` and `claims` may be NULL for the options. Freed with
 * tpmc__token_wish_free(), also after a failure. TPMC_ERR_ARGUMENT. Pure.
 */
int tpmc__token_wish_init(tpmc__token_wish *wish, const tpmc__options *options, int grant,
                          const char *user_assertion, const char *scopes, const char *claims,
                          tpmc_error *err);
void tpmc__token_wish_free(tpmc__token_wish *wish);
/* What tells the wish from another one: a hash, from which no user's token can be found. */
int tpmc__token_wish_key(tpmc_env *env, const tpmc__token_wish *wish,
                         uint8_t out[TPMC__CACHE_KEY_SIZE], tpmc_error *err);

/* What a request says beside the wish. */
typedef struct tpmc__token_post {
    const char *url;
    const char *assertion;  /* that of the client */
    const char *request_id; /* a UUID, for support */
} tpmc__token_post;

/* The request for a token (RFC 6749 section 4.4, RFC 7523 section 2.2), freed by the caller. Pure.
 */
int tpmc__token_request(const tpmc__options *options, const tpmc__token_wish *wish,
                        const tpmc__token_post *post, tpmc_http_request **out, tpmc_error *err);

#endif
