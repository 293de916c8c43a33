/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_AZURE_CLIENT_ASSERTION_H
#define TPMC_AZURE_CLIENT_ASSERTION_H

#include "base/option_int.h"
#include "proto/certificate_set.h"

/* How far the begin of an assertion lies in the past, for servers whose clock is behind ours. */
#define TPMC__ASSERTION_BACKDATE_S 60
/* The bytes of random that become `jti`. */
#define TPMC__ASSERTION_ID_SIZE 16
#define TPMC__UUID_SIZE 37

/* What an assertion says that the options do not. */
typedef struct tpmc__client_assertion {
    const char *algorithm;                     /* `alg` */
    const char *audience;                      /* NULL: that of the federated credential */
    const tpmc__certificate_set *certificates; /* NULL for a federated credential */
    const char *key_id;                        /* `kid` of a federated credential */
    int64_t time_ms;                           /* by the server's clock, as far as it is known */
    uint8_t id[TPMC__ASSERTION_ID_SIZE];
} tpmc__client_assertion;

/* Writes random bytes as a UUID of version 4 (RFC 9562 section 5.4). */
void tpmc__uuid_text(const uint8_t random[TPMC__ASSERTION_ID_SIZE], char out[TPMC__UUID_SIZE]);

/*
 * Appends the signing input of a client assertion (RFC 7523 section 3; Entra's certificate
 * credentials) or of a token of the federated credential's issuer, for the certificate's key to
 * sign. `env` lends its hash functions. TPMC_ERR_CLOCK for a clock that was never set.
 */
int tpmc__client_assertion_input(tpmc_env *env, const tpmc__options *options,
                                 const tpmc__client_assertion *assertion, tpmc__buf *out,
                                 tpmc_error *err);

#endif
