/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_UNIT_ANYWHERE_BENCH_H
#define TESTS_UNIT_ANYWHERE_BENCH_H

/* An identity of Roles Anywhere over a key of OpenSSL's. */

#include <unistd.h>

#include "tpmcloud/aws_rolesanywhere.h"
#include "tpmcloud/tpmkey.h"
#include "unit/aws_bench.h"
#include "unit/certificate_maker.h"

#define ANCHOR_ARN                                                                                 \
    "arn:aws:rolesanywhere:eu-central-1:123456789012:trust-anchor/11111111-2222-3333-4444-"        \
    "555555555555"
#define PROFILE_ARN                                                                                \
    "arn:aws:rolesanywhere:eu-central-1:123456789012:profile/66666666-7777-8888-9999-000000000000"
#define ARNS_IN_URL                                                                                \
    "?profileArn=arn%3Aaws%3Arolesanywhere%3Aeu-central-1%3A123456789012%3Aprofile%2F66666666-"    \
    "7777-8888-9999-000000000000&roleArn=arn%3Aaws%3Aiam%3A%3A123456789012%3Arole%2Fpath%2Fx"      \
    "&trustAnchorArn=arn%3Aaws%3Arolesanywhere%3Aeu-central-1%3A123456789012%3Atrust-anchor%2F"    \
    "11111111-2222-3333-4444-555555555555"

typedef struct anywhere_bench {
    aws_bench aws;
    EVP_PKEY *pkey; /* borrowed */
    tpmc_key *key;
    tpmc_aws_rolesanywhere *anywhere;
    atomic_int signatures;
    int sign_status;
    char algorithm[32]; /* of the last signature */
    uint8_t digest[32];
    char path[64]; /* of the certificate */
    char chain_path[64];
} anywhere_bench;

static inline int anywhere_sign(void *user, const char *algorithm, const uint8_t *data, size_t len,
                                uint8_t *out, size_t capacity, size_t *out_len)
{
    anywhere_bench *b = user;
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, b->pkey, NULL);

    atomic_fetch_add(&b->signatures, 1);
    (void)snprintf(b->algorithm, sizeof(b->algorithm), "%s", algorithm);
    check(len == sizeof(b->digest));
    memcpy(b->digest, data, len);
    check(ctx != NULL && EVP_PKEY_sign_init(ctx) == 1);
    check(EVP_PKEY_CTX_set_signature_md(ctx, EVP_sha256()) == 1);
    *out_len = capacity;
    check(EVP_PKEY_sign(ctx, out, out_len, data, len) == 1);
    EVP_PKEY_CTX_free(ctx);
    return b->sign_status;
}

static inline void anywhere_set(anywhere_bench *b, const char *name, const char *value)
{
    expect_success(tpmc_aws_rolesanywhere_set(b->anywhere, name, value, b->aws.err), b->aws.err);
}

/* An object on which nothing is set. */
static inline void anywhere_renew(anywhere_bench *b)
{
    tpmc_aws_rolesanywhere_free(b->anywhere);
    expect_success(tpmc_aws_rolesanywhere_new(b->aws.env, b->key, &b->anywhere, b->aws.err),
                   b->aws.err);
}

static inline void anywhere_set_arns(anywhere_bench *b)
{
    anywhere_set(b, "trust_anchor_arn", ANCHOR_ARN);
    anywhere_set(b, "profile_arn", PROFILE_ARN);
    anywhere_set(b, "role_arn", AWS_ROLE);
}

static inline anywhere_bench *anywhere_bench_bare(EVP_PKEY *pkey)
{
    anywhere_bench *b = calloc(1, sizeof(*b));
    tpmc__span spki = made_spki(pkey);

    check(b != NULL);
    aws_bench_open(&b->aws, aws_json_grant);
    atomic_store(&b->aws.fake.wall_ms, MADE_NOW_MS);
    b->pkey = pkey;
    (void)snprintf(b->path, sizeof(b->path), "anywhere-%d.pem", (int)getpid());
    (void)snprintf(b->chain_path, sizeof(b->chain_path), "anywhere-%d-chain.pem", (int)getpid());
    check(tpmc_key_new_callback(b->aws.env, spki.data, spki.len, anywhere_sign, b, NULL, &b->key,
                                NULL) == 0);
    made_spki_free(&spki);
    anywhere_renew(b);
    return b;
}

static inline void anywhere_bench_free(anywhere_bench *b)
{
    (void)unlink(b->path);
    (void)unlink(b->chain_path);
    tpmc_aws_rolesanywhere_free(b->anywhere);
    tpmc_key_free(b->key);
    aws_bench_close(&b->aws);
    free(b);
}

/* Under another name first, so that a reader never sees half of it. */
static inline void anywhere_write(const char *path, const made_wish *w)
{
    char other[80];
    FILE *out;
    tpmc__buf text;

    tpmc__buf_init(&text, 16384);
    made_pem(w, &text);
    (void)snprintf(other, sizeof(other), "%s.new", path);
    out = fopen(other, "wb");
    check(out != NULL && fwrite(text.data, 1, text.len, out) == text.len && fclose(out) == 0);
    check(rename(other, path) == 0);
    tpmc__buf_free(&text);
}

static inline made_wish anywhere_wish(EVP_PKEY *pkey, EVP_PKEY *issuer, const char *serial_hex)
{
    made_wish w = { .key = pkey, .subject = "device", .issuer = "ca", .issuer_key = issuer };

    w.serial_hex = serial_hex;
    return w;
}

/* The last request was signed by this key for the serial number, at this time. */
typedef struct anywhere_capture {
    uint8_t digest[32];
} anywhere_capture;

static inline int anywhere_hash(void *context, const tpmc__sigv4_scope *scope,
                                const void *string_to_sign, size_t len, tpmc__buf *hex,
                                tpmc_error *err)
{
    anywhere_capture *self = context;

    (void)scope;
    (void)err;
    check(EVP_Digest(string_to_sign, len, self->digest, NULL, EVP_sha256(), NULL) == 1);
    return tpmc__buf_append_text(hex, "00");
}

static inline void anywhere_expect_signed(anywhere_bench *b, const char *algorithm,
                                          const char *serial, int64_t time_ms)
{
    anywhere_capture capture = { { 0 } };
    tpmc__sigv4_params params = { .algorithm = algorithm, .credential = serial };
    char expected[256];
    char text[64];

    params.region = "eu-central-1";
    params.service = "rolesanywhere";
    params.time_ms = time_ms;
    params.sign = anywhere_hash;
    params.sign_context = &capture;
    assert_string_equal(b->aws.amz_date, aws_time(time_ms, AWS_BASIC, text));
    (void)snprintf(expected, sizeof(expected),
                   "%s Credential=%s/%.8s/eu-central-1/rolesanywhere/aws4_request, SignedHeaders=",
                   algorithm, serial, text);
    assert_ptr_equal(strstr(b->aws.authorization, expected), b->aws.authorization);
    expect_success(tpmc__sigv4_sign(b->aws.env, b->aws.last, &params, b->aws.err), b->aws.err);
    assert_memory_equal(capture.digest, b->digest, sizeof(b->digest));
}

static inline tpmc_aws_credentials *anywhere_get(anywhere_bench *b)
{
    tpmc_aws_credentials *credentials = NULL;

    expect_success(tpmc_aws_rolesanywhere_get_credentials(b->anywhere, &credentials, b->aws.err),
                   b->aws.err);
    assert_non_null(credentials);
    return credentials;
}

static inline void anywhere_get_and_drop(anywhere_bench *b)
{
    tpmc_aws_credentials_free(anywhere_get(b));
}

static inline void anywhere_refuse(anywhere_bench *b, int code, const char *words)
{
    tpmc_aws_credentials *credentials = (tpmc_aws_credentials *)b;

    aws_expect_failure(
        &b->aws, tpmc_aws_rolesanywhere_get_credentials(b->anywhere, &credentials, b->aws.err),
        code, words);
    assert_null(credentials);
}

static inline void anywhere_expect_counts(anywhere_bench *b, int requests, int signatures)
{
    assert_int_equal(atomic_load(&b->aws.requests), requests);
    assert_int_equal(atomic_load(&b->signatures), signatures);
}

#endif
