/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Signs a request for STS again and again, for a tool that counts instructions.
 *
 * usage: sign_request build|hash|derive|sign COUNT
 *
 * build: makes the request, as all do; hash: also hashes what a signature hashes, with a signing
 * key and nothing around it; sign: signs it, the signing key cached; derive: signs it, the key made
 * anew by the five HMACs.
 */

#include <stdlib.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "support/check.h"
#include "tpmcloud/tpmcloud.h"

#define SECRET "AWS4wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
#define DIGEST_SIZE 32

static const char body[] = "Action=AssumeRole&DurationSeconds=3600&RoleArn=arn%3Aaws%3Aiam%3A%3A"
                           "123456789012%3Arole%2Fdemo&RoleSessionName=bench&Version=2011-06-15";
static const char content_type[] = "application/x-www-form-urlencoded; charset=utf-8";
/* As long as the canonical request and the string to sign of this request. */
#define CANONICAL_LEN 239
#define STRING_TO_SIGN_LEN 138

static int hmac(void *user, const char *algorithm, const uint8_t *data, size_t len, uint8_t *out,
                size_t capacity, size_t *out_len)
{
    (void)user;
    (void)algorithm;
    check(capacity >= DIGEST_SIZE);
    *out_len = DIGEST_SIZE;
    return EVP_Q_mac(NULL, "HMAC", NULL, "SHA256", NULL, SECRET, strlen(SECRET), data, len, out,
                     capacity, out_len) == NULL;
}

static tpmc_http_request *make_request(void)
{
    tpmc_http_request *request = NULL;

    check(tpmc_http_request_new("POST", "https://sts.eu-central-1.amazonaws.com/", &request,
                                NULL) == 0);
    check(tpmc_http_request_add_header(request, "Content-Type", content_type, NULL) == 0);
    check(tpmc_http_request_set_body(request, body, strlen(body), NULL) == 0);
    return request;
}

/* OpenSSL with everything prepared, which is what hashing costs at least. */
typedef struct hashes {
    EVP_MD *md;
    EVP_MD_CTX *digest;
    EVP_MAC *mac;
    EVP_MAC_CTX *hmac;
} hashes;

static void hashes_open(hashes *self)
{
    self->md = EVP_MD_fetch(NULL, "SHA256", NULL);
    self->digest = EVP_MD_CTX_new();
    self->mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    self->hmac = EVP_MAC_CTX_new(self->mac);
    check(self->md != NULL && self->digest != NULL && self->hmac != NULL);
}

static void hashes_close(hashes *self)
{
    EVP_MAC_CTX_free(self->hmac);
    EVP_MAC_free(self->mac);
    EVP_MD_CTX_free(self->digest);
    EVP_MD_free(self->md);
}

static void hash_once(hashes *self)
{
    static const uint8_t text[CANONICAL_LEN];
    static char name[] = "SHA256";
    uint8_t digest[DIGEST_SIZE];
    size_t len = 0;
    OSSL_PARAM params[] = { OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, name, 0),
                            OSSL_PARAM_construct_end() };

    check(EVP_DigestInit_ex2(self->digest, self->md, NULL) == 1);
    check(EVP_DigestUpdate(self->digest, body, strlen(body)) == 1);
    check(EVP_DigestFinal_ex(self->digest, digest, NULL) == 1);
    check(EVP_DigestInit_ex2(self->digest, self->md, NULL) == 1);
    check(EVP_DigestUpdate(self->digest, text, CANONICAL_LEN) == 1);
    check(EVP_DigestFinal_ex(self->digest, digest, NULL) == 1);
    check(EVP_MAC_init(self->hmac, digest, sizeof(digest), params) == 1);
    check(EVP_MAC_update(self->hmac, text, STRING_TO_SIGN_LEN) == 1);
    check(EVP_MAC_final(self->hmac, digest, &len, sizeof(digest)) == 1);
}

typedef struct bench {
    const char *what;
    tpmc_env *env;
    tpmc_key *key;
    tpmc_aws_hmac *aws;
    hashes hashes;
} bench;

static void open_bench(bench *b)
{
    check(tpmc_env_new(&b->env, NULL) == 0);
    check(tpmc_key_new_callback(b->env, NULL, 0, hmac, NULL, NULL, &b->key, NULL) == 0);
    check(tpmc_aws_hmac_new(b->env, b->key, &b->aws, NULL) == 0);
    check(tpmc_aws_hmac_set(b->aws, "aws_access_key_id", "AKIDEXAMPLE", NULL) == 0);
    check(tpmc_aws_hmac_set(b->aws, "region", "eu-central-1", NULL) == 0);
    if (strcmp(b->what, "sign") == 0)
        check(tpmc_aws_hmac_set(b->aws, "cache_signing_key", "1", NULL) == 0);
    hashes_open(&b->hashes);
}

static void close_bench(bench *b)
{
    hashes_close(&b->hashes);
    tpmc_aws_hmac_free(b->aws);
    tpmc_key_free(b->key);
    tpmc_env_free(b->env);
}

static void run_once(bench *b)
{
    tpmc_http_request *request = make_request();

    if (strcmp(b->what, "hash") == 0)
        hash_once(&b->hashes);
    else if (strcmp(b->what, "build") != 0)
        check(tpmc_aws_hmac_sign_request(b->aws, "sts", NULL, request, 0, NULL) == 0);
    tpmc_http_request_free(request);
}

int main(int argc, char **argv)
{
    bench b = { 0 };
    long count;

    check(argc == 3);
    b.what = argv[1];
    count = strtol(argv[2], NULL, 10);
    open_bench(&b);
    for (long i = 0; i < count; i++)
        run_once(&b);
    close_bench(&b);
    return 0;
}
