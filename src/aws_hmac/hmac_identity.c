/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "aws_hmac/aws_hmac_int.h"
#include "base/error_int.h"
#include "base/mem.h"
#include "base/option_table.h"

/* Of a header field's value. */
#define TOKEN_MAX 16384

/* kDate, which only the TPM can make, and from it the signing key. It is a secret as good as the
 * access key for its day: nothing keeps it. */
static int make_key(void *context, const tpmc__sigv4_scope *scope,
                    uint8_t key[TPMC__SIGV4_KEY_SIZE], tpmc_error *err)
{
    const tpmc_aws_hmac *hmac = context;
    tpmc_bytes *kdate = NULL;
    int status;

    status = tpmc_key_hmac(hmac->key, scope->date, strlen(scope->date), &kdate, err);
    if (status != 0)
        return status;
    if (tpmc_bytes_len(kdate) == TPMC__SIGV4_KEY_SIZE)
        status = tpmc__sigv4_key_from_kdate(hmac->env, tpmc_bytes_data(kdate), scope, key, err);
    else
        status = tpmc__fail(err, TPMC_ERR_UNSUPPORTED,
                            "the key does not make an HMAC of SHA-256, which AWS wants");
    tpmc_bytes_free(kdate);
    return status;
}

/* With `cache_signing_key`, the TPM is asked once for each day, region and service. */
static int keep_key(void *context, const tpmc__sigv4_scope *scope,
                    uint8_t key[TPMC__SIGV4_KEY_SIZE], tpmc_error *err)
{
    tpmc_aws_hmac *hmac = context;

    return tpmc__signing_keys_get(&hmac->keys, hmac->env, make_key, hmac, scope, key, err);
}

int tpmc__hmac_identity_of_key(tpmc_aws_hmac *hmac, tpmc__hmac_identity *out, tpmc_error *err)
{
    int status;

    memset(out, 0, sizeof(*out));
    status = tpmc_key_supports(hmac->key, "HS256", err);
    if (status == TPMC_ERR_UNSUPPORTED)
        tpmc__error_prefix(err, "an access key of AWS is an HMAC key for SHA-256");
    if (status != 0)
        return status;
    out->signer.env = hmac->env;
    out->signer.make_key =
        tpmc__options_number(&hmac->options, TPMC__AWS_HMAC_CACHE_SIGNING_KEY) != 0 ? keep_key
                                                                                    : make_key;
    out->signer.key_context = hmac;
    /* It may ask a person for a password: before the time is taken. */
    return tpmc_key_open(hmac->key, err);
}

int tpmc__hmac_identity_is_temporary(const tpmc_aws_hmac *hmac)
{
    return tpmc__options_is_set(&hmac->options, TPMC__AWS_HMAC_ASSUME_ROLE_ARN) ||
           tpmc__options_is_set(&hmac->options, TPMC__AWS_HMAC_FEDERATION_NAME);
}

int tpmc__hmac_identity_open(tpmc_aws_hmac *hmac, tpmc__hmac_identity *out, tpmc_error *err)
{
    const char *token;
    int status;

    if (!tpmc__hmac_identity_is_temporary(hmac))
        return tpmc__hmac_identity_of_key(hmac, out, err);
    memset(out, 0, sizeof(*out));
    status = tpmc_aws_hmac_get_credentials(hmac, &out->credentials, err);
    if (status != 0)
        return status;
    token = tpmc_aws_credentials_session_token(out->credentials);
    if (token != NULL && strlen(token) > TOKEN_MAX)
        return tpmc__fail(err, TPMC_ERR_UNSUPPORTED,
                          "the session token has %zu bytes, and a request takes at most %d",
                          strlen(token), TOKEN_MAX);
    out->secret.env = hmac->env;
    out->secret.secret_access_key = tpmc_aws_credentials_secret_access_key(out->credentials);
    out->signer.env = hmac->env;
    out->signer.make_key = tpmc__sigv4_key_from_secret;
    out->signer.key_context = &out->secret;
    return 0;
}

void tpmc__hmac_identity_close(tpmc__hmac_identity *identity)
{
    tpmc_aws_credentials_free(identity->credentials);
    identity->credentials = NULL;
}

void tpmc__hmac_identity_params(const tpmc_aws_hmac *hmac, tpmc__hmac_identity *identity,
                                const char *service, const char *region, int64_t time_ms,
                                tpmc__sigv4_params *out)
{
    memset(out, 0, sizeof(*out));
    out->algorithm = TPMC__SIGV4_HMAC;
    out->credential = tpmc__options_text(&hmac->options, TPMC__AWS_HMAC_AWS_ACCESS_KEY_ID);
    if (identity->credentials != NULL) {
        out->credential = tpmc_aws_credentials_access_key_id(identity->credentials);
        out->session_token = tpmc_aws_credentials_session_token(identity->credentials);
    }
    out->service = service;
    out->region = region;
    out->time_ms = time_ms;
    out->sign = tpmc__sigv4_hmac;
    out->sign_context = &identity->signer;
}
