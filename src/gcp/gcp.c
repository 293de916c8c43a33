/* SPDX-License-Identifier: Apache-2.0 */
#include "tpmcloud/gcp.h"

#include <string.h>

#include "base/bytes_int.h"
#include "base/env_int.h"
#include "base/error_int.h"
#include "base/mem.h"
#include "base/option_table.h"
#include "gcp/gcp_check.h"
#include "gcp/gcp_refresh.h"
#include "proto/cache.h"
#include "proto/oidc_documents.h"
#include "proto/token_int.h"

struct tpmc_gcp {
    tpmc__ref ref;
    tpmc_env *env;
    tpmc_key *key;
    tpmc__options options;
    tpmc__cache *cache;
    tpmc__http_clock clock; /* of Google */
    atomic_int warned;      /* about the private key in the service-account file */
};

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
    return tpmc__cache_new(env, &tpmc__token_cache_type, &gcp->cache, err);
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

/* A key in a file can be copied, which is what the one in the TPM is to prevent. */
static void warn(tpmc_gcp *gcp, const tpmc__gcp_settings *settings)
{
    if (settings->has_private_key && !atomic_exchange(&gcp->warned, 1))
        tpmc__env_log(gcp->env, TPMC_LOG_WARNING,
                      "the service-account file holds a private key, which is not used: take it "
                      "out of the file, and delete it at Google unless it is the one in the TPM");
}

static tpmc__gcp_maker maker_of(tpmc_gcp *gcp, const tpmc__gcp_settings *settings)
{
    return (tpmc__gcp_maker){ gcp->env, gcp->key, &gcp->clock, settings };
}

static int make_token(void *context, tpmc__cache_entry *out, tpmc_error *err)
{
    tpmc_gcp *gcp = context;
    tpmc__gcp_settings settings;
    tpmc__gcp_maker maker;
    tpmc_token *token = NULL;
    int status = tpmc__gcp_settings_read(&gcp->options, &settings, err);

    /* The file may have changed since the options passed. */
    if (status == 0)
        status = tpmc__gcp_check(&settings, err);
    if (status == 0) {
        warn(gcp, &settings);
        maker = maker_of(gcp, &settings);
        status = tpmc__gcp_make_token(&maker, &token, err);
    }
    tpmc__gcp_settings_free(&settings);
    if (status != 0)
        return status;
    out->value = token;
    out->expires_at_ms = tpmc_token_expires_at_ms(token);
    return 0;
}

/* The door of every call that makes something. */
static int enter(tpmc_gcp *gcp, tpmc_error *err)
{
    if (gcp == NULL)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT, "gcp is NULL: make one with tpmc_gcp_new()");
    return tpmc__env_enter(gcp->env, err);
}

/* A refusal leaves the object as it was: what is missing can still be set. */
static int freeze(tpmc_gcp *gcp, int (*check)(const tpmc__gcp_settings *, tpmc_error *),
                  tpmc_error *err)
{
    tpmc__gcp_settings settings;
    int status = 0;

    status = tpmc__gcp_settings_read(&gcp->options, &settings, err);
    if (status == 0)
        status = check(&settings, err);
    tpmc__gcp_settings_free(&settings);
    if (status == 0)
        tpmc__ref_freeze(&gcp->ref);
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
    status = enter(gcp, err);
    if (status == 0 && !tpmc__ref_frozen(&gcp->ref))
        status = freeze(gcp, tpmc__gcp_check, err);
    if (status != 0)
        return status;
    status = tpmc__cache_get(gcp->cache, make_token, gcp, &token, err);
    *out = token;
    return status;
}

int tpmc_gcp_make_subject_token(tpmc_gcp *gcp, tpmc_token **out, tpmc_error *err)
{
    tpmc__gcp_settings settings;
    tpmc__gcp_maker maker;
    int status;

    tpmc__error_clear(err);
    if (out == NULL)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT, "out is NULL");
    *out = NULL;
    status = enter(gcp, err);
    if (status == 0)
        status = freeze(gcp, tpmc__gcp_check_subject_token, err);
    if (status != 0)
        return status;
    maker = maker_of(gcp, &settings);
    status = tpmc__gcp_settings_read(&gcp->options, &settings, err);
    if (status == 0)
        status = tpmc__gcp_make_subject_token(&maker, out, err);
    tpmc__gcp_settings_free(&settings);
    return status;
}

/* A set of one key has no need of options, yet making it is a use like every other. */
static int check_nothing(const tpmc__gcp_settings *settings, tpmc_error *err)
{
    (void)settings;
    (void)err;
    return 0;
}

/* The door of both documents. `*algorithm` is what the issuer signs with. */
static int begin_document(tpmc_gcp *gcp, int (*check)(const tpmc__gcp_settings *, tpmc_error *),
                          const char **algorithm, tpmc_bytes **out, tpmc_error *err)
{
    int status;

    tpmc__error_clear(err);
    if (out == NULL)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT, "out is NULL");
    *out = NULL;
    status = enter(gcp, err);
    if (status == 0)
        status = freeze(gcp, check, err);
    return status == 0 ? tpmc__oidc_algorithm(gcp->key, algorithm, err) : status;
}

int tpmc_gcp_make_jwks(tpmc_gcp *gcp, tpmc_bytes **out, tpmc_error *err)
{
    const char *algorithm = NULL;
    int status = begin_document(gcp, check_nothing, &algorithm, out, err);

    return status == 0 ? tpmc__oidc_jwks(gcp->key, algorithm, out, err) : status;
}

int tpmc_gcp_make_discovery(tpmc_gcp *gcp, tpmc_bytes **out, tpmc_error *err)
{
    const char *algorithm = NULL;
    int status = begin_document(gcp, tpmc__gcp_check_issuer, &algorithm, out, err);

    if (status != 0)
        return status;
    return tpmc__oidc_discovery(tpmc__options_text(&gcp->options, TPMC__GCP_ISSUER), algorithm, out,
                                err);
}

int tpmc_gcp_get_quota_project(tpmc_gcp *gcp, tpmc_bytes **out, tpmc_error *err)
{
    tpmc__gcp_settings settings;
    const char *project = NULL;
    int status;

    tpmc__error_clear(err);
    if (out == NULL)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT, "out is NULL");
    *out = NULL;
    status = enter(gcp, err);
    if (status != 0)
        return status;
    status = tpmc__gcp_settings_read(&gcp->options, &settings, err);
    if (status == 0)
        project = tpmc__gcp_text(&settings, TPMC__GCP_QUOTA_PROJECT);
    if (project != NULL)
        status = tpmc__bytes_new(project, strlen(project), out, err);
    tpmc__gcp_settings_free(&settings);
    return status;
}
