/* SPDX-License-Identifier: Apache-2.0 */
#include "azure/token_request.h"

#include <string.h>

#include "azure/claims_text.h"
#include "azure/entra_scope.h"
#include "base/error_int.h"
#include "base/option_check.h"
#include "base/option_table.h"
#include "codec/digest.h"
#include "http/form.h"
#include "tpmcloud/version.h"

#define BODY_MAX (1024 * 1024)

static const char assertion_type[] = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
static const char jwt_bearer[] = "urn:ietf:params:oauth:grant-type:jwt-bearer";

static int check_user_assertion(const char *text, tpmc_error *err)
{
    size_t len;

    if (text == NULL)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT,
                          "user_assertion is NULL: the access token that the user sent is needed");
    len = strnlen(text, TPMC__USER_ASSERTION_MAX + 1);
    if (len == 0 || len > TPMC__USER_ASSERTION_MAX)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT, "the user's token is not 1 to %d bytes",
                          TPMC__USER_ASSERTION_MAX);
    if (tpmc__check_visible(text) != NULL)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT,
                          "the user's token holds a character that no token has, such as a space "
                          "or a line end");
    return 0;
}

int tpmc__token_wish_init(tpmc__token_wish *wish, const tpmc__options *options, int grant,
                          const char *user_assertion, const char *scopes, const char *claims,
                          tpmc_error *err)
{
    int status = 0;

    wish->grant = grant;
    wish->user_assertion = user_assertion;
    tpmc__buf_init(&wish->scope, TPMC__SCOPES_MAX);
    tpmc__buf_init(&wish->claims, TPMC__CLAIMS_MAX);
    if (grant == TPMC__GRANT_ON_BEHALF_OF)
        status = check_user_assertion(user_assertion, err);
    if (status == 0)
        status = tpmc__entra_scope_text(options, grant, scopes, &wish->scope, err);
    if (status == 0)
        status = tpmc__claims_text(options, claims, &wish->claims, err);
    return status;
}

void tpmc__token_wish_free(tpmc__token_wish *wish)
{
    tpmc__buf_free(&wish->scope);
    tpmc__buf_free(&wish->claims);
}

int tpmc__token_wish_key(tpmc_env *env, const tpmc__token_wish *wish,
                         uint8_t out[TPMC__CACHE_KEY_SIZE], tpmc_error *err)
{
    static const char separator[] = "";
    const char *user = wish->user_assertion == NULL ? "" : wish->user_assertion;
    uint8_t grant = (uint8_t)wish->grant;
    /* None of the texts holds a NUL, so that no two wishes look alike. */
    tpmc__span spans[] = {
        { &grant, 1 },    { wish->scope.data, wish->scope.len },
        { separator, 1 }, { wish->claims.data, wish->claims.len },
        { separator, 1 }, { user, strlen(user) },
    };

    return tpmc__digest(env, TPMC__HASH_SHA256, spans, sizeof(spans) / sizeof(spans[0]), out, err);
}

/* A failure sticks to the body. */
static void make_body(const tpmc__options *options, const tpmc__token_wish *wish,
                      const tpmc__token_post *post, tpmc__buf *body)
{
    int is_for_user = wish->grant == TPMC__GRANT_ON_BEHALF_OF;

    (void)tpmc__form_add(body, "grant_type", is_for_user ? jwt_bearer : "client_credentials");
    (void)tpmc__form_add(body, "client_id", tpmc__options_text(options, TPMC__AZURE_CLIENT_ID));
    (void)tpmc__form_add(body, "scope", (const char *)wish->scope.data);
    (void)tpmc__form_add(body, "client_assertion_type", assertion_type);
    (void)tpmc__form_add(body, "client_assertion", post->assertion);
    if (is_for_user) {
        (void)tpmc__form_add(body, "assertion", wish->user_assertion);
        (void)tpmc__form_add(body, "requested_token_use", "on_behalf_of");
    }
    if (wish->claims.len > 0)
        (void)tpmc__form_add(body, "claims", (const char *)wish->claims.data);
}

static int add_headers(tpmc_http_request *request, const char *request_id, tpmc_error *err)
{
    const struct {
        const char *name;
        const char *value;
    } fields[] = {
        { "Content-Type", "application/x-www-form-urlencoded" },
        { "Accept", "application/json" },
        { "client-request-id", request_id },
        { "return-client-request-id", "true" },
        { "x-client-SKU", "tpmcloud" },
        { "x-client-Ver", TPMC_VERSION },
        /* Entra answers 429 to those only who say that they know it. */
        { "x-ms-lib-capability", "retry-after, h429" },
    };
    int status = 0;

    for (size_t i = 0; status == 0 && i < sizeof(fields) / sizeof(fields[0]); i++)
        status = tpmc_http_request_add_header(request, fields[i].name, fields[i].value, err);
    return status;
}

int tpmc__token_request(const tpmc__options *options, const tpmc__token_wish *wish,
                        const tpmc__token_post *post, tpmc_http_request **out, tpmc_error *err)
{
    tpmc_http_request *request = NULL;
    tpmc__buf body;
    int status;

    tpmc__buf_init(&body, BODY_MAX);
    make_body(options, wish, post, &body);
    status = tpmc__buf_check(&body, "the request for a token", err);
    if (status == 0)
        status = tpmc_http_request_new("POST", post->url, &request, err);
    if (status == 0)
        status = add_headers(request, post->request_id, err);
    if (status == 0)
        status = tpmc_http_request_set_body(request, body.data, body.len, err);
    if (status == 0)
        *out = request;
    else
        tpmc_http_request_free(request);
    tpmc__buf_free(&body);
    return status;
}
