/* SPDX-License-Identifier: Apache-2.0 */
#include "services/transport.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include <curl/curl.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include "base/buf.h"
#include "base/error_int.h"
#include "base/mem.h"
#include "http/fields.h"
#include "http/head.h"
#include "http/url.h"
#include "tpmcloud/version.h"

/* The oldest libcurl that is known to send without SIGPIPE. */
#define OLDEST_CURL 0x075800
#define MAX_IDLE 8
/* What one idle pool keeps open, and for how long. */
#define MAX_CONNECTIONS 4L
#define IDLE_SECONDS 30L
/* How long a wait for the network may keep from looking whether to stop. */
#define WATCH_MS 100
#define HEADER_LINE_MAX (TPMC__FIELD_NAME_MAX + TPMC__FIELD_VALUE_MAX + 4)

/* Connections that are kept open, used by one thread at a time. */
typedef struct pool {
    CURLM *multi;
    struct pool *next;
} pool;

struct tpmc__transport {
    pthread_mutex_t mutex; /* guards the idle ones, held for a few instructions only */
    pool *idle;
    size_t idle_count;
    const char *unusable; /* why libcurl cannot be used; NULL when it can */
};

/* One exchange. */
typedef struct exchange {
    tpmc_env *env;
    const tpmc_http_request *request;
    tpmc_http_response *response;
    tpmc_error *err;
    tpmc__url url;
    OSSL_LIB_CTX *caller_ossl;
    struct curl_slist *headers;
    tpmc__http_head head;
    int was_sent;
    int stopped; /* the code with which we ended the exchange, told in `err` */
    char message[CURL_ERROR_SIZE];
} exchange;

/*
 * libcurl runs in our private OpenSSL context: one that a system-wide openssl.cnf routes through a
 * TPM would lead from a token request into the TPM. Its state of this thread ends with the section:
 * OpenSSL would look for it at the thread's end, when the context may be gone.
 */
static OSSL_LIB_CTX *enter_ossl(const tpmc_env *env)
{
    (void)ERR_set_mark();
    return OSSL_LIB_CTX_set0_default(env->ossl);
}

static void leave_ossl(const tpmc_env *env, OSSL_LIB_CTX *caller)
{
    (void)OSSL_LIB_CTX_set0_default(caller);
    /* In a child process its locks may be held for ever. */
    if (!tpmc__env_forked(env))
        OPENSSL_thread_stop_ex(env->ossl);
    (void)ERR_pop_to_mark();
}

static const char *find_fault(void)
{
    const curl_version_info_data *info = curl_version_info(CURLVERSION_NOW);

    if ((info->features & CURL_VERSION_THREADSAFE) == 0)
        return "it was built without thread-safe initialisation";
    if (info->version_num < OLDEST_CURL)
        return "it is older than 7.88";
    if (info->ssl_version == NULL || strncmp(info->ssl_version, "OpenSSL/", 8) != 0)
        return "its TLS is not OpenSSL's";
    /* Counted, and never undone: the application may use libcurl too. */
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return "it could not be initialised";
    return NULL;
}

int tpmc__transport_new(tpmc_env *env, tpmc_error *err)
{
    tpmc__transport *transport;

    transport = tpmc__mem_new(1, sizeof(*transport));
    if (transport == NULL)
        return tpmc__fail_nomem(err);
    if (pthread_mutex_init(&transport->mutex, NULL) != 0) {
        tpmc__mem_free(transport);
        return tpmc__fail_nomem(err);
    }
    transport->unusable = find_fault();
    env->transport = transport;
    return 0;
}

static void free_pool(pool *connections)
{
    (void)curl_multi_cleanup(connections->multi);
    tpmc__mem_free(connections);
}

void tpmc__transport_free(tpmc_env *env)
{
    tpmc__transport *transport = env->transport;
    OSSL_LIB_CTX *caller = enter_ossl(env);
    pool *next;

    while (transport->idle != NULL) {
        next = transport->idle->next;
        free_pool(transport->idle);
        transport->idle = next;
    }
    leave_ossl(env, caller);
    (void)pthread_mutex_destroy(&transport->mutex);
    tpmc__mem_free(transport);
    env->transport = NULL;
}

static pool *new_pool(void)
{
    pool *made = tpmc__mem_new(1, sizeof(*made));

    if (made == NULL)
        return NULL;
    made->multi = curl_multi_init();
    if (made->multi == NULL ||
        curl_multi_setopt(made->multi, CURLMOPT_MAXCONNECTS, MAX_CONNECTIONS) != CURLM_OK) {
        free_pool(made);
        return NULL;
    }
    return made;
}

/* The pool that was used last is the one whose connections are most likely still open. */
static pool *take_pool(tpmc__transport *transport)
{
    pool *taken;

    (void)pthread_mutex_lock(&transport->mutex);
    taken = transport->idle;
    if (taken != NULL) {
        transport->idle = taken->next;
        transport->idle_count--;
    }
    (void)pthread_mutex_unlock(&transport->mutex);
    return taken != NULL ? taken : new_pool();
}

/* Keeps a pool for the next exchange, or frees it when there are enough. */
static void give_back(tpmc__transport *transport, pool *connections)
{
    int is_kept;

    (void)pthread_mutex_lock(&transport->mutex);
    is_kept = transport->idle_count < MAX_IDLE;
    if (is_kept) {
        connections->next = transport->idle;
        transport->idle = connections;
        transport->idle_count++;
    }
    (void)pthread_mutex_unlock(&transport->mutex);
    if (!is_kept)
        free_pool(connections);
}

/* --- what libcurl calls --- */

static CURLcode forget_keylog(CURL *curl, void *ssl_ctx, void *user)
{
    (void)curl;
    (void)user;
    /* SSLKEYLOGFILE would make libcurl write the keys of our connections. */
    SSL_CTX_set_keylog_callback(ssl_ctx, NULL);
    return CURLE_OK;
}

static curl_socket_t open_socket(void *user, curlsocktype purpose, struct curl_sockaddr *address)
{
    (void)user;
    (void)purpose;
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

/*
 * Runs before a request is sent. When a connection that was kept open breaks before the answer,
 * libcurl would send the request once more by itself. What became of the first is unknown, and its
 * nonce or assertion may serve only once: another attempt is made by the caller, with new ones.
 */
static int allow_once(void *user, char *remote, char *local, int remote_port, int local_port)
{
    exchange *self = user;

    (void)remote;
    (void)local;
    (void)remote_port;
    (void)local_port;
    if (!self->was_sent) {
        self->was_sent = 1;
        return CURL_PREREQFUNC_OK;
    }
    self->stopped =
        tpmc__fail(self->err, TPMC_ERR_NETWORK, "%.*s closed the connection without an answer",
                   (int)self->url.host_len, self->url.host);
    return CURL_PREREQFUNC_ABORT;
}

static size_t take_body(char *data, size_t size, size_t count, void *user)
{
    exchange *self = user;

    self->stopped = tpmc_http_response_append_body(self->response, data, size * count, self->err);
    return self->stopped == 0 ? size * count : 0;
}

/* One line at a time, the status line first, an empty one last. */
static size_t take_header(char *data, size_t size, size_t count, void *user)
{
    exchange *self = user;
    size_t len = size * count;

    self->stopped = tpmc__http_head_take(&self->head, data, len, self->response, self->err);
    if (self->stopped == 0)
        return len;
    tpmc__error_prefix(self->err, "%.*s", (int)self->url.host_len, self->url.host);
    return 0;
}

/* --- what libcurl is told --- */

static int add_line(exchange *self, const char *line)
{
    struct curl_slist *longer = curl_slist_append(self->headers, line);

    if (longer == NULL)
        return tpmc__fail_nomem(self->err);
    self->headers = longer;
    return 0;
}

static int has_field(const tpmc_http_request *request, const char *name)
{
    size_t i;

    for (i = 0; i < tpmc_http_request_header_count(request); i++)
        if (strcasecmp(tpmc_http_request_header_name(request, i), name) == 0)
            return 1;
    return 0;
}

static int add_field(exchange *self, const char *name, const char *value)
{
    tpmc__buf line;
    int status;

    /* It is made by libcurl, which knows the body. */
    if (strcasecmp(name, "Content-Length") == 0)
        return 0;
    tpmc__buf_init(&line, HEADER_LINE_MAX);
    (void)tpmc__buf_append_text(&line, name);
    /* libcurl takes "Name:" for "leave this field out". */
    (void)tpmc__buf_append_text(&line, *value == '\0' ? ";" : ": ");
    (void)tpmc__buf_append_text(&line, value);
    status = tpmc__buf_check(&line, "a header field", self->err);
    if (status == 0)
        status = add_line(self, (const char *)line.data);
    tpmc__buf_free(&line);
    return status;
}

/* The request's own fields, and none that libcurl would add by itself. */
static int make_headers(exchange *self)
{
    static const char *const unwanted[] = { "Accept", "Content-Type", "Expect" };
    const tpmc_http_request *request = self->request;
    char line[32];
    size_t i;
    int status = 0;

    if (has_field(request, "Transfer-Encoding"))
        return tpmc__fail(self->err, TPMC_ERR_ARGUMENT,
                          "a request may not carry a Transfer-Encoding: its body has a length");
    for (i = 0; status == 0 && i < tpmc_http_request_header_count(request); i++)
        status = add_field(self, tpmc_http_request_header_name(request, i),
                           tpmc_http_request_header_value(request, i));
    for (i = 0; status == 0 && i < sizeof(unwanted) / sizeof(unwanted[0]); i++) {
        if (has_field(request, unwanted[i]))
            continue;
        (void)snprintf(line, sizeof(line), "%s:", unwanted[i]);
        status = add_line(self, line);
    }
    return status;
}

static void free_headers(exchange *self)
{
    struct curl_slist *item;

    for (item = self->headers; item != NULL; item = item->next)
        tpmc__mem_wipe(item->data, strlen(item->data));
    curl_slist_free_all(self->headers);
    self->headers = NULL;
}

/* "" keeps libcurl from looking into the environment. */
static const char *choose_proxy(const exchange *self)
{
    const char *proxy = tpmc__options_text(&self->env->options, TPMC__ENV_PROXY);

    return proxy == NULL || tpmc__url_is_local(&self->url) ? "" : proxy;
}

/* Options of one kind, until one fails. */
typedef struct setter {
    CURL *curl;
    CURLcode code;
} setter;

static void set_number(setter *to, CURLoption option, long value)
{
    if (to->code == CURLE_OK)
        to->code = curl_easy_setopt(to->curl, option, value);
}

static void set_text(setter *to, CURLoption option, const char *value)
{
    if (to->code == CURLE_OK)
        to->code = curl_easy_setopt(to->curl, option, value);
}

static void set_pointer(setter *to, CURLoption option, void *value)
{
    if (to->code == CURLE_OK)
        to->code = curl_easy_setopt(to->curl, option, value);
}

static void set_callbacks(setter *to, exchange *self)
{
    set_pointer(to, CURLOPT_PREREQDATA, self);
    set_pointer(to, CURLOPT_WRITEDATA, self);
    set_pointer(to, CURLOPT_HEADERDATA, self);
    set_pointer(to, CURLOPT_ERRORBUFFER, self->message);
    if (to->code == CURLE_OK)
        to->code = curl_easy_setopt(to->curl, CURLOPT_PREREQFUNCTION, allow_once);
    if (to->code == CURLE_OK)
        to->code = curl_easy_setopt(to->curl, CURLOPT_WRITEFUNCTION, take_body);
    if (to->code == CURLE_OK)
        to->code = curl_easy_setopt(to->curl, CURLOPT_HEADERFUNCTION, take_header);
    if (to->code == CURLE_OK)
        to->code = curl_easy_setopt(to->curl, CURLOPT_SSL_CTX_FUNCTION, forget_keylog);
    if (to->code == CURLE_OK)
        to->code = curl_easy_setopt(to->curl, CURLOPT_OPENSOCKETFUNCTION, open_socket);
}

static void set_trust(setter *to, const tpmc__options *options)
{
    const char *file = tpmc__options_text(options, TPMC__ENV_CA_FILE);
    const char *dir = tpmc__options_text(options, TPMC__ENV_CA_DIR);

    set_number(to, CURLOPT_SSL_VERIFYPEER, 1);
    set_number(to, CURLOPT_SSL_VERIFYHOST, 2);
    set_number(to, CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2);
    set_number(to, CURLOPT_PROXY_SSL_VERIFYPEER, 1);
    set_number(to, CURLOPT_PROXY_SSL_VERIFYHOST, 2);
    set_number(to, CURLOPT_PROXY_SSLVERSION, CURL_SSLVERSION_TLSv1_2);
    /* A session cache of libcurl's can corrupt the heap when memory runs out (7.88). */
    set_number(to, CURLOPT_SSL_SESSIONID_CACHE, 0);
    if (file == NULL && dir == NULL)
        return;
    /* Either one replaces the system's store, of which libcurl knows a file and a directory. */
    set_text(to, CURLOPT_CAINFO, file);
    set_text(to, CURLOPT_CAPATH, dir);
    set_text(to, CURLOPT_PROXY_CAINFO, file);
    set_text(to, CURLOPT_PROXY_CAPATH, dir);
}

static void set_limits(setter *to, const exchange *self)
{
    set_number(to, CURLOPT_NOSIGNAL, 1);
    /* A name that is still being looked up does not hold up a call whose time is over. */
    set_number(to, CURLOPT_QUICK_EXIT, 1);
    set_number(to, CURLOPT_CONNECTTIMEOUT_MS,
               (long)tpmc__options_number(&self->env->options, TPMC__ENV_CONNECT_TIMEOUT_MS));
    set_number(to, CURLOPT_TIMEOUT_MS, (long)tpmc_http_request_time_left_ms(self->request));
    set_number(to, CURLOPT_MAXAGE_CONN, IDLE_SECONDS);
    set_number(to, CURLOPT_FOLLOWLOCATION, 0);
    set_number(to, CURLOPT_MAXREDIRS, 0);
    set_number(to, CURLOPT_UNRESTRICTED_AUTH, 0);
    set_number(to, CURLOPT_NETRC, CURL_NETRC_IGNORED);
    set_number(to, CURLOPT_HTTP09_ALLOWED, 0);
    set_number(to, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
    set_number(to, CURLOPT_HTTP_CONTENT_DECODING, 0);
    set_number(to, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1);
    /* What is for the server is not for the proxy. */
    set_number(to, CURLOPT_HEADEROPT, CURLHEADER_SEPARATE);
}

/* A signature is made over the path as it is, and newer libcurls would rewrite a %2e. */
static void set_path(setter *to, const char *path)
{
    char text[TPMC__URL_MAX + 2];

    (void)snprintf(text, sizeof(text), "%s%s", path[0] == '/' ? "" : "/", path);
    set_number(to, CURLOPT_PATH_AS_IS, 1);
    set_text(to, CURLOPT_REQUEST_TARGET, text);
}

static void set_target(setter *to, const exchange *self)
{
    /* tpmc__http_exchange() has seen that plain http goes to a loopback address, and may. */
    set_text(to, CURLOPT_PROTOCOLS_STR, self->url.is_https ? "https" : "http");
    set_text(to, CURLOPT_URL, tpmc_http_request_url(self->request));
    set_path(to, self->url.path);
    set_number(to, CURLOPT_DISALLOW_USERNAME_IN_URL, 1);
    set_text(to, CURLOPT_PROXY, choose_proxy(self));
    set_text(to, CURLOPT_NOPROXY, "");
}

static void set_user_agent(setter *to, const exchange *self)
{
    const char *more = tpmc__options_text(&self->env->options, TPMC__ENV_USER_AGENT);
    char text[512];

    (void)snprintf(text, sizeof(text), "tpmcloud/%s (libcurl/%s)%s%s", tpmc_version(),
                   curl_version_info(CURLVERSION_NOW)->version, more == NULL ? "" : " ",
                   more == NULL ? "" : more);
    set_text(to, CURLOPT_USERAGENT, text);
}

static void set_message(setter *to, const exchange *self)
{
    const char *method = tpmc_http_request_method(self->request);
    size_t len = tpmc_http_request_body_len(self->request);

    if (strcmp(method, "HEAD") == 0) {
        set_number(to, CURLOPT_NOBODY, 1);
    } else if (len == 0 && strcmp(method, "POST") != 0 && strcmp(method, "PUT") != 0) {
        set_number(to, CURLOPT_HTTPGET, 1);
        set_text(to, CURLOPT_CUSTOMREQUEST, method);
    } else {
        set_number(to, CURLOPT_POST, 1);
        set_number(to, CURLOPT_POSTFIELDSIZE, (long)len);
        /* libcurl does not copy it. */
        set_text(to, CURLOPT_POSTFIELDS,
                 len == 0 ? "" : (const char *)tpmc_http_request_body(self->request));
        set_text(to, CURLOPT_CUSTOMREQUEST, method);
    }
    set_pointer(to, CURLOPT_HTTPHEADER, self->headers);
}

static CURLcode set_all(CURL *curl, exchange *self)
{
    setter to = { curl, CURLE_OK };

    set_limits(&to, self);
    set_callbacks(&to, self);
    set_trust(&to, &self->env->options);
    set_target(&to, self);
    set_user_agent(&to, self);
    set_message(&to, self);
    return to.code;
}

/* --- what became of it --- */

typedef struct curl_failure {
    CURLcode code;
    int status;
} curl_failure;

/* CURLE_TOO_LARGE, which libcurl has since 8.6 */
#define TOO_LARGE ((CURLcode)100)

static const curl_failure failures[] = {
    { CURLE_COULDNT_RESOLVE_PROXY, TPMC_ERR_NETWORK },
    { CURLE_COULDNT_RESOLVE_HOST, TPMC_ERR_NETWORK },
    { CURLE_COULDNT_CONNECT, TPMC_ERR_NETWORK },
    { CURLE_SEND_ERROR, TPMC_ERR_NETWORK },
    { CURLE_RECV_ERROR, TPMC_ERR_NETWORK },
    { CURLE_GOT_NOTHING, TPMC_ERR_NETWORK },
    { CURLE_PARTIAL_FILE, TPMC_ERR_NETWORK },
    { CURLE_PROXY, TPMC_ERR_NETWORK },
    { CURLE_SSL_CONNECT_ERROR, TPMC_ERR_TLS },
    { CURLE_PEER_FAILED_VERIFICATION, TPMC_ERR_TLS },
    { CURLE_SSL_CIPHER, TPMC_ERR_TLS },
    { CURLE_SSL_CERTPROBLEM, TPMC_ERR_TLS },
    { CURLE_SSL_CACERT_BADFILE, TPMC_ERR_TLS },
    { CURLE_SSL_ISSUER_ERROR, TPMC_ERR_TLS },
    { CURLE_SSL_INVALIDCERTSTATUS, TPMC_ERR_TLS },
    { CURLE_USE_SSL_FAILED, TPMC_ERR_TLS },
    { CURLE_OPERATION_TIMEDOUT, TPMC_ERR_TIMEOUT },
    { CURLE_UNSUPPORTED_PROTOCOL, TPMC_ERR_PROTOCOL },
    { CURLE_WEIRD_SERVER_REPLY, TPMC_ERR_PROTOCOL },
    { TOO_LARGE, TPMC_ERR_PROTOCOL },
    { CURLE_BAD_CONTENT_ENCODING, TPMC_ERR_PROTOCOL },
    { CURLE_URL_MALFORMAT, TPMC_ERR_ARGUMENT },
    { CURLE_OUT_OF_MEMORY, TPMC_ERR_NOMEM },
};

static int map_code(CURLcode code)
{
    size_t i;

    for (i = 0; i < sizeof(failures) / sizeof(failures[0]); i++)
        if (failures[i].code == code)
            return failures[i].status;
    return TPMC_ERR_IO;
}

/* 1 when connecting took too long, and the call as a whole did not. */
static int timed_out_connecting(const exchange *self)
{
    return !self->was_sent &&
           tpmc__options_number(&self->env->options, TPMC__ENV_CONNECT_TIMEOUT_MS) <
               tpmc_http_request_time_left_ms(self->request);
}

/* In the handshake libcurl has one code for a peer that cannot agree and one that went away; the
 * second is no fault of TLS, and may go better in a moment. */
static int went_away(CURLcode code, const char *words)
{
    static const char *const signs[] = { "SSL_ERROR_SYSCALL", "unexpected eof",
                                         "Connection reset" };
    size_t i;

    for (i = 0; code == CURLE_SSL_CONNECT_ERROR && i < sizeof(signs) / sizeof(signs[0]); i++)
        if (strstr(words, signs[i]) != NULL)
            return 1;
    return 0;
}

/* An answer that libcurl has taken is whole only if it says itself where it ends. */
static int check_end(const exchange *self)
{
    const tpmc_http_response *response = self->response;

    /* A connection that ends between two header lines is no failure to libcurl, */
    if (!self->head.is_done)
        return tpmc__fail(self->err, TPMC_ERR_NETWORK,
                          "%.*s closed the connection in the middle of its answer",
                          (int)self->url.host_len, self->url.host);
    /* and neither is a TLS connection that was cut rather than closed. */
    if (self->url.is_https && tpmc_http_response_body_len(response) != 0 &&
        tpmc_http_response_header(response, "Content-Length") == NULL &&
        tpmc_http_response_header(response, "Transfer-Encoding") == NULL)
        return tpmc__fail(self->err, TPMC_ERR_PROTOCOL,
                          "%.*s: the answer does not say how long it is, and may have been cut",
                          (int)self->url.host_len, self->url.host);
    return 0;
}

static int explain(const exchange *self, CURLcode code)
{
    const char *words = self->message[0] != '\0' ? self->message : curl_easy_strerror(code);
    int status = map_code(code);

    if (code == CURLE_OK)
        return check_end(self);
    if (self->stopped != 0)
        return self->stopped;
    /* libcurl 7.88 has no other code for a line that outgrows its buffer. */
    if (code == CURLE_OUT_OF_MEMORY && self->was_sent && !self->head.is_done)
        return tpmc__fail(self->err, TPMC_ERR_PROTOCOL,
                          "%.*s: the answer holds a header line that is too long",
                          (int)self->url.host_len, self->url.host);
    if (status == TPMC_ERR_NOMEM)
        return tpmc__fail_nomem(self->err);
    if ((status == TPMC_ERR_TIMEOUT && timed_out_connecting(self)) || went_away(code, words))
        status = TPMC_ERR_NETWORK;
    return tpmc__fail(self->err, status, "the request to %.*s failed: %s", (int)self->url.host_len,
                      self->url.host, words);
}

/* The callback finds OpenSSL as its thread left it. */
static int should_stop(exchange *self)
{
    (void)OSSL_LIB_CTX_set0_default(self->caller_ossl);
    self->stopped = tpmc__env_should_stop(self->env, self->err);
    (void)OSSL_LIB_CTX_set0_default(self->env->ossl);
    return self->stopped != 0;
}

static CURLcode read_result(CURLM *multi)
{
    int left = 0;
    const CURLMsg *message = curl_multi_info_read(multi, &left);

    return message == NULL ? CURLE_FAILED_INIT : message->data.result;
}

/* As curl_easy_perform(), which looks only once a second whether to stop. */
static CURLcode run(CURLM *multi, exchange *self)
{
    CURLMcode code = CURLM_OK;
    int running = 1;

    while (code == CURLM_OK) {
        code = curl_multi_perform(multi, &running);
        if (code == CURLM_OK && running == 0)
            return read_result(multi);
        if (should_stop(self))
            return CURLE_ABORTED_BY_CALLBACK;
        if (code == CURLM_OK)
            code = curl_multi_poll(multi, NULL, 0, WATCH_MS, NULL);
    }
    return code == CURLM_OUT_OF_MEMORY ? CURLE_OUT_OF_MEMORY : CURLE_FAILED_INIT;
}

static int perform_on(pool *connections, exchange *self)
{
    CURL *curl = curl_easy_init();
    CURLcode code;
    int status;

    if (curl == NULL)
        return tpmc__fail_nomem(self->err);
    code = set_all(curl, self);
    if (code == CURLE_OK && curl_multi_add_handle(connections->multi, curl) != CURLM_OK)
        code = CURLE_OUT_OF_MEMORY;
    if (code == CURLE_OK)
        code = run(connections->multi, self);
    /* A callback has forked, and its child goes on: the connection is the parent's. */
    if (tpmc__env_forked(self->env))
        return self->stopped;
    status = explain(self, code);
    (void)curl_multi_remove_handle(connections->multi, curl);
    curl_easy_cleanup(curl);
    return status;
}

static int perform(exchange *self)
{
    pool *connections = take_pool(self->env->transport);
    int status;

    if (connections == NULL)
        return tpmc__fail_nomem(self->err);
    status = perform_on(connections, self);
    if (!tpmc__env_forked(self->env))
        give_back(self->env->transport, connections);
    return status;
}

int tpmc__transport_exchange(tpmc_env *env, const tpmc_http_request *request,
                             tpmc_http_response *response, tpmc_error *err)
{
    exchange self = { .env = env, .request = request, .response = response, .err = err };
    int status;

    if (env->transport->unusable != NULL)
        return tpmc__fail(err, TPMC_ERR_UNSUPPORTED,
                          "the built-in HTTP transport cannot use this libcurl, since %s: set "
                          "another transport with tpmc_env_set_http()",
                          env->transport->unusable);
    status = tpmc__url_parse(tpmc_http_request_url(request), &self.url, err);
    if (status != 0)
        return status;
    status = make_headers(&self);
    if (status == 0) {
        self.caller_ossl = enter_ossl(env);
        status = perform(&self);
        leave_ossl(env, self.caller_ossl);
    }
    free_headers(&self);
    return status;
}
