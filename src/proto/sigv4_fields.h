/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_PROTO_SIGV4_FIELDS_H
#define TPMC_PROTO_SIGV4_FIELDS_H

#include "base/buf.h"
#include "http/url.h"
#include "tpmcloud/http.h"

/* A host name of 253 characters, ":65535" and a NUL. */
#define TPMC__SIGV4_HOST_SIZE 260

/* One header field that is signed. The texts belong to the request. */
typedef struct tpmc__sigv4_field {
    const char *name;
    size_t name_len;
    const char *value;
} tpmc__sigv4_field;

/* The header fields that are signed, sorted by name; those of one name as they were added. */
typedef struct tpmc__sigv4_fields {
    tpmc__sigv4_field *items;
    size_t count;
} tpmc__sigv4_fields;

/* What a client sends as Host: the name in small letters, with the port that is not the
 * scheme's own. `host` has room for TPMC__SIGV4_HOST_SIZE. */
void tpmc__sigv4_host(const tpmc__url *url, char *host);
/*
 * Chooses and sorts the fields of a request, with Host being `host`, which must live as long.
 * TPMC_ERR_NOMEM; on success tpmc__sigv4_fields_free() is due.
 */
int tpmc__sigv4_fields_init(tpmc__sigv4_fields *fields, const tpmc_http_request *request,
                            const char *host, tpmc_error *err);
void tpmc__sigv4_fields_free(tpmc__sigv4_fields *fields);
/* Appends a line "name:value" for each name. Failures stick to `out`, here and below. */
void tpmc__sigv4_fields_append_lines(const tpmc__sigv4_fields *fields, tpmc__buf *out);
/* Appends the names with ';' between them. */
void tpmc__sigv4_fields_append_names(const tpmc__sigv4_fields *fields, tpmc__buf *out);
/* TPMC_ERR_ARGUMENT for a request with a field that a signature adds, or a Host that is not `host`.
 */
int tpmc__sigv4_check_fields(const tpmc_http_request *request, const char *host, tpmc_error *err);

#endif
