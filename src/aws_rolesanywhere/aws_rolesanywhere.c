/* SPDX-License-Identifier: Apache-2.0 */
#include "tpmcloud/aws_rolesanywhere.h"

#include "aws_rolesanywhere/session_check.h"
#include "aws_rolesanywhere/session_request.h"
#include "base/env_int.h"
#include "base/error_int.h"
#include "base/mem.h"
#include "base/option_table.h"
#include "codec/text.h"
#include "proto/aws_call.h"
#include "proto/aws_reply.h"
#include "proto/cache.h"
#include "proto/certificate_file.h"
#include "proto/sigv4.h"

#define SERIAL_MAX 64
#define CERTIFICATE_MAX (64 * 1024)

struct tpmc_aws_rolesanywhere {
    tpmc__ref ref;
    tpmc_env *env;
    tpmc_key *key;
    tpmc__options options;
    tpmc__buf certificate; /* its bytes, where they were given */
    tpmc__cache *cache;
    tpmc__certificate_file *certificates; /* made and used by the thread that refreshes */
    tpmc__http_clock clock;
};

/* Each part as soon as it is there, so that tpmc_aws_rolesanywhere_free() undoes a half-made object
 * too. */
static int init(tpmc_aws_rolesanywhere *anywhere, tpmc_env *env, tpmc_key *key, tpmc_error *err)
{
    int status;

    tpmc__ref_init(&anywhere->ref);
    tpmc__buf_init(&anywhere->certificate, CERTIFICATE_MAX);
    status = tpmc__env_use(env, err);
    if (status != 0)
        return status;
    anywhere->env = env;
    status = tpmc_key_retain(key, err);
    if (status != 0)
        return status;
    anywhere->key = key;
    status = tpmc__options_init(&anywhere->options, TPMC_OBJECT_AWS_ROLESANYWHERE, err);
    if (status != 0)
        return status;
    return tpmc__cache_new(env, &tpmc__aws_credentials_cache_type, &anywhere->cache, err);
}

int tpmc_aws_rolesanywhere_new(tpmc_env *env, tpmc_key *key, tpmc_aws_rolesanywhere **out,
                               tpmc_error *err)
{
    tpmc_aws_rolesanywhere *anywhere;
    int status;

    tpmc__error_clear(err);
    if (out == NULL)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT, "out is NULL");
    *out = NULL;
    if (env == NULL || key == NULL)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT,
                          "env or key is NULL: an identity is made from both");
    anywhere = tpmc__mem_new(1, sizeof(*anywhere));
    if (anywhere == NULL)
        return tpmc__fail_nomem(err);
    status = init(anywhere, env, key, err);
    if (status == 0)
        *out = anywhere;
    else
        tpmc_aws_rolesanywhere_free(anywhere);
    return status;
}

/* In a forked child too: nothing here waits, and the key sees to itself. */
void tpmc_aws_rolesanywhere_free(tpmc_aws_rolesanywhere *anywhere)
{
    if (anywhere == NULL || !tpmc__ref_drop(&anywhere->ref))
        return;
    tpmc__cache_free(anywhere->cache);
    tpmc__certificate_file_free(anywhere->certificates);
    tpmc__buf_free(&anywhere->certificate);
    tpmc__options_free(&anywhere->options);
    tpmc_key_free(anywhere->key);
    tpmc_env_free(anywhere->env);
    tpmc__mem_free(anywhere);
}

/* The door of the setters. */
static int enter_setter(tpmc_aws_rolesanywhere *anywhere, tpmc_error *err)
{
    tpmc__error_clear(err);
    if (anywhere == NULL)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT,
                          "anywhere is NULL: make one with tpmc_aws_rolesanywhere_new()");
    return tpmc__env_enter_setter(anywhere->env, &anywhere->ref, err);
}

int tpmc_aws_rolesanywhere_set(tpmc_aws_rolesanywhere *anywhere, const char *name,
                               const char *value, tpmc_error *err)
{
    int status = enter_setter(anywhere, err);

    return status == 0 ? tpmc__options_set(&anywhere->options, name, value, err) : status;
}

int tpmc_aws_rolesanywhere_set_certificate(tpmc_aws_rolesanywhere *anywhere,
                                           const void *certificate, size_t len, tpmc_error *err)
{
    tpmc__buf copy;
    int status = enter_setter(anywhere, err);

    if (status != 0)
        return status;
    if (certificate == NULL ? len != 0 : len == 0 || len > CERTIFICATE_MAX)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT, "the certificate is not 1 to %d bytes",
                          CERTIFICATE_MAX);
    tpmc__buf_init(&copy, CERTIFICATE_MAX);
    (void)tpmc__buf_append(&copy, certificate, len);
    status = tpmc__buf_check(&copy, "the certificate", err);
    if (status != 0)
        return status;
    tpmc__buf_free(&anywhere->certificate);
    anywhere->certificate = copy;
    return 0;
}

/* One refresh of the credentials. */
typedef struct refresh {
    tpmc_aws_rolesanywhere *anywhere;
    tpmc__session_plan plan;
    const char *signature;     /* as SigV4 names the algorithm */
    const char *key_algorithm; /* as tpmc_key_sign() names it */
    tpmc__certificate_set *certificates;
    tpmc__buf serial; /* of the certificate, in decimal */
    tpmc_aws_credentials *credentials;
} refresh;

/* A kind of key that Roles Anywhere takes. */
typedef struct key_kind {
    const char *signature;
    const char *algorithm;
} key_kind;

/* The algorithm is the key's, whatever the certificate is signed with. */
static int find_kind(refresh *self, tpmc_error *err)
{
    static const key_kind kinds[] = {
        { TPMC__SIGV4_X509_RSA, "RS256" },
        { TPMC__SIGV4_X509_ECDSA, "ECDSA-SHA256" },
    };
    int status = 0;

    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        status = tpmc_key_supports(self->anywhere->key, kinds[i].algorithm, err);
        if (status == 0) {
            self->signature = kinds[i].signature;
            self->key_algorithm = kinds[i].algorithm;
        }
        if (status != TPMC_ERR_UNSUPPORTED)
            return status;
    }
    /* Not the last refusal's text, which may only say that the key is of the other type. */
    return tpmc__fail(err, TPMC_ERR_UNSUPPORTED,
                      "Roles Anywhere takes RSA keys that may use RSASSA with SHA-256 and EC keys "
                      "that may sign with SHA-256, and this key is neither");
}

static int open_certificates(tpmc_aws_rolesanywhere *anywhere, tpmc_error *err)
{
    tpmc__certificate_source source = {
        .path = tpmc__options_text(&anywhere->options, TPMC__AWS_RA_PUBLIC_CERTIFICATE_FILE),
        .bytes = { anywhere->certificate.data, anywhere->certificate.len },
        .chain_path = tpmc__options_text(&anywhere->options, TPMC__AWS_RA_CERTIFICATE_CHAIN_FILE),
    };

    if (anywhere->certificates != NULL)
        return 0;
    return tpmc__certificate_file_new(anywhere->env, &source, &anywhere->certificates, err);
}

/* The certificate as it is now: it must fit the key before anything is signed. */
static int get_certificates(refresh *self, tpmc_error *err)
{
    tpmc_aws_rolesanywhere *anywhere = self->anywhere;
    tpmc_bytes *spki = NULL;
    tpmc__span span;
    int64_t now_ms = 0;
    int status;

    status = open_certificates(anywhere, err);
    if (status == 0)
        status = tpmc_key_public(anywhere->key, &spki, err);
    if (status == 0)
        status = tpmc__env_wall_ms(anywhere->env, &now_ms, err);
    if (status == 0) {
        span.data = tpmc_bytes_data(spki);
        span.len = tpmc_bytes_len(spki);
        now_ms += tpmc__http_clock_offset(anywhere->env, &anywhere->clock);
        status = tpmc__certificate_file_get(anywhere->certificates, &span, now_ms,
                                            &self->certificates, err);
    }
    tpmc_bytes_free(spki);
    if (status != 0)
        return status;
    (void)tpmc__certificate_serial_text(tpmc__certificate_set_leaf(self->certificates),
                                        &self->serial);
    return tpmc__buf_check(&self->serial, "the serial number", err);
}

static int sign(void *context, const tpmc__sigv4_scope *scope, const void *string_to_sign,
                size_t len, tpmc__buf *hex, tpmc_error *err)
{
    const refresh *self = context;
    tpmc_bytes *signature = NULL;
    int status;

    (void)scope;
    status = tpmc_key_sign(self->anywhere->key, self->key_algorithm, string_to_sign, len,
                           &signature, err);
    if (status != 0)
        return status;
    (void)tpmc__hex_encode(tpmc_bytes_data(signature), tpmc_bytes_len(signature), hex);
    tpmc_bytes_free(signature);
    return tpmc__buf_check(hex, "the signature", err);
}

static int build_request(void *context, int64_t time_ms, tpmc_http_request **out, tpmc_error *err)
{
    refresh *self = context;
    tpmc__sigv4_params params = {
        .algorithm = self->signature,
        .credential = (const char *)self->serial.data,
        .region = self->plan.endpoint.signing_region,
        .service = "rolesanywhere",
        .time_ms = time_ms,
        .sign = sign,
        .sign_context = self,
    };
    tpmc_http_request *request = NULL;
    int status;

    status = tpmc__session_request(&self->anywhere->options, self->plan.endpoint.url,
                                   self->certificates, &request, err);
    if (status == 0)
        status = tpmc__sigv4_sign(self->anywhere->env, request, &params, err);
    if (status == 0)
        *out = request;
    else
        tpmc_http_request_free(request);
    return status;
}

static int read_answer(void *context, const tpmc_http_response *response, tpmc_error *err)
{
    refresh *self = context;
    int remedy;

    return tpmc__aws_reply_read(response, "Roles Anywhere", &self->plan.role, &self->credentials,
                                &remedy, err);
}

static int create_session(refresh *self, tpmc_error *err)
{
    tpmc_aws_rolesanywhere *anywhere = self->anywhere;
    tpmc__aws_call call = {
        .service = "Roles Anywhere",
        .build = build_request,
        .read = read_answer,
        .clock = &anywhere->clock,
    };
    int status;

    status = find_kind(self, err);
    if (status == 0)
        status = get_certificates(self, err);
    /* It may ask a person for a password: before the time is taken. */
    if (status == 0)
        status = tpmc_key_open(anywhere->key, err);
    return status == 0 ? tpmc__aws_call_run(anywhere->env, &call, self, err) : status;
}

static int make_credentials(void *context, tpmc__cache_entry *out, tpmc_error *err)
{
    tpmc_aws_rolesanywhere *anywhere = context;
    refresh self = { .anywhere = anywhere };
    int status;

    tpmc__buf_init(&self.serial, SERIAL_MAX);
    status =
        tpmc__session_check(&anywhere->options, anywhere->certificate.len > 0, &self.plan, err);
    if (status == 0)
        status = create_session(&self, err);
    if (status == 0) {
        out->value = self.credentials;
        /* The cache lives by our own clock. */
        out->expires_at_ms = tpmc_aws_credentials_expires_at_ms(self.credentials) -
                             tpmc__http_clock_offset(anywhere->env, &anywhere->clock);
    }
    tpmc__certificate_set_unref(self.certificates);
    tpmc__buf_free(&self.serial);
    return status;
}

int tpmc_aws_rolesanywhere_get_credentials(tpmc_aws_rolesanywhere *anywhere,
                                           tpmc_aws_credentials **out, tpmc_error *err)
{
    tpmc__session_plan plan;
    void *credentials = NULL;
    int status;

    tpmc__error_clear(err);
    if (out == NULL)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT, "out is NULL");
    *out = NULL;
    if (anywhere == NULL)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT,
                          "anywhere is NULL: make one with tpmc_aws_rolesanywhere_new()");
    status = tpmc__env_enter(anywhere->env, err);
    if (status != 0)
        return status;
    if (!tpmc__ref_frozen(&anywhere->ref)) {
        /* A refusal leaves the object as it was: what is missing can still be set. */
        status = tpmc__session_check(&anywhere->options, anywhere->certificate.len > 0, &plan, err);
        if (status != 0)
            return status;
        tpmc__ref_freeze(&anywhere->ref);
    }
    status = tpmc__cache_get(anywhere->cache, make_credentials, anywhere, &credentials, err);
    *out = credentials;
    return status;
}
