/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_HTTP_URL_H
#define TPMC_HTTP_URL_H

#include <stddef.h>

#include "tpmcloud/error.h"

/* The most bytes of a URL. */
#define TPMC__URL_MAX 8192

/* The parts of a URL. They point into its text. */
typedef struct tpmc__url {
    int is_https;
    const char *host; /* an IPv6 address with its brackets */
    size_t host_len;
    int port;         /* 443 or 80 when the URL names none */
    const char *path; /* path and query; may be empty */
} tpmc__url;

/*
 * Takes an absolute https or http URL apart (RFC 3986). TPMC_ERR_ARGUMENT for anything else, for
 * user info, a fragment, and characters that would have to be percent-encoded. The text never
 * quotes the URL, which may hold a signature.
 */
int tpmc__url_parse(const char *text, tpmc__url *out, tpmc_error *err);
/* 1 for an address of 127.0.0.0/8 in dotted decimal, or [::1]. Names are not resolved. */
int tpmc__url_is_loopback(const tpmc__url *url);
/* 1 for a host that means something on this machine or its link only, so that no proxy may be asked
 * for it: a loopback or link-local address in any spelling, `localhost` and names under it. */
int tpmc__url_is_local(const tpmc__url *url);

#endif
