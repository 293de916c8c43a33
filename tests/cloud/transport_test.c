/* SPDX-License-Identifier: Apache-2.0 */
/* What the built-in transport sends, whom it trusts, and which answers it takes. */
#include "cloud/transport_bench.h"
#include "unit/expect.h"

#include <stdio.h>

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
    /* A URL without path means the root. */
    expect_success(get(&b, ""), b.err);
    expect_body_holds(&b, "\nGET /?sig=" CANARY "\n");
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

/* libcurl would ask first whether a large body is welcome. */
static void a_large_body_is_sent_at_once(void **state)
{
    static uint8_t body[2 * 1024 * 1024];
    bench b;

    (void)state;
    open_bench(&b);
    b.body = body;
    b.body_len = sizeof(body);
    expect_success(get(&b, "/status/201"), b.err);
    assert_int_equal(tpmc_http_response_status(b.response), 201);
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
    { "/until-close", TPMC_ERR_PROTOCOL, "127.0.0.1: the answer does not say how long it is" },
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
    /* libcurl's code for these depends on its version. */
    assert_true(get(&b, "/until-cut") != 0);
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

static int ask_plain(bench *b, const char *host, const char *path)
{
    char url[128];

    (void)snprintf(url, sizeof(url), "http://%s:%s%s", host, port_of("plain"), path);
    return exchange(b, url);
}

static void plain_http_is_for_loopback_and_on_request(void **state)
{
    bench b;

    (void)state;
    open_bench(&b);
    expect_failure(ask_plain(&b, LOOPBACK, "/echo"), b.err, TPMC_ERR_ARGUMENT,
                   "plain http is refused");
    close_bench(&b);
    open_bench(&b);
    set(&b, "allow_http_loopback", "1");
    set_proxy(&b);
    expect_success(ask_plain(&b, LOOPBACK, "/echo"), b.err);
    expect_body_holds(&b, "\nGET /echo\n");
    /* A small agent may end its answers by closing. */
    expect_success(ask_plain(&b, LOOPBACK, "/until-close"), b.err);
    assert_string_equal(body_of(&b), "hello");
    expect_failure(ask_plain(&b, NAMED, "/echo"), b.err, TPMC_ERR_ARGUMENT,
                   "plain http is refused");
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

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_proxy_is_used_when_asked_and_never_for_loopback),
        cmocka_unit_test(sends_the_request_as_it_is),
        cmocka_unit_test(sends_a_body_and_fields_of_every_kind),
        cmocka_unit_test(a_large_body_is_sent_at_once),
        cmocka_unit_test(only_a_server_that_proves_itself_is_asked),
        cmocka_unit_test(roots_are_those_of_the_options),
        cmocka_unit_test(answers_are_taken_whole_or_not_at_all),
        cmocka_unit_test(statuses_are_answers_and_redirections_are_not_followed),
        cmocka_unit_test(nothing_is_unpacked_and_no_cookie_kept),
        cmocka_unit_test(plain_http_is_for_loopback_and_on_request),
    };

    take_arguments(argc, argv);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
