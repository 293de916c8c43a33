/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "http/http_int.h"
#include "unit/each_allocation.h"
#include "unit/fake_env.h"

#define URL "https://example.com/token"
#define DEADLINE_MS (FAKE_MONOTONIC_MS + 30000)

/* A transport that does as it is told. */
typedef struct transport {
    int calls;
    int returns;
    int status; /* 0: sets none */
    int64_t takes_ms;
    size_t body_len;
    int uses_library;
    int64_t saw_time_left_ms;
    fake_env *fake;
} transport;

/* It runs with no lock held and no frame set, so the library is open to it. */
static void use_library(void)
{
    tpmc_env *env = NULL;
    tpmc_http_request *request = NULL;

    assert_int_equal(tpmc_env_new(&env, NULL), 0);
    assert_int_equal(tpmc_http_request_new("GET", URL, &request, NULL), 0);
    tpmc_http_request_free(request);
    tpmc_env_free(env);
}

static int exchange(void *user, const tpmc_http_request *request, tpmc_http_response *response)
{
    transport *self = user;
    static char body[TPMC__HTTP_MAX_BODY + 1];

    self->calls++;
    self->saw_time_left_ms = tpmc_http_request_time_left_ms(request);
    assert_string_equal(tpmc_http_request_method(request), "POST");
    fake_env_pass(self->fake, self->takes_ms);
    if (self->uses_library)
        use_library();
    if (self->status != 0)
        assert_int_equal(tpmc_http_response_set_status(response, self->status, NULL), 0);
    /* A careless transport does not look at what this returns. */
    (void)tpmc_http_response_append_body(response, body, self->body_len, NULL);
    return self->returns;
}

typedef struct bench {
    fake_env fake;
    transport transport;
    tpmc_env *env;
    tpmc_error *err;
    tpmc_http_request *request;
    tpmc_http_response *response;
} bench;

static bench *new_bench(const char *url)
{
    bench *b = calloc(1, sizeof(*b));

    assert_non_null(b);
    b->env = fake_env_new(&b->fake);
    b->transport.fake = &b->fake;
    b->transport.status = 200;
    assert_int_equal(tpmc_error_new(&b->err), 0);
    assert_int_equal(tpmc_env_set_http(b->env, exchange, &b->transport, NULL, b->err), 0);
    assert_int_equal(tpmc_http_request_new("POST", url, &b->request, b->err), 0);
    return b;
}

static void free_bench(bench *b)
{
    tpmc__http_response_free(b->response);
    tpmc_http_request_free(b->request);
    tpmc_env_free(b->env);
    tpmc_error_free(b->err);
    free(b);
}

static int run(bench *b)
{
    tpmc__http_response_free(b->response);
    b->response = NULL;
    return tpmc__http_exchange(b->env, b->request, DEADLINE_MS, &b->response, b->err);
}

static void expect_failure(bench *b, int code, const char *words, int calls)
{
    assert_int_equal(run(b), code);
    assert_null(b->response);
    assert_int_equal(tpmc_error_code(b->err), code);
    if (strstr(tpmc_error_text(b->err), words) == NULL)
        fail_msg("%s", tpmc_error_text(b->err));
    assert_int_equal(b->transport.calls, calls);
    assert_int_equal(tpmc_http_request_time_left_ms(b->request), -1);
}

static void brings_the_answer(void **state)
{
    bench *b = new_bench(URL);

    (void)state;
    b->transport.status = 503;
    b->transport.body_len = TPMC__HTTP_MAX_BODY;
    b->transport.uses_library = 1;
    assert_int_equal(run(b), 0);
    assert_int_equal(tpmc_http_response_status(b->response), 503);
    assert_int_equal(tpmc_http_response_body_len(b->response), TPMC__HTTP_MAX_BODY);
    assert_int_equal(b->transport.saw_time_left_ms, 30000);
    assert_int_equal(tpmc_http_request_time_left_ms(b->request), -1);
    free_bench(b);
}

static void plain_http_needs_loopback_and_permission(void **state)
{
    static const char *const remote[] = { "http://example.com/", "http://localhost/",
                                          "http://127.1/", "http://169.254.169.254/",
                                          "http://[::ffff:127.0.0.1]/" };
    static const char *const local[] = { "http://127.0.0.1:80/", "http://[::1]/" };
    bench *b;
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(remote) / sizeof(remote[0]); i++) {
        b = new_bench(remote[i]);
        assert_int_equal(tpmc_env_set(b->env, "allow_http_loopback", "1", NULL), 0);
        expect_failure(b, TPMC_ERR_ARGUMENT, "use an https URL", 0);
        free_bench(b);
    }
    for (i = 0; i < sizeof(local) / sizeof(local[0]); i++) {
        b = new_bench(local[i]);
        expect_failure(b, TPMC_ERR_ARGUMENT, "'allow_http_loopback'", 0);
        assert_int_equal(tpmc_env_set(b->env, "allow_http_loopback", "1", NULL), 0);
        assert_int_equal(run(b), 0);
        free_bench(b);
    }
}

static void without_transport_it_is_unsupported(void **state)
{
    static const tpmc__env_defaults nothing;
    const tpmc__env_defaults *former;
    bench *b = new_bench(URL);

    (void)state;
    assert_int_equal(tpmc_env_set_http(b->env, NULL, NULL, NULL, NULL), 0);
    former = b->env->defaults;
    b->env->defaults = &nothing;
    expect_failure(b, TPMC_ERR_UNSUPPORTED, "transport", 0);
    b->env->defaults = former;
    free_bench(b);
}

static void a_passed_deadline_sends_nothing(void **state)
{
    bench *b = new_bench(URL);

    (void)state;
    fake_env_pass(&b->fake, 29999);
    assert_int_equal(run(b), 0);
    assert_int_equal(b->transport.saw_time_left_ms, 1);
    fake_env_pass(&b->fake, 1);
    expect_failure(b, TPMC_ERR_TIMEOUT, "before the request was sent", 1);
    fake_env_pass(&b->fake, 1000000);
    expect_failure(b, TPMC_ERR_TIMEOUT, "before the request was sent", 1);
    free_bench(b);
}

static void a_late_answer_counts(void **state)
{
    bench *b = new_bench(URL);

    (void)state;
    b->transport.takes_ms = 31000;
    assert_int_equal(run(b), 0);
    assert_int_equal(tpmc_http_response_status(b->response), 200);
    free_bench(b);
}

static void a_stop_comes_first(void **state)
{
    bench *b = new_bench(URL);

    (void)state;
    fake_env_pass(&b->fake, 60000);
    atomic_store(&b->fake.stop_status, TPMC_ERR_CANCELLED);
    expect_failure(b, TPMC_ERR_CANCELLED, "stop", 0);
    atomic_store(&b->fake.stop_status, 17);
    expect_failure(b, TPMC_ERR_IO, "should-stop", 0);
    free_bench(b);
}

static void a_failing_clock_sends_nothing(void **state)
{
    bench *b = new_bench(URL);

    (void)state;
    atomic_store(&b->fake.clock_status, TPMC_ERR_IO);
    expect_failure(b, TPMC_ERR_IO, "clock", 0);
    free_bench(b);
}

typedef struct mapping {
    int returns;
    int code;
} mapping;

static void maps_what_the_transport_returns(void **state)
{
    static const mapping mappings[] = {
        { TPMC_ERR_NETWORK, TPMC_ERR_NETWORK },
        { TPMC_ERR_TLS, TPMC_ERR_TLS },
        { TPMC_ERR_TIMEOUT, TPMC_ERR_TIMEOUT },
        { TPMC_ERR_CANCELLED, TPMC_ERR_CANCELLED },
        { TPMC_ERR_NOMEM, TPMC_ERR_NOMEM },
        { TPMC_ERR_FORKED, TPMC_ERR_FORKED },
        { TPMC_ERR_FORKED - 1, TPMC_ERR_IO },
        { -1000, TPMC_ERR_IO },
        { 1, TPMC_ERR_IO },
        { INT32_MIN, TPMC_ERR_IO },
    };
    bench *b = new_bench(URL);
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(mappings) / sizeof(mappings[0]); i++) {
        b->transport.returns = mappings[i].returns;
        expect_failure(b, mappings[i].code, "HTTP", (int)i + 1);
    }
    free_bench(b);
}

static void refuses_an_unusable_answer(void **state)
{
    bench *b = new_bench(URL);

    (void)state;
    b->transport.status = 0;
    expect_failure(b, TPMC_ERR_PROTOCOL, "no status", 1);
    b->transport.status = 200;
    b->transport.body_len = TPMC__HTTP_MAX_BODY + 1;
    expect_failure(b, TPMC_ERR_PROTOCOL, "1 MiB", 2);
    b->transport.returns = TPMC_ERR_PROTOCOL;
    expect_failure(b, TPMC_ERR_PROTOCOL, "1 MiB", 3);
    b->transport.returns = TPMC_ERR_NETWORK;
    expect_failure(b, TPMC_ERR_PROTOCOL, "1 MiB", 4);
    free_bench(b);
}

static int attempt(void *context)
{
    bench *b = context;

    return run(b);
}

static void survives_every_failing_allocation(void **state)
{
    bench *b = new_bench(URL);

    (void)state;
    b->transport.body_len = 10;
    assert_int_equal(each_allocation(attempt, b, TPMC_ERR_NOMEM), 2);
    /* The code that is returned is the one that the error holds. */
    b->transport.returns = TPMC_ERR_PROTOCOL;
    fail_allocation(2);
    assert_int_equal(run(b), TPMC_ERR_NOMEM);
    assert_true(allocation_failed());
    assert_int_equal(tpmc_error_code(b->err), TPMC_ERR_NOMEM);
    free_bench(b);
}

static int fork_and_answer(void *user, const tpmc_http_request *request,
                           tpmc_http_response *response)
{
    pid_t child = fork();
    int wait_status = -1;

    (void)user;
    (void)request;
    if (child != 0) {
        assert_int_equal(waitpid(child, &wait_status, 0), child);
        assert_int_equal(wait_status, 0);
    }
    return tpmc_http_response_set_status(response, 200, NULL);
}

static void an_exchange_does_not_go_on_in_a_child(void **state)
{
    bench *b = new_bench(URL);
    pid_t parent = getpid();
    int status;

    (void)state;
    assert_int_equal(tpmc_env_set_http(b->env, fork_and_answer, NULL, NULL, NULL), 0);
    status = run(b);
    if (getpid() != parent)
        _exit(status == TPMC_ERR_FORKED && b->response == NULL ? 0 : 1);
    assert_int_equal(status, 0);
    free_bench(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(brings_the_answer),
        cmocka_unit_test(plain_http_needs_loopback_and_permission),
        cmocka_unit_test(without_transport_it_is_unsupported),
        cmocka_unit_test(a_passed_deadline_sends_nothing),
        cmocka_unit_test(a_late_answer_counts),
        cmocka_unit_test(a_stop_comes_first),
        cmocka_unit_test(a_failing_clock_sends_nothing),
        cmocka_unit_test(maps_what_the_transport_returns),
        cmocka_unit_test(refuses_an_unusable_answer),
        cmocka_unit_test(an_exchange_does_not_go_on_in_a_child),
        cmocka_unit_test(survives_every_failing_allocation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
