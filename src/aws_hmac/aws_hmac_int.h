/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_AWS_HMAC_AWS_HMAC_INT_H
#define TPMC_AWS_HMAC_AWS_HMAC_INT_H

#include "aws_hmac/signing_keys.h"
#include "http/retry.h"
#include "proto/cache.h"
#include "tpmcloud/aws_hmac.h"

struct tpmc_aws_hmac {
    tpmc__ref ref;
    tpmc_env *env;
    tpmc_key *key;
    tpmc__options options;
    tpmc_mfa_code_fn mfa;
    tpmc__hook mfa_hook;
    atomic_int mfa_code_used; /* the option's code was sent */
    tpmc__cache *cache;
    tpmc__http_clock clock;
    tpmc__signing_keys keys;
};

/* Who signs: the key in the TPM, or temporary credentials. */
typedef struct tpmc__hmac_identity {
    tpmc__sigv4_hmac_signer signer;
    tpmc__sigv4_secret secret;
    tpmc_aws_credentials *credentials; /* NULL: the key in the TPM */
} tpmc__hmac_identity;

/* What a call needs: the identity alone, the endpoint of STS too, or credentials of STS. */
enum { TPMC__HMAC_FOR_SIGNING, TPMC__HMAC_FOR_STS, TPMC__HMAC_FOR_CREDENTIALS };
/* The door of a call: checks the options. A refusal leaves the object as it was: what is missing
 * can still be set. The caller freezes it when nothing else is to be refused. */
int tpmc__aws_hmac_enter(tpmc_aws_hmac *hmac, int purpose, tpmc_error *err);

/* The key in the TPM as who signs; opens it. */
int tpmc__hmac_identity_of_key(tpmc_aws_hmac *hmac, tpmc__hmac_identity *out, tpmc_error *err);
/* Who signs by the options: the role or federated user where they name one, else the key. Closed by
 * the caller in every case. */
int tpmc__hmac_identity_open(tpmc_aws_hmac *hmac, tpmc__hmac_identity *out, tpmc_error *err);
void tpmc__hmac_identity_close(tpmc__hmac_identity *identity);
/* 1 when the options name a role or federated user. */
int tpmc__hmac_identity_is_temporary(const tpmc_aws_hmac *hmac);
/* What a signature by this identity is made of; `identity` is borrowed. */
void tpmc__hmac_identity_params(const tpmc_aws_hmac *hmac, tpmc__hmac_identity *identity,
                                const char *service, const char *region, int64_t time_ms,
                                tpmc__sigv4_params *out);

/* The wall clock as AWS has it, as far as we know. TPMC_ERR_CLOCK for one that was never set. */
int tpmc__aws_hmac_now(tpmc_aws_hmac *hmac, int64_t *time_ms, tpmc_error *err);
/* A signed request that posts a form to STS. */
int tpmc__aws_hmac_post(tpmc_aws_hmac *hmac, tpmc__hmac_identity *identity, const tpmc__buf *form,
                        int64_t time_ms, tpmc_http_request **out, tpmc_error *err);

#endif
