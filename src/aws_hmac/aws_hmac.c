/* SPDX-License-Identifier: Apache-2.0 */
#include "tpmcloud/aws_hmac.h"

#include <string.h>

#include "aws_hmac/aws_hmac_int.h"
#include "aws_hmac/sts_check.h"
#include "aws_hmac/sts_request.h"
#include "base/error_int.h"
#include "base/mem.h"
#include "base/option_table.h"
#include "proto/aws_arn.h"
#include "proto/aws_call.h"
#include "proto/aws_reply.h"

#define MFA_CODE_SIZE 7
/* 2010-01-01: a clock before it was never set. */
#define FIRST_PLAUSIBLE_MS INT64_C(1262304000000)

/* Each part as soon as it is there, so that tpmc_aws_hmac_free() undoes a half-made object too. */
static int init(tpmc_aws_hmac *hmac, tpmc_env *env, tpmc_key *key, tpmc_error *err)
{
    int status;

    status = tpmc_key_retain(key, err);
    if (status != 0)
        return status;
    hmac->key = key;
    status = tpmc__options_init(&hmac->options, TPMC_OBJECT_AWS_HMAC, err);
    if (status != 0)
        return status;
    return tpmc__cache_new(env, &tpmc__aws_credentials_cache_type, &hmac->cache, err);
}

static int new_identity(tpmc_env *env, tpmc_key *key, tpmc_aws_hmac **out, tpmc_error *err)
{
    tpmc_aws_hmac *hmac = tpmc__mem_new(1, sizeof(*hmac));
    int status;

    if (hmac == NULL)
        return tpmc__fail_nomem(err);
    tpmc__ref_init(&hmac->ref);
    status = tpmc__env_use(env, err);
    if (status == 0) {
        hmac->env = env;
        status = tpmc__signing_keys_init(&hmac->keys, err);
        if (status != 0)
            tpmc_env_free(env);
    }
    if (status != 0) {
        tpmc__mem_free(hmac);
        return status;
    }
    status = init(hmac, env, key, err);
    if (status == 0)
        *out = hmac;
    else
        tpmc_aws_hmac_free(hmac);
    return status;
}

int tpmc_aws_hmac_new(tpmc_env *env, tpmc_key *key, tpmc_aws_hmac **out, tpmc_error *err)
{
    tpmc__error_clear(err);
    if (out == NULL)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT, "out is NULL");
    *out = NULL;
    if (env == NULL || key == NULL)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT,
                          "env or key is NULL: an identity is made from both");
    return new_identity(env, key, out, err);
}

/* In a forked child too: nothing here waits, and the key sees to itself. */
void tpmc_aws_hmac_free(tpmc_aws_hmac *hmac)
{
    if (hmac == NULL || !tpmc__ref_drop(&hmac->ref))
        return;
    tpmc__cache_free(hmac->cache);
    tpmc__signing_keys_free(&hmac->keys, hmac->env);
    tpmc__options_free(&hmac->options);
    tpmc__hook_release(&hmac->mfa_hook);
    tpmc_key_free(hmac->key);
    tpmc_env_free(hmac->env);
    tpmc__mem_free(hmac);
}

/* The door of the setters. */
static int enter_setter(tpmc_aws_hmac *hmac, tpmc_error *err)
{
    tpmc__error_clear(err);
    if (hmac == NULL)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT,
                          "hmac is NULL: make one with tpmc_aws_hmac_new()");
    return tpmc__env_enter_setter(hmac->env, &hmac->ref, err);
}

int tpmc_aws_hmac_set(tpmc_aws_hmac *hmac, const char *name, const char *value, tpmc_error *err)
{
    int status = enter_setter(hmac, err);

    return status == 0 ? tpmc__options_set(&hmac->options, name, value, err) : status;
}

int tpmc_aws_hmac_set_mfa_callback(tpmc_aws_hmac *hmac, tpmc_mfa_code_fn fn, void *user,
                                   tpmc_release_fn release, tpmc_error *err)
{
    int status = enter_setter(hmac, err);

    if (status != 0)
        return status;
    if (fn == NULL && release != NULL)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT,
                          "a release function without a callback would never be called: leave both "
                          "NULL to unset it");
    hmac->mfa = fn;
    tpmc__hook_replace(&hmac->mfa_hook, user, release);
    return 0;
}

int tpmc__aws_hmac_enter(tpmc_aws_hmac *hmac, int purpose, tpmc_error *err)
{
    tpmc__aws_endpoint endpoint;
    int status;

    if (hmac == NULL)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT,
                          "hmac is NULL: make one with tpmc_aws_hmac_new()");
    status = tpmc__env_enter(hmac->env, err);
    if (status != 0)
        return status;
    if (purpose == TPMC__HMAC_FOR_CREDENTIALS || tpmc__hmac_identity_is_temporary(hmac))
        return tpmc__sts_check_options(&hmac->options, hmac->mfa != NULL, err);
    status = tpmc__sts_check_identity(&hmac->options, err);
    if (status == 0 && purpose == TPMC__HMAC_FOR_STS)
        status = tpmc__sts_endpoint(&hmac->options, &endpoint, err);
    return status;
}

int tpmc__aws_hmac_now(tpmc_aws_hmac *hmac, int64_t *time_ms, tpmc_error *err)
{
    int status = tpmc__env_wall_ms(hmac->env, time_ms, err);

    if (status != 0)
        return status;
    *time_ms += tpmc__http_clock_offset(hmac->env, &hmac->clock);
    if (*time_ms < FIRST_PLAUSIBLE_MS)
        return tpmc__fail(err, TPMC_ERR_CLOCK,
                          "the system's clock stands before the year 2010: set it, since AWS "
                          "refuses signatures with a wrong time");
    return 0;
}

int tpmc__aws_hmac_post(tpmc_aws_hmac *hmac, tpmc__hmac_identity *identity, const tpmc__buf *form,
                        int64_t time_ms, tpmc_http_request **out, tpmc_error *err)
{
    tpmc__sigv4_params params;
    tpmc__aws_endpoint endpoint;
    tpmc_http_request *request = NULL;
    int status;

    status = tpmc__sts_endpoint(&hmac->options, &endpoint, err);
    if (status == 0)
        status = tpmc__sts_post(endpoint.url, form, &request, err);
    if (status != 0)
        return status;
    tpmc__hmac_identity_params(hmac, identity, "sts", endpoint.signing_region, time_ms, &params);
    status = tpmc__sigv4_sign(hmac->env, request, &params, err);
    if (status == 0)
        status = tpmc_http_request_add_header(request, "Accept", "application/json", err);
    if (status == 0)
        *out = request;
    else
        tpmc_http_request_free(request);
    return status;
}

/* One refresh of the credentials. */
typedef struct refresh {
    tpmc_aws_hmac *hmac;
    tpmc__hmac_identity identity;
    char mfa_code[MFA_CODE_SIZE]; /* empty: none */
    tpmc_aws_credentials *credentials;
} refresh;

static int ask_for_code(refresh *self, tpmc_error *err)
{
    tpmc_aws_hmac *hmac = self->hmac;
    int status = tpmc__callback_status(
        hmac->mfa(hmac->mfa_hook.user, self->mfa_code, sizeof(self->mfa_code)));

    if (status != 0)
        return tpmc__fail(err, status, "the callback for the code of the MFA device failed");
    if (memchr(self->mfa_code, '\0', sizeof(self->mfa_code)) == NULL ||
        strlen(self->mfa_code) != MFA_CODE_SIZE - 1 ||
        strspn(self->mfa_code, "0123456789") != MFA_CODE_SIZE - 1)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT,
                          "what the callback gave as the code of the MFA device is not 6 digits");
    return 0;
}

/* STS takes a code once, whatever became of the request. */
static int find_mfa_code(refresh *self, tpmc_error *err)
{
    tpmc_aws_hmac *hmac = self->hmac;
    const char *code = tpmc__options_text(&hmac->options, TPMC__AWS_HMAC_MFA_CODE);

    if (code == NULL && hmac->mfa != NULL &&
        tpmc__options_is_set(&hmac->options, TPMC__AWS_HMAC_MFA_SERIAL))
        return ask_for_code(self, err);
    if (code == NULL)
        return 0;
    if (atomic_load(&hmac->mfa_code_used))
        return tpmc__fail(err, TPMC_ERR_STATE,
                          "the code in option 'mfa_code' has been used: STS takes each one once; "
                          "make a new object with the code that the device shows now");
    memcpy(self->mfa_code, code, sizeof(self->mfa_code));
    return 0;
}

static int build_request(void *context, int64_t time_ms, tpmc_http_request **out, tpmc_error *err)
{
    refresh *self = context;
    tpmc__buf form;
    int status;

    tpmc__buf_init(&form, TPMC__STS_FORM_MAX);
    status = tpmc__sts_form(&self->hmac->options, self->mfa_code[0] != '\0' ? self->mfa_code : NULL,
                            time_ms, &form, err);
    if (status == 0)
        status = tpmc__aws_hmac_post(self->hmac, &self->identity, &form, time_ms, out, err);
    if (status == 0 && self->mfa_code[0] != '\0')
        atomic_store(&self->hmac->mfa_code_used, 1);
    tpmc__buf_free(&form);
    return status;
}

static int read_answer(void *context, const tpmc_http_response *response, tpmc_error *err)
{
    refresh *self = context;
    const char *text = tpmc__options_text(&self->hmac->options, TPMC__AWS_HMAC_ASSUME_ROLE_ARN);
    tpmc__aws_arn role;
    int remedy;
    int status = 0;

    if (text != NULL)
        status = tpmc__aws_arn_parse(TPMC__AWS_STS_ROLE, "assume_role_arn", text, &role, err);
    if (status != 0)
        return status;
    return tpmc__aws_reply_read(response, "STS", text != NULL ? &role : NULL, &self->credentials,
                                &remedy, err);
}

static int make_credentials(void *context, tpmc__cache_entry *out, tpmc_error *err)
{
    tpmc_aws_hmac *hmac = context;
    refresh self = { .hmac = hmac };
    tpmc__aws_call call = {
        .service = "STS",
        .build = build_request,
        .read = read_answer,
        .clock = &hmac->clock,
    };
    int status;

    status = tpmc__hmac_identity_of_key(hmac, &self.identity, err);
    if (status == 0)
        status = find_mfa_code(&self, err);
    if (status == 0) {
        call.is_single = self.mfa_code[0] != '\0';
        status = tpmc__aws_call_run(hmac->env, &call, &self, err);
    }
    if (status == 0) {
        out->value = self.credentials;
        /* The cache lives by our own clock. */
        out->expires_at_ms = tpmc_aws_credentials_expires_at_ms(self.credentials) -
                             tpmc__http_clock_offset(hmac->env, &hmac->clock);
    }
    tpmc__mem_wipe(self.mfa_code, sizeof(self.mfa_code));
    return status;
}

int tpmc_aws_hmac_get_credentials(tpmc_aws_hmac *hmac, tpmc_aws_credentials **out, tpmc_error *err)
{
    void *credentials = NULL;
    int status;

    tpmc__error_clear(err);
    if (out == NULL)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT, "out is NULL");
    *out = NULL;
    status = tpmc__aws_hmac_enter(hmac, TPMC__HMAC_FOR_CREDENTIALS, err);
    if (status != 0)
        return status;
    tpmc__ref_freeze(&hmac->ref);
    status = tpmc__cache_get(hmac->cache, make_credentials, hmac, &credentials, err);
    *out = credentials;
    return status;
}
