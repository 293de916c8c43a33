/* SPDX-License-Identifier: Apache-2.0 */
#include "http/url.h"

#include <arpa/inet.h>
#include <string.h>

#include "base/error_int.h"
#include "http/ascii.h"

/* The most characters of a DNS name in text (RFC 1035 section 2.3.4). */
#define HOST_NAME_MAX_LEN 253

typedef struct scheme {
    const char *prefix;
    int is_https;
    int port;
} scheme;

static const scheme schemes[] = {
    { "https://", 1, 443 },
    { "http://", 0, 80 },
};

static int refuse(tpmc_error *err, const char *why)
{
    return tpmc__fail(err, TPMC_ERR_ARGUMENT, "the URL %s", why);
}

static int parse_scheme(const char *text, tpmc__url *out, const char **rest, tpmc_error *err)
{
    size_t i;
    size_t len;

    for (i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
        len = strlen(schemes[i].prefix);
        if (strlen(text) >= len && tpmc__ascii_equal(text, schemes[i].prefix, len)) {
            out->is_https = schemes[i].is_https;
            out->port = schemes[i].port;
            *rest = text + len;
            return 0;
        }
    }
    return refuse(err, "does not begin with https:// or http://");
}

static int check_ipv6(const char *host, size_t len, tpmc_error *err)
{
    char address[INET6_ADDRSTRLEN];
    struct in6_addr parsed;

    if (len < 2 || len - 2 >= sizeof(address) || host[len - 1] != ']')
        return refuse(err, "has a malformed IPv6 address as its host");
    memcpy(address, host + 1, len - 2);
    address[len - 2] = '\0';
    if (inet_pton(AF_INET6, address, &parsed) != 1)
        return refuse(err, "has a malformed IPv6 address as its host");
    return 0;
}

static int check_name(const char *host, size_t len, tpmc_error *err)
{
    size_t i;

    if (len == 0)
        return refuse(err, "names no host");
    if (len > HOST_NAME_MAX_LEN)
        return refuse(err, "names a host of more than 253 characters");
    if (host[0] == '.')
        return refuse(err, "names a host that begins with a dot");
    for (i = 0; i < len; i++) {
        if (!tpmc__ascii_is_host((unsigned char)host[i]))
            return refuse(err, "names a host with a character that no host name has");
        if (host[i] == '.' && host[i - 1] == '.')
            return refuse(err, "names a host with two dots in a row");
    }
    return 0;
}

static int parse_port(const char *text, size_t len, int *port, tpmc_error *err)
{
    size_t i;
    int value = 0;

    if (len == 0 || len > 5)
        return refuse(err, "has a port that is not a number from 1 to 65535");
    for (i = 0; i < len; i++) {
        if (!tpmc__ascii_is_digit((unsigned char)text[i]))
            return refuse(err, "has a port that is not a number from 1 to 65535");
        value = value * 10 + (text[i] - '0');
    }
    if (value < 1 || value > 65535)
        return refuse(err, "has a port that is not a number from 1 to 65535");
    *port = value;
    return 0;
}

/* The authority without its port: up to the ']' of an IPv6 address, else up to the first ':'. */
static size_t host_length(const char *authority, size_t len)
{
    const char *end = memchr(authority, authority[0] == '[' ? ']' : ':', len);

    if (end == NULL)
        return len;
    return (size_t)(end - authority) + (*end == ']' ? 1 : 0);
}

static int parse_authority(const char *authority, size_t len, tpmc__url *out, tpmc_error *err)
{
    int status;

    if (memchr(authority, '@', len) != NULL)
        return refuse(err, "holds a user name or password before '@'; leave it out");
    out->host = authority;
    out->host_len = host_length(authority, len);
    if (authority[0] == '[') {
        status = check_ipv6(authority, out->host_len, err);
    } else {
        status = check_name(authority, out->host_len, err);
    }
    if (status != 0 || out->host_len == len)
        return status;
    if (authority[out->host_len] != ':')
        return refuse(err, "has a malformed IPv6 address as its host");
    return parse_port(authority + out->host_len + 1, len - out->host_len - 1, &out->port, err);
}

static int check_path(const char *path, tpmc_error *err)
{
    const char *c;

    for (c = path; *c != '\0'; c++) {
        if (!tpmc__ascii_is_url((unsigned char)*c))
            return refuse(err, "holds a character that must be percent-encoded there");
        if (*c == '%' &&
            (!tpmc__ascii_is_hex((unsigned char)c[1]) || !tpmc__ascii_is_hex((unsigned char)c[2])))
            return refuse(err, "holds a '%' that is not followed by two hexadecimal digits");
    }
    return 0;
}

int tpmc__url_parse(const char *text, tpmc__url *out, tpmc_error *err)
{
    const char *authority = NULL;
    size_t authority_len;
    int status;

    if (strnlen(text, TPMC__URL_MAX + 1) > TPMC__URL_MAX)
        return refuse(err, "is longer than 8192 bytes");
    status = parse_scheme(text, out, &authority, err);
    if (status != 0)
        return status;
    if (strchr(authority, '#') != NULL)
        return refuse(err, "has a fragment, which is never sent: leave out '#' and what follows");
    authority_len = strcspn(authority, "/?");
    status = parse_authority(authority, authority_len, out, err);
    if (status != 0)
        return status;
    out->path = authority + authority_len;
    return check_path(out->path, err);
}

int tpmc__url_is_loopback(const tpmc__url *url)
{
    char address[INET_ADDRSTRLEN];
    struct in_addr parsed;

    if (url->host_len == 5 && memcmp(url->host, "[::1]", 5) == 0)
        return 1;
    if (url->host_len >= sizeof(address))
        return 0;
    memcpy(address, url->host, url->host_len);
    address[url->host_len] = '\0';
    /* inet_pton() takes four decimal numbers only: not 127.1, not 0x7f000001. */
    if (inet_pton(AF_INET, address, &parsed) != 1)
        return 0;
    return ntohl(parsed.s_addr) >> 24 == 127;
}

/* 127.0.0.0/8, and 169.254.0.0/16, where metadata services live */
static int is_local_v4(uint32_t address)
{
    return address >> 24 == 127 || address >> 16 == 0xa9fe;
}

static int is_local_v6(const struct in6_addr *address)
{
    const uint8_t *bytes = address->s6_addr;

    if (IN6_IS_ADDR_V4MAPPED(address))
        return is_local_v4((uint32_t)bytes[12] << 24 | (uint32_t)bytes[13] << 16);
    return IN6_IS_ADDR_LOOPBACK(address) || IN6_IS_ADDR_LINKLOCAL(address);
}

static int is_localhost(const char *host, size_t len)
{
    static const char name[] = "localhost";
    size_t name_len = sizeof(name) - 1;

    if (len != 0 && host[len - 1] == '.')
        len--;
    return len >= name_len && tpmc__ascii_equal(host + len - name_len, name, name_len) &&
           (len == name_len || host[len - name_len - 1] == '.');
}

int tpmc__url_is_local(const tpmc__url *url)
{
    char text[INET6_ADDRSTRLEN];
    int is_v6 = url->host[0] == '[';
    size_t len = is_v6 ? url->host_len - 2 : url->host_len;
    struct in6_addr v6;
    in_addr_t v4;

    if (is_localhost(url->host, url->host_len))
        return 1;
    if (len >= sizeof(text))
        return 0;
    memcpy(text, url->host + is_v6, len);
    text[len] = '\0';
    if (is_v6)
        return inet_pton(AF_INET6, text, &v6) == 1 && is_local_v6(&v6);
    /* As a transport may read it: 127.1 and 0x7f000001 too. */
    v4 = inet_addr(text);
    return v4 != (in_addr_t)-1 && is_local_v4(ntohl(v4));
}
