/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_UNIT_HMAC_BENCH_H
#define TESTS_UNIT_HMAC_BENCH_H

/* An AWS identity over an HMAC key in software. */

#include <openssl/hmac.h>

#include "proto/sigv4_key.h"
#include "tpmcloud/aws_hmac.h"
#include "unit/aws_bench.h"

#define AWS_KEY_ID "AKIAIOSFODNN7EXAMPLE"

typedef struct hmac_bench {
    aws_bench aws;
    tpmc_key *key;
    tpmc_aws_hmac *hmac;
    atomic_int macs;
    int mac_status;   /* what the key returns */
    char message[64]; /* of the last HMAC */
} hmac_bench;

static inline int hmac_make(void *user, const char *algorithm, const uint8_t *data, size_t len,
                            uint8_t *out, size_t capacity, size_t *out_len)
{
    static const char secret[] = "AWS4" AWS_SECRET;
    hmac_bench *b = user;
    unsigned int made = 0;

    check(strcmp(algorithm, "HS256") == 0 && capacity >= 32);
    atomic_fetch_add(&b->macs, 1);
    (void)snprintf(b->message, sizeof(b->message), "%.*s", (int)len, (const char *)data);
    check(HMAC(EVP_sha256(), secret, (int)strlen(secret), data, len, out, &made) != NULL);
    *out_len = made;
    return b->mac_status;
}

static inline void hmac_set(hmac_bench *b, const char *name, const char *value)
{
    expect_success(tpmc_aws_hmac_set(b->hmac, name, value, b->aws.err), b->aws.err);
}

/* An object on which nothing is set. */
static inline void hmac_renew(hmac_bench *b)
{
    tpmc_aws_hmac_free(b->hmac);
    expect_success(tpmc_aws_hmac_new(b->aws.env, b->key, &b->hmac, b->aws.err), b->aws.err);
}

static inline hmac_bench *hmac_bench_bare(void)
{
    hmac_bench *b = calloc(1, sizeof(*b));

    check(b != NULL);
    aws_bench_open(&b->aws, aws_xml_grant);
    check(tpmc_key_new_callback(b->aws.env, NULL, 0, hmac_make, b, NULL, &b->key, NULL) == 0);
    hmac_renew(b);
    return b;
}

/* With the id of the key and a region. */
static inline hmac_bench *hmac_bench_new(void)
{
    hmac_bench *b = hmac_bench_bare();

    hmac_set(b, "aws_access_key_id", AWS_KEY_ID);
    hmac_set(b, "region", "eu-central-1");
    return b;
}

static inline void hmac_bench_free(hmac_bench *b)
{
    tpmc_aws_hmac_free(b->hmac);
    tpmc_key_free(b->key);
    aws_bench_close(&b->aws);
    free(b);
}

static inline tpmc_aws_credentials *hmac_get(hmac_bench *b)
{
    tpmc_aws_credentials *credentials = NULL;

    expect_success(tpmc_aws_hmac_get_credentials(b->hmac, &credentials, b->aws.err), b->aws.err);
    assert_non_null(credentials);
    return credentials;
}

static inline void hmac_get_and_drop(hmac_bench *b)
{
    tpmc_aws_credentials_free(hmac_get(b));
}

static inline void hmac_refuse(hmac_bench *b, int code, const char *words)
{
    tpmc_aws_credentials *credentials = (tpmc_aws_credentials *)b;

    aws_expect_failure(&b->aws, tpmc_aws_hmac_get_credentials(b->hmac, &credentials, b->aws.err),
                       code, words);
    assert_null(credentials);
}

/* Who may have signed. */
typedef struct hmac_signature {
    const char *id;
    const char *secret;
    const char *token; /* NULL: none */
    const char *service;
    const char *region;
    int64_t time_ms;
    unsigned flags; /* TPMC__SIGV4_* */
} hmac_signature;

static inline tpmc__sigv4_params hmac_params(const hmac_signature *by,
                                             tpmc__sigv4_hmac_signer *signer)
{
    tpmc__sigv4_params params = { 0 };

    params.algorithm = TPMC__SIGV4_HMAC;
    params.credential = by->id;
    params.session_token = by->token;
    params.region = by->region;
    params.service = by->service;
    params.time_ms = by->time_ms;
    params.flags = by->flags;
    params.sign = tpmc__sigv4_hmac;
    params.sign_context = signer;
    return params;
}

/* What `request` carries after this signature. */
static inline void hmac_expect_signature(hmac_bench *b, tpmc_http_request *request,
                                         const hmac_signature *by, const char *authorization)
{
    tpmc__sigv4_secret secret = { b->aws.env, by->secret };
    tpmc__sigv4_hmac_signer signer = { b->aws.env, tpmc__sigv4_key_from_secret, &secret };
    tpmc__sigv4_params params = hmac_params(by, &signer);
    const char *made = NULL;

    expect_success(tpmc__sigv4_sign(b->aws.env, request, &params, b->aws.err), b->aws.err);
    for (size_t i = 0; i < tpmc_http_request_header_count(request); i++) {
        if (strcmp(tpmc_http_request_header_name(request, i), "Authorization") == 0)
            made = tpmc_http_request_header_value(request, i);
    }
    assert_non_null(made);
    assert_string_equal(authorization, made);
}

/* The last request was signed by the key itself for STS, at this time. */
static inline void hmac_expect_signed(hmac_bench *b, const char *region, int64_t time_ms)
{
    hmac_signature by = { AWS_KEY_ID, AWS_SECRET, NULL, "sts", region, time_ms, 0 };
    char text[64];

    assert_string_equal(b->aws.amz_date, aws_time(time_ms, AWS_BASIC, text));
    hmac_expect_signature(b, b->aws.last, &by, b->aws.authorization);
}

#endif
