/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_PROTO_SIGV4_H
#define TPMC_PROTO_SIGV4_H

#include "base/buf.h"
#include "base/env_int.h"
#include "tpmcloud/http.h"

/*
 * AWS Signature Version 4: canonical request -> string to sign -> signature -> header or URL.
 * Nothing here talks to a TPM or a network; the signature comes from a callback.
 */

#define TPMC__SIGV4_HMAC "AWS4-HMAC-SHA256"
#define TPMC__SIGV4_X509_RSA "AWS4-X509-RSA-SHA256"
#define TPMC__SIGV4_X509_ECDSA "AWS4-X509-ECDSA-SHA256"

/* The most characters of a region and of a service. */
#define TPMC__SIGV4_NAME_MAX 64
/* The most seconds that a presigned URL may hold: seven days. */
#define TPMC__SIGV4_MAX_EXPIRES_S 604800

/* The path is signed as it is: dot segments and repeated '/' stay. */
#define TPMC__SIGV4_KEEP_PATH 0x1u
/* What is percent-encoded in the path stays encoded once; else it is encoded again. */
#define TPMC__SIGV4_ENCODE_ONCE 0x2u
/* Adds and signs X-Amz-Content-Sha256. The presigned form has no such field. */
#define TPMC__SIGV4_SIGN_BODY 0x4u
/* The session token is added after the signature was made, and not signed. */
#define TPMC__SIGV4_OMIT_TOKEN 0x8u
/* A presigned URL for S3 says nothing of the body: its hash is UNSIGNED-PAYLOAD unless the request
 * has a payload hash, which then stands in the URL as X-Amz-Content-Sha256. */
#define TPMC__SIGV4_UNSIGNED_PRESIGN 0x10u
/* What S3 wants. */
#define TPMC__SIGV4_S3                                                                             \
    (TPMC__SIGV4_KEEP_PATH | TPMC__SIGV4_ENCODE_ONCE | TPMC__SIGV4_SIGN_BODY |                     \
     TPMC__SIGV4_UNSIGNED_PRESIGN)

/* What a signing key depends on. */
typedef struct tpmc__sigv4_scope {
    const char *date; /* YYYYMMDD, the day of the signature's time in UTC */
    const char *region;
    const char *service;
} tpmc__sigv4_scope;

/* Appends the signature of `string_to_sign` in lower-case hex. Runs with no lock of ours held. */
typedef int (*tpmc__sigv4_sign_fn)(void *context, const tpmc__sigv4_scope *scope,
                                   const void *string_to_sign, size_t len, tpmc__buf *hex,
                                   tpmc_error *err);

typedef struct tpmc__sigv4_params {
    const char *algorithm;  /* one of the three above */
    const char *credential; /* access key id, or the serial number of the certificate in decimal */
    const char *session_token; /* NULL: none */
    const char *region;
    const char *service;
    int64_t time_ms;   /* since 1970; taken once, so that date and scope never differ */
    int64_t expires_s; /* for the presigned form only: 1 to TPMC__SIGV4_MAX_EXPIRES_S */
    unsigned flags;
    tpmc__sigv4_sign_fn sign;
    void *sign_context;
} tpmc__sigv4_params;

/*
 * Adds X-Amz-Date, what the parameters ask for, and Authorization. The field Host is signed and not
 * added: the transport sends what the URL says. TPMC_ERR_ARGUMENT, before anything is signed, for
 * parameters that are no such names, for a Host that is not the URL's, and for a request that
 * carries a signature, a date or a token already; TPMC_ERR_CLOCK for a time outside of 1970 to
 * 9999; TPMC_ERR_NOMEM; or what the callback returned. The request is unchanged on failure.
 */
int tpmc__sigv4_sign(tpmc_env *env, tpmc_http_request *request, const tpmc__sigv4_params *params,
                     tpmc_error *err);
/* Checks all that can be checked before something is signed; fails as tpmc__sigv4_sign() does. */
int tpmc__sigv4_check(const tpmc_http_request *request, const tpmc__sigv4_params *params,
                      int is_presign, tpmc_error *err);
/*
 * Initialises `url` with the request's URL and the signature in its query; it is empty on failure,
 * and freed by the caller in any case. The query begins as it was; then come X-Amz-Algorithm,
 * -Credential, -Date, -Expires, -SignedHeaders, -Security-Token and -Signature. All header fields
 * of the request but those that are never signed must be sent with it. Fails as tpmc__sigv4_sign()
 * does.
 */
int tpmc__sigv4_presign(tpmc_env *env, const tpmc_http_request *request,
                        const tpmc__sigv4_params *params, tpmc__buf *url, tpmc_error *err);

#endif
