/* SPDX-License-Identifier: Apache-2.0 */
#include "services/transport.h"

#include <arpa/inet.h>
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
#include "http/url.h"
#include "tpmcloud/version.h"

#define MAX_IDLE 8
/* What one idle handle keeps open, and for how long. */
#define MAX_CONNECTIONS 4L
#define IDLE_SECONDS 30L
/* A server that sends less than a byte a second for this long has gone. */
#define SILENT_SECONDS 30L
/* All header lines of an answer, those of interim answers too. */
#define HEADER_BYTES_MAX (64 * 1024)
#define HEADER_LINE_MAX (TPMC__FIELD_NAME_MAX + TPMC__FIELD_VALUE_MAX + 4)

/* A handle with the connections that it keeps open, used by one thread at a time. */
typedef struct idle_handle {
    CURL *curl;
    struct idle_handle *next;
} idle_handle;

struct tpmc__transport {
    pthread_mutex_t mutex; /* guards the rest, held for a few instructions only */
    idle_handle *idle;
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
    int stopped; /* the code with which a callback ended the exchange */
    int is_interim;
    int headers_done;
    size_t header_bytes;
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
    OPENSSL_thread_stop_ex(env->ossl);
    (void)ERR_pop_to_mark();
}

static const char *find_fault(void)
{
    const curl_version_info_data *info = curl_version_info(CURLVERSION_NOW);

    if ((info->features & CURL_VERSION_THREADSAFE) == 0)
        return "it was built without thread-safe initialisation";
    if (info->version_num < 0x075500)
        return "it is older than 7.85";
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

void tpmc__transport_free(tpmc_env *env)
{
    tpmc__transport *transport = env->transport;
    OSSL_LIB_CTX *caller = enter_ossl(env);
    idle_handle *next;

    while (transport->idle != NULL) {
        next = transport->idle->next;
        curl_easy_cleanup(transport->idle->curl);
        tpmc__mem_free(transport->idle);
        transport->idle = next;
    }
    leave_ossl(env, caller);
    (void)pthread_mutex_destroy(&transport->mutex);
    tpmc__mem_free(transport);
    env->transport = NULL;
}

static idle_handle *take_handle(tpmc__transport *transport)
{
    idle_handle *handle;

    (void)pthread_mutex_lock(&transport->mutex);
    handle = transport->idle;
    if (handle != NULL) {
        transport->idle = handle->next;
        transport->idle_count--;
    }
    (void)pthread_mutex_unlock(&transport->mutex);
    if (handle != NULL)
        return handle;
    handle = tpmc__mem_new(1, sizeof(*handle));
    if (handle == NULL)
        return NULL;
    handle->curl = curl_easy_init();
    if (handle->curl == NULL) {
        tpmc__mem_free(handle);
        return NULL;
    }
    return handle;
}

/* Keeps a handle for the next exchange, or frees it when there are enough. It must not point to the
 * exchange any more. */
static void give_back(tpmc__transport *transport, idle_handle *handle)
{
    int is_kept;

    curl_easy_reset(handle->curl);
    (void)pthread_mutex_lock(&transport->mutex);
    is_kept = transport->idle_count < MAX_IDLE;
    if (is_kept) {
        handle->next = transport->idle;
        transport->idle = handle;
        transport->idle_count++;
    }
    (void)pthread_mutex_unlock(&transport->mutex);
    if (is_kept)
        return;
    curl_easy_cleanup(handle->curl);
    tpmc__mem_free(handle);
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

/* Runs several times a second while data flows, and about once while none does. */
static int watch_stop(void *user, curl_off_t down_all, curl_off_t down, curl_off_t up_all,
                      curl_off_t up)
{
    exchange *self = user;

    (void)down_all;
    (void)down;
    (void)up_all;
    (void)up;
    /* The callback finds OpenSSL as its thread left it. */
    (void)OSSL_LIB_CTX_set0_default(self->caller_ossl);
    self->stopped = tpmc__env_should_stop(self->env, self->err);
    (void)OSSL_LIB_CTX_set0_default(self->env->ossl);
    return self->stopped == 0 ? 0 : 1;
}

static size_t take_body(char *data, size_t size, size_t count, void *user)
{
    exchange *self = user;

    self->stopped = tpmc_http_response_append_body(self->response, data, size * count, self->err);
    return self->stopped == 0 ? size * count : 0;
}

static int refuse_headers(const exchange *self, const char *why)
{
    return tpmc__fail(self->err, TPMC_ERR_PROTOCOL, "the answer of %.*s %s",
                      (int)self->url.host_len, self->url.host, why);
}

/* "HTTP/1.1 200 OK" begins an answer, or an interim one that says nothing. */
static int take_status_line(exchange *self, const char *line)
{
    int code = 0;

    if (sscanf(line, "HTTP/%*s %3d", &code) != 1)
        return refuse_headers(self, "begins with a malformed status line");
    self->is_interim = code >= 100 && code <= 199;
    if (tpmc_http_response_set_status(self->response, code, NULL) != 0)
        return refuse_headers(self, "has a status that is not 100 to 599");
    return 0;
}

static int take_field(const exchange *self, char *line)
{
    char *colon = strchr(line, ':');
    char *value;
    char *c;
    int status;

    if (colon == NULL)
        return refuse_headers(self, "holds a malformed header line");
    *colon = '\0';
    value = colon + 1 + strspn(colon + 1, " \t");
    for (c = value; *c != '\0'; c++)
        if (*c == '\t')
            *c = ' ';
    while (c > value && c[-1] == ' ')
        *--c = '\0';
    status = tpmc_http_response_add_header(self->response, line, value, self->err);
    if (status == TPMC_ERR_ARGUMENT)
        status = refuse_headers(self, "holds too many, too long or malformed header lines");
    return status;
}

static int take_line(exchange *self, char *line)
{
    if (*line == '\0') {
        self->headers_done = !self->is_interim;
        return 0;
    }
    if (strncmp(line, "HTTP/", 5) == 0)
        return take_status_line(self, line);
    return self->is_interim ? 0 : take_field(self, line);
}

/* One line at a time, the status line first, an empty one last. */
static size_t take_header(char *data, size_t size, size_t count, void *user)
{
    exchange *self = user;
    size_t len = size * count;
    char line[HEADER_LINE_MAX];
    size_t used = len;

    self->header_bytes += len;
    if (self->headers_done)
        return len; /* trailers, which say nothing to us */
    while (used > 0 && (data[used - 1] == '\n' || data[used - 1] == '\r'))
        used--;
    if (self->header_bytes > HEADER_BYTES_MAX || used >= sizeof(line)) {
        self->stopped = refuse_headers(self, "has more than 64 KiB of header lines");
    } else if (memchr(data, '\0', used) != NULL) {
        self->stopped = refuse_headers(self, "holds a malformed header line");
    } else {
        memcpy(line, data, used);
        line[used] = '\0';
        self->stopped = take_line(self, line);
    }
    return self->stopped == 0 ? len : 0;
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

/* An address of 169.254.0.0/16 or fe80::/10: metadata services live there. */
static int is_link_local(const tpmc__url *url)
{
    char text[INET6_ADDRSTRLEN];
    size_t len = url->host_len;
    const char *host = url->host;
    struct in_addr v4;
    struct in6_addr v6;

    if (len > 2 && host[0] == '[') {
        host++;
        len -= 2;
    }
    if (len >= sizeof(text))
        return 0;
    memcpy(text, host, len);
    text[len] = '\0';
    if (inet_pton(AF_INET, text, &v4) == 1)
        return ntohl(v4.s_addr) >> 16 == 0xa9fe;
    return inet_pton(AF_INET6, text, &v6) == 1 && v6.s6_addr[0] == 0xfe &&
           (v6.s6_addr[1] & 0xc0) == 0x80;
}

static int is_localhost(const tpmc__url *url)
{
    return url->host_len == 9 && strncasecmp(url->host, "localhost", 9) == 0;
}

/* "" keeps libcurl from looking into the environment. */
static const char *choose_proxy(const exchange *self)
{
    const char *proxy = tpmc__options_text(&self->env->options, TPMC__ENV_PROXY);

    if (proxy == NULL || tpmc__url_is_loopback(&self->url) || is_localhost(&self->url) ||
        is_link_local(&self->url))
        return "";
    return proxy;
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
    set_number(to, CURLOPT_NOPROGRESS, 0);
    set_pointer(to, CURLOPT_XFERINFODATA, self);
    set_pointer(to, CURLOPT_WRITEDATA, self);
    set_pointer(to, CURLOPT_HEADERDATA, self);
    set_pointer(to, CURLOPT_ERRORBUFFER, self->message);
    if (to->code == CURLE_OK)
        to->code = curl_easy_setopt(to->curl, CURLOPT_XFERINFOFUNCTION, watch_stop);
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
    set_number(to, CURLOPT_CONNECTTIMEOUT_MS,
               (long)tpmc__options_number(&self->env->options, TPMC__ENV_CONNECT_TIMEOUT_MS));
    set_number(to, CURLOPT_TIMEOUT_MS, (long)tpmc_http_request_time_left_ms(self->request));
    set_number(to, CURLOPT_LOW_SPEED_LIMIT, 1);
    set_number(to, CURLOPT_LOW_SPEED_TIME, SILENT_SECONDS);
    set_number(to, CURLOPT_MAXCONNECTS, MAX_CONNECTIONS);
    set_number(to, CURLOPT_MAXAGE_CONN, IDLE_SECONDS);
    set_number(to, CURLOPT_FOLLOWLOCATION, 0);
    set_number(to, CURLOPT_MAXREDIRS, 0);
    set_number(to, CURLOPT_UNRESTRICTED_AUTH, 0);
    set_number(to, CURLOPT_NETRC, CURL_NETRC_IGNORED);
    set_number(to, CURLOPT_HTTP09_ALLOWED, 0);
    set_number(to, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
    set_number(to, CURLOPT_HTTP_CONTENT_DECODING, 0);
    set_number(to, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1);
}

static void set_target(setter *to, const exchange *self)
{
    /* tpmc__http_exchange() has seen that plain http goes to a loopback address, and may. */
    set_text(to, CURLOPT_PROTOCOLS_STR, self->url.is_https ? "https" : "http");
    set_text(to, CURLOPT_URL, tpmc_http_request_url(self->request));
    /* A signature is made over the path as it is. */
    set_number(to, CURLOPT_PATH_AS_IS, 1);
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
static int timed_out_connecting(CURL *curl, const exchange *self)
{
    curl_off_t ready_us = 0;
    curl_off_t total_us = 0;

    (void)curl_easy_getinfo(curl, CURLINFO_PRETRANSFER_TIME_T, &ready_us);
    (void)curl_easy_getinfo(curl, CURLINFO_TOTAL_TIME_T, &total_us);
    return ready_us == 0 && total_us / 1000 < tpmc_http_request_time_left_ms(self->request);
}

static int explain(CURL *curl, const exchange *self, CURLcode code)
{
    const char *words = self->message[0] != '\0' ? self->message : curl_easy_strerror(code);
    int status = map_code(code);

    if (code == CURLE_OK)
        return 0;
    /* A callback of ours ended it, and has filled the error. */
    if (self->stopped != 0)
        return self->stopped;
    if (status == TPMC_ERR_NOMEM)
        return tpmc__fail_nomem(self->err);
    if (status == TPMC_ERR_TIMEOUT && timed_out_connecting(curl, self))
        status = TPMC_ERR_NETWORK;
    return tpmc__fail(self->err, status, "the request to %.*s failed: %s", (int)self->url.host_len,
                      self->url.host, words);
}

static int perform(exchange *self)
{
    idle_handle *handle = take_handle(self->env->transport);
    CURLcode code;
    int status;

    if (handle == NULL)
        return tpmc__fail_nomem(self->err);
    code = set_all(handle->curl, self);
    if (code == CURLE_OK)
        code = curl_easy_perform(handle->curl);
    /* A callback may have forked, and its child go on: the connection is the parent's. */
    if (tpmc__env_forked(self->env))
        return self->stopped;
    status = explain(handle->curl, self, code);
    give_back(self->env->transport, handle);
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
