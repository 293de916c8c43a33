/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_UNIT_AZURE_BENCH_H
#define TESTS_UNIT_AZURE_BENCH_H

/* An Azure identity with a key in software and an Entra that answers what a test says. */

#include "unit/azure_fixture.h"

#include <openssl/ec.h>
#include <openssl/rsa.h>

#include "tpmcloud/azure.h"
#include "unit/certificate_maker.h"
#include "unit/fake_env.h"

#define TOKEN_URL "https://login.microsoftonline.com/" TENANT "/oauth2/v2.0/token"
#define SUCCESS                                                                                    \
    "{\"token_type\":\"Bearer\",\"expires_in\":3599,\"access_token\":\"the.access.token\"}"
#define BODY_SIZE 32768

typedef struct azure_bench {
    fake_env fake;
    tpmc_env *env;
    tpmc_key *key;
    tpmc_azure *azure;
    tpmc_error *err;
    EVP_PKEY *pkey;
    atomic_int signatures;
    atomic_int sign_status; /* what the key's callback returns */
    atomic_int refuses_pss;
    int salt_len; /* of PSS */
    atomic_int exchanges;
    int http_status;
    const char *answer;
    const char *header; /* of the answer; NULL: none */
    const char *header_value;
    const char *later_answer; /* from the second exchange on; with status 200; NULL: as the first */
    char url[512];            /* of the last request */
    char body[BODY_SIZE];
} azure_bench;

static EVP_PKEY *bench_rsa;

static inline int bench_sign(void *user, const char *algorithm, const uint8_t *data, size_t len,
                             uint8_t *out, size_t capacity, size_t *out_len)
{
    azure_bench *b = user;
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, b->pkey, NULL);
    int is_pss = strcmp(algorithm, "PS256") == 0;

    atomic_fetch_add(&b->signatures, 1);
    check(is_pss || strcmp(algorithm, "RS256") == 0);
    check(EVP_PKEY_sign_init(ctx) == 1);
    check(EVP_PKEY_CTX_set_rsa_padding(ctx, is_pss ? RSA_PKCS1_PSS_PADDING : RSA_PKCS1_PADDING) ==
          1);
    check(EVP_PKEY_CTX_set_signature_md(ctx, EVP_sha256()) == 1);
    if (is_pss)
        check(EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, b->salt_len) == 1);
    *out_len = capacity;
    check(EVP_PKEY_sign(ctx, out, out_len, data, len) == 1);
    EVP_PKEY_CTX_free(ctx);
    if (is_pss && atomic_load(&b->refuses_pss))
        return TPMC_ERR_UNSUPPORTED;
    return atomic_load(&b->sign_status);
}

static inline int bench_exchange(void *user, const tpmc_http_request *request,
                                 tpmc_http_response *response)
{
    azure_bench *b = user;
    int n = atomic_fetch_add(&b->exchanges, 1);
    int is_later = n > 0 && b->later_answer != NULL;
    const char *answer = is_later ? b->later_answer : b->answer;
    size_t len = tpmc_http_request_body_len(request);

    check(len < BODY_SIZE);
    (void)snprintf(b->url, sizeof(b->url), "%s", tpmc_http_request_url(request));
    memcpy(b->body, tpmc_http_request_body(request), len);
    b->body[len] = '\0';
    if (b->header != NULL && !is_later)
        check(tpmc_http_response_add_header(response, b->header, b->header_value, NULL) == 0);
    check(tpmc_http_response_append_body(response, answer, strlen(answer), NULL) == 0);
    return tpmc_http_response_set_status(response, is_later ? 200 : b->http_status, NULL);
}

static inline int bench_sleep(void *user, int64_t ms)
{
    azure_bench *b = user;

    fake_env_pass(&b->fake, ms);
    return 0;
}

/* The certificate of a key, PEM. */
static inline void bench_certificate(EVP_PKEY *pkey, tpmc__buf *pem)
{
    made_wish wish = { .key = pkey,
                       .subject = "device",
                       .not_before = "20200101000000Z",
                       .not_after = "20400101000000Z",
                       .is_ca = 1 };

    tpmc__buf_init(pem, 65536);
    made_pem(&wish, pem);
}

static inline void bench_set(azure_bench *b, const char *name, const char *value)
{
    expect_success(tpmc_azure_set(b->azure, name, value, b->err), b->err);
}

/* An identity of a key, without options. */
static inline azure_bench *new_bare_bench(EVP_PKEY *pkey)
{
    azure_bench *b = calloc(1, sizeof(*b));
    tpmc__span spki = made_spki(pkey);

    check(b != NULL);
    b->env = fake_env_new(&b->fake);
    b->pkey = pkey;
    b->salt_len = 32;
    b->http_status = 200;
    b->answer = SUCCESS;
    check(tpmc_env_set_http(b->env, bench_exchange, b, NULL, NULL) == 0);
    check(tpmc_env_set_sleep(b->env, bench_sleep, b, NULL, NULL) == 0);
    check(tpmc_error_new(&b->err) == 0);
    check(tpmc_key_new_callback(b->env, spki.data, spki.len, bench_sign, b, NULL, &b->key, NULL) ==
          0);
    made_spki_free(&spki);
    assert_int_equal(tpmc_azure_new(b->env, b->key, &b->azure, b->err), 0);
    return b;
}

/* One that lacks nothing. */
static inline azure_bench *new_bench(void)
{
    azure_bench *b = new_bare_bench(bench_rsa);
    tpmc__buf pem;

    bench_certificate(bench_rsa, &pem);
    expect_success(tpmc_azure_set_certificate(b->azure, pem.data, pem.len, b->err), b->err);
    tpmc__buf_free(&pem);
    bench_set(b, "tenant_id", TENANT);
    bench_set(b, "client_id", CLIENT);
    bench_set(b, "scopes", GRAPH);
    return b;
}

static inline void free_bench(azure_bench *b)
{
    tpmc_azure_free(b->azure);
    tpmc_key_free(b->key);
    tpmc_env_free(b->env);
    tpmc_error_free(b->err);
    free(b);
}

/* The value of a field of the last request whose characters need no encoding; freed by the caller.
 */
static inline char *bench_field(const azure_bench *b, const char *name)
{
    const char *at = b->body;
    size_t len = strlen(name);
    char *copy;

    while (strncmp(at, name, len) != 0 || at[len] != '=') {
        at = strchr(at, '&');
        if (at == NULL)
            return NULL;
        at++;
    }
    at += len + 1;
    copy = calloc(1, strcspn(at, "&") + 1);
    check(copy != NULL);
    memcpy(copy, at, strcspn(at, "&"));
    return copy;
}

/* What a verifier does: the signature under the public key. */
static inline int bench_verifies(EVP_PKEY *pkey, const char *jws, int is_pss)
{
    const char *last = strrchr(jws, '.');
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    EVP_PKEY_CTX *pctx = NULL;
    tpmc__buf signature;
    int is_good;

    tpmc__buf_init(&signature, 4096);
    check(tpmc__base64url_decode(last + 1, strlen(last + 1), &signature) == 0);
    check(EVP_DigestVerifyInit(ctx, &pctx, EVP_sha256(), NULL, pkey) == 1);
    if (is_pss) {
        check(EVP_PKEY_CTX_set_rsa_padding(pctx, RSA_PKCS1_PSS_PADDING) == 1);
        check(EVP_PKEY_CTX_set_rsa_pss_saltlen(pctx, 32) == 1);
    }
    is_good = EVP_DigestVerify(ctx, signature.data, signature.len, (const unsigned char *)jws,
                               (size_t)(last - jws));
    EVP_MD_CTX_free(ctx);
    tpmc__buf_free(&signature);
    return is_good == 1;
}

static inline int bench_setup(void **state)
{
    (void)state;
    bench_rsa = EVP_RSA_gen(2048);
    return bench_rsa == NULL;
}

static inline int bench_teardown(void **state)
{
    (void)state;
    EVP_PKEY_free(bench_rsa);
    return 0;
}

#endif
