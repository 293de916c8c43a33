/* SPDX-License-Identifier: Apache-2.0 */
#include "tpmcloud/gcp.h"

#include "base/env_int.h"
#include "base/error_int.h"
#include "base/mem.h"
#include "base/option_table.h"
#include "gcp/jwt_request.h"
#include "proto/cache.h"
#include "proto/jws.h"
#include "proto/token_int.h"

struct tpmc_gcp {
    tpmc__ref ref;
    tpmc_env *env;
    tpmc_key *key;
    tpmc__options options;
    tpmc__cache *cache;
};

static void *ref_token(void *token)
{
    return tpmc__token_ref(token);
}

static void unref_token(void *token)
{
    tpmc_token_free(token);
}

static const tpmc__cache_type token_type = { ref_token, unref_token };

/* Each part as soon as it is there, so that tpmc_gcp_free() undoes a half-made object too. */
static int init(tpmc_gcp *gcp, tpmc_env *env, tpmc_key *key, tpmc_error *err)
{
    int status;

    tpmc__ref_init(&gcp->ref);
    status = tpmc__env_use(env, err);
    if (status != 0)
        return status;
    gcp->env = env;
    status = tpmc_key_retain(key, err);
    if (status != 0)
        return status;
    gcp->key = key;
    status = tpmc__options_init(&gcp->options, TPMC_OBJECT_GCP, err);
    if (status != 0)
        return status;
    return tpmc__cache_new(env, &token_type, &gcp->cache, err);
}

int tpmc_gcp_new(tpmc_env *env, tpmc_key *key, tpmc_gcp **out, tpmc_error *err)
{
    tpmc_gcp *gcp;
    int status;

    tpmc__error_clear(err);
    if (out == NULL)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT, "out is NULL");
    *out = NULL;
    if (env == NULL || key == NULL)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT,
                          "env or key is NULL: an identity is made from both");
    gcp = tpmc__mem_new(1, sizeof(*gcp));
    if (gcp == NULL)
        return tpmc__fail_nomem(err);
    status = init(gcp, env, key, err);
    if (status != 0) {
        tpmc_gcp_free(gcp);
        return status;
    }
    *out = gcp;
    return 0;
}

/* In a forked child too: nothing here waits, and the key sees to itself. */
void tpmc_gcp_free(tpmc_gcp *gcp)
{
    if (gcp == NULL || !tpmc__ref_drop(&gcp->ref))
        return;
    tpmc__cache_free(gcp->cache);
    tpmc__options_free(&gcp->options);
    tpmc_key_free(gcp->key);
    tpmc_env_free(gcp->env);
    tpmc__mem_free(gcp);
}

int tpmc_gcp_set(tpmc_gcp *gcp, const char *name, const char *value, tpmc_error *err)
{
    int status;

    tpmc__error_clear(err);
    if (gcp == NULL)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT, "gcp is NULL: make one with tpmc_gcp_new()");
    status = tpmc__env_enter_setter(gcp->env, &gcp->ref, err);
    if (status != 0)
        return status;
    return tpmc__options_set(&gcp->options, name, value, err);
}

/* Opens the key, which may ask a person for a password, before the time is taken. */
static int prepare_key(tpmc_key *key, tpmc_error *err)
{
    int status;

    status = tpmc_key_supports(key, "RS256", err);
    if (status == TPMC_ERR_UNSUPPORTED)
        tpmc__error_prefix(err, "Google takes a service account's tokens only with an RS256 "
                                "signature, which needs an RSA key that may use RSASSA");
    if (status != 0)
        return status;
    return tpmc_key_open(key, err);
}

static int make_token(void *context, tpmc__cache_entry *out, tpmc_error *err)
{
    const tpmc_gcp *gcp = context;
    tpmc_token *token = NULL;
    tpmc__buf jwt;
    int64_t now_ms = 0;
    int64_t expires_at_ms = 0;
    int status;

    tpmc__buf_init(&jwt, TPMC__JWS_MAX);
    status = prepare_key(gcp->key, err);
    if (status != 0)
        goto out;
    status = tpmc__env_wall_ms(gcp->env, &now_ms, err);
    if (status != 0)
        goto out;
    status = tpmc__gcp_self_signed_jwt(&gcp->options, now_ms, &jwt, &expires_at_ms, err);
    if (status != 0)
        goto out;
    status = tpmc__jws_sign(gcp->key, "RS256", &jwt, err);
    if (status != 0)
        goto out;
    status = tpmc__token_new((const char *)jwt.data, expires_at_ms, &token, err);
    if (status != 0)
        goto out;
    out->value = token;
    out->expires_at_ms = expires_at_ms;
out:
    tpmc__buf_free(&jwt);
    return status;
}

int tpmc_gcp_get_token(tpmc_gcp *gcp, tpmc_token **out, tpmc_error *err)
{
    void *token = NULL;
    int status;

    tpmc__error_clear(err);
    if (out == NULL)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT, "out is NULL");
    *out = NULL;
    if (gcp == NULL)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT, "gcp is NULL: make one with tpmc_gcp_new()");
    status = tpmc__env_enter(gcp->env, err);
    if (status != 0)
        return status;
    if (!tpmc__ref_frozen(&gcp->ref)) {
        /* A refusal leaves the object as it was: what is missing can still be set. */
        status = tpmc__gcp_check_options(&gcp->options, err);
        if (status != 0)
            return status;
        tpmc__ref_freeze(&gcp->ref);
    }
    status = tpmc__cache_get(gcp->cache, make_token, gcp, &token, err);
    *out = token;
    return status;
}
