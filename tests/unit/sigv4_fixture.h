/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_UNIT_SIGV4_FIXTURE_H
#define TESTS_UNIT_SIGV4_FIXTURE_H

/* Signing with a secret in memory, for the tests of SigV4. */

#include <stdio.h>
#include <string.h>

#include "proto/sigv4_key.h"

#define SIGV4_ID "AKIDEXAMPLE"
#define SIGV4_SECRET "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
#define SIGV4_TIME_MS INT64_C(1440938160000) /* 2015-08-30T12:36:00Z */

typedef struct sigv4_signer {
    tpmc__sigv4_hmac_signer hmac;
    const char *secret;
    int status;                /* what the callbacks return */
    int keys;                  /* how often a signing key was made */
    int calls;                 /* of the signature */
    char string_to_sign[1024]; /* of the last call */
} sigv4_signer;

static inline int sigv4_make_key(void *context, const tpmc__sigv4_scope *scope,
                                 uint8_t key[TPMC__SIGV4_KEY_SIZE], tpmc_error *err)
{
    sigv4_signer *signer = context;
    tpmc__sigv4_secret secret = { signer->hmac.env, signer->secret };

    signer->keys++;
    if (signer->status != 0)
        return signer->status;
    return tpmc__sigv4_key_from_secret(&secret, scope, key, err);
}

static inline int sigv4_sign(void *context, const tpmc__sigv4_scope *scope,
                             const void *string_to_sign, size_t len, tpmc__buf *hex,
                             tpmc_error *err)
{
    sigv4_signer *signer = context;

    signer->calls++;
    (void)snprintf(signer->string_to_sign, sizeof(signer->string_to_sign), "%.*s", (int)len,
                   (const char *)string_to_sign);
    return tpmc__sigv4_hmac(&signer->hmac, scope, string_to_sign, len, hex, err);
}

static inline void sigv4_signer_init(sigv4_signer *signer, tpmc_env *env)
{
    memset(signer, 0, sizeof(*signer));
    signer->secret = SIGV4_SECRET;
    signer->hmac.env = env;
    signer->hmac.make_key = sigv4_make_key;
    signer->hmac.key_context = signer;
}

/* What the published tests use. */
static inline tpmc__sigv4_params sigv4_params(sigv4_signer *signer)
{
    tpmc__sigv4_params params = { 0 };

    params.algorithm = TPMC__SIGV4_HMAC;
    params.credential = SIGV4_ID;
    params.region = "us-east-1";
    params.service = "service";
    params.time_ms = SIGV4_TIME_MS;
    params.expires_s = 3600;
    params.sign = sigv4_sign;
    params.sign_context = signer;
    return params;
}

/* The value of the first field with this name; NULL when there is none. */
static inline const char *sigv4_field(const tpmc_http_request *request, const char *name)
{
    size_t count = tpmc_http_request_header_count(request);

    for (size_t i = 0; i < count; i++) {
        if (strcmp(tpmc_http_request_header_name(request, i), name) == 0)
            return tpmc_http_request_header_value(request, i);
    }
    return NULL;
}

#endif
