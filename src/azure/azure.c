/* SPDX-License-Identifier: Apache-2.0 */
#include "azure/azure_int.h"

#include "azure/azure_check.h"
#include "azure/client_assertion.h"
#include "azure/entra_endpoint.h"
#include "azure/entra_failure.h"
#include "azure/entra_reply.h"
#include "azure/token_request.h"
#include "base/bytes_int.h"
#include "base/error_int.h"
#include "base/mem.h"
#include "base/option_table.h"
#include "http/url.h"
#include "proto/jws.h"
#include "proto/token_int.h"

/* How many kinds of tokens are kept at once. */
#define LINES_MAX 64

/* Each part as soon as it is there, so that tpmc_azure_free() undoes a half-made object too. */
static int init(tpmc_azure *azure, tpmc_env *env, tpmc_key *key, tpmc_error *err)
{
    int status;

    tpmc__ref_init(&azure->ref);
    atomic_init(&azure->certificates, NULL);
    tpmc__buf_init(&azure->certificate, TPMC__AZURE_CERTIFICATE_MAX);
    status = tpmc__env_use(env, err);
    if (status != 0)
        return status;
    azure->env = env;
    status = tpmc_key_retain(key, err);
    if (status != 0)
        return status;
    azure->key = key;
    status = tpmc__options_init(&azure->options, TPMC_OBJECT_AZURE, err);
    if (status != 0)
        return status;
    return tpmc__cache_lines_new(env, &tpmc__token_cache_type, LINES_MAX, &azure->tokens, err);
}

int tpmc_azure_new(tpmc_env *env, tpmc_key *key, tpmc_azure **out, tpmc_error *err)
{
    tpmc_azure *azure;
    int status;

    tpmc__error_clear(err);
    if (out == NULL)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT, "out is NULL");
    *out = NULL;
    if (env == NULL || key == NULL)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT,
                          "env or key is NULL: an identity is made from both");
    azure = tpmc__mem_new(1, sizeof(*azure));
    if (azure == NULL)
        return tpmc__fail_nomem(err);
    status = init(azure, env, key, err);
    if (status == 0)
        *out = azure;
    else
        tpmc_azure_free(azure);
    return status;
}

/* In a forked child too: nothing here waits, and the key sees to itself. */
void tpmc_azure_free(tpmc_azure *azure)
{
    if (azure == NULL || !tpmc__ref_drop(&azure->ref))
        return;
    tpmc__cache_lines_free(azure->tokens);
    tpmc__certificate_file_free(atomic_load(&azure->certificates));
    tpmc__buf_free(&azure->certificate);
    tpmc__options_free(&azure->options);
    tpmc_key_free(azure->key);
    tpmc_env_free(azure->env);
    tpmc__mem_free(azure);
}

static int refuse_null(tpmc_error *err)
{
    return tpmc__fail(err, TPMC_ERR_ARGUMENT, "azure is NULL: make one with tpmc_azure_new()");
}

/* The door of the setters. */
static int enter_setter(tpmc_azure *azure, tpmc_error *err)
{
    tpmc__error_clear(err);
    if (azure == NULL)
        return refuse_null(err);
    return tpmc__env_enter_setter(azure->env, &azure->ref, err);
}

int tpmc_azure_set(tpmc_azure *azure, const char *name, const char *value, tpmc_error *err)
{
    int status = enter_setter(azure, err);

    return status == 0 ? tpmc__options_set(&azure->options, name, value, err) : status;
}

int tpmc_azure_set_certificate(tpmc_azure *azure, const void *certificate, size_t len,
                               tpmc_error *err)
{
    tpmc__buf copy;
    int status = enter_setter(azure, err);

    if (status != 0)
        return status;
    if (certificate == NULL ? len != 0 : len == 0 || len > TPMC__AZURE_CERTIFICATE_MAX)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT, "the certificate is not 1 to %d bytes",
                          TPMC__AZURE_CERTIFICATE_MAX);
    tpmc__buf_init(&copy, TPMC__AZURE_CERTIFICATE_MAX);
    (void)tpmc__buf_append(&copy, certificate, len);
    status = tpmc__buf_check(&copy, "the certificate", err);
    if (status != 0)
        return status;
    tpmc__buf_free(&azure->certificate);
    azure->certificate = copy;
    return 0;
}

/* One way to a token. */
typedef struct exchange {
    tpmc_azure *azure;
    const tpmc__token_wish *wish;
    tpmc__buf url;
    tpmc__azure_signer signer;
    tpmc__entra_moment moment; /* of the current attempt */
    tpmc__cache_entry *entry;
} exchange;

static int make_request_id(tpmc_env *env, char out[TPMC__UUID_SIZE], tpmc_error *err)
{
    uint8_t random[TPMC__ASSERTION_ID_SIZE];
    int status = tpmc__env_random(env, random, sizeof(random), err);

    if (status == 0)
        tpmc__uuid_text(random, out);
    return status;
}

static int build(void *context, int attempt, int64_t offset_ms, tpmc_http_request **out,
                 tpmc_error *err)
{
    exchange *self = context;
    tpmc_env *env = self->azure->env;
    const char *url = (const char *)self->url.data;
    char request_id[TPMC__UUID_SIZE];
    tpmc__token_post post = { .url = url, .request_id = request_id };
    tpmc__buf assertion;
    int status;

    (void)attempt;
    tpmc__buf_init(&assertion, TPMC__JWS_MAX);
    status = make_request_id(env, request_id, err);
    if (status == 0)
        status =
            tpmc__azure_signer_sign(self->azure, &self->signer, url, offset_ms, &assertion, err);
    self->moment.offset_ms = offset_ms;
    if (status == 0)
        status = tpmc__env_wall_ms(env, &self->moment.asked_at_ms, err);
    post.assertion = (const char *)assertion.data;
    if (status == 0)
        status = tpmc__token_request(&self->azure->options, self->wish, &post, out, err);
    tpmc__buf_free(&assertion);
    return status;
}

static int judge(void *context, const tpmc_http_response *response, int *verdict, tpmc_error *err)
{
    exchange *self = context;

    int http_status = tpmc_http_response_status(response);

    /* Proxies may make another success of it. */
    if (http_status >= 200 && http_status <= 299)
        return tpmc__entra_reply_read(response, &self->moment, self->entry, err);
    return tpmc__entra_failure(response, verdict, err);
}

/* What a caller wants and from whom. */
typedef struct errand {
    tpmc_azure *azure;
    tpmc__token_wish wish;
} errand;

static int obtain(void *context, tpmc__cache_entry *out, tpmc_error *err)
{
    const errand *task = context;
    exchange self = { .azure = task->azure, .wish = &task->wish, .entry = out };
    tpmc__http_flow flow = { .build = build, .judge = judge, .clock = &task->azure->clock };
    int status;

    tpmc__buf_init(&self.url, TPMC__URL_MAX);
    status = tpmc__entra_token_url(&task->azure->options, task->wish.grant, &self.url, err);
    if (status == 0)
        status = tpmc__azure_signer_open(task->azure, &self.signer, err);
    if (status == 0)
        status = tpmc__http_call(task->azure->env, &flow, &self, err);
    tpmc__azure_signer_free(&self.signer);
    tpmc__buf_free(&self.url);
    return status;
}

int tpmc__azure_enter(tpmc_azure *azure, tpmc_error *err)
{
    if (azure == NULL)
        return refuse_null(err);
    return tpmc__env_enter(azure->env, err);
}

static int has_certificate(const tpmc_azure *azure)
{
    return azure->certificate.len > 0;
}

static int run_errand(errand *task, tpmc_token **out, tpmc_error *err)
{
    tpmc_azure *azure = task->azure;
    uint8_t key[TPMC__CACHE_KEY_SIZE];
    void *token = NULL;
    int status;

    /* A refusal leaves the object as it was: what is missing can still be set. */
    status =
        tpmc__azure_check_token(&azure->options, has_certificate(azure), task->wish.grant, err);
    if (status == 0)
        status = tpmc__token_wish_key(azure->env, &task->wish, key, err);
    if (status != 0)
        return status;
    tpmc__ref_freeze(&azure->ref);
    status = tpmc__cache_lines_get(azure->tokens, key, obtain, task, &token, err);
    *out = token;
    return status;
}

static int get_token(tpmc_azure *azure, int grant, const char *user_assertion, const char *scopes,
                     const char *claims, tpmc_token **out, tpmc_error *err)
{
    errand task = { .azure = azure };
    int status;

    tpmc__error_clear(err);
    if (out == NULL)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT, "out is NULL");
    *out = NULL;
    status = tpmc__azure_enter(azure, err);
    if (status != 0)
        return status;
    status = tpmc__token_wish_init(&task.wish, &azure->options, grant, user_assertion, scopes,
                                   claims, err);
    if (status == 0)
        status = run_errand(&task, out, err);
    tpmc__token_wish_free(&task.wish);
    return status;
}

int tpmc_azure_get_token(tpmc_azure *azure, const char *scopes, const char *claims,
                         tpmc_token **out, tpmc_error *err)
{
    return get_token(azure, TPMC__GRANT_CLIENT, NULL, scopes, claims, out, err);
}

int tpmc_azure_get_token_on_behalf_of(tpmc_azure *azure, const char *user_assertion,
                                      const char *scopes, const char *claims, tpmc_token **out,
                                      tpmc_error *err)
{
    return get_token(azure, TPMC__GRANT_ON_BEHALF_OF, user_assertion, scopes, claims, out, err);
}

static int make_assertion(tpmc_azure *azure, tpmc__buf *out, tpmc_error *err)
{
    tpmc__azure_signer signer = { .algorithm = NULL };
    tpmc__buf url;
    int status = 0;

    tpmc__buf_init(&url, TPMC__URL_MAX);
    /* A federated credential's has an audience of its own. */
    if (!tpmc__options_is_set(&azure->options, TPMC__AZURE_FEDERATION_ISSUER))
        status = tpmc__entra_token_url(&azure->options, TPMC__GRANT_CLIENT, &url, err);
    if (status == 0)
        status = tpmc__azure_signer_open(azure, &signer, err);
    if (status == 0)
        status =
            tpmc__azure_signer_sign(azure, &signer, (const char *)url.data,
                                    tpmc__http_clock_offset(azure->env, &azure->clock), out, err);
    tpmc__azure_signer_free(&signer);
    tpmc__buf_free(&url);
    return status;
}

int tpmc_azure_make_assertion(tpmc_azure *azure, tpmc_bytes **out, tpmc_error *err)
{
    tpmc__buf assertion;
    int status;

    tpmc__error_clear(err);
    if (out == NULL)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT, "out is NULL");
    *out = NULL;
    status = tpmc__azure_enter(azure, err);
    if (status == 0)
        status = tpmc__azure_check_assertion(&azure->options, has_certificate(azure), err);
    if (status != 0)
        return status;
    tpmc__ref_freeze(&azure->ref);
    tpmc__buf_init(&assertion, TPMC__JWS_MAX);
    status = make_assertion(azure, &assertion, err);
    if (status == 0)
        status = tpmc__bytes_from_buf(&assertion, "the assertion", out, err);
    tpmc__buf_free(&assertion);
    return status;
}
