/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_UNIT_AWS_BENCH_H
#define TESTS_UNIT_AWS_BENCH_H

/* An environment whose transport is AWS as a test wants it, for the tests of its identities. */

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/buf.h"
#include "proto/sigv4.h"
#include "tpmcloud/env.h"
#include "unit/expect.h"
#include "unit/fake_env.h"

#define AWS_SECRET "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
#define AWS_ROLE "arn:aws:iam::123456789012:role/path/x"
#define AWS_SESSION "arn:aws:sts::123456789012:assumed-role/x/s"
/* What is in the credentials that the server gives. */
#define AWS_GIVEN_ID "ASIAIOSFODNN7GIVEN00"
#define AWS_GIVEN_SECRET "gIvEnSeCrEtOfTheRoLe/K7MDENGbPxRfiCYEXAM"
#define AWS_GIVEN_TOKEN "FwoGZXIvYXdzEGIVENTOKEN"
#define AWS_MFA_CODE "918273"
#define AWS_HOUR_MS INT64_C(3600000)

/* What the server does, or how the transport fails. */
typedef struct aws_answer {
    int fails; /* the transport's code */
    int http_status;
    int tells_date;
    const char *body; /* NULL: credentials for an hour */
} aws_answer;

typedef struct aws_bench {
    fake_env fake;
    tpmc_env *env;
    tpmc_error *err;
    const aws_answer *answers; /* one for each request, the last one for all others */
    size_t answer_count;
    const char *grant; /* of credentials; their end takes the place of its '@' */
    int64_t server_ahead_ms;
    int64_t grant_ms; /* how long they live */
    atomic_int requests;
    atomic_int dirty; /* a log line held a secret */
    int64_t slept_ms;
    int forgets; /* nothing is kept of requests, which would allocate */
    /* of the last request */
    char method[17];
    char url[8193];
    char headers[65536]; /* "Name: value" and a line end each */
    char body[65536];
    tpmc_http_request *last; /* a copy without what a signature adds */
    char authorization[2048];
    char amz_date[32];
    char token[8192];
} aws_bench;

static const aws_answer aws_grants = { 0, 200, 0, NULL };

static const char aws_xml_grant[] =
    "<AssumeRoleResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><AssumeRoleResult>"
    "<AssumedRoleUser><Arn>" AWS_SESSION "</Arn><AssumedRoleId>AROA1:s</AssumedRoleId>"
    "</AssumedRoleUser><Credentials><AccessKeyId>" AWS_GIVEN_ID
    "</AccessKeyId><SecretAccessKey>" AWS_GIVEN_SECRET
    "</SecretAccessKey><SessionToken>" AWS_GIVEN_TOKEN
    "</SessionToken><Expiration>@</Expiration></Credentials></AssumeRoleResult>"
    "</AssumeRoleResponse>";

static const char aws_json_grant[] =
    "{\"credentialSet\":[{\"assumedRoleUser\":{\"arn\":\"" AWS_SESSION
    "\",\"assumedRoleId\":\"AROA1:s\"},\"credentials\":{\"accessKeyId\":\"" AWS_GIVEN_ID
    "\",\"secretAccessKey\":\"" AWS_GIVEN_SECRET "\",\"sessionToken\":\"" AWS_GIVEN_TOKEN
    "\",\"expiration\":\"@\"},\"packedPolicySize\":1,\"roleArn\":\"" AWS_ROLE
    "\",\"sourceIdentity\":\"CN=device\"}],\"subjectArn\":\"arn:aws:rolesanywhere:eu-central-1:"
    "123456789012:subject/1\"}";

/* Whether a text holds anything that must never be told. */
static inline int aws_is_dirty(const char *text)
{
    static const char *const secrets[] = { AWS_SECRET,   AWS_GIVEN_SECRET, AWS_GIVEN_TOKEN,
                                           AWS_MFA_CODE, "Signature=",     "Credential=" };

    for (size_t i = 0; i < sizeof(secrets) / sizeof(secrets[0]); i++) {
        if (strstr(text, secrets[i]) != NULL)
            return 1;
    }
    return 0;
}

static inline int aws_log(void *user, int level, const char *text)
{
    aws_bench *b = user;

    if (aws_is_dirty(text))
        atomic_fetch_add(&b->dirty, 1);
    return fake_log(&b->fake, level, text);
}

static inline int aws_sleep(void *user, int64_t ms)
{
    aws_bench *b = user;

    b->slept_ms += ms;
    fake_env_pass(&b->fake, ms);
    return 0;
}

/* The forms of a time that AWS uses. */
typedef enum aws_time_form { AWS_BASIC, AWS_EXTENDED, AWS_HTTP } aws_time_form;

static inline const char *aws_time(int64_t ms, aws_time_form form, char out[64])
{
    time_t seconds = (time_t)(ms / 1000);
    struct tm parts;

    check(gmtime_r(&seconds, &parts) != NULL);
    if (form == AWS_BASIC)
        check(strftime(out, 64, "%Y%m%dT%H%M%SZ", &parts) > 0);
    else if (form == AWS_EXTENDED)
        check(strftime(out, 64, "%Y-%m-%dT%H:%M:%SZ", &parts) > 0);
    else
        check(strftime(out, 64, "%a, %d %b %Y %H:%M:%S GMT", &parts) > 0);
    return out;
}

/* Keeps what a signature adds apart from what it is made of. */
static inline void aws_keep_header(aws_bench *b, const char *name, const char *value)
{
    if (strcmp(name, "Authorization") == 0)
        (void)snprintf(b->authorization, sizeof(b->authorization), "%s", value);
    else if (strcmp(name, "X-Amz-Date") == 0)
        (void)snprintf(b->amz_date, sizeof(b->amz_date), "%s", value);
    else if (strcmp(name, "X-Amz-Security-Token") == 0)
        (void)snprintf(b->token, sizeof(b->token), "%s", value);
    else if (strcmp(name, "Accept") != 0)
        check(tpmc_http_request_add_header(b->last, name, value, NULL) == 0);
}

static inline void aws_keep(aws_bench *b, const tpmc_http_request *request)
{
    size_t count = tpmc_http_request_header_count(request);
    size_t len = tpmc_http_request_body_len(request);
    size_t used = 0;
    const char *name;

    (void)snprintf(b->method, sizeof(b->method), "%s", tpmc_http_request_method(request));
    (void)snprintf(b->url, sizeof(b->url), "%s", tpmc_http_request_url(request));
    b->authorization[0] = '\0';
    b->amz_date[0] = '\0';
    b->token[0] = '\0';
    b->headers[0] = '\0';
    tpmc_http_request_free(b->last);
    check(tpmc_http_request_new(b->method, b->url, &b->last, NULL) == 0);
    for (size_t i = 0; i < count; i++) {
        name = tpmc_http_request_header_name(request, i);
        used += (size_t)snprintf(b->headers + used, sizeof(b->headers) - used, "%s: %s\n", name,
                                 tpmc_http_request_header_value(request, i));
        check(used < sizeof(b->headers));
        aws_keep_header(b, name, tpmc_http_request_header_value(request, i));
    }
    check(len < sizeof(b->body));
    memset(b->body, 0, sizeof(b->body));
    if (len > 0)
        memcpy(b->body, tpmc_http_request_body(request), len);
    check(tpmc_http_request_set_body(b->last, b->body, len, NULL) == 0);
}

static inline int aws_write(const aws_bench *b, const aws_answer *answer,
                            tpmc_http_response *response)
{
    int64_t now_ms = atomic_load(&b->fake.wall_ms) + b->server_ahead_ms;
    char body[4096];
    char text[64];
    const char *end = strchr(b->grant, '@');

    if (answer->body != NULL)
        (void)snprintf(body, sizeof(body), "%s", answer->body);
    else
        (void)snprintf(body, sizeof(body), "%.*s%s%s", (int)(end - b->grant), b->grant,
                       aws_time(now_ms + b->grant_ms, AWS_EXTENDED, text), end + 1);
    if (answer->tells_date)
        (void)tpmc_http_response_add_header(response, "Date", aws_time(now_ms, AWS_HTTP, text),
                                            NULL);
    return tpmc_http_response_append_body(response, body, strlen(body), NULL);
}

static inline int aws_exchange(void *user, const tpmc_http_request *request,
                               tpmc_http_response *response)
{
    aws_bench *b = user;
    size_t n = (size_t)atomic_fetch_add(&b->requests, 1);
    const aws_answer *answer = &b->answers[n < b->answer_count ? n : b->answer_count - 1];

    if (!b->forgets)
        aws_keep(b, request);
    if (answer->fails != 0)
        return answer->fails;
    check(tpmc_http_response_set_status(response, answer->http_status, NULL) == 0);
    return aws_write(b, answer, response);
}

static inline void aws_answer_with(aws_bench *b, const aws_answer *answers, size_t count)
{
    b->answers = answers;
    b->answer_count = count;
    atomic_store(&b->requests, 0);
}

static inline void aws_bench_open(aws_bench *b, const char *grant)
{
    memset(b, 0, sizeof(*b));
    b->env = fake_env_new(&b->fake);
    b->grant = grant;
    b->grant_ms = AWS_HOUR_MS;
    aws_answer_with(b, &aws_grants, 1);
    check(tpmc_env_set_http(b->env, aws_exchange, b, NULL, NULL) == 0);
    check(tpmc_env_set_sleep(b->env, aws_sleep, b, NULL, NULL) == 0);
    check(tpmc_env_set_log(b->env, aws_log, b, NULL, NULL) == 0);
    check(tpmc_error_new(&b->err) == 0);
}

static inline void aws_bench_close(aws_bench *b)
{
    check(atomic_load(&b->dirty) == 0);
    tpmc_http_request_free(b->last);
    tpmc_env_free(b->env);
    tpmc_error_free(b->err);
}

/* A call failed: the code, the words, and no secret. */
static inline void aws_expect_failure(const aws_bench *b, int status, int code, const char *words)
{
    expect_failure(status, b->err, code, words);
    if (aws_is_dirty(tpmc_error_text(b->err)))
        fail_msg("a secret is told: %s", tpmc_error_text(b->err));
}

/* The value of a field of the last request; NULL when there is none. */
static inline const char *aws_field(const aws_bench *b, const char *name, char out[8192])
{
    size_t len = strlen(name);

    for (const char *line = b->headers; *line != '\0'; line = strchr(line, '\n') + 1) {
        if (strncmp(line, name, len) != 0 || strncmp(line + len, ": ", 2) != 0)
            continue;
        (void)snprintf(out, 8192, "%.*s", (int)strcspn(line + len + 2, "\n"), line + len + 2);
        return out;
    }
    return NULL;
}

#endif
