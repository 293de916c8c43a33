/* SPDX-License-Identifier: Apache-2.0 */
/* The built-in transport against transport_server.py, which runs this program. */
#include "unit/expect.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "http/http_int.h"
#include "support/check.h"
#include "unit/each_allocation.h"

#define CANARY "s3cret-canary"
#define LOOPBACK "127.0.0.1"
#define NAMED "sts.example.test"
/* How late a deadline or a stop may be noticed, on a busy machine under sanitizers. */
#define SLACK_MS 400
#define THREADS 16
#define ROUNDS 20

static char **arguments;

static const char *folder(void)
{
    return arguments[1];
}

static const char *port_of(const char *server)
{
    size_t len = strlen(server);
    char **item;

    for (item = arguments + 2; *item != NULL; item++)
        if (strncmp(*item, server, len) == 0 && (*item)[len] == '=')
            return *item + len + 1;
    check(!"a server of that name");
    return NULL;
}

static int64_t now_ms(void)
{
    struct timespec now;

    check(clock_gettime(CLOCK_MONOTONIC, &now) == 0);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

typedef struct bench {
    tpmc_env *env;
    tpmc_error *err;
    tpmc_http_response *response;
    int64_t timeout_ms;
    int64_t took_ms;
    atomic_llong stop_at_ms; /* 0: never */
    const uint8_t *body;     /* what to POST */
    size_t body_len;
} bench;

static void set(bench *b, const char *name, const char *value)
{
    check(tpmc_env_set(b->env, name, value, NULL) == 0);
}

static void set_root(bench *b, const char *option, const char *file)
{
    char path[512];

    (void)snprintf(path, sizeof(path), "%s/%s", folder(), file);
    set(b, option, path);
}

static void set_proxy(bench *b)
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

static void open_bench(bench *b)
{
    memset(b, 0, sizeof(*b));
    b->timeout_ms = 20000;
    check(tpmc_env_new(&b->env, NULL) == 0);
    check(tpmc_error_new(&b->err) == 0);
    check(tpmc_env_set_should_stop(b->env, should_stop, b, NULL, NULL) == 0);
    set_root(b, "ca_file", "ca.pem");
}

static void close_bench(bench *b)
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

static int exchange(bench *b, const char *url)
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

static int ask(bench *b, const char *host, const char *server, const char *path)
{
    char url[256];

    (void)snprintf(url, sizeof(url), "https://%s:%s%s?sig=%s", host, port_of(server), path, CANARY);
    return exchange(b, url);
}

static int get(bench *b, const char *path)
{
    return ask(b, LOOPBACK, "good", path);
}

static const char *body_of(const bench *b)
{
    const uint8_t *body = tpmc_http_response_body(b->response);

    return body == NULL ? "" : (const char *)body;
}

static void expect_body_holds(const bench *b, const char *words)
{
    if (strstr(body_of(b), words) == NULL)
        fail_msg("'%s' does not hold '%s'", body_of(b), words);
}

/* What the server has counted under a name. */
static long counted(bench *b, const char *path)
{
    char counter[64];

    (void)snprintf(counter, sizeof(counter), "%s%s", path[0] == '/' ? "/count" : "/counter-", path);
    expect_success(get(b, counter), b->err);
    return strtol(body_of(b), NULL, 10);
}

/* The number of the connection over which the last answer came. */
static long connection(const bench *b)
{
    check(strncmp(body_of(b), "connection ", 11) == 0);
    return strtol(body_of(b) + 11, NULL, 10);
}

static void expect_took(const bench *b, int64_t least_ms, int64_t most_ms)
{
    if (b->took_ms < least_ms || b->took_ms > most_ms)
        fail_msg("it took %lld ms, not %lld to %lld", (long long)b->took_ms, (long long)least_ms,
                 (long long)most_ms);
}

static void sends_the_request_as_it_is(void **state)
{
    static const char expected[] = "\nrequest 1\nGET /a/../%2e/b?sig=" CANARY "\nHost: 127.0.0.1:";
    const char *agent;
    bench b;

    (void)state;
    open_bench(&b);
    set(&b, "user_agent", "app/1.0");
    expect_success(get(&b, "/a/../%2e/b"), b.err);
    assert_int_equal(tpmc_http_response_status(b.response), 200);
    assert_string_equal(tpmc_http_response_header(b.response, "x-spaces"), "a b");
    expect_body_holds(&b, expected);
    agent = strstr(body_of(&b), "\nUser-Agent: tpmcloud/");
    assert_non_null(agent);
    assert_non_null(strstr(agent, " app/1.0\nAuthorization: " CANARY "\n\n"));
    /* Nothing but Host, User-Agent and what the request holds. */
    assert_null(strstr(body_of(&b), "Accept"));
    close_bench(&b);
}

static void sends_a_body_and_fields_of_every_kind(void **state)
{
    static const uint8_t body[] = { 'a', 0, 0xff, '\r', '\n', 'z' };
    tpmc_http_request *request = NULL;
    char url[128];
    bench b;

    (void)state;
    open_bench(&b);
    (void)snprintf(url, sizeof(url), "https://127.0.0.1:%s/echo", port_of("good"));
    expect_success(tpmc_http_request_new("PUT", url, &request, b.err), b.err);
    expect_success(tpmc_http_request_set_body(request, body, sizeof(body), b.err), b.err);
    expect_success(tpmc_http_request_add_header(request, "Host", "sts.example:1", b.err), b.err);
    expect_success(tpmc_http_request_add_header(request, "X-Empty", "", b.err), b.err);
    expect_success(tpmc_http_request_add_header(request, "X-Two", "1", b.err), b.err);
    expect_success(tpmc_http_request_add_header(request, "X-Two", "2", b.err), b.err);
    expect_success(tpmc_http_request_add_header(request, "User-Agent", "mine", b.err), b.err);
    expect_success(tpmc_http_request_add_header(request, "Content-Length", "6", b.err), b.err);
    expect_success(tpmc__http_exchange(b.env, request, now_ms() + 5000, &b.response, b.err), b.err);
    expect_body_holds(&b, "\nPUT /echo\n");
    expect_body_holds(&b, "\nHost: sts.example:1\n");
    expect_body_holds(&b, "\nX-Empty:\n");
    expect_body_holds(&b, "\nX-Two: 1\nX-Two: 2\n");
    expect_body_holds(&b, "\nUser-Agent: mine\n");
    expect_body_holds(&b, "\nContent-Length: 6\n\n");
    assert_null(strstr(body_of(&b), "tpmcloud/"));
    assert_null(strstr(body_of(&b), "Expect"));
    assert_null(strstr(body_of(&b), "Content-Type"));
    assert_memory_equal(tpmc_http_response_body(b.response) +
                            tpmc_http_response_body_len(b.response) - sizeof(body),
                        body, sizeof(body));
    expect_success(tpmc_http_request_add_header(request, "Transfer-Encoding", "chunked", b.err),
                   b.err);
    tpmc__http_response_free(b.response);
    expect_failure(tpmc__http_exchange(b.env, request, now_ms() + 5000, &b.response, b.err), b.err,
                   TPMC_ERR_ARGUMENT, "Transfer-Encoding");
    tpmc_http_request_free(request);
    close_bench(&b);
}

typedef struct server {
    const char *host;
    const char *name;
    int code;
    const char *words;
} server;

static const server servers[] = {
    { LOOPBACK, "good", 0, "" },
    { LOOPBACK, "tls12", 0, "" },
    { LOOPBACK, "stranger", TPMC_ERR_TLS, "the request to 127.0.0.1 failed: " },
    { LOOPBACK, "self_signed", TPMC_ERR_TLS, "certificate" },
    { LOOPBACK, "wrong_host", TPMC_ERR_TLS, "subject name" },
    { LOOPBACK, "expired", TPMC_ERR_TLS, "expired" },
    { LOOPBACK, "not_yet", TPMC_ERR_TLS, "not yet valid" },
    { LOOPBACK, "wrong_use", TPMC_ERR_TLS, "purpose" },
    { LOOPBACK, "tls11", TPMC_ERR_TLS, "the request to 127.0.0.1 failed: " },
    { LOOPBACK, "not_tls", TPMC_ERR_TLS, "the request to 127.0.0.1 failed: " },
    { LOOPBACK, "refused", TPMC_ERR_NETWORK, "the request to 127.0.0.1 failed: " },
    { LOOPBACK, "reset", TPMC_ERR_NETWORK, "the request to 127.0.0.1 failed: " },
    { LOOPBACK, "end", TPMC_ERR_NETWORK, "the request to 127.0.0.1 failed: " },
    { "no-such-host.invalid", "good", TPMC_ERR_NETWORK, "no-such-host.invalid failed: " },
};

static void only_a_server_that_proves_itself_is_asked(void **state)
{
    const server *s;
    bench b;
    size_t i;

    (void)state;
    open_bench(&b);
    set(&b, "connect_timeout_ms", "2000");
    for (i = 0; i < sizeof(servers) / sizeof(servers[0]); i++) {
        s = &servers[i];
        if (s->code == 0)
            expect_success(ask(&b, s->host, s->name, "/echo"), b.err);
        else
            expect_failure(ask(&b, s->host, s->name, "/never"), b.err, s->code, s->words);
        assert_true(b.took_ms < 2000 + SLACK_MS);
    }
    assert_int_equal(counted(&b, "/never"), 0);
    close_bench(&b);
}

static void roots_are_those_of_the_options(void **state)
{
    bench b;

    (void)state;
    open_bench(&b);
    set(&b, "ca_file", NULL);
    set_root(&b, "ca_dir", "roots");
    expect_success(get(&b, "/echo"), b.err);
    close_bench(&b);
    /* The system's store does not know the authority, nor is one of SSL_CERT_FILE heeded. */
    open_bench(&b);
    set(&b, "ca_file", NULL);
    expect_failure(get(&b, "/never"), b.err, TPMC_ERR_TLS, "certificate");
    expect_failure(ask(&b, LOOPBACK, "stranger", "/never"), b.err, TPMC_ERR_TLS, "certificate");
    close_bench(&b);
    open_bench(&b);
    set_root(&b, "ca_file", "stranger.pem");
    expect_failure(get(&b, "/never"), b.err, TPMC_ERR_TLS, "certificate");
    close_bench(&b);
    open_bench(&b);
    set_root(&b, "ca_file", "not-pem.pem");
    expect_failure(get(&b, "/never"), b.err, TPMC_ERR_TLS, "127.0.0.1");
    close_bench(&b);
    open_bench(&b);
    set_root(&b, "ca_file", "missing.pem");
    expect_failure(get(&b, "/never"), b.err, TPMC_ERR_TLS, "missing.pem");
    close_bench(&b);
}

typedef struct behaviour {
    const char *path;
    int code;
    const char *words; /* of the error, or the whole body */
} behaviour;

static const behaviour behaviours[] = {
    { "/cut", TPMC_ERR_NETWORK, "the request to 127.0.0.1 failed: " },
    { "/cut-in-head", TPMC_ERR_NETWORK, "127.0.0.1" },
    { "/cut-chunk", TPMC_ERR_NETWORK, "127.0.0.1" },
    { "/cut-last-chunk", TPMC_ERR_NETWORK, "127.0.0.1" },
    { "/nothing", TPMC_ERR_NETWORK, "127.0.0.1" },
    { "/reset", TPMC_ERR_NETWORK, "127.0.0.1" },
    { "/http09", TPMC_ERR_PROTOCOL, "127.0.0.1" },
    { "/bad-status", TPMC_ERR_PROTOCOL,
      "127.0.0.1: the answer has a status that is not 100 to 599" },
    { "/nul", TPMC_ERR_PROTOCOL, "127.0.0.1" },
    { "/no-colon", TPMC_ERR_PROTOCOL, "127.0.0.1" },
    { "/long-field", TPMC_ERR_PROTOCOL, "127.0.0.1: the answer holds a header line that is too" },
    { "/many-fields", TPMC_ERR_PROTOCOL, "one too many" },
    { "/endless-head", TPMC_ERR_PROTOCOL, "127.0.0.1: the answer" },
    { "/endless-line", TPMC_ERR_PROTOCOL, "127.0.0.1" },
    { "/endless-interim", TPMC_ERR_PROTOCOL, "more than 64 KiB" },
    { "/endless-trailer", TPMC_ERR_PROTOCOL, "127.0.0.1" },
    { "/endless-body", TPMC_ERR_PROTOCOL, "the body of the answer is larger than 1 MiB" },
    { "/endless-chunks", TPMC_ERR_PROTOCOL, "the body of the answer is larger than 1 MiB" },
    { "/one-more", TPMC_ERR_PROTOCOL, "the body of the answer is larger than 1 MiB" },
    { "/until-close", 0, "hello" },
    { "/shorter", 0, "hello" },
    { "/interim", 0, "hello" },
    { "/trailer", 0, "hello" },
};

static void answers_are_taken_whole_or_not_at_all(void **state)
{
    const behaviour *item;
    bench b;
    size_t i;
    int status;

    (void)state;
    open_bench(&b);
    for (i = 0; i < sizeof(behaviours) / sizeof(behaviours[0]); i++) {
        item = &behaviours[i];
        status = get(&b, item->path);
        if (status != item->code ||
            strstr(tpmc_error_text(b.err), item->code == 0 ? "" : item->words) == NULL)
            fail_msg("%s: %s, %s", item->path, tpmc_error_name(status), tpmc_error_text(b.err));
        if (item->code == 0)
            assert_string_equal(body_of(&b), item->words);
        assert_true(b.took_ms < 10000);
    }
    assert_true(get(&b, "/bad-length") != 0);
    assert_true(get(&b, "/bad-chunk") != 0);
    expect_success(get(&b, "/exact"), b.err);
    assert_int_equal(tpmc_http_response_body_len(b.response), TPMC__HTTP_MAX_BODY);
    close_bench(&b);
}

static void statuses_are_answers_and_redirections_are_not_followed(void **state)
{
    bench b;

    (void)state;
    open_bench(&b);
    expect_success(get(&b, "/status/503"), b.err);
    assert_int_equal(tpmc_http_response_status(b.response), 503);
    assert_string_equal(tpmc_http_response_header(b.response, "Retry-After"), "1");
    expect_success(get(&b, "/status/401"), b.err);
    assert_int_equal(tpmc_http_response_status(b.response), 401);
    expect_success(get(&b, "/redirect"), b.err);
    assert_int_equal(tpmc_http_response_status(b.response), 307);
    assert_int_equal(counted(&b, "/redirect"), 1);
    assert_int_equal(counted(&b, "/redirected"), 0);
    close_bench(&b);
}

static void nothing_is_unpacked_and_no_cookie_kept(void **state)
{
    bench b;

    (void)state;
    open_bench(&b);
    expect_success(get(&b, "/gzip"), b.err);
    assert_true(tpmc_http_response_body_len(b.response) < 100);
    assert_int_equal(tpmc_http_response_body(b.response)[0], 0x1f);
    expect_success(get(&b, "/cookie"), b.err);
    expect_success(get(&b, "/echo"), b.err);
    assert_null(strstr(body_of(&b), "Cookie"));
    close_bench(&b);
}

static void connections_are_kept_open(void **state)
{
    long first;
    bench b;
    bench other;

    (void)state;
    open_bench(&b);
    expect_success(get(&b, "/echo"), b.err);
    first = connection(&b);
    expect_body_holds(&b, "\nrequest 1\n");
    expect_success(get(&b, "/echo"), b.err);
    assert_int_equal(connection(&b), first);
    expect_body_holds(&b, "\nrequest 2\n");
    /* Another environment has connections of its own. */
    open_bench(&other);
    expect_success(get(&other, "/echo"), other.err);
    assert_int_not_equal(connection(&other), first);
    close_bench(&other);
    /* One that the server closes meanwhile is replaced, and nobody notices. */
    expect_success(get(&b, "/close-after"), b.err);
    assert_int_equal(connection(&b), first);
    (void)nanosleep(&(struct timespec){ 0, 200000000 }, NULL);
    expect_success(get(&b, "/echo"), b.err);
    assert_int_not_equal(connection(&b), first);
    expect_body_holds(&b, "\nrequest 1\n");
    close_bench(&b);
}

static void a_request_is_sent_once(void **state)
{
    bench b;

    (void)state;
    open_bench(&b);
    expect_success(get(&b, "/drop-second"), b.err);
    expect_failure(get(&b, "/drop-second"), b.err, TPMC_ERR_NETWORK,
                   "127.0.0.1 closed the connection without an answer");
    assert_int_equal(counted(&b, "/drop-second"), 2);
    expect_success(get(&b, "/echo"), b.err);
    close_bench(&b);
}

static int ask_plain(bench *b, const char *host)
{
    char url[128];

    (void)snprintf(url, sizeof(url), "http://%s:%s/echo", host, port_of("plain"));
    return exchange(b, url);
}

static void plain_http_is_for_loopback_and_on_request(void **state)
{
    bench b;

    (void)state;
    open_bench(&b);
    expect_failure(ask_plain(&b, LOOPBACK), b.err, TPMC_ERR_ARGUMENT, "plain http is refused");
    close_bench(&b);
    open_bench(&b);
    set(&b, "allow_http_loopback", "1");
    set_proxy(&b);
    expect_success(ask_plain(&b, LOOPBACK), b.err);
    expect_body_holds(&b, "\nGET /echo\n");
    expect_failure(ask_plain(&b, NAMED), b.err, TPMC_ERR_ARGUMENT, "plain http is refused");
    close_bench(&b);
}

static void a_proxy_is_used_when_asked_and_never_for_loopback(void **state)
{
    long before;
    bench b;

    (void)state;
    open_bench(&b);
    before = counted(&b, "proxied");
    /* The environment names a proxy. */
    assert_int_equal(before, 0);
    close_bench(&b);
    open_bench(&b);
    set_proxy(&b);
    expect_success(ask(&b, NAMED, "good", "/echo"), b.err);
    expect_body_holds(&b, "\nHost: " NAMED ":");
    assert_null(tpmc_http_response_header(b.response, "X-Proxy"));
    assert_int_equal(counted(&b, "proxied"), 1);
    assert_int_equal(counted(&b, "leaked-to-proxy"), 0);
    /* The certificate is the server's, whatever the way to it. */
    expect_failure(ask(&b, NAMED, "wrong_host", "/never"), b.err, TPMC_ERR_TLS, NAMED);
    /* What the proxy refuses. */
    expect_failure(ask(&b, "other.example.test", "good", "/never"), b.err, TPMC_ERR_NETWORK,
                   "other.example.test");
    assert_int_equal(counted(&b, "proxied"), 3);
    close_bench(&b);
}

typedef struct stall {
    const char *server;
    const char *path;
} stall;

static const stall stalls[] = {
    { "good", "/hang" },
    { "good", "/drip" },
    { "good", "/drip-head" },
    { "silent", "/" },
};

static void a_stop_is_heard_at_once(void **state)
{
    bench b;
    size_t i;

    (void)state;
    open_bench(&b);
    for (i = 0; i < sizeof(stalls) / sizeof(stalls[0]); i++) {
        atomic_store(&b.stop_at_ms, now_ms() + 300);
        expect_failure(ask(&b, LOOPBACK, stalls[i].server, stalls[i].path), b.err,
                       TPMC_ERR_CANCELLED, "cancelled");
        expect_took(&b, 250, 300 + SLACK_MS);
        atomic_store(&b.stop_at_ms, 0);
    }
    expect_success(get(&b, "/echo"), b.err);
    close_bench(&b);
}

static void the_deadline_is_kept(void **state)
{
    bench b;
    size_t i;

    (void)state;
    open_bench(&b);
    b.timeout_ms = 600;
    for (i = 0; i < sizeof(stalls) / sizeof(stalls[0]); i++) {
        expect_failure(ask(&b, LOOPBACK, stalls[i].server, stalls[i].path), b.err, TPMC_ERR_TIMEOUT,
                       "127.0.0.1");
        expect_took(&b, 550, 600 + SLACK_MS);
    }
    b.timeout_ms = 20000;
    expect_success(get(&b, "/echo"), b.err);
    close_bench(&b);
    /* Connecting has a deadline of its own, and what misses it may be tried again. */
    open_bench(&b);
    set(&b, "connect_timeout_ms", "400");
    expect_failure(ask(&b, LOOPBACK, "silent", "/"), b.err, TPMC_ERR_NETWORK, "127.0.0.1");
    expect_took(&b, 350, 400 + SLACK_MS);
    expect_success(get(&b, "/late"), b.err);
    close_bench(&b);
}

/* The server ends the connection while the body is on its way: the kernel would send SIGPIPE. */
static void a_broken_pipe_raises_no_signal(void **state)
{
    static uint8_t body[8 * 1024 * 1024];
    bench b;
    int i;

    (void)state;
    open_bench(&b);
    b.body = body;
    b.body_len = sizeof(body);
    for (i = 0; i < 3; i++)
        expect_failure(get(&b, "/reset"), b.err, TPMC_ERR_NETWORK, "127.0.0.1");
    close_bench(&b);
}

/* Every TCP socket of this process is closed on exec. */
static void sockets_are_closed_on_exec(void **state)
{
    int sockets = 0;
    struct sockaddr_storage peer;
    socklen_t len;
    bench b;
    int fd;

    (void)state;
    open_bench(&b);
    expect_success(get(&b, "/echo"), b.err);
    for (fd = 3; fd < 256; fd++) {
        len = sizeof(peer);
        if (getpeername(fd, (struct sockaddr *)&peer, &len) != 0 || peer.ss_family != AF_INET)
            continue;
        sockets++;
        assert_true((fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0);
    }
    assert_int_equal(sockets, 1);
    close_bench(&b);
}

typedef struct worker {
    pthread_t thread;
    bench *shared;
    int number;
    int failures;
} worker;

static int one_round(worker *self, int round)
{
    tpmc_http_request *request = NULL;
    tpmc_http_response *response = NULL;
    char url[128];
    char mine[64];
    int status;

    (void)snprintf(url, sizeof(url), "https://127.0.0.1:%s/echo", port_of("good"));
    (void)snprintf(mine, sizeof(mine), "worker-%d-%d", self->number, round);
    status = tpmc_http_request_new("POST", url, &request, NULL);
    if (status == 0)
        status = tpmc_http_request_set_body(request, mine, strlen(mine), NULL);
    if (status == 0)
        status = tpmc__http_exchange(self->shared->env, request, now_ms() + 30000, &response, NULL);
    if (status == 0 && strstr((const char *)tpmc_http_response_body(response), mine) == NULL)
        status = TPMC_ERR_INTEGRITY;
    tpmc__http_response_free(response);
    tpmc_http_request_free(request);
    return status;
}

static void *work(void *user)
{
    worker *self = user;
    int round;

    for (round = 0; round < ROUNDS; round++)
        if (one_round(self, round) != 0)
            self->failures++;
    return NULL;
}

static void many_threads_share_an_environment(void **state)
{
    worker workers[THREADS];
    long before;
    bench b;
    int i;

    (void)state;
    open_bench(&b);
    before = counted(&b, "connections");
    for (i = 0; i < THREADS; i++) {
        workers[i].shared = &b;
        workers[i].number = i;
        workers[i].failures = 0;
        check(pthread_create(&workers[i].thread, NULL, work, &workers[i]) == 0);
    }
    for (i = 0; i < THREADS; i++) {
        check(pthread_join(workers[i].thread, NULL) == 0);
        assert_int_equal(workers[i].failures, 0);
    }
    /* Far fewer connections than requests. */
    assert_in_range(counted(&b, "connections") - before, 1, THREADS * ROUNDS / 2);
    close_bench(&b);
}

static void wait_for(pid_t child)
{
    int wait_status = -1;

    assert_int_equal(waitpid(child, &wait_status, 0), child);
    assert_int_equal(wait_status, 0);
}

static void a_child_leaves_the_connections_alone(void **state)
{
    pid_t child;
    long first;
    bench b;
    int ok;

    (void)state;
    open_bench(&b);
    expect_success(get(&b, "/echo"), b.err);
    first = connection(&b);
    child = fork();
    check(child >= 0);
    if (child == 0) {
        ok = get(&b, "/never") == TPMC_ERR_FORKED && tpmc_error_code(b.err) == TPMC_ERR_FORKED;
        tpmc_env_free(b.env);
        /* A new environment works. */
        open_bench(&b);
        ok = ok && get(&b, "/echo") == 0 && connection(&b) != first;
        close_bench(&b);
        _exit(ok ? 0 : 1);
    }
    wait_for(child);
    expect_success(get(&b, "/echo"), b.err);
    assert_int_equal(connection(&b), first);
    expect_body_holds(&b, "\nrequest 2\n");
    assert_int_equal(counted(&b, "/never"), 0);
    close_bench(&b);
}

static pid_t forked_child = -1;

static int fork_once(void *user)
{
    (void)user;
    if (forked_child == -1) {
        forked_child = fork();
        check(forked_child >= 0);
    }
    return 0;
}

/* The should-stop callback forks in the middle of an exchange, and both sides go on. */
static void a_fork_during_an_exchange_breaks_neither_side(void **state)
{
    pid_t parent = getpid();
    long first;
    bench b;
    int status;

    (void)state;
    open_bench(&b);
    expect_success(get(&b, "/echo"), b.err);
    first = connection(&b);
    check(tpmc_env_set_should_stop(b.env, NULL, NULL, NULL, NULL) == 0);
    b.env->should_stop = fork_once;
    status = get(&b, "/late");
    if (getpid() != parent) {
        tpmc_env_free(b.env);
        _exit(status == TPMC_ERR_FORKED && b.response == NULL ? 0 : 1);
    }
    expect_success(status, b.err);
    wait_for(forked_child);
    assert_int_equal(connection(&b), first);
    expect_success(get(&b, "/echo"), b.err);
    assert_int_equal(connection(&b), first);
    close_bench(&b);
}

static int attempt(void *context)
{
    return get(context, "/echo");
}

static int attempt_anew(void *context)
{
    bench *b = context;
    int status = tpmc_env_new(&b->env, b->err);

    if (status != 0)
        return status;
    status = get(b, "/never");
    tpmc_env_free(b->env);
    b->env = NULL;
    return status == TPMC_ERR_TLS ? 0 : status;
}

static void survives_every_failing_allocation(void **state)
{
    bench b;

    (void)state;
    open_bench(&b);
    /* with and without a connection that is open */
    expect_success(get(&b, "/echo"), b.err);
    assert_true(each_allocation(attempt, &b, TPMC_ERR_NOMEM) >= 10);
    tpmc_env_free(b.env);
    b.env = NULL;
    assert_true(each_allocation(attempt_anew, &b, TPMC_ERR_NOMEM) >= 10);
    close_bench(&b);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_proxy_is_used_when_asked_and_never_for_loopback),
        cmocka_unit_test(sends_the_request_as_it_is),
        cmocka_unit_test(sends_a_body_and_fields_of_every_kind),
        cmocka_unit_test(only_a_server_that_proves_itself_is_asked),
        cmocka_unit_test(roots_are_those_of_the_options),
        cmocka_unit_test(answers_are_taken_whole_or_not_at_all),
        cmocka_unit_test(statuses_are_answers_and_redirections_are_not_followed),
        cmocka_unit_test(nothing_is_unpacked_and_no_cookie_kept),
        cmocka_unit_test(connections_are_kept_open),
        cmocka_unit_test(a_request_is_sent_once),
        cmocka_unit_test(plain_http_is_for_loopback_and_on_request),
        cmocka_unit_test(a_stop_is_heard_at_once),
        cmocka_unit_test(the_deadline_is_kept),
        cmocka_unit_test(a_broken_pipe_raises_no_signal),
        cmocka_unit_test(sockets_are_closed_on_exec),
        cmocka_unit_test(many_threads_share_an_environment),
        cmocka_unit_test(a_child_leaves_the_connections_alone),
        cmocka_unit_test(a_fork_during_an_exchange_breaks_neither_side),
        cmocka_unit_test(survives_every_failing_allocation),
    };

    check(argc > 2);
    arguments = argv;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
