/* SPDX-License-Identifier: Apache-2.0 */
#include "aws_hmac/sts_request.h"

#include <stdio.h>
#include <string.h>

#include "base/error_int.h"
#include "base/option_table.h"
#include "codec/text.h"
#include "http/form.h"
#include "http/url.h"

#define FIELD_NAME_SIZE 64
#define NUMBER_SIZE 24
#define SESSION_NAME_SIZE 32

int tpmc__sts_mode(const tpmc__options *options)
{
    if (tpmc__options_is_set(options, TPMC__AWS_HMAC_ASSUME_ROLE_ARN))
        return TPMC__STS_ASSUME_ROLE;
    if (tpmc__options_is_set(options, TPMC__AWS_HMAC_FEDERATION_NAME))
        return TPMC__STS_GET_FEDERATION_TOKEN;
    return TPMC__STS_GET_SESSION_TOKEN;
}

/* An option that is not set is left out. */
static void add_option(const tpmc__options *options, size_t index, const char *name,
                       tpmc__buf *form)
{
    const char *value = tpmc__options_text(options, index);

    if (value != NULL)
        (void)tpmc__form_add(form, name, value);
}

static void add_duration(const tpmc__options *options, tpmc__buf *form)
{
    char text[NUMBER_SIZE];

    (void)snprintf(text, sizeof(text), "%lld",
                   (long long)tpmc__options_number(options, TPMC__AWS_HMAC_DURATION_SECONDS));
    (void)tpmc__form_add(form, "DurationSeconds", text);
}

static void add_policies(const tpmc__options *options, tpmc__buf *form)
{
    size_t count = tpmc__options_item_count(options, TPMC__AWS_HMAC_POLICY_ARN);
    char name[FIELD_NAME_SIZE];

    add_option(options, TPMC__AWS_HMAC_POLICY, "Policy", form);
    for (size_t i = 0; i < count; i++) {
        (void)snprintf(name, sizeof(name), "PolicyArns.member.%zu.arn", i + 1);
        (void)tpmc__form_add(form, name, tpmc__options_item(options, TPMC__AWS_HMAC_POLICY_ARN, i));
    }
}

static void add_tags(const tpmc__options *options, tpmc__buf *form)
{
    size_t count = tpmc__options_item_count(options, TPMC__AWS_HMAC_TAG);
    char name[FIELD_NAME_SIZE];
    const char *pair;
    const char *sign;

    for (size_t i = 0; i < count; i++) {
        pair = tpmc__options_item(options, TPMC__AWS_HMAC_TAG, i);
        sign = strchr(pair, '=');
        (void)snprintf(name, sizeof(name), "Tags.member.%zu.Key", i + 1);
        (void)tpmc__form_add_bytes(form, name, pair, (size_t)(sign - pair));
        (void)snprintf(name, sizeof(name), "Tags.member.%zu.Value", i + 1);
        (void)tpmc__form_add(form, name, sign + 1);
    }
}

static void add_transitive_keys(const tpmc__options *options, tpmc__buf *form)
{
    size_t count = tpmc__options_item_count(options, TPMC__AWS_HMAC_TRANSITIVE_TAG_KEY);
    char name[FIELD_NAME_SIZE];

    for (size_t i = 0; i < count; i++) {
        (void)snprintf(name, sizeof(name), "TransitiveTagKeys.member.%zu", i + 1);
        (void)tpmc__form_add(form, name,
                             tpmc__options_item(options, TPMC__AWS_HMAC_TRANSITIVE_TAG_KEY, i));
    }
}

static void add_mfa(const tpmc__options *options, const char *mfa_code, tpmc__buf *form)
{
    add_option(options, TPMC__AWS_HMAC_MFA_SERIAL, "SerialNumber", form);
    if (mfa_code != NULL)
        (void)tpmc__form_add(form, "TokenCode", mfa_code);
}

static void add_session_name(const tpmc__options *options, int64_t time_ms, tpmc__buf *form)
{
    const char *name = tpmc__options_text(options, TPMC__AWS_HMAC_ROLE_SESSION_NAME);
    char made[SESSION_NAME_SIZE];

    if (name == NULL) {
        (void)snprintf(made, sizeof(made), "tpmcloud-%lld", (long long)(time_ms / 1000));
        name = made;
    }
    (void)tpmc__form_add(form, "RoleSessionName", name);
}

static void assume_role(const tpmc__options *options, const char *mfa_code, int64_t time_ms,
                        tpmc__buf *form)
{
    (void)tpmc__form_add(form, "Action", "AssumeRole");
    add_duration(options, form);
    add_option(options, TPMC__AWS_HMAC_EXTERNAL_ID, "ExternalId", form);
    add_policies(options, form);
    add_option(options, TPMC__AWS_HMAC_ASSUME_ROLE_ARN, "RoleArn", form);
    add_session_name(options, time_ms, form);
    add_mfa(options, mfa_code, form);
    add_option(options, TPMC__AWS_HMAC_SOURCE_IDENTITY, "SourceIdentity", form);
    add_tags(options, form);
    add_transitive_keys(options, form);
}

static void get_federation_token(const tpmc__options *options, tpmc__buf *form)
{
    (void)tpmc__form_add(form, "Action", "GetFederationToken");
    add_duration(options, form);
    add_option(options, TPMC__AWS_HMAC_FEDERATION_NAME, "Name", form);
    add_policies(options, form);
    add_tags(options, form);
}

int tpmc__sts_form(const tpmc__options *options, const char *mfa_code, int64_t time_ms,
                   tpmc__buf *form, tpmc_error *err)
{
    switch (tpmc__sts_mode(options)) {
    case TPMC__STS_ASSUME_ROLE:
        assume_role(options, mfa_code, time_ms, form);
        break;
    case TPMC__STS_GET_FEDERATION_TOKEN:
        get_federation_token(options, form);
        break;
    default:
        (void)tpmc__form_add(form, "Action", "GetSessionToken");
        add_duration(options, form);
        add_mfa(options, mfa_code, form);
        break;
    }
    (void)tpmc__form_add(form, "Version", "2011-06-15");
    return tpmc__buf_check(form, "the form for STS", err);
}

int tpmc__sts_post(const char *url, const tpmc__buf *form, tpmc_http_request **out, tpmc_error *err)
{
    char with_path[TPMC__URL_MAX + 2];
    tpmc_http_request *request = NULL;
    int status;

    (void)snprintf(with_path, sizeof(with_path), "%s/", url);
    status = tpmc_http_request_new("POST", with_path, &request, err);
    if (status == 0)
        status = tpmc_http_request_add_header(
            request, "Content-Type", "application/x-www-form-urlencoded; charset=utf-8", err);
    if (status == 0)
        status = tpmc_http_request_set_body(request, form->data, form->len, err);
    if (status == 0)
        *out = request;
    else
        tpmc_http_request_free(request);
    return status;
}
