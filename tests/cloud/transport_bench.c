/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/transport_bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "support/check.h"
#include "unit/expect.h"

static char **arguments;

void take_arguments(int argc, char **argv)
{
    check(argc > 2);
    arguments = argv;
}

static const char *folder(void)
{
    return arguments[1];
}

const char *port_of(const char *server)
{
    size_t len = strlen(server);
    char **item = arguments + 2;

    while (*item != NULL && (strncmp(*item, server, len) != 0 || (*item)[len] != '='))
        item++;
    check(*item != NULL);
    return *item + len + 1;
}

int64_t now_ms(void)
{
    struct timespec now;

    check(clock_gettime(CLOCK_MONOTONIC, &now) == 0);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void set(bench *b, const char *name, const char *value)
{
    check(tpmc_env_set(b->env, name, value, NULL) == 0);
}

void set_root(bench *b, const char *option, const char *file)
{
    char path[512];

    (void)snprintf(path, sizeof(path), "%s/%s", folder(), file);
    set(b, option, path);
}

void set_proxy(bench *b)
{
    char url[64];

    (void)snprintf(url, sizeof(url), "http://127.0.0.1:%s", port_of("proxy"));
    set(b, "proxy", url);
}

static int should_stop(void *user)
{
    bench *b = user;
    int64_t at = atomic_load(&b->stop_at_ms);

    return at != 0 && now_ms() >= at ? TPMC_ERR_CANCELLED : 0;
}

void open_bench(bench *b)
{
    memset(b, 0, sizeof(*b));
    b->timeout_ms = 20000;
    check(tpmc_env_new(&b->env, NULL) == 0);
    check(tpmc_error_new(&b->err) == 0);
    check(tpmc_env_set_should_stop(b->env, should_stop, b, NULL, NULL) == 0);
    set_root(b, "ca_file", "ca.pem");
}

void close_bench(bench *b)
{
    tpmc__http_response_free(b->response);
    tpmc_error_free(b->err);
    tpmc_env_free(b->env);
}

static tpmc_http_request *make_request(const bench *b, const char *url)
{
    tpmc_http_request *request = NULL;

    if (tpmc_http_request_new(b->body == NULL ? "GET" : "POST", url, &request, b->err) != 0)
        return NULL;
    if (tpmc_http_request_add_header(request, "Authorization", CANARY, b->err) == 0 &&
        tpmc_http_request_set_body(request, b->body, b->body_len, b->err) == 0)
        return request;
    tpmc_http_request_free(request);
    return NULL;
}

int exchange(bench *b, const char *url)
{
    tpmc_http_request *request = make_request(b, url);
    int64_t start = now_ms();
    int status;

    tpmc__http_response_free(b->response);
    b->response = NULL;
    if (request == NULL)
        return tpmc_error_code(b->err);
    status = tpmc__http_exchange(b->env, request, start + b->timeout_ms, &b->response, b->err);
    b->took_ms = now_ms() - start;
    tpmc_http_request_free(request);
    check(strstr(tpmc_error_text(b->err), CANARY) == NULL);
    return status;
}

int ask(bench *b, const char *host, const char *server, const char *path)
{
    char url[256];

    (void)snprintf(url, sizeof(url), "https://%s:%s%s?sig=%s", host, port_of(server), path, CANARY);
    return exchange(b, url);
}

int get(bench *b, const char *path)
{
    return ask(b, LOOPBACK, "good", path);
}

const char *body_of(const bench *b)
{
    const uint8_t *body = tpmc_http_response_body(b->response);

    return body == NULL ? "" : (const char *)body;
}

void expect_body_holds(const bench *b, const char *words)
{
    if (strstr(body_of(b), words) == NULL)
        fail_msg("'%s' does not hold '%s'", body_of(b), words);
}

/* What the server has counted under a name. */
long counted(bench *b, const char *path)
{
    char counter[64];

    (void)snprintf(counter, sizeof(counter), "%s%s", path[0] == '/' ? "/count" : "/counter-", path);
    expect_success(get(b, counter), b->err);
    return strtol(body_of(b), NULL, 10);
}

/* The number of the connection over which the last answer came. */
long connection(const bench *b)
{
    check(strncmp(body_of(b), "connection ", 11) == 0);
    return strtol(body_of(b) + 11, NULL, 10);
}

void expect_took(const bench *b, int64_t least_ms, int64_t most_ms)
{
    if (b->took_ms < least_ms || b->took_ms > most_ms)
        fail_msg("it took %lld ms, not %lld to %lld", (long long)b->took_ms, (long long)least_ms,
                 (long long)most_ms);
}
