/* SPDX-License-Identifier: Apache-2.0 */
/* Connections of the built-in transport: kept, shared, interrupted, forked. */
#include "cloud/transport_bench.h"
#include "unit/expect.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "support/check.h"
#include "unit/each_allocation.h"

#define THREADS 16
#define ROUNDS 20

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
        cmocka_unit_test(connections_are_kept_open),
        cmocka_unit_test(a_request_is_sent_once),
        cmocka_unit_test(a_stop_is_heard_at_once),
        cmocka_unit_test(the_deadline_is_kept),
        cmocka_unit_test(a_broken_pipe_raises_no_signal),
        cmocka_unit_test(sockets_are_closed_on_exec),
        cmocka_unit_test(many_threads_share_an_environment),
        cmocka_unit_test(a_child_leaves_the_connections_alone),
        cmocka_unit_test(a_fork_during_an_exchange_breaks_neither_side),
        cmocka_unit_test(survives_every_failing_allocation),
    };

    take_arguments(argc, argv);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
