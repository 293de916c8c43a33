/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_CLOUD_TRANSPORT_BENCH_H
#define TESTS_CLOUD_TRANSPORT_BENCH_H

/* What the tests of the built-in transport share. transport_server.py runs them. */

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "http/http_int.h"

#define CANARY "s3cret-canary"
#define LOOPBACK "127.0.0.1"
/* A name that only the proxy knows. */
#define NAMED "sts.example.test"
/* How late a deadline or a stop may be noticed, on a busy machine under sanitizers. */
#define SLACK_MS 400

typedef struct bench {
    tpmc_env *env; /* with the test's authority as its only root */
    tpmc_error *err;
    tpmc_http_response *response; /* of the last exchange */
    int64_t timeout_ms;
    int64_t took_ms;         /* the last exchange */
    atomic_llong stop_at_ms; /* 0: never */
    const uint8_t *body;     /* what to POST */
    size_t body_len;
} bench;

void take_arguments(int argc, char **argv);
const char *port_of(const char *server);
int64_t now_ms(void);

void open_bench(bench *b);
void close_bench(bench *b);
void set(bench *b, const char *name, const char *value);
/* An option that names a file of the server's folder. */
void set_root(bench *b, const char *option, const char *file);
void set_proxy(bench *b);

/* One request, with a secret in its URL and in a field. No error may tell it. */
int exchange(bench *b, const char *url);
int ask(bench *b, const char *host, const char *server, const char *path);
/* From the well-behaved server. */
int get(bench *b, const char *path);
const char *body_of(const bench *b);
void expect_body_holds(const bench *b, const char *words);
/* What the server has counted under a name. */
long counted(bench *b, const char *path);
/* The number of the connection over which the last answer came. */
long connection(const bench *b);
void expect_took(const bench *b, int64_t least_ms, int64_t most_ms);

#endif
